"""Books sessions over REST: registers them as a host unit would, grants them to guests as the centre does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from loadtest.server.rest_client import Client

SOON = timedelta(seconds=3)
"""A registration must begin in the future; joining is possible half an hour before."""
DURATION = timedelta(hours=2)


async def book(
    client: Client,
    host: str,
    points: Sequence[str],
    title: str,
    *,
    recording: bool = False,
    duration: timedelta = DURATION,
) -> dict[str, Any]:
    """Register a session that begins in a moment, and return it with its code. Raises Refused."""
    start = datetime.now(UTC).replace(microsecond=0) + SOON
    session: dict[str, Any] = await client.post(
        "/api/v1/registrations",
        {
            "host_point": host,
            "points": list(points),
            "rehearsal": None,
            "official": {"start": _text(start), "end": _text(start + duration)},
            "title": title,
            "contact_name": "Kiểm tra tải",
            "contact_phone": "0258 382 2229",
            "recording": recording,
            "class": "khan_cap",
            "ground": "chi_dao_ubnd_tinh",
            "reason": "Thử tải hệ thống",
            "purpose": "khac",
            "kind": "khac",
            "form": "truc_tuyen",
            "secret": False,
        },
    )
    return session


async def meets_by_grant(centre: Client, point: str) -> bool:
    """Return True if a point enters only sessions that it was granted (Điều 6.5). Raises Refused."""
    found = await centre.get(f"/api/v1/directory/points/{point}/grants")
    return bool(found["needed"])


async def grant(centre: Client, point: str, session: str) -> None:
    """Grant a session to such a point, as a central technician does. Raises Refused."""
    await centre.post(f"/api/v1/directory/points/{point}/grants", {"session": session, "granted": True})


async def cancel(client: Client, session: str) -> None:
    """Cancel a session, so that it holds no capacity any longer. Raises Refused."""
    await client.post(f"/api/v1/sessions/{session}/cancel", {})


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
