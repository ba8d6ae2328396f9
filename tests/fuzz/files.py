"""Fuzz targets for files and their transport: tables, forms, office files, byte ranges, and responses of IMAP."""

import imaplib
import io
import socket
import zipfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from aiohttp import hdrs
from aiohttp.test_utils import make_mocked_request
from openpyxl import Workbook

from mediaserver.recording.encrypted_file import KEY_BYTES, MARK, Damaged, FileCipher
from mediaserver.recording.files import ends
from mediaserver.recording.track_file import NoTracks, SceneChange, TrackFileReader, TrackFileWriter
from scheduler.booking.sessions import script_spreadsheet
from scheduler.files import file_type, safe_zip
from scheduler.files import spreadsheet as tables
from scheduler.files.errors import BadSheet
from scheduler.inbound_mail import attached_form as forms
from scheduler.inbound_mail import form_template
from signaling.booking.script_spreadsheets import LAYOUTS
from signaling.core.errors import BadInput
from signaling.http import byte_ranges, clamd
from signaling.http.uploads import bytes_of
from signaling.mail import imap
from signaling.mail.config import Server
from tests import bombs
from tests.fuzz.target import SANDBOXED_SECONDS, Target
from tests.mediaserver.recording.track_items import EVERYTHING_WRITTEN, written

LONG_PART = 1 << 20
COLUMNS = script_spreadsheet.COLUMNS
_ROW = dict.fromkeys(COLUMNS, "1")
_DAY = datetime(2026, 4, 6, 8, 0)  # noqa: DTZ001 - cells have no zone


_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TEXTS = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def _table() -> bytes:
    """Return a table as an office program writes it, with a styled date and, unlike openpyxl's, shared strings."""
    book, out = Workbook(), io.BytesIO()
    for row in (COLUMNS, list(_ROW.values()), ["a", "", _DAY, 1.0, 2]):
        book.worksheets[0].append(row)
    book.save(out)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_SPACE}"><si><t>a</t></si></sst>')
        types = archive.read("[Content_Types].xml")
    return bombs.changed(out.getvalue(), **{"[Content_Types]": types.replace(b"</Types>", _TEXTS + b"</Types>")})


_TABLE = _table()
_PARTS = ("sheet1", "styles", "workbook", "sharedStrings")
_FORMS = MappingProxyType({kind: form_template.write(kind) for kind in ("docx", "xlsx")})
_FORM_PARTS = (("docx", "document"), ("xlsx", "sheet1"), ("xlsx", "workbook"))


def read_table(data: bytes) -> None:
    """Parse an XLSX table of which one part is replaced; the first byte selects the part."""
    if data:
        _rows(bombs.changed(_TABLE, **{_PARTS[data[0] % len(_PARTS)]: data[1:]}))


def read_archive(data: bytes) -> None:
    """Parse a table as it is uploaded: CSV, or an XLSX archive that may be broken."""
    _rows(data)


def _rows(data: bytes) -> None:
    try:
        rows = tables.read(data, COLUMNS)
    except BadSheet:
        return
    with suppress(BadSheet):
        script_spreadsheet.read(rows, (), None, LAYOUTS, 200)


def read_part(data: bytes) -> None:
    """Parse an attached form of which one part is replaced; the first byte selects form and part."""
    kind, part = _FORM_PARTS[data[0] % len(_FORM_PARTS) if data else 0]
    try:
        rows = forms.read(f"a.{kind}", bombs.changed(_FORMS[kind], **{part: data[1:]}))
    except forms.UnreadableForm:
        return
    assert sum(len(cell) for row in rows for cell in row) <= forms.MAX_TEXT


def read_kind(data: bytes) -> None:
    """Judge the type of an uploaded file by its content."""
    assert file_type.kind(data) in {*file_type.KINDS, None}


def read_file(data: bytes) -> None:
    """Decode a file in base64."""
    with suppress(BadInput):
        bytes_of(data.decode("utf-8", "replace"))


def read_scan_reply(data: bytes) -> None:
    """Read the reply of clamd on a file."""
    with suppress(clamd.BadReply):
        assert clamd.found(data) != ""


def read_range(data: bytes) -> None:
    """Parse the headers Range and If-Range, one on each line, for a file whose size is the first byte."""
    size, (range_, _, tag) = data[0] if data else 0, data[1:].decode("latin-1").partition("\n")
    request = make_mocked_request("GET", "/", {hdrs.RANGE: range_} | ({hdrs.IF_RANGE: tag} if tag else {}))
    requested = byte_ranges._requested_range(request, size, '"tag"')
    assert requested is None or 0 <= requested[0] <= requested[1] <= size
    assert requested is None or requested[2] == 200 or requested[0] < requested[1]


class _ScriptedImapClient(imaplib.IMAP4):
    """An IMAP client that reads prepared responses; its commands have the tags T0, T1 and so on."""

    tagpre = property(lambda _: b"T", lambda *_: None)

    def __init__(self, responses: bytes) -> None:
        self._responses = responses
        super().__init__("nowhere")

    def open(self, *_: object, **__: object) -> None:
        self.file = io.BytesIO(self._responses)
        self.sock = socket.socket()

    def send(self, data: object) -> None:
        """Discard a command: there is no server."""


def read_mailbox(data: bytes) -> None:
    """Read the responses of an IMAP server from its greeting to the end of a letter."""
    client = None
    try:
        with imap._as_not_read():
            client = _ScriptedImapClient(data)
        imap.open_mailbox(client, Server("h", 1, "none", "u", "p"))
        for uid in imap.new(client, 4)[:2]:
            found = imap.fetch(client, uid, 100)
            assert found is None or (isinstance(found.raw, bytes) and isinstance(found.arrived, datetime | None))
            imap.mark_seen(client, uid)
    except imap.NotRead:
        pass
    finally:
        if client is not None:
            client.sock.close()


def read_recording(data: bytes) -> None:
    """Find the end of the last whole fragment of an MP4 recording; the file cut there must have the same end."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "r.mp4")
        path.write_bytes(data)
        found = ends(path)
        assert min(found) >= 0 and found[0] == max(found) <= len(data)
        path.write_bytes(data[: found[0]])
        assert ends(path) == found


def read_tracks(data: bytes) -> None:
    """Read tracks of a recording; a file of what was read is the same again."""
    try:
        reader = TrackFileReader(io.BytesIO(data))
    except NoTracks:
        return
    read = list(reader)
    writer = TrackFileWriter(reader.opened)
    again = TrackFileReader(io.BytesIO(writer.beginning + b"".join(written(writer, item) for item in read)))
    assert [item for item in again if not isinstance(item, SceneChange)] == [
        item for item in read if not isinstance(item, SceneChange)
    ]


def read_encrypted(data: bytes) -> None:
    """Open an encrypted recording that may have been changed: it has its original content, or is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder, _FILE_NAME)
        path.parent.mkdir()
        path.write_bytes(data)
        with suppress(Damaged), _CIPHER.open(path) as opened:
            assert opened.read() == (_PLAIN if data.startswith(MARK) else data)


def _encrypted() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, _FILE_NAME)
        path.parent.mkdir()
        path.write_bytes(_PLAIN)
        _CIPHER.encrypt(path)
        return path.read_bytes()


def _mp4_box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


_CIPHER = FileCipher(bytes(KEY_BYTES))
_FILE_NAME = "1/r.mp4"
_PLAIN = b"moving pictures"
_FRAGMENT = _mp4_box(b"moof", b"table") + _mp4_box(b"mdat", b"pictures")
_IMAP_RESPONSES = (
    b"* OK ready\r\n* CAPABILITY IMAP4rev1\r\nT0 OK done\r\nT1 OK done\r\n"
    b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\nT2 OK done\r\n"
    b"* SEARCH 5\r\nT3 OK done\r\n* SEARCH 5 6\r\nT4 OK done\r\n"
    b'* 1 FETCH (UID 5 INTERNALDATE "03-Apr-2023 08:00:00 +0700" RFC822.SIZE 9 BODY[]<0> {9}\r\nA: b\r\n\r\nc)\r\n'
    b"T5 OK done\r\nT6 OK done\r\n"
)


def _part(data: bytes, part: str) -> bytes:
    with safe_zip.open_archive(data) as archive:
        return archive.read(next(name for name in archive.namelist() if bombs.stem(name) == part))


FILES = {
    "table": Target(
        read_table,
        tuple(bytes([at]) + _part(_TABLE, part) for at, part in enumerate(_PARTS)),
        LONG_PART,
        SANDBOXED_SECONDS,
    ),
    "archive": Target(read_archive, (_TABLE, tables.write_csv(COLUMNS, [_ROW])), 47_000, SANDBOXED_SECONDS),
    "part": Target(
        read_part,
        tuple(bytes([at]) + _part(_FORMS[kind], part) for at, (kind, part) in enumerate(_FORM_PARTS)),
        LONG_PART,
        SANDBOXED_SECONDS,
    ),
    "kind": Target(read_kind, (b"%PDF-1.7", _TABLE, _FORMS["docx"]), 20 << 20),
    "file": Target(read_file, (b"YSxi", b"YSxiCg=="), 64 << 10),
    "scan reply": Target(read_scan_reply, (b"stream: OK\0", b"stream: Eicar-Test-Signature FOUND\0"), clamd.MAX_REPLY),
    "range": Target(read_range, (b"\x64bytes=0-9", b"\x64bytes=-5", b'\x64bytes=7-\n"tag"'), 8190),
    "mailbox": Target(read_mailbox, (_IMAP_RESPONSES,)),
    "boxes": Target(
        read_recording,
        (
            _mp4_box(b"ftyp", b"isom") + _mp4_box(b"moov", b"") + 2 * _FRAGMENT,
            _FRAGMENT + _mp4_box(b"mdat", b"pictures")[:-1],
            bytes([0, 0, 0, 1]) + b"free" + (17).to_bytes(8, "big") + b"!" + bytes(4) + b"mdat",
        ),
        1 << 20,
        SANDBOXED_SECONDS,
    ),
    "tracks": Target(read_tracks, (b"".join(EVERYTHING_WRITTEN),), 1 << 20, SANDBOXED_SECONDS),
    "sealed": Target(read_encrypted, (_encrypted(), _PLAIN)),
}
