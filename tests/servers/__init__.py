"""Real third-party servers for tests: installed by `python -m tests.servers prepare`, started by a fixture."""
