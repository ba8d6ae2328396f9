"""One H.323 call, whichever side dialled: call signalling, its H.245 session, its end."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from signaling.h323.agent import description
from signaling.h323.agent.context import TRANSPORT, AgentContext
from signaling.h323.agent.control_link import ControlLink
from signaling.h323.agent.link import Link
from signaling.h323.protocol import asn1, fast_connect, h225, q931, refusal, trace
from signaling.h323.protocol.control import Control
from signaling.h323.protocol.errors import BadPdu
from signaling.h323.protocol.h225 import Body, Identity
from signaling.h323.protocol.presentation import Holder
from signaling.h323.protocol.q931 import Message
from signaling.sip.agent.context import FloorDecision, RemoteParty
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import CallFailed, CallRefused, CallUnanswered, OfferRefused
from signaling.sip.protocol.roster import Inside

log = logging.getLogger(__name__)

SETTLE_S = 15.0
"""How long capabilities, master and channels may take after the Connect."""
GRACE_S = 2.0
"""How long we wait for the channels of the other side once ours are open."""
MOVE_S = 3.0
"""How long the other side may take to close its channels before they are opened elsewhere."""
RETRY_S = 1.0
MAX_REFUSALS = 5
"""Tries to tell the media engine of a change while the call has no seat yet."""
MAX_EARLY = 32
"""Messages of H.245 that are kept until our media are known."""
GONE = "unreachable"
"""Reason of a call that ended without a word."""
DIGIT_GAP_S = 0.2
PAUSE, PAUSE_S = ",", 1.0
_HOLDERS: Mapping[FloorDecision, Holder | None] = {"granted": "client", "other": "other", "nobody": None}


class Call:
    """One call. `sdp` is what the channels of the remote party say, as an answer to our offer.

    `ended` is set once, with a `reason`: `bye`, `hung up`, `unreachable`, or what failed.
    """

    def __init__(self, context: AgentContext, link: Link, identity: Identity, reference: int, *, calling: bool) -> None:
        self.id = identity.call.hex() or secrets.token_hex(8)
        gatekeeper = context.settings.gatekeeper
        routed = gatekeeper is not None and gatekeeper.host == link.remote[0]
        self.peer = RemoteParty(link.remote[0], "", "", "", transport=TRANSPORT, routed=routed)
        self.sdp = ""
        self.credentials: Credentials | None = None
        """None: H.235 is not spoken."""
        self.ended = asyncio.Event()
        self.reason = ""
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the callee answers; fails with CallRefused, CallUnanswered."""
        self.identity = identity
        self._context = context
        self._link = link
        self.reference = reference
        self._calling = calling
        self._offered: description.Offer | None = None
        self._control: Control | None = None
        self._control_link = ControlLink(context, link, self._tunnel, self.take_control, self._control_lost)
        self._early: list[bytes] = []
        self._progress = asyncio.Event()
        """Set whenever the H.245 session went on."""
        self._version = 0
        self._running = False
        """Whether changes of the channels are told to the handler."""
        self._untold = False
        """Whether the handler does not know yet what the channels say."""
        self._telling: asyncio.Task[None] | None = None
        self._begun = False
        link.took, link.lost = self._take, self._lost
        context.calls.add(self)

    @property
    def snapshot(self) -> CallSnapshot:
        """The state for another process: the call cannot go on there, and is made anew."""
        peer = self.peer
        return CallSnapshot(
            call_id=self.id,
            local="",
            remote="",
            contact="",
            target="",
            routes=(),
            sequence=0,
            heard=0,
            transport=TRANSPORT,
            host=peer.address,
            port=self._link.remote[1],
            name=peer.name,
            user=peer.user,
            user_agent=peer.user_agent,
            theirs=self.sdp,
            expires=None,
        )

    # --- what the agent does

    def prepare(self, offer: str) -> description.Offer:
        """Take what the media engine offers; H.245 may begin then. Raises BadOffer."""
        self._offered = offered = description.read(offer)
        self._control = Control(offered.own, offered.ports)
        early, self._early = self._early, []
        reads = asn1.Reads()
        for each in early:
            self.take_control(each, reads)
        return offered

    def send(self, kind: int, body: Body, elements: Sequence[tuple[int, bytes]] = ()) -> None:
        """Send a message of call signalling."""
        encoded = q931.body(h225.write(body))
        message = Message(kind, self.reference, not self._calling, (*elements, encoded))
        if not body.control:
            self.trace(trace.signalling_text(message, body), sent=True)
        self._link.send(q931.write(message))

    def trace(self, text: str, *, sent: bool) -> None:
        """Keep the text of a message for technicians."""
        self._context.trace.keep(self.id, self.peer.address, text, sent=sent, at=datetime.now(UTC))

    def trace_as(self, device: str) -> None:
        """Keep its messages as those of a device."""
        self._context.trace.assign(self.id, self.peer.address, device)

    def name_peer(self, name: str, user: str, user_agent: str) -> None:
        """Note what the remote party says of itself."""
        self.peer = replace(self.peer, name=name, user=user, user_agent=user_agent)

    def begin_control(self) -> None:
        """Begin the H.245 session."""
        if self._control is not None and not self._begun:
            self._begun = True
            self._control.start()
            self._flush()

    async def answer(self, setup: Body) -> None:
        """Answer a Setup with the channels of fast connect that we take and how H.245 is to travel. Raises OSError,
        CallUnanswered where the caller is gone."""
        assert self._offered is not None and self._control is not None
        settings, channels = self._context.settings, None
        tunnelled = setup.tunnelling and settings.tunnelling
        where = None if tunnelled else await self._control_link.listen()
        if self.ended.is_set():
            raise CallUnanswered(self._why("gone before the answer"))
        if tunnelled:
            self._control_link.tunnel()
        if setup.fast_start:
            own, ports = self._offered.own, self._offered.ports
            opened = fast_connect.choose(setup.fast_start if settings.fast_connect else (), own, ports, setup.reads)
            self._control.adopt(opened.sending, opened.taking)
            channels = opened.answer
        fields = h225.answer("connect", self.identity, h245=where, fast_start=channels)
        self.connected.set_result(None)
        elements = [q931.display(settings.name)] if settings.name else []
        self.send(q931.CONNECT, self.body("connect", fields), elements)
        self.begin_control()

    async def settle(self) -> None:
        """Wait until sound and picture are agreed on. Raises CallUnanswered, CallRefused where nothing is shared."""
        assert self._control is not None
        control = self._control
        if not await self._wait(SETTLE_S, lambda: control.settled or bool(control.failed)):
            raise CallUnanswered(self._why("no agreement by H.245"))
        await self._wait(GRACE_S, lambda: control.complete)
        if control.failed:
            raise CallUnanswered(control.failed)
        if not control.sending and not control.taking and not (control.theirs and control.theirs.empty):
            raise CallRefused(488, "no codec is shared")  # either side may be the first to hang up
        if self.ended.is_set():
            raise CallUnanswered(self._why("gone before its channels were open"))
        self.sdp = self._describe()
        control.close_unused()
        self._running = True

    def _why(self, why: str) -> str:
        return self.reason if self.ended.is_set() and self.reason != "bye" else why

    async def _wait(self, seconds: float, done: Callable[[], bool]) -> bool:
        """Wait until the H.245 session is so far; return False after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not done() and not self.ended.is_set():
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            return False
        return done()

    def _describe(self) -> str:
        self._version += 1
        return self._description()

    def _differs(self) -> bool:
        """Return whether the channels say anything else than the description."""
        return self._description() != self.sdp

    def _description(self) -> str:
        assert self._offered is not None and self._control is not None
        number = int.from_bytes(self.identity.call[:4], "big")
        return description.answer(self._offered, self._control, self.peer.address, number, self._version)

    # --- what the bridge asks for

    async def hang_up(self, reason: str = "hung up", cause: int = h225.NORMAL) -> None:
        """Send endSession and ReleaseComplete, and close the connections; do nothing if the call has ended."""
        if not self._end(reason):
            return
        if self._begun and self._control is not None:
            self._control.end()
            self._flush()
        self.send(q931.RELEASE_COMPLETE, self.body("releaseComplete", h225.release(self.identity)), [q931.cause(cause)])
        await self._close()

    def release(self, reason: str, cause: int) -> None:
        """Hang up in the background."""
        self._context.spawn(self.hang_up(reason, cause))

    async def send_digits(self, digits: str) -> bool:
        """Send DTMF digits as userInput indications; each waits until the remote party hears us."""
        assert self._control is not None
        control = self._control
        for digit in digits:
            if not await self._wait(SETTLE_S, lambda: control.hears):
                return False
            if digit == PAUSE:
                await asyncio.sleep(PAUSE_S)
                continue
            control.press(digit)
            self._flush()
            await asyncio.sleep(DIGIT_GAP_S)
        return not self.ended.is_set()

    def request_keyframe(self, *, slides: bool = False) -> None:
        """Ask the remote party for a key frame of its picture or slides (videoFastUpdatePicture)."""
        if self._control is not None:
            self._control.request_picture("slides" if slides else "picture")
            self._flush()

    def decide_floor(self, decision: FloorDecision) -> None:
        """Tell the remote party whose slides are shown, or that its own are refused (H.239)."""
        assert self._control is not None
        if decision == "refused":
            self._control.refuse_slides()
        else:
            self._control.show_slides(_HOLDERS[decision])
        self._flush()
        self._heed()

    def follow_roster(self, told: Callable[[Inside], None]) -> None:
        """Do nothing: the list of H.243 is not read."""

    async def offer(self, sdp: str) -> str:
        """Have the media of the call go elsewhere, as our offer says (H.323 §8.4.6); return the answer.

        Raises CallUnanswered, BadOffer.
        """
        assert self._control is not None
        control, offered = self._control, description.read(sdp)
        self._running = False
        control.pause()
        self._flush()
        await self._wait(MOVE_S, lambda: not control.taking)
        self._offered = offered
        control.resume(offered.own, offered.ports)
        self._flush()
        await self.settle()
        return self.sdp

    # --- what comes by call signalling

    def _take(self, payload: bytes) -> None:
        try:
            message = q931.parse(payload)
            body = h225.parse(message.body) if message.body else None
        except BadPdu as error:
            log.info("x %s: %s", self.peer.address, error)
            self._misread(payload)
            return
        if body is None or not body.control:
            self.trace(trace.signalling_text(message, body), sent=False)
        if message.kind == q931.STATUS_INQUIRY:
            self._send_status(refusal.STATUS_ASKED)
        elif message.kind not in q931.KINDS:
            self._send_status(refusal.UNKNOWN_TYPE)
        if body is not None:
            self._take_body(message, body)
        if message.kind == q931.RELEASE_COMPLETE:
            self._released(message, body)

    def _send_status(self, cause: int) -> None:
        self._link.send(refusal.status(self.reference, not self._calling, cause, refusal.ACTIVE))

    def _misread(self, payload: bytes) -> None:
        """Answer a message that cannot be read; a ReleaseComplete ends the call all the same (Q.931 §5.8.6.1)."""
        answer = refusal.misread(payload)
        if answer is not None:
            self._link.send(answer)
        elif refusal.ends(payload):
            self._released(Message(q931.RELEASE_COMPLETE, self.reference, self._calling), None)

    def _take_body(self, message: Message, body: Body) -> None:
        settings = self._context.settings
        if self._calling and message.kind in (q931.CALL_PROCEEDING, q931.ALERTING, q931.PROGRESS, q931.CONNECT):
            if body.product or message.display:
                self.name_peer(message.display or self.peer.name, self.peer.user, body.product or self.peer.user_agent)
            self._adopt(body)
            if not (body.tunnelling and settings.tunnelling):
                self._control_link.untunnel()
            elif not self._control_link.known:
                self._control_link.tunnel()
        if body.h245_address is not None and not self._control_link.known:
            self._control_link.connect(body.h245_address)
        for each in body.control:
            self.take_control(each, body.reads)
        if self._calling and message.kind == q931.CONNECT and not self.connected.done():
            if not self._control_link.known:
                self._context.spawn(self._invite_control())
            self.begin_control()
            self.connected.set_result(None)

    def _adopt(self, body: Body) -> None:
        """Take the channels of fast connect that the callee accepted."""
        if body.fast_start and self._control is not None and not self._control.sending and not self._begun:
            opened = fast_connect.accepted(body.fast_start, body.reads)
            self._control.adopt(opened.sending, opened.taking)

    async def _invite_control(self) -> None:
        """Listen for H.245, and say where: the callee said neither that it tunnels nor where it listens."""
        try:
            where = await self._control_link.listen()
        except OSError:
            self._fail("no port for H.245")
            return
        self.send(q931.FACILITY, self.body("facility", h225.facility(self.identity, "startH245", where)))

    def _released(self, message: Message, body: Body | None) -> None:
        status = h225.CAUSE_STATUSES.get(message.cause, 0) or (body.release_status if body is not None else 0)
        if not self.connected.done():
            failure: CallFailed = CallUnanswered("hung up")
            if self._calling:
                failure = CallRefused(status or 480, f"ReleaseComplete, cause {message.cause}")
            self.connected.set_exception(failure)
            self.connected.exception()
        if self._end("bye"):
            self._context.spawn(self._close())

    def _lost(self) -> None:
        self._fail(GONE)

    def _fail(self, why: str) -> None:
        """End a call that cannot go on."""
        if not self.connected.done():
            self.connected.set_exception(CallUnanswered(why))
            self.connected.exception()
        if self._end(why):
            self._context.spawn(self._close())

    # --- what comes by H.245

    def take_control(self, encoded: bytes, reads: asn1.Reads | None = None) -> None:
        """Take an encoded message of H.245, which has `reads` together with others; one that came by itself has its
        own."""
        control = self._control
        if control is None:
            self._early = [*self._early, encoded][-MAX_EARLY:]
            return
        try:
            pdu = asn1.decode("control", encoded, reads)
        except BadPdu as error:
            log.info("x %s: %s", self.peer.address, error)
            control.misread(encoded)
            self._flush()
            return
        self.trace(trace.control_text(pdu), sent=False)
        control.receive(pdu)
        self._flush()
        if control.failed:
            self._fail(control.failed)
        self._heed()

    def _heed(self) -> None:
        """Act on what the H.245 session brought."""
        assert self._control is not None
        events, self._control.events[:] = list(self._control.events), []
        handler = self._context.handler
        for event in events:
            if event.kind == "end":
                self._context.spawn(self.hang_up("bye"))
            elif not self._running:
                if event.kind == "asked":  # it asks again once the call stands
                    self._control.refuse_slides()
                    self._flush()
            elif event.kind == "digit":
                handler.digit_pressed(self, event.digit)
            elif event.kind in ("picture", "slides"):
                handler.keyframe_requested(self, slides=event.kind == "slides")
            elif event.kind in ("asked", "ended"):
                handler.share_asked(self, event.kind == "asked")
            elif self._differs():
                self._untold = True
                self._telling = self._telling or self._context.spawn(self._tell())
        self._progress.set()

    async def _tell(self) -> None:
        """Tell the handler what the channels say now; it may have to be told again while the call is being seated."""
        refused = 0
        while self._untold and refused < MAX_REFUSALS and not self.ended.is_set():
            self._untold, sdp = False, self._describe()
            try:
                await self._context.handler.reoffered(self, sdp)
                self.sdp, refused = sdp, 0
            except OfferRefused:
                self._untold, refused = True, refused + 1
                await asyncio.sleep(RETRY_S)
        self._telling = None

    def _control_lost(self) -> None:
        self._fail(GONE)

    def _flush(self) -> None:
        """Send what the H.245 session has to say."""
        assert self._control is not None
        messages, self._control.outbox[:] = list(self._control.outbox), []
        for each in messages:
            self.trace(trace.control_text(each), sent=True)
        if messages:
            self._control_link.send([asn1.encode("control", each) for each in messages])

    def _tunnel(self, messages: list[bytes]) -> None:
        fields = h225.facility(self.identity, "transportedInformation")
        self.send(q931.FACILITY, Body("facility", fields, True, tuple(messages)))

    # --- its end

    def body(self, name: str, fields: h225.Value) -> Body:
        """Return a body of call signalling of ours."""
        return Body(name, fields, self._context.settings.tunnelling)

    def _end(self, reason: str) -> bool:
        """Record the end of the call; return False if it was recorded before."""
        if self.ended.is_set():
            return False
        self.reason = reason
        self.ended.set()
        self._progress.set()
        return True

    async def _close(self) -> None:
        await self._control_link.close()
        await self._link.close()
        self._context.calls.discard(self)

    def abort(self) -> None:
        """Close the connections at once."""
        self._control_link.abort()
        self._link.abort()
