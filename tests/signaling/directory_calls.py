"""Calls of the directory's REST endpoints, for tests of several features."""

from typing import Any

from aiohttp import ClientSession

from signaling.app.admin_cli import NewAccount, create_account
from signaling.audit.hash_chain import COVER
from signaling.audit.log import EntryFilter
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, PASSWORD, World, problem_of


async def post(client: ClientSession, path: str, **body: Any) -> dict[str, Any]:
    async with client.post(f"/api/v1/directory/{path}", json=body) as response:
        assert response.status in {200, 201}, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def noted(world: World, number: int) -> list[tuple[str, str, str, str]]:
    """What the newest entries of the audit log say, but for what was refused and the seals of the clerk's rounds."""
    found = [sealed.entry for sealed in await world.services.audit.newest(EntryFilter(), 50)]
    done = [(e.actor, e.action, e.subject, e.detail) for e in found if e.action not in ("refused", COVER)]
    return done[:number]


FRESH = "mat khau cua toi 2026"


async def first(world: World, link: str, password: str = FRESH) -> tuple[int, Any]:
    token = link.partition("#")[2]
    async with world.client().post("/api/v1/first-password", json={"token": token, "password": password}) as response:
        if response.status == 200:
            return 200, (await response.json())["account"]
        return await problem_of(response)


async def connected(world: World) -> dict[str, str]:
    """Give Nha Trang a line of VNPT with an account, Cam Ranh one of Viettel; return the ids by name."""
    central = await world.signed_in("central")
    ids = {}
    for name, point in (("VNPT", NHA_TRANG), ("Viettel", CAM_RANH)):
        ids[name] = (await post(central, "providers", name=name))["id"]
        line = {"type": "WAN", "subscribed_kbps": 4000, "up_kbps": 4000, "down_kbps": 3900, "provider": ids[name]}
        await post(central, f"points/{point}/lines", **line, ranges="127.0.0.0/8")
    await create_account(world.services, NewAccount("noc", "Trực VNPT", ("provider",), provider="VNPT"), PASSWORD, NOW)
    return ids
