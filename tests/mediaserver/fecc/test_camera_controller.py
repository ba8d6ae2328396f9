"""Tests of controlling a camera: what is sent when, that it always stops, and what a room system tells of it."""

import pytest

from mediaserver.api import CAMERA_HOLD_S, CameraControl, CameraMovement, CameraSource
from mediaserver.fecc import h281
from mediaserver.fecc.camera_controller import (
    ASK_AT_S,
    CONTINUE_S,
    MIN_START_S,
    MIN_TELL_S,
    OURS,
    USUAL,
    CameraController,
)
from mediaserver.fecc.h224 import (
    CME,
    H281,
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
from mediaserver.fecc.h281 import STILL, Action, Capabilities, Message, VideoSource
from mediaserver.peer.webrtc import TICK_S

SOURCES = bytes.fromhex("0071030000000000c0 020081 02 14e0 3400 64436f6d70757465720000 720000")
"""Two presets; the main camera moves, a document camera and "Computer" do not, and the last source has still pictures
alone."""
SEVERAL = (CameraSource(1), CameraSource(3), CameraSource(6, "Computer"))
LEFT, UP = CameraMovement(pan=-1), CameraMovement(tilt=1)


class Camera:
    """A controller with what it sent; `now` moves on by ticks."""

    def __init__(self) -> None:
        self.sent: list[Message | Management] = []
        self.told: list[CameraControl | None] = []
        self.controller = CameraController(self._take, lambda: self.told.append(self.controller.control))
        self.now = 100.0

    def _take(self, payload: bytes) -> None:
        frame = read_frame(payload)
        self.sent.append(h281.read(frame.data) if frame.client == H281 else read_management(frame.data))

    def begun(self) -> "Camera":
        """Begin, and forget what was asked and told for that."""
        self.controller.begin(self.now)
        self.tell(ExtraCapabilities(H281, h281.write_capabilities(Capabilities(3, (VideoSource(1, ("pan",)),)))))
        self.sent.clear()
        return self

    def tell(self, message: Management) -> bool:
        """Let the room system send a message of its management entity."""
        return self.controller.receive(write_frame(Frame(CME, write_management(message))), self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass, in ticks."""
        end = self.now + seconds
        while self.now < end:
            self.now += TICK_S
            self.controller.tick(self.now)

    @property
    def actions(self) -> list[Action]:
        return [each.action for each in self.sent if isinstance(each, Message)]


def test_a_movement_is_started_continued_within_400_ms_and_stopped() -> None:
    camera = Camera().begun()
    camera.controller.move(LEFT, camera.now)
    assert camera.sent == [Message(Action.START, LEFT)]
    camera.wait(0.4)
    assert camera.sent[1:] == [Message(Action.CONTINUE, LEFT)]
    assert CONTINUE_S + TICK_S <= 0.4
    camera.controller.move(LEFT, camera.now)
    camera.controller.move(STILL, camera.now)
    assert camera.sent[2:] == [Message(Action.STOP, LEFT)]
    camera.wait(5)
    assert len(camera.sent) == 3


def test_a_movement_that_nobody_commands_any_longer_stops() -> None:
    camera = Camera().begun()
    camera.controller.move(UP, camera.now)
    camera.wait(CAMERA_HOLD_S - 2 * TICK_S)
    assert Action.STOP not in camera.actions
    camera.controller.move(UP, camera.now)
    camera.wait(CAMERA_HOLD_S + 2 * TICK_S)
    assert camera.actions == [Action.START, *[Action.CONTINUE] * (len(camera.actions) - 2), Action.STOP]
    camera.wait(5)
    assert camera.actions[-1] == Action.STOP


def test_another_movement_replaces_the_first_and_starts_come_no_faster_than_they_may() -> None:
    camera = Camera().begun()
    for movement in [LEFT, UP] * 50:
        camera.controller.move(movement, camera.now)
    assert camera.actions == [Action.START, Action.STOP]
    camera.wait(MIN_START_S + TICK_S)
    assert camera.sent[2:] == [Message(Action.START, UP)]


def test_the_end_of_control_stops_the_camera() -> None:
    camera = Camera().begun()
    camera.controller.move(LEFT, camera.now)
    camera.controller.end()
    assert (camera.actions, camera.told[-1]) == ([Action.START, Action.STOP], None)
    camera.controller.move(LEFT, camera.now)
    camera.controller.activate_preset(1)
    camera.wait(10)
    assert len(camera.sent) == 2


def test_presets_that_there_are_are_used_once_the_camera_stands() -> None:
    camera = Camera().begun()
    camera.controller.move(LEFT, camera.now)
    camera.controller.activate_preset(2)
    camera.controller.store_preset(0)
    for missing in (-1, 3):
        camera.controller.activate_preset(missing)
    assert camera.sent[1:] == [
        Message(Action.STOP, LEFT),
        Message(Action.ACTIVATE_PRESET, number=2),
        Message(Action.STORE_PRESET, number=0),
    ]
    camera.wait(3)
    assert len(camera.sent) == 4


def test_a_room_system_is_asked_for_its_capabilities_until_it_tells_them() -> None:
    camera = Camera()
    camera.controller.begin(camera.now)
    ask = [ClientListCommand(), ExtraCapabilitiesCommand(H281)]
    assert (camera.sent, camera.told) == (ask, [USUAL])
    camera.wait(ASK_AT_S[-1] + 10)
    assert camera.sent == ask * len(ASK_AT_S)
    other, main = VideoSource(2, ()), VideoSource(1, ("pan", "focus"))
    camera.tell(ExtraCapabilities(H281, h281.write_capabilities(Capabilities(5, (other, main)))))
    camera.tell(ExtraCapabilities(H281, b""))
    camera.tell(ExtraCapabilities(2, b"\x01"))
    assert camera.told[1:] == [CameraControl(("pan", "focus"), 5, (CameraSource(2), CameraSource(1)), 1)]


def test_its_picture_comes_from_the_source_that_is_selected_here_or_there() -> None:
    camera = Camera().begun()
    camera.controller.receive(SOURCES, camera.now)
    camera.wait(MIN_TELL_S)
    assert camera.told[-1] == CameraControl(("pan", "tilt", "zoom"), 2, SEVERAL, 1)
    camera.controller.move(LEFT, camera.now)
    camera.controller.select_source(6, camera.now)
    camera.controller.select_source(2, camera.now)  # there is none
    assert camera.sent[1:] == [Message(Action.STOP, LEFT), Message(Action.SELECT_VIDEO_SOURCE, number=6)]
    camera.wait(MIN_TELL_S)
    assert camera.told[-1] == CameraControl((), 2, SEVERAL, 6)
    assert not camera.controller.receive(bytes.fromhex("0071030000000001c00530"), camera.now)
    camera.wait(MIN_TELL_S)
    assert camera.told[-1] == CameraControl((), 2, SEVERAL, 3)
    camera.controller.end()
    camera.controller.select_source(1, camera.now)
    assert len(camera.sent) == 3 and camera.told[-1:] == [None]


@pytest.mark.parametrize("switches", [100, 101])
def test_a_room_system_that_changes_its_source_all_the_time_is_told_of_once_a_second(switches: int) -> None:
    camera = Camera().begun()
    camera.controller.receive(SOURCES, camera.now)
    camera.wait(MIN_TELL_S)
    before = len(camera.told)
    for at in range(switches):
        data = h281.write(Message(Action.VIDEO_SOURCE_SWITCHED, number=(3, 6)[at % 2]))
        camera.controller.receive(write_frame(Frame(H281, data)), camera.now)
    assert len(camera.told) <= before + 1
    camera.wait(MIN_TELL_S)
    last = camera.told[-1]
    assert last is not None and last.source == (6, 3)[switches % 2]
    assert len(camera.told) <= before + 2


def test_its_commands_are_answered_once_a_second_and_move_nothing_of_ours() -> None:
    camera = Camera().begun()
    for _ in range(20):
        assert not camera.tell(ClientListCommand())
    assert camera.sent == [ClientList((H281,)), ExtraCapabilities(H281, h281.write_capabilities(OURS))]
    commands = [Message(Action.START, LEFT), Message(Action.VIDEO_SOURCE_SWITCHED, number=1)]
    taken = [
        camera.controller.receive(write_frame(Frame(H281, h281.write(command))), camera.now) for command in commands
    ]
    assert taken == [True, False]
    assert not camera.controller.receive(b"nonsense", camera.now)
    assert len(camera.sent) == 2
