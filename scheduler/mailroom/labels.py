"""Lines that say what they are: ``Nội dung: Giao ban``, a row of a form with a label in one cell. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scheduler.mailroom.moments import flat
from scheduler.mailroom.sheets import Rows

LABELS: Mapping[str, tuple[str, ...]] = {
    "title": ("noi dung", "noi dung hop", "noi dung hop truc tuyen", "noi dung cuoc hop", "noi dung phien hop",
              "ten cuoc hop", "ten phien hop", "ten hoi nghi", "chu de", "ve viec", "trich yeu", "v/v"),
    "host": ("don vi chu tri", "diem cau chu tri", "chu tri tai", "dau cau chu tri", "don vi chu tri hop"),
    "chair": ("chu tri", "nguoi chu tri", "dong chi chu tri"),
    "official": ("thoi gian", "thoi gian hop", "thoi gian chinh thuc", "hop chinh thuc", "thoi gian hop chinh thuc",
                 "chinh thuc", "thoi gian to chuc"),
    "start": ("bat dau", "thoi gian bat dau", "gio bat dau", "khai mac"),
    "end": ("ket thuc", "thoi gian ket thuc", "gio ket thuc", "du kien ket thuc", "be mac"),
    "day": ("ngay", "ngay hop", "ngay to chuc"),
    "rehearsal": ("tong duyet", "thoi gian tong duyet", "duyet thu", "chay thu", "hop thu"),
    "points": ("diem cau thanh phan", "thanh phan", "thanh phan tham du", "thanh phan du hop", "cac diem cau",
               "diem cau", "diem cau tham gia", "diem cau du hop", "diem cau thanh phan tham du",
               "don vi tham du", "don vi du hop"),
    "contact": ("dau moi", "dau moi lien he", "can bo dau moi", "nguoi lien he", "lien he", "can bo phu trach",
                "can bo ky thuat", "ho ten dau moi", "ho va ten dau moi", "ho ten can bo dau moi"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "dt", "di dong", "so dien thoai lien he", "dien thoai dau moi"),
    "recording": ("ghi hinh", "de nghi ghi hinh", "yeu cau ghi hinh"),
    "support": ("ho tro ky thuat khac", "ho tro khac", "ho tro ky thuat", "yeu cau ho tro"),
    "class": ("loai hop", "loai phien hop", "tinh chat"),
    "secret": ("bi mat nha nuoc", "noi dung bi mat nha nuoc", "co noi dung bi mat nha nuoc", "do mat"),
}  # fmt: skip
"""What a label may be called, flat; fields of a registration, and those that are made into one."""

MAX_LABEL = 200
_FIELD = {name: field for field, names in LABELS.items() for name in names}
_NUMBERED = re.compile(r"^\s*(?:[-+*•●]|\(?(?:[0-9]{1,2}|[a-z]|[ivx]{1,4})[.)])\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled value. `said` is the line or the row as it stands."""

    field: str
    value: str
    said: str


def field_of(label: str) -> str | None:
    """Return the field that a label names: ``1. Nội dung cuộc họp (*)`` → ``title``."""
    plain = " ".join(re.sub(r"\([^()]*\)|[*:]", " ", flat(_NUMBERED.sub("", label[:MAX_LABEL]))).split())
    return _FIELD.get(plain)


def of_lines(lines: Iterable[str]) -> Iterator[Pair | str]:
    """Yield the labelled lines as pairs, what has no label as it is; an empty label takes the list below it."""
    open_: Pair | None = None
    for line in lines:
        pair = _pair(line)
        listed = bool(_NUMBERED.match(line)) and pair is None
        if open_ is not None and listed:
            open_ = Pair(open_.field, f"{open_.value}\n{_NUMBERED.sub('', line)}".strip(), f"{open_.said}\n{line}")
            continue
        if open_ is not None:
            yield open_
        open_ = pair
        if pair is None:
            yield line
    if open_ is not None:
        yield open_


def _pair(line: str) -> Pair | None:
    for mark in ("\t", ":"):
        label, found, value = line.partition(mark)
        field = field_of(label) if found else None
        if field:
            return Pair(field, value.strip(" \t:"), line.strip())
    return None


def of_rows(rows: Rows) -> Iterator[Pair]:
    """Yield the labelled rows of a form: the value is in the next filled cell, or behind a colon in the same."""
    for row in rows:
        cells = [cell for cell in row if cell.strip()]
        for place, cell in enumerate(cells):
            field = field_of(cell)
            if field and place + 1 < len(cells):
                yield Pair(field, cells[place + 1], f"{cell}: {cells[place + 1]}")
                break
            pairs = [pair for pair in of_lines(cell.splitlines()) if isinstance(pair, Pair) and pair.value]
            yield from pairs
            if pairs:
                break
