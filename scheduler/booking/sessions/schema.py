"""The scheduler's tables. Times are whole seconds since 1970 in UTC, so that every comparison is exact."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

METADATA = MetaData()

UNITS = Table(
    "units",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("level", String(32), nullable=False),
    Column("parent", String(64), ForeignKey("units.id")),
    Column("abbr", String(2)),
    Column("position", Integer, nullable=False, unique=True),  # order of the registry
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("successor", String(64)),
)

POINTS = Table(
    "points",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("slug", String(64), nullable=False, unique=True),  # names are told apart folded
    Column("label", String(250), nullable=False),
    Column("state", String(16), nullable=False, server_default="active"),
    Column("taken_over", BigInteger),  # until it is assessed or moved
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("seq", Integer, nullable=False, unique=True),  # registration order
    Column("number", String(32), nullable=False, unique=True),
    Column("title", String(1000), nullable=False),
    Column("host_point", String(64), ForeignKey("points.id"), nullable=False),
    Column("contact_name", String(500), nullable=False),
    Column("contact_phone", String(16), nullable=False),
    Column("recording", Boolean, nullable=False),
    Column("legs", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("mark", String(18), unique=True),  # of its live code, see scheduler.core.code_encryption
    Column("created", BigInteger, nullable=False),
    Column("profile", String(64), nullable=False),
    Column("submitted_by", String(200), nullable=False),
    Column("voices", Boolean, nullable=False, server_default=false()),
    Column("klass", String(16), nullable=False, server_default="thuong"),
    Column("received", BigInteger, nullable=False, server_default="0"),
    Column("effective", BigInteger, nullable=False, server_default="0"),
    Column("reply_due", BigInteger, nullable=False, server_default="0"),
    Column("check_due", BigInteger, nullable=False, server_default="0"),
    Column("provisional", Boolean, nullable=False, server_default=true()),
    Column("purpose", String(32), nullable=False, server_default="khac"),
    Column("kind", String(32), nullable=False, server_default="khac"),
    Column("form", String(32), nullable=False, server_default="truc_tuyen"),
    Column("ground", String(32), nullable=False, server_default=""),
    Column("reason", String(1000), nullable=False, server_default=""),
    Column("support", String(500), nullable=False, server_default=""),  # codes with blanks between
    Column("support_note", String(1000), nullable=False, server_default=""),
    Column("people", Integer),
    Column("people_at", Text, nullable=False, server_default="{}"),  # by point, as JSON
    Column("second_name", String(500), nullable=False, server_default=""),
    Column("second_phone", String(16), nullable=False, server_default=""),
    Column("folded", Text, nullable=False, server_default=""),  # number and title, as they are searched for
    Index("sessions_state", "state"),  # the queue is looked through whenever capacity comes free
    CheckConstraint("(state = 'issued') = (mark IS NOT NULL)", name="live_code_iff_issued"),  # I10
)

SESSION_POINTS = Table(
    "session_points",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

SLOTS = Table(
    "slots",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("legs", Integer, nullable=False),
    Index("slots_end_start", "end", "start"),  # what is now or to come
    Index("slots_start_end", "start", "end"),
    Index("slots_length", text('("end" - start)')),  # the longest says how far back to look
)

SCRIPT_ITEMS = Table(
    "script_items",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("title", String(1000), nullable=False),
    Column("point", String(64), ForeignKey("points.id")),
    Column("layout", String(32)),
    Column("minutes", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
)

CODES = Table(  # every code ever issued: none comes back (I10)
    "codes",
    METADATA,
    Column("mark", String(18), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("died", BigInteger),
    Column("sealed", String(120)),  # as long as it lives
)

HELD_PLANS = Table(  # shown to the operator, until when they may be confirmed
    "held_plans",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("victims", Text, nullable=False),  # session ids as JSON
    Column("until", BigInteger, nullable=False),
)

HAPPENINGS = Table(  # what notices and logs are made of; written with what it tells of
    "happenings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("cause", String(32), ForeignKey("sessions.id")),
    Column("by", String(200), nullable=False, server_default=""),  # empty: the system
    Column("reason", String(500), nullable=False, server_default=""),
    Column("profile", String(64), nullable=False, server_default=""),  # it was decided under; empty: before it was kept
)

CAPACITY_STEPS = Table(
    "capacity_steps",
    METADATA,
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("sessions", Integer, nullable=False),
    Column("points", Integer, nullable=False),
)

REGISTRATION_COUNTER = Table(  # the last number given in each year of the province's calendar
    "registration_counter",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

MAILBOXES = Table(  # official mailboxes of units
    "mailboxes",
    METADATA,
    Column("unit", String(64), ForeignKey("units.id"), primary_key=True),
    Column("address", String(254), nullable=False, unique=True),
)

OUTBOX = Table(  # notices, one row for each channel
    "outbox",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(500), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("unit", String(64), ForeignKey("units.id")),
    Column("session", String(32), index=True),
    Column("recipient", String(254), nullable=False),
    Column("thread", String(998), nullable=False),
    Column("facts", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", String(200), nullable=False),
    Column("sent", BigInteger),
    Index("outbox_state_due", "state", "due"),
)

ANSWERS = Table(  # what is owed to units, and whether it was given on time
    "answers",
    METADATA,
    Column("subject", String(32), primary_key=True),  # a draft or a session
    Column("kind", String(8), nullable=False),
    Column("number", String(32), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("klass", String(16), nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("effective", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("start", BigInteger),
    Column("answered", BigInteger),
    Column("told", Integer, nullable=False),  # the last share of the time, in percent, that somebody was reminded of
    Column("happening", Integer),  # up to which the session was followed
    Index("answers_answered_due", "answered", "due"),
    Index("answers_happening", "happening"),
)

EMERGENCIES_SEEN = Table(  # who of the duty desk took note of which emergency
    "emergencies_seen",
    METADATA,
    Column("subject", String(32), primary_key=True),  # a draft or a session
    Column("by", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)

LETTERS = Table(  # what came to the official mailbox, and what became of it; a Message-ID of a sender comes once
    "letters_received",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("message_id", String(500), nullable=False),
    Column("sender", String(254), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("arrived", BigInteger, nullable=False, server_default="0"),  # at the mail server
    Column("draft", String(32), ForeignKey("drafts.id", name="letter_draft")),
    Column("size", BigInteger, nullable=False),
    Column("validity", BigInteger, nullable=False),  # UIDVALIDITY and UID: where it lies (RFC 3501 §2.3.1)
    Column("uid", BigInteger, nullable=False),
    Column("unit", String(64), ForeignKey("units.id")),
    Column("verdict", String(8), nullable=False),
    Column("authentication", String(300), nullable=False),
    Column("fate", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("handled", BigInteger),
    Column("handled_by", String(64), nullable=False),
    UniqueConstraint("message_id", "sender", name="letter_once"),
    Index("letters_received_place", "validity", "uid"),
    Index("letters_received_fate", "fate", "at"),
)

LETTERS_RAW = Table(  # kept for whoever confirms what was read from it
    "letters_raw",
    METADATA,
    Column("letter", BigInteger, ForeignKey("letters_received.id", ondelete="CASCADE"), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)

PROFILES = Table(  # every content a profile ever had here: what a decision was taken under
    "profiles",
    METADATA,
    Column("id", String(48), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("recorded", BigInteger, nullable=False),
)

PROFILES_FILED = Table(  # those that hold beside the configured ones
    "profiles_filed",
    METADATA,
    Column("id", String(48), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)

CALENDAR_DAYS = Table(  # corrections by an administrator, on top of those shipped
    "calendar_days",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    Column("number", String(100), nullable=False),  # of the document
    Column("dated", Date),
    Column("by", String(200), nullable=False),
)

CALENDAR_YEARS = Table(  # years an administrator has confirmed
    "calendar_years",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("by", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)

DRAFTS = Table(  # registrations that wait in a unit's inbox
    "drafts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("origin", String(64), ForeignKey("units.id"), index=True),
    Column("channel", String(16), nullable=False),
    Column("source", String(320), nullable=False),
    Column("thread", String(998), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("arrived", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("settled", BigInteger),
    Column("session", String(32), ForeignKey("sessions.id")),
)

REFUSALS = Table(  # registrations that were refused, by which rule; one row for every try
    "refusals",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False),
    Column("host_point", String(64), ForeignKey("points.id"), nullable=False),
    Column("title", String(1000), nullable=False),
    Column("klass", String(16), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("word", String(16), nullable=False),
    Column("detail", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("profile", String(64), nullable=False),
)
