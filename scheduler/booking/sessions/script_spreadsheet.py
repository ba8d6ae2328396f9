"""Writes and reads the script of a session as a spreadsheet (kịch bản, Điều 14.3.a, reading A34).

Column heads and words are Vietnamese; letter case and diacritics of the words do not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from scheduler.booking.sessions import script
from scheduler.core import text
from scheduler.core.model import ItemKind, Point, ScriptItem
from scheduler.files import spreadsheet
from scheduler.files.errors import BadSheet, RowError
from scheduler.files.spreadsheet import Row
from scheduler.units.naming import key

TITLE, KIND, POINT, LAYOUT, MINUTES = COLUMNS = ("nội dung", "hình thức", "điểm cầu", "bố cục", "số phút")
SHEET = "Kịch bản"
COLUMN_OF = {"title": TITLE, "point": POINT, "minutes": MINUTES}
KINDS: Mapping[ItemKind, str] = {
    "speech": "Phát biểu",
    "show": "Trình chiếu",
    "discussion": "Thảo luận",
    "break": "Giải lao",
    "vote": "Biểu quyết",
    "secret-vote": "Bỏ phiếu kín",
}


Name = TypeVar("Name", bound=str)


def write(items: Sequence[ScriptItem], points: Collection[Point], layouts: Mapping[str, str], format_: str) -> bytes:
    """Return items as a ``csv`` or ``xlsx`` file; `layouts` maps names of layouts to Vietnamese words."""
    names = {point.id: point.name for point in points}
    rows = [
        {
            TITLE: item.title,
            KIND: KINDS[item.kind],
            POINT: names.get(item.point or "", ""),
            LAYOUT: layouts.get(item.layout or "", ""),
            MINUTES: str(item.minutes),
        }
        for item in items
    ]
    return spreadsheet.write_csv(COLUMNS, rows) if format_ == "csv" else spreadsheet.write_xlsx(COLUMNS, rows, SHEET)


def read(
    rows: Sequence[tuple[int, Row]],
    points: Collection[Point],
    host: str | None,
    layouts: Mapping[str, str],
    longest: int,
) -> tuple[ScriptItem, ...]:
    """Return the items of a file with these numbered rows; they have no id yet.

    An item without a kind is a speech, without a point it is the host's, without a layout the layout stays as it is.
    `points` are those of the session, `host` is the id of one of them; titles have at most `longest` letters. Raises
    BadSheet with every faulty row.
    """
    faults: list[RowError] = []
    known = {key(name): point.id for point in points for name in (point.label, point.name)}
    ids = {point.id for point in points}
    items: list[ScriptItem] = []
    for row_number, row in rows:
        point = known.get(key(row[POINT]), row[POINT])
        item = ScriptItem(
            id="",
            title=text.clean(row[TITLE]),
            point=None if point in ("", host) else point,
            layout=_word(layouts, row_number, row, LAYOUT, faults),
            minutes=int(row[MINUTES]) if row[MINUTES].isascii() and row[MINUTES].isdecimal() else 0,
            kind=_word(KINDS, row_number, row, KIND, faults) or "speech",
        )
        for fault in script.validate([item], ids, longest):
            faults.append(RowError(row_number, COLUMN_OF[fault.field.rpartition(".")[2]], fault.word, fault.value))
        if len(items) == script.MAX_ITEMS:
            faults.append(RowError(row_number, "", "too-many", str(script.MAX_ITEMS)))
            break
        items.append(item)
    if faults:
        raise BadSheet(faults)
    return tuple(items)


def _word(words: Mapping[Name, str], row_number: int, row: Row, column: str, faults: list[RowError]) -> Name | None:
    """Return the name that a cell says, as a Vietnamese word or as the name itself; None for an empty cell."""
    named = {key(spelling): name for name, word in words.items() for spelling in (name, word)}
    found = named.get(key(row[column]))
    if row[column] and found is None:
        faults.append(RowError(row_number, column, "one-of", ", ".join(words.values())))
    return found
