"""Gives memory back to the kernel that closed rooms had."""

import ctypes
import gc

_LIBC = ctypes.CDLL(None)


def give_back() -> None:
    """Collect garbage, and return the free pages of `malloc` (malloc_trim(3)), which glibc has.

    Rooms and peers refer to each other, so they are garbage once they are closed. The collector counts objects, not
    bytes: hundreds of closed meetings wait until it comes. It stops everything meanwhile, so it is called while no
    meeting goes on.
    """
    gc.collect()
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)
