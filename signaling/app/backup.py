"""Backup and restore: the database as of one moment, and on wish the keys that it needs (I-12).

SQLite copies itself while the server writes. A timer that does so every quarter of an hour loses no more than that.
Recordings and documents are files of their own, encrypted already; PostgreSQL has tools of its own.

A backup is an archive (tar.gz). With a passphrase it is encrypted as recordings are
(:mod:`mediaserver.recording.encrypted_file`), by a key that scrypt (RFC 7914) makes of the passphrase and of a salt
beside it. Keys never leave the data directory unencrypted.
"""

import hashlib
import os
import secrets
import shutil
import sqlite3
import tarfile
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mediaserver.recording.encrypted_file import Damaged, FileCipher
from mediaserver.recording.files import rename_synced
from scheduler.core import database
from scheduler.core.code_encryption import CodeCipher
from signaling.app.migration import copy_database
from signaling.app.private_files import CODE_KEY, TICKET_KEY
from signaling.app.settings import Settings
from signaling.core.errors import BadBackup

DATABASE = "database.sqlite3"
KEYS = (CODE_KEY, TICKET_KEY, "tls/key.pem", "tls/cert.pem")
SALT, ENCRYPTED = "scrypt.salt", "sealed"
"""Names of the members of an encrypted backup: the salt, and the archive that is encrypted by the passphrase."""
LAST_BACKUP = "last-backup"
"""The empty file of the data directory that is as old as the last backup."""
SALT_BYTES = 16
MIN_PASSPHRASE = 16
COST, BLOCK, MEMORY_BYTES = 1 << 17, 8, 1 << 28
"""Parameters of scrypt: 128 MiB and a third of a second, which an attacker pays for each passphrase."""


def read_passphrase(file: Path) -> str:
    """Return the first line of a file in Unicode NFC, so that all keyboards agree. Raises BadBackup, OSError."""
    text = unicodedata.normalize("NFC", file.read_text(encoding="utf-8").partition("\n")[0].strip())
    if len(text) < MIN_PASSPHRASE:
        raise BadBackup(f"a passphrase has at least {MIN_PASSPHRASE} characters, as of `openssl rand -base64 24`")
    return text


def backup(settings: Settings, target: Path, passphrase: str | None = None, with_keys: bool = False) -> None:
    """Write the database, and on wish the keys, into one file of mode 0600. Raises BadBackup, OSError."""
    source = _database(settings)
    if with_keys and passphrase is None:
        raise BadBackup("keys are only written encrypted: give --passphrase-file, too")
    with _scratch(settings.data) as scratch:
        copy_database(source, scratch / DATABASE)
        parts = {DATABASE: scratch / DATABASE, **(keys(settings, scratch) if with_keys else {})}
        packed = _packed(scratch / "packed", parts)
        if passphrase is not None:
            packed = _encrypted(packed, passphrase)
        _deliver(packed, target)
    (settings.data / LAST_BACKUP).touch(mode=0o600)


def last_backup(settings: Settings) -> datetime | None:
    """Return when the last backup of the data directory was made; None: never.

    With several repositories it is that of the repository whose last one is the oldest.
    """
    times = stored_at(settings)
    if len(times) < 2:
        return _modified(settings.data / LAST_BACKUP)
    made = [each for each in times.values() if each is not None]
    return min(made) if len(made) == len(times) else None


def _modified(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def stored_file(settings: Settings, number: int) -> Path:
    """Return the empty file that is as old as the last backup in the repository of a number."""
    return settings.data / f"{LAST_BACKUP}.{number}"


def stored_at(settings: Settings) -> dict[int, datetime | None]:
    """Return when the last backup of each repository was made, by its number; None: never."""
    numbers = settings.backup.repositories if settings.backup is not None else ()
    return {number: _modified(stored_file(settings, number)) for number in numbers}


def restore(settings: Settings, source: Path, passphrase: str | None = None) -> None:
    """Restore the database of a backup, and its keys if any, into a data directory that has none.

    Nothing is written unless all of it could be read, and decrypted with the present key. A backup without keys needs
    the key of its server beforehand. Raises BadBackup, LostKey.
    """
    file = _database(settings)
    targets = {DATABASE: file, **{name: settings.data / name for name in KEYS}}
    check_absent(*database_files(file))
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with _scratch(settings.data) as scratch, _opened(source, passphrase, scratch) as archive:
            names = sorted(targets.keys() & set(archive.getnames()))
            _check(settings, source, {name: targets[name] for name in names})
            for name in names:
                _unpack(archive, name, scratch / name)
            key = settings.code_key or (scratch if CODE_KEY in names else settings.data).joinpath(CODE_KEY).read_bytes()
            check_key(scratch / DATABASE, key)
            for name in names:
                targets[name].parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.move(scratch / name, targets[name])
    except Damaged:
        raise BadBackup(f"{source} was changed since it was made") from None
    except (tarfile.TarError, EOFError, OSError, sqlite3.Error) as error:
        raise BadBackup(f"{source}: {error}") from None


def check_key(copy: Path, key: bytes) -> None:
    """Check that a key decrypts the codes of a database. Raises LostKey; sqlite3.Error if it is no database."""
    with closing(sqlite3.connect(copy)) as connection:
        columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(codes)")}
        if "sealed" in columns:  # which tables of older releases have not
            live = connection.execute("SELECT sealed, session FROM codes WHERE sealed IS NOT NULL LIMIT 1").fetchone()
            if live is not None:
                CodeCipher(key).decrypt(*live)


def _check(settings: Settings, source: Path, targets: dict[str, Path]) -> None:
    if DATABASE not in targets:
        raise BadBackup(f"{source} has no database in it")
    check_absent(*targets.values())
    key = settings.data / CODE_KEY
    if CODE_KEY not in targets and settings.code_key is None and not key.exists():
        raise BadBackup(f"{source} has no keys in it: put its server's code.key to {key}, or set DIEMCAU_CODE_KEY")


def database_files(file: Path) -> tuple[Path, ...]:
    """Return a SQLite file and those beside it that SQLite would play back into a restored one."""
    return file, *(file.with_name(file.name + end) for end in ("-wal", "-journal"))


def check_absent(*paths: Path) -> None:
    """Check that nothing would be overwritten. Raises BadBackup."""
    existing = next((path for path in paths if path.exists()), None)
    if existing is not None:
        raise BadBackup(f"{existing} is there already; restore into an empty data directory")


@contextmanager
def _scratch(data: Path) -> Iterator[Path]:
    """Yield a temporary directory for unencrypted files, on the disk of the data directory itself."""
    with tempfile.TemporaryDirectory(prefix="backup-", dir=data) as directory:
        scratch = Path(directory) / "backup"
        (scratch / "tls").mkdir(parents=True)
        yield scratch


def keys(settings: Settings, scratch: Path) -> dict[str, Path]:
    """Return the existing key files by name; that of the codes may come from the environment."""
    paths = {name: settings.data / name for name in KEYS}
    if settings.code_key is not None:
        paths[CODE_KEY] = scratch / CODE_KEY
        with _write(paths[CODE_KEY]) as file:
            file.write(settings.code_key)
    return {name: path for name, path in paths.items() if path.exists()}


def _packed(packed: Path, parts: dict[str, Path]) -> Path:
    with tarfile.open(packed, "w:gz") as archive:
        for name, path in parts.items():
            archive.add(path, name)
    return packed


def _encrypted(packed: Path, passphrase: str) -> Path:
    """Return an archive of the encrypted backup and the salt of its key."""
    salt, encrypted = packed.with_name(SALT), packed.with_name(ENCRYPTED)
    salt.write_bytes(secrets.token_bytes(SALT_BYTES))
    with packed.open("rb") as plain:
        FileCipher(_key(passphrase, salt.read_bytes())).write(encrypted, plain)
    whole = packed.with_name("whole")
    with tarfile.open(whole, "w") as archive:
        archive.add(salt, SALT)
        archive.add(encrypted, ENCRYPTED)
    return whole


@contextmanager
def _opened(source: Path, passphrase: str | None, scratch: Path) -> Iterator[tarfile.TarFile]:
    """Open a backup. Raises BadBackup if the passphrase is missing or does not fit; Damaged while it is read."""
    with tarfile.open(source) as archive:
        encrypted = ENCRYPTED in archive.getnames()
        if encrypted != (passphrase is not None):
            raise BadBackup(f"{source} is {'encrypted: give --passphrase-file' if encrypted else 'not encrypted'}")
        if passphrase is None:
            yield archive
            return
        for name in (SALT, ENCRYPTED):
            _unpack(archive, name, scratch / name)
    try:
        plain = FileCipher(_key(passphrase, (scratch / SALT).read_bytes())).open(
            scratch / ENCRYPTED, require_encrypted=True
        )
    except Damaged:
        raise BadBackup(f"the passphrase is not the one that {source} was encrypted with") from None
    with plain, tarfile.open(fileobj=plain) as archive:
        yield archive


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=COST, r=BLOCK, p=1, maxmem=MEMORY_BYTES, dklen=32)


def _deliver(packed: Path, target: Path) -> None:
    """Move a file to its target, whole or not at all."""
    fresh = target.with_name(f".{target.name}.part")
    try:
        with packed.open("rb") as source, _write(fresh) as file:
            shutil.copyfileobj(source, file)
        rename_synced(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _unpack(archive: tarfile.TarFile, name: str, target: Path) -> None:
    """Write one member of an archive to `target`, whatever path the archive names. Raises BadBackup."""
    try:
        packed = archive.extractfile(name)
    except KeyError:
        packed = None
    if packed is None:
        raise BadBackup(f"{name} is no file")
    with _write(target) as file:
        shutil.copyfileobj(packed, file)


def _write(path: Path) -> BinaryIO:
    """Open a new file of mode 0600."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _database(settings: Settings) -> Path:
    file = database.file(settings.database_url)
    if file is None:
        raise BadBackup(
            "a PostgreSQL database is backed up by pg_dump and restored by pg_restore; keep code.key apart from it"
        )
    return file
