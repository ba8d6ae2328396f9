"""Calls of the readiness board's REST endpoints."""

from typing import Any

from aiohttp import ClientSession

from scheduler.core.model import Session


async def fetch_board(client: ClientSession, session: Session) -> dict[str, Any]:
    async with client.get(f"/api/v1/readiness/{session.id}") as response:
        assert response.status == 200, await response.text()
        return dict(await response.json())


def mark_of(found: dict[str, Any], point: str, item: str) -> tuple[str, str]:
    (row,) = [row for row in found["points"] if row["point"] == point]
    (judged,) = [each for each in row["marks"] if each["item"] == item]
    return judged["colour"], judged["word"]
