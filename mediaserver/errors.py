"""Errors of the media engine.

MediaError
├── UnknownRoom       our caller named a room that is not open
├── UnknownSeat       our caller named a seat that does not exist
├── UnknownCall       the worker is of an earlier release, which has no such call
├── BadOffer          the peer's SDP cannot be answered
│   └── NotEncrypted  one side demands encrypted media, and the other does not do that
├── NoPortFree        all ports for room systems are taken
├── NoPipe            the pipe to another worker cannot be opened
├── AlreadyRecording  the room records into another file
├── CannotRecord      the room's worker does not see the folder of the recordings
├── TooLarge          a call or its reply is larger than a message may be
├── EngineGone        the process behind the engine is not there
│   └── EngineLate    it has not replied in time
└── Refused           the server does not accept this worker, or the worker not this server
"""


class MediaError(Exception):
    """Base of all errors that the control API raises."""


class UnknownRoom(MediaError):
    """The named room is not open."""

    def __init__(self, room: str) -> None:
        super().__init__(f"no room {room!r}")


class UnknownSeat(MediaError):
    """The named seat does not exist in the room."""

    def __init__(self, room: str, seat: str) -> None:
        super().__init__(f"no seat {seat!r} in room {room!r}")


class UnknownCall(MediaError):
    """The worker has no such call: it is of an earlier release."""

    def __init__(self, call: str) -> None:
        super().__init__(f"no call {call!r}")


class BadOffer(MediaError):
    """The peer's offer is malformed, too large, or shares no codec with us: the peer's fault."""


class NotEncrypted(BadOffer):
    """One side demands encrypted media, and the other has none that this side takes."""


class NoPortFree(MediaError):
    """All ports for room systems are taken."""

    def __init__(self, host: str) -> None:
        super().__init__(f"no pair of RTP ports is free on {host}: see DIEMCAU_RTP_PORTS")


class NoPipe(MediaError):
    """The pipe to another worker cannot be opened: the address is not ours, or a key is none."""


class AlreadyRecording(MediaError):
    """The room is recorded into another file."""


class CannotRecord(MediaError):
    """The room lives on a machine that does not see the folder of the recordings."""


class TooLarge(MediaError):
    """A call, its reply or an event is larger than one message to or from a worker may be."""


class EngineGone(MediaError):
    """The process behind the engine died or is not connected."""


class EngineLate(EngineGone):
    """The process behind the engine has not replied in time; the call may still take effect."""


class Refused(MediaError):
    """The server does not accept this worker, or the worker not this server; the text says why."""
