"""Extracts labelled values: lines as ``Nội dung: Giao ban``, and rows of a form with a label in one cell. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from scheduler.inbound_mail.attached_form import Rows
from scheduler.inbound_mail.extraction.vn_datetimes import flat

LABELS: Mapping[str, tuple[str, ...]] = {
    "title": ("noi dung", "noi dung hop", "noi dung hop truc tuyen", "noi dung cuoc hop", "noi dung phien hop",
              "ten cuoc hop", "ten phien hop", "ten hoi nghi", "chu de", "ve viec", "trich yeu", "v/v"),
    "host": ("co quan chu tri hop", "co quan chu tri", "co quan hoac diem cau chu tri hop",
             "co quan hoac diem cau chu tri", "co quan/diem cau chu tri hop", "co quan/diem cau chu tri",
             "diem cau chu tri hop", "diem cau chu tri", "don vi chu tri hop", "don vi chu tri", "chu tri tai",
             "dau cau chu tri"),
    "chair": ("chu tri", "chu tri hop", "nguoi chu tri", "dong chi chu tri"),
    "official": ("thoi gian", "thoi gian hop", "thoi gian chinh thuc", "hop chinh thuc", "thoi gian hop chinh thuc",
                 "chinh thuc", "thoi gian to chuc"),
    "start": ("bat dau", "thoi gian bat dau", "gio bat dau", "khai mac"),
    "end": ("ket thuc", "thoi gian ket thuc", "gio ket thuc", "du kien ket thuc", "be mac",
            "thoi gian du kien ket thuc", "thoi gian ket thuc du kien", "gio du kien ket thuc",
            "gio ket thuc du kien", "ket thuc du kien", "du kien thoi gian ket thuc"),
    "day": ("ngay", "ngay hop", "ngay to chuc"),
    "rehearsal": ("tong duyet", "thoi gian tong duyet", "thoi gian to chuc tong duyet", "duyet thu", "chay thu",
                  "hop thu"),
    "points": ("diem cau thanh phan", "thanh phan", "thanh phan tham du", "thanh phan du hop", "cac diem cau",
               "cac diem cau thanh phan", "diem cau", "diem cau tham gia", "diem cau du hop",
               "diem cau thanh phan tham du", "don vi tham du", "don vi du hop"),
    "contact": ("dau moi", "dau moi lien he", "can bo dau moi", "nguoi lien he", "lien he", "can bo phu trach",
                "can bo dau moi lien he", "ve dau moi lien he", "can bo ky thuat", "ho ten dau moi",
                "ho va ten dau moi", "ho ten can bo dau moi"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "dt", "di dong", "so dien thoai lien he", "dien thoai dau moi"),
    "recording": ("ghi hinh", "de nghi ghi hinh", "yeu cau ghi hinh"),
    "support": ("ho tro ky thuat khac", "cac ho tro ky thuat khac", "noi dung ho tro ky thuat khac",
                "yeu cau ho tro ky thuat khac", "de nghi ho tro ky thuat khac", "ho tro khac", "ho tro ky thuat",
                "yeu cau ho tro"),
    "class": ("loai hop", "loai phien hop", "tinh chat"),
    "secret": ("bi mat nha nuoc", "noi dung bi mat nha nuoc", "co noi dung bi mat nha nuoc", "do mat"),
}  # fmt: skip
"""The labels of each field, as flat text; some fields are combined into one field of a registration.

The words of Điều 13.2.a are among them, without the text in brackets there and without the words of `_BEFORE`.
"""

MAX_LABEL = 200
_FIELD = {name: field for field, names in LABELS.items() for name in names}
_BEFORE = re.compile(r"^(?:ten|danh sach|thong tin)\s+")
_ASIDE = re.compile(r"\([^()]*\)|\bneu co$|[*:]")
_ITEM = re.compile(
    r"\s*(?:(?P<sign>[-–—+*•●○▪])|\(?(?:(?P<number>[0-9]{1,2})|(?P<letter>[a-zđ]|[ivx]{1,4}))(?:[.)]|/(?=\s)))\s*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\W_]*(?:(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[a-z]|[ivx]{1,4})(?:[.)/]+|\s))?\W*")
_NUMBER_CELL = re.compile(r"\s*\(?[0-9]{1,2}[.)]?\s*\t\s*")
_MARK = re.compile(r"(?P<label>(?:[^(:\t]|\([^()]*\)){1,200}?)(?::|\t|\s[-–—]\s)")
_ONE_LINE = frozenset(LABELS) - {"recording", "class", "secret"}
"""Fields whose value may be the line below a label; for the others, that line would be a guess between yes and no."""
_HEADINGS = {"stt", "tt", "so tt"}
_MIN_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled value. `quote` is the original line or row."""

    field: str
    value: str
    quote: str

    def longer(self, text_line: str, quote: str) -> "Pair":
        """Return the pair with one more line of its value."""
        return Pair(self.field, f"{self.value}\n{text_line}".strip(), f"{self.quote}\n{quote}")


def field_of(label: str) -> str | None:
    """Return the field of a label: ``1. Nội dung cuộc họp (*)`` → ``title``."""
    plain = " ".join(flat(label[:MAX_LABEL]).split())
    plain = " ".join(_ASIDE.sub(" ", plain[_NUMBER.match(plain).end() :]).split())  # type: ignore[union-attr]
    return _FIELD.get(plain) or _FIELD.get(_BEFORE.sub("", plain))


def begins(text_line: str) -> bool:
    """Return whether a line begins a new item of a list, or has a label."""
    return re.match(r"\(?(?:[0-9]{1,2}|[a-zđ])[.)/]\s", text_line) is not None or _pair(text_line) is not None


# Lines of text.


class _Open:
    """A labelled line whose value may continue in the lines below it."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._kind = _kind(pair.quote)
        self._bare = not pair.value
        self._blank = False
        self._listed = False

    def takes(self, text_line: str) -> bool:
        """Add a line without a label, if it belongs to this value. Return whether it does."""
        if not text_line.strip():
            self._blank = True
            return self._bare and not self.pair.value
        kind = _kind(text_line)
        belongs = self._takes_item(kind) if kind else self._takes_plain()
        if belongs:
            item = text_line[_ITEM.match(text_line).end() :] if kind else text_line  # type: ignore[union-attr]
            self.pair = self.pair.longer(item, text_line)
        return belongs

    def _takes_item(self, kind: str) -> bool:
        """Return whether a list item belongs to this value: any below an empty label, else one with another mark."""
        self._listed = True
        return self._bare or (kind != self._kind and not self._blank)

    def _takes_plain(self) -> bool:
        """Return whether a plain line belongs to this value: the one right below an empty label; several for points."""
        near = self._bare and not self._blank and not self._listed
        return near and self.pair.field in _ONE_LINE and (not self.pair.value or self.pair.field == "points")


def of_text_lines(text_lines: Iterable[str]) -> Iterator[Pair | str]:
    """Yield labelled lines as pairs, and other lines unchanged; an empty label takes the lines below it."""
    above: _Open | None = None
    for text_line in text_lines:
        pair = _pair(text_line)
        if pair is None and above is not None and above.takes(text_line):
            continue
        if above is not None:
            yield above.pair
        above = None if pair is None else _Open(pair)
        if pair is None:
            yield text_line
    if above is not None:
        yield above.pair


def _kind(text_line: str) -> str:
    """Return the kind of mark of a list item: ``sign``, ``number``, ``letter``, or none."""
    match = _ITEM.match(text_line)
    return (match.lastgroup or "") if match else ""


def _pair(text_line: str) -> Pair | None:
    number = _NUMBER_CELL.match(text_line)
    rest = text_line[number.end() :] if number else text_line
    match = _MARK.match(rest)
    label, value = (match["label"], rest[match.end() :]) if match else (rest, "")
    field = field_of(label) if len(label) <= MAX_LABEL else None
    labels = field is not None and (match is not None or field in _ONE_LINE)
    return Pair(field, value.strip(" \t:*"), text_line.strip()) if field and labels else None


# Forms.


def of_rows(rows: Rows) -> Iterator[Pair]:
    """Yield the labelled values of a form. A row of one cell is a line of text."""
    for single, run in groupby(rows, key=lambda row: len(row) == 1):
        part = list(run)
        pairs = _stated(text_line for row in part for text_line in row[0].splitlines()) if single else _of_table(part)
        yield from (pair for pair in pairs if pair.value)


def _of_table(rows: Iterable[list[str]]) -> list[Pair]:
    """Return the values of a table: beside their labels, or below them if a row has only labels.

    A row that begins with an empty cell continues the value above it.
    """
    heads: list[str] = []
    values: list[Pair] = []
    labelled = False
    for row in rows:
        pairs = _of_columns(heads, row) if heads else _of_row(row)
        more = _more(row, values[-1]) if labelled and not (heads or pairs) else ""
        if _is_head(row):
            heads = row
        elif more:
            values[-1] = values[-1].longer(more, more)
        else:
            labelled = bool(pairs)
            values += pairs
    return values


def _of_columns(heads: list[str], row: list[str]) -> list[Pair]:
    columns = zip(map(field_of, heads), heads, row, strict=False)
    return [Pair(field, cell, f"{head}: {cell}") for field, head, cell in columns if field and cell.strip()]


def _is_head(row: list[str]) -> bool:
    cells = [cell for cell in row if cell.strip()]
    labels = sum(1 for cell in cells if field_of(cell))
    return labels >= _MIN_COLUMNS and 2 * labels > len(cells)


def _of_row(row: list[str]) -> list[Pair]:
    """Return the values of a row: a label and the next filled cell, or labels with their values in one cell."""
    cells = [cell for cell in row if cell.strip()]
    if cells and flat(cells[0]).strip(" .") in _HEADINGS:
        return []
    for place, cell in enumerate(cells):
        field = field_of(cell)
        if field:
            value = cells[place + 1] if place + 1 < len(cells) else ""
            return [Pair(field, value, f"{cell}: {value}")]
        pairs = [pair for pair in _stated(cell.splitlines()) if pair.value]
        if pairs:
            return pairs
    return []


def _more(row: list[str], above: Pair) -> str:
    """Return the cells that a row without a label adds to the value above: one, or two below an empty label."""
    cells = [cell for cell in row if cell.strip()]
    if row[0].strip() or len(cells) > (1 if above.value else 2):
        return ""
    return ": ".join(cells)


def _stated(text_lines: Iterable[str]) -> Iterator[Pair]:
    return (pair for pair in of_text_lines(text_lines) if isinstance(pair, Pair))
