"""Fuzzing of every parser that reads what a peer, a browser or a file says; `python -m tests.fuzz`, `make fuzz`."""
