"""Calls of the incidents' REST endpoints."""

from typing import Any

from aiohttp import ClientSession


async def list_incidents(client: ClientSession, query: str = "") -> list[dict[str, Any]]:
    async with client.get(f"/api/v1/incidents{query}") as response:
        assert response.status == 200
        found: list[dict[str, Any]] = await response.json()
        return found


async def take_step(client: ClientSession, incident: str, step: str, text: str = "") -> dict[str, Any]:
    async with client.post(f"/api/v1/incidents/{incident}/steps", json={"step": step, "text": text}) as response:
        assert response.status == 200, await response.text()
        changed: dict[str, Any] = await response.json()
        return changed
