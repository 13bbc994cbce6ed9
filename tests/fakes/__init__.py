"""Hand-made servers for the tests, where the real one cannot be had."""
