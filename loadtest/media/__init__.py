"""Pre-encoded tones, pictures and clips that simulated endpoints send."""
