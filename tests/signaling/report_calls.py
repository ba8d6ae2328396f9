"""Calls of the reports' REST endpoints."""

from typing import Any

from aiohttp import ClientSession


async def fetch_report_file(client: ClientSession, query: str) -> bytes:
    async with client.get(f"/api/v1/reports/file?{query}") as response:
        assert response.status == 200
        return await response.read()


async def fetch_report(client: ClientSession, query: str = "") -> Any:
    async with client.get(f"/api/v1/reports?{query}") as response:
        assert response.status == 200
        return await response.json()
