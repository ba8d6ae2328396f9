"""Media workers: the pool, their supervisor, their keys, those of other machines."""
