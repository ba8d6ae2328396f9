"""Restricts which files this process may open from now on (Landlock, landlock(7)), which are fewer than its user may.

What cannot be opened cannot be read by whoever takes the process over: keys, the database, other recordings, and what
/proc tells of other processes, which may not be traced either. Nor can it be told to anybody: where the kernel can
(Linux 6.7), this process makes no TCP connection any more.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls, with these numbers on all architectures."""
_VERSION = 1
"""Flag of landlock_create_ruleset(2): return which version the kernel knows."""
_PATH_BENEATH = 1
_NO_NEW_PRIVS = 38
"""PR_SET_NO_NEW_PRIVS, prctl(2)."""
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_ALL = (1 << 13) - 1
"""All rights of the first version; reading and writing a file, making and removing one are among them."""
_TRUNCATE, _TRUNCATE_SINCE = 1 << 14, 3
_TCP, _TCP_SINCE = 1 << 0 | 1 << 1, 4
"""To listen and to connect."""
_LIBC = ctypes.CDLL(None, use_errno=True)


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def programs() -> list[Path]:
    """Return the folders from which this interpreter and its libraries come, and this package."""
    folders = (sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/etc")
    return [*map(Path, folders), Path(__file__).parent.parent]


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Let this process open these files and those below these folders only, as far as they exist, and connect to
    nothing by TCP.

    Return False where the kernel has no Landlock. Raises OSError.
    """
    version = _LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return False
    handled = _ALL | (_TRUNCATE if version >= _TRUNCATE_SINCE else 0)
    attributes = (ctypes.c_uint64 * 2)(handled, _TCP)
    size = ctypes.sizeof(attributes) if version >= _TCP_SINCE else ctypes.sizeof(ctypes.c_uint64)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for paths, rights in ((readable, _READ), (writable, handled)):
            for path in filter(Path.exists, paths):
                _allow(ruleset, path, rights if path.is_dir() else rights & _READ_FILE)
        _LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, path: Path, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(rights, descriptor)
        _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    result = int(_LIBC.syscall(number, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
