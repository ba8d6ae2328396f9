"""A registration of one session, for tests that book it at the scheduler."""

from datetime import datetime, timedelta

from scheduler.core.model import Interval, Request


def session_request(host: str, start: datetime, *points: str) -> Request:
    """Return a valid request for a session of two hours."""
    return Request(
        host_point=host,
        points=points,
        rehearsal=None,
        official=Interval(start, start + timedelta(hours=2)),
        title="Giao ban",
        contact_name="Nguyễn Văn A",
        contact_phone="0905123456",
        recording=False,
        submitted_by="focal",
        purpose="noi_bo_don_vi",
        kind="giao_ban",
        form="truc_tuyen",
        secret=False,
    )
