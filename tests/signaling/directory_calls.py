"""Calls of the directory's REST endpoints, for tests of several features."""

from typing import Any

from aiohttp import ClientSession

from signaling.app.admin_cli import NewAccount, create_account
from signaling.audit.hash_chain import COVER
from signaling.audit.log import EntryFilter
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, PASSWORD, World, problem_of


async def post_directory(client: ClientSession, path: str, **body: Any) -> dict[str, Any]:
    """Post to a path below `/directory/`, which must succeed; return the response's JSON."""
    async with client.post(f"/api/v1/directory/{path}", json=body) as response:
        assert response.status in {200, 201}, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def newest_audit_rows(world: World, number: int) -> list[tuple[str, str, str, str]]:
    """Return actor, action, subject and detail of the newest audit rows, without refusals and entries of the jobs."""
    found = [chained.entry for chained in await world.services.audit.newest(EntryFilter(), 50)]
    done = [(e.actor, e.action, e.subject, e.detail) for e in found if e.action not in ("refused", COVER)]
    return done[:number]


FRESH_PASSWORD = "mat khau cua toi 2026"


async def set_first_password(world: World, link: str, password: str = FRESH_PASSWORD) -> tuple[int, Any]:
    """Set the first password by a one-time link; return 200 and the account, or the status and word of the problem."""
    token = link.partition("#")[2]
    async with world.client().post("/api/v1/first-password", json={"token": token, "password": password}) as response:
        if response.status == 200:
            return 200, (await response.json())["account"]
        return await problem_of(response)


async def add_provider_lines(world: World) -> dict[str, str]:
    """Give Nha Trang a line of VNPT with an account, Cam Ranh one of Viettel; return the ids by name."""
    central = await world.signed_in("central")
    ids = {}
    for name, point in (("VNPT", NHA_TRANG), ("Viettel", CAM_RANH)):
        ids[name] = (await post_directory(central, "providers", name=name))["id"]
        line = {"type": "WAN", "subscribed_kbps": 4000, "up_kbps": 4000, "down_kbps": 3900, "provider": ids[name]}
        await post_directory(central, f"points/{point}/lines", **line, ranges="127.0.0.0/8")
    await create_account(world.services, NewAccount("noc", "Trực VNPT", ("provider",), provider="VNPT"), PASSWORD, NOW)
    return ids
