"""Fuzzing of every parser of input from peers, browsers and files: `python -m tests.fuzz`, `make fuzz`."""
