"""Opens untrusted ZIP archives, as office files are: checks them before unpacking, limits what is unpacked. Pure."""

import io
import lzma
import zipfile
import zlib
from struct import unpack_from
from zipfile import ZipFile

MAX_ENTRIES = 5000
MAX_DIRECTORY_BYTES = 1 << 20
"""Largest central directory; zipfile reads it to its end, whatever the stated number of entries."""
MAX_ENTRY_BYTES = 4 << 20
"""Largest unpacked entry."""
MAX_TAGS = 400_000
"""The most XML tags of an entry; a table of 5000 rows has as many."""

_END_RECORD = b"PK\x05\x06"
"""Signature of the end of central directory record (APPNOTE.TXT, 4.3.16)."""
_END_RECORD_BYTES = 22
_MAX_COMMENT_BYTES = 65535
_ZIP64_LOCATOR = b"PK\x06\x07"
"""Signature of the ZIP64 end of central directory locator, which stands before that record (4.3.15)."""
_ZIP64_LOCATOR_BYTES = 20
_ALLOWED_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    LookupError,
    ArithmeticError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    EOFError,
    OSError,
)
"""The exceptions that zipfile raises for broken archives."""


class BadZip(ValueError):
    """The data is no archive, or has more in it than an office file."""


def open_archive(data: bytes) -> ZipFile:
    """Open an archive if its end record states few entries. Raises BadZip.

    ZIP64, which has other counts, is refused: no office program writes so small a file in it.
    """
    at = data.rfind(_END_RECORD, max(0, len(data) - _MAX_COMMENT_BYTES - _END_RECORD_BYTES))
    is_zip64 = data[max(0, at - _ZIP64_LOCATOR_BYTES) :].startswith(_ZIP64_LOCATOR)
    if at < 0 or len(data) - at < _END_RECORD_BYTES or is_zip64:
        raise BadZip
    entries, size = unpack_from("<HI", data, at + 10)
    if entries > MAX_ENTRIES or size > MAX_DIRECTORY_BYTES:
        raise BadZip
    try:
        return ZipFile(io.BytesIO(data))
    except FAULTS as error:
        raise BadZip from error


def read_entry(archive: ZipFile, name: str, max_bytes: int = MAX_ENTRY_BYTES) -> bytes:
    """Unpack one entry of at most `max_bytes`, whatever size the archive states. Raises BadZip."""
    try:
        if archive.getinfo(name).compress_type not in _ALLOWED_METHODS:
            raise BadZip(name)
        with archive.open(name) as file:
            data = file.read(max_bytes + 1)
    except FAULTS as error:
        raise BadZip(name) from error
    if len(data) > max_bytes:
        raise BadZip(name)
    return data


def read_xml(archive: ZipFile, name: str, max_bytes: int = MAX_ENTRY_BYTES) -> bytes:
    """Unpack one XML entry; refuse DTDs, entities and zero bytes, which office programs never write. Raises BadZip.

    Entities could grow without bound. In UTF-16, which has zero bytes, they would not be found.
    """
    data = read_entry(archive, name, max_bytes)
    if b"\x00" in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data or data.count(b"<") > MAX_TAGS:
        raise BadZip(name)
    return data
