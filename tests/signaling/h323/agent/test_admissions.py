"""Calls of an agent that is registered at a gatekeeper. Also tests `gatekeeper/client.py`."""

import socket
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadtest.server.ports import free_port
from signaling.h323.agent import agent as agent_module
from signaling.h323.agent.agent import Agent
from signaling.h323.gatekeeper import client, registration
from signaling.sip.agent.context import Target
from signaling.sip.protocol.errors import CallNotAdmitted, CallRefused, CallUnanswered
from tests.debian import demand
from tests.marks import CS3, mark_of
from tests.ports import refusing
from tests.signaling.h323.agents import OURS, THEIRS, RecordingHandler, agent, target
from tests.signaling.h323.pdus import call_signalling, registration_messages
from tests.signaling.h323.scripted_gatekeeper import HOST, VERSION, ScriptedGatekeeper, ip, scripted_gatekeeper
from tests.signaling.h323.wire import wire
from tests.signaling.sip.agents import soon, started
from tests.signaling.world import wait_until

LOOPBACK = "127.0.0.1"


@pytest.fixture
async def gatekeeper() -> AsyncIterator[ScriptedGatekeeper]:
    async with scripted_gatekeeper() as running:
        yield running


@asynccontextmanager
async def registered(
    gatekeeper: ScriptedGatekeeper, handler: RecordingHandler | None = None, *aliases: str, **settings: Any
) -> AsyncIterator[Agent]:
    """Run an agent that the gatekeeper has registered."""
    async with agent(handler, gatekeeper=gatekeeper.settings(*aliases), **settings) as running:
        await wait_until(lambda: running._gatekeeper is not None and running._gatekeeper.registered)
        yield running


def by_number(gatekeeper: ScriptedGatekeeper, number: str) -> Target:
    return Target(*gatekeeper.address, transport="ras", user=number)


@pytest.mark.parametrize("routes", [False, True])
async def test_a_number_is_dialled_where_the_gatekeeper_says_and_either_end_is_told(
    gatekeeper: ScriptedGatekeeper, routes: bool
) -> None:
    gatekeeper.routes, handler = routes, RecordingHandler()
    async with registered(gatekeeper) as caller, agent(handler) as callee:
        asked = await gatekeeper.until("registrationRequest")
        assert asked["terminalAlias"] == [("dialledDigits", "9000"), ("h323-ID", "Diemcau")]
        assert asked["callSignalAddress"] == [ip(*caller.address)] and asked["rasAddress"][0][1]["port"]
        gatekeeper.known["2001"] = callee.address
        call = await soon(caller.invite(by_number(gatekeeper, "2001"), OURS, name="UBND tỉnh"))
        theirs = await soon(handler.calls.get())
        assert (call.peer.address, call.peer.routed) == ((HOST, True) if routes else (LOOPBACK, False))
        assert (call.sdp.count("a=sendrecv"), theirs.sdp.count("a=sendrecv")) == (2, 2)
        asked = await gatekeeper.until("admissionRequest")
        assert (asked["answerCall"], asked["canMapAlias"]) == (False, True)
        assert asked["destinationInfo"] == [("dialledDigits", "2001")] and "destCallSignalAddress" not in asked
        assert asked["bandWidth"] == 2 * 64_000 // 100  # our offer names no rate of its picture
        assert (asked["callIdentifier"]["guid"], asked["endpointIdentifier"]) == (call.identity.call, "1_ep")
        await (call if routes else theirs).hang_up()
        ended = await gatekeeper.until("disengageRequest")
        assert (ended["callIdentifier"]["guid"], ended["answeredCall"]) == (call.identity.call, False)
    assert (await gatekeeper.until("unregistrationRequest"))["endpointIdentifier"] == "1_ep"


async def test_the_gatekeeper_is_asked_for_a_number_with_its_pin(gatekeeper: ScriptedGatekeeper) -> None:
    handler = RecordingHandler()
    async with registered(gatekeeper) as caller, agent(handler) as callee:
        gatekeeper.known["2001**1234"] = callee.address
        where = replace(by_number(gatekeeper, "2001"), secret_user="2001**1234")
        await soon(caller.invite(where, OURS, name="UBND tỉnh"))
        asked = await gatekeeper.until("admissionRequest")
        assert asked["destinationInfo"] == [("dialledDigits", "2001**1234")]
        assert (await soon(handler.incoming.get())).user == "2001**1234"


async def test_a_device_with_an_address_is_asked_for_too_and_called_without_a_gatekeeper(
    gatekeeper: ScriptedGatekeeper,
) -> None:
    handler = RecordingHandler()
    async with registered(gatekeeper) as caller, agent(handler) as callee:
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        assert (await gatekeeper.until("admissionRequest"))["destCallSignalAddress"] == ip(*callee.address)
        await call.hang_up()
        gatekeeper.answers["registrationRequest"] = lambda _: None
        gatekeeper.ask("unregistrationRequest", callSignalAddress=[], reason=("maintenance", 0))
        await gatekeeper.until("unregistrationConfirm")
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        assert [name for name, _ in gatekeeper.heard].count("admissionRequest") == 1
        with pytest.raises(CallNotAdmitted, match="not registered at the gatekeeper: maintenance") as refused:
            await soon(caller.invite(by_number(gatekeeper, "2001"), OURS, name="UBND tỉnh"))
        assert (refused.value.status, refused.value.word) == (480, "absent")


@pytest.mark.parametrize(
    ("reason", "status", "word"),
    [
        ("calledPartyNotRegistered", 404, "unknown"),
        ("incompleteAddress", 484, "unknown"),
        ("requestDenied", 503, "full"),
        ("exceedsCallCapacity", 486, "full"),
        ("securityDenial", 403, "denied"),
        ("callerNotRegistered", 480, "absent"),
    ],
)
async def test_a_call_that_is_not_admitted_says_why(
    gatekeeper: ScriptedGatekeeper, reason: str, status: int, word: str
) -> None:
    gatekeeper.answers["admissionRequest"] = lambda _: ("admissionReject", {"rejectReason": (reason, 0)})
    async with registered(gatekeeper) as caller, agent() as callee:
        for where in (target(callee), by_number(gatekeeper, "2001")):
            with pytest.raises(CallNotAdmitted, match="gatekeeper") as refused:
                await soon(caller.invite(where, OURS, name="UBND tỉnh"))
            assert (refused.value.status, refused.value.word) == (status, word)


async def test_a_call_that_comes_in_is_asked_for_and_refused_where_it_is_not_admitted(
    gatekeeper: ScriptedGatekeeper,
) -> None:
    handler = RecordingHandler()
    async with registered(gatekeeper, handler) as callee, agent() as caller:
        call = await soon(caller.invite(target(callee, "9000"), OURS, name="P. Họp 1"))
        incoming = await soon(handler.incoming.get())
        assert (incoming.user, incoming.peer.routed) == ("", False)  # who dials our own number has dialled no code
        asked = await gatekeeper.until("admissionRequest")
        assert (asked["answerCall"], asked["srcInfo"]) == (True, [("h323-ID", "P. Họp 1")])
        assert asked["callIdentifier"]["guid"] == call.identity.call
        gatekeeper.ask("disengageRequest", **{**_named(asked), "disengageReason": ("forcedDrop", 0)})
        await soon(call.ended.wait())
        await gatekeeper.until("disengageConfirm")
        assert (await soon(handler.calls.get())).reason == "gatekeeper"
        gatekeeper.answers["admissionRequest"] = lambda _: (
            "admissionReject",
            {"rejectReason": ("requestDenied", 0)},
        )
        with pytest.raises(CallRefused) as refused:
            await soon(caller.invite(target(callee, "1234567890"), OURS, name="P. Họp 1"))
        assert refused.value.status == 503
        assert isinstance(await soon(handler.failed.get()), CallNotAdmitted)


@pytest.mark.parametrize("released", [True, False], ids=("ReleaseComplete", "closed"))
async def test_who_hangs_up_before_its_call_is_admitted_has_made_none(
    gatekeeper: ScriptedGatekeeper, released: bool
) -> None:
    setup, *_, release = call_signalling()
    handler, held = RecordingHandler(), list[dict[str, Any]]()
    gatekeeper.answers["admissionRequest"] = held.append
    async with registered(gatekeeper, handler) as callee, wire(callee.address) as caller:
        caller.send(setup)
        await wait_until(lambda: held)
        if released:
            caller.send(release)
        else:
            caller.close()
        await soon((await soon(handler.incoming.get()))._call.ended.wait())
        confirmed = {"bandWidth": 1280, "callModel": ("direct", 0), "destCallSignalAddress": ip(*callee.address)}
        gatekeeper.send("admissionConfirm", requestSeqNum=held[0]["requestSeqNum"], **confirmed)
        given_back = await gatekeeper.until("disengageRequest")
        assert given_back["callIdentifier"] == held[0]["callIdentifier"]
        with pytest.raises(CallUnanswered, match="gone before the answer" if released else "unreachable"):
            raise await soon(handler.failed.get())


@pytest.mark.parametrize("host", [LOOPBACK, "::1"])
async def test_messages_to_the_gatekeeper_are_marked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LEAVE_S", 0.0)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((host, 0))
        settings = client.GatekeeperSettings(host, silent.getsockname()[1], own_port=0)
        asked = client.Gatekeeper(settings, lambda _: None)
        await asked.start(host, 1720, CS3)
        assert asked._transport is not None
        assert mark_of(asked._transport.get_extra_info("socket")) == CS3
        await asked.close()


def _named(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("endpointIdentifier", "conferenceID", "callReferenceValue")}


async def test_a_call_by_way_of_the_gatekeeper_says_so(gatekeeper: ScriptedGatekeeper) -> None:
    handler, gatekeeper.routes = RecordingHandler(), True
    async with registered(gatekeeper, handler) as callee, agent() as caller:
        gatekeeper.known["9000"] = callee.address
        where = Target(*gatekeeper.route_to("9000"), "h323", "9000")
        await soon(caller.invite(where, OURS, name="P. Họp 1"))
        assert (await soon(handler.incoming.get())).peer.routed


async def test_calls_that_are_not_wanted_any_more_or_lead_nowhere_are_given_back(
    gatekeeper: ScriptedGatekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with registered(gatekeeper) as caller, agent() as callee, AsyncExitStack() as stack:
        gatekeeper.known["2001"] = stack.enter_context(refusing())
        with pytest.raises(CallUnanswered, match="unreachable"):
            await soon(caller.invite(by_number(gatekeeper, "2001"), OURS, name="UBND tỉnh"))
        await gatekeeper.until("disengageRequest")
        assert not await soon(caller.alive(by_number(gatekeeper, "2001")))
        gatekeeper.known["2002"] = callee.address
        assert await soon(caller.alive(by_number(gatekeeper, "2002")))
        assert not await soon(caller.alive(by_number(gatekeeper, "2003")))
        for _ in range(2):
            await gatekeeper.until("disengageRequest")
        held: list[dict[str, Any]] = []
        gatekeeper.answers["admissionRequest"] = held.append
        async with started(caller.invite(by_number(gatekeeper, "2002"), OURS, name="UBND tỉnh")):
            await wait_until(lambda: held)
        confirmed = {"bandWidth": 1280, "callModel": ("direct", 0), "destCallSignalAddress": ip(*callee.address)}
        gatekeeper.send("admissionConfirm", requestSeqNum=held[0]["requestSeqNum"], **confirmed)
        given_back = await gatekeeper.until("disengageRequest")
        assert given_back["callIdentifier"] == held[0]["callIdentifier"]


async def test_a_gatekeeper_that_stays_silent_is_given_up(
    gatekeeper: ScriptedGatekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LEAVE_S", 0.1)
    async with registered(gatekeeper) as caller:
        monkeypatch.setattr(registration, "TIMERS", dict.fromkeys(registration.TIMERS, (0.1, 1)))
        gatekeeper.answers = dict.fromkeys(("admissionRequest", "registrationRequest"), lambda _: None)
        with pytest.raises(CallNotAdmitted, match="no answer"):
            await soon(caller.invite(by_number(gatekeeper, "2001"), OURS, name="UBND tỉnh"))
        assert [name for name, _ in gatekeeper.heard].count("admissionRequest") == 2  # it was sent again


async def test_a_socket_that_cannot_be_opened_is_tried_again_while_calls_go_on(
    gatekeeper: ScriptedGatekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_module, "RETRY_S", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind((LOOPBACK, free_port()))
        settings = replace(gatekeeper.settings(), own_port=held.getsockname()[1])
        async with agent(gatekeeper=settings) as caller, agent(RecordingHandler()) as callee:
            await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
            with pytest.raises(CallNotAdmitted, match="not registered"):
                await soon(caller.invite(by_number(gatekeeper, "2001"), OURS, name="UBND tỉnh"))
            held.close()
            await gatekeeper.until("registrationRequest")


async def test_strangers_and_strange_bytes_change_nothing(gatekeeper: ScriptedGatekeeper) -> None:
    async with registered(gatekeeper) as caller:
        to = tuple(gatekeeper.heard[0][1]["rasAddress"][0][1].values())
        where = ".".join(map(str, to[0])), to[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.3", 0))
            for message in registration_messages():
                stranger.sendto(message, where)
        gatekeeper.send_bytes(b"strange")
        gatekeeper.ask("infoRequest", callReferenceValue=0)
        told = await gatekeeper.until("infoRequestResponse")
        assert "perCallInfo" not in told
        assert [name for name, _ in gatekeeper.heard] == ["registrationRequest", "infoRequestResponse"]
        assert caller._gatekeeper is not None and caller._gatekeeper.registered


def capture(packets: list[tuple[tuple[str, int], tuple[str, int], bytes]], port: int, path: Path) -> None:
    """Write datagrams as a capture of UDP over IPv4 (pcap, LINKTYPE_RAW); `port` becomes 1719."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for second, (source, goal, payload) in enumerate(packets):
            ports = [1719 if each[1] == port else each[1] for each in (source, goal)]
            udp = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
            hosts = [socket.inet_aton(each[0]) for each in (source, goal)]
            ip4 = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, *hosts) + udp
            file.write(struct.pack("<IIII", second, 0, len(ip4), len(ip4)) + ip4)


async def test_tshark_reads_every_message_with_the_gatekeeper_without_a_fault(
    gatekeeper: ScriptedGatekeeper, tmp_path: Path
) -> None:
    demand("tshark")
    handler, gatekeeper.lifetime = RecordingHandler(), 1
    refusal = {"protocolIdentifier": VERSION, "rejectReason": ("discoveryRequired", 0)}
    first = iter([("registrationReject", refusal)])
    answer = gatekeeper._answer("registrationRequest")
    gatekeeper.answers["registrationRequest"] = lambda fields: next(first, None) or answer(fields)
    async with registered(gatekeeper, handler) as own, agent() as other:
        gatekeeper.known["2001"] = other.address
        await gatekeeper.until("gatekeeperRequest")
        dialled = await soon(own.invite(by_number(gatekeeper, "2001"), OURS, name="UBND tỉnh"))
        taken = await soon(other.invite(target(own, "1234567890"), THEIRS, name="P. Họp 1"))
        asked = await gatekeeper.until("admissionRequest")
        gatekeeper.ask("infoRequest", callReferenceValue=0)
        assert len((await gatekeeper.until("infoRequestResponse"))["perCallInfo"]) == 2
        about = _named(asked)
        gatekeeper.ask("bandwidthRequest", **about, bandWidth=asked["bandWidth"] + 1)
        await gatekeeper.until("bandwidthConfirm")
        gatekeeper.ask("bandwidthRequest", **about, bandWidth=1)
        assert (await gatekeeper.until("bandwidthReject"))["allowedBandWidth"] == asked["bandWidth"] + 1
        gatekeeper.ask("locationRequest", destinationInfo=[("dialledDigits", "9000")], replyAddress=ip(HOST, 1))
        await gatekeeper.until("unknownMessageResponse")
        gatekeeper.ask("disengageRequest", **about, disengageReason=("forcedDrop", 0))
        await soon(dialled.ended.wait())
        await taken.hang_up()
        await gatekeeper.until("disengageRequest")
        while not (await gatekeeper.until("registrationRequest"))["keepAlive"]:
            pass
    await gatekeeper.until("unregistrationRequest")
    capture(gatekeeper.packets, gatekeeper.address[1], tmp_path / "ras.pcap")
    shown = subprocess.run(
        ["tshark", "-n", "-r", tmp_path / "ras.pcap", "-V"], capture_output=True, text=True, check=True
    ).stdout
    read = [line.strip() for line in shown.splitlines()]
    assert [line for line in read if "alformed" in line or "Expert Info" in line] == []
    told = [line.split()[1] for line in read if line.startswith("RasMessage: ")]
    assert len(told) == len(gatekeeper.packets)
    assert {name for name, _ in gatekeeper.heard} == {
        *("gatekeeperRequest", "registrationRequest", "unregistrationRequest"),
        *("admissionRequest", "disengageRequest", "disengageConfirm"),
        *("bandwidthConfirm", "bandwidthReject", "infoRequestResponse", "unknownMessageResponse"),
    }


async def test_a_registration_is_reported_and_kept_while_nothing_happens(
    gatekeeper: ScriptedGatekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "MIN_REPORT_S", 0.1)
    gatekeeper.report_s, handler = 1, RecordingHandler()
    async with registered(gatekeeper) as caller, agent(handler) as callee:
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        told = await gatekeeper.until("infoRequestResponse")
        assert [each["callIdentifier"]["guid"] for each in told["perCallInfo"]] == [call.identity.call]
