"""Archives are checked by their end record before names are read, and unpacked up to a limit."""

import io
import zipfile
from struct import pack

import pytest

from scheduler.files import safe_zip
from scheduler.files.safe_zip import BadZip, open_archive, read_entry
from tests import bombs

GOOD = bombs.zipped({"a.xml": "<a/>", "b.xml": "<b/>"})
AT = GOOD.rfind(b"PK\x05\x06")


def ending(entries: int = 2, size: int | None = None) -> bytes:
    """Return an archive whose end record states something else."""
    directory = GOOD[AT + 12 : AT + 16] if size is None else pack("<I", size)
    return GOOD[: AT + 8] + pack("<HH", entries, entries) + directory + GOOD[AT + 16 :]


def test_an_archive_is_opened() -> None:
    with open_archive(GOOD) as archive:
        assert (archive.namelist(), read_entry(archive, "b.xml")) == (["a.xml", "b.xml"], b"<b/>")
    with open_archive(GOOD[:-2] + pack("<H", 3) + b"abc") as archive:
        assert archive.comment == b"abc"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06",
        GOOD[:-1],
        ending(safe_zip.MAX_ENTRIES + 1),
        ending(size=safe_zip.MAX_DIRECTORY_BYTES + 1),
        GOOD[:AT] + b"PK\x06\x07" + bytes(16) + GOOD[AT:],
    ],
)
def test_large_and_broken_archives_are_refused_unread(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_zip, "ZipFile", None)  # nothing of it was read
    with pytest.raises(BadZip):
        open_archive(data)


def test_an_entry_is_unpacked_no_further_than_its_limit() -> None:
    packed = bombs.zipped({"a": bytes(100)})
    with open_archive(packed) as archive:
        assert read_entry(archive, "a", 100) == bytes(100)
        for name, max_bytes in (("a", 99), ("b", 100)):
            with pytest.raises(BadZip):
                read_entry(archive, name, max_bytes)


def test_only_usual_methods_are_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a", "x")
    with open_archive(out.getvalue()) as archive, pytest.raises(BadZip):
        read_entry(archive, "a")


@pytest.mark.parametrize("text", [b"<!DOCTYPE a>", b"<!ENTITY a>", "<a/>".encode("utf-16"), b"<a/>" * 400_001])
def test_markup_has_no_entities(text: bytes) -> None:
    with open_archive(bombs.zipped({"a": text})) as archive, pytest.raises(BadZip):
        safe_zip.read_xml(archive, "a")
