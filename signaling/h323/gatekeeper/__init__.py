"""The client of a gatekeeper: registration, admission of calls (RAS, ITU-T H.323 §7.2, §8.1)."""
