"""Small files and letters that cost whoever reads them much time or memory."""

import io
import zipfile
from collections.abc import Callable, Mapping

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_UNPACKED = 19_000_000


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Return an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def changed(data: bytes, **parts: bytes) -> bytes:
    """Return an archive with some of its parts replaced; they are named by the last of their path without ending."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        old = {name: archive.read(name) for name in archive.namelist()}
    return zipped({name: parts.get(_stem(name), text) for name, text in old.items()})


def _stem(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


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
    from scheduler.directory.sheets import write_xlsx  # noqa: PLC0415 - openpyxl is slow to import

    return changed(write_xlsx(("a",), [{"a": ""}]), **TABLES[name]())


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
