"""Parses a letter (MIME): sender, subject, text, attachments. Any bytes give a letter. Pure.

Untrusted letters are parsed in a child process (`scheduler.files.sandboxed_parser`), because `email` is slow for
malformed ones. Header values are decoded here, because the newer policy of `email` raises at faulty ones, and real
letters are faulty.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from email.utils import getaddresses
from hashlib import sha256
from itertools import islice

from pydantic import TypeAdapter

from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail import attached_form
from scheduler.inbound_mail.html_to_text import plain

MAX_HEAD = 16384
MAX_SUBJECT = 300
MAX_ID = 500
MAX_BODY = 200_000
MAX_HEADERS = 500
MAX_HEADER = 8192
"""The most characters of a header field; the rest is cut off."""
MAX_MARKS = 1000
"""The most lines that begin like the boundary of a part; a letter with more is parsed without parts."""
MAX_PARTS = 100
MAX_ATTACHMENTS = 20
MAX_ATTACHMENT = 5 << 20
"""The most bytes of an attachment that are read; of a larger one only the name is kept."""

_CHARSET = re.compile(r"utf-8|ascii|iso8859-[0-9]{1,2}|cp125[0-9]|koi8-[ru]")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_MARK = re.compile(rb"^--", re.MULTILINE)
_ADDRESS = re.compile(r"[a-z0-9._+-]{1,64}@[a-z0-9.-]{1,189}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a letter; `rows` are those of a form, None if it is no form or too large."""

    name: str
    rows: attached_form.Rows | None


@dataclass(frozen=True, slots=True)
class OfficialLetter:
    """A parsed letter. `sender` is the only address in From, or empty; `return_path` is None without that header.

    `headers` are all header fields in order, names in lower case, values unfolded and not decoded.
    """

    id: str
    sender: str
    return_path: str | None
    subject: str
    body: str
    attachments: tuple[Attachment, ...]
    headers: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Return all values of a header field, topmost first."""
        return [value for field, value in self.headers if field == name]


class _Brief(Compat32):
    """Cuts long header fields, because `email` takes time that grows with the square of their length for some."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_HEADER]


_BRIEF = _Brief()


_PARSED = TypeAdapter(OfficialLetter)


async def read_untrusted(parser: SandboxedParser, raw: bytes) -> OfficialLetter | None:
    """Return a letter as :func:`read` does, parsed in a child process; None if it is too large or too complex."""
    printed = await parser.run(__name__, raw)
    return None if printed is None else _PARSED.validate_json(printed)


def parse(raw: bytes) -> bytes:
    """Return a letter as JSON."""
    return _PARSED.dump_json(read(raw))


def head(raw: bytes) -> OfficialLetter:
    """Parse only sender, subject and other headers of a letter; this is quick for any bytes."""
    return read(_BLANK_LINE.split(raw[:MAX_HEAD], 1)[0])


def read(raw: bytes) -> OfficialLetter:
    """Parse a letter; one without Message-ID gets an id from its content."""
    fields = BytesHeaderParser(policy=_BRIEF).parsebytes(raw).raw_items()
    headers = tuple((name.lower(), _unfolded(value)) for name, value in islice(fields, MAX_HEADERS))
    first: dict[str, str] = dict(reversed(headers))
    parts = _parts(raw)
    return OfficialLetter(
        id=_message_id(first.get("message-id", "")) or f"sha256:{sha256(raw).hexdigest()}",
        sender=_address(first.get("from", "")),
        return_path=_address(first["return-path"]) if "return-path" in first else None,
        subject=_line(_decoded(first.get("subject", "")))[:MAX_SUBJECT],
        body=_body(parts)[:MAX_BODY],
        attachments=tuple(_attachments(parts)),
        headers=headers,
    )


def _unfolded(value: str) -> str:
    """Return a header value on one line, with raw UTF-8 as text (RFC 6532)."""
    data = value.encode("utf-8", "surrogateescape")
    return " ".join(data.decode("utf-8", "replace").replace("\x00", "").split())


def _decoded(value: str) -> str:
    """Decode encoded words (RFC 2047); those that cannot be decoded stay as they are."""
    try:
        parts = decode_header(value)
    except (MessageError, ValueError):
        return value
    return "".join(part if isinstance(part, str) else _text(part, charset) for part, charset in parts)


def _text(data: bytes, charset: object) -> str:
    """Decode bytes; a wrong or unknown charset loses single characters, not the text.

    Only charsets of texts are accepted: Python's other codecs are slow for long texts, or are no charsets.
    """
    try:
        known = codecs.lookup(str(charset or "utf-8")).name
    except (LookupError, ValueError):
        known = "utf-8"
    return data.decode(known if _CHARSET.fullmatch(known) else "utf-8", "replace")


def _line(text: str) -> str:
    """Return a text in NFC on one line, without characters that cannot be printed or stored."""
    printable_text = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(printable_text.split())


def _message_id(value: str) -> str:
    found = re.search(r"<[\x21-\x3b\x3d\x3f-\x7e]+>", value)
    return found[0] if found and len(found[0]) <= MAX_ID else ""


def _address(value: str) -> str:
    """Return the only address of a header field; an empty text if there is none or there are several."""
    try:
        found = [address.lower() for _, address in getaddresses([value]) if address]
    except (ValueError, IndexError, RecursionError):
        return ""
    return found[0] if len(found) == 1 and _ADDRESS.fullmatch(found[0]) else ""


# Parts.


def _parts(raw: bytes) -> list["Message[str, str]"]:
    """Return the leaf parts of a letter; none if it has too many parts or nests them too deep."""
    if sum(1 for _ in islice(_MARK.finditer(raw), MAX_MARKS)) == MAX_MARKS:
        return []
    try:
        leaves = (part for part in message_from_bytes(raw, policy=_BRIEF).walk() if not part.is_multipart())
        return list(islice(leaves, MAX_PARTS))
    except RecursionError:
        return []


def _body(parts: list["Message[str, str]"]) -> str:
    """Return the text of a letter: its plain part, else the text of its HTML part."""
    for kind, reader in (("text/plain", str), ("text/html", plain)):
        texts = [_content(part) for part in parts if part.get_content_type() == kind and not _filename(part)]
        if any(text.strip() for text in texts):
            return _lines(reader("\n".join(texts)[:MAX_BODY]))
    return ""


def _lines(text: str) -> str:
    """Return a text in NFC, line by line, without blanks at the ends of lines."""
    text_lines = [
        "".join(c if c.isprintable() or c == "\t" else " " for c in text_line).strip(" ")
        for text_line in unicodedata.normalize("NFC", text).splitlines()
    ]
    return "\n".join(text_lines).strip("\n")


def _content(part: "Message[str, str]") -> str:
    return _text(_payload(part)[: 4 * MAX_BODY], part.get_content_charset())


def _payload(part: "Message[str, str]") -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _filename(part: "Message[str, str]") -> str:
    try:
        return _line(_decoded(part.get_filename() or ""))[-200:]
    except (ValueError, LookupError, TypeError):
        return ""


def _attachments(parts: list["Message[str, str]"]) -> Iterator[Attachment]:
    named = [(name, part) for part in parts if (name := _filename(part))]
    for name, part in named[:MAX_ATTACHMENTS]:
        yield Attachment(name, _rows(name, part) if attached_form.readable(name) else None)


def _rows(name: str, part: "Message[str, str]") -> attached_form.Rows | None:
    data = _payload(part)
    try:
        return attached_form.read(name, data) if len(data) <= MAX_ATTACHMENT else None
    except attached_form.UnreadableForm:
        return None
