"""Fills the capacity and calls endpoints of the queue, as its tests do."""

from typing import Any

from aiohttp import ClientSession

from tests.signaling.request_bodies import registration
from tests.signaling.world import CAM_RANH, DIEN_KHANH, HOST, NHA_TRANG, problem_of

API = "/api/v1"
DAY = "2026-04-08"
REASON = "Công văn 123/UBND-VP"


def hours(first: str, last: str, day: str = DAY) -> dict[str, str]:
    return {"start": f"{day}T{first}:00+07:00", "end": f"{day}T{last}:00+07:00"}


async def got(client: ClientSession, path: str) -> Any:
    async with client.get(API + path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def sent(client: ClientSession, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
    async with client.post(API + path, json=body or {}) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def refused(client: ClientSession, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    async with client.post(API + path, json=body or {}) as response:
        return await problem_of(response)


async def booked(client: ClientSession, host: str, devices: int, wait: bool = False, day: str = DAY) -> Any:
    """Register for a morning with so many devices in all."""
    other = CAM_RANH if host != CAM_RANH else NHA_TRANG
    await sent(client, f"/points/{other}/devices", {"devices": devices - 1})
    body = registration(host_point=host, points=[other], official=hours("08:00", "10:00", day), wait=wait)
    session = await sent(client, "/registrations", body, 201)
    assert session["legs"] == devices
    await sent(client, f"/points/{other}/devices", {"devices": 1})
    return session


async def full(client: ClientSession) -> tuple[Any, Any, Any]:
    """Book 90 and 60 of 200 legs for two districts, and 100 for the province, which waits."""
    first = await booked(client, NHA_TRANG, 90)
    second = await booked(client, DIEN_KHANH, 60)
    return first, second, await booked(client, HOST, 100, wait=True)
