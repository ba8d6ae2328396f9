"""Columns of times convert in one place (scheduler/core/sql_types.py): plain integers are none of them."""

from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy as sa

import scheduler.core.schema
import signaling.core.schema
from scheduler.core.sql_types import MillisecondTimestamp, Timestamp

ROOT = Path(__file__).parents[1]
COUNTS = {
    *("id", "entry", "letter", "bytes", "size", "validity", "uid", "epoch", "milliseconds"),
    *("last_step", "sign_count"),
}
"""Names of columns that hold ids, counts and lengths."""
OF_THE_DATABASE = {"server_lease.until"}
"""Times that SQL alone writes and compares, by the clock of the database."""

for file in sorted((*ROOT.glob("scheduler/**/schema.py"), *ROOT.glob("signaling/**/schema.py"))):
    import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
COLUMNS = {
    f"{table.name}.{column.name}": column
    for metadata in (scheduler.core.schema.METADATA, signaling.core.schema.METADATA)
    for table in metadata.tables.values()
    for column in table.columns
}


def test_every_large_integer_is_a_count_or_a_time() -> None:
    plain = {
        name for name, column in COLUMNS.items() if isinstance(column.type, sa.BigInteger) and column.name not in COUNTS
    }
    assert plain == OF_THE_DATABASE


@pytest.mark.parametrize("name", ["sessions.created", "slots.start", "codes.died", "happenings.at", "drafts.settled"])
def test_times_of_bookings_are_timestamps(name: str) -> None:
    assert isinstance(COLUMNS[name].type, Timestamp)


def test_times_of_the_server_are_timestamps() -> None:
    assert isinstance(COLUMNS["audit.at"].type, Timestamp)
    assert isinstance(COLUMNS["recordings.first"].type, MillisecondTimestamp)
    assert sum(isinstance(column.type, Timestamp) for column in COLUMNS.values()) > 80
