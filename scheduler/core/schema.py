"""Tables that all features join: units, points, sessions, slots, devices.

Times are whole seconds since 1970 in UTC, so that every comparison is exact.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
    true,
)

from scheduler.core.model import ONLINE, ORDINARY, OTHER, PointState, State
from scheduler.core.sql_types import Timestamp, enumerated

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
    Column("state", enumerated(PointState, 16), nullable=False, server_default="active"),
    Column("taken_over", Timestamp),  # until it is assessed or moved
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
    Column("state", enumerated(State, 16), nullable=False),
    Column("mark", String(18), unique=True),  # of its live code, see scheduler.core.code_encryption
    Column("created", Timestamp, nullable=False),
    Column("profile", String(64), nullable=False),
    Column("submitted_by", String(200), nullable=False),
    Column("voices", Boolean, nullable=False, server_default=false()),
    Column("klass", String(16), nullable=False, server_default=ORDINARY),
    Column("received", Timestamp, nullable=False, server_default="0"),
    Column("effective", Timestamp, nullable=False, server_default="0"),
    Column("reply_due", Timestamp, nullable=False, server_default="0"),
    Column("check_due", Timestamp, nullable=False, server_default="0"),
    Column("provisional", Boolean, nullable=False, server_default=true()),
    Column("purpose", String(32), nullable=False, server_default=OTHER),
    Column("kind", String(32), nullable=False, server_default=OTHER),
    Column("form", String(32), nullable=False, server_default=ONLINE),
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
    Column("start", Timestamp, nullable=False),
    Column("end", Timestamp, nullable=False),
    Column("legs", Integer, nullable=False),
    Index("slots_end_start", "end", "start"),  # what is now or to come
    Index("slots_start_end", "start", "end"),
    Index("slots_length", text('("end" - start)')),  # the longest says how far back to look
)


DEVICES = Table(  # one row for each device that capacity counts; undescribed ones have no kind
    "devices",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), nullable=False, index=True),
    Column("number", Integer, CheckConstraint("number BETWEEN 1 AND 99"), nullable=False),  # told apart by
    Column("kind", String(16), nullable=False),
    Column("model", String(200), nullable=False),
    Column("serial", String(100), nullable=False),
    Column("address", String(45)),
    Column("protocol", String(16), nullable=False),
    Column("firmware", String(100), nullable=False),
    Column("patched", Date),
    Column("dial_out", Boolean, nullable=False),
    Column("security_owner", String(200), nullable=False),
    Column("asset_number", String(100), nullable=False),
    Column("asset_year", Integer),
    Column("asset_source", String(200), nullable=False),
    Column("user_agent", String(500), nullable=False),  # as it was last approved
    Column("codecs", String(500), nullable=False),  # likewise
    Column("port", Integer),
    Column("transport", String(8), nullable=False),
    Column("encryption", String(16), nullable=False),
    Column("sip_user", String(64), nullable=False),
    Column("stream_path", String(200), nullable=False),
    Column("auth_user", String(64), nullable=False),
    Column("media_addresses", String(200), nullable=False),
    Column("sip_profile", String(16), nullable=False),
    Column("camera_control", Boolean, nullable=False),
    Column("picture_kbps", Integer),
    Index("devices_point_number", "point", "number", unique=True),
)
