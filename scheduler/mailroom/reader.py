"""What a letter asks for: the fields of a registration, each with where it was read, and what is to be asked. Pure.

The attached form is read first, then labelled lines of the letter, then its sentences. Nothing is guessed silently: a
field is filled from words that stand there, quoted beside it, and whatever could be meant otherwise is a question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from scheduler import intake
from scheduler.mailroom import labels, moments, sheets
from scheduler.mailroom.labels import Pair
from scheduler.mailroom.letter import Letter
from scheduler.mailroom.moments import flat
from scheduler.mailroom.places import Places

MAX_SAID = 200
MAX_TITLE = 200
MAX_READ = 20_000
"""Letters of a body that are looked at; a registration says what it wants before that."""

_REGISTERS = re.compile(
    r"\bdang ky\b|\bto chuc (?:phien |cuoc )?hop\b|\bhop truc tuyen\b|\bphien hop\b|\bhoi nghi truc tuyen\b"
)
_NUMBER = re.compile(r"\b[A-Z]{2,8}-20[0-9]{2}-[0-9]{3,}\b")
_REHEARSAL = re.compile(r"\b(?:tong duyet|duyet thu|chay thu|hop thu)\b")
_CHECK = re.compile(r"\b(?:kiem tra|ket noi thu|thu ket noi|thu duong truyen|co mat|test)\b")
_TITLE = re.compile(
    r"(?:\b(?:v/v|ve viec|noi dung:?|chu de:?)\s*(?:to chuc\s*)?|\b(?:hop|hoi nghi)\s*(?=[\"“]))"
    r"(?P<what>[^;\n]{5,300}?)"
    r"(?=\s*(?:,?\s*(?:vao\s+)?(?:hoi|luc|tu)\s+[0-9]|,?\s*(?:vao\s+)?ngay\s+[0-9]|[;\n]|\.\s|\.$|,?\s*thanh phan|$))"
)
_MEETING = re.compile(
    r"\b(?P<what>(?:hop|hoi nghi|giao ban|tap huan|so ket|tong ket)"
    r"(?! truc tuyen\s*(?:vao|luc|tu|hoi|ngay|,|:|\.|$))\s+[^;,.\n]{3,200}?)"
    r"(?=\s*(?:,?\s*(?:vao\s+)?(?:hoi|luc|tu)\s+[0-9]|,?\s*(?:vao\s+)?ngay\s+[0-9]|[;,\n]|\.\s|\.$|$))"
)
_SUBJECT = re.compile(
    r"^(?:(?:re|fw|fwd|tl)\s*:\s*|(?:v/v|ve viec)\s+|(?:de nghi\s+|phieu\s+|giay\s+|cong van\s+)*dang ky\s*|"
    r"(?:to chuc\s+)?(?:phien\s+|cuoc\s+)?(?:hop|hoi nghi) truc tuyen\s*|(?:dot xuat|khan cap)\s*|[-:–,]\s*)+"
)
_CONTACT = re.compile(
    r"\b(?:can bo\s+)?(?:dau moi|nguoi lien he|lien he|can bo phu trach)"
    r"(?:\s+(?:lien he|ky thuat|phu trach|la))*\s*[:\-–]?\s*(?P<rest>[^\n;]{3,150})"
)
_POINTS = re.compile(
    r"\b(?:thanh phan(?: tham du| du hop| gom)?|cac diem cau(?: thanh phan| tham du| gom)?|diem cau thanh phan|"
    r"cac don vi (?:tham du|du hop))\s*(?:gom|:|la)?\s*:?\s*(?P<rest>[^\n]{2,2000}?)"
    r"(?=\.\s|\.?$|\n|[;.]\s*(?:(?:can bo )?dau moi|de nghi|lien he)|,\s*(?:(?:can bo )?dau moi|de nghi ghi hinh))"
)
_HONORIFIC = re.compile(r"^(?:(?:d/c|dong chi|ong|ba|anh|chi|can bo)\b\.?\s*)+")
_PHONE = re.compile(r"(?<![0-9])(?:\+?84|0)[0-9](?:[\s.-]?[0-9]){7,9}(?![0-9])")
_CLASSES = {"khan_cap": re.compile(r"\bkhan cap\b"), "dot_xuat": re.compile(r"\bdot xuat\b")}
_NO = re.compile(r"\b(?:khong|ko)\b")
_YES = re.compile(r"^(?:co|x|yes|co ghi hinh|de nghi ghi hinh)\b")
_RECORDING = re.compile(
    r"\b(?:(?P<no>khong)\s+(?:de nghi\s+|yeu cau\s+|can\s+)?)?(?:ghi hinh|ghi lai|quay phim|ghi am)\b"
)
_SECRET = re.compile(
    r"(?P<no>\bkhong\s+(?:co\s+|chua\s+|thuoc\s+)?(?:noi dung\s+)?)?\b(?:bi mat nha nuoc|tai lieu mat|noi dung mat)\b"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One field as it was read: `where` is ``letter``, ``subject``, ``mailbox`` or the name of an attachment."""

    field: str
    value: object
    where: str
    said: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is to decide: a stable word about a field, and what it is about."""

    field: str
    word: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and what is open."""

    found: tuple[Found, ...]
    questions: tuple[Question, ...]

    def content(self) -> dict[str, object]:
        """Return the fields of a draft: those of a registration, what was read where, and what is to be asked."""
        return {
            **{one.field: one.value for one in self.found},
            "read": [{"field": one.field, "where": one.where, "said": one.said} for one in self.found],
            "questions": self.asked(),
        }

    def asked(self) -> list[dict[str, str]]:
        """Return the questions of a draft."""
        return [{"field": one.field, "word": one.word, "value": one.value} for one in self.questions]


@dataclass(slots=True)
class _Source:
    """One part of a letter: labelled values, and the text around them."""

    where: str
    pairs: list[Pair] = field(default_factory=list)
    text: str = ""

    def all(self, *fields: str) -> list[Pair]:
        return [pair for pair in self.pairs if pair.field in fields and pair.value]


def asks(letter: Letter) -> bool:
    """Tell whether a letter may be a registration: a person reads others, and those about one that has a number."""
    said = "\n".join(line for line in (letter.subject, *letter.body.splitlines()) if not line.startswith(">"))
    if _NUMBER.search(said):
        return False
    if any(sheets.readable(attached.name) for attached in letter.attachments):
        return True
    return _REGISTERS.search(flat(f"{letter.subject}\n{letter.body}")) is not None and moments.has_time(letter.body)


def read(letter: Letter, places: Places, unit: str, received: datetime, zone: ZoneInfo) -> Reading:
    """Read a registration out of a letter that the official mailbox of `unit` sent."""
    return _Reader(letter, places, unit, received, zone).read()


class _Reader:
    """Reads one letter; `found` and `questions` grow field by field."""

    def __init__(self, letter: Letter, places: Places, unit: str, received: datetime, zone: ZoneInfo) -> None:
        # given
        self._letter = letter
        self._places = places
        self._unit = unit
        self._today = received.astimezone(zone).date()
        self._zone = zone
        # grown
        self._found: dict[str, Found] = {}
        self._questions: list[Question] = []
        self._sources: list[_Source] = []

    def read(self) -> Reading:
        self._sources = [*self._forms(), self._body()]
        if len(self._letter.body) > MAX_READ:
            self._ask("letter", "cut-off")
        for step in (self._title, self._host, self._official, self._rehearsal, self._points, self._contact):
            step()
        self._recording()
        self._class()
        self._secret()
        for name in ("title", "host_point", "points", "official", "contact_name", "contact_phone"):
            if name not in self._found:
                self._ask(name, "required")
        return Reading(tuple(self._found.values()), tuple(dict.fromkeys(self._questions)))

    def _forms(self) -> Iterator[_Source]:
        """Read the attachments; what cannot be read is a question."""
        for attached in self._letter.attachments:
            try:
                if attached.data is None:
                    raise sheets.NoSheet(attached.name)
                source = _Source(attached.name, list(labels.of_rows(sheets.read(attached.name, attached.data))))
            except sheets.NoSheet:
                self._ask("attachment", "unread-attachment", attached.name)
                continue
            if source.pairs:
                yield source
            else:
                self._ask("attachment", "unread-attachment", attached.name)

    def _body(self) -> _Source:
        lines = [_line(line) for line in _unwrapped(self._letter.body[:MAX_READ]) if not line.startswith(">")]
        source = _Source("letter")
        rest = []
        for each in labels.of_lines(lines):
            if isinstance(each, Pair):
                source.pairs.append(each)
            else:
                rest.append(each)
        source.text = "\n".join(rest)
        return source

    # What was found.

    def _take(self, name: str, value: object, where: str, said: str) -> None:
        """Keep a value; a second that differs is a question."""
        known = self._found.get(name)
        if known is None:
            self._found[name] = Found(name, value, where, " ".join(said.split())[:MAX_SAID])
        elif known.value != value:
            self._ask(name, "two-values", " ".join(said.split())[:MAX_SAID])

    def _ask(self, name: str, word: str, value: str = "") -> None:
        self._questions.append(Question(name, word, value[:MAX_SAID]))

    # Field by field.

    def _title(self) -> None:
        for source in self._sources:
            for pair in source.all("title"):
                self._take("title", _trimmed(pair.value), source.where, pair.said)
        if "title" in self._found:
            return
        text, subject = self._sources[-1].text, self._letter.subject
        stated = _TITLE.search(flat(text)) or _MEETING.search(flat(text))
        if stated and _trimmed(text[stated.start("what") : stated.end("what")]):
            self._take(
                "title", _trimmed(text[stated.start("what") : stated.end("what")]), "letter", _quoted(text, stated)
            )
            return
        rest = _trimmed(subject[match.end() :] if (match := _SUBJECT.match(flat(subject))) else subject)
        if len(rest) > 3 and not moments.has_time(rest):
            self._take("title", rest, "subject", subject)

    def _host(self) -> None:
        for source in self._sources:
            for pair in source.all("host"):
                point = self._places.one(pair.value)
                if point is None:
                    self._ask("host_point", "unknown-point", pair.value)
                else:
                    self._take("host_point", point, source.where, pair.said)
        own = self._places.point_of(self._unit)
        if own is None:
            return
        if "host_point" not in self._found:
            self._take("host_point", own, "mailbox", self._letter.sender)
        elif self._found["host_point"].value != own:
            self._ask("host_point", "other-host", str(self._found["host_point"].value))

    def _official(self) -> None:
        for source in self._sources:
            for said in self._official_texts(source):
                self._span("official", said, source.where)
        if "official" not in self._found and not any(asked.field == "official" for asked in self._questions):
            for clause in self._clauses("official"):
                self._span("official", clause, "letter")

    def _official_texts(self, source: _Source) -> Iterator[str]:
        """Yield what a source labels as the time of the meeting, as one text."""
        days = " ".join(pair.value for pair in source.all("day"))
        start, end = (" ".join(pair.value for pair in source.all(name)) for name in ("start", "end"))
        if start:
            yield f"{start} {'' if moments.first_day(start, self._today) else days} đến {end}"
        for pair in source.all("official"):
            kept = [clause for clause in moments.clauses(pair.value) if not _kind(clause)]
            yield f"{' '.join(kept)} {days if not moments.first_day(pair.value, self._today) else ''}".strip()

    def _rehearsal(self) -> None:
        for source in self._sources:
            for pair in source.all("rehearsal"):
                if not _NO.match(flat(pair.value)):
                    self._span("rehearsal", pair.value, source.where)
            for pair in source.all("official"):
                for clause in moments.clauses(pair.value):
                    if _kind(clause) == "rehearsal":
                        self._span("rehearsal", clause, source.where)
        if "rehearsal" not in self._found:
            for clause in self._clauses("rehearsal"):
                self._span("rehearsal", clause, "letter")

    def _clauses(self, kind: str) -> Iterator[str]:
        """Yield the sentences of the letter that name a time of this kind: what was only said behind it counts, too."""
        listed = [clause for clause in moments.clauses(self._sources[-1].text) if clause.strip(" \n()")]
        for place, clause in enumerate(listed):
            said = _kind(clause)
            if said == "rehearsal" and not moments.has_time(clause):
                continue
            after = listed[place + 1] if place + 1 < len(listed) else ""
            if not said and _kind(after) == "rehearsal" and not moments.has_time(after):
                said = "rehearsal"
            if (said or "official") == kind and moments.has_time(clause):
                yield clause

    def _span(self, name: str, said: str, where: str) -> None:
        """Take an interval that a text names; without a day or an end there is a question."""
        day = self._known_day(said)
        span = moments.span(said, self._today, day)
        if span is None:
            if moments.has_time(said):
                self._ask(name, "no-day", said)
            return
        for doubt in span.doubts:
            self._ask(name, doubt, said)
        if span.end is None:
            self._ask(name, "no-end", said)
        value = {"start": self._stamp(span.start), "end": None if span.end is None else self._stamp(span.end)}
        self._take(name, value, where, said)

    def _known_day(self, said: str) -> date | None:
        """Return the day of the official meeting for a text that says ``cùng ngày``."""
        official = self._found.get("official")
        if official is None or "cung ngay" not in flat(said) or not isinstance(official.value, dict):
            return None
        return datetime.fromisoformat(official.value["start"]).astimezone(self._zone).date()

    def _stamp(self, local: datetime) -> str:
        at = local.replace(tzinfo=self._zone).astimezone(UTC)
        return at.isoformat().replace("+00:00", "Z")

    def _points(self) -> None:
        texts = [(source.where, pair.value, pair.said) for source in self._sources for pair in source.all("points")]
        body = self._sources[-1].text
        stated = _POINTS.search(flat(body))
        if not texts and stated:
            said = body[stated.start("rest") : stated.end("rest")]
            texts = [("letter", said, said)]
        for where, value, said in texts:
            named = self._places.read(value)
            host = self._found.get("host_point")
            points = [point for point in named.points if host is None or point != host.value]
            if points:
                self._take("points", points, where, said)
            for word, parts in (("unknown-point", named.unknown), ("ambiguous-point", named.ambiguous)):
                for part in parts:
                    self._ask("points", word, part)

    def _contact(self) -> None:
        for source in self._sources:
            for pair in source.all("contact", "phone"):
                self._person(pair.value, source.where, pair.said, named=pair.field == "contact")
        if "contact_phone" in self._found and "contact_name" in self._found:
            return
        body = self._sources[-1].text
        for stated in _CONTACT.finditer(flat(body)):
            self._person(body[stated.start("rest") : stated.end("rest")], "letter", _quoted(body, stated), named=True)
            if "contact_phone" in self._found:
                return

    def _person(self, text: str, where: str, said: str, named: bool) -> None:
        """Take a name and a telephone number that stand together."""
        phones = [each[0] for each in _PHONE.finditer(text) if intake.phone(each[0])]
        if phones:
            self._take("contact_phone", phones[0], where, said)
        if len(phones) > 1:
            self._ask("contact_phone", "two-values", text)
        name = _name(text) if named else ""
        if name:
            self._take("contact_name", name, where, said)

    def _recording(self) -> None:
        for source in self._sources:
            for pair in source.all("recording"):
                plain = flat(pair.value)
                self._take("recording", not _NO.search(plain) and bool(_YES.match(plain)), source.where, pair.said)
            texts = [(pair.value, pair.said) for pair in source.all("support")] + [(source.text, "")]
            for text, said in texts:
                stated = _RECORDING.search(flat(text))
                if stated and "recording" not in self._found:
                    self._take("recording", stated["no"] is None, source.where, said or _quoted(text, stated))

    def _class(self) -> None:
        text = f"{self._letter.subject}\n{self._sources[-1].text}"
        for source in self._sources:
            for pair in source.all("class"):
                for name, words in _CLASSES.items():
                    if words.search(flat(pair.value)):
                        self._take("class", name, source.where, pair.said)
        for name, words in _CLASSES.items():
            stated = words.search(flat(text))
            if stated and "class" not in self._found:
                self._take("class", name, "letter", text[max(0, stated.start() - 40) : stated.end() + 40])
        if "class" in self._found:
            self._ask("class", "confirm-class", str(self._found["class"].value))

    def _secret(self) -> None:
        for source in self._sources:
            for pair in source.all("secret"):
                self._take("secret", not _NO.search(flat(pair.value)), source.where, pair.said)
            stated = _SECRET.search(flat(source.text))
            if stated and "secret" not in self._found:
                self._take("secret", stated["no"] is None, source.where, _quoted(source.text, stated))
        if "secret" not in self._found:
            self._ask("secret", "not-declared")


def _quoted(text: str, match: re.Match[str]) -> str:
    """Return what was found as it was written."""
    return text[match.start() : match.end()]


def _kind(clause: str) -> str:
    """Tell what a clause is about, when it is not the meeting itself."""
    plain = flat(clause)
    if _REHEARSAL.search(plain):
        return "rehearsal"
    return "check" if _CHECK.search(plain) else ""


def _line(line: str) -> str:
    return line.replace("\u00a0", " ").strip(" ")


def _unwrapped(body: str) -> list[str]:
    """Join lines that a mail program broke: a long one that no sentence ends, and one that goes on in lower case."""
    lines: list[str] = []
    for line in body.splitlines():
        before = lines[-1] if lines else ""
        goes_on = line[:1].islower() or (line[:1].isdigit() and not re.match(r"[0-9]{1,2}[.)]\s", line))
        if len(before) >= 55 and before[-1] not in ".:;" and goes_on:
            lines[-1] = f"{before} {line}"
        else:
            lines.append(line)
    return lines


def _trimmed(text: str) -> str:
    return " ".join(text.split()).strip(" .,:;\"“”'-–")[:MAX_TITLE]


def _name(text: str) -> str:
    """Return the name at the beginning of a text: two to six capitalised words."""
    start = _HONORIFIC.match(flat(text.lstrip(" :-")))
    words = text.lstrip(" :-")[start.end() if start else 0 :].split()
    taken: list[str] = []
    for word in words:
        bare = word.strip(",;:.()–-")
        if not bare[:1].isupper() or not bare.isalpha() or len(taken) == 6:
            break
        taken.append(bare)
        if bare != word:
            break
    return " ".join(taken) if len(taken) > 1 else ""
