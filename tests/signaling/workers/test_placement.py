"""Rooms are spread by reserved seats, and what a lost machine would leave without a place is never told too low."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.workers.placement import PlacedRoom, machine_of, suitable, without_place

WORKERS = ("0", "1", "media-2/1", "media-2/2", "media-3/1")
rooms_of = st.lists(st.builds(PlacedRoom, st.sampled_from(WORKERS), st.integers(0, 60)), max_size=12)
some_workers = st.sets(st.sampled_from(WORKERS), min_size=1)


@given(some_workers, rooms_of)
def test_no_other_worker_has_fewer_seats_reserved(able: set[str], rooms: list[PlacedRoom]) -> None:
    reserved = {name: sum(room.seats for room in rooms if room.worker == name) for name in able}
    assert reserved[suitable(able, rooms)] == min(reserved.values())


def test_of_two_with_as_many_seats_the_one_with_fewer_rooms_takes_the_next() -> None:
    rooms = [PlacedRoom("0", 4), PlacedRoom("1", 2), PlacedRoom("1", 2)]
    assert [suitable({"0", "1"}, rooms), suitable({"1", "0"}, [])] == ["0", "0"]


@given(some_workers, rooms_of, st.integers(0, 80), st.sampled_from(["", "media-2", "media-3", "media-4"]))
def test_what_is_told_to_have_a_place_fits_into_the_shares_of_the_other_machines(
    able: set[str], rooms: list[PlacedRoom], share: int, machine: str
) -> None:
    lost = sum(room.seats for room in rooms if machine_of(room.worker) == machine)
    missing = without_place(machine, able, rooms, share)
    others = [name for name in able if machine_of(name) != machine]
    taken = {name: sum(room.seats for room in rooms if room.worker == name) for name in others}
    assert 0 <= lost - missing <= sum(max(0, share - taken[name]) for name in others)
    assert missing == lost or others


def test_a_room_is_not_split_among_workers() -> None:
    workers = ("0", "media-2/1", "media-2/2")
    rooms = [PlacedRoom("0", 20), PlacedRoom("media-2/1", 15), PlacedRoom("media-2/2", 15)]
    assert [without_place("", workers, rooms, share) for share in (30, 34, 35)] == [20, 20, 0]
    assert [without_place("media-2", workers, rooms, share) for share in (30, 35, 50)] == [30, 15, 0]
    assert without_place("media-2", ("media-2/1",), rooms, 90) == 30
