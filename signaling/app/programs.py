"""The commands of ``diemcau`` that are programs with arguments of their own."""

PROGRAMS = {"media": "mediaserver", "loadtest": "loadtest"}
"""The Python package of each command: ``diemcau media`` is ``python -m mediaserver``."""
