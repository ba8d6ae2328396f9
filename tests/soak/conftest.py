"""Fixtures of other tests: a meeting on an engine in this process, and a database with units."""

from tests.mediaserver.conftest import meeting
from tests.scheduler.conftest import seeded_database, seeded_file, seeded_url

__all__ = ["meeting", "seeded_database", "seeded_file", "seeded_url"]
