"""Reads the rows of an attached registration form, DOCX, XLSX or CSV, in any layout. Pure.

Of the two zipped formats only what a form needs is read: text of table cells and paragraphs, dates of cells. A file
that is broken or larger than a form is not read at all.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from itertools import islice
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from scheduler.files import safe_zip

MAX_ROWS = 500
MAX_CELLS = 20
MAX_CELL = 5000
"""The most characters of a cell; the rest is cut off."""
MAX_TEXT = 50_000
"""The most characters of all rows together; a longer file is not taken for a form."""

Rows = list[list[str]]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""XML namespace of DOCX (ECMA-376 part 1, WordprocessingML)."""
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
"""XML namespace of XLSX (ECMA-376 part 1, SpreadsheetML)."""
_TABLE = {f"{_W}tbl", f"{_W}tr", f"{_W}tc"}
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no zone
"""Day 0 of dates in cells, which are numbers of days."""
_DATE_FORMATS = {*range(14, 23), *range(45, 48)}
"""Ids of the built-in number formats that show dates and times (ECMA-376 part 1, 18.8.30)."""
_FAULTS = (ElementTree.ParseError, LookupError, ArithmeticError, ValueError, RuntimeError)


class UnreadableForm(ValueError):
    """The file is not a readable form."""


def read(name: str, data: bytes) -> Rows:
    """Return the rows of a file, by its name's ending; a paragraph is a row of one cell. Raises UnreadableForm."""
    reader = _READERS.get(name.lower().rpartition(".")[2])
    if reader is None:
        raise UnreadableForm(name)
    rows, left = [], MAX_TEXT
    try:
        for row in islice(reader(data), MAX_ROWS):
            cells = [_cell(cell) for cell in row[:MAX_CELLS]]
            left -= sum(map(len, cells))
            if left < 0:
                break
            rows.append(cells)
    except _FAULTS as error:
        raise UnreadableForm(name) from error
    return [row for row in rows if any(row)]


def readable(name: str) -> bool:
    """Return whether a file could be a form, by its name's ending."""
    return name.lower().rpartition(".")[2] in _READERS


def _cell(text: str) -> str:
    text_lines = unicodedata.normalize("NFC", text[: 2 * MAX_CELL]).splitlines()
    text_lines = [
        " ".join("".join(c if c.isprintable() else " " for c in text_line).split()) for text_line in text_lines
    ]
    return "\n".join(filter(None, text_lines))[:MAX_CELL]


def _csv(data: bytes) -> Iterator[list[str]]:
    text = data.decode("utf-8-sig", "replace").replace("\x00", "")
    delimiter = max(";\t,", key=text[:2000].count)
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableForm from error


def _part(archive: ZipFile, name: str) -> Element:
    return ElementTree.fromstring(safe_zip.read_xml(archive, name))  # noqa: S314 - without entities


def _docx(data: bytes) -> Iterator[list[str]]:
    with safe_zip.open_archive(data) as archive:
        body = _part(archive, "word/document.xml").find(f"{_W}body")
    for block in body if body is not None else ():
        if block.tag == f"{_W}tbl":
            for row in block.iter(f"{_W}tr"):
                yield [_paragraphs(cell) for cell in _inside(row) if cell.tag == f"{_W}tc"]
        else:
            yield [_paragraphs(block)]


def _inside(block: Element) -> Iterator[Element]:
    """Yield the elements of a block in document order, without those inside its tables, rows and cells.

    A table in a cell has rows of its own. So every element is read once, however deep tables are nested.
    """
    waiting = list(reversed(block))
    while waiting:
        part = waiting.pop()
        yield part
        if part.tag not in _TABLE:
            waiting.extend(reversed(part))


def _paragraphs(block: Element) -> str:
    """Return the text of a cell or a paragraph; breaks and paragraphs end lines."""
    marks = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}p": "\n"}
    return "".join(part.text or "" if part.tag == f"{_W}t" else marks.get(part.tag, "") for part in _inside(block))


def _xlsx(data: bytes) -> Iterator[list[str]]:
    with safe_zip.open_archive(data) as archive:
        names = set(archive.namelist())
        found = sorted(name for name in names if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", name))
        sheet = _part(archive, found[0] if found else "xl/worksheets/sheet1.xml")
        shared = _optional(archive, names, "xl/sharedStrings.xml")
        styles = _optional(archive, names, "xl/styles.xml")
    texts = ["".join(part.text or "" for part in item.iter(f"{_S}t")) for item in shared.findall(f"{_S}si")]
    dated = _date_styles(styles)
    for row in sheet.iterfind(f"{_S}sheetData/{_S}row"):
        yield _cells(row, texts, dated)


def _cells(row: Element, texts: list[str], dated: set[int]) -> list[str]:
    """Return the cells of a row; cells that the file omits are empty."""
    cells: list[str] = []
    for cell in islice(row.iterfind(f"{_S}c"), MAX_CELLS):
        column = _column(cell.get("r", ""))
        if column > MAX_CELLS:
            break
        cells += [""] * (column - 1 - len(cells))
        cells.append(_value(cell, texts, dated))
    return cells


def _column(reference: str) -> int:
    """Return the column number of a cell reference (``C7`` → 3); 0 if there is none."""
    number = 0
    for letter in reference[:4]:
        if not "A" <= letter <= "Z":
            break
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _optional(archive: ZipFile, names: Collection[str], name: str) -> Element:
    return _part(archive, name) if name in names else Element("none")


def _date_styles(styles: Element) -> set[int]:
    """Return the cell styles that show a number as a date or a time."""
    own = {
        int(each.get("numFmtId", "0"))
        for each in styles.iter(f"{_S}numFmt")
        if re.search(r"[ymdh]", re.sub(r'"[^"]*"|\[[^\]]*\]', "", each.get("formatCode", "")).lower())
    }
    formats = styles.find(f"{_S}cellXfs")
    used = [int(each.get("numFmtId", "0")) for each in (formats if formats is not None else ())]
    return {style for style, number in enumerate(used) if number in _DATE_FORMATS | own}


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
    """Return a cell's date in Vietnamese form: ``14:00 05/04/2023``."""
    if not 0 <= days < 100_000:
        return ""
    at = _EPOCH + timedelta(minutes=round(days * 24 * 60))
    hour = f"{at:%H:%M}" if days % 1 else ""
    return f"{hour} {at:%d/%m/%Y}".strip() if days >= 1 else f"{at:%H:%M}"


_READERS: dict[str, Callable[[bytes], Iterator[list[str]]]] = {"csv": _csv, "docx": _docx, "xlsx": _xlsx}
