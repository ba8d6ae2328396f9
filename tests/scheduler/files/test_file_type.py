"""The type of a file is detected by its content, never by its name."""

import io
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.files import file_type, safe_zip


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return file.getvalue()


TYPES = "[Content_Types].xml"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\nrest", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (archive(TYPES, "word/document.xml"), "docx"),
        (archive(TYPES, "xl/workbook.xml"), "xlsx"),
        (archive(TYPES, "ppt/presentation.xml"), "pptx"),
        (archive(TYPES, "word/document.xml", "word/vbaProject.bin"), None),
        (archive("word/document.xml"), None),
        (archive(TYPES, "a.txt"), None),
        (archive(TYPES, "word/document.xml")[:-30], None),
        (b"MZ\x90\x00", None),
        (b"<html><script>", None),
        (b"", None),
    ],
)
def test_a_few_kinds_are_taken(content: bytes, kind: str | None) -> None:
    assert file_type.kind(content) == kind


def test_an_archive_of_many_names_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    services = [TYPES, "word/document.xml"]
    assert file_type.kind(archive(*services, *map(str, range(safe_zip.MAX_ENTRIES - 2)))) == "docx"
    many = archive(*services, *map(str, range(safe_zip.MAX_ENTRIES - 1)))
    monkeypatch.setattr(zipfile.ZipFile, "namelist", None)
    assert file_type.kind(many) is None


@given(st.binary(max_size=400), st.integers(0, 400), st.integers(0, 255))
@example(b"", 0, 0)
def test_every_input_has_a_type_or_none(noise: bytes, place: int, byte: int) -> None:
    assert file_type.kind(noise) in {*file_type.KINDS, None}
    broken = bytearray(archive(TYPES, "word/document.xml"))
    broken[place % len(broken)] = byte
    assert file_type.kind(bytes(broken) + noise) in {"docx", None}
