"""Commands of ``diemcau`` that are programs of their own, with their own arguments."""

PROGRAMS = {"media": "mediaserver", "loadtest": "loadtest"}
"""``diemcau media`` is ``python -m mediaserver``."""
