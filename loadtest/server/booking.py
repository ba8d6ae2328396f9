"""Books sessions over REST as a host unit does, and lets guest points into them as the centre does."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from loadtest.server.rest_client import Client
from scheduler.core.model import EMERGENCY, ONLINE, OTHER, PROVINCE_ORDERS

STARTS_IN = timedelta(seconds=3)
"""A session must begin in the future; joining is possible half an hour before."""
DURATION = timedelta(hours=2)


async def book(
    client: Client,
    host: str,
    points: Sequence[str],
    title: str,
    *,
    recording: bool = False,
    duration: timedelta = DURATION,
    starts_in: timedelta = STARTS_IN,
    script: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Register a session that begins in a moment, or later, and return it with its code. Raises Refused."""
    start = datetime.now(UTC).replace(microsecond=0) + starts_in
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
            "script": list(script),
            "class": EMERGENCY,
            "ground": PROVINCE_ORDERS,
            "reason": "Thử tải hệ thống",
            "purpose": OTHER,
            "kind": OTHER,
            "form": ONLINE,
            "secret": False,
        },
    )
    return session


async def is_guest(centre: Client, point: str) -> bool:
    """Return whether a point is of another agency and enters only sessions that the centre opened to it (Điều 6.5).

    Raises Refused.
    """
    access = await centre.get(f"/api/v1/directory/points/{point}/grants")
    return bool(access["needed"])


async def admit_guest(centre: Client, point: str, session: str) -> None:
    """Open a session to such a point, as a central technician does. Raises Refused."""
    await centre.post(f"/api/v1/directory/points/{point}/grants", {"session": session, "granted": True})


async def cancel(client: Client, session: str) -> None:
    """Cancel a session, so that it holds no capacity any longer. Raises Refused."""
    await client.post(f"/api/v1/sessions/{session}/cancel", {})


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
