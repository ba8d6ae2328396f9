"""The shared screen as the slides of room systems: a composition of it alone, encoded once for all of them."""

from collections.abc import Callable

from mediaserver.api import CONTENT, Layout
from mediaserver.bfcp.floor_server import Holder
from mediaserver.peer.sip import SipPeer
from mediaserver.room.compositions import Compositions
from mediaserver.room.seat import Seat
from mediaserver.rtp.source import Source

Composed = Callable[[Seat, str, Callable[[str], bool], int, float], Source | None]
"""Returns the rendition for a seat of an audience's picture in a codec that it takes, at a step of quality, now."""
AUDIENCE = "slides"
"""The audience of that composition; no layout can be chosen for it."""


def compose(compositions: Compositions, sharing: str | None, now: float) -> None:
    """Fill the composition with the screen of a seat; None: of nobody."""
    layout = None if sharing is None else Layout("single", focus=f"{CONTENT}:{sharing}")
    compositions.choose(AUDIENCE, layout, now)
    compositions.of(AUDIENCE).settle_at_once(now)


def show(seat: Seat, composed: Composed, sharing: str | None, now: float) -> None:
    """Show a room system the slides of the seat that shares; None: of nobody. Its own it has already."""
    peer = seat.peer
    if not isinstance(peer, SipPeer) or peer.streams.slides is None or peer.transport.state != "connected":
        return
    holder: Holder | None = None if sharing is None else "client" if sharing == seat.options.seat else "other"
    forwarder, source = peer.streams.slides.forwarder, None
    if holder == "other" and forwarder is not None and (step := peer.streams.slides.step) is not None:
        source = composed(seat, AUDIENCE, forwarder.takes, step, now)
    peer.streams.slides.show(holder, source, now)
