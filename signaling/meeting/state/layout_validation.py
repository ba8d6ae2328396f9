"""Checks layouts that clients request, and moves pins with points that come and go. Pure."""

from dataclasses import replace
from typing import cast

from mediaserver.api import COMPOSED, Layout, LayoutKind
from mediaserver.video.layout_plans import FAMILIES
from signaling.core.errors import MessageError

FASTEST_TURN_S = 5
"""Shortest time of a page, in seconds: nobody finds a face on one that turns faster."""


def check(layout: Layout) -> None:
    """Check a layout. Raises MessageError ``bad-message``, which names the field."""
    most = FAMILIES[layout.kind].most
    pinned = [seat for seat in layout.seats if seat is not None]
    if len(layout.seats) > most:
        raise MessageError("bad-message", f"seats: at most {most} in {layout.kind}")
    if len(pinned) != len(set(pinned)):
        raise MessageError("bad-message", "seats: the same one twice")
    if 0 < layout.rotate < FASTEST_TURN_S:
        raise MessageError("bad-message", f"rotate: 0 or at least {FASTEST_TURN_S} seconds")


def own_layout(view: str) -> Layout | None:
    """Return the layout that a viewer chose for itself (`composed:<kind>`); None for any other view."""
    source, _, kind = view.partition(":")
    return Layout(cast("LayoutKind", kind)) if source == COMPOSED and kind else None


def with_pin_moved(layout: Layout, old: str, new: str | None) -> Layout:
    """Return a layout in which the seat or absent point `new` has the pane of `old`; None leaves the pane free.

    The focus of `old` ends, and `new` keeps a pane that it has already.
    """
    successor = None if new in layout.seats else new
    pins = tuple(successor if seat == old else seat for seat in layout.seats)
    return replace(layout, focus=None if layout.focus == old else layout.focus, seats=pins)
