"""What every part of the server stands on: errors, texts, environment, files, keys, SQL helpers."""
