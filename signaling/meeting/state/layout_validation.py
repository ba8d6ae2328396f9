"""Which wishes for the composed picture can be fulfilled, and how pins follow points that come and go. Pure."""

from dataclasses import replace
from typing import cast

from mediaserver.api import COMPOSED, Layout, LayoutKind
from mediaserver.video.layout_plans import FAMILIES
from signaling.core.errors import MessageError

FASTEST_TURN_S = 5
"""Nobody finds a face on a page that turns faster."""


def check(layout: Layout) -> None:
    """Raise MessageError ``bad-message``, naming the field, for a layout that makes no sense."""
    most = FAMILIES[layout.kind].most
    pinned = [seat for seat in layout.seats if seat is not None]
    if len(layout.seats) > most:
        raise MessageError("bad-message", f"seats: at most {most} in {layout.kind}")
    if len(pinned) != len(set(pinned)):
        raise MessageError("bad-message", "seats: the same one twice")
    if 0 < layout.rotate < FASTEST_TURN_S:
        raise MessageError("bad-message", f"rotate: 0 or at least {FASTEST_TURN_S} seconds")


def chosen(view: str) -> Layout | None:
    """Return the layout of a view that somebody chose for themselves; None for any other view."""
    source, _, kind = view.partition(":")
    return Layout(cast("LayoutKind", kind)) if source == COMPOSED and kind else None


def moved(layout: Layout, old: str, new: str | None) -> Layout:
    """Let another id have the pane of an old one, whose focus ends; nobody gets it when the new one has a pane."""
    heir = None if new in layout.seats else new
    pins = tuple(heir if seat == old else seat for seat in layout.seats)
    return replace(layout, focus=None if layout.focus == old else layout.focus, seats=pins)
