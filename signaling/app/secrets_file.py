"""Carries the secrets of a system from one of its servers to the others, in one file of mode 0600.

They lie in no database: it must not hold the keys of what it protects (decision 11).
"""

import base64
import binascii
import json
import os
from pathlib import Path

from signaling.app.private_files import CODE_KEY, TICKET_KEY
from signaling.app.settings import Settings
from signaling.core.errors import SettingsError
from signaling.core.server_id import FILE as SERVER_ID

REQUIRED = frozenset({TICKET_KEY, SERVER_ID})
OPTIONAL = frozenset({CODE_KEY, "tls/key.pem", "tls/cert.pem"})
"""Not there where `DIEMCAU_CODE_KEY` is set, or before the first start."""
MAX_BYTES = 1 << 20


def save(settings: Settings, target: Path) -> None:
    """Write the secrets of a data directory into a new file. Raises SettingsError, OSError."""
    found = {
        name: base64.b64encode(path.read_bytes()).decode("ascii")
        for name in sorted(REQUIRED | OPTIONAL)
        if (path := settings.data / name).is_file()
    }
    if missing := sorted(REQUIRED - found.keys()):
        raise SettingsError(f"{settings.data} has no {missing[0]} yet: start the server once")
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        json.dump(found, file, indent=1)


def load(settings: Settings, source: Path) -> None:
    """Write the secrets of a file into a data directory that has none of them. Raises SettingsError, OSError."""
    secrets = read(source.read_bytes()[: MAX_BYTES + 1])
    present = sorted(name for name in REQUIRED | OPTIONAL if (settings.data / name).exists())
    if present:
        raise SettingsError(f"{settings.data} has a {present[0]}: it belongs to a system already")
    for name, content in secrets.items():
        path = settings.data / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)


def read(data: bytes) -> dict[str, bytes]:
    """Return the contents of a file of secrets by name. Raises SettingsError."""
    try:
        found = json.loads(data)
        secrets = {str(name): base64.b64decode(content, validate=True) for name, content in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise SettingsError("not a file of `diemcau admin save-secrets`") from None
    if not REQUIRED <= secrets.keys() <= REQUIRED | OPTIONAL:
        raise SettingsError("not a whole file of `diemcau admin save-secrets`")
    return secrets
