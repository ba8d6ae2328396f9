"""Tests of the versions of the message protocol."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mediaserver.rpc import version
from tests.mediaserver.rpc import protocol_text
from tests.mediaserver.rpc.protocol_text import Text, breaks, recorded, text

NO_VERSION = "the other end names no version of the protocol, and ours is 3"


def test_the_protocol_is_the_one_that_its_version_names() -> None:
    assert text() == recorded(version.VERSION), (
        "The control API of the media engine has changed: raise VERSION in mediaserver/rpc/version.py, then "
        f"python -m {protocol_text.__name__} (CONTRIBUTING.md, Add a command to the media engine)"
    )


@pytest.mark.parametrize("number", range(version.OLDEST, version.VERSION + 1))
def test_every_version_still_spoken_is_understood(number: int) -> None:
    assert breaks(recorded(number), text()) == []


def _without(change: Callable[[Text], object]) -> list[str]:
    new = copy.deepcopy(text())
    change(new)
    return breaks(text(), new)


def test_what_two_versions_do_not_understand_is_found() -> None:
    assert _without(lambda new: new["calls"].pop("set_names")) == ["set_names is gone"]
    assert _without(lambda new: new["events"].pop("PeerUp")) == ["PeerUp is gone"]
    assert _without(lambda new: new["calls"]["close_room"].update(room="int")) == ["close_room.room was str"]
    assert _without(lambda new: new["calls"]["close_room"].update(why="str")) == ["close_room.why has no default"]
    assert _without(lambda new: new["calls"]["close_room"].update({"return": "int"})) == [
        "close_room.return was NoneType"
    ]
    assert _without(lambda new: new["dataclasses"]["SeatOptions"].pop("seat")) == ["SeatOptions.seat was str"]
    assert _without(lambda new: new["calls"]["close_room"].update(why="str = …")) == []
    assert _without(lambda new: new["calls"].update(another={"return": "NoneType"})) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "fault"),
    [
        ((3, 2), {"version": 3, "oldest": 2}, None),
        ((3, 2), {"version": 2, "oldest": 2}, None),
        ((3, 2), {"version": 2}, None),
        ((3, 2), {"version": 4, "oldest": 3}, None),
        (
            (3, 2),
            {"version": 1, "oldest": 1},
            "the other end speaks version 1 of the protocol, and the oldest that is understood is 2",
        ),
        (
            (3, 2),
            {"version": 5, "oldest": 4},
            "the other end understands no version of the protocol before 4, and ours is 3",
        ),
        ((3, 2), {"version": 5}, "the other end understands no version of the protocol before 5, and ours is 3"),
        ((3, 2), {}, NO_VERSION),
        ((3, 2), {"version": "0123456789ab"}, NO_VERSION),
        ((3, 2), {"version": True, "oldest": True}, NO_VERSION),
        ((3, 2), {"version": 3, "oldest": None}, NO_VERSION),
        ((3, 2), {"version": 3.0}, NO_VERSION),
    ],
)
def test_two_ends_find_out_whether_they_understand_each_other(
    monkeypatch: pytest.MonkeyPatch, ours: tuple[int, int], theirs: dict[str, Any], fault: str | None
) -> None:
    monkeypatch.setattr(version, "VERSION", ours[0])
    monkeypatch.setattr(version, "OLDEST", ours[1])
    assert version.fault(theirs) == fault
