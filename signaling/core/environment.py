"""The environment of child processes: what a program needs to run at all, and none of the server's secrets.

The server's own holds the key of codes and recordings and the passwords of mailboxes; its children parse what strangers
send, and /proc/PID/environ shows theirs to whoever takes one over.
"""

from collections.abc import Mapping

KEPT = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"})
FAMILIES = ("LC_", "PYTHON")
"""Locales, and what decides which code a Python process imports."""


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what child processes get of an environment."""
    return {name: value for name, value in environ.items() if name in KEPT or name.startswith(FAMILIES)}
