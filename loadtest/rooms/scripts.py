"""The scripts of the room systems that sipp runs: what each says in its call."""

from loadtest.rooms.descriptions import (
    EVENTS,
    Hold,
    elsewhere,
    generic,
    held,
    high_alone,
    sound_alone,
    two_clocks,
    with_feedback,
    with_retransmission,
    without_keys,
)
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.rosters import ALL, CHANGE
from loadtest.rooms.sipp_room import Script
from loadtest.rooms.sipp_scenarios import Keys, PlacedCall, Question, Renewal, Taken, TakenCall

HAND, MICROPHONE, LAYOUT = "*3", "*6", "*8"
"""Keys that raise the hand or lower it, mute or unmute, and take the next layout for this room alone."""
PRESSED = HAND, HAND, MICROPHONE, MICROPHONE, 3 * LAYOUT, LAYOUT
"""Keys of a call in which all of them are tried; three times the layout: the grid, the speaker, one alone."""
MCU_NAME = "Hội nghị Chính phủ"
"""The name that another MCU announces."""
ALIAS = "phong-1"
"""The name of a room system that another one is behind one address with."""


def plain(media: PlainMedia) -> PlacedCall:
    """Call."""
    return PlacedCall(media.description)


def late_offer(media: PlainMedia) -> PlacedCall:
    """Call without an offer."""
    return PlacedCall(media.description, late=True)


def reliable(media: PlainMedia) -> PlacedCall:
    """Call with provisional responses that must be reliable."""
    return PlacedCall(media.description, reliable=True)


def moving(media: PlainMedia) -> PlacedCall:
    """Call, and move to the spare ports."""
    later = {**media.ports, **media.spare_ports}
    return PlacedCall(media.description, steps=(Renewal(elsewhere(media.host, later, media.spare_host, 2)),))


def naming(host: str) -> Script:
    """Return the script of who calls and names an address that its media do not come from."""
    return lambda media: PlacedCall(generic(host, media.ports))


def renewing_by_name(media: PlainMedia) -> PlacedCall:
    """Call under a name, and renew the call."""
    return PlacedCall(media.description, steps=(Renewal(generic(media.host, media.ports, 2)),), user=ALIAS)


def redirected(media: PlainMedia) -> PlacedCall:
    """Call under a name, and again where the answer says."""
    return PlacedCall(media.description, redirected=True, user=ALIAS)


def renewing_late(media: PlainMedia) -> PlacedCall:
    """Call, and renew the call without an offer."""
    return PlacedCall(media.description, steps=(Renewal(generic(media.host, media.ports, 2), late=True),))


def holding(shape: Hold) -> Script:
    """Return the script of who calls, holds the call in one of the shapes, and resumes it."""

    def script(media: PlainMedia) -> PlacedCall:
        steps = Renewal(held(media.host, media.ports, 2, shape)), Renewal(generic(media.host, media.ports, 3))
        return PlacedCall(media.description, steps=steps)

    return script


def adding_picture(media: PlainMedia) -> PlacedCall:
    """Call without a picture, and add one."""
    steps = (Renewal(generic(media.host, media.ports, 2)),)
    return PlacedCall(sound_alone(media.host, media.ports), steps=steps)


def informing(media: PlainMedia) -> PlacedCall:
    """Call, and press the keys of `PRESSED`."""
    return PlacedCall(media.description, steps=tuple(map(Keys, PRESSED)))


def entering(media: PlainMedia) -> PlacedCall:
    """Call without a code, key it in, and take the offer that moves the call into its session."""
    return PlacedCall(media.description, steps=(Taken(generic(media.host, media.ports, 2)),), keyed=True)


def without_events(media: PlainMedia) -> TakenCall:
    """Take a call without telephone events: keys come as INFO."""
    return TakenCall(without_keys(media.host, media.ports), "answered", name=MCU_NAME)


def telling_roster(media: PlainMedia) -> TakenCall:
    """Take a call, and tell who is in the room to who asks."""
    roster = ALL.document, CHANGE.document
    return TakenCall(media.description, "answered", name=MCU_NAME, roster=roster)


def giving_feedback(media: PlainMedia) -> PlacedCall:
    """Call with all feedback on the picture."""
    return PlacedCall(with_feedback(media.host, media.ports))


def retransmitting(media: PlainMedia) -> PlacedCall:
    """Call with retransmission of the picture in a stream of its own."""
    return PlacedCall(with_retransmission(media.host, media.ports))


def high_only(media: PlainMedia) -> PlacedCall:
    """Call with H.264 of profile High alone."""
    return PlacedCall(high_alone(media.host, media.ports))


def with_two_clocks(media: PlainMedia) -> PlacedCall:
    """Call with telephone events of two clocks, of which keys are pressed by that of the sound."""
    media.tones = EVENTS
    return PlacedCall(two_clocks(media.host, media.ports))


def redirecting(media: PlainMedia) -> TakenCall:
    """Redirect the first call, and take the next."""
    return TakenCall(media.description, "redirected")


def refusing(status: str) -> Script:
    """Return the script of who refuses a description that is not simple, and takes the next call."""
    return lambda media: TakenCall(media.description, "refused", status)


def timing(media: PlainMedia) -> TakenCall:
    """Refuse a call whose session is too brief, and take the next."""
    return TakenCall(media.description, "too brief")


def challenging(question: Question) -> Script:
    """Return the script of who asks for a password, and takes the next call if that proves it."""
    return lambda media: TakenCall(media.description, "challenged", question=question)
