"""Restricts the data directory to its owner: directories 0700, files 0600, whatever umask or copy made them."""

import logging
import os
import stat
from pathlib import Path

from scheduler.core import database
from signaling.app.settings import Settings

log = logging.getLogger(__name__)

UMASK = 0o077
"""The umask of the server and, by inheritance, of its children."""
CODE_KEY, TICKET_KEY = "code.key", "ticket.key"
NEXT_CODE_KEY = "code.key.next"
"""The new key while it takes the place of the old one."""
KEYS = (CODE_KEY, TICKET_KEY, NEXT_CODE_KEY)


def restrict(settings: Settings) -> None:
    """Remove the rights of others from the data directory, but not from recordings, which may lie on a share.

    Files of others in the directory are left alone: it may have existed before the server.
    """
    data = settings.data
    _restrict_path(data.resolve())
    file = database.file(settings.database_url)
    ends = ("", "-wal", "-shm", "-journal")
    database_files = [] if file is None else [file.with_name(file.name + end) for end in ends]
    for path in (*database_files, *(data / name for name in KEYS)):
        _restrict_path(path)
    for folder in (settings.run, settings.copies, data / "tls", settings.documents, data / "ballots"):
        restrict_folder(folder)


def restrict_folder(folder: Path) -> None:
    """Remove the rights of others from a directory and all in it."""
    root = folder.resolve()
    _restrict_path(root)
    for directory, folders, files in os.walk(root):
        for name in (*folders, *files):
            _restrict_path(Path(directory, name))


def _restrict_path(path: Path) -> None:
    """Remove the rights of others from a directory, file or socket; symbolic links are not followed."""
    try:
        mode = path.lstat().st_mode
        allowed = stat.S_IMODE(mode)
        restricted = allowed & (0o600 if stat.S_ISREG(mode) else 0o700)
        if restricted != allowed and not stat.S_ISLNK(mode):
            path.chmod(restricted)
    except FileNotFoundError:  # not made yet, or gone meanwhile
        return
    except PermissionError:
        log.warning("x other users may access %s (mode %o), and its permissions cannot be changed", path, allowed)
