"""Measured promises: each module is a command, `python -m benchmarks.NAME`. The figures are in README.md."""
