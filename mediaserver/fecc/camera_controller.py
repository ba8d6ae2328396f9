"""Controls the camera of one room system: START, CONTINUE while a movement lasts, and STOP. Pure; `now` in seconds.

A movement lasts as long as it is repeated to us: whoever commands it may lose their line, and no camera goes on
turning. Where STOP is lost, the room system stops by itself: without CONTINUE after 800 ms.
"""

from collections.abc import Callable

from mediaserver.api import CAMERA_HOLD_S, CameraControl, CameraMovement, CameraSource
from mediaserver.fecc import h281
from mediaserver.fecc.h224 import (
    CME,
    H281,
    BadFrame,
    ClientList,
    ClientListCommand,
    ExtraCapabilities,
    ExtraCapabilitiesCommand,
    Frame,
    Management,
    read_frame,
    read_management,
    write_frame,
    write_management,
)
from mediaserver.fecc.h281 import MAIN_CAMERA, STILL, Action, Capabilities, Message, VideoSource

CONTINUE_S = 0.3
"""Seconds between two CONTINUE: with the time until the next look at the clock at most the 400 ms of H.281."""
MIN_START_S = 0.2
"""Seconds between two START at least, however fast commands come."""
MIN_ANSWER_S = 1.0
"""Seconds between two answers to commands of the CME."""
MIN_TELL_S = 1.0
"""Seconds between two changes of what can be controlled, however fast a room system changes its mind."""
ASK_AT_S = (0.0, 2.0, 5.0)
"""Seconds after the beginning at which a room system is asked for its capabilities until it tells them."""
USUAL = CameraControl(("pan", "tilt", "zoom"))
"""What a room system can do that has not told its capabilities."""
OURS = Capabilities(0, (VideoSource(MAIN_CAMERA, ()),))
"""Ours: one picture, and nothing of it can be moved."""


class CameraController:
    """Commands one camera; `send` takes frames to it, `changed` hears when :attr:`control` changes."""

    def __init__(self, send: Callable[[bytes], None], changed: Callable[[], None]) -> None:
        self._send_frame = send
        self._changed = changed
        self.control: CameraControl | None = None
        """What can be controlled; None for nothing."""
        self._asks: list[float] = []
        """When it is asked for its capabilities."""
        self._capabilities: Capabilities | None = None
        """Those that it told last."""
        self._source = 0
        """Number of the video source that was chosen last, here or there; 0 before."""
        self._untold = False
        """Whether what can be controlled may have changed and was not told yet."""
        self._wanted = self._moving = STILL
        self._wanted_until = 0.0
        self._started = self._sent = self._answered = self._told = float("-inf")

    def begin(self, now: float) -> None:
        """Control the camera from now on, and ask what can be controlled."""
        if self.control is None:
            self._asks = [now + after for after in ASK_AT_S]
            self._set_control(USUAL)
            self.tick(now)

    def end(self) -> None:
        """Control it no longer."""
        self._stop()
        self._wanted, self._asks = STILL, []
        self._capabilities, self._source, self._untold = None, 0, False
        self._set_control(None)

    def move(self, movement: CameraMovement, now: float) -> None:
        """Move the camera for :data:`CAMERA_HOLD_S`, or stop it; the same movement again goes on."""
        if self.control is None:
            return
        self._wanted, self._wanted_until = movement, now + CAMERA_HOLD_S
        self._pursue(now)

    def activate_preset(self, number: int) -> None:
        """Move the camera to a stored position."""
        self._preset(Action.ACTIVATE_PRESET, number)

    def store_preset(self, number: int) -> None:
        """Store the position of the camera."""
        self._preset(Action.STORE_PRESET, number)

    def select_source(self, number: int, now: float) -> None:
        """Let its picture come from another of its video sources."""
        if self.control is not None and number in (each.number for each in self.control.sources):
            self._wanted = STILL
            self._stop()
            self._send(Message(Action.SELECT_VIDEO_SOURCE, number=number))
            self._source, self._untold = number, True
            self._tell(now)

    def _preset(self, action: Action, number: int) -> None:
        if self.control is not None and 0 <= number < self.control.presets:
            self._wanted = STILL
            self._stop()
            self._send(Message(action, number=number))

    def tick(self, now: float) -> None:
        """Go on with a movement or end it, and ask again for capabilities."""
        if self._asks and now >= self._asks[0]:
            self._asks.pop(0)
            self._manage(ClientListCommand())
            self._manage(ExtraCapabilitiesCommand(H281))
        if now >= self._wanted_until:
            self._wanted = STILL
        self._pursue(now)
        self._tell(now)

    def _pursue(self, now: float) -> None:
        """Send what the movement that is wanted needs now."""
        if self._moving != self._wanted:
            self._stop()
            if self._wanted != STILL and now - self._started >= MIN_START_S:
                self._moving, self._started, self._sent = self._wanted, now, now
                self._send(Message(Action.START, self._moving))
        elif self._moving != STILL and now - self._sent >= CONTINUE_S:
            self._sent = now
            self._send(Message(Action.CONTINUE, self._moving))

    def _stop(self) -> None:
        if self._moving != STILL:
            self._send(Message(Action.STOP, self._moving))
            self._moving = STILL

    def receive(self, payload: bytes, now: float) -> bool:
        """Take one frame; frames that are none are dropped. Return whether it commands a camera of ours, of which there
        is none."""
        try:
            frame = read_frame(payload)
            if frame.client == H281:
                return self._commanded(h281.read(frame.data), now)
            self._managed(read_management(frame.data), now)
        except (BadFrame, h281.BadMessage):
            pass
        return False

    def _commanded(self, message: Message, now: float) -> bool:
        """Take a message of H.281; return whether it is a command, and not news of the source of its own picture."""
        if message.action != Action.VIDEO_SOURCE_SWITCHED:
            return True
        if self.control is not None:
            self._source, self._untold = message.number, True
            self._tell(now)
        return False

    def _managed(self, message: Management, now: float) -> None:
        match message:
            case ExtraCapabilities(client, data) if client == H281 and self.control is not None:
                self._capabilities, self._asks, self._untold = h281.read_capabilities(data), [], True
                self._tell(now)
            case ClientListCommand() | ExtraCapabilitiesCommand() if now - self._answered >= MIN_ANSWER_S:
                self._answered = now
                self._manage(ClientList((H281,)))
                self._manage(ExtraCapabilities(H281, h281.write_capabilities(OURS)))

    def _tell(self, now: float) -> None:
        """Tell what can be controlled where that is news, or at a later look at the clock."""
        if self._untold and self._capabilities is not None and now - self._told >= MIN_TELL_S:
            self._untold, self._told = False, now
            self._set_control(_control(self._capabilities, self._source))

    def _set_control(self, control: CameraControl | None) -> None:
        if control != self.control:
            self.control = control
            self._changed()

    def _manage(self, message: Management) -> None:
        self._send_frame(write_frame(Frame(CME, write_management(message))))

    def _send(self, message: Message) -> None:
        self._send_frame(write_frame(Frame(H281, h281.write(message))))


def _control(capabilities: Capabilities, chosen: int) -> CameraControl:
    """Return what can be controlled: of the source that was chosen, else of the main camera, else of the first one."""
    sources = {each.number: each for each in capabilities.sources if each.motion and each.number}
    source = sources.get(chosen) or sources.get(MAIN_CAMERA) or next(iter(sources.values()), None)
    if source is None:
        return CameraControl(USUAL.axes, capabilities.presets)
    if len(sources) == 1:
        return CameraControl(source.axes, capabilities.presets)
    several = tuple(CameraSource(each.number, each.name) for each in sources.values())
    return CameraControl(source.axes, capabilities.presets, several, source.number)
