"""Makes the id of a data directory, by which media workers know the servers that they belong to."""

import os
import re
import secrets
from pathlib import Path

FILE = "server.id"
_ID = re.compile(r"[0-9a-f]{32}")


def owner_of(data: Path) -> str:
    """Return the id of a data directory, made at first use. It is no secret: workers are reached by their socket."""
    path = data / FILE
    stored = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if _ID.fullmatch(stored):
        return stored
    fresh = secrets.token_hex(16)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    temporary.write_text(f"{fresh}\n", encoding="ascii")
    os.replace(temporary, path)
    return fresh
