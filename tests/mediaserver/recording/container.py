"""Reads the encoded frames of a recording."""

from pathlib import Path

import av


def payloads(path: Path, kind: str) -> list[tuple[int | None, bytes]]:
    """Return every encoded picture or sound with its time."""
    with av.open(str(path)) as container:
        return [
            (packet.pts, bytes(packet)) for packet in container.demux(container.streams.get({kind: 0})) if packet.size
        ]
