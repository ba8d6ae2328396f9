"""Drafts the minutes (biên bản) of a session from what its meeting recorded; the host finishes them. Pure.

The form is that of Nghị định 30/2020/NĐ-CP, Phụ lục III, Mẫu 1.9. What no system knows stays open: who chaired, who
wrote, what was said and concluded. Sections for which nothing is recorded are left out. Times of a rehearsal are no
part of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.core.model import ScriptItem, Session
from scheduler.files.docx import Document, Paragraph, Run, Table
from scheduler.operations.attendance.attendee_list import PointAttendees
from scheduler.operations.attendance.chat_store import ChatEntry
from scheduler.operations.attendance.floor_store import FloorTime
from scheduler.operations.attendance.item_store import ItemTime
from scheduler.operations.attendance.presence_intervals import Interruption, PointAttendance, PresenceInterval
from scheduler.operations.attendance.service import SlotAttendance
from scheduler.operations.incidents.model import Incident, IncidentKind
from scheduler.operations.minutes import letterhead
from scheduler.operations.votes import rules
from scheduler.operations.votes.model import MIN_SECRET, Vote

BLANK = "……………………"
"""What the host fills in."""
Block = Paragraph | Table
Section = tuple[str, Sequence[Block]]
"""The title of a section and what stands under it; without that it is left out."""

INCIDENTS: Mapping[IncidentKind, str] = {
    "no-sound": "không có tiếng",
    "no-picture": "không có hình",
    "quiet": "tiếng nhỏ",
    "disconnected": "mất kết nối",
    "device": "thiết bị treo",
    "other": "sự cố khác",
    "help": "đề nghị trung tâm hỗ trợ",
    "line": "đường truyền suy giảm",
}


@dataclass(frozen=True, slots=True)
class RecordingMark:
    """A chapter of a part of the recording, `seconds` after the part began."""

    part: int
    seconds: float
    title: str


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """Words of a point in one go, as a model recognized them or people corrected them, at `seconds` of the recording.

    `point` is empty where nobody knows who spoke.
    """

    seconds: float
    point: str
    text: str


@dataclass(frozen=True, slots=True)
class MinutesFacts:
    """The record of a session's meeting, and names.

    `labels` are the names of points, `unit` is the host's name, `superior` that of the unit above it. `speaking` are
    seconds by point. `spoken` is None where a transcript is damaged.
    """

    session: Session
    labels: Mapping[str, str]
    unit: str
    superior: str | None
    slot: SlotAttendance
    attendees: Mapping[str, PointAttendees]
    script: Sequence[ScriptItem]
    items: Sequence[ItemTime]
    floor: Sequence[FloorTime]
    speaking: Mapping[str, int]
    votes: Sequence[Vote]
    chat: Sequence[ChatEntry]
    incidents: Sequence[Incident]
    marks: Sequence[RecordingMark]
    spoken: Sequence[SpokenTurn] | None
    zone: ZoneInfo


def minutes(facts: MinutesFacts) -> Document:
    """Return the draft of a session's minutes."""
    return _Draft(facts).document()


class _Draft:
    """Writes one draft."""

    def __init__(self, facts: MinutesFacts) -> None:
        self._facts = facts
        rehearsal = facts.session.rehearsal
        since = rehearsal.end if rehearsal else datetime.min.replace(tzinfo=UTC)
        self._floor = [each for each in facts.floor if each.start >= since]
        self._items = [each for each in facts.items if each.start >= since]
        self._votes = [each for each in facts.votes if each.opened >= since]
        self._notices = [each for each in facts.chat if each.at >= since and each.chair and each.recipient is None]
        self._incidents = sorted((each for each in facts.incidents if each.opened >= since), key=lambda i: i.opened)

    def document(self) -> Document:
        """Return the whole draft."""
        facts = self._facts
        sections = [
            self._course(),
            self._voted(),
            self._speaking(),
            self._announced(),
            self._faults(),
            self._recorded(),
        ]
        named = [*(each for each in sections if each[1]), ("Kết luận của chủ tọa", [_text(BLANK)])]
        return Document(
            (
                letterhead.letterhead(facts.unit, facts.superior),
                *letterhead.heading(f"Phiên họp trực tuyến: {facts.session.title}"),
                *self._opening(),
                *(block for number, each in enumerate(named, 1) for block in _numbered(number, each)),
                self._end(),
                *letterhead.signatures(),
                *self._transcript(),
            )
        )

    # --- when, where, who

    def _opening(self) -> Iterator[Block]:
        facts, slot = self._facts, self._facts.slot
        begun = slot.slot.start + timedelta(seconds=slot.points[facts.session.host_point][1].late)
        people = sum(each.count for each in facts.attendees.values())
        counted = f"; {people} người theo danh sách của các điểm cầu" if people else ""
        yield _text(f"Thời gian bắt đầu: {self._full(begun)} (đăng ký: {self._time(slot.slot.start)}).")
        yield _text(
            f"Địa điểm: điểm cầu chủ trì {facts.labels[facts.session.host_point]} và {len(facts.session.points)} điểm"
            f" cầu thành phần; phiên họp trực tuyến số {facts.session.number}."
        )
        yield _text(f"Thành phần tham dự: {slot.present}/{len(slot.points)} điểm cầu có mặt{counted}.")
        yield _table((12, 64, 44, 40), ("STT", "Điểm cầu", "Có mặt", "Ghi chú"), list(self._present()))
        yield Paragraph(after=0)
        yield from self._people()
        yield _text(f"Chủ trì (chủ tọa): {BLANK}")
        yield _text(f"Thư ký (người ghi biên bản): {BLANK}")
        yield _text("Nội dung (theo diễn biến phiên họp):")

    def _present(self) -> Iterator[tuple[str, ...]]:
        for number, (point, (stays, judged)) in enumerate(self._facts.slot.points.items(), 1):
            yield str(number), self._facts.labels[point], *self._came(stays, judged)

    def _came(self, stays: Sequence[PresenceInterval], judged: PointAttendance) -> tuple[str, str]:
        """Return when a point was there, within the slot, and what is to be said of it."""
        if not judged.present:
            return "vắng mặt", ""
        slot = self._facts.slot.slot
        first = max(slot.start, min(each.joined for each in stays if (each.left or slot.end) > slot.start))
        left = max((each.left or slot.end) for each in stays if each.joined < slot.end)
        late = [f"vào muộn {judged.late // 60} phút"] if judged.late >= 60 else []
        return self._span(first, min(left, slot.end)), "; ".join([*late, *map(self._gap, judged.interruptions)])

    def _gap(self, gap: Interruption) -> str:
        when = f"từ {self._time(gap.start)}" if gap.end is None else self._span(gap.start, gap.end)
        return f"gián đoạn {when}{f' ({gap.cause})' if gap.cause else ''}"

    def _people(self) -> Iterator[Paragraph]:
        for point in self._facts.slot.points:
            attendees = self._facts.attendees.get(point)
            if attendees is not None and attendees.people:
                people = [f"{each.name} – {each.position}" if each.position else each.name for each in attendees.people]
                yield _text(f"- {self._facts.labels[point]} ({attendees.count} người): {'; '.join(people)}.")

    # --- sections

    def _course(self) -> Section:
        """Return the items with planned and real times; without a script who had the floor, in order."""
        if not (self._facts.script or self._items):
            return "Diễn biến", [*map(self._turn, self._floor), _text(f"Nội dung, ý kiến: {BLANK}")]
        planned = {each.id: (each.title, each.point, each.minutes) for each in self._facts.script}
        held = {each.item: (each.title, each.point, each.minutes) for each in self._items}
        items = (self._item(n, item, *(held | planned)[item]) for n, item in enumerate({**held, **planned}, 1))
        return "Diễn biến theo kịch bản", [paragraph for item in items for paragraph in item]

    def _item(self, number: int, item: str, title: str, point: str | None, planned: int) -> Iterator[Paragraph]:
        times = [each for each in self._items if each.item == item]
        spans = ", ".join(self._span(each.start, each.end or each.start) for each in times)
        real = f"thực tế {_length(_sum(times))} ({spans})" if times else "không thực hiện"
        label = self._facts.labels[point or self._facts.session.host_point]
        yield _text(f"{number}) {title} ({label}): dự kiến {planned} phút; {real}.")
        if times:
            yield from map(self._turn, [turn for turn in self._floor if any(_within(turn, time) for time in times)])
            yield _text(f"Nội dung, ý kiến: {BLANK}")

    def _turn(self, turn: FloorTime) -> Paragraph:
        when = self._time(turn.start) if turn.end is None else self._span(turn.start, turn.end)
        topic = f": {turn.topic}" if turn.topic else ""
        return _text(f"- {self._facts.labels.get(turn.point, turn.name)} được mời phát biểu {when}{topic}.")

    def _voted(self) -> Section:
        return "Biểu quyết", [*map(self._vote, self._votes)]

    def _vote(self, vote: Vote) -> Paragraph:
        way = "bỏ phiếu kín" if vote.question.secret else "công khai"
        return _text(
            f"- Lần {vote.number}, {self._time(vote.opened)}, {way}: {vote.question.text or BLANK} Đã biểu quyết"
            f" {vote.cast}/{len(vote.voters)} điểm cầu{_counted(vote)}. Kết quả: {_decided(vote)}."
        )

    def _speaking(self) -> Section:
        """Return how often and how long points were invited, and how long they spoke."""
        turns = {point: [each for each in self._floor if each.point == point] for point in self._facts.labels}
        rows = [
            (label, str(len(turns[point]) or ""), _length(_sum(turns[point])), _length(timedelta(seconds=spoke)))
            for point, label in self._facts.labels.items()
            if (spoke := self._facts.speaking.get(point, 0)) or turns[point]
        ]
        head = ("Điểm cầu", "Lượt được mời", "Thời gian được mời", "Thời gian nói")
        table = _table((64, 28, 34, 34), head, rows)
        return "Thời lượng phát biểu của các điểm cầu", [table, Paragraph(after=0)] if rows else []

    def _announced(self) -> Section:
        return "Thông báo của chủ tọa", [_text(f"- {self._time(n.at)}: {n.text}") for n in self._notices if n.text]

    def _faults(self) -> Section:
        return "Sự cố kỹ thuật", [*map(self._fault, self._incidents)]

    def _fault(self, incident: Incident) -> Paragraph:
        where = self._facts.labels.get(incident.point or "", "cả phiên họp")
        text = f" ({incident.text})" if incident.text else ""
        settled = f"khắc phục lúc {self._time(incident.resolved)}" if incident.resolved else "chưa khắc phục"
        return _text(f"- {self._time(incident.opened)}: {where}, {INCIDENTS[incident.kind]}{text}; {settled}.")

    def _recorded(self) -> Section:
        marks = self._facts.marks
        return "Bản ghi hình", [_text(f"- Phần {m.part}, {_position(m.seconds)}: {m.title}.") for m in marks]

    def _transcript(self) -> Iterator[Paragraph]:
        """Yield what was said, for the writer to take from; where it cannot be read, say so."""
        spoken = self._facts.spoken
        if spoken is None:
            yield Paragraph((Run("PHỤ LỤC: BẢN GỠ BĂNG", bold=True),), align="center", kept=True)
            yield _text("Không kèm bản gỡ băng, vì tệp bị hỏng hoặc không đọc được.")
        if spoken:
            yield Paragraph((Run("PHỤ LỤC: BẢN GỠ BĂNG", bold=True),), align="center", kept=True)
            yield _text("Máy gỡ băng tự động, có thể sai. Thư ký đối chiếu với bản ghi hình, rồi bỏ phụ lục này.")
        for turn in spoken or ():
            yield _text(f"[{_position(turn.seconds)}] {turn.point or 'Không rõ điểm cầu'}: {turn.text}")

    def _end(self) -> Paragraph:
        slot = self._facts.slot
        held = timedelta(seconds=slot.points[self._facts.session.host_point][1].of)
        return _text(f"Phiên họp kết thúc vào {self._full(slot.slot.start + held)}./.")

    # --- times as documents write them

    def _time(self, at: datetime) -> str:
        local = at.astimezone(self._facts.zone)
        return f"{local:%H} giờ {local:%M}"

    def _span(self, start: datetime, end: datetime) -> str:
        return f"{self._time(start)} – {self._time(end)}"

    def _full(self, at: datetime) -> str:
        """Return time and day; days below 10 and the months 1 and 2 have two digits."""
        day = at.astimezone(self._facts.zone)
        month = f"{day:%m}" if day.month <= 2 else str(day.month)
        return f"{self._time(at)} phút, ngày {day:%d} tháng {month} năm {day.year}"


def _numbered(number: int, section: Section) -> Iterator[Block]:
    title, blocks = section
    yield Paragraph((Run(f"{number}. {title}", bold=True),), kept=True, indented=True)
    yield from blocks


def _text(text: str) -> Paragraph:
    return Paragraph((Run(text),), indented=True)


def _table(widths: tuple[int, ...], head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    first = tuple((Paragraph((Run(word, bold=True, size=12),), align="center", after=0),) for word in head)
    cells = (tuple((Paragraph((Run(text, size=12),), align="left", after=0),) for text in row) for row in rows)
    return Table(widths, (first, *cells))


def _counted(vote: Vote) -> str:
    if vote.counts is None:
        return ""
    return "; " + ", ".join(f"{vote.question.choice(index)} {n}" for index, n in enumerate(vote.counts))


def _decided(vote: Vote) -> str:
    """Return the decision of a vote in words."""
    if vote.cancelled:
        return "đã hủy, không kiểm phiếu"
    decided = rules.outcome(vote)
    if decided is None:
        if vote.closed is None:
            return "chưa kết thúc"
        return "không kiểm phiếu vì quá ít phiếu kín" if vote.cast < MIN_SECRET else "không kiểm được phiếu"
    if not decided.quorum:
        return "không đủ số điểm cầu biểu quyết"
    if decided.adopted is None:
        return "không phương án nào đạt đa số"
    return f"“{vote.question.choice(decided.adopted)}” đạt đa số"


def _within(turn: FloorTime, time: ItemTime) -> bool:
    """Return whether a turn began while an item was the current one."""
    return time.start <= turn.start and (time.end is None or turn.start < time.end)


def _sum(times: Sequence[FloorTime | ItemTime]) -> timedelta:
    """Return the length of all times that have ended."""
    return sum((each.end - each.start for each in times if each.end is not None), timedelta())


def _length(length: timedelta) -> str:
    """Return minutes and seconds in words; nothing for nothing."""
    minutes_, seconds = divmod(round(length.total_seconds()), 60)
    words = [f"{minutes_} phút"] if minutes_ else []
    return " ".join([*words, f"{seconds} giây"] if seconds else words)


def _position(seconds: float) -> str:
    """Return a position in a recording as players show it."""
    return str(timedelta(seconds=int(seconds)))
