"""Opens untrusted ZIP archives, as office files are: checks them before unpacking, limits what is unpacked. Pure."""

import io
import lzma
import zipfile
import zlib
from struct import unpack_from
from zipfile import ZipFile

MAX_ENTRIES = 5000
MAX_DIRECTORY = 1 << 20
"""The most bytes of the list of entries; zipfile reads it to its end, whatever the stated number of entries."""
MAX_PART = 4 << 20
MAX_TAGS = 400_000
"""The most XML tags of a part; a table of 5000 rows has as many."""

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
"""The exceptions that zipfile raises for broken archives."""


class BadZip(ValueError):
    """The data is no archive, or has more in it than an office file."""


def opened(data: bytes) -> ZipFile:
    """Open an archive if its end record states few entries (APPNOTE.TXT, 4.3.16). Raises BadZip.

    ZIP64, which has other counts, is refused: no office program writes so small a file in it.
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
    """Unpack one entry of at most `most` bytes, whatever size the archive states. Raises BadZip."""
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
    """Unpack one XML entry; refuse DTDs, entities and zero bytes, which office programs never write. Raises BadZip.

    Entities could grow without bound. In UTF-16, which has zero bytes, they would not be found.
    """
    data = part(archive, name, most)
    if b"\x00" in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data or data.count(b"<") > MAX_TAGS:
        raise BadZip(name)
    return data
