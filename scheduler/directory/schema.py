"""SQL tables of the directory. Times are whole seconds since 1970 in UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from scheduler.core.model import PointState
from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp, enumerated

ROOMS = Table(  # the room of each point
    "rooms",
    METADATA,
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("address", String(300), nullable=False),
    Column("seats", Integer),
    Column("managing_unit", String(64), ForeignKey("units.id")),
    Column("security_owner", String(200), nullable=False),
    Column("note", String(1000), nullable=False),
)

POINT_ALIASES = Table(  # former names of points, by which they are still found
    "point_aliases",
    METADATA,
    Column("slug", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("point", String(64), ForeignKey("points.id"), nullable=False, index=True),
    Column("until", Timestamp, nullable=False),
)

POINT_MOVES = Table(  # every move of a point from state to state
    "point_moves",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), nullable=False, index=True),
    Column("at", Timestamp, nullable=False),
    Column("move", String(16), nullable=False),
    Column("state", enumerated(PointState, 16), nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("profile", String(64), nullable=False),
)

QUOTA_EXCEPTIONS = Table(  # exemptions: more points, or an Internet line, by document
    "quota_exceptions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("extra", Integer, nullable=False),
    Column("number", String(100), nullable=False),  # of the document
    Column("dated", Date, nullable=False),
    Column("valid_to", Date),
    Column("by", String(200), nullable=False),
)

ASSESSMENTS = Table(  # every assessment form that was filled in
    "assessments",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), nullable=False, index=True),
    Column("at", Timestamp, nullable=False),
    Column("assessor", String(200), nullable=False),
    Column("result", String(16), nullable=False),
    Column("items", Text, nullable=False),  # JSON
    Column("reference", String(500), nullable=False),
    Column("expires", Timestamp),
    Column("profile", String(64), nullable=False),
)

EVIDENCE = Table(  # files that prove assessments, exemptions and controls
    "evidence",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("behind", String(16), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("name", String(250), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("path", String(64), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)

PROVIDERS = Table(  # telecom providers and their contacts
    "providers",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("contact", String(200), nullable=False),
    Column("phone", String(16), nullable=False),
    Column("email", String(254), nullable=False),
)

LINES = Table(
    "lines",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), nullable=False, index=True),
    Column("type", String(16), nullable=False),
    Column("provider", String(32), ForeignKey("providers.id")),
    Column("subscribed_kbps", Integer, nullable=False),
    Column("dedicated", Boolean, nullable=False),
    Column("ranges", String(500), nullable=False),  # networks, separated by blanks
    Column("up_kbps", Integer),
    Column("down_kbps", Integer),
    Column("measured", Timestamp),
)


PEOPLE = Table(  # people who run rooms, with their first and last days
    "people",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("point", String(64), ForeignKey("points.id"), index=True),
    Column("role", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("phone", String(16), nullable=False),
    Column("email", String(254), nullable=False),
    Column("trained", Date),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", String(200), nullable=False),
    Column("replaces", String(32), ForeignKey("people.id")),
    Column("account", String(64)),
    Column("updated", Timestamp, nullable=False),
)

CHANGES = Table(  # requested changes and observed drifts of devices
    "changes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), nullable=False, index=True),
    Column("device", String(32), ForeignKey("devices.id")),
    Column("kind", String(16), nullable=False),
    Column("field", String(16), nullable=False),
    Column("old", String(500), nullable=False),
    Column("new", String(500), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("by", String(200), nullable=False),
    Column("decided", Timestamp),
    Column("decided_by", String(200), nullable=False),
    Index("changes_state", "state"),
)

GRANTS = Table(  # sessions that points of other agencies may enter
    "grants",
    METADATA,
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)

CONTROLS = Table(  # the state of each security control of the system or a point (R-036, I-13, A9)
    "controls",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("checklist", String(32), nullable=False),
    Column("subject", String(64), nullable=False),  # a point; empty: the system
    Column("item", String(32), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("remark", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("due", Date, nullable=False),
    Index("controls_subject", "subject", "checklist", "item", unique=True),
)

DISPLAYS = Table(  # devices that are room displays, with the hash of the token by which each is known
    "displays",
    METADATA,
    Column("device", String(32), ForeignKey("devices.id"), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("sends", Boolean, nullable=False),
    Column("paired", Timestamp, nullable=False),
    Index("displays_key", "key", unique=True),
)

SIP_SECRETS = Table(  # PINs and passwords of devices, encrypted (decision 11)
    "sip_secrets",
    METADATA,
    Column("device", String(32), ForeignKey("devices.id"), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("sealed", String(1000), nullable=False),
)

SIP_BINDINGS = Table(  # where registered devices take calls (RFC 3261 §10), one for each device
    "sip_bindings",
    METADATA,
    Column("device", String(32), ForeignKey("devices.id"), primary_key=True),
    Column("contact", String(300), nullable=False),
    Column("host", String(45), nullable=False),
    Column("port", Integer, nullable=False),
    Column("transport", String(8), nullable=False),
    Column("call_id", String(200), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("expires", Timestamp, nullable=False),
)
