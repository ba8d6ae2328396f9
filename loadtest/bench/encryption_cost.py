"""Measures the CPU of encrypting recordings: encrypting a gigabyte, reading it back, and a range of it.

python -m loadtest.bench.encryption_cost
"""

import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mediaserver.recording.encrypted_file import KEY_BYTES, FileCipher
from mediaserver.recording.files import CHUNK_BYTES, digest, rename_synced

GIGABYTE = 10**9
RANGES = 200


def main() -> None:
    """Measure on a temporary file; print seconds of CPU, the kernel's included, and of elapsed time."""
    with tempfile.TemporaryDirectory() as directory:
        path, cipher = Path(directory) / "1.mp4", FileCipher(secrets.token_bytes(KEY_BYTES))
        _measure("write 1 GB as it is", lambda: _fill(path))
        _measure("SHA-256 of 1 GB", lambda: digest(path))
        _measure("encrypt 1 GB", lambda: cipher.encrypt(path))
        _measure("read 1 GB encrypted", lambda: _read(cipher, path))
        _measure(f"{RANGES} ranges of 1 MiB, each in a file just opened", lambda: _ranges(cipher, path))


def _measure(name: str, act: Callable[[], object]) -> None:
    cpu, clock = time.process_time(), time.perf_counter()
    act()
    print(f"{name}: {time.process_time() - cpu:.2f} s CPU, {time.perf_counter() - clock:.2f} s")


def _fill(path: Path) -> None:
    """Write data that does not repeat within a chunk, and flush it to the disk, as a finished file is."""
    chunk, fresh = secrets.token_bytes(CHUNK_BYTES), path.with_suffix(".new")
    with fresh.open("wb") as file:
        for _ in range(GIGABYTE // CHUNK_BYTES):
            file.write(chunk)
        file.write(chunk[: GIGABYTE % CHUNK_BYTES])
    rename_synced(fresh, path)


def _read(cipher: FileCipher, path: Path) -> None:
    with cipher.open(path, require_encrypted=True) as file:
        while file.read(CHUNK_BYTES):
            pass


def _ranges(cipher: FileCipher, path: Path) -> None:
    for _ in range(RANGES):
        with cipher.open(path, require_encrypted=True) as file:
            file.seek(secrets.randbelow(GIGABYTE - CHUNK_BYTES))
            assert len(file.read(CHUNK_BYTES)) == CHUNK_BYTES


if __name__ == "__main__":
    main()
