"""ZIP archives of strangers, as office files are: judged before anything is unpacked, and unpacked to a limit. Pure."""

import io
import lzma
import zipfile
import zlib
from struct import unpack_from
from zipfile import ZipFile

MAX_ENTRIES = 5000
MAX_DIRECTORY = 1 << 20
"""Bytes of the list of entries; zipfile reads that to its end, whatever number of entries it is said to have."""
MAX_PART = 4 << 20
MAX_TAGS = 400_000
"""Of a part; a table of 5000 rows has as many."""

_END = b"PK\x05\x06"
_END_BYTES = 22
_MAX_COMMENT = 65535
_WIDER = b"PK\x06\x07"
_PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
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
"""What zipfile raises for broken archives."""


class BadZip(ValueError):
    """No archive, or one with more in it than an office file has."""


def opened(data: bytes) -> ZipFile:
    """Open an archive whose end says that it has few entries (APPNOTE.TXT, 4.3.16). Raises BadZip.

    No office program writes so small a file in the wider form (ZIP64), where other counts would hold.
    """
    at = data.rfind(_END, max(0, len(data) - _MAX_COMMENT - _END_BYTES))
    if at < 0 or len(data) - at < _END_BYTES or data[max(0, at - 20) :].startswith(_WIDER):
        raise BadZip
    entries, size = unpack_from("<HI", data, at + 10)
    if entries > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise BadZip
    try:
        return ZipFile(io.BytesIO(data))
    except FAULTS as error:
        raise BadZip from error


def part(archive: ZipFile, name: str, most: int = MAX_PART) -> bytes:
    """Unpack one entry of at most so many bytes, whatever the archive says of its size. Raises BadZip."""
    try:
        if archive.getinfo(name).compress_type not in _PLAIN:
            raise BadZip(name)
        with archive.open(name) as file:
            data = file.read(most + 1)
    except FAULTS as error:
        raise BadZip(name) from error
    if len(data) > most:
        raise BadZip(name)
    return data


def markup(archive: ZipFile, name: str, most: int = MAX_PART) -> bytes:
    """Unpack one entry that is XML, without what office programs never write. Raises BadZip.

    Entities could grow without bound; in UTF-16, which has zero bytes, they would not be seen.
    """
    data = part(archive, name, most)
    if b"\x00" in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data or data.count(b"<") > MAX_TAGS:
        raise BadZip(name)
    return data
