"""Ground of the server: account and audit values, errors, texts, child processes, Valkey, SQL helpers."""
