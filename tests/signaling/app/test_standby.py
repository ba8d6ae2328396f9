"""Several servers of one system: one leads, the others stand by, pass connections on, and lead when it dies.

Also tests `secrets_file.py`, `signaling/http/relay.py` and `proxy_protocol.py`.
"""

import asyncio
import ipaddress
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from loadtest.server import postgresql
from loadtest.server.machines import HERE
from loadtest.server.ports import free_port
from scheduler.core import database
from scheduler.operations.votes.ballot_keys import BallotKeys
from scheduler.operations.votes.model import Question, Voter
from signaling.app import lease, secrets_file, serve, standby, tls
from signaling.app.settings import RelaySettings, Settings, read
from signaling.app.standby import Steadiness, destroy_keys, stand_by
from signaling.core.errors import SettingsError
from signaling.http import proxy_protocol
from signaling.http.listener import Listener
from signaling.meeting.schema import MEETINGS
from tests.signaling.server_environment import server_environ
from tests.signaling.world import NOW, World, make_settings

LOOPBACK = "127.0.0.1"
START_S = 60.0


@dataclass
class RunningServer:
    """A server process of a system, with what it printed."""

    process: Process
    data: Path
    port: int
    greeting: list[bytes]

    @property
    def url(self) -> str:
        """Its address for everybody."""
        return f"https://{LOOPBACK}:{self.port}/"

    async def leads(self) -> None:
        """Wait until it leads."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START_S):
            while not self.greeting or b"Ctrl-C" not in self.greeting[-1]:
                line = await self.process.stdout.readline()
                assert line, await self.process.communicate()
                self.greeting.append(line)

    async def logs(self, text: str) -> None:
        """Wait until it has logged a text."""
        assert self.process.stderr is not None
        async with asyncio.timeout(START_S):
            while text.encode() not in (line := await self.process.stderr.readline()):
                assert line, f"the server ended with {await self.process.wait()}"


@asynccontextmanager
async def one_of_several(data: Path, postgres_url: str, valkey: str) -> AsyncIterator[RunningServer]:
    """Yield a server process without media workers of its own."""
    port, relay = free_port(), free_port()
    variables = server_environ(data) | {
        "DIEMCAU_DATABASE_URL": postgres_url,
        "DIEMCAU_REDIS_URL": valkey,
        "DIEMCAU_PORT": str(port),
        "DIEMCAU_WORKERS": "0",
        "DIEMCAU_RELAY": f"{LOOPBACK}:{relay}",
        "DIEMCAU_RELAY_FROM": LOOPBACK,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "signaling", "serve", env=variables, stdout=PIPE, stderr=PIPE
    )
    try:
        yield RunningServer(process, data, port, [])
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client that trusts every certificate and keeps no connection."""
    connector = aiohttp.TCPConnector(ssl=False, force_close=True)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield client


async def test_keys_of_votes_that_the_server_that_leads_has_closed_are_destroyed(
    settings: Settings, world: World
) -> None:
    session = await world.session()
    voters = [Voter(point, point, point) for point in session.everyone]
    vote = await world.services.votes.open(session.id, Question("Bầu?", secret=True), voters, "host", NOW)
    BallotKeys(settings.data / "ballots").make("closed-elsewhere")
    await destroy_keys(settings, world.services.database)
    assert [path.name for path in (settings.data / "ballots").iterdir()] == [vote.id]


@pytest.mark.postgres
async def test_a_server_that_stands_by_answers_by_the_one_that_leads_and_succeeds_it(
    tmp_path: Path, postgres_url: str, valkey_url: str
) -> None:
    first, second, secrets = tmp_path / "a", tmp_path / "b", tmp_path / "secrets"
    async with AsyncExitStack() as stack:
        leading = await stack.enter_async_context(one_of_several(first, postgres_url, valkey_url))
        await leading.leads()
        password = re.search(rb"password (\S+)", b"".join(leading.greeting))
        assert password is not None
        secrets_file.save(replace(make_settings(tmp_path, None), data=first), secrets)
        secrets_file.load(replace(make_settings(tmp_path, None), data=second), secrets)
        waiting = await stack.enter_async_context(one_of_several(second, postgres_url, valkey_url))
        await waiting.logs("standing by for")
        login = {"account": "admin", "password": password[1].decode()}
        client = await stack.enter_async_context(browser())
        async with client.post(f"{waiting.url}api/v1/login", json=login) as response:
            assert response.status == 200
            cookies = response.cookies
        engine = database.connect(postgres_url)
        stack.push_async_callback(engine.dispose)
        newer = {"session": "newer", "epoch": 1, "record": '{"version": 99}', "changed": datetime.now(UTC)}
        async with engine.begin() as connection:
            await connection.execute(insert(MEETINGS).values(newer))
        leading.process.send_signal(signal.SIGKILL)
        await leading.process.wait()
        await waiting.logs("this server cannot lead: a running meeting was stored by a newer release (version 99")
        async with engine.begin() as connection:  # as a server of that release does which leads meanwhile
            await connection.execute(delete(MEETINGS))
        await waiting.leads()
        client.cookie_jar.update_cookies(cookies)
        async with client.get(f"{waiting.url}api/v1/me") as response:  # its login is in the database
            assert (response.status, (await response.json())["account"]) == (200, "admin")
        back = await stack.enter_async_context(one_of_several(first, postgres_url, valkey_url))
        await back.logs("standing by for")
        async with client.get(f"{back.url}healthz") as response:
            assert response.status == 200
        waiting.process.send_signal(signal.SIGTERM)
        await waiting.process.communicate()
        assert waiting.process.returncode == 0
        await back.leads()


@pytest.mark.postgres
async def test_a_server_that_is_restarted_gives_the_lease_back_before_its_listener_closes(
    tmp_path: Path, postgres_url: str, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests, and the connections to media workers, take seconds to end."""
    made = replace(settings_of_two(tmp_path)[0], database_url=postgres_url, redis_url=valkey_url, workers=0)
    engine, certificates = database.connect(postgres_url), tls.Certificates(made.data / "tls")
    seen: list[tuple[int, ...]] = []
    stop_listener = Listener.stop

    async def observed(listener: Listener) -> None:
        async with engine.connect() as connection:
            seen.append(tuple((await connection.execute(text("SELECT epoch, until FROM server_lease"))).one()))
        await stop_listener(listener)

    monkeypatch.setattr(Listener, "stop", observed)
    ending = serve.Ending(made.run, certificates.reload)
    ending._leave()  # as by SIGUSR1
    with socket.create_server((LOOPBACK, 0)) as https:
        await serve._lead(made, ending, certificates, https)
    await engine.dispose()
    assert seen == [(1, 0)]  # taken once, and given back


@pytest.mark.postgres
async def test_a_server_of_another_system_is_refused(tmp_path: Path, postgres_url: str, valkey_url: str) -> None:
    async with one_of_several(tmp_path / "a", postgres_url, valkey_url) as leading:
        await leading.leads()
        async with one_of_several(tmp_path / "b", postgres_url, valkey_url) as stranger:
            async with asyncio.timeout(START_S):
                _, complaint = await stranger.process.communicate()
        assert stranger.process.returncode == 1
        assert f"another server works on this database ({socket.gethostname()}" in complaint.decode()


@pytest.mark.postgres
async def test_an_outage_of_postgresql_changes_no_leader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby, "RENEWAL_SECONDS", START_S)  # one late attempt on a busy machine would end it
    renew, may_renew, look, seen_expired = lease.Lease._renew, asyncio.Event(), lease.leader, asyncio.Event()
    may_renew.set()

    async def renew_once_it_may(held: lease.Lease, engine: AsyncEngine) -> bool:
        await may_renew.wait()
        return await renew(held, engine)

    async def looked(engine: AsyncEngine) -> lease.Leader | None:
        found = await look(engine)
        if found is not None and found.expired:
            seen_expired.set()
        return found

    monkeypatch.setattr(lease.Lease, "_renew", renew_once_it_may)
    monkeypatch.setattr(standby, "leader", looked)
    async with postgresql.postgresql(HERE) as server, AsyncExitStack() as stack:
        leading, waiting = (replace(made, database_url=server.url) for made in settings_of_two(tmp_path))
        engine = database.connect(server.url)
        stack.push_async_callback(engine.dispose)

        async def expired() -> bool | None:
            try:
                found = await lease.leader(engine)
            except (SQLAlchemyError, OSError):
                return None
            return found is not None and found.expired

        async def until(state: bool | None) -> None:
            async with asyncio.timeout(START_S):
                while await expired() is not state:
                    await asyncio.sleep(0.02)

        await stack.enter_async_context(lease.Lease(leading, lambda: None).held(engine))
        listening, ended = stack.enter_context(socket.create_server((LOOPBACK, 0))), asyncio.Event()
        standing_by = asyncio.create_task(stand_by(waiting, listening, ended))
        await until(False)
        await server.stop()
        await until(None)
        await asyncio.to_thread(time.sleep, lease.LEASE_SECONDS)
        may_renew.clear()  # until the server that stands by has looked
        seen_expired.clear()
        await server.start()
        async with asyncio.timeout(START_S):
            await seen_expired.wait()
        may_renew.set()
        await until(False)
        assert not standing_by.done()
        ended.set()
        await standing_by


def settings_of_two(tmp_path: Path) -> list[Settings]:
    """Return the settings of two servers of a system."""
    made = []
    for name in "ab":
        data = tmp_path / name
        data.mkdir()
        (data / "server.id").write_text("0" * 32)
        relay = RelaySettings(LOOPBACK, free_port(), frozenset({LOOPBACK}))
        made.append(replace(make_settings(data, None), relay=relay))
    return made


def test_an_outage_of_the_database_leaves_its_leader_time_to_renew_the_lease() -> None:
    steadiness = Steadiness()
    steadiness.answered(asked=0.0, now=0.1)
    assert steadiness.suffices(0.1)  # a leader that dies is succeeded at once
    steadiness.failed()
    assert not steadiness.suffices(1000.0)
    steadiness.answered(asked=30.0, now=30.1)
    steadiness.answered(asked=33.0, now=33.1)
    assert [steadiness.suffices(now) for now in (30.1, 34.0, 34.2)] == [False, False, True]
    steadiness.answered(asked=40.0, now=41.9)  # it stood still, and no look failed
    assert [steadiness.suffices(now) for now in (42.0, 46.0)] == [False, True]


def test_several_servers_need_postgresql_and_both_settings() -> None:
    given_settings = {"DIEMCAU_RELAY": "[2001:db8::1]:8444", "DIEMCAU_RELAY_FROM": "10.0.0.2,10.0.0.3"}
    with pytest.raises(SettingsError, match="need PostgreSQL"):
        read(given_settings)
    with pytest.raises(SettingsError, match="need both"):
        read({"DIEMCAU_RELAY": "10.0.0.1:8444"})
    with pytest.raises(SettingsError, match="must look like"):
        read({"DIEMCAU_RELAY": "10.0.0.1", "DIEMCAU_RELAY_FROM": "10.0.0.2"})
    found = read({**given_settings, "DIEMCAU_DATABASE_URL": "postgresql://db/diemcau", "DIEMCAU_WORKERS": "0"})
    assert found.relay == RelaySettings("2001:db8::1", 8444, frozenset({"10.0.0.2", "10.0.0.3"}))
    assert found.workers == 0


def test_secrets_are_loaded_into_an_empty_data_directory_alone(tmp_path: Path) -> None:
    settings: Sequence[Settings] = [replace(make_settings(tmp_path, None), data=tmp_path / name) for name in "ab"]
    with pytest.raises(SettingsError, match="start the server once"):
        secrets_file.save(settings[0], tmp_path / "secrets")
    (tmp_path / "a" / "tls").mkdir(parents=True)
    for name in (*secrets_file.REQUIRED, *secrets_file.OPTIONAL):
        (tmp_path / "a" / name).write_bytes(name.encode())
    secrets_file.save(settings[0], tmp_path / "secrets")
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o600
    secrets_file.load(settings[1], tmp_path / "secrets")
    for name in (*secrets_file.REQUIRED, *secrets_file.OPTIONAL):
        assert (tmp_path / "b" / name).read_bytes() == name.encode()
        assert (tmp_path / "b" / name).stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsError, match="belongs to a system already"):
        secrets_file.load(settings[1], tmp_path / "secrets")
    for bad in (b"", b"[]", b"{}", b'{"server.id": 1}', b'{"../x": ""}', b"[" * 100_000):
        with pytest.raises(SettingsError, match="save-secrets"):
            secrets_file.read(bad)


ADDRESSES = st.tuples(st.ip_addresses().map(str), st.integers(0, 65535))


@example(("::ffff:c000:207", 1), ("192.0.2.1", 2), b"")
@given(ADDRESSES, ADDRESSES, st.binary(max_size=64))
def test_what_is_written_about_a_connection_is_read(
    came_from: tuple[str, int], to: tuple[str, int], extensions: bytes
) -> None:
    header = proxy_protocol.write(came_from, to)
    fixed, rest = header[: proxy_protocol.FIXED_BYTES], header[proxy_protocol.FIXED_BYTES :]
    assert proxy_protocol.rest_length(fixed) == len(rest)
    address = ipaddress.ip_address(came_from[0])
    plain = address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
    assert proxy_protocol.source(fixed, rest + extensions) == (str(plain), came_from[1])


def test_the_header_of_haproxy_is_read() -> None:
    """As haproxy 3.0 writes it for a connection of 192.0.2.7:50000 to 192.0.2.1:443 (`send-proxy-v2`)."""
    header = bytes.fromhex("0d0a0d0a000d0a515549540a 21 11 000c c0000207 c0000201 c350 01bb")
    assert proxy_protocol.rest_length(header[:16]) == 12
    assert proxy_protocol.source(header[:16], header[16:]) == ("192.0.2.7", 50000)
    assert header == proxy_protocol.write(("192.0.2.7", 50000), ("192.0.2.1", 443))
    local = bytes.fromhex("0d0a0d0a000d0a515549540a 20 00 0000")
    assert (proxy_protocol.rest_length(local), proxy_protocol.source(local, b"")) == (0, None)
    for bad in (b"GET / HTTP/1.1\r\n", header[:13] + b"\x31" + header[14:16], header[:14] + b"\xff\xff"):
        with pytest.raises(ValueError, match=r"PROXY protocol|TCP"):
            proxy_protocol.source(bad, b"x" * proxy_protocol.rest_length(bad))
