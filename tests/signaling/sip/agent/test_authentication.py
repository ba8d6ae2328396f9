"""Requests that a peer refuses, and gets again with what it asked for (RFC 3261 §22.2, RFC 4028 §7.3)."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest

from signaling.sip.agent.agent import (
    ASKED_FOR_PROOF,
    INVITE_COST,
    Call,
    CallRefused,
    CallUnanswered,
    IncomingCall,
    Registration,
    Target,
)
from signaling.sip.agent.rate_limit import BURST
from signaling.sip.protocol import digest
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.message import Request
from tests.signaling.sip import wire
from tests.signaling.sip.agents import ANSWER, OFFER, RecordingHandler, agent, soon, started
from tests.signaling.sip.wire import HOST, Peer

ACCOUNT = Credentials("kh", "bí mật")
CHALLENGE = 'WWW-Authenticate: Digest realm="mcu", nonce="{}", qop="auth", algorithm=SHA-256'


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for peers that are gone."""
    monkeypatch.setattr("signaling.sip.agent.agent.CLOSE_TIMEOUT_S", 0.05)


def target(peer: Peer, credentials: Credentials | None = ACCOUNT) -> Target:
    return Target(HOST, peer.port, "udp", "2001", credentials=credentials)


def proof(request: Request) -> str:
    """Check the digest of a request; return the nonce that it answers."""
    values = digest.digest_parameters(request.get("authorization") or "")
    counted = {name: values[name] for name in ("nc", "cnonce", "qop")}
    about = (values["realm"], request.method, request.uri, values["nonce"])
    assert values["username"] == "kh"
    assert values["response"] == digest.response_of("SHA-256", ACCOUNT, *about, counted)
    return values["nonce"]


def proof_of(request: Request) -> str | None:
    return request.get("authorization")


async def refused(peer: Peer, status: int, *headers: str) -> Request:
    """Refuse the next INVITE, and take its ACK; return the INVITE."""
    invite = await peer.next_request("INVITE")
    peer.respond(invite, status, *headers)
    await peer.next_request("ACK")
    return invite


async def test_a_challenge_is_answered_and_the_call_goes_on_with_it() -> None:
    async with agent() as ours, wire.udp(ours) as peer, started(ours.invite(target(peer), OFFER, name="A")) as dialling:
        first = await refused(peer, 401, CHALLENGE.format("one"))
        await refused(peer, 401, CHALLENGE.format("two") + ", stale=TRUE")
        invite = await peer.next_request("INVITE")
        assert (proof(invite), invite.sequence, invite.call_id) == ("two", (3, "INVITE"), first.call_id)
        assert invite.sender == first.sender and not invite.recipient.tag
        peer.respond(invite, 200, body=ANSWER)
        ack = await peer.next_request("ACK")
        assert ack.get("authorization") == invite.get("authorization")  # RFC 3261 §22.1
        call = await soon(dialling)
        async with started(call.hang_up()):
            bye = await peer.next_request("BYE")
            peer.respond(bye, 401, CHALLENGE.format("three"))
            again = await peer.next_request("BYE")
            assert (proof(again), again.sequence) == ("three", (5, "BYE"))
            peer.respond(again, 200)
            await soon(call.ended.wait())


@pytest.mark.parametrize(
    ("credentials", "challenges"),
    [
        (None, [CHALLENGE.format("one")]),
        (ACCOUNT, [CHALLENGE.format("one"), CHALLENGE.format("two")]),
        (ACCOUNT, ["WWW-Authenticate: Negotiate"]),
    ],
)
async def test_a_refused_password_is_not_tried_twice(credentials: Credentials | None, challenges: list[str]) -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        async with started(ours.invite(target(peer, credentials), OFFER, name="A")) as dialling:
            for challenge in challenges:
                await refused(peer, 401, challenge)
            with pytest.raises(CallRefused) as failure:
                await soon(dialling)
            assert failure.value.status == 401
        await peer.settled()


async def test_messages_of_a_call_are_those_of_the_device_that_is_called() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        where = replace(target(peer), device="vcs")
        async with started(ours.invite(where, OFFER, name="A")) as dialling:
            peer.respond(await peer.next_request("INVITE"), 200, body=ANSWER)
            await soon(dialling)
        (call,) = ours.traced("vcs", "")
        assert [each.text.split()[0] for each in call.messages] == ["INVITE", "SIP/2.0", "ACK"]
        assert ours.traced("", HOST) == []


async def test_a_proxy_and_the_device_behind_it_are_both_answered() -> None:
    async with agent() as ours, wire.udp(ours) as peer, started(ours.invite(target(peer), OFFER, name="A")) as dialling:
        await refused(peer, 407, CHALLENGE.format("proxy").replace("WWW", "Proxy"))
        await refused(peer, 401, CHALLENGE.format("device"))
        invite = await peer.next_request("INVITE")
        assert (proof(invite), 'nonce="proxy"' in (invite.get("proxy-authorization") or "")) == ("device", True)
        peer.respond(invite, 486)
        with pytest.raises(CallRefused):
            await soon(dialling)


async def test_a_longer_session_is_offered_once() -> None:
    async with agent() as ours, wire.udp(ours) as peer, started(ours.invite(target(peer), OFFER, name="A")) as dialling:
        first = await refused(peer, 422, "Min-SE: 600")
        second = await refused(peer, 422, "Min-SE: 900")
        with pytest.raises(CallRefused) as failure:
            await soon(dialling)
        assert failure.value.status == 422
        names = ("supported", "session-expires", "min-se")
        assert [first.get(name) for name in names] == [None, None, None]
        assert [second.get(name) for name in names] == ["timer", "600;refresher=uas", "600"]


async def test_a_session_timer_is_asked_for_where_the_profile_wants_one_and_kept_within_the_call() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        where = replace(target(peer), session_s=1800)
        async with started(ours.invite(where, OFFER, name="A")) as dialling:
            first = await refused(peer, 422, "Min-SE: 3600")
            second = await peer.next_request("INVITE")
            wishes = [each.get("session-expires") for each in (first, second)]
            assert wishes == ["1800;refresher=uas", "3600;refresher=uas"]
            peer.respond(second, 200, "Session-Expires: 3600;refresher=uas", "Require: timer", body=ANSWER)
            call = await soon(dialling)
            await peer.next_request("ACK")
        assert call.snapshot.expires is not None and call.snapshot.session_s == 3600
        async with started(call.offer(OFFER)) as offering:
            again = await peer.next_request("INVITE")
            assert again.get("session-expires") == "3600;refresher=uas"
            peer.respond(again, 200, body=ANSWER)
            await soon(offering)
        assert call.snapshot.expires is None


async def answered_call(peer: Peer, dialling: Awaitable[Call]) -> Call:
    """Answer the INVITE of a call, and take its ACK."""
    peer.respond(await peer.next_request("INVITE"), 200, body=ANSWER)
    await peer.next_request("ACK")
    return await soon(dialling)


async def test_a_challenge_within_the_call_is_answered_and_the_offer_goes_on_with_it() -> None:
    async with agent() as ours, wire.udp(ours) as peer, started(ours.invite(target(peer), OFFER, name="A")) as dialling:
        call = await answered_call(peer, dialling)
        async with started(call.offer(OFFER + "a=moved\r\n")) as offering:
            first = await refused(peer, 401, CHALLENGE.format("one"))
            second = await refused(peer, 422, "Min-SE: 600")
            third = await peer.next_request("INVITE")
            assert [each.sequence[0] for each in (first, second, third)] == [2, 3, 4]
            assert [each.get("session-expires") for each in (second, third)] == [None, "600;refresher=uas"]
            assert (proof(third), third.text, third.recipient.tag) == ("one", first.text, first.recipient.tag)
            answer = ANSWER + "a=moved\r\n"
            peer.respond(third, 200, "Session-Expires: 600;refresher=uas", "Require: timer", body=answer)
            ack = await peer.next_request("ACK")
            assert (ack.sequence, proof_of(ack)) == ((4, "ACK"), proof_of(third))
            assert (await soon(offering), call.sdp, call.snapshot.session_s) == (answer, answer, 600)
        async with started(call.hang_up()):
            assert (await peer.next_request("BYE")).sequence == (5, "BYE")


@pytest.mark.parametrize(
    ("status", "headers"),
    [(401, [CHALLENGE.format("one"), CHALLENGE.format("two")]), (422, ["Min-SE: 600", "Min-SE: 900"])],
)
async def test_what_an_offer_within_the_call_is_refused_for_is_mended_once(status: int, headers: list[str]) -> None:
    async with agent() as ours, wire.udp(ours) as peer, started(ours.invite(target(peer), OFFER, name="A")) as dialling:
        call = await answered_call(peer, dialling)
        async with started(call.offer(OFFER)) as offering:
            for header in headers:
                await refused(peer, status, header)
            with pytest.raises(CallRefused) as failure:
                await soon(offering)
        assert (failure.value.status, call.ended.is_set()) == (status, False)


async def test_a_session_that_is_too_short_for_no_number_is_refused() -> None:
    async with agent() as ours, wire.udp(ours) as peer, started(ours.invite(target(peer), OFFER, name="A")) as dialling:
        await refused(peer, 422, "Min-SE: soon")
        with pytest.raises(CallRefused):
            await soon(dialling)


async def refuse(incoming: IncomingCall) -> Call:
    """Ask for a password, then refuse by 403; note in the failure whether that was acknowledged."""
    if incoming.claimed:
        incoming.refuse(403 if incoming.proves(ACCOUNT) else 480)
    else:
        incoming.challenge()
    raise CallUnanswered(str(await incoming.acknowledged()))


async def test_a_caller_is_asked_and_its_answer_read() -> None:
    handler = RecordingHandler(refuse)
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite()
        response = await peer.response()
        assert response.status == 401
        peer.theirs = response.recipient.tag
        peer.ack(f"INVITE{peer.number}")
        assert str(await soon(handler.failed.get())) == "False"  # nothing was kept that its ACK could belong to
        asked = digest.challenge(response)
        assert asked is not None and (asked.algorithm, asked.stale) == ("MD5", False)
        for credentials, nonce, status in (
            (ACCOUNT, asked.nonce, 403),
            (Credentials("kh", "wrong"), asked.nonce, 480),
            (ACCOUNT, "0.old", 401),
        ):
            proof = digest.authorization(
                replace(asked, nonce=nonce), credentials, "INVITE", f"sip:123@{HOST}", "client"
            )
            peer.theirs, peer.tag = "", f"tag{status}"
            peer.invite(f"Authorization: {proof[1]}")
            response = await peer.response()
            assert response.status == status
            peer.theirs = "not-ours" if status == 480 else response.recipient.tag
            peer.ack(f"INVITE{peer.number}")
        again = digest.challenge(response)
        assert again is not None and again.stale
        assert [str(await soon(handler.failed.get())) for _ in range(2)] == ["True", "False"]
        assert handler.failed.empty()  # nobody who received the 480 acknowledged it


async def test_forged_datagrams_use_up_nothing_of_who_proves_its_address() -> None:
    async with agent(RecordingHandler(refuse)) as ours, wire.udp(ours) as peer, wire.tcp(ours) as by_tcp:
        peer.invite()
        response = await peer.response()
        asked = digest.challenge(response)
        assert asked is not None
        peer.theirs = response.recipient.tag
        peer.ack(f"INVITE{peer.number}")
        proof = digest.authorization(asked, ACCOUNT, "OPTIONS", f"sip:123@{HOST}", "client")
        peer.theirs = ""
        for number in range(int(BURST) + 5):
            peer.request("OPTIONS", branch=f"forged{number}")
        peer.request("OPTIONS", f"Authorization: {proof[1]}", branch="proven")
        while (await peer.response()).via.branch != "z9hG4bKproven":
            pass
        by_tcp.request("OPTIONS")
        assert (await by_tcp.response()).status == 200


async def test_forged_datagrams_without_a_name_of_the_register_keep_no_device_from_being_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first request of a device with a password has no proof, and its nonce is the answer."""
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
    handler = RecordingHandler(refuse)
    handler.names = handler.proving = {ACCOUNT.user}
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.user = "mallory"
        for number in range(int(BURST) + 5):
            peer.request("OPTIONS", branch=f"forged{number}")
        peer.user = ACCOUNT.user
        for _ in range(int(BURST / INVITE_COST)):
            peer.tag = f"tag{peer.number}"
            peer.invite()
            while (response := await peer.response()).sequence[1] != "INVITE":
                pass
            assert response.status == 401
        peer.invite()
        assert (await peer.response()).status == 401  # beyond the limit of its name, too


async def test_forged_datagrams_with_its_name_keep_no_device_with_a_password_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever forges its name and address uses up the limit of both, but answers no challenge."""
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
    monkeypatch.setattr("signaling.sip.agent.rate_limit.BURST", 10.0)
    handler = RecordingHandler(refuse)
    handler.names = handler.proving = {ACCOUNT.user}
    async with agent(handler) as ours, wire.udp(ours) as forger, wire.udp(ours) as peer:
        forger.user = peer.user = ACCOUNT.user
        forger.call_id = "forged"
        for number in range(11):
            forger.request("OPTIONS", branch=f"forged{number}")
        for number in range(int(ASKED_FOR_PROOF * 10) - 1):
            forger.request("REGISTER", branch=f"more{number}")
        for method, had in (("REGISTER", "0.old"), ("INVITE", "")):
            peer.theirs, peer.tag = "", method
            about = f'username="kh", realm="diemcau", nonce="{had}", uri="", response="", nc=1, cnonce="", qop=auth'
            old = [f"Authorization: Digest {about}"] if had else []
            request = peer.request(method, *old, body=OFFER if method == "INVITE" else "")
            response = await peer.response()
            asked = digest.challenge(response)
            assert (response.status, response.get("allow"), asked and asked.stale) == (401, None, bool(had))
            assert asked is not None and len(response.write()) - len(request) < 190
            proof = digest.authorization(asked, ACCOUNT, method, f"sip:123@{HOST}", "client")
            forger.request("INVITE", branch=f"between{method}")
            peer.request(method, f"Authorization: {proof[1]}", body=OFFER if method == "INVITE" else "")
            assert (await peer.response()).status == (403 if method == "INVITE" else 200)
        peer.theirs, peer.tag = "", "more"
        peer.request("REGISTER")
        assert await peer.silent()  # all challenges that are larger than their requests have a limit together
        peer.invite()
        assert (await peer.response()).status == 401  # others gain nothing from those that are not


async def test_forged_datagrams_keep_no_device_without_a_password_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take a challenge for a refusal, so it is redirected to where it called, and comes again with a nonce."""
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
    monkeypatch.setattr("signaling.sip.agent.rate_limit.BURST", 10.0)
    handler = RecordingHandler()
    handler.names = {"kh"}
    async with agent(handler) as ours, wire.udp(ours) as forger, wire.udp(ours) as peer:
        forger.user = peer.user = "kh"
        forger.call_id = "forged"
        for number in range(11):
            forger.request("OPTIONS", branch=f"forged{number}")
        peer.uri = f"sip:123@{HOST};user=phone;nonce=0.old?subject=x"
        request = peer.invite()
        response = await peer.response()
        assert (response.status, response.reason, response.get("allow")) == (302, "Moved Temporarily", None)
        assert response.contact is not None and len(response.write()) < len(request)
        assert (ours._layer._server_transactions, handler.incoming.empty()) == ({}, True)
        assert ours.traced("", HOST) == []  # a flood would take the place of others
        peer.theirs = response.recipient.tag
        peer.ack(f"INVITE{peer.number}")
        peer.uri, peer.theirs, peer.tag = response.contact.uri, "", "redirected"
        assert peer.uri.startswith(f"sip:123@{HOST};user=phone;nonce=")
        peer.invite()
        assert (await peer.response()).status == 200
        assert (await soon(handler.incoming.get())).user == "123"
        (traced,) = ours.traced("", HOST)
        assert [each.text.partition(" ")[0] for each in traced.messages] == ["INVITE", "SIP/2.0", "SIP/2.0"]
        forger.uri = f"{peer.uri[:-1]}{'0' if peer.uri[-1] != '0' else '1'}"
        forger.invite()
        while (response := await forger.response()).sequence[1] != "INVITE":
            pass
        assert response.status == 302
        handler.addresses = set()
        peer.uri, peer.tag = f"sip:123@{HOST}", "elsewhere"
        peer.invite()
        assert await peer.silent()  # no device is there
        monkeypatch.setattr("signaling.sip.protocol.digest.NONCE_LIFE_S", -1)
        handler.addresses = {HOST}
        peer.uri, peer.tag = response.contact.uri if response.contact else "", "late"
        peer.invite()
        assert (await peer.response()).status == 302


@pytest.mark.parametrize("proves", [True, False])
async def test_each_room_behind_an_sbc_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch, proves: bool) -> None:
    """All rooms of a province may call at eight from one address; PJSIP does by TCP where its request is long."""
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
    handler = RecordingHandler(refuse)
    handler.names, handler.addresses = {"one", "two"}, {HOST}
    async with agent(handler) as ours, wire.tcp(ours) as peer:
        peer.invite()
        asked = digest.challenge(await peer.response())
        assert asked is not None
        proof = digest.authorization(asked, ACCOUNT, "OPTIONS", f"sip:123@{HOST}", "client")
        headers = [f"Authorization: {proof[1]}"] if proves else []
        for user, used in (("one", 0), ("two", 0), ("stranger", 0 if proves else INVITE_COST)):
            peer.user = user
            answers = []
            for number in range(int(BURST) + 1):
                peer.request("OPTIONS", *headers, branch=f"{user}{number}")
                answers.append(await peer.response())
            assert [each.status for each in answers].count(200) == BURST - used
            assert (answers[-1].status, answers[-1].get("retry-after")) == (503, "5")


async def test_no_state_is_kept_of_callers_that_may_be_forged_and_are_asked_or_dismissed() -> None:
    """The refusal is not repeated, its ACK is no request, and the INVITE that comes again is answered the same."""

    async def dismiss(incoming: IncomingCall) -> Call:
        incoming.dismiss(403)
        incoming.dismiss(404)
        raise CallUnanswered("dismissed")

    for take, status in ((refuse, 401), (dismiss, 403)):
        async with agent(RecordingHandler(take)) as ours, wire.udp(ours) as peer:
            peer.invite(branch="same")
            first = await peer.response(skip=0)
            assert (first.status, ours._layer._server_transactions) == (status, {})
            peer.theirs = first.recipient.tag
            peer.ack("same")
            peer.theirs = ""
            peer.invite(branch="same", again=True)
            second = await peer.response(skip=0)
            assert (second.status, second.recipient.tag) == (status, first.recipient.tag)
            await peer.settled()


async def test_a_known_caller_hears_that_its_call_goes_on() -> None:
    async def proceed(incoming: IncomingCall) -> Call:
        for _ in range(2):
            incoming.proceed()
        incoming.refuse(486)
        incoming.proceed()
        raise CallUnanswered("busy")

    async with agent(RecordingHandler(proceed)) as ours, wire.udp(ours) as peer:
        peer.invite("Require: 100rel")
        assert [(await peer.response(skip=0)).status for _ in range(3)] == [100, 180, 486]


async def test_who_registers_is_asked_without_keeping_state() -> None:
    class Asking(RecordingHandler):
        async def registering(self, registration: Registration) -> None:
            registration.challenge()

    async with agent(Asking()) as ours, wire.udp(ours) as peer:
        peer.request("REGISTER")
        assert ((await peer.response()).status, ours._layer._server_transactions) == (401, {})


async def test_callers_that_may_be_forged_leave_room_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their requests use up neither the transactions nor the calls that wait for a decision."""
    for limit in ("protocol.transaction_layer.MAX_TRANSACTIONS", "agent.agent.MAX_WAITING"):
        with monkeypatch.context() as bounds:
            bounds.setattr(f"signaling.sip.{limit}", 3 if "TRANSACTIONS" in limit else 1)
            decided, handler = asyncio.Event(), RecordingHandler()

            async def wait(incoming: IncomingCall, decided: asyncio.Event = decided) -> Call:
                await decided.wait()
                return await incoming.accept(ANSWER)

            handler.take = wait
            async with agent(handler) as ours, wire.udp(ours) as peer, wire.tcp(ours) as by_tcp:
                peer.invite()
                await soon(handler.incoming.get())
                peer.tag, handler.addresses = "another", set()
                peer.invite()
                assert (await peer.response()).status == 503
                handler.addresses = {HOST}
                peer.invite()
                assert (await peer.response()).status == 302
                by_tcp.call_id = "by tcp"
                by_tcp.invite()
                assert (await by_tcp.response(skip=0)).status == 100
                decided.set()
                assert (await by_tcp.response()).status == 200


async def test_calls_that_wait_and_are_accepted_are_not_more_than_there_is_room_for() -> None:
    """Those that may be forged and the others wait apart, and are as many as there may be calls, each."""
    decided, handler = asyncio.Event(), RecordingHandler()

    async def wait(incoming: IncomingCall) -> Call:
        await decided.wait()
        return await incoming.accept(ANSWER)

    handler.take = wait
    async with agent(handler, most_calls=1) as ours, wire.udp(ours) as peer, wire.tcp(ours) as by_tcp:
        by_tcp.call_id = "by tcp"
        for each in (peer, by_tcp):
            each.invite()
            await soon(handler.incoming.get())
        decided.set()
        assert sorted([(await peer.response()).status, (await by_tcp.response()).status]) == [200, 503]
