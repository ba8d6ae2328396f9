"""Cascades: sessions that are held together with a neighbouring system above or below (Điều 5.4, 16.1)."""
