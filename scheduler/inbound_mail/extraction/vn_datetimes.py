"""Parses times in Vietnamese text, with or without diacritics: ``14 giờ 30 ngày 05/4/2023 đến 16 giờ``. Pure.

Patterns match :func:`flat` text, which has the length of the original, so that a match can be quoted from it. Dates of
documents (``số 12/GM-UBND ngày 01/4/2023``), durations and deadlines (``trước 17 giờ``) are not times of a meeting.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

from scheduler.units.naming import fold

_TIME = re.compile(
    r"(?<![\w/.:])([01]?[0-9]|2[0-3])"
    r"(?:\s?(?:gio|h|g)(?:\s?([0-5][0-9])(?![0-9]|\s?[/.]\s?[0-9]|-[0-9]{1,2}-)(?:\s?(?:phut|ph|p|'))?|\s(ruoi))?|:([0-5][0-9]))"
    r"(?![0-9a-z])(?:\s(sang|trua|chieu|toi|dem))?"
)
_DATE = re.compile(
    r"(?:(thu \w+|chu nhat)[\s,(]{0,3})?(ngay\s)?(?<![\w/.:-])"
    r"(?:(0?[1-9]|[12][0-9]|3[01])\s?([/.-])\s?(0?[1-9]|1[0-2])(?:\s?\4\s?(20[0-9]{2}|[0-9]{2}))?(?![\w/])"
    r"|(0?[1-9]|[12][0-9]|3[01])\s+thang\s+(1[0-2]|0?[1-9])(?![0-9])(?:(?:\s*/\s*|\s+nam\s+|,\s*nam\s+)(20[0-9]{2}))?)"
)
_RELATIVE = re.compile(r"\b(hom nay|sang nay|chieu nay|toi nay|ngay mai|sang mai|chieu mai|ngay kia)\b")
_LENGTH = re.compile(
    r"\b(?:trong(?: vong)?|thoi luong:?|keo dai|(?<!den )(?<!luc )khoang)\s(?:khoang\s|du kien\s)?"
    r"([0-9]{1,3})\s?(phut|gio|tieng)(?![\w:])(?:\s([0-5]?[0-9])\s?phut)?"
)
_NOT_MEANT = re.compile(
    r"(?:\bso:?\s*[0-9]+[\w/.-]*(?:\s?,)?\s+(?:ngay\s)?[0-9]{1,2}(?:\s?[/.-]\s?[0-9]{1,2}\s?[/.-]\s?[0-9]{2,4}|\s+thang\s+[0-9]{1,2}\s+nam\s+[0-9]{4})"
    r"|\b(?:truoc|sau|it nhat|toi thieu)\s[0-9]{1,3}\s?(?:phut|gio|h|ngay)(?![\w:])(?!\s?[0-9]))"
)
_CUTS = re.compile(
    r"(?<=[\n;])|(?<=[a-z)\"]\.)(?=\s)|(?<=[0-9]\.)(?=\s+[a-z-])|(?=\(?\b(?:tong duyet|hop chinh thuc|chinh thuc:))"
)
_DAYS_ON = {"hom nay": 0, "sang nay": 0, "chieu nay": 0, "toi nay": 0, "ngay kia": 2}
_WEEKDAYS = ("hai 2", "ba 3", "tu 4", "nam 5", "sau 6", "bay 7")
_EARLY, _NOON = 6, 12


def flat(text: str) -> str:
    """Return a text in NFC without diacritics and in lower case, with the same length."""
    return "".join(map(_plain, text))


@lru_cache(4096)
def _plain(letter: str) -> str:
    return "-" if letter in "\u2013\u2014" else fold(letter).casefold()[:1] or " "


@dataclass(frozen=True, slots=True)
class Span:
    """A meeting time in local time; `end` is None if it is not stated. `doubts` are words of questions."""

    start: datetime
    end: datetime | None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    at: int
    value: date | time
    doubt: str = ""


def span(text: str, today: date, day: date | None = None) -> Span | None:
    """Return the first meeting time of a text that came `today`; None if it states no time or no day.

    `day` is the day that ``cùng ngày`` (the same day) refers to, if there is one.
    """
    plain = _masked(flat(text))
    length = _LENGTH.search(plain)
    if length:
        plain = plain[: length.start()] + " " * (length.end() - length.start()) + plain[length.end() :]
    dates = _dates(plain, today)
    times = [token for token in _times(plain, text) if not _within(token.at, plain)]
    days = [token.value for token in dates if isinstance(token.value, date)] or ([day] if day else [])
    hours = [token.value for token in times if isinstance(token.value, time)]
    if not hours or not days:
        return None
    doubts = [token.doubt for token in (*dates[:2], *times[:2]) if token.doubt]
    start = datetime.combine(days[0], hours[0])
    end = _end(start, hours, days, length)
    if len(set(hours)) > 2 or len(set(days)) > 2:
        doubts.append("several-times")
    if end is not None and end <= start:
        doubts.append("end-before-start")
    return Span(start, end, tuple(dict.fromkeys(doubts)))


def first_day(text: str, today: date) -> date | None:
    """Return the first day that a text names."""
    dates = _dates(_masked(flat(text)), today)
    return dates[0].value if dates else None  # type: ignore[return-value]


def has_time(text: str) -> bool:
    """Return whether a text names a time of day."""
    return bool(_times(_masked(flat(text)), text))


def _end(start: datetime, hours: Sequence[time], days: Sequence[date], length: re.Match[str] | None) -> datetime | None:
    if len(hours) > 1:
        return datetime.combine(days[1] if len(days) > 1 else days[0], hours[1])
    if length is None:
        return None
    unit = timedelta(minutes=1) if length[2] == "phut" else timedelta(hours=1)
    return start + int(length[1]) * unit + timedelta(minutes=int(length[3] or 0))


def _masked(plain: str) -> str:
    """Return a text with numbers that are no times or dates blanked out, at the same length."""
    return _NOT_MEANT.sub(lambda match: " " * len(match[0]), plain)


def _within(at: int, plain: str) -> bool:
    """Return whether a time is a deadline, by when something is to be done."""
    return re.search(r"\b(?:truoc|cham nhat|muon nhat|tre nhat)(?: luc)?\s$", plain[max(0, at - 20) : at]) is not None


def _times(plain: str, text: str) -> list[_Token]:
    within = {place for length in _LENGTH.finditer(plain) for place in range(*length.span())}
    return [_time(match, text) for match in _TIME.finditer(plain) if match.start() not in within]


def _time(match: re.Match[str], text: str) -> _Token:
    hour, minute = int(match[1]), 30 if match[3] else int(match[2] or match[4] or 0)
    part = text[match.start(5) : match.end(5)].casefold() if match[5] else ""
    if part in {"chiều", "chieu", "tối"} and hour < _NOON:
        hour += _NOON
    doubt = "odd-hour" if hour < _EARLY and not part else ""
    return _Token(match.start(), time(hour, minute), doubt)


def _dates(plain: str, today: date) -> list[_Token]:
    tokens = [token for match in _DATE.finditer(plain) if (token := _date(match, today))]
    tokens += [
        _Token(match.start(), today + timedelta(days=_DAYS_ON.get(match[1], 1)), "relative-date")
        for match in _RELATIVE.finditer(plain)
    ]
    return sorted(tokens, key=lambda token: token.at)


def _date(match: re.Match[str], today: date) -> _Token | None:
    day, month, year = int(match[3] or match[7]), int(match[5] or match[8]), match[6] or match[9]
    if year is None and not (match[1] or match[2]):
        return None  # 1/2 may be a half
    if year is None and match[4] in {".", "-"}:
        return None  # 14.30
    try:
        value = _in_year(day, month, year, today)
    except ValueError:
        return None
    doubts = (("no-year" if year is None else ""), _weekday_doubt(match[1], value))
    return _Token(match.start(), value, next(filter(None, doubts), ""))


def _in_year(day: int, month: int, year: str | None, today: date) -> date:
    """Return the date of a day and a month; without a year, the next such day. Raises ValueError."""
    if year is not None:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    this = date(today.year, month, day)
    return this if this >= today else date(today.year + 1, month, day)


def _weekday_doubt(named: str | None, value: date) -> str:
    if not named:
        return ""
    words = "chu nhat" if value.weekday() == 6 else _WEEKDAYS[value.weekday()]
    weekday = named.removeprefix("thu ")
    matches = weekday in words.split() or named == words
    meant = named == "chu nhat" or any(weekday in each.split() for each in _WEEKDAYS)
    return "weekday-mismatch" if meant and not matches else ""


def clauses(text: str) -> list[str]:
    """Split a text into clauses; joined again they are the text."""
    plain = flat(text)
    cuts = sorted({match.start() for match in _CUTS.finditer(plain)} | {0, len(plain)})
    return [text[start:end] for start, end in pairwise(cuts)]
