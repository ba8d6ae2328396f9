"""Reads DOCX files in tests with zipfile and ElementTree alone, not with code of ours."""

import io
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT = {f"{WORD}t", f"{WORD}br"}


def part(data: bytes, name: str) -> Element:
    """Return the XML of a part."""
    with ZipFile(io.BytesIO(data)) as archive:
        return ElementTree.fromstring(archive.read(name))


def paragraphs(data: bytes) -> list[str]:
    """Return the texts of all paragraphs, also those in tables, in their order."""
    return [_text(paragraph) for paragraph in part(data, "word/document.xml").iter(f"{WORD}p")]


def _text(paragraph: Element) -> str:
    lines = ((each.text or "") if each.tag == f"{WORD}t" else "\n" for each in paragraph.iter() if each.tag in _TEXT)
    return "".join(lines)
