"""Rows of an attached form: DOCX, XLSX or CSV, whatever the layout around them. Pure.

The two zipped formats are read as far as a form needs: text of table cells and paragraphs, dates of cells. What is
larger than a form, or broken, is not read at all.
"""

import csv
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MAX_UNPACKED = 20 << 20
MAX_ROWS = 500
MAX_CELLS = 20
MAX_CELL = 5000

Rows = list[list[str]]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no zone
_DATE_FORMATS = {*range(14, 23), *range(45, 48)}
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ElementTree.ParseError,
    LookupError,
    ArithmeticError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    EOFError,
    OSError,
)


class NoSheet(ValueError):
    """The file is no form that can be read."""


def read(name: str, data: bytes) -> Rows:
    """Return the rows of a file by the ending of its name; a paragraph is a row of one cell. Raises NoSheet."""
    reader = _READERS.get(name.lower().rpartition(".")[2])
    if reader is None:
        raise NoSheet(name)
    try:
        rows = [
            [_cell(cell) for cell in row[:MAX_CELLS]] for _, row in zip(range(MAX_ROWS), reader(data), strict=False)
        ]
    except _FAULTS as error:
        raise NoSheet(name) from error
    return [row for row in rows if any(row)]


def readable(name: str) -> bool:
    """Tell whether a file could be a form."""
    return name.lower().rpartition(".")[2] in _READERS


def _cell(text: str) -> str:
    lines = [" ".join("".join(c if c.isprintable() else " " for c in line).split()) for line in text.splitlines()]
    return "\n".join(filter(None, lines))[:MAX_CELL]


def _csv(data: bytes) -> Iterator[list[str]]:
    text = data.decode("utf-8-sig", "replace").replace("\x00", "")
    delimiter = max(";\t,", key=text[:2000].count)
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter)
    except csv.Error as error:
        raise NoSheet from error


def _part(archive: zipfile.ZipFile, name: str) -> Element:
    if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
        raise NoSheet(name)
    data = archive.read(name)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise NoSheet(name)  # Office writes none; entities could grow without bound
    return ElementTree.fromstring(data)  # noqa: S314 - without entities


def _docx(data: bytes) -> Iterator[list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = _part(archive, "word/document.xml").find(f"{_W}body")
    for block in body if body is not None else ():
        if block.tag == f"{_W}tbl":
            for row in block.iter(f"{_W}tr"):
                yield [_paragraphs(cell) for cell in row.iter(f"{_W}tc")]
        else:
            yield [_paragraphs(block)]


def _paragraphs(block: Element) -> str:
    """Return the text of a cell or a paragraph; breaks and paragraphs are lines."""
    marks = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}p": "\n"}
    return "".join(part.text or "" if part.tag == f"{_W}t" else marks.get(part.tag, "") for part in block.iter())


def _xlsx(data: bytes) -> Iterator[list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", name))
        sheet = _part(archive, names[0] if names else "xl/worksheets/sheet1.xml")
        shared = _optional(archive, "xl/sharedStrings.xml")
        styles = _optional(archive, "xl/styles.xml")
    texts = ["".join(part.text or "" for part in item.iter(f"{_S}t")) for item in shared.iter(f"{_S}si")]
    dated = _date_styles(styles)
    for row in sheet.iter(f"{_S}row"):
        yield [_value(cell, texts, dated) for cell in row.iter(f"{_S}c")]


def _optional(archive: zipfile.ZipFile, name: str) -> Element:
    return _part(archive, name) if name in archive.namelist() else Element("none")


def _date_styles(styles: Element) -> set[int]:
    """Return which cell styles show a number as a date or a time."""
    own = {
        int(each.get("numFmtId", "0"))
        for each in styles.iter(f"{_S}numFmt")
        if re.search(r"[ymdh]", re.sub(r'"[^"]*"|\[[^\]]*\]', "", each.get("formatCode", "")).lower())
    }
    formats = styles.find(f"{_S}cellXfs")
    used = [int(each.get("numFmtId", "0")) for each in (formats if formats is not None else ())]
    return {place for place, number in enumerate(used) if number in _DATE_FORMATS | own}


def _value(cell: Element, texts: list[str], dated: set[int]) -> str:
    kind, value = cell.get("t"), cell.findtext(f"{_S}v", "")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_S}t"))
    if kind == "s":
        return texts[int(value)] if value.isdecimal() and int(value) < len(texts) else ""
    if kind is None and value and int(cell.get("s", "0")) in dated:
        return _moment(float(value))
    return value


def _moment(days: float) -> str:
    """Write a cell's date as people do: ``14:00 05/04/2023``."""
    if not 0 <= days < 100_000:
        return ""
    at = _EPOCH + timedelta(minutes=round(days * 24 * 60))
    hour = f"{at:%H:%M}" if days % 1 else ""
    return f"{hour} {at:%d/%m/%Y}".strip() if days >= 1 else f"{at:%H:%M}"


_READERS: dict[str, Callable[[bytes], Iterator[list[str]]]] = {"csv": _csv, "docx": _docx, "xlsx": _xlsx}
