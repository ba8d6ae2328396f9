"""Filters the environment of child processes: what a program needs to run, and none of the server's secrets.

The server's own environment holds the key of codes and recordings and the passwords of mailboxes; its children parse
untrusted files, and /proc/PID/environ shows their environment to an attacker who takes one over.
"""

from collections.abc import Mapping

from mediaserver.logs import VARIABLE

PASSED_ON = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", VARIABLE})
PASSED_PREFIXES = ("LC_", "PYTHON")
"""Prefixes of further variables: locales, and those that decide which code a Python process imports."""


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that child processes get."""
    return {name: value for name, value in environ.items() if name in PASSED_ON or name.startswith(PASSED_PREFIXES)}
