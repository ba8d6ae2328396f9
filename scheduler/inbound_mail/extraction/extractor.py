"""Extracts the fields of a registration from a letter, each with its source, and questions for a person. Pure.

The attached form is read first, then labelled lines of the letter, then its sentences. Nothing is guessed silently: a
field is filled from words of the letter, which are quoted beside it, and every ambiguity becomes a question.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from scheduler.core.model import EMERGENCY, SUDDEN
from scheduler.inbound_mail import attached_form
from scheduler.inbound_mail.extraction import contacts, slot_kinds, sources, titles, vn_datetimes
from scheduler.inbound_mail.extraction.result import Reading, ReadingBuilder
from scheduler.inbound_mail.extraction.sources import Source
from scheduler.inbound_mail.extraction.unit_names import UnitNames
from scheduler.inbound_mail.extraction.vn_datetimes import flat
from scheduler.inbound_mail.message import OfficialLetter

_REGISTERS = re.compile(
    r"\bdang ky\b|\bto chuc (?:phien |cuoc )?hop\b|\bhop truc tuyen\b|\bphien hop\b|\bhoi nghi truc tuyen\b"
)
_NUMBER = re.compile(r"\b[A-Z]{2,8}-20[0-9]{2}-[0-9]{3,}\b")
_POINTS = re.compile(
    r"\b(?:thanh phan(?: tham du| du hop| gom)?|cac diem cau(?: thanh phan| tham du| gom)?|diem cau thanh phan|"
    r"cac don vi (?:tham du|du hop))\s*(?:gom|:|la)?\s*:?\s*(?P<rest>[^\n]{2,2000}?)"
    r"(?=\.\s|\.?$|\n|[;.]\s*(?:(?:can bo )?dau moi|de nghi|lien he)|,\s*(?:(?:can bo )?dau moi|de nghi ghi hinh))"
)
_CLASSES = {EMERGENCY: re.compile(r"\bkhan cap\b"), SUDDEN: re.compile(r"\bdot xuat\b")}
_NO = re.compile(r"\b(?:khong|ko)\b")
_YES = re.compile(r"^(?:co|x|yes|co ghi hinh|de nghi ghi hinh)\b")
_RECORDING = re.compile(
    r"\b(?:(?P<no>khong)\s+(?:de nghi\s+|yeu cau\s+|can\s+)?)?(?:ghi hinh|ghi lai|quay phim|ghi am)\b"
    r"(?P<not>\s*[:(-]\s*(?:khong|ko)\b)?"
)
_SECRET = re.compile(
    r"(?P<no>\bkhong\s+(?:co\s+|chua\s+|thuoc\s+)?(?:noi dung\s+)?)?\b(?:bi mat nha nuoc|tai lieu mat|noi dung mat)\b"
)


def asks(letter: OfficialLetter) -> bool:
    """Return whether a letter may be a registration. A letter about a number that was already given is not one."""
    unquoted = "\n".join(
        text_line for text_line in (letter.subject, *letter.body.splitlines()) if not text_line.startswith(">")
    )
    if _NUMBER.search(unquoted):
        return False
    if any(attached_form.readable(attached.name) for attached in letter.attachments):
        return True
    return _REGISTERS.search(flat(f"{letter.subject}\n{letter.body}")) is not None and vn_datetimes.has_time(
        letter.body
    )


def read(letter: OfficialLetter, places: UnitNames, unit: str, received: datetime, zone: ZoneInfo) -> Reading:
    """Extract a registration from a letter that the official mailbox of `unit` sent."""
    return _Extractor(letter, places, unit, received, zone).read()


class _Extractor:
    """Reads one letter, field by field."""

    def __init__(
        self, letter: OfficialLetter, places: UnitNames, unit: str, received: datetime, zone: ZoneInfo
    ) -> None:
        self._letter = letter
        self._places = places
        self._unit = unit
        self._today = received.astimezone(zone).date()
        self._zone = zone
        self._notes = ReadingBuilder()
        self._sources = [*self._forms(), sources.body(letter)]
        self._body = self._sources[-1].text

    def read(self) -> Reading:
        if len(self._letter.body) > sources.MAX_READ:
            self._notes.ask("letter", "cut-off")
        for step in (self._title, self._host, self._official, self._rehearsal, self._points, self._contact):
            step()
        self._recording()
        self._class()
        self._secret()
        for name in ("title", "host_point", "points", "official", "contact_name", "contact_phone"):
            if name not in self._notes:
                self._notes.ask(name, "required")
        return self._notes.reading()

    def _forms(self) -> Iterator[Source]:
        """Read the attachments; one that cannot be read becomes a question."""
        for attached in self._letter.attachments:
            source = sources.form(attached)
            if source is None:
                self._notes.ask("attachment", "unread-attachment", attached.name)
            else:
                yield source

    def _title(self) -> None:
        for source in self._sources:
            for pair in source.all("title"):
                self._notes.take("title", titles.trimmed(pair.value), source.where, pair.quote)
        if "title" in self._notes:
            return
        title, quote = titles.stated(self._body)
        rest = titles.of_subject(self._letter.subject)
        if title:
            self._notes.take("title", title, "letter", quote)
        elif len(rest) > 3 and not vn_datetimes.has_time(rest):
            self._notes.take("title", rest, "subject", self._letter.subject)

    def _host(self) -> None:
        for source in self._sources:
            for pair in source.all("host"):
                point = self._places.one(pair.value)
                if point is None:
                    self._notes.ask("host_point", "unknown-point", pair.value)
                else:
                    self._notes.take("host_point", point, source.where, pair.quote)
        own = self._places.point_of(self._unit)
        if own is None:
            return
        if "host_point" not in self._notes:
            self._notes.take("host_point", own, "mailbox", self._letter.sender)
        elif self._notes.value("host_point") != own:
            self._notes.ask("host_point", "other-host", str(self._notes.value("host_point")))

    def _official(self) -> None:
        for source in self._sources:
            for text in slot_kinds.labelled(source, self._today):
                self._span("official", text, source.where)
        if "official" not in self._notes and not self._notes.has_question("official"):
            for text in slot_kinds.stated(self._sources[-1]):
                self._span("official", text, "letter")

    def _rehearsal(self) -> None:
        for source in self._sources:
            for text in slot_kinds.rehearsals(source):
                if not _NO.match(flat(text)):
                    self._span("rehearsal", text, source.where)
            for pair in source.all("official"):
                for clause in vn_datetimes.clauses(pair.value):
                    if slot_kinds.of(clause) == "rehearsal":
                        self._span("rehearsal", clause, source.where)
        if "rehearsal" not in self._notes:
            for clause in slot_kinds.clauses(self._body, "rehearsal"):
                self._span("rehearsal", clause, "letter")

    def _span(self, name: str, text: str, where: str) -> None:
        """Take an interval that a text names; a missing day or end becomes a question."""
        day = self._known_day(text)
        span = vn_datetimes.span(text, self._today, day)
        if span is None:
            if vn_datetimes.has_time(text):
                self._notes.ask(name, "no-day", text)
            return
        for doubt in span.doubts:
            self._notes.ask(name, doubt, text)
        if span.end is None:
            self._notes.ask(name, "no-end", text)
        value = {"start": self._stamp(span.start), "end": None if span.end is None else self._stamp(span.end)}
        self._notes.take(name, value, where, text)

    def _known_day(self, text: str) -> date | None:
        """Return the day of the official meeting for a text that says ``cùng ngày``."""
        official = self._notes.value("official")
        if "cung ngay" not in flat(text) or not isinstance(official, dict):
            return None
        return datetime.fromisoformat(official["start"]).astimezone(self._zone).date()

    def _stamp(self, local: datetime) -> str:
        at = local.replace(tzinfo=self._zone).astimezone(UTC)
        return at.isoformat().replace("+00:00", "Z")

    def _points(self) -> None:
        texts = [(source.where, pair.value, pair.quote) for source in self._sources for pair in source.all("points")]
        body = self._body
        stated = _POINTS.search(flat(body))
        if not texts and stated:
            quote = body[stated.start("rest") : stated.end("rest")]
            texts = [("letter", quote, quote)]
        for where, value, quote in texts:
            named = self._places.read(value)
            host = self._notes.value("host_point")
            points = [point for point in named.points if point != host]
            if points:
                self._notes.take("points", points, where, quote)
            for word, parts in (("unknown-point", named.unknown), ("ambiguous-point", named.ambiguous)):
                for part in parts:
                    self._notes.ask("points", word, part)

    def _contact(self) -> None:
        for source in self._sources:
            for pair in source.all("contact", "phone"):
                self._person(pair.value, source.where, pair.quote, named=pair.field == "contact")
        if "contact_phone" in self._notes and "contact_name" in self._notes:
            return
        for text, quote in contacts.stated(self._body):
            self._person(text, "letter", quote, named=True)
            if "contact_phone" in self._notes:
                return

    def _person(self, text: str, where: str, quote: str, named: bool) -> None:
        """Take a name and a telephone number that stand together."""
        phones = contacts.phones(text)
        if phones:
            self._notes.take("contact_phone", phones[0], where, quote)
        if len(phones) > 1:
            self._notes.ask("contact_phone", "two-values", text)
        name = contacts.name(text) if named else ""
        if name:
            self._notes.take("contact_name", name, where, quote)

    def _recording(self) -> None:
        for source in self._sources:
            for pair in source.all("recording"):
                plain = flat(pair.value)
                self._notes.take(
                    "recording", not _NO.search(plain) and bool(_YES.match(plain)), source.where, pair.quote
                )
            texts = [(pair.value, pair.quote) for pair in source.all("support")] + [(source.text, "")]
            for text, quote in texts:
                stated = _RECORDING.search(flat(text))
                if stated and "recording" not in self._notes:
                    wanted = not (stated["no"] or stated["not"])
                    self._notes.take("recording", wanted, source.where, quote or _quoted(text, stated))

    def _class(self) -> None:
        text = f"{self._letter.subject}\n{self._body}"
        for source in self._sources:
            for pair in source.all("class"):
                for name, words in _CLASSES.items():
                    if words.search(flat(pair.value)):
                        self._notes.take("class", name, source.where, pair.quote)
        for name, words in _CLASSES.items():
            stated = words.search(flat(text))
            if stated and "class" not in self._notes:
                self._notes.take("class", name, "letter", text[max(0, stated.start() - 40) : stated.end() + 40])
        if "class" in self._notes:
            self._notes.ask("class", "confirm-class", str(self._notes.value("class")))

    def _secret(self) -> None:
        for source in self._sources:
            for pair in source.all("secret"):
                self._notes.take("secret", not _NO.search(flat(pair.value)), source.where, pair.quote)
            stated = _SECRET.search(flat(source.text))
            if stated and "secret" not in self._notes:
                self._notes.take("secret", stated["no"] is None, source.where, _quoted(source.text, stated))
        if "secret" not in self._notes:
            self._notes.ask("secret", "not-declared")


def _quoted(text: str, match: re.Match[str]) -> str:
    """Return the matched part of the original text."""
    return text[match.start() : match.end()]
