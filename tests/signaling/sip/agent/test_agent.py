"""Messages of the agent in reply to each message of a peer.

Also tests `call.py`, `incoming_call.py` and `outgoing_call.py`.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from itertools import count

import pytest

from signaling.sip.agent import outgoing_call
from signaling.sip.agent.agent import Agent, Call, CallRefused, CallUnanswered, IncomingCall, SipSettings, Target
from signaling.sip.agent.rate_limit import BURST
from signaling.sip.protocol.message import Request
from signaling.sip.protocol.transport import MAX_CONNECTIONS_PER_ADDRESS, STRANGER_IDLE_TIMEOUT_S
from tests.signaling.sip import wire
from tests.signaling.sip.agents import ANSWER, OFFER, RecordingHandler, agent, soon, target
from tests.signaling.sip.wire import HOST, Peer

Dial = Callable[[Agent], AbstractAsyncContextManager[Peer]]
BOTH = pytest.mark.parametrize("dial", [wire.udp, wire.tcp])
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REGISTER, NOTIFY"
PICTURE = (
    '<?xml version="1.0" encoding="utf-8" ?><media_control><vc_primitive><to_encoder><picture_fast_update/>'
    "</to_encoder></vc_primitive></media_control>"
)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for peers that are gone."""
    monkeypatch.setattr("signaling.sip.agent.agent.CLOSE_TIMEOUT_S", 0.05)


@BOTH
async def test_options(dial: Dial) -> None:
    async with agent() as ours, dial(ours) as peer:
        peer.request("OPTIONS")
        response = await peer.response()
        assert (response.status, response.get("allow"), response.get("accept")) == (200, ALLOW, "application/sdp")
        assert response.get("server") == "Diemcau"
        assert response.via.parameters["received"] == HOST
        assert response.recipient.tag


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *(("SUBSCRIBE", 405), ("MESSAGE", 405), ("REFER", 405), ("PUBLISH", 405)),
        *(("invite", 501), ("X", 501)),
    ],
)
async def test_methods_it_does_not_have(method: str, status: int) -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        peer.request(method)
        response = await peer.response()
        assert (response.status, response.get("allow")) == (status, ALLOW)


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE", "INVITE", "CANCEL", "OPTIONS", "PRACK", "NOTIFY"])
async def test_calls_it_does_not_know(method: str) -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        peer.theirs = "nothing"
        peer.request(method)
        assert (await peer.response()).status == 481


async def test_the_answer_goes_to_the_port_of_the_via_without_rport() -> None:
    async with agent() as ours, wire.udp(ours) as peer, wire.udp(ours) as other:
        source, peer.port = peer.port, other.port
        peer.send(peer.request("OPTIONS").replace(b";rport", b"").replace(b"OPTIONS1", b"second"))
        assert (await peer.response()).via.parameters["rport"] == str(source)
        response = await other.response()
        assert (response.via.branch, response.via.parameters.get("rport")) == ("z9hG4bKsecond", None)


async def test_an_ack_is_never_answered() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        peer.request("ACK")
        assert await peer.silent()


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (("Require: 100rel, x",), OFFER, 420),
        (("Supported: timer", "Session-Expires: 60"), OFFER, 422),
        (("Content-Type: application/x",), OFFER, 415),
    ],
)
async def test_invites_refused_at_once(headers: tuple[str, ...], body: str, status: int) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite(*headers, body=body)
        response = await peer.response()
        assert response.status == status
        assert (response.get("unsupported"), response.get("min-se")) == (
            "x" if status == 420 else None,
            "90" if status == 422 else None,
        )
        assert handler.incoming.empty()


async def test_keepalives_and_rubbish_are_not_answered() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        for data in (
            b"\r\n\r\n",
            b"\0",
            b"",
            b"\xff" * 1000,
            b"SIP/2.0 200 OK\r\n\r\n",
            b"OPTIONS sip:a SIP/2.0\r\n\r\n",
        ):
            peer.send(data)
        assert await peer.silent()
        peer.request("OPTIONS")
        assert (await peer.response()).status == 200


@BOTH
async def test_a_call_comes_and_goes(dial: Dial) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, dial(ours) as peer:
        response = await peer.call("User-Agent: Polycom HDX")
        assert response.text == ANSWER and response.get("content-type") == "application/sdp"
        contact = "<sip:diemcau@{}:{}{}>".format(*ours.address, ";transport=tcp" if peer.transport == "tcp" else "")
        assert (response.get("contact"), response.get("session-expires")) == (contact, None)
        call = await soon(handler.calls.get())
        assert (call.peer.address, call.peer.name, call.peer.user, call.peer.user_agent) == (
            *(HOST, "Phòng", "peer", "Polycom HDX"),
        )
        peer.request("BYE")
        assert (await peer.response()).status == 200
        await soon(call.ended.wait())
        assert call.reason == "bye"
        peer.request("BYE", again=True)  # repeated: the same answer; asked anew: no such call
        if peer.transport == "udp":
            assert (await peer.response()).status == 200
            peer.request("BYE")
        assert (await peer.response()).status == 481


async def test_a_caller_is_asked_for_its_password_once_more_while_it_proves_it_already() -> None:
    """An INVITE that is sent again because its challenge, which leaves no state, came late is decided anew."""
    handler = RecordingHandler(lambda incoming: asyncio.get_running_loop().create_future())
    async with agent(handler) as ours, wire.udp(ours) as peer:
        for _ in range(2):
            peer.invite()  # with the next number
            assert (await peer.response(skip=0)).status == 100
        assert handler.incoming.qsize() == 2


async def test_an_invite_sent_again_is_one_call() -> None:
    handler = RecordingHandler(lambda incoming: asyncio.get_running_loop().create_future())
    async with agent(handler) as ours, wire.udp(ours) as peer:
        for again in (False, True):
            peer.invite(again=again)
            assert (await peer.response(skip=0)).status == 100
        peer.invite(again=True, branch="other")
        assert (await peer.response()).status == 482
        assert handler.incoming.qsize() == 1


@BOTH
async def test_a_200_is_repeated_until_its_ack(dial: Dial) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, dial(ours) as peer:
        peer.invite()
        first, second = await peer.response(), await peer.response()
        assert first == second and first.status == 200
        assert handler.calls.empty()
        peer.theirs = first.recipient.tag
        peer.ack()
        await soon(handler.calls.get())
        await peer.settled()
        assert await peer.silent(1.2)


async def test_a_refusal_is_repeated_until_its_ack() -> None:
    async def refuse(incoming: IncomingCall) -> None:
        incoming.refuse(403)
        incoming.refuse(404)

    async with agent(RecordingHandler(refuse)) as ours, wire.udp(ours) as peer:  # type: ignore[arg-type]
        peer.invite()
        first, second = await peer.response(), await peer.response()
        assert first == second and first.status == 403
        peer.theirs = first.recipient.tag
        peer.ack(branch="INVITE1")
        assert await peer.silent(1.2)


async def test_a_call_handler_that_fails_refuses() -> None:
    async def fail(incoming: IncomingCall) -> None:
        raise ZeroDivisionError

    async with agent(RecordingHandler(fail)) as ours, wire.udp(ours) as peer:  # type: ignore[arg-type]
        peer.invite()
        assert (await peer.response()).status == 500


async def test_cancel() -> None:
    go = asyncio.Event()

    async def wait(incoming: IncomingCall) -> None:
        await go.wait()
        incoming.refuse(404)
        await incoming.accept(ANSWER)

    handler = RecordingHandler(wait)  # type: ignore[arg-type]
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite(branch="same")
        assert (await peer.response(skip=0)).status == 100
        peer.request("CANCEL", branch="same", again=True)
        responses = [await peer.response(), await peer.response()]
        assert sorted((response.status, response.sequence[1]) for response in responses) == [
            (200, "CANCEL"),
            (487, "INVITE"),
        ]
        go.set()
        assert str(await soon(handler.failed.get())) == "gone before the answer"


async def test_gone_before_the_ack() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite()
        peer.theirs = (await peer.response()).recipient.tag
        peer.request("BYE")
        assert (await peer.response()).status == 200
        assert str(await soon(handler.failed.get())) == "gone before the ACK"
        assert await peer.silent(0.7)


@BOTH
async def test_offers_within_a_call_are_answered_as_the_handler_answers(dial: Dial) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, dial(ours) as peer:
        await peer.call()
        for direction, status in (("sendonly", 200), ("sendrecv", 488), ("sendrecv", 200)):
            handler.refusal = status if status != 200 else 0
            offer = OFFER.replace("sendrecv", direction)
            peer.invite(body=offer)
            response = await peer.response()
            answer = ANSWER.replace("sendrecv", "inactive" if direction == "sendonly" else "sendrecv")
            assert (response.status, response.text) == (status, answer if status == 200 else "")
            assert handler.offers.get_nowait() == offer
            peer.ack(branch="" if status == 200 else f"INVITE{peer.number}")
        assert not (await soon(handler.calls.get())).ended.is_set()
        await peer.settled()
        assert await peer.silent(0.6)


async def test_a_second_offer_before_the_first_is_answered_comes_too_soon() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        handler.ready.clear()
        peer.invite()
        assert (await peer.response(skip=0)).status == 100
        peer.request("UPDATE", body=OFFER)
        response = await peer.response()
        assert (response.status, response.get("retry-after")) == (500, "2")
        peer.request("UPDATE")  # a mere refresh asks for nothing
        assert (await peer.response()).status == 200
        handler.ready.set()
        assert (await peer.response()).text == ANSWER


async def test_of_offers_that_come_in_one_segment_the_second_comes_too_soon() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.tcp(ours) as peer:
        await peer.call()
        handler.ready.clear()
        for _ in range(2):
            peer.invite()
        assert sorted([(await peer.response(skip=0)).status for _ in range(2)]) == [100, 500]
        handler.ready.set()
        assert (await peer.response()).text == ANSWER
        assert handler.offers.qsize() == 1


async def test_an_offer_that_a_hang_up_overtakes_is_not_answered() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        handler.ready.clear()
        peer.invite()
        assert (await peer.response(skip=0)).status == 100
        peer.request("BYE")
        assert (await peer.response()).status == 200
        handler.ready.set()
        assert (await peer.response()).status == 487


@BOTH
async def test_a_call_without_an_offer_gets_ours_and_answers_in_its_ack(dial: Dial) -> None:
    async def offer(incoming: IncomingCall) -> Call:
        assert incoming.offer == ""
        return await incoming.accept(OFFER)

    handler = RecordingHandler(offer)
    async with agent(handler) as ours, dial(ours) as peer:
        peer.invite(body="")
        response = await peer.response()
        assert (response.status, response.text) == (200, OFFER)
        peer.theirs = response.recipient.tag
        peer.ack(body=ANSWER)
        call = await soon(handler.calls.get())
        assert call.sdp == ANSWER
        for refusal, status in ((0, 200), (491, 491)):  # the same within the call
            handler.refusal = refusal
            peer.invite(body="")
            response = await peer.response()
            assert (response.status, response.text) == (status, "" if refusal else OFFER)
            peer.ack(body="" if refusal else ANSWER, branch=f"INVITE{peer.number}" if refusal else "")
        assert await soon(handler.answers.get()) == ANSWER
        await peer.settled()
        assert handler.answers.empty() and not call.ended.is_set()


async def test_requests_within_a_call() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        for method, headers, body, status in (
            ("OPTIONS", (), "", 200),
            ("UPDATE", (), "", 200),
            ("UPDATE", (), OFFER, 200),
            ("UPDATE", ("Content-Type: text/plain",), OFFER, 415),
            ("UPDATE", ("Require: x",), "", 420),
            ("INFO", (), "", 200),
            ("INFO", ("Content-Type: application/dtmf-relay",), "Signal=1\r\nDuration=160\r\n", 200),
            ("INFO", ("Content-Type: application/dtmf",), "#", 200),
            ("INFO", ("Content-Type: application/dtmf-relay",), "Duration=160", 400),
            ("INFO", ("Content-Type: text/plain",), "1", 415),
            ("INFO", ("Content-Type: application/media_control+xml",), "<media_control/>", 200),
            ("REFER", (), "", 405),
        ):
            peer.request(method, *headers, body=body)
            assert (method, (await peer.response()).status) == (method, status)
        assert [handler.digits.get_nowait() for _ in range(handler.digits.qsize())] == ["1", "#"]
        assert handler.pictures.empty()
        peer.request("INFO", "Content-Type: application/media_control+xml", body=PICTURE)
        assert (await peer.response()).status == 200
        assert await soon(handler.pictures.get()) is call
        assert not call.ended.is_set()


async def test_digits_are_sent_in_info_where_the_remote_party_takes_no_events() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        sending = asyncio.create_task(call.send_digits("7,#"))
        for digit in "7#":
            request = await peer.next_request("INFO")
            assert (request.method, request.content_type) == ("INFO", "application/dtmf-relay")
            assert request.text == f"Signal={digit}\r\nDuration=160\r\n"
            peer.respond(request, 200)
        assert await soon(sending)
        sending = asyncio.create_task(call.send_digits("1"))
        peer.respond(await peer.next_request("INFO"), 415)
        assert not await soon(sending)
        sending = asyncio.create_task(call.send_digits(",2"))
        peer.request("BYE")
        assert (await peer.response()).status == 200
        assert not await soon(sending)
        assert peer.heard.empty()  # an INFO after its call would be sent again until somebody answers it


async def test_we_offer_within_a_call_and_take_the_answer() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        offering = asyncio.create_task(call.offer(OFFER))
        request = await peer.next_request("INVITE")
        assert (request.text, request.content_type) == (OFFER, "application/sdp")
        peer.request("INVITE", "Content-Type: application/sdp", body=OFFER)  # both at once (RFC 3261 §14.2)
        assert (await peer.response()).status == 491
        peer.ack(branch=f"INVITE{peer.number}")
        peer.respond(request, 491)
        assert (await peer.next_request("ACK")).sequence == (request.sequence[0], "ACK")
        again = await peer.next_request("INVITE")
        peer.respond(again, 200, "Content-Type: application/sdp", body=ANSWER)
        assert await soon(offering) == call.sdp == ANSWER
        ack = await peer.next_request("ACK")
        assert ack.sequence == (again.sequence[0], "ACK")
        peer.respond(again, 200, "Content-Type: application/sdp", body=ANSWER)
        assert (await peer.next_request("ACK")).write() == ack.write()  # a retransmission (§13.2.2.4)
        offering = asyncio.create_task(call.offer(OFFER))
        peer.respond(await peer.next_request("INVITE"), 488)
        with pytest.raises(CallRefused):
            await soon(offering)
        assert not call.ended.is_set() and call.sdp == ANSWER


async def test_an_answer_that_comes_after_who_offered_hung_up_is_acknowledged_and_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("signaling.sip.agent.call.OFFER_TIMEOUT_S", 0.05)
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        offering = asyncio.create_task(call.offer(OFFER.replace("40000", "40010")))
        request = await peer.next_request("INVITE")
        with pytest.raises(CallUnanswered):
            await soon(offering)
        hanging_up = asyncio.create_task(call.hang_up("redialled"))
        bye = await peer.next_request("BYE")
        peer.respond(request, 200, "Content-Type: application/sdp", body=ANSWER)
        assert (await peer.next_request("ACK")).sequence == (request.sequence[0], "ACK")
        peer.respond(bye, 200)
        await soon(hanging_up)
        assert (call.sdp, call.reason) == (OFFER, "redialled")


async def test_an_update_that_comes_before_the_answer_to_our_offer_is_let_wait() -> None:
    handler = RecordingHandler(lambda incoming: incoming.accept(OFFER))
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite(body="")
        peer.theirs, invited = (await peer.response()).recipient.tag, peer.number
        peer.request("UPDATE", body=OFFER)
        assert (await peer.response(skip=200)).status == 491  # RFC 3311 §5.2
        peer.request("UPDATE")
        assert (await peer.response()).sequence == (peer.number, "UPDATE")
        peer.number = invited
        peer.ack(body=ANSWER)
        await soon(handler.calls.get())
        peer.numbers = count(invited + 3)
        peer.request("UPDATE", body=OFFER)
        assert (await peer.response()).status == 200


async def test_a_request_over_tcp_while_we_stop_is_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.sip.agent.agent.CLOSE_TIMEOUT_S", 30.0)
    async with agent() as ours, wire.tcp(ours) as peer, wire.tcp(ours) as other, wire.udp(ours) as third:
        await peer.call()
        await other.settled()
        closing = asyncio.create_task(ours.close())
        bye = await peer.next_request("BYE")
        other.call_id = "other"
        for method in ("INVITE", "OPTIONS", "REGISTER"):
            other.request(method)
            response = await other.response()
            assert (response.status, response.get("retry-after")) == (503, "5")
        other.request("ACK")
        third.request("OPTIONS")  # it comes again
        peer.request("UPDATE")  # of a call that another process may go on with
        assert await other.silent()
        assert (peer.heard.empty(), third.heard.empty()) == (True, True)
        peer.respond(bye, 200)
        await soon(closing)


async def test_requests_out_of_order_are_refused() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        await peer.call()
        late = peer.request("OPTIONS").replace(b"CSeq: 2", b"CSeq: 1").replace(b"OPTIONS2", b"late")
        assert (await peer.response()).status == 200
        peer.send(late)
        assert (await peer.response()).status == 500


async def test_a_stranger_cannot_end_a_call() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        call.peer = type(call.peer)("127.0.0.2", "", "", "")  # as if the call were from elsewhere
        peer.request("BYE")
        assert (await peer.response()).status == 481
        assert not call.ended.is_set()


async def test_session_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refresh says anew for how long; the call ends when the last one was for 90 s, which are soon over here."""
    monkeypatch.setattr(
        "signaling.sip.agent.session_timer.watch_seconds", lambda seconds: 0.05 if seconds == 90 else 3600.0
    )
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        response = await peer.call("Supported: timer", "Session-Expires: 1800;refresher=uac")
        assert (response.get("session-expires"), response.get("require")) == ("1800;refresher=uac", "timer")
        call = await soon(handler.calls.get())
        for method, seconds in (("UPDATE", 120), ("INVITE", 240), ("UPDATE", 90)):
            peer.request(method, *("Supported: timer", f"Session-Expires: {seconds};refresher=uac"), body=OFFER)
            response = await peer.response()
            assert (response.status, response.get("session-expires")) == (200, f"{seconds};refresher=uac")
            if method == "INVITE":
                peer.ack()
            assert call.reason == ("" if seconds > 90 else call.reason)
        peer.respond(await peer.next_request("BYE"), 200)
        await soon(call.ended.wait())
        assert call.reason == "session timer"


@pytest.mark.parametrize(
    ("wanted", "headers", "answered"),
    [
        (1800, ("Supported: timer",), "1800;refresher=uac"),
        (None, ("Supported: timer", "Session-Expires: 600"), None),
    ],
)
async def test_a_call_and_its_refreshes_have_the_session_timer_of_the_profile(
    wanted: int | None, headers: tuple[str, ...], answered: str | None
) -> None:
    async with (
        agent(RecordingHandler(lambda incoming: incoming.accept(ANSWER, wanted))) as ours,
        wire.udp(ours) as peer,
    ):
        assert (await peer.call(*headers)).get("session-expires") == answered
        peer.request("UPDATE", *headers)
        assert (await peer.response()).get("session-expires") == answered


async def test_a_refresh_that_is_too_brief() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        await peer.call()
        peer.request("UPDATE", "Supported: timer", "Session-Expires: 89")
        response = await peer.response()
        assert (response.status, response.get("min-se")) == (422, "90")


@BOTH
async def test_we_hang_up(dial: Dial) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, dial(ours) as peer:
        await peer.call("Record-Route: <sip:127.0.0.1:{};lr>")
        call = await soon(handler.calls.get())
        goodbye = asyncio.create_task(call.hang_up())
        bye = await peer.next_request("BYE")
        assert (bye.uri, bye.sender.tag, bye.recipient.tag, bye.call_id) == (
            f"sip:peer@{HOST}:{peer.port};transport={peer.transport}",
            *(peer.theirs, peer.tag, peer.call_id),
        )
        peer.respond(bye, 200)
        await soon(goodbye)
        assert call.ended.is_set() and call.reason == "hung up"
        await call.hang_up()
        assert peer.heard.empty()


async def test_nothing_leaves_for_where_a_contact_says() -> None:
    """A Contact of another host is repeated in the Request-URI, but the datagrams stay between the two of us."""
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        data = peer.invite().replace(b"branch=z9hG4bK", b"branch=z9hG4bKx")
        data = data.replace(b"<sip:peer@127.0.0.1:%d" % peer.port, b"<sip:v@127.0.0.66:9")
        peer.send(data.replace(b"Call-ID: ", b"Call-ID: x"))
        peer.call_id = "xcall@peer"
        response = await peer.response()
        while response.call_id != peer.call_id:
            response = await peer.response()
        peer.theirs = response.recipient.tag
        peer.ack()
        call = await soon(handler.calls.get())
        goodbye = asyncio.create_task(call.hang_up())
        while not isinstance(bye := await soon(peer.heard.get()), Request):
            pass
        assert bye.uri == "sip:v@127.0.0.66:9;transport=udp"
        peer.respond(bye, 200)
        await soon(goodbye)


async def test_a_call_moves_to_the_connection_it_is_heard_on() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.tcp(ours) as peer, wire.tcp(ours) as again:
        await peer.call()
        call = await soon(handler.calls.get())
        again.theirs = peer.theirs
        next(again.numbers)
        again.request("OPTIONS")
        assert (await again.response()).status == 200
        peer.drop()
        assert await again.silent()
        goodbye = asyncio.create_task(call.hang_up())
        again.respond(await again.next_request("BYE"), 200)
        await soon(goodbye)
        assert peer.heard.empty()


async def test_a_connection_is_kept_while_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with agent() as ours, wire.tcp(ours) as peer:
        await peer.call()
        monkeypatch.setattr("signaling.sip.protocol.transport.UNFINISHED_TIMEOUT_S", 0.2)
        monkeypatch.setattr("signaling.sip.protocol.transport.IDLE_TIMEOUT_S", 0.2)
        await peer.settled()
        async with wire.tcp(ours) as idle, wire.tcp(ours) as slow:
            slow.send(b"OPTIONS ")
            await idle.closed()
            await slow.closed()
        await asyncio.sleep(0.5)
        peer.request("BYE")
        assert (await peer.response()).status == 200
        await peer.closed()


async def test_a_device_that_registers_on_a_connection_keeps_it() -> None:
    """Its address is known only after what it said last, and nothing but that connection leads through its NAT."""
    handler = RecordingHandler()
    handler.addresses = set()
    async with agent(handler) as ours, wire.tcp(ours) as peer:
        peer.request("OPTIONS")
        assert (await peer.response()).status == 200
        handler.addresses = {HOST}
        (connection,) = ours._layer.transport._connections.values()
        connection._heard_at -= STRANGER_IDLE_TIMEOUT_S
        connection._on_timeout()
        peer.request("OPTIONS")
        assert (await peer.response()).status == 200


async def test_a_lost_connection_ends_a_call_that_cannot_be_reached() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.tcp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        peer.drop()
        peer.respond(await peer.next_request("OPTIONS"), 200)  # on a new connection, to the port of the Contact
        assert not call.ended.is_set()
        peer.drop()
        peer.respond(await peer.next_request("OPTIONS"), 481)
        await soon(call.ended.wait())
        assert call.reason == "unreachable"


async def test_a_connection_without_sense_is_closed() -> None:
    async with agent() as ours, wire.tcp(ours) as peer:
        peer.send(b"GET / HTTP/1.1\r\n\r\n")
        await peer.closed()


async def test_connections_from_one_address_are_bounded() -> None:
    async with agent() as ours:
        wires = [await asyncio.open_connection(*ours.address) for _ in range(MAX_CONNECTIONS_PER_ADDRESS + 1)]
        with suppress(ConnectionError):
            assert await soon(wires[-1][0].read()) == b""
        for _, writer in wires:
            writer.close()
        while len(ours._layer.transport._connections):
            await asyncio.sleep(0.01)
        async with wire.tcp(ours) as peer:
            peer.request("OPTIONS")
            assert (await peer.response()).status == 200


async def test_connections_of_strangers_leave_room_to_registered_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_STRANGERS", 5), ("MAX_STRANGERS_PER_ADDRESS", 3), ("MAX_CONNECTIONS", 2)):
        monkeypatch.setattr(f"signaling.sip.protocol.transport.{name}", value)
    monkeypatch.setattr("signaling.sip.protocol.transport.STRANGER_IDLE_TIMEOUT_S", 0.0)
    handler = RecordingHandler()
    handler.addresses = {HOST}
    async with agent(handler) as ours:
        where = [*["127.0.0.2"] * 4, *["127.0.0.3"] * 3, *[HOST] * 3]
        wires = [await asyncio.open_connection(*ours.address, local_addr=(each, 0)) for each in where]
        for number in (3, 6, 9):  # one more than there may be: of an address, of strangers, of registered addresses
            with suppress(ConnectionError):
                assert await soon(wires[number][0].read()) == b""
        kept = [(each.remote[0]) for each in ours._layer.transport._connections.values()]
        assert kept == [*["127.0.0.2"] * 3, *["127.0.0.3"] * 2, *[HOST] * 2]
        request = (
            b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>"
        )
        for _, writer in wires[0], wires[7]:
            writer.write(request + b"\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 9\r\nContent-Length: 0\r\n\r\n")
        assert (await soon(wires[0][0].read())).startswith(b"SIP/2.0 200")  # to its end: silent strangers are closed
        assert (await soon(wires[7][0].readline())).startswith(b"SIP/2.0 200")
        assert [each.remote[0] for each in ours._layer.transport._connections.values()].count(HOST) == 2
        for _, writer in wires:
            writer.close()


async def test_rooms_of_one_address_are_served_each_on_its_connection() -> None:
    """Twelve room systems behind one NAT call by TCP; each hangs up on its own connection."""
    handler = RecordingHandler()
    async with agent(handler) as ours, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(wire.tcp(ours)) for _ in range(12)]
        for peer in peers:
            await peer.call()
            call = await soon(handler.calls.get())
            peer.request("BYE")
            assert (await peer.response()).status == 200
            await soon(call.ended.wait())


async def test_an_address_with_too_many_requests_gets_no_response(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
    async with agent() as ours, wire.udp(ours) as peer:
        for _ in range(int(BURST)):
            peer.request("OPTIONS")
            assert (await peer.response()).status == 200
        peer.request("OPTIONS")
        async with wire.tcp(ours) as other:
            for status in (*[200] * int(BURST), 503):
                other.request("OPTIONS")
                assert (await other.response()).status == status
        assert await peer.silent()


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        *((each, (), 405) for each in ("REFER", "MESSAGE", "SUBSCRIBE")),
        ("NOTIFY", (), 489),
        ("X", (), 501),
        *((each, ("Require: x, timer, y",), 420) for each in ("BYE", "INFO", "OPTIONS", "INVITE", "UPDATE", "PRACK")),
        ("OPTIONS", ("Require: timer",), 200),
    ],
)
async def test_requests_within_a_call_are_refused_as_outside(
    method: str, headers: tuple[str, ...], status: int
) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        peer.request(method, *headers)
        response = await peer.response()
        unsupported = "x, y" if status == 420 else None
        assert (response.status, response.get("unsupported"), response.get("allow")) == (status, unsupported, ALLOW)
        assert not call.ended.is_set()


async def test_a_flood_outside_calls_does_not_hinder_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
    async with agent() as ours, wire.udp(ours) as peer, wire.udp(ours) as other:
        await peer.call()
        for _ in range(int(BURST)):
            other.request("OPTIONS")
        other.request("OPTIONS")
        peer.invite()
        response = await peer.response()
        assert (response.status, response.text) == (200, ANSWER)
        peer.ack()


async def test_a_call_with_too_many_requests_is_hung_up_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
    monkeypatch.setattr("signaling.sip.protocol.transaction_layer.MAX_TRANSACTIONS", int(BURST) + 3)
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer, wire.udp(ours) as other:
        await peer.call()
        call = await soon(handler.calls.get())
        other.call_id = "other"
        await other.call()
        for _ in range(int(BURST)):
            peer.request("UPDATE")
            assert (await peer.response()).status == 200
        peer.request("UPDATE")
        peer.respond(await peer.next_request("BYE"), 200)
        await soon(call.ended.wait())
        assert call.reason == "too many requests"
        for _ in range(3):  # what the other one asked takes no room any longer
            other.request("UPDATE")
            assert (await other.response()).status == 200


async def test_all_rooms_of_a_province_may_call_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.sip.agent.rate_limit.BURST", 10_000.0)  # they have one address here

    async def decide_later(_: IncomingCall) -> Call:
        await asyncio.Event().wait()
        raise AssertionError

    handler = RecordingHandler(decide_later)
    handler.addresses = set()
    async with agent(handler, most_calls=200) as ours, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(wire.udp(ours)) for _ in range(201)]
        statuses = []
        for number, peer in enumerate(peers):
            peer.call_id = str(number)
            peer.invite()
            if number < 200:
                await soon(handler.incoming.get())
        for peer in peers:
            statuses.append((await peer.response(skip=0)).status)
        assert statuses == [*[100] * 200, 503]


async def test_no_more_calls_than_there_is_room_for() -> None:
    async with agent(most_calls=1) as ours, wire.udp(ours) as peer, wire.udp(ours) as other:
        await peer.call()
        other.call_id = "other"
        other.invite()
        refused = await other.response()
        assert (refused.status, refused.get("retry-after")) == (503, "5")
        with pytest.raises(CallUnanswered, match="too many calls"):
            await ours.invite(Target(HOST, other.port), OFFER, name="")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_packets_are_marked(host: str, transport: str) -> None:
    class Open(Agent):
        @property
        def sockets(self) -> list[socket.socket]:
            layer = self._layer.transport
            connections = [each._tcp for each in layer._connections.values()]
            return [each.get_extra_info("socket") for each in (layer._udp, *connections) if each is not None]

    family, level, option = socket.AF_INET, socket.IPPROTO_IP, socket.IP_TOS
    if ":" in host:
        family, level, option = socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_TCLASS
    ours, theirs = Open(SipSettings(host, 0, dscp=24), RecordingHandler()), Agent(SipSettings(host), RecordingHandler())
    await ours.start()
    await theirs._layer.transport.start(host, 0)
    theirs._ready = True
    assert await ours.alive(Target(*theirs.address, transport=transport))
    found = ours.sockets
    assert [each.family for each in found] == [family] * (1 if transport == "udp" else 2)
    assert {each.getsockopt(level, option) for each in found} == {24 << 2}
    await ours.close()
    await theirs.close()


@pytest.mark.parametrize(("host", "seen"), [("0.0.0.0", "127.0.0.1"), ("::1", "::1")])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_addresses_of_other_kinds(host: str, seen: str, transport: str) -> None:
    handler = RecordingHandler()
    ours, theirs = Agent(SipSettings(host, 0), RecordingHandler()), Agent(SipSettings(seen, 0), handler)
    for each in (ours, theirs):
        await each.start()
    call = await ours.invite(target(theirs, transport), OFFER, name="")
    assert (call.peer.address, (await soon(handler.calls.get())).peer.address) == (seen, seen)
    assert handler.incoming.get_nowait().peer.user == "diemcau"
    with pytest.raises(CallUnanswered, match="another kind"):
        await ours.invite(Target("127.0.0.1" if ":" in host else "::1"), OFFER, name="")
    for each in (ours, theirs):
        await each.close()
    assert call.ended.is_set()


async def test_agents_call_each_other() -> None:
    handler = RecordingHandler()
    for transport in ("udp", "tcp"):
        async with agent(handler) as theirs, agent() as ours:
            call = await ours.invite(target(theirs, transport, "42"), OFFER, name='a "b"\r\nX: y')
            other = await soon(handler.calls.get())
            incoming = handler.incoming.get_nowait()
            assert (incoming.user, incoming.peer.name, incoming.offer) == ("42", 'a "b" X: y', OFFER)
            assert (call.sdp, other.sdp) == (ANSWER, OFFER)
            await other.hang_up()
            await soon(call.ended.wait())
            assert (call.reason, other.reason) == ("bye", "hung up")
            assert await ours.alive(target(theirs, transport))


async def test_closing_while_it_rings() -> None:
    handler = RecordingHandler(lambda incoming: asyncio.get_running_loop().create_future())
    async with agent(handler) as theirs:
        async with agent() as ours:
            ringing = asyncio.create_task(ours.invite(target(theirs), OFFER, name=""))
            await soon(handler.incoming.get())
        with pytest.raises(CallUnanswered, match="closed"):
            await ringing


async def test_dialling_says_how_it_ended() -> None:
    async with agent(ring_s=5.0) as ours, wire.udp(ours) as peer:
        waiting = asyncio.create_task(ours.invite(Target(HOST, peer.port), OFFER, name="Phiên họp"))
        invite = await peer.next_request("INVITE")
        assert invite.text == OFFER and invite.uri == f"sip:{HOST}:{peer.port}"
        assert (invite.get("allow"), invite.get("user-agent"), invite.get("supported")) == (ALLOW, "Diemcau", None)
        peer.respond(invite, 302)
        assert (await peer.next_request("ACK")).via.branch == invite.via.branch
        with pytest.raises(CallRefused) as refusal:
            await waiting
        assert (refusal.value.status, refusal.value.reason) == (302, "Whatever")


async def test_an_answer_is_acknowledged_each_time_and_a_second_phone_is_hung_up() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        waiting = asyncio.create_task(ours.invite(Target(HOST, peer.port), OFFER, name=""))
        invite = await peer.next_request("INVITE")
        asserted = 'P-Asserted-Identity: "Sở Y tế" <sip:soyte@10.0.0.1>'
        for _ in range(2):
            peer.respond(invite, 200, asserted, "Server: Cisco", body=ANSWER)
            ack = await peer.next_request("ACK")
            assert (ack.sequence, ack.uri) == ((1, "ACK"), f"sip:peer@{HOST}:{peer.port};transport=udp")
            assert ack.via.branch != invite.via.branch
        call = await waiting
        assert (call.peer.name, call.peer.user, call.peer.user_agent) == ("Sở Y tế", "soyte", "Cisco")
        peer.respond(invite, 200, body=ANSWER, tag="second")
        assert (await peer.next_request("ACK")).recipient.tag == "second"
        bye = await peer.next_request("BYE")
        assert bye.recipient.tag == "second"
        peer.respond(bye, 200)
        assert not call.ended.is_set()
        goodbye = asyncio.create_task(call.hang_up())
        peer.respond(await peer.next_request("BYE"), 200)
        await soon(goodbye)


async def test_of_more_phones_than_answer_one_call_the_rest_is_left_out() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        waiting = asyncio.create_task(ours.invite(Target(HOST, peer.port), OFFER, name=""))
        invite = await peer.next_request("INVITE")
        for number in range(outgoing_call.MOST_ANSWERS + 3):
            peer.respond(invite, 200, body=ANSWER, tag=f"phone{number}")
        call = await waiting
        peer.respond(invite, 200, body=ANSWER, tag="phone0")
        heard: list[Request] = []
        while len(heard) < 2 or heard[-1].recipient.tag != "phone0":
            message = await soon(peer.heard.get())
            assert isinstance(message, Request)
            heard += [message] * (message.method == "ACK")
        answered = [f"phone{number}" for number in range(outgoing_call.MOST_ANSWERS)]
        assert [each.recipient.tag for each in heard] == [*answered, "phone0"]
        assert heard[-1].write() == heard[0].write()
        assert not call.ended.is_set()


async def test_an_answer_that_comes_too_late_is_hung_up() -> None:
    async with agent(ring_s=0.2) as ours, wire.udp(ours) as peer:
        with pytest.raises(CallUnanswered, match="no answer"):
            await ours.invite(Target(HOST, peer.port), OFFER, name="")
        invite = await peer.next_request("INVITE")
        peer.respond(invite, 200, body=ANSWER)
        await peer.next_request("ACK")
        peer.respond(await peer.next_request("BYE"), 200)


async def test_ringing_too_late_is_cancelled() -> None:
    async with agent(ring_s=0.2) as ours, wire.udp(ours) as peer:
        with pytest.raises(CallUnanswered, match="no answer"):
            await ours.invite(Target(HOST, peer.port), OFFER, name="")
        invite = await peer.next_request("INVITE")
        peer.respond(invite, 180)
        cancel = await peer.next_request("CANCEL")
        assert cancel.via.branch == invite.via.branch
        peer.respond(cancel, 200)
        peer.respond(invite, 487)
        await peer.next_request("ACK")


async def test_an_answer_without_a_description_is_refused() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        waiting = asyncio.create_task(ours.invite(Target(HOST, peer.port), OFFER, name=""))
        peer.respond(await peer.next_request("INVITE"), 200)
        await peer.next_request("ACK")
        peer.respond(await peer.next_request("BYE"), 200)
        with pytest.raises(CallRefused, match="488"):
            await waiting


async def test_timer_of_a_dialled_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.sip.agent.session_timer.watch_seconds", lambda seconds: seconds / 900)
    async with agent() as ours, wire.udp(ours) as peer:
        waiting = asyncio.create_task(ours.invite(Target(HOST, peer.port), OFFER, name=""))
        peer.respond(await peer.next_request("INVITE"), 200, "Session-Expires: 90;refresher=uas", body=ANSWER)
        await peer.next_request("ACK")
        call = await waiting
        peer.respond(await peer.next_request("BYE"), 200)
        assert call.reason == "session timer"


async def test_nobody_there() -> None:
    async with agent(ring_s=0.2) as ours:
        async with agent() as gone:
            pass
        assert not await ours.alive(target(gone, "tcp"))
        with pytest.raises(CallUnanswered, match="unreachable"):
            await ours.invite(target(gone, "tcp"), OFFER, name="")
        with pytest.raises(CallUnanswered, match="no answer"):
            await ours.invite(target(gone), OFFER, name="")
    with pytest.raises(ValueError):
        Target("room.example")


async def test_a_port_that_is_taken() -> None:
    async with agent() as ours:
        with pytest.raises(OSError):
            async with agent() as other:
                await other._layer.transport.start(*ours.address)
