"""Finds the C library libopus that PyAV's wheel brings along, for `mediaserver.audio.opus`.

Private part: where the wheel has its libraries, `av.libs/` beside the package on Linux and `av/.dylibs/` on macOS, is
the habit of the tools that repair wheels (auditwheel, delocate), not a promise of PyAV. The functions of libopus are
public and stable (`opus.h`).

When it breaks (`tests/test_private_parts.py` says so): look for `libopus` in the installed wheel and add its folder
here. Until then the library of the system serves (Debian's package `libopus0`): a warning in the log says so.
"""

import logging
from pathlib import Path
from typing import Any

import av
from cffi import FFI

logger = logging.getLogger(__name__)


def bundled() -> list[Path]:
    """Return the files of libopus in PyAV's wheel; none where PyAV comes from a distribution."""
    package = Path(av.__file__).parent
    return [*package.parent.glob("av.libs/libopus*"), *package.glob(".dylibs/libopus*")]


def load(ffi: FFI) -> Any:
    """Load libopus from PyAV's wheel, else from the system. Raises OSError when there is neither."""
    files = bundled()
    if files:
        return ffi.dlopen(str(files[0]))
    logger.warning("- PyAV carries no libopus, taking the system's")
    return ffi.dlopen("libopus.so.0")
