"""Media engine: moves, mixes, composes and records packets for rooms. It knows seats by id, and no people."""
