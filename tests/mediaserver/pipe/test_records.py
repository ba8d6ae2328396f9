"""Tests of the records that two ends of a pipe keep the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.pipe import records
from mediaserver.pipe.records import MAX_BYTES, RETRY_S, Key, Records

KEYS = st.tuples(st.sampled_from(["offer", "want"]), st.integers(0, 3))
VALUES = st.none() | st.integers(1, 9) | st.lists(st.text(max_size=300), max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.booleans(), KEYS, VALUES),
        st.tuples(st.just("send"), st.booleans()),
        st.tuples(st.just("lose"), st.integers(0, 50)),
        st.tuples(st.just("deliver"), st.integers(0, 50)),
        st.tuples(st.just("repeat"), st.integers(0, 50)),
    ),
    max_size=40,
)


class LossyLink:
    """Two ends, and the messages under way to each: they may be lost, repeated and overtake each other."""

    def __init__(self) -> None:
        self.ends = Records(), Records()
        self.written: tuple[dict[Key, object], ...] = ({}, {})
        self.way: list[tuple[int, bytes]] = []
        self.now = 0.0

    def write(self, second: bool, key: tuple[str, int], value: object) -> None:
        self.ends[second].write(key, value)
        self.written[second][key] = value

    def send(self, second: bool) -> None:
        self.now += RETRY_S
        for message in self.ends[second].messages(self.now):
            assert len(message) <= MAX_BYTES
            self.way.append((not second, message))

    def lose(self, at: int) -> None:
        if self.way:
            self.way.pop(at % len(self.way))

    def deliver(self, at: int) -> None:
        if self.way:
            end, message = self.way.pop(at % len(self.way))
            self.ends[end].take(message)

    def repeat(self, at: int) -> None:
        if self.way:
            self.way.append(self.way[at % len(self.way)])


@given(STEPS)
def test_both_ends_have_the_same_whatever_is_lost_repeated_or_overtaken(steps: list[tuple[str, ...]]) -> None:
    link = LossyLink()
    for name, *arguments in steps:
        getattr(link, name)(*arguments)
    while not (link.ends[0].quiet and link.ends[1].quiet and not link.way):
        link.send(False)
        link.send(True)
        while link.way:
            link.deliver(0)
    for end in (0, 1):
        expected = {key: value for key, value in link.written[end].items() if value is not None}
        assert link.ends[not end].theirs == expected
        assert all(link.ends[end].settled(key) for key in link.written[end])


def messages(end: Records, now: float) -> list[dict[str, list[object]]]:
    return [json.loads(message) for message in end.messages(now)]


def test_a_change_is_repeated_until_it_is_acknowledged() -> None:
    ours, theirs = Records(), Records()
    ours.write(("want", "a"), [1])
    first = next(ours.messages(1.0))
    assert messages(ours, 1.05) == []
    assert messages(ours, 1.1) == [{"a": [], "r": [[1, ["want", "a"], [1]]]}]
    assert theirs.take(first) == {("want", "a")}
    assert theirs.take(first) == set(), "it came before"
    assert messages(theirs, 1.2) == [{"a": [1, 1], "r": []}]
    assert not ours.settled(("want", "a"))
    ours.take(b'{"a":[1],"r":[]}')
    assert ours.settled(("want", "a"))
    assert ours.quiet
    ours.write(("want", "a"), [1])
    assert ours.quiet, "nothing has changed"


def test_a_record_longer_than_a_datagram_is_refused() -> None:
    end = Records()
    with pytest.raises(ValueError, match="longer than 1100 bytes"):
        end.write(("offer", "a"), "x" * MAX_BYTES)
    assert end.quiet


def test_an_end_with_too_many_records_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORDS", 3)
    end, other = Records(), Records()
    for number in range(3):
        other.write(("offer", number), 1)
        other.write(("want", number), 1)
        other.write(("want", number), None)
    for message in other.messages(1.0):
        end.take(message)
    assert len(end.theirs) == 3
    assert len(end._taken) <= 6
    other.write(("offer", 4), 1)
    with pytest.raises(ValueError, match="more than 3 records"):
        end.take(next(other.messages(2.0)))


MALFORMED = (
    (b"", "Expecting value"),
    (b"\xff", "codec can't decode"),
    (b"[]", "no message"),
    (b"{}", "no message"),
    (b'{"a":1,"r":[]}', "no lists"),
    (b'{"a":[true],"r":[]}', "other values"),
    (b'{"a":[0],"r":[]}', "other values"),
    (b'{"a":[],"r":[[1,[]]]}', "other values"),
    (b'{"a":[],"r":[[1,[],1]]}', "other values"),
    (b'{"a":[],"r":[[1,["want",[]],1]]}', "other values"),
    (b'{"a":[],"r":[["1",["want"],1]]}', "other values"),
    (b'{"a":[],"r":' + b"[" * 1000, "nested too deeply|Expecting value"),
    (b'{"a":[],"r":[]}' + b" " * MAX_BYTES, "too long"),
)


@pytest.mark.parametrize(("message", "why"), MALFORMED)
def test_what_no_end_sends_is_refused(message: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Records().take(message)
