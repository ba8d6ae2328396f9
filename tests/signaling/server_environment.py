"""Environment variables of a server that runs as a process of its own."""

import os
from pathlib import Path


def server_environ(data: Path) -> dict[str, str]:
    """Return the environment of a server on loopback with free ports and one media worker."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("DIEMCAU_")},
        "DIEMCAU_DATA": str(data),
        "DIEMCAU_PORT": "0",
        "DIEMCAU_HTTP_PORT": "0",
        "DIEMCAU_HOST": "127.0.0.1",
        "DIEMCAU_MEDIA_PORT": "0",
        "DIEMCAU_MEDIA_ADDRESS": "127.0.0.1",
        "DIEMCAU_WORKERS": "1",
    }
