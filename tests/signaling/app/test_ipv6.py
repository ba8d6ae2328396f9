"""A server on IPv6 alone: addresses, limits of one client, and pages, media and SIP over real sockets.

Also tests what `settings.py`, `serve.py` and `setup/plan.py` do with IPv6 addresses.
"""

import errno
import logging
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import pytest

from loadtest.scenario.single_session import RunPlan, TargetServer, run
from loadtest.server.accounts import create_accounts, create_point_accounts
from loadtest.server.process import temporary_server
from signaling.app import serve
from signaling.app.admin_cli import NewAccount
from signaling.app.settings import everywhere, offered_addresses
from signaling.core.account import network_of, unmapped
from signaling.sip.protocol import address as sip_address
from signaling.sip.protocol.transport import MAX_STRANGERS_PER_ADDRESS, Connection, Transport
from tests.ports import FIRST_PORT

SIP_PORT = FIRST_PORT + 60
OPTIONS = (
    "OPTIONS sip:[::1]:{to} SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:{port};rport;branch=z9hG4bK1\r\n"
    "From: <sip:room@[::1]>;tag=1\r\nTo: <sip:[::1]>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


@pytest.mark.parametrize(
    ("found", "offered"),
    [
        (["127.0.0.1", "10.1.2.3", "10.1.2.3", "2001:db8::1"], ("10.1.2.3",)),
        (["127.0.0.1", "::1", "fe80::1", "2001:db8::1", "fd00::1"], ("2001:db8::1", "fd00::1")),
        (["::1", "fe80::1"], ("::1",)),
        (["127.0.0.1", "::1"], ("127.0.0.1",)),
        (["127.0.0.1"], ("127.0.0.1",)),
        ([], ("127.0.0.1",)),
    ],
)
def test_a_machine_without_ipv4_offers_its_ipv6_addresses(found: list[str], offered: tuple[str, ...]) -> None:
    assert offered_addresses(found) == offered


def test_a_server_listens_where_it_can_be_reached() -> None:
    assert [everywhere([each]) for each in ("10.1.2.3", "127.0.0.1", "2001:db8::1")] == ["0.0.0.0", "0.0.0.0", "::"]


def test_a_client_of_ipv4_is_the_same_one_on_a_socket_for_both() -> None:
    assert [unmapped(each) for each in ("::ffff:192.0.2.1", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "x")] == [
        "192.0.2.1",
        "192.0.2.1",
        "2001:db8::1",
        "fe80::1%eth0",
        "x",
    ]
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"


def test_sip_and_h323_count_a_64_as_one_client() -> None:
    assert [sip_address.network_of(each) for each in ("192.0.2.1", "2001:db8:1:2:3::4", "fe80::1%eth0")] == [
        "192.0.2.1",
        "2001:db8:1:2::",
        "fe80::",
    ]


@dataclass(frozen=True)
class Connected:
    """A connection of SIP that is open."""

    remote: tuple[str, int]
    transport: str = "tcp"


def test_strangers_of_a_64_share_the_connections_of_one_and_registered_rooms_do_not() -> None:
    def nothing(*_: object) -> None: ...

    def unneeded(*_: object) -> bool:
        return False

    rooms = {"2001:db8::1", "2001:db8::2"}
    transport = Transport(nothing, nothing, nothing, unneeded, rooms.__contains__)

    def opened(host: str, ports: int) -> int:
        connections = [Connected((host, port)) for port in range(ports)]
        return sum(transport.opened(cast("Connection", each)) for each in connections)

    assert [opened(f"2001:db8::a:{number}", 20) for number in range(3)] == [20, MAX_STRANGERS_PER_ADDRESS - 20, 0]
    assert [opened(room, 60) for room in sorted(rooms)] == [60, 60]
    assert opened("2001:db8:0:1::1", 1) == 1


def test_a_socket_of_all_addresses_takes_ipv4_too() -> None:
    with serve._bind("::", 0, "DIEMCAU_PORT") as listening:
        with socket.create_connection(("127.0.0.1", listening.getsockname()[1])):
            accepted, remote = listening.accept()
            accepted.close()
        assert remote[0] == "::ffff:127.0.0.1"
    with serve._bind("::1", 0, "DIEMCAU_PORT") as alone, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", alone.getsockname()[1]))


def _loopbacks(host: str, port: int | None = 0) -> list[str]:
    """Return the loopback addresses at which a server listens, at one port."""
    with ExitStack() as stack:
        found = [stack.enter_context(each).getsockname() for each in serve._loopbacks(host, port)]
    assert len({each[1] for each in found}) == 1
    return [each[0] for each in found]


def test_a_server_by_ipv6_serves_its_machine_by_both_and_without_ipv4_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    create_server = socket.create_server

    def without_ipv4(address: tuple[str, int], **options: Any) -> socket.socket:
        if options["family"] == socket.AF_INET:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return create_server(address, **options)

    assert _loopbacks("0.0.0.0") == ["127.0.0.1"]
    assert _loopbacks("::", None) == ["127.0.0.1", "::1"]
    monkeypatch.setattr(socket, "create_server", without_ipv4)
    assert [_loopbacks(host, port) for host, port in (("::", 0), ("0.0.0.0", 0), ("::1", None))] == [["::1"]] * 3


async def test_a_server_on_ipv6_alone_has_pages_media_and_sip() -> None:
    settings = {
        "DIEMCAU_HOST": "::1",
        "DIEMCAU_MEDIA_ADDRESS": "::1",
        "DIEMCAU_WORKERS": "1",
        "DIEMCAU_SIP_HOST": "::1",
        "DIEMCAU_SIP_PORT": str(SIP_PORT),
    }
    async with temporary_server(2, logging.getLogger(__name__).debug, **settings) as server:
        base = f"https://[::1]:{server.environ['DIEMCAU_PORT']}"
        async with aiohttp.ClientSession() as client, client.get(f"{base}/", ssl=False) as page:
            assert (page.status, page.content_type) == (200, "text/html")
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(server.environ["DIEMCAU_PORT"])))
        assert _answer_to_options().startswith("SIP/2.0 200 ")
        logins = await create_point_accounts(server.environ, 2)
        account = NewAccount("an-admin", "Quản trị", ["administrator"])
        (administrator,) = await create_accounts(server.environ, [account])
        target = TargetServer(base, tuple(logins), administrator, insecure=True, server_pid=server.pid)
        plan = RunPlan(2, 1.0, 2, 2, ("VP8",), 1, picture=True, decode=False)
        outcome = await run(plan, target, lambda _: None)
    assert (outcome.joined, outcome.expected) == (2, 2)


def _answer_to_options() -> str:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as room:
        room.bind(("::1", 0))
        room.settimeout(20)
        room.sendto(OPTIONS.format(to=SIP_PORT, port=room.getsockname()[1]).encode(), ("::1", SIP_PORT))
        return room.recv(65536).decode()
