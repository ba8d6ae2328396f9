"""The drill `upgrade`: three machines of the release before are upgraded one after the other, while meetings go on.

As docs/operations.md says: the machines whose servers stand by, then that of the server that leads. The media worker of
each is emptied before it ends. The release before is a commit, laid out and run beside this checkout.
"""

import asyncio
import json
import logging
import signal
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from loadtest.drills.drain import EMPTY_S, POLL_S, URL, leave_and_join, rooms_of_workers
from loadtest.drills.drill import Drill, DrillMeeting, until
from loadtest.drills.several_servers import (
    CHECKOUT,
    MEDIA,
    SERVERS,
    START_S,
    OneOfSeveral,
    SeveralServers,
    several,
    start_servers,
)
from loadtest.server import machines
from loadtest.server.accounts import Login
from loadtest.server.machines import Machine
from loadtest.server.postgresql import PostgreSql, postgresql
from loadtest.server.process import ServerFailed
from loadtest.server.rest_client import Client
from loadtest.time_limit import within
from scheduler.core.model import COMMUNE
from signaling.app import tls
from signaling.app.services import utc_now

log = logging.getLogger(__name__)

RELEASE_BEFORE = "164fca97"
"""The commit that is upgraded from by default."""
LAYOUT = "1+5"
REACHES_S = 5.0
"""Longest seconds until everybody sees a floor that was given or taken."""
DISTRICT = "568"
"""The unit that more communes belong to: that of Nha Trang."""
MORE_COMMUNES = 31
"""Communes beside the 169 registered points: two hundred sites, as a province has."""
PREPARE = """
import asyncio, json, os, sys
from loadtest.server import accounts
from signaling.app.admin_cli import NewAccount
from signaling.app.services import open_services, utc_now
from signaling.app.settings import read

async def prepare(points, communes, machines):
    administrator = NewAccount("loadtest-administrator", "Quản trị viên", ("administrator", "technician"))
    async with open_services(read(os.environ), migrating=False) as services:
        keys = {name: await services.worker_keys.make(name, utc_now()) for name in machines}
    await accounts.add_units(os.environ, communes)
    logins = await accounts.create_point_accounts(os.environ, points)
    [login] = await accounts.create_accounts(os.environ, [administrator])
    return {"keys": keys, "points": logins, "administrator": login}

print(json.dumps(asyncio.run(prepare(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))))
"""
"""What is done to the database before the upgrade, by the release before: this one would migrate it."""


class UpgradedServers(SeveralServers[PostgreSql]):
    """Three machines with a server of the release before, and three with a media worker."""

    def __init__(self, servers: SeveralServers[PostgreSql], prepared: Mapping[str, Any]) -> None:
        super().__init__(servers.front, servers.database, servers.servers, servers.folder)
        self._points: list[Login] = [(account, password) for account, password in prepared["points"]]
        self.administrator: Login = tuple(prepared["administrator"])

    async def point_accounts(self, count: int) -> list[Login]:
        """Return the accounts of so many points, which the release before has made."""
        return self._points[:count]

    async def stop_worker(self, machine: Machine) -> None:
        """Stop the media worker of a machine, as its operator does."""
        self.media[machine].terminate()
        await self.media[machine].wait()


@asynccontextmanager
async def servers_before(
    workers: int, points: int, commit: str = RELEASE_BEFORE, **settings: str
) -> AsyncIterator[UpgradedServers]:
    """Yield three servers of a commit over one PostgreSQL database, of which the first leads."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="diemcau-drill-")))
        before = await asyncio.to_thread(lay_out, commit, folder / "before")
        database = await stack.enter_async_context(postgresql(machines.make("engine")))
        servers = several(folder, (*SERVERS, "three"), database, points, settings)
        for each in servers.servers:
            each.checkout = before
        addresses = servers.environ["DIEMCAU_RELAY_FROM"].split(",")
        tls.context(folder / SERVERS[0] / "tls", addresses, utc_now())  # one for all, which the release before lacks
        await start_servers(servers, stack)
        media = [machines.make(f"{MEDIA}{number + 1}") for number in range(workers)]
        prepared = await _prepare(servers.leading, points + 1, [machine.name for machine in media])
        made = UpgradedServers(servers, prepared)
        stack.push_async_callback(made.end_workers)
        for machine in media:
            (folder / f"{machine.name}.key").write_text(prepared["keys"][machine.name])
            await made.start_worker(machine, before)
        async with Client(made.url) as client:
            await client.login(*made.administrator)
            for machine in media:
                await _until_served(client, machine)
        yield made


def lay_out(commit: str, folder: Path) -> Path:
    """Lay out a commit of this repository with its compiled loops, where a compiler is there. Raises OSError."""
    folder.mkdir()
    archive = ("git", "-C", str(CHECKOUT), "archive", commit)
    packed = subprocess.run(archive, capture_output=True, check=False)  # noqa: S603 - of ours
    if packed.returncode:
        raise OSError(f"there is no commit {commit} to upgrade from: {packed.stderr.decode().strip()}")
    subprocess.run(["tar", "-x"], cwd=folder, input=packed.stdout, check=True)  # noqa: S607 - as above
    build = (sys.executable, "setup.py", "-q", "build_ext", "--inplace")
    subprocess.run(build, cwd=folder, capture_output=True, check=True)  # noqa: S603 - as above
    return folder


def more_communes() -> str:
    """Return a units file of communes that no data of ours has; names of points have letters alone."""
    letters = islice(product(ascii_lowercase, repeat=2), MORE_COMMUNES)
    units = [
        {"id": f"tai.{''.join(pair)}", "name": f"Xã Thêm {''.join(pair).title()}", "level": COMMUNE, "parent": DISTRICT}
        for pair in letters
    ]
    return json.dumps({"units": units}, ensure_ascii=False)


async def _prepare(server: OneOfSeveral, points: int, machines: list[str]) -> dict[str, Any]:
    """Create accounts and keys by the release of a server. Raises ServerFailed."""
    environ = {**server.environ, "PYTHONPATH": str(server.checkout)}
    command = (sys.executable, "-c", PREPARE, str(points), more_communes(), *machines)
    process = await asyncio.create_subprocess_exec(*command, cwd=server.checkout, env=environ, stdout=PIPE)
    printed, _ = await process.communicate()
    if process.returncode:
        raise ServerFailed(f"the release before cannot create accounts: {process.returncode}")
    prepared: dict[str, Any] = json.loads(printed)
    return prepared


async def _until_served(client: Client, machine: Machine) -> None:
    """Wait until a machine has its worker. Raises TimeoutError."""
    async with within(START_S, f"the media worker of {machine.name} at the server"):
        while f"{machine.name}/1" not in await rooms_of_workers(client):  # noqa: ASYNC110 - no event says so
            await asyncio.sleep(POLL_S)


async def upgrade(drill: Drill[UpgradedServers]) -> dict[str, Any]:
    """Upgrade three machines while one point after the other leaves and joins; return what people notice."""
    for meeting in drill.meetings:
        await meeting.host.ask("layout", kind=LAYOUT, focus=meeting.host.seat)
    floors = [_floors(meeting) for meeting in drill.meetings]
    first, *others = zip(drill.server.servers, drill.server.media, strict=True)
    found: dict[str, Any] = {"leads_s": [], "obeys_s": [], "upgraded_s": [], "refused_joins": 0}
    for server, machine in (*others, first):
        began = time.monotonic()
        await _upgrade(drill, server, machine, found)
        found["upgraded_s"].append(time.monotonic() - began)
    gaps = [watcher.sound_gap_s for each in drill.meetings for watcher in each.watchers[:-1]]
    return {**found, "sound_gap_s": gaps, "meetings_kept": await _kept(drill, floors)}


async def _upgrade(
    drill: Drill[UpgradedServers], server: OneOfSeveral, machine: Machine, found: dict[str, Any]
) -> None:
    """Upgrade a server and a media worker: empty this, end both processes, start those of this release."""
    servers, joined = drill.server, asyncio.Event()
    joining = asyncio.create_task(leave_and_join(drill, joined))
    async with Client(servers.url) as client:
        await client.login(*servers.administrator)
        await client.post(f"{URL}/drain", {"worker": machine.name})
        async with within(EMPTY_S, f"a media worker of {machine.name} without rooms"):
            while (await rooms_of_workers(client)).get(f"{machine.name}/1"):  # noqa: ASYNC110 - no event says so
                await asyncio.sleep(POLL_S)
    await servers.stop_worker(machine)
    server.signal(signal.SIGUSR1)  # as `systemctl restart` does
    if server is servers.leading:
        asked = time.monotonic()
        found["leads_s"].append(await servers.succeed() - asked)
        joined.set()
        found["refused_joins"] += await joining
        found["obeys_s"] += await drill.obeyed(asked)
    await server.ended()
    server.checkout = CHECKOUT
    await server.start()
    await server.until(b"Standing by")
    await servers.start_worker(machine, CHECKOUT)
    async with Client(servers.url) as client:
        await client.login(*servers.administrator)
        await _until_served(client, machine)
        await client.post(f"{URL}/undrain", {"worker": machine.name})
    if not joined.is_set():
        joined.set()
        found["refused_joins"] += await joining


async def _kept(drill: Drill[UpgradedServers], floors: list[list[bool]]) -> bool:
    """Return whether floors and layouts are as they were, once the last command of the host has reached everybody."""
    with suppress(TimeoutError):
        await until(
            lambda: [_floors(meeting) for meeting in drill.meetings] == floors, REACHES_S, "the floors as before"
        )
    found = [_floors(meeting) for meeting in drill.meetings]
    layouts = {meeting.participants[-1].layout["kind"] for meeting in drill.meetings}
    if found != floors or layouts != {LAYOUT}:
        log.warning("x floors were %s and are %s; layouts are %s", floors, found, layouts)
    return found == floors and layouts == {LAYOUT}


def _floors(meeting: DrillMeeting) -> list[bool]:
    """Return who has the floor, but for the last point, which leaves and joins."""
    return [meeting.host.seats[each.seat]["floor"] for each in meeting.participants[:-1]]
