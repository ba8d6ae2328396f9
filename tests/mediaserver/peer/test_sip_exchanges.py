"""Offers and answers of a room system in any order, within one call: each is taken, or refused as a bad one."""

import asyncio
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import Encryption, RoomOptions, SipLimits
from mediaserver.errors import BadOffer
from mediaserver.peer.sip import SipPeer
from mediaserver.rtp.source import FlushQueue
from mediaserver.rtp.srtp_key import SUITES, SrtpKey
from mediaserver.sdp import sip_parse
from mediaserver.sdp.sdes import Crypto
from mediaserver.transport.dtls import make_certificate
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.plain_rtp import PlainPorts
from tests.ports import FIRST_PORT

CERTIFICATE = make_certificate()
SUITE, LENGTH = next(iter(SUITES.items()))
KEY = f"a=crypto:{Crypto(1, SrtpKey(SUITE, bytes(LENGTH)))}\r\n"
SOUND = "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
PICTURE = "m=video 40002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
SLIDES = PICTURE + "a=content:slides\r\n"
FLOORS = [
    f"m=application 5000 {protocol} *\r\na=floorctrl:c-s\r\n{setup}"
    for protocol in ("UDP/BFCP", "TCP/BFCP", "TCP/TLS/BFCP", "H.239")
    for setup in ("", "a=setup:active\r\n", "a=setup:passive\r\n", "a=setup:actpass\r\na=connection:existing\r\n")
]
CONTROL = "m=application 40010 RTP/AVP 100\r\na=rtpmap:100 H224/4800\r\n"


def one_of(line: str) -> st.SearchStrategy[str]:
    """Return an m-line as it is, encrypted, on hold or refused."""
    port = line.split()[1]
    return st.sampled_from([line, line + KEY, line + "a=inactive\r\n", line.replace(f" {port} ", " 0 ", 1)])


MAIN = st.tuples(one_of(SOUND), one_of(PICTURE))
MORE = st.one_of(
    st.just(()),
    st.tuples(st.sampled_from(FLOORS), one_of(SLIDES)),
    st.tuples(st.sampled_from(FLOORS), one_of(SLIDES), one_of(CONTROL)),
    st.tuples(one_of(CONTROL)),
)
HOSTS = st.sampled_from(["IP4 127.0.0.1"] * 4 + ["IP4 0.0.0.0", "IP6 ::1"])
DESCRIPTIONS = st.builds(
    lambda host, main, more: f"v=0\r\no=- 1 1 IN {host}\r\ns=-\r\nc=IN {host}\r\nt=0 0\r\n{''.join((*main, *more))}",
    *(HOSTS, MAIN, MORE),
)
STEPS = st.lists(st.tuples(st.sampled_from(["offers", "answers", "moves"]), DESCRIPTIONS), max_size=5)
LIMITS = st.builds(
    SipLimits, camera_control=st.booleans(), token=st.booleans(), bfcp=st.sampled_from(["UDP", "TCP", "off"])
)


class Deaf:
    """Hears nothing of what happens in a call."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: None


async def exchange(
    ports: PlainPorts, encryption: Encryption, limits: SipLimits, first: str, steps: list[tuple[str, str]], called: bool
) -> None:
    """Begin a call, whoever calls, and go on with it. Raises BadOffer where it cannot begin."""

    def new() -> SipPeer:
        return SipPeer(
            *("vcs", ["127.0.0.1"]),
            ports=ports,
            options=RoomOptions(),
            flush_queue=FlushQueue(),
            listener=Deaf(),
            encryption=encryption,
            limits=limits,
        )

    peer, theirs = new(), first
    try:
        if called:
            peer.offer("127.0.0.1")
            peer.accept(sip_parse.parse(first))
        else:
            peer.answer(sip_parse.parse(first))
            peer.begin()
        for step, text in steps:
            if step == "offers":
                peer.renegotiate(sip_parse.read(text))
            elif step == "answers":
                peer.reoffer()
                peer.accept_reoffer(sip_parse.read(text))
            else:
                before, peer = peer, new()
                await before.close()
                peer.move_in(sip_parse.parse(theirs), before.description)
                peer.accept(sip_parse.parse(text))
            theirs = text
    finally:
        await peer.close()


@given(st.sampled_from(["off", "wished", "demanded"]), LIMITS, DESCRIPTIONS, STEPS, st.booleans())
def test_each_description_is_taken_or_refused_and_no_port_is_left(
    encryption: Encryption, limits: SipLimits, first: str, steps: list[tuple[str, str]], called: bool
) -> None:
    ports = PlainPorts(range(FIRST_PORT, FIRST_PORT + 40), Counters(), certificate=CERTIFICATE)
    with suppress(BadOffer):
        asyncio.run(exchange(ports, encryption, limits, first, steps, called))
    assert (ports.port_pairs, ports.floor_ports) == ([], [])
