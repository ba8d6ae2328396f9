"""A meeting on an engine in this process, and a database with units, as their own tests have them."""

from tests.mediaserver.conftest import meeting
from tests.scheduler.conftest import seeded_database, seeded_file, seeded_url

__all__ = ["meeting", "seeded_database", "seeded_file", "seeded_url"]
