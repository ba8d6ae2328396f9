"""Media core: moves, mixes and records packets for rooms; knows seats by id and no people."""
