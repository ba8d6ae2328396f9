"""A meeting on an engine in this process, as the media server's own tests have it."""

from tests.mediaserver.conftest import meeting

__all__ = ["meeting"]
