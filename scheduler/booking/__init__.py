"""Sessions from registration to their end, under the 80 % rule (Điều 12, 13)."""
