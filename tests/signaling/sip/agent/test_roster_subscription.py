"""Subscriptions to the roster of an MCU that a test writes line by line (RFC 6665, RFC 4575)."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count

import pytest

from signaling.sip.agent import agent as agents
from signaling.sip.agent import roster_subscription, subscription_rules
from signaling.sip.agent.agent import Agent, Call, SipSettings, Target
from signaling.sip.agent.rate_limit import BURST
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.message import Request
from signaling.sip.protocol.roster import MEDIA_TYPE, NOBODY, Inside
from tests.signaling.sip import wire
from tests.signaling.sip.agents import ANSWER, OFFER, RecordingHandler, agent, soon
from tests.signaling.sip.rosters import roster, user
from tests.signaling.sip.wire import HOST, Peer

Dial = Callable[[Agent], AbstractAsyncContextManager[Peer]]
EVENT, ACTIVE, XML = "Event: conference", "Subscription-State: active;expires=3600", f"Content-Type: {MEDIA_TYPE}"
ENDED = "Subscription-State: terminated;reason="


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for peers that are gone."""
    monkeypatch.setattr("signaling.sip.agent.agent.CLOSE_TIMEOUT_S", 0.05)


class Mcu:
    """An MCU in a call of ours: `told` are the rosters that the call tells of."""

    def __init__(self, peer: Peer, call: Call) -> None:
        self.peer, self.call = peer, call
        self.requests: deque[Request] = deque()
        """Those that came before the response to a NOTIFY: nothing orders the two."""
        self.told: asyncio.Queue[Inside] = asyncio.Queue()
        call.follow_roster(self.told.put_nowait)

    async def subscribed(self, status: int = 200, *headers: str) -> Request:
        """Answer the next SUBSCRIBE, and speak within its dialog from then on."""
        subscribe = self.requests.popleft() if self.requests else await self.peer.next_request("SUBSCRIBE")
        assert subscribe.method == "SUBSCRIBE"
        self.peer.call_id, self.peer.theirs = subscribe.call_id, subscribe.sender.tag
        self.peer.respond(subscribe, status, *headers)
        return subscribe

    async def notify(self, *headers: str, body: str = "") -> int:
        """Send a NOTIFY; return the status that answers it."""
        self.peer.request("NOTIFY", *headers, body=body)
        while isinstance(message := await soon(self.peer.heard.get()), Request):
            self.requests.append(message)
        return message.status

    async def tells(self, *names: str) -> int:
        """Send a whole roster; return the status that answers it."""
        return await self.notify(EVENT, ACTIVE, XML, body=roster([user(f"sip:{each}@m", each) for each in names]))

    async def silent(self, seconds: float) -> bool:
        """Return True if nothing is received for a while, and nothing was that a test has not asked for."""
        return await self.peer.silent(seconds) and not self.requests

    async def hung_up(self) -> Request:
        """Have us hang up; return the SUBSCRIBE that ends the subscription."""
        ending = asyncio.create_task(self.call.hang_up())
        requests: dict[str, Request] = {}
        while len(requests) < 2:
            request = await soon(self.peer.heard.get())
            assert isinstance(request, Request)
            requests[request.method] = request
            self.peer.respond(request, 200)
        await ending
        return requests["SUBSCRIBE"]


@asynccontextmanager
async def called(
    parameters: str = ";isfocus", credentials: Credentials | None = None, dial: Dial = wire.udp
) -> AsyncIterator[tuple[Agent, Mcu]]:
    """Call a peer that answers with such a Contact."""
    async with agent(RecordingHandler()) as ours, dial(ours) as peer:
        where = Target(HOST, peer.port, peer.transport, credentials=credentials)
        calling = asyncio.create_task(ours.invite(where, OFFER, name="UBND tỉnh"))
        invite = await peer.next_request("INVITE")
        peer.parameters = parameters
        peer.respond(invite, 200, body=ANSWER)
        call = await soon(calling)
        await peer.next_request("ACK")
        peer.call_id, peer.theirs = invite.call_id, invite.sender.tag
        yield ours, Mcu(peer, call)


async def test_who_is_in_the_room_of_an_mcu_is_told_until_the_call_ends() -> None:
    async with called() as (_, mcu):
        of_call = mcu.peer.call_id
        subscribe = await mcu.subscribed(200, "Expires: 1800")
        asked = subscribe.uri, subscribe.recipient.uri, subscribe.get("event"), subscribe.get("accept")
        contact = f"sip:peer@{HOST}:{mcu.peer.port};transport=udp"
        assert asked == (contact, contact, "conference", MEDIA_TYPE)
        assert (subscribe.get("expires"), subscribe.sequence, subscribe.recipient.tag) == ("3600", (1, "SUBSCRIBE"), "")
        assert subscribe.call_id != of_call and subscribe.sender.name == "UBND tỉnh"
        we = user(f"sip:diemcau@{HOST}", "UBND tỉnh")
        body = roster([we, user("sip:a@m", "Văn phòng Chính phủ")])
        assert await mcu.notify(EVENT, ACTIVE, XML, body=body) == 200
        assert await soon(mcu.told.get()) == Inside(("Văn phòng Chính phủ",))
        more = roster([user("sip:b@m", "Bộ Y tế")], version=2, state="partial", users_state="partial")
        assert await mcu.notify(EVENT, ACTIVE, XML, body=more) == 200
        assert await soon(mcu.told.get()) == Inside(("Văn phòng Chính phủ", "Bộ Y tế"))
        end = await mcu.hung_up()
        assert (end.call_id, end.sequence[0], end.get("expires"), end.recipient.tag) == (
            subscribe.call_id,
            2,
            "0",
            "peer",
        )
        assert await mcu.notify(EVENT, f"{ENDED}timeout") == 200
        assert await soon(mcu.told.get()) == NOBODY
        assert await mcu.tells("A") == 481


async def test_who_is_no_mcu_is_not_asked_before_its_contact_says_that_it_is_one() -> None:
    async with called("") as (_, mcu):
        assert await mcu.silent(0.1)
        mcu.peer.parameters = ";isfocus"
        mcu.peer.invite()  # it has put us through to its room
        assert (await mcu.peer.response()).status == 200
        mcu.peer.ack()
        await mcu.subscribed()
        assert await mcu.tells("A") == 200
        assert await soon(mcu.told.get()) == Inside(("A",))
        await mcu.hung_up()


async def test_a_notify_may_come_before_the_response_to_the_subscribe() -> None:
    async with called() as (_, mcu):
        subscribe = await mcu.peer.next_request("SUBSCRIBE")
        mcu.peer.call_id, mcu.peer.theirs = subscribe.call_id, subscribe.sender.tag
        assert await mcu.tells("A") == 200
        mcu.peer.respond(subscribe, 200, tag="proxy")
        assert await mcu.tells("B") == 200
        assert [await soon(mcu.told.get()) for _ in range(2)] == [Inside(("A",)), Inside(("B",))]
        assert (await mcu.hung_up()).recipient.tag == "peer"


async def test_what_a_notify_is_answered_by() -> None:
    async with called() as (_, mcu):
        await mcu.subscribed()
        known, whole = roster([user("sip:a@m", "A")]), roster([])
        assert await mcu.notify(EVENT, ACTIVE, XML, body=known) == 200
        assert await mcu.notify("Event: Conference;x=y", "Subscription-State: pending") == 200
        for status, headers, body in (
            (489, ("Event: presence", ACTIVE), ""),
            (489, (ACTIVE,), ""),
            (481, (f"{EVENT};id=7", ACTIVE), ""),
            (400, (EVENT,), ""),
            (400, (EVENT, "Subscription-State: gone"), ""),
            (400, (EVENT, ACTIVE, XML), "<!DOCTYPE conference-info [<!ENTITY a 'a'>]><conference-info/>"),
            (400, (EVENT, ACTIVE, XML), "<conference-info>"),
            (415, (EVENT, ACTIVE, "Content-Type: text/plain"), whole),
            (415, (EVENT, ACTIVE, XML, "Content-Encoding: gzip"), whole),
            (420, (EVENT, ACTIVE, "Require: x"), ""),
        ):
            assert await mcu.notify(*headers, body=body) == status, headers
        mcu.peer.tag = "another branch"
        assert await mcu.tells("B") == 481
        mcu.peer.tag, mcu.peer.theirs = "peer", "nobody"
        assert await mcu.tells("B") == 481
        assert [mcu.told.get_nowait() for _ in range(mcu.told.qsize())] == [Inside(("A",))]
        assert not mcu.call.ended.is_set()


async def test_a_notify_out_of_order_is_refused() -> None:
    async with called() as (_, mcu):
        await mcu.subscribed()
        mcu.peer.numbers = count(9)
        assert await mcu.tells("A") == 200
        mcu.peer.numbers = count(8)
        assert await mcu.tells("B") == 500
        assert mcu.told.get_nowait() == Inside(("A",)) and mcu.told.empty()


@pytest.mark.parametrize("status", [405, 489, 501])
async def test_an_mcu_without_rosters_is_asked_once(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_subscription, "ANEW_S", (0.01, 0.01))
    async with called() as (_, mcu):
        await mcu.subscribed(status)
        assert await mcu.silent(0.1)
        assert await soon(mcu.told.get()) == NOBODY and not mcu.call.ended.is_set()


async def test_a_refused_subscribe_is_sent_again_some_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_subscription, "ANEW_S", (0.01, 0.01))
    async with called() as (_, mcu):
        ids = {(await mcu.subscribed(status)).call_id for status in (403, 480, 500)}
        assert len(ids) == 3 and await mcu.silent(0.1)
        assert [await soon(mcu.told.get()) for _ in ids] == [NOBODY] * 3


async def test_a_subscribe_has_the_password_and_the_time_that_are_wanted() -> None:
    async with called(credentials=Credentials("kh", "secret")) as (_, mcu):
        nonce = 'WWW-Authenticate: Digest realm="mcu", nonce="n", algorithm=MD5'
        asked = await mcu.subscribed(401, nonce)
        brief = await mcu.subscribed(423, "Min-Expires: 7200")
        last = await mcu.subscribed()
        assert [each.sequence[0] for each in (asked, brief, last)] == [1, 2, 3]
        assert [each.get("expires") for each in (asked, brief, last)] == ["3600", "3600", "7200"]
        assert asked.get("authorization") is None and 'username="kh"' in (last.get("authorization") or "")
        await mcu.hung_up()


async def test_a_subscription_is_refreshed_and_for_the_whole_roster_where_a_document_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscription_rules, "SHORTEST_S", 0.1)
    async with called() as (_, mcu):
        first = await mcu.subscribed(200, "Expires: 0")
        second = await mcu.subscribed()
        assert (second.call_id, second.sequence[0], second.recipient.tag) == (first.call_id, 2, "peer")
        assert await mcu.tells("A") == 200
        late = roster([user("sip:b@m", "B")], version=7, state="partial", users_state="partial")
        for _ in range(3):
            assert await mcu.notify(EVENT, ACTIVE, XML, body=late) == 200
        third = await mcu.subscribed()
        assert (third.sequence[0], third.get("expires")) == (3, "3600")
        assert await mcu.notify(EVENT, ACTIVE, XML, body=late) == 200  # it has not understood
        assert await mcu.silent(0.15)
        assert [mcu.told.get_nowait() for _ in range(5)] == [Inside(("A",))] * 5
        await mcu.hung_up()


async def test_a_subscription_that_the_mcu_ends_is_made_anew_some_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_subscription, "ANEW_S", (0.01, 0.01))
    async with called() as (_, mcu):
        ids = set()
        for _ in range(3):
            ids.add((await mcu.subscribed()).call_id)
            assert [await mcu.tells("A"), await mcu.notify(EVENT, f"{ENDED}deactivated")] == [200, 200]
            assert await mcu.tells("B") == 481
            assert [await soon(mcu.told.get()) for _ in range(2)] == [Inside(("A",)), NOBODY]
        assert len(ids) == 3 and await mcu.silent(0.1)


async def test_a_room_that_is_gone_is_asked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_subscription, "ANEW_S", (0.01, 0.01))
    async with called(dial=wire.tcp) as (_, mcu):
        await mcu.subscribed()
        assert await mcu.tells("A") == 200
        mcu.peer.request("NOTIFY", EVENT, f"{ENDED}noresource")
        late = await mcu.tells("B")
        assert (late, (await mcu.peer.response()).status) == (200, 481)  # in the order of the requests
        assert [await soon(mcu.told.get()) for _ in range(2)] == [Inside(("A",)), NOBODY]
        assert await mcu.silent(0.1) and not mcu.call.ended.is_set()


async def test_a_flood_of_requests_ends_the_subscription_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "NOTIFIES", 2 / BURST)
    async with called() as (_, mcu):
        await mcu.subscribed()
        assert [await mcu.tells("A") for _ in range(4)] == [200, 200, 481, 481]
        assert [await soon(mcu.told.get()) for _ in range(3)] == [Inside(("A",)), Inside(("A",)), NOBODY]
        assert not mcu.call.ended.is_set() and await mcu.silent(0.1)


async def test_an_mcu_is_asked_again_by_the_process_that_resumes_its_call() -> None:
    async with called() as (ours, mcu):
        await mcu.subscribed()
        snapshot = mcu.call.snapshot
        await ours.leave()
        host, port = ours.address
        successor = Agent(SipSettings(host, port), RecordingHandler())
        (resumed,) = await successor.start([snapshot])
        try:
            assert await mcu.tells("A") == 481
            again = Mcu(mcu.peer, resumed)
            await again.subscribed()
            assert await again.tells("B") == 200
            assert await soon(again.told.get()) == Inside(("B",))
        finally:
            await successor.close()
