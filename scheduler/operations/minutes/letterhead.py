"""The frame of minutes as Nghị định 30/2020/NĐ-CP, Phụ lục III, Mẫu 1.9 has it: head, title, signatures. Pure."""

import re

from scheduler.files.docx import Align, Paragraph, Run, Table

_COMMITTEE = "ỦY BAN NHÂN DÂN"
_HALVES_MM = (64, 96)
_BLANK = "……"


def letterhead(unit: str, superior: str | None) -> Table:
    """Return who writes it, with room for its number, beside the national motto.

    A people's committee has nobody above its name; other bodies have `superior`, if it is known.
    """
    name = re.sub(r"^UBND\b", _COMMITTEE, unit).upper()
    committee = name.startswith(f"{_COMMITTEE} ")
    above = [] if committee or superior is None else [_centred(superior.upper(), size=12)]
    lines = [_COMMITTEE, name.removeprefix(f"{_COMMITTEE} ")] if committee else [name]
    kind = "UBND" if committee else _BLANK
    named = (_centred(each, size=12, bold=True) for each in lines)
    left = (*above, *named, line(22), _centred(f"Số: {_BLANK}/BB-{kind}", size=13))
    right = (
        _centred("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=12, bold=True),
        _centred("Độc lập - Tự do - Hạnh phúc", size=13, bold=True),
        line(22),
    )
    return Table(_HALVES_MM, ((left, right),), headed=False, bordered=False)


def heading(subject: str) -> tuple[Paragraph, ...]:
    """Return the kind of the document and what it is about."""
    return (
        _centred("", size=6),
        _centred("BIÊN BẢN", size=14, bold=True),
        _centred(subject, size=14, bold=True),
        line(60, after=12),
    )


def signatures() -> tuple[Paragraph | Table, ...]:
    """Return where secretary and chair sign, and who receives it."""
    blank = tuple(_centred("", size=14) for _ in range(3))
    signed = (
        (_centred("THƯ KÝ", bold=True), _centred("(Chữ ký)", italic=True), *blank, _centred("Họ và tên", bold=True)),
        (
            _centred("CHỦ TỌA", bold=True),
            _centred("(Chữ ký, dấu của cơ quan nếu có)", italic=True),
            *blank,
            _centred("Họ và tên", bold=True),
        ),
    )
    return (
        _centred(""),
        Table(_HALVES_MM, (signed,), headed=False, bordered=False),
        Paragraph((Run("Nơi nhận:", bold=True, italic=True, size=12),), align="left", after=0),
        *(Paragraph((Run(each, size=11),), align="left", after=0) for each in (f"- {_BLANK};", "- Lưu: VT, Hồ sơ.")),
    )


def line(side: float, after: float = 4) -> Paragraph:
    """Return a line in the middle, so many mm from both sides."""
    return Paragraph(rule=side, after=after)


def _centred(text: str, *, size: float | None = None, bold: bool = False, italic: bool = False) -> Paragraph:
    align: Align = "center"
    return Paragraph((Run(text, bold, italic, size),), align, after=0, kept=True)
