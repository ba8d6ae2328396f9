"""The policy profile: what a province's regulation leaves to data (levels, share, deadlines, who registers for whom).

A profile is one YAML file, checked whole when loaded (`scheduler.policy.profile_files`). Every session remembers the id
and the version of the profile it was admitted under (R-001). Articles stand beside their rules; a refusal can name
them.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from scheduler.core.model import Amount, ClassId
from scheduler.policy.directory_rules import DirectoryPolicy

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
Count = Annotated[int, Field(ge=1)]
NamingRule = Literal["literal", "register", "spaced", "joined", "typed", "free"]
LeadMode = Literal["day_lag", "same_clock", "clear_days"]
ReplyClock = Literal["office", "before_check", "wall"]
"""How "at least n working days before" is counted (reading A13): until the close of the n-th working day before; until
the same time of that day; with n whole working days between."""
Registrant = Literal["host_unit", "parent_unit", "office"]
"""Who registers: the host's own unit; the unit above it; the Office of the province (Điều 12.1, 12.2)."""
Controller = Literal["host_unit", "parent_unit", "central"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LevelNaming(_Part):
    """How the points of a level are named (Điều 6.4); `text` is the literal, or the prefix of a spaced name."""

    rule: NamingRule
    text: Word | None = None

    @model_validator(mode="after")
    def _text_where_needed(self) -> Self:
        if (self.text is not None) != (self.rule in {"literal", "spaced"}):
            raise ValueError(f"rule {self.rule!r} {'takes no' if self.text else 'needs a'} text")
        return self


class LevelPolicy(_Part):
    """One tier of Điều 3.2; a bigger rank is a higher body. `quota` is how many points a unit may have (Điều 8)."""

    id: Word
    name: Word
    rank: int
    naming: LevelNaming
    code: Word | None = None
    quota: Count | None = None


class Standing(_Part):
    """A unit that ranks elsewhere than its level does, in sessions it hosts from one day to another (reading A22)."""

    unit: Word
    rank: int
    document: Word
    valid_from: date
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it says something of sessions of a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class NamingPolicy(_Part):
    """Words that names and labels are made with."""

    type_words: tuple[Word, ...]
    office: Word
    register_prefixes: tuple[Word, ...]
    type_abbr: dict[Word, Annotated[Word, StringConstraints(pattern=r"^[A-Z]{1,2}$")]] = Field(default_factory=dict)


class Share(_Part):
    """The share of the maximum that may be given away, as an exact fraction in (0, 1]."""

    num: Count
    den: Count

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if self.num > self.den:
            raise ValueError("share is above 1")
        return self

    def of(self, maximum: int) -> int:
        """Return the share of a maximum, rounded down (reading A20)."""
        return maximum * self.num // self.den


class CapacityPolicy(_Part):
    """What counts against the maximum."""

    share: Share
    shed_share: Share
    recorder_legs: Annotated[int, Field(ge=0)]
    link_legs: Annotated[int, Field(ge=0)]
    test_legs: Annotated[int, Field(ge=0)]

    def usable(self, maximum: Amount) -> Amount:
        """Return what of a maximum may be given to sessions: its share without the legs of the test room (I-15)."""
        return Amount(self.share.of(maximum.sessions), max(0, self.share.of(maximum.points) - self.test_legs))

    def bearable(self, maximum: Amount) -> Amount:
        """Return what sessions may hold before some of them must go; the test room goes first."""
        return Amount(self.shed_share.of(maximum.sessions), self.shed_share.of(maximum.points))


class SessionPolicy(_Part):
    """Bounds on what may be asked for."""

    number_prefix: Word
    max_hours: Count
    max_days_ahead: Count
    max_title: Annotated[int, Field(ge=1, le=1000)]
    max_name: Annotated[int, Field(ge=1, le=500)]
    max_people: Count
    contacts_hidden_from: tuple[Word, ...]
    search_days: Count
    suggestions: Annotated[int, Field(ge=0)]


class DoorPolicy(_Part):
    """When a code opens the door around a slot, and what is watched around its ends, in minutes."""

    lobby_min: Annotated[int, Field(ge=0)]
    grace_min: Annotated[int, Field(ge=0)]
    missed_min: Count
    warn_min: Count
    forecast_min: Count

    @property
    def lobby(self) -> timedelta:
        """How long before a slot the door opens."""
        return timedelta(minutes=self.lobby_min)

    @property
    def grace(self) -> timedelta:
        """How long after a slot the door stays open."""
        return timedelta(minutes=self.grace_min)

    @property
    def missed(self) -> timedelta:
        """How long after its start a session that nobody opened may be given up (I-03)."""
        return timedelta(minutes=self.missed_min)

    @property
    def forecast(self) -> timedelta:
        """How long before its end a meeting is looked at whether it could run on (I-06)."""
        return timedelta(minutes=self.forecast_min)


class CodePolicy(_Part):
    """Form of the session code; R-051 asks for at least 9 digits."""

    digits: Annotated[int, Field(ge=9, le=18)]


class Document(_Part):
    """A legal text the profile stands on."""

    number: Word
    dated: date | None = None


class RegistrantRule(_Part):
    """Who registers sessions hosted by these levels, and the article that says so."""

    levels: tuple[Word, ...]
    by: Registrant
    article: Word
    parent_too: bool = False
    """Whether the unit above may register, too (đơn vị trực thuộc, reading A10)."""


class Template(_Part):
    """What a form is filled with at one tap: the host's level, and the levels of which every point is invited."""

    name: Word
    purpose: Word
    host_level: Word
    point_levels: tuple[Word, ...]
    recording: bool


class RegistrationPolicy(_Part):
    """Who registers for whom, and what may be chosen (Điều 12, 4.1, 4.2).

    The Office is the unit of `office_level`; sessions of `office_purposes` are registered by it, whoever hosts them.
    """

    by: tuple[RegistrantRule, ...]
    office_level: Word
    office_name: Word
    office_purposes: tuple[Word, ...]
    purposes: dict[Code, Word]
    kinds: dict[Code, Word]
    forms: dict[Code, Word]
    support: dict[Code, Word]
    extension_min: Count
    templates: tuple[Template, ...]

    def rule(self, level: str) -> RegistrantRule | None:
        """Return the rule of a host's level; None for a level that the profile does not know."""
        return next((rule for rule in self.by if level in rule.levels), None)

    def by_parent(self, level: str) -> bool:
        """Tell whether the unit above registers for the units of a level (Điều 12.2.b)."""
        rule = self.rule(level)
        return rule is not None and rule.by == "parent_unit"

    @property
    def extension(self) -> timedelta:
        """One step by which a meeting runs on."""
        return timedelta(minutes=self.extension_min)


class ControlRule(_Part):
    """Whose technicians control a session hosted by these levels (Điều 5.5, 10.1, 14.3.a)."""

    levels: tuple[Word, ...]
    controllers: tuple[Controller, ...]
    article: Word


class Lead(_Part):
    """How long before its start a session is to be registered: working days, or hours of the wall clock."""

    working_days: Count | None = None
    mode: LeadMode = "day_lag"
    hours: Count | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.working_days is None) == (self.hours is None):
            raise ValueError("either working_days or hours")
        return self


class ClassPolicy(_Part):
    """One class of meetings; `grounds` are what it may be called for, `any_hour` exempts it from office hours.

    With `by_host` the host may register it itself, whoever registers its other sessions (Điều 12.3). It is answered by
    the clock of `reply`: of office hours, of the wall, or of the wall but before its technical check (A15, A18).
    """

    name: Word
    article: Word
    lead: Lead | None = None
    needs_reason: bool = False
    by_host: bool = False
    grounds: dict[Code, Word] = Field(default_factory=dict)
    rank_boost: Annotated[int, Field(ge=0)] = 0
    any_hour: bool = False
    reply: ReplyClock = "office"


class OfficePolicy(_Part):
    """Office hours (giờ hành chính) of every working day, local time."""

    days: tuple[Weekday, ...]
    spans: tuple[tuple[time, time], ...]

    @field_validator("spans")
    @classmethod
    def _in_order(cls, spans: tuple[tuple[time, time], ...]) -> tuple[tuple[time, time], ...]:
        edges = [edge for span in spans for edge in span]
        if not edges or any(first >= second for first, second in pairwise(edges)):
            raise ValueError("spans must be in order, without overlap")
        return spans


class DeadlinePolicy(_Part):
    """What the operating unit owes: answer and technical check (Điều 13.2.b), handover (Điều 15.3)."""

    reply_hours: Count
    check_hours: Count
    rehearsal_working_days: Count
    handover_working_days: Count
    check_calls_hours: tuple[Count, ...]
    """How many hours before a slot units are called to its check."""
    remind_percent: tuple[Annotated[int, Field(ge=2, le=99)], ...]
    """The shares of the time for an answer after which the duty desk is reminded."""


class LinePolicy(_Part):
    """When a line is too bad (Điều 7.4, 14.3.d): losing more than `loss_percent` it is shown to the host after `warn_s`
    seconds and reported by itself after `report_s`; minutes that lose more than `counted_percent` are counted."""

    loss_percent: Annotated[int, Field(ge=1, le=100)]
    warn_s: Annotated[int, Field(ge=0)]
    report_s: Annotated[int, Field(ge=0)]
    counted_percent: Annotated[int, Field(ge=0, le=100)]

    @property
    def warn(self) -> timedelta:
        """How long a line is bad before the host is told."""
        return timedelta(seconds=self.warn_s)

    @property
    def report(self) -> timedelta:
        """How long a line is bad before an incident opens by itself."""
        return timedelta(seconds=self.report_s)


class ClosingItem(_Part):
    """One item of a closing list."""

    id: Annotated[Word, StringConstraints(max_length=32)]
    name: Word


class ClosingPolicy(_Part):
    """What is done after a session, in order, at each point and at the centre (Điều 15.1)."""

    centre: Annotated[tuple[ClosingItem, ...], Field(min_length=1)]
    point: Annotated[tuple[ClosingItem, ...], Field(min_length=1)]
    remind_min: Annotated[int, Field(ge=0)]

    @property
    def remind(self) -> timedelta:
        """How long after the end who is not done is reminded."""
        return timedelta(minutes=self.remind_min)


class RecordingPolicy(_Part):
    """How recordings are kept until and after they are handed over (Điều 15.2, 15.3)."""

    remind_hours: Annotated[int, Field(ge=0)]
    keep_central_days: Count
    warn_days: Count

    @property
    def remind(self) -> timedelta:
        """How long before it is due the host is reminded."""
        return timedelta(hours=self.remind_hours)


class MeetingPolicy(_Part):
    """What holds in a meeting itself: the notice that component points accept at joining, if there is one, what points
    on the Internet declare of their line (6.3.b), whether name and time stand over the picture (Điều 7.4), whether
    points that are not invited may wait for the host (3.7), and whether microphones stay shut until the host opens
    them, or speaking uninvited is only noted (11.6, A31)."""

    notice: Annotated[Word, StringConstraints(max_length=500)] | None
    dedicated: Annotated[Word, StringConstraints(max_length=500)] | None
    watermark: bool
    uninvited: Literal["refuse", "hold"]
    microphones: Literal["enforced", "advisory"]


class ConductPolicy(_Part):
    """What is looked at during and after a session; `summary_from` so many facts in a month the head of a unit hears of
    them, None: never (Điều 21.1)."""

    meeting: MeetingPolicy
    lines: LinePolicy
    closing: ClosingPolicy
    recordings: RecordingPolicy
    summary_from: Count | None


class RevocationPolicy(_Part):
    """How codes of lower bodies are revoked (Điều 12.4.b, readings A23–A25)."""

    order: Literal["latest_registered_first", "lowest_level_then_latest"]
    reprieve: bool
    mode: Literal["automatic", "operator_confirm"]
    live_sessions: Literal["never", "khan_cap_only"]
    live_notice_min: Annotated[int, Field(ge=0)]
    protect_within_min: Annotated[int, Field(ge=0)]
    hold_min: Count
    reinstate_notice_min: Annotated[int, Field(ge=0)]

    @property
    def live_notice(self) -> timedelta:
        """How long before it ends a meeting is told that an emergency takes its code."""
        return timedelta(minutes=self.live_notice_min)

    @property
    def protect(self) -> timedelta:
        """How near a start only an emergency may take the code away."""
        return timedelta(minutes=self.protect_within_min)

    @property
    def hold(self) -> timedelta:
        """How long a plan shown to the operator may be confirmed."""
        return timedelta(minutes=self.hold_min)

    @property
    def reinstate_notice(self) -> timedelta:
        """How long before its start a queued session is still given a code by itself."""
        return timedelta(minutes=self.reinstate_notice_min)


class ReportPolicy(_Part):
    """When the periods of reports begin (Điều 17.2.d, reading A37), as month and day."""

    year_begins: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")]
    half_begins: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")]


CALENDAR_YEAR = ReportPolicy(year_begins="01-01", half_begins="07-01")


class AuditPolicy(_Part):
    """How long it is kept who did what (Điều 7.1)."""

    keep_months: Count

    def oldest(self, now: datetime) -> datetime:
        """Return the time from which on entries are kept: the first of a month."""
        months = now.year * 12 + now.month - 1 - self.keep_months
        return now.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


class OnSiteRule(_Part):
    """Sessions of these levels or purposes need somebody of each unit on site (Điều 16.3, 17.3, reading A38)."""

    levels: tuple[Word, ...]
    purposes: tuple[Word, ...]
    units: tuple[Word, ...]


class SelfTestPolicy(_Part):
    """What a point's own test is measured by (Điều 13.2.c): dBFS, brightness, rates, and what is ticked."""

    mic_dbfs: tuple[int, int]
    min_luma: Annotated[int, Field(ge=0, le=255)]
    min_kbps: Count
    ticks: dict[Word, Word]


class TestRoomPolicy(_Part):
    """How long one may stay in the test room, and how much later one hears oneself (Điều 17.2.a, R-109)."""

    stay_min: Count
    echo_ms: Annotated[int, Field(ge=100, le=5000)]

    @property
    def stay(self) -> timedelta:
        """How long a visit lasts at most."""
        return timedelta(minutes=self.stay_min)


class PreparationPolicy(_Part):
    """What goes before a session and during it (Điều 13.2, 14, 16.3, 17)."""

    interruption_s: Count
    max_parallel_per_technician: Count
    arrive_min: Annotated[int, Field(ge=0)]
    on_site: OnSiteRule
    self_test_hours: Count
    self_test: SelfTestPolicy
    test_room: TestRoomPolicy
    list_months: Count
    link_purposes: tuple[Word, ...]
    steps: dict[Word, Word]

    def oldest_list(self, now: datetime) -> datetime:
        """Return the time from which on sessions and lists of who took part keep names and telephones."""
        months = now.year * 12 + now.month - 1 - self.list_months
        return now.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


class Policy(_Part):
    """A whole profile; it holds from the first of its days in the province's time zone until the next one begins."""

    id: Annotated[Word, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,48}$")]
    version: Count
    title: Word
    extends: Word | None = None
    effective_from: date | None
    effective_to: date | None = None
    legal_basis: tuple[Document, ...]
    replaces: tuple[Word, ...] = ()
    operator: Word
    timezone: Word
    levels: tuple[LevelPolicy, ...]
    standings: tuple[Standing, ...] = ()
    naming: NamingPolicy
    capacity: CapacityPolicy
    session: SessionPolicy
    door: DoorPolicy
    code: CodePolicy
    registration: RegistrationPolicy
    control: tuple[ControlRule, ...]
    classes: dict[ClassId, ClassPolicy]
    office: OfficePolicy
    deadlines: DeadlinePolicy
    revocation: RevocationPolicy
    audit: AuditPolicy
    reports: ReportPolicy
    directory: DirectoryPolicy
    conduct: ConductPolicy
    preparation: PreparationPolicy

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # no such file, or no name of one
            raise ValueError("unknown time zone") from error
        return name

    @model_validator(mode="after")
    def _levels_distinct(self) -> Self:
        for what in ("id", "rank"):
            values = [getattr(level, what) for level in self.levels]
            if len(set(values)) != len(values):
                raise ValueError(f"two levels share a {what}")
        return self

    @model_validator(mode="after")
    def _boosts_stay_within_a_level(self) -> Self:
        boost = max((rules.rank_boost for rules in self.classes.values()), default=0)
        if any(above - below <= boost for below, above in pairwise(sorted(level.rank for level in self.levels))):
            raise ValueError("rank_boost reaches the next level")
        return self

    @model_validator(mode="after")
    def _standings_are_of_levels(self) -> Self:
        """A unit stands with one level at a time: ranks between levels would let an emergency pass them."""
        ranks = {level.rank for level in self.levels}
        for standing in self.standings:
            if standing.rank not in ranks:
                raise ValueError(f"standings: {standing.unit} has the rank {standing.rank} of no level")
            if standing.valid_to and standing.valid_to < standing.valid_from:
                raise ValueError(f"standings: {standing.unit} ends before it begins")
            others = [each for each in self.standings if each.unit == standing.unit and each is not standing]
            if any(each.holds(standing.valid_from) for each in others):
                raise ValueError(f"standings: {standing.unit} has two ranks at a time")
        return self

    @model_validator(mode="after")
    def _each_level_once(self) -> Self:
        """Every level has one rule for registering and one for control; every class is there."""
        known = sorted(level.id for level in self.levels)
        rules: dict[str, tuple[RegistrantRule | ControlRule, ...]] = {
            "registration.by": self.registration.by,
            "control": self.control,
        }
        for name, given in rules.items():
            named = sorted(level for rule in given for level in rule.levels)
            if named != known:
                raise ValueError(f"{name} must name each level once")
        if any(purpose not in self.registration.purposes for purpose in self.registration.office_purposes):
            raise ValueError("registration.office_purposes names an unknown purpose")
        for template in self.registration.templates:
            if not {template.host_level, *template.point_levels} <= set(known):
                raise ValueError(f"registration.templates: {template.name} names a level there is not")
            if template.purpose not in self.registration.purposes:
                raise ValueError(f"registration.templates: {template.name} names an unknown purpose")
        if not set(self.session.contacts_hidden_from) <= set(known):
            raise ValueError("session.contacts_hidden_from names no level")
        if self.registration.office_level not in known:
            raise ValueError("registration.office_level is no level")
        if len(self.classes) != 3:
            raise ValueError("classes must be thuong, dot_xuat and khan_cap")
        return self

    @model_validator(mode="after")
    def _directory_knows_the_levels(self) -> Self:
        """Every quota has its article; rules of the directory name levels there are."""
        known = {level.id for level in self.levels}
        named = {level for rule in self.directory.lines for level in rule.levels} | {*self.directory.per_session}
        if not named <= known:
            raise ValueError("directory names a level there is not")
        if not {level.id for level in self.levels if level.quota} <= self.directory.quotas.keys():
            raise ValueError("directory.quotas must name the article of each quota")
        return self

    def other_legs(self, recording: bool, purpose: str) -> int:
        """Return the legs that no device of a point holds: the recorder's, and that of the link to the Government."""
        recorder = self.capacity.recorder_legs if recording else 0
        return recorder + (self.capacity.link_legs if purpose in self.preparation.link_purposes else 0)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to is before effective_from")
        return self

    @property
    def stamp(self) -> str:
        """What a decision remembers of the profile it was taken under: ``KH-2023/1`` (R-001)."""
        return f"{self.id}/{self.version}"

    @property
    def zone(self) -> ZoneInfo:
        """The province's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def begins(self) -> datetime | None:
        """The first instant of its first day; None for a profile without one."""
        first = self.effective_from
        return None if first is None else datetime.combine(first, time(), self.zone).astimezone(UTC)

    def level(self, level_id: str) -> LevelPolicy | None:
        """Return a level, or None."""
        return next((level for level in self.levels if level.id == level_id), None)

    def rank(self, level_id: str, klass: ClassId, unit: str, start: datetime) -> int:
        """Return the rank of a session that a unit of a level hosts from `start` on.

        It is that of the level (0 if unknown) unless the unit stands elsewhere on that day (reading A22); an emergency
        stands a little above.
        """
        own = [each for each in self.standings if each.unit == unit]
        then = [each for each in own if each.holds(start.astimezone(self.zone).date())]
        level = self.level(level_id)
        rank = then[0].rank if then else level.rank if level else 0
        return rank + self.classes[klass].rank_boost
