"""Versions of what is stored of a meeting: a release reads its own and the one before, and leaves later ones alone.

Also tests `forget_newer` of `store.py`.
"""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime

from signaling.core.errors import NewerMeetings
from signaling.meeting.state import snapshot
from signaling.meeting.state.snapshot import MeetingSnapshot, dump, load, version_of
from tests.signaling.meeting.state import stored_shape
from tests.signaling.meeting.state.stored_shape import breaks, made, recorded, shape

READ = range(snapshot.OLDEST, snapshot.VERSION + 1)
Shape = dict[str, Any]


def test_what_is_stored_has_the_shape_that_its_version_names() -> None:
    assert shape() == recorded(snapshot.VERSION)["shape"], (
        "What is stored of a meeting has changed: raise VERSION in signaling/meeting/state/snapshot.py, then "
        f"python -m {stored_shape.__name__} (CONTRIBUTING.md, Keep releases together)"
    )


@pytest.mark.parametrize("number", READ)
def test_every_version_from_the_oldest_on_is_read(number: int) -> None:
    assert breaks(recorded(number)["shape"], shape()) == []


@pytest.mark.parametrize("number", READ)
def test_nothing_is_lost_of_a_meeting_that_an_earlier_release_stored(number: int) -> None:
    stored = recorded(number)["example"]
    continued = json.loads(dump(load(json.dumps(stored))))
    assert _common(continued, stored) == {**stored, "version": continued["version"]}


def _common(new: Any, old: Any) -> Any:
    """Return what a new value has of the fields of an old one."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _common(new[key], old[key]) for key in old if key in new}
    if isinstance(old, list) and isinstance(new, list):
        return [_common(*each) for each in zip(new, old, strict=True)]
    return new


def _without(change: Callable[[Shape], object]) -> list[str]:
    new = copy.deepcopy(shape())
    change(new)
    return breaks(shape(), new)


def test_what_another_release_could_not_read_is_found() -> None:
    assert _without(lambda new: new.pop("CallSnapshot")) == ["CallSnapshot is gone"]
    assert _without(lambda new: new["SeatSnapshot"]["properties"].pop("gain")) == [
        "SeatSnapshot.gain was {'type': 'integer'}"
    ]
    assert _without(lambda new: new["SeatSnapshot"]["properties"].update(gain={"type": "number"})) == [
        "SeatSnapshot.gain was {'type': 'integer'}"
    ]
    assert _without(lambda new: new["SeatSnapshot"]["required"].append("more")) == ["SeatSnapshot.more has no default"]
    assert _without(lambda new: new["SeatSnapshot"]["properties"].update(more={"type": "string"})) == []
    assert _without(lambda new: new["SeatSnapshot"]["properties"]["role"]["enum"].append("more")) == []
    assert _without(lambda new: new["SeatSnapshot"]["properties"]["role"]["enum"].clear()) != []


def test_a_later_version_is_refused_and_one_before_the_oldest_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = json.loads(dump(made(MeetingSnapshot)))
    with pytest.raises(NewerMeetings, match=f"version {snapshot.VERSION + 1}, and this one reads {snapshot.VERSION} "):
        load(json.dumps({**stored, "version": snapshot.VERSION + 1, "conference": "of another shape"}))
    monkeypatch.setattr(snapshot, "OLDEST", 1)
    with pytest.raises(ValueError, match="it is of version 0, and the oldest that is read is 1"):
        load(json.dumps({**stored, "version": "ebf7a975fff8"}))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('{"version": 3}', 3),
        ('{"version": "ebf7a975fff8"}', 0),
        ('{"version": true}', 0),
        ("{}", 0),
        ("[]", 0),
        ("null", 0),
        ("{", 0),
    ],
)
def test_stored_values_name_their_version(text: str, version: int) -> None:
    assert version_of(text) == version


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=4),
    int: st.integers(0, 2**40),
    float: st.floats(0, 1e9),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_what_is_stored_is_read(data: st.DataObject) -> None:
    stored = made(MeetingSnapshot, lambda kind: data.draw(PLAIN[datetime if kind is AwareDatetime else kind]))
    assert load(dump(stored)) == stored
