"""The commands of ``diemcau`` that are programs with arguments of their own."""

PROGRAMS = {
    "media": "mediaserver",
    "loadtest": "loadtest",
    "vulnerabilities": "signaling.app.known_vulnerabilities",
}
"""The Python package or module of each command: ``diemcau media`` is ``python -m mediaserver``."""
