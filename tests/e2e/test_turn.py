"""Browsers reach media by coturn where nothing but TLS passes: a drill, since it takes a minute."""

import asyncio
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import cast
from urllib.parse import urlsplit

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import create_turn_endpoint
from playwright.sync_api import Playwright, expect

from signaling.app.setup import certificates
from signaling.workers import turn
from tests.e2e import browsers
from tests.e2e.installed import trust
from tests.e2e.lossy_line import lossy_line
from tests.e2e.people import HOST, People, unmute
from tests.e2e.server import LAN, MEDIA_PORT, run_beside, running

TURNSERVER, CERTUTIL = Path("/usr/bin/turnserver"), Path("/usr/bin/certutil")
pytestmark = [
    pytest.mark.drill,
    pytest.mark.alone,
    pytest.mark.skipif(
        not (TURNSERVER.exists() and CERTUTIL.exists()), reason="needs Debian's coturn and libnss3-tools"
    ),
]

PORT = MEDIA_PORT + 443
SECRET = "north"
DELAY_S = 0.02
LOSS = 0.05
JOINED_S = 2.0
MEASURED_MS = 30_000
EXAMPLE = Path(__file__).parents[2] / "deploy" / "turnserver.conf"
_SOUND = """async () => {
  const report = await document.querySelector('room-page').meeting.connection.pc.getStats();
  const sound = [...report.values()].find(({type, kind}) => type === 'inbound-rtp' && kind === 'audio');
  const pair = [...report.values()].find(({type, nominated, state}) =>
    type === 'candidate-pair' && nominated && state === 'succeeded');
  const concealed = sound.concealedSamples - sound.silentConcealedSamples;
  return {
    way: report.get(pair.localCandidateId).relayProtocol,
    counts: [sound.totalSamplesReceived, concealed, sound.jitterBufferDelay, sound.jitterBufferEmittedCount],
  };
}"""


@contextmanager
def coturn(folder: Path) -> Iterator[Path]:
    """Run coturn as the example has it, at an address of ours; yield the certificate of its authority."""
    now = datetime.now(UTC)
    authority = certificates.make_authority(LAN, now)
    own = certificates.issue(authority, LAN, [], now)
    for name, data in (("authority.pem", authority.certificate), ("cert.pem", own.certificate), ("key.pem", own.key)):
        (folder / name).write_bytes(data)
    changes = {"10.1.2.4": LAN, "10.1.2.3": LAN, "=443": f"={PORT}", "/etc/coturn": str(folder), "@SECRET@": SECRET}
    text = EXAMPLE.read_text()
    for example, ours in changes.items():
        assert example in text
        text = text.replace(example, ours)
    (folder / "turnserver.conf").write_text(text)
    files = [f"--{name}={folder / name}" for name in ("userdb", "pidfile", "log-file")]
    with subprocess.Popen([TURNSERVER, "-c", folder / "turnserver.conf", *files]) as running_coturn:
        try:
            _wait_until_open()
            yield folder / "authority.pem"
        finally:
            running_coturn.terminate()


def _wait_until_open() -> None:
    deadline = monotonic() + browsers.PATIENCE_S
    while monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection((LAN, PORT)):
            return
        sleep(0.1)
    raise AssertionError("coturn does not listen")


def allow_only(within: list[str], port: int) -> None:
    """Have a namespace's firewall let nothing out but TCP to one port of ours."""
    rules = (
        "add table inet wall",
        "add chain inet wall out { type filter hook output priority 0; policy drop; }",
        "add rule inet wall out oif lo accept",
        f"add rule inet wall out ip daddr {LAN} tcp dport {port} accept",
    )
    subprocess.run([*within, "nft", "-f", "-"], input="\n".join(rules), text=True, check=True)


def test_who_can_reach_nothing_but_coturn_meets_through_it_also_where_packets_are_lost(
    playwright: Playwright, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "NODE_EXTRA_CA_CERTS"):  # `trust` sets them
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("DIEMCAU_TURN_URL", f"turns:{LAN}:{PORT}?transport=tcp")
    monkeypatch.setenv("DIEMCAU_TURN_SECRET", SECRET)
    blue = browsers.fake_devices(media, "blue", browsers.plain_picture("blue"), 880)
    green = browsers.fake_devices(media, "green", browsers.plain_picture("green"), 440)
    with coturn(tmp_path) as authority, running(tmp_path / "data", MEDIA_PORT + 300) as server:
        trust(tmp_path, authority)
        server.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        server.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        people, at = People(server), urlsplit(server.http)
        with (
            browsers.chromium(playwright, blue) as inside,
            lossy_line(DELAY_S, (at.hostname or "", at.port or 0)) as (line, within),
        ):
            host = people.signed_in(inside, HOST)
            code = people.register(host, ["nt.xuonghuan"], "Chỉ TLS đi qua")
            hosting = people.enter(host, code, "host")
            unmute(hosting)
            allow_only(within, PORT)
            program = tmp_path / "chromium"
            program.write_text(f'#!/bin/sh\nHOME={tmp_path} exec {" ".join(within)} {browsers.CHROMIUM} "$@"\n')
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            with browsers.chromium(playwright, green, str(program)) as behind:
                page = people.signed_in(behind, "nt.xuonghuan")
                page.goto(f"{server.http}check.html")
                expect(page.get_by_test_id("udp")).to_contain_text("đi qua TURN")
                page.add_init_script(browsers.NOTE_FIRST_SOUND)
                people.enter(page, code)
                took_s = browsers.joined_s(page)
                hosting.until(lambda seat: "green" in seat.colours(), "the point behind the firewall")
                line.loss = LOSS
                page.wait_for_timeout(5_000)
                before = page.evaluate(_SOUND)
                page.wait_for_timeout(MEASURED_MS)
                after = page.evaluate(_SOUND)
                people.leave()
    samples, concealed, held, played = (
        late - early for early, late in zip(before["counts"], after["counts"], strict=True)
    )
    print(f"heard {took_s:.1f} s after accepting, by {after['way']}; {line.lost} of {line.passed} packets lost")
    print(f"{concealed / samples:.2%} of sound missing, {held / played:.3f} s held")
    assert (before["way"], after["way"]) == ("tls", "tls")
    assert took_s <= JOINED_S
    assert concealed <= 0.02 * samples
    assert held <= 0.4 * played


class Relayed(asyncio.DatagramProtocol):
    """Tells what comes by a TURN server, and what it refuses to pass on."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[bytes | str] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.events.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self.events.put_nowait(str(exc))


class Echo(asyncio.DatagramProtocol):
    """Returns each datagram."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # Python 3.11's own is of no such class

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data, addr)


async def _relay(authority: Path, made: datetime, *hosts: str) -> list[bytes | str]:
    """Return what comes of a datagram to an echo at each host by coturn, with credentials of a time."""
    loop = asyncio.get_running_loop()
    username, password = turn.credentials(SECRET, "ubnd", made)
    at = ((LAN, PORT), username, password)
    came: list[bytes | str] = []
    try:
        context = ssl.create_default_context(cafile=str(authority))
        transport, relayed = await create_turn_endpoint(Relayed, *at, ssl=context, transport="tcp")
        for host in hosts:
            echo, _ = await loop.create_datagram_endpoint(Echo, local_addr=(host, 0))
            transport.sendto(b"sound", echo.get_extra_info("sockname"))
            async with asyncio.timeout(browsers.PATIENCE_S):
                came.append(await relayed.events.get())
            echo.close()
        transport.close()
    except TransactionFailed as error:
        came.append(str(error))
    await asyncio.sleep(0.5)  # aioice closes its connection afterwards, and tells nobody
    return came


def test_coturn_relays_to_media_alone_and_for_an_hour_takes_credentials_of_ours(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with coturn(tmp_path) as authority:
        came = run_beside(_relay(authority, now, LAN, "127.0.0.1"))
        assert came == [b"sound", "STUN transaction failed (403 - Forbidden IP)"]
        late = run_beside(_relay(authority, now - timedelta(minutes=61), LAN))
        assert late == ["STUN transaction failed (401 - Unauthorized)"]
