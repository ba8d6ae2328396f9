"""Tests of the message protocol."""

import inspect
import json
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaserver import api
from mediaserver.errors import UnknownCall
from mediaserver.rpc import protocol, reply_check

MESSAGES = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), max_size=4)


def read_all(data: bytes) -> list[object]:
    received = bytearray(data)
    messages: list[object] = []
    while (message := protocol.take(received)) is not None:
        messages.append(message)
    return messages


@settings(max_examples=30)
@given(st.lists(MESSAGES, max_size=5))
def test_messages_are_read_as_written(messages: list[dict[str, object]]) -> None:
    assert read_all(b"".join(map(protocol.frame, messages))) == messages


@settings(max_examples=50)
@given(st.binary(max_size=40), st.booleans())
def test_any_bytes_end_or_are_a_value_error(data: bytes, framed: bool) -> None:
    with suppress(ValueError):
        read_all(pack("!I", len(data)) + data if framed else data)


def test_a_message_cut_off_is_none_yet() -> None:
    data = protocol.frame({"id": 1})
    for length in range(len(data)):
        assert read_all(data[:length]) == []


def test_a_message_too_large_is_not_read() -> None:
    with pytest.raises(ValueError, match="too large"):
        read_all(pack("!I", protocol.MAX_MESSAGE_BYTES + 1))


def test_every_call_of_the_engine_can_be_made() -> None:
    others = {"events", "close"}  # events come by themselves, a connection that ends closes
    methods = {name for name, _ in inspect.getmembers(api.MediaEngine, inspect.isfunction) if not name.startswith("_")}
    assert set(protocol.CALLS) == methods - others
    for call, shapes in protocol.CALLS.items():
        hints = inspect.get_annotations(getattr(api.MediaEngine, call))
        hints.pop("return")
        kinds = {name: next(iter(getattr(hint, "__args__", [hint]))) for name, hint in hints.items()}
        assert shapes == {name: kind for name, kind in kinds.items() if getattr(kind, "__module__", "") == api.__name__}


def test_every_event_of_a_living_engine_can_come() -> None:
    own = {"EngineLost", "EngineReady"}  # told by who watches the process
    assert set(protocol.EVENTS) == {kind.__name__ for kind in api.Event.__args__} - own


TILES = (
    api.ForwardedTile("a", "4", 0, 0, 640, 360, "Điểm cầu a", "Điểm…", 22, 22, ("floor", "poor"), 2**32 - 1, 80),
    api.ForwardedTile("", None, 640, 0, 640, 360, "B", "B", 40, 22),
)
EVENTS: list[api.Event] = [
    api.PeerUp("r", "a"),
    api.PeerDown("r", "a", "silent"),
    api.Speaking("r", None),
    api.Levels("r", {"a": -30}),
    api.Caption("r", "a", "0-1", "Kính thưa", 1.5, 2.25, final=True),
    api.CaptionsState("r", "behind"),
    api.CameraWanted("r", "a", 180),
    api.CameraControllable("r", "a", api.CameraControl(("pan", "zoom"), 3)),
    api.CameraControllable("r", "a", api.CameraControl((), 0, (api.CameraSource(1), api.CameraSource(6, "PC")), 6)),
    api.CameraControllable("r", "a", None),
    api.KeyframeWanted("r", "a"),
    api.DigitPressed("r", "a", "#"),
    api.ShareAsked("r", "a", True),
    api.FloorDecided("r", "a", "granted"),
    api.MediaElsewhere("r", "a", "192.0.2.1", "192.0.2.2", True),
    api.TilesForwarded("r", "a", TILES, 1280, 720, 40, "Họp giao ban", True),
    api.RecordingFailed("r", "/f.mp4", "disk-full"),
    api.RecordingEnded("r", "/f.mp4", 61.5, None),
]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_arrives_as_it_was_sent(event: api.Event) -> None:
    message = {"event": type(event).__name__, "fields": protocol.plain(event)}
    [read] = read_all(protocol.frame(message))
    assert isinstance(read, dict) and reply_check.event(read) == event


def test_every_kind_of_event_is_among_them() -> None:
    assert {type(event).__name__ for event in EVENTS} == set(protocol.EVENTS)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("open_room", {"room": "r", "options": api.RoomOptions(640, 360, 15)}),
        ("add_seat", {"room": "r", "options": api.SeatOptions("a", "Điểm cầu", False)}),
        ("set_layout", {"room": "r", "layout": api.Layout("speaker", "a")}),
        ("set_layout", {"room": "r", "layout": None, "audience": "host"}),
        ("set_floor", {"room": "r", "seat": "a", "open_": True}),
        ("stats", {}),
    ],
)
def test_arguments_arrive_as_they_left(call: str, arguments: dict[str, object]) -> None:
    travelled = json.loads(json.dumps(protocol.pack(arguments)))
    assert protocol.unpack(call, travelled) == arguments


def test_an_unknown_call_is_told() -> None:
    with pytest.raises(UnknownCall, match="no call '__init__'"):
        protocol.unpack("__init__", {})
    with pytest.raises(UnknownCall):
        protocol.unpack(json.loads("[1]"), {})


@pytest.mark.parametrize("options", [5, "seat", [1], {"label": "x"}])
def test_what_is_no_dataclass_of_a_call_is_a_value_error(options: object) -> None:
    with pytest.raises(ValueError, match="not what add_seat takes"):
        protocol.unpack("add_seat", {"room": "r", "options": options})


def test_what_a_later_release_says_besides_is_ignored() -> None:
    options = {"seat": "s", "label": "S", "later": [1, 2]}
    arguments = protocol.unpack("add_seat", {"room": "r", "options": options, "later": {}})
    assert arguments == {"room": "r", "options": api.SeatOptions("s", "S")}
    event = {"event": "PeerUp", "fields": {"room": "r", "seat": "s", "later": 1}, "later": 2}
    assert reply_check.event(event) == api.PeerUp("r", "s")
    assert reply_check.result("close_room", {"id": 1, "result": None, "later": 3}) is None
    held = {**protocol.plain(api.Held()), "later": 4}
    assert reply_check.result("held", {"id": 1, "result": held}) == api.Held()
