"""Reads and writes tables as CSV (UTF-8, comma or semicolon) and XLSX (the first sheet).

Untrusted files are parsed in a child process (`scheduler.files.sandboxed_parser`), because openpyxl has no bounds on
time and memory.
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter

from scheduler.core.text import REFUSED
from scheduler.files import csv_file, safe_zip
from scheduler.files.errors import BadSheet, RowError
from scheduler.files.office_package import xml_text
from scheduler.files.sandboxed_parser import SandboxedParser

MAX_ROWS = 5000
MAX_CELL = 2000
MAX_TEXT = 4_000_000
"""The most characters of all cells together; a text that an XLSX file has once can stand in many cells."""
MAX_FAULTS = 200
"""The most errors that are reported at once."""
MAX_STYLES = 1 << 18
"""The most bytes of styles.xml, which states the cells that are dates; openpyxl takes long for each style."""

_NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(?:workbook|sharedStrings|styles|worksheets/[^/]+|theme/[^/]+)\.xml"
    r"|xl/_rels/workbook\.xml\.rels"
)

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The rows of a file, or its errors."""

    rows: list[tuple[int, Row]]
    faults: list[RowError]


_PARSED = TypeAdapter(_Parsed)


async def read_untrusted(parser: SandboxedParser, data: bytes, columns: Sequence[str]) -> list[tuple[int, Row]]:
    """Return the rows of an untrusted file as :func:`read` does, parsed in a child process. Raises BadSheet."""
    printed = await parser.run(__name__, data, *columns)
    if printed is None:
        raise BadSheet([RowError(1, "", "too-large")])
    parsed = _PARSED.validate_json(printed)
    if parsed.faults:
        raise BadSheet(parsed.faults)
    return parsed.rows


def parse(data: bytes, *columns: str) -> bytes:
    """Return the rows of a file, or its errors, as JSON. This runs in the child."""
    try:
        return _PARSED.dump_json(_Parsed(read(data, columns), []))
    except BadSheet as bad:
        return _PARSED.dump_json(_Parsed([], bad.faults))


def read(data: bytes, columns: Sequence[str]) -> list[tuple[int, Row]]:
    """Return the rows of a file with their row numbers, from 2, without blank rows.

    The first row names the columns, in any order. A column may have a title, ``phone|số điện thoại``: files have
    either, rows have the name, errors the title. Raises BadSheet: ``not-a-table`` ``too-many-rows``
    ``unknown-column`` ``missing-column`` ``cell-too-long`` ``bad-characters`` ``too-large``.
    """
    table = _xlsx(data) if data.startswith(b"PK") else _csv(data)
    if len(table) > MAX_ROWS:
        raise BadSheet([RowError(MAX_ROWS, "", "too-many-rows", str(MAX_ROWS))])
    if sum(len(cell) for cells in table for cell in cells) > MAX_TEXT:
        raise BadSheet([RowError(1, "", "too-large")])
    names = {heading: column.split("|")[0] for column in columns for heading in column.split("|")}
    given = [unicodedata.normalize("NFC", cell.strip().lower()) for cell in table[0]] if table else []
    head = [names.get(heading, heading) for heading in given]
    faults = [RowError(1, heading, "unknown-column", heading[:64]) for heading in given if heading not in {"", *names}]
    titles = {column.split("|")[0]: column.split("|")[-1] for column in columns}
    faults += [RowError(1, title, "missing-column", title) for name, title in titles.items() if name not in head]
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        row = {name: csv_file.original(cell.strip()) for name, cell in zip(head, cells, strict=False) if name}
        faults += [RowError(number, n, "cell-too-long", str(MAX_CELL)) for n, c in row.items() if len(c) > MAX_CELL]
        faults += [RowError(number, n, "bad-characters") for n, c in row.items() if REFUSED.search(c)]
        if any(row.values()):
            rows.append((number, {name: row.get(name, "") for name in titles}))
    if faults:
        raise BadSheet(faults[:MAX_FAULTS])
    return rows


def _csv(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
        first = text.partition("\n")[0]
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise BadSheet([RowError(1, "", "not-a-table")]) from None


def _xlsx(data: bytes) -> list[list[str]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - a server starts without it

    try:
        book = load_workbook(_lean(data), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(max_row=MAX_ROWS + 2, max_col=50, values_only=True)
        return [[_text(cell) for cell in row] for row in rows]
    except MemoryError:
        raise
    except Exception:  # what openpyxl raises for files of strangers is of many kinds
        raise BadSheet([RowError(1, "", "not-a-table")]) from None


def _lean(data: bytes) -> io.BytesIO:
    """Return an XLSX file reduced to the parts that a table needs, each of limited size. Raises BadZip."""
    out = io.BytesIO()
    with safe_zip.open_archive(data) as packed, zipfile.ZipFile(out, "w") as lean:
        for name in filter(_NEEDED.fullmatch, dict.fromkeys(packed.namelist())):
            max_bytes = MAX_STYLES if name == "xl/styles.xml" else safe_zip.MAX_ENTRY_BYTES
            lean.writestr(name, safe_zip.read_xml(packed, name, max_bytes))
    return out


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _names_and_titles(columns: Sequence[str]) -> tuple[list[str], list[str]]:
    return [column.split("|")[0] for column in columns], [column.split("|")[-1] for column in columns]


def write_csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Write a CSV file that office programs open as UTF-8; columns are headed by their titles."""
    names, titles = _names_and_titles(columns)
    return csv_file.file([titles, *([row[name] for name in names] for row in rows)])


def write_xlsx(columns: Sequence[str], rows: Iterable[Row], title: str = "Danh bạ") -> bytes:
    """Write an XLSX file of one sheet; every cell is text, so that nothing in it is a formula."""
    from openpyxl import Workbook  # noqa: PLC0415 - a server starts without it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    names, titles = _names_and_titles(columns)
    sheet.append(titles)
    for row in rows:
        cells = [WriteOnlyCell(sheet, xml_text(row[name])) for name in names]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
