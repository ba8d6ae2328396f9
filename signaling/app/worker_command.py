"""Builds the command line that starts a media worker on this machine."""

import sys
from collections.abc import Sequence
from pathlib import Path

from signaling.app.settings import Settings
from signaling.core.server_id import owner_of
from signaling.workers.supervisor import Command


def worker_command(settings: Settings) -> Command:
    """Return the function that builds the command line of worker `index` on the socket `path`."""
    owner = owner_of(settings.data)

    def command(index: int, path: Path) -> Sequence[str]:
        port = settings.media_port + index if settings.media_port else 0
        first, last = settings.rtp_ports
        where = ["--socket", str(path), "--owner", owner, "--port", str(port), "--rtp-ports", str(first), str(last)]
        where += ["--dscp", str(settings.dscp.audio), str(settings.dscp.video)]
        where += ["--signalling-dscp", str(settings.dscp.signalling)]
        fronts = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in settings.media_tcp_fronts]
        where += [] if settings.media_tcp else ["--no-tcp"]
        where += ["--tcp-front", *fronts] if fronts else []
        where += ["--address", *settings.media_addresses]
        return [sys.executable, "-m", "mediaserver", *where]

    return command
