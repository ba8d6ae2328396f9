"""Small files and letters that cost whoever reads them much time or memory."""

import io
import zipfile
from collections.abc import Callable, Mapping

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_UNPACKED = 19_000_000


def zipped(parts: Mapping[str, str] | Mapping[str, bytes]) -> bytes:
    """Return an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def changed(data: bytes, **parts: bytes) -> bytes:
    """Return an archive with some of its parts replaced; they are named as by `stem`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        old = {name: archive.read(name) for name in archive.namelist()}
    return zipped({name: parts.get(stem(name), text) for name, text in old.items()})


def stem(name: str) -> str:
    """Return what a part of an office file is called without its folder and ending."""
    return name.rpartition("/")[2].removesuffix(".xml")


def sheet(inner: str) -> bytes:
    """Return a sheet of an XLSX file."""
    return f'<worksheet xmlns="{_SHEET}"><sheetData>{inner}</sheetData></worksheet>'.encode()


def _filled(unit: str, size: int = _UNPACKED) -> str:
    return unit * (size // len(unit))


def _styles(size: int) -> bytes:
    return f'<styleSheet xmlns="{_SHEET}"><cellXfs count="1">{_filled("<xf/>", size)}</cellXfs></styleSheet>'.encode()


TABLES: Mapping[str, Callable[[], Mapping[str, bytes]]] = {
    "rows": lambda: {"sheet1": sheet(_filled("<row/>"))},
    "cells": lambda: {"sheet1": sheet(f"<row>{_filled('<c/>')}</row>")},
    "blanks": lambda: {"sheet1": sheet(_filled(" "))},
    "styles": lambda: {"styles": _styles(2_000_000)},
    "entities": lambda: {"sheet1": b'<!DOCTYPE a [<!ENTITY b "c">]>' + sheet("")},
    "utf-16": lambda: {"sheet1": sheet("").decode().encode("utf-16")},
}
"""Parts of a table, by what there is too much of."""


def table(name: str) -> bytes:
    """Return an XLSX file of one row that is such a bomb."""
    from scheduler.files.spreadsheet import write_xlsx  # noqa: PLC0415 - openpyxl is slow to import

    return changed(write_xlsx(("a",), [{"a": ""}]), **TABLES[name]())


_CELL = "<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"


def document(inner: str) -> bytes:
    """Return a DOCX file."""
    text = f'<w:document xmlns:w="{_WORD}"><w:body>{inner}</w:body></w:document>'
    return zipped({"word/document.xml": text})


def _spread(sheet1: bytes, shared: str = "") -> bytes:
    texts = f'<sst xmlns="{_SHEET}">{shared}</sst>'.encode()
    return zipped({"xl/worksheets/sheet1.xml": sheet1, "xl/sharedStrings.xml": texts})


FORMS: Mapping[str, Callable[[], bytes]] = {
    "nested.docx": lambda: document(_CELL[0] * 20_000 + "<w:t>x</w:t>" + _CELL[1] * 20_000),
    "rows.docx": lambda: document("<w:tbl>" + "<w:tr><w:tc>" * 50_000 + "</w:tc></w:tr>" * 50_000 + "</w:tbl>"),
    "cells.docx": lambda: document(f"<w:tbl><w:tr>{_filled('<w:tc/>')}</w:tr></w:tbl>"),
    "deep.docx": lambda: document("<a>" * 190_000 + "</a>" * 190_000),
    "cells.xlsx": lambda: _spread(sheet(f"<row>{_filled('<c/>')}</row>")),
    "rows.xlsx": lambda: _spread(sheet("<row>" * 190_000 + "</row>" * 190_000)),
    "texts.xlsx": lambda: _spread(sheet(""), _filled("<si/>")),
    "text.xlsx": lambda: _spread(
        sheet(("<row>" + "<c t='s'><v>0</v></c>" * 20 + "</row>") * 500), f"<si><t>{_filled('x ', 3_000_000)}</t></si>"
    ),
    "cells.csv": lambda: b"a;" * 2_500_000,
    "quote.csv": lambda: b'"' * 5_000_000,
}
"""Forms, by what there is too much of."""

SENDER = "someone@gmail.com"
_FROM = f"From: {SENDER}\nMIME-Version: 1.0\n".encode()

LETTERS: Mapping[str, Callable[[int], bytes]] = {
    "charset": lambda size: _FROM + b"Content-Type: text/plain; charset=punycode\n\na-" + b"z" * size,
    "subject": lambda size: _FROM + b"Subject: =?punycode?q?a-" + b"z" * size + b"?=\n\nbody\n",
    "file name": lambda size: _FROM + b"Content-Disposition: attachment" + b";" * size + b"\n\nbody\n",
    "parts": lambda size: _FROM + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * (size // 5),
    "fields": lambda size: _FROM + b"A: b\n" * (size // 5) + b"\n",
}
"""Letters of a stranger of about so many bytes."""
