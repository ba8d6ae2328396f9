"""The policy profile: a province's rules as data (levels, capacity share, deadlines, registrants), with validation.

A profile is one YAML file, validated as a whole when loaded (`scheduler.policy.profile_files`). Every session stores
the id and the version of the profile it was admitted under (R-001). Articles stand beside their rules, so that a
refusal can name them.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import pairwise
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from scheduler.core.model import Amount, ClassId
from scheduler.policy.directory_rules import DirectoryPolicy

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
Count = Annotated[int, Field(ge=1)]
NamingRule = Literal["literal", "register", "spaced", "joined", "typed", "free"]
LeadMode = Literal["day_lag", "same_clock", "clear_days"]
"""How "at least n working days before" is counted (reading A13): until the close of the n-th working day before; until
the same time of that day; with n whole working days between."""
ReplyClock = Literal["office", "before_check", "wall"]
"""The clock of a reply (A15, A18): office hours; the wall clock, but before the technical check; the wall clock."""
LiveSessions = Literal["never", "khan_cap_only"]
"""Whether a live session may lose its code: never, or to emergencies only (reading A25)."""
EMERGENCIES_ONLY: Final = "khan_cap_only"
Registrant = Literal["host_unit", "parent_unit", "office"]
"""The unit that registers: the host's own; its parent; the Office of the province (Điều 12.1, 12.2)."""
Controller = Literal["host_unit", "parent_unit", "central"]
AccountRole = Literal["administrator", "technician", "supervisor", "registrant", "site", "provider"]
"""The roles of accounts, as `signaling.core.account` has them."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LevelNaming(_Part):
    """The naming rule for points of a level (Điều 6.4); `text` is the literal, or the prefix of a spaced name."""

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


class RankException(_Part):
    """A rank of a single unit that differs from its level's, for sessions it hosts within some days (reading A22)."""

    unit: Word
    rank: int
    document: Word
    valid_from: date
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether the exception applies to sessions of a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class NamingPolicy(_Part):
    """The words of which names and labels of points are made."""

    type_words: tuple[Word, ...]
    office: Word
    register_prefixes: tuple[Word, ...]
    type_abbr: dict[Word, Annotated[Word, StringConstraints(pattern=r"^[A-Z]{1,2}$")]] = Field(default_factory=dict)


class Share(_Part):
    """The share of the maximum that sessions may use, as an exact fraction in (0, 1]."""

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
    """The usable and the bearable share of the maximum, and the legs that count beside those of points."""

    share: Share
    shed_share: Share
    recorder_legs: Annotated[int, Field(ge=0)]
    link_legs: Annotated[int, Field(ge=0)]
    test_legs: Annotated[int, Field(ge=0)]

    def usable(self, maximum: Amount) -> Amount:
        """Return the part of a maximum that sessions may use: its share without the legs of the test room (I-15)."""
        return Amount(self.share.of(maximum.sessions), max(0, self.share.of(maximum.points) - self.test_legs))

    def bearable(self, maximum: Amount) -> Amount:
        """Return the most that issued sessions may hold before codes are revoked; the test room closes first."""
        return Amount(self.shed_share.of(maximum.sessions), self.shed_share.of(maximum.points))


class SessionPolicy(_Part):
    """Limits of the fields of a registration."""

    number_prefix: Word
    max_hours: Count
    max_days_ahead: Count
    max_title: Annotated[int, Field(ge=1, le=1000)]
    max_name: Annotated[int, Field(ge=1, le=500)]
    max_people: Count
    contacts_hidden_from: tuple[Word, ...]
    search_days: Count
    suggestions: Annotated[int, Field(ge=0)]


class AccessWindowPolicy(_Part):
    """The access window of a code around a slot, and the times of checks around its start and end, in minutes.

    A profile has it under the key ``door``.
    """

    lobby_min: Annotated[int, Field(ge=0)]
    grace_min: Annotated[int, Field(ge=0)]
    missed_min: Count
    warn_min: Count
    forecast_min: Count

    @property
    def lobby(self) -> timedelta:
        """The time before a slot from which on its code admits points."""
        return timedelta(minutes=self.lobby_min)

    @property
    def grace(self) -> timedelta:
        """The time after a slot for which its code still admits points."""
        return timedelta(minutes=self.grace_min)

    @property
    def warn(self) -> timedelta:
        """The time before the end of a meeting from which on its host is reminded of it."""
        return timedelta(minutes=self.warn_min)

    @property
    def missed(self) -> timedelta:
        """The time after its start from which on a session that nobody opened may be released (I-03)."""
        return timedelta(minutes=self.missed_min)

    @property
    def forecast(self) -> timedelta:
        """The time before its end at which it is checked whether a meeting could be extended (I-06)."""
        return timedelta(minutes=self.forecast_min)


class CodePolicy(_Part):
    """Form of the session code; R-051 asks for at least 9 digits."""

    digits: Annotated[int, Field(ge=9, le=18)]


class Document(_Part):
    """A legal document that the profile is based on."""

    number: Word
    dated: date | None = None


class RegistrantRule(_Part):
    """The unit that registers sessions hosted by these levels, and the article for it."""

    levels: tuple[Word, ...]
    by: Registrant
    article: Word
    parent_too: bool = False
    """Return whether the parent unit may register, too (đơn vị trực thuộc, reading A10)."""


class Template(_Part):
    """A template of the registration form: the host's level, and the levels of which every point is invited."""

    name: Word
    purpose: Word
    host_level: Word
    point_levels: tuple[Word, ...]
    recording: bool


class RegistrationPolicy(_Part):
    """The rules of who registers for which host, and the codes a registration may choose (Điều 12, 4.1, 4.2).

    The Office is the unit of `office_level`; it registers the sessions of `office_purposes` of every host.
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
        """Return whether the parent unit registers for the units of a level (Điều 12.2.b)."""
        rule = self.rule(level)
        return rule is not None and rule.by == "parent_unit"

    @property
    def extension(self) -> timedelta:
        """The time of one step of an extension."""
        return timedelta(minutes=self.extension_min)


class ControlRule(_Part):
    """The units whose technicians control a session hosted by these levels (Điều 5.5, 10.1, 14.3.a)."""

    levels: tuple[Word, ...]
    controllers: tuple[Controller, ...]
    article: Word


class LeadTime(_Part):
    """The least time between a registration and the session's start: working days, or hours of the wall clock."""

    working_days: Count | None = None
    mode: LeadMode = "day_lag"
    hours: Count | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.working_days is None) == (self.hours is None):
            raise ValueError("either working_days or hours")
        return self


class ClassPolicy(_Part):
    """The rules of one class of meetings; `grounds` are its possible grounds, `any_hour` exempts it from office hours.

    With `by_host` the host may register it itself, whichever unit registers its other sessions (Điều 12.3). The time of
    its reply counts by the clock `reply`: office hours, the wall clock, or the latter but before its check (A15, A18).
    """

    name: Word
    article: Word
    lead: LeadTime | None = None
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
    """The deadlines of the operating unit: reply and technical check (Điều 13.2.b), handover (Điều 15.3)."""

    reply_hours: Count
    check_hours: Count
    rehearsal_working_days: Count
    handover_working_days: Count
    check_calls_hours: tuple[Count, ...]
    """The hours before a slot at which units are invited to its technical check."""
    remind_percent: tuple[Annotated[int, Field(ge=2, le=99)], ...]
    """The shares of the time for a reply, in percent, after which the people on duty are reminded."""


class LinePolicy(_Part):
    """The thresholds of a bad line (Điều 7.4, 14.3.d).

    If its loss is above `loss_percent`, the host sees it after `warn_s` seconds, and an incident opens after
    `report_s`. Minutes with a loss above `counted_percent` are counted.
    """

    loss_percent: Annotated[int, Field(ge=1, le=100)]
    warn_s: Annotated[int, Field(ge=0)]
    report_s: Annotated[int, Field(ge=0)]
    counted_percent: Annotated[int, Field(ge=0, le=100)]

    @property
    def warn(self) -> timedelta:
        """The time that a line is bad before the host is warned."""
        return timedelta(seconds=self.warn_s)

    @property
    def report(self) -> timedelta:
        """The time that a line is bad before an incident opens automatically."""
        return timedelta(seconds=self.report_s)


class ClosingItem(_Part):
    """One item of a closing checklist."""

    id: Annotated[Word, StringConstraints(max_length=32)]
    name: Word


class ClosingPolicy(_Part):
    """The closing checklists after a session, in order, for each point and for the centre (Điều 15.1)."""

    centre: Annotated[tuple[ClosingItem, ...], Field(min_length=1)]
    point: Annotated[tuple[ClosingItem, ...], Field(min_length=1)]
    remind_min: Annotated[int, Field(ge=0)]

    @property
    def remind(self) -> timedelta:
        """The time after the end at which points with open items are reminded."""
        return timedelta(minutes=self.remind_min)


class RecordingPolicy(_Part):
    """The rules for keeping recordings before and after their handover (Điều 15.2, 15.3).

    The picture of a recording is `composed` from its tracks at the lowest priority once it is closed, or live, which
    takes a composer while it is recorded. A profile that leaves it out, as those before it do, has the same contents as
    one that says the usual.
    """

    composed: Literal["live", "afterwards"] = Field("afterwards", exclude_if=lambda value: value == "afterwards")
    remind_hours: Annotated[int, Field(ge=0)]
    keep_central_days: Count
    warn_days: Count

    @property
    def remind(self) -> timedelta:
        """The time before the handover is due at which the host is reminded."""
        return timedelta(hours=self.remind_hours)


class MeetingPolicy(_Part):
    """The rules within a meeting.

    They are: the notice that component points accept when they join, if there is one; what points on the Internet
    declare about their line (6.3.b); whether name and time are drawn over the composition (Điều 7.4); whether points
    that are not invited may wait for the host (3.7); whether microphones stay muted until the host unmutes them, or
    speaking without the floor is only recorded (11.6, A31).
    """

    notice: Annotated[Word, StringConstraints(max_length=500)] | None
    dedicated: Annotated[Word, StringConstraints(max_length=500)] | None
    watermark: bool
    uninvited: Literal["refuse", "hold"]
    microphones: Literal["enforced", "advisory"]


class ConductPolicy(_Part):
    """The rules for the conduct of a session: those that are checked while it is held and after it.

    From `summary_from` breaches in a month on, the head of a unit gets a summary; None: never (Điều 21.1).
    """

    meeting: MeetingPolicy
    lines: LinePolicy
    closing: ClosingPolicy
    recordings: RecordingPolicy
    summary_from: Count | None


class RevocationPolicy(_Part):
    """The rules for revoking codes of lower levels (Điều 12.4.b, readings A23–A25)."""

    order: Literal["latest_registered_first", "lowest_level_then_latest"]
    reprieve: bool
    mode: Literal["automatic", "operator_confirm"]
    live_sessions: LiveSessions
    live_notice_min: Annotated[int, Field(ge=0)]
    protect_within_min: Annotated[int, Field(ge=0)]
    hold_min: Count
    reinstate_notice_min: Annotated[int, Field(ge=0)]

    @property
    def live_notice(self) -> timedelta:
        """The time between the warning to a meeting and the loss of its code to an emergency."""
        return timedelta(minutes=self.live_notice_min)

    @property
    def protect(self) -> timedelta:
        """The time before a start within which only an emergency may revoke the code."""
        return timedelta(minutes=self.protect_within_min)

    @property
    def hold(self) -> timedelta:
        """The time for which a plan shown to the operator may be confirmed."""
        return timedelta(minutes=self.hold_min)

    @property
    def reinstate_notice(self) -> timedelta:
        """The least time before its start at which a queued session still gets a code automatically."""
        return timedelta(minutes=self.reinstate_notice_min)


class ReportPolicy(_Part):
    """The first days of the periods of reports (Điều 17.2.d, reading A37), as month and day."""

    year_begins: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")]
    half_begins: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")]


CALENDAR_YEAR = ReportPolicy(year_begins="01-01", half_begins="07-01")


class AuditPolicy(_Part):
    """The time for which the audit log is kept (Điều 7.1)."""

    keep_months: Count

    def oldest(self, now: datetime) -> datetime:
        """Return the time from which on entries are kept: the first day of a month."""
        months = now.year * 12 + now.month - 1 - self.keep_months
        return now.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


class SecondFactorPolicy(_Part):
    """The roles that sign in with a second factor: from everywhere, or from outside the trusted networks (TCVN 14423).

    Accounts of points, which a room shares, are exempt unless `points` says otherwise.
    """

    everywhere: tuple[AccountRole, ...] = ()
    outside: tuple[AccountRole, ...] = ()
    trusted: tuple[IPv4Network | IPv6Network, ...] = ()
    points: bool = False

    def demands(self, roles: Collection[str], *, of_point: bool, address: str) -> bool:
        """Return whether an account of these roles needs a second factor to sign in from an address."""
        if of_point and not self.points:
            return False
        if not {*self.everywhere}.isdisjoint(roles):
            return True
        return not {*self.outside}.isdisjoint(roles) and not self._trusts(address)

    def _trusts(self, address: str) -> bool:
        try:
            ip = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = ip.ipv4_mapped if ip.version == 6 else None
        return any((mapped or ip) in network for network in self.trusted)


NO_SECOND_FACTOR = SecondFactorPolicy()


class AccountPolicy(_Part):
    """The rules of passwords, of sign-ins that are left unused, and of accounts that are (TCVN 14423:2026, 5.6).

    Accounts of points, which a room shares, and the break-glass account are exempt from all but length, classes and
    history.
    """

    password_length: Annotated[int, Field(ge=12, le=16)] = 12
    """Of an account without a second factor; passwords that the server makes up have 16 characters."""
    password_classes: Annotated[int, Field(ge=1, le=4)] = 1
    """Of so many classes (small letters, capitals, digits, other characters) it must be, without a second factor."""
    lock_hours: Annotated[int, Field(ge=12, le=720)] | None = None
    """So long five wrong passwords lock an account for an address, five second factors for all; None: 15 minutes."""
    password_history: Annotated[int, Field(ge=0, le=24)] = 0
    """A new password is none of the last so many."""
    password_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """A password that is older must be changed; None: never."""
    idle_minutes: dict[AccountRole, Annotated[int, Field(ge=1, le=720)]] = Field(default_factory=dict)
    """A sign-in ends that was not used for so long; a role that is not named lets it be."""
    dormant_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """An account is disabled that nobody signed in to for so long; None: never."""

    def password(self, *, strong: bool) -> tuple[int, int]:
        """Return the least length of a password, and its least number of classes; `strong`: with a second factor."""
        return (12, 1) if strong else (self.password_length, self.password_classes)

    def idle(self, roles: Collection[str], *, exempt: bool) -> int | None:
        """Return after how many unused minutes a sign-in ends: the fewest of its roles; None: never."""
        minutes = [self.idle_minutes[role] for role in self.idle_minutes if role in roles]
        return None if exempt else min(minutes, default=None)


NO_ACCOUNT_POLICY = AccountPolicy()


class TwoPersonPolicy(_Part):
    """The actions that a second person approves, and how many minutes a request for one waits (TCVN 14423:2026)."""

    actions: tuple[Literal["revoke-codes", "change-roles"], ...] = ()
    minutes: Annotated[int, Field(ge=1, le=1440)] = 60

    @property
    def valid(self) -> timedelta:
        """Time for which a request waits."""
        return timedelta(minutes=self.minutes)


NO_SECOND_PERSON = TwoPersonPolicy()


class OnSiteRule(_Part):
    """Sessions of these levels or purposes need a person of each unit on site (Điều 16.3, 17.3, reading A38)."""

    levels: tuple[Word, ...]
    purposes: tuple[Word, ...]
    units: tuple[Word, ...]


class SelfTestPolicy(_Part):
    """The thresholds of a point's self-test (Điều 13.2.c): dBFS, brightness, rates, and the items to tick."""

    mic_dbfs: tuple[int, int]
    min_luma: Annotated[int, Field(ge=0, le=255)]
    min_kbps: Count
    ticks: dict[Word, Word]


class TestRoomPolicy(_Part):
    """The longest visit to the test room, and the delay of its echo (Điều 17.2.a, R-109)."""

    stay_min: Count
    echo_ms: Annotated[int, Field(ge=100, le=5000)]

    @property
    def stay(self) -> timedelta:
        """The longest time of a visit."""
        return timedelta(minutes=self.stay_min)


class PreparationPolicy(_Part):
    """The rules of readiness before and during a session (Điều 13.2, 14, 16.3, 17)."""

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
        """Return the time from which on sessions and attendee lists keep names and telephone numbers."""
        months = now.year * 12 + now.month - 1 - self.list_months
        return now.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


class Policy(_Part):
    """A whole profile; it is in force from its first day in the province's time zone until the next profile begins."""

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
    standings: tuple[RankException, ...] = ()
    naming: NamingPolicy
    capacity: CapacityPolicy
    session: SessionPolicy
    door: AccessWindowPolicy
    code: CodePolicy
    registration: RegistrationPolicy
    control: tuple[ControlRule, ...]
    classes: dict[ClassId, ClassPolicy]
    office: OfficePolicy
    deadlines: DeadlinePolicy
    revocation: RevocationPolicy
    audit: AuditPolicy
    second_factor: SecondFactorPolicy = Field(NO_SECOND_FACTOR, exclude_if=lambda value: value == NO_SECOND_FACTOR)
    """A profile that leaves it out, as those before it do, has the same contents as one that demands it of nobody."""
    accounts: AccountPolicy = Field(NO_ACCOUNT_POLICY, exclude_if=lambda value: value == NO_ACCOUNT_POLICY)
    """Likewise: without it accounts are as they were."""
    two_persons: TwoPersonPolicy = Field(NO_SECOND_PERSON, exclude_if=lambda value: value == NO_SECOND_PERSON)
    """Likewise: without it one person decides."""
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
        """Check that an exceptional rank is that of a level: with ranks between levels, an emergency could pass one."""
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
        """Check that every level has one rule for registering and one for control, and that every class is there."""
        known = sorted(level.id for level in self.levels)
        rules: dict[str, tuple[RegistrantRule | ControlRule, ...]] = {
            "registration.by": self.registration.by,
            "control": self.control,
        }
        for name, level_rules in rules.items():
            named = sorted(level for rule in level_rules for level in rule.levels)
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
        """Check that every quota has its article, and that the rules of the directory name existing levels."""
        known = {level.id for level in self.levels}
        named = {level for rule in self.directory.lines for level in rule.levels} | {*self.directory.per_session}
        if not named <= known:
            raise ValueError("directory names a level there is not")
        if not {level.id for level in self.levels if level.quota} <= self.directory.quotas.keys():
            raise ValueError("directory.quotas must name the article of each quota")
        return self

    def other_legs(self, recording: bool, purpose: str) -> int:
        """Return the legs that are no device of a point: the recorder, and the link to the Government."""
        recorder = self.capacity.recorder_legs if recording else 0
        return recorder + (self.capacity.link_legs if purpose in self.preparation.link_purposes else 0)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to is before effective_from")
        return self

    @property
    def stamp(self) -> str:
        """The id and the version, which a decision stores: ``KH-2023/1`` (R-001)."""
        return f"{self.id}/{self.version}"

    @property
    def zone(self) -> ZoneInfo:
        """The province's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def begins(self) -> datetime | None:
        """The first instant of the first day; None for a profile without one."""
        first = self.effective_from
        return None if first is None else datetime.combine(first, time(), self.zone).astimezone(UTC)

    def level(self, level_id: str) -> LevelPolicy | None:
        """Return a level, or None."""
        return next((level for level in self.levels if level.id == level_id), None)

    def rank(self, level_id: str, klass: ClassId, unit: str, start: datetime) -> int:
        """Return the rank of a session that a unit of a level hosts from `start` on.

        It is that of the level (0 if unknown) unless the unit has an exceptional rank on that day (reading A22). An
        emergency ranks slightly above.
        """
        own = [each for each in self.standings if each.unit == unit]
        then = [each for each in own if each.holds(start.astimezone(self.zone).date())]
        level = self.level(level_id)
        rank = then[0].rank if then else level.rank if level else 0
        return rank + self.classes[klass].rank_boost
