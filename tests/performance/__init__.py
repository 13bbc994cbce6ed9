"""What a key costs, in figures that are the same on every machine: bytes, painted lines, SQL statements, requests."""
