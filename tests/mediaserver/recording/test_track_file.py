"""Tests of the file of tracks: what is written is read back, however much of it there is."""

from io import BytesIO

import pytest

from mediaserver.recording import track_file
from mediaserver.recording.track_file import NoTracks, Scene, TrackFileReader, TrackFileWriter, TrackFrame
from tests.mediaserver.recording.track_items import EVERYTHING, EVERYTHING_WRITTEN, FIRST, OPENED, frame


def test_everything_is_read_back_in_its_order() -> None:
    reader = TrackFileReader(BytesIO(b"".join(EVERYTHING_WRITTEN)))
    assert reader.opened == OPENED
    assert tuple(reader) == EVERYTHING


def test_a_file_that_was_cut_off_anywhere_has_all_that_was_whole() -> None:
    pieces = EVERYTHING_WRITTEN
    data = b"".join(pieces)
    ends = [sum(map(len, pieces[: number + 1])) for number in range(len(pieces))]
    for cut in range(ends[0], len(data) + 1):
        whole = sum(end <= cut for end in ends) - 1
        assert tuple(TrackFileReader(BytesIO(data[:cut]))) == EVERYTHING[:whole]


@pytest.mark.parametrize("cut", [0, 5, len(track_file.MARK), len(TrackFileWriter(OPENED).beginning) - 1])
def test_a_file_without_a_beginning_has_no_tracks(cut: int) -> None:
    with pytest.raises(NoTracks):
        TrackFileReader(BytesIO(TrackFileWriter(OPENED).beginning[:cut]))


def test_a_scene_is_written_when_it_changed_and_then_what_changed() -> None:
    writer = TrackFileWriter(OPENED)
    writer.scene(0.0, FIRST)
    assert writer.scene(0.02, FIRST) == b""
    moved = writer.scene(0.04, Scene(FIRST.tiles, FIRST.heading, FIRST.labels, None, FIRST.icons))
    assert moved.endswith(b'{"speaker": null}')


def test_what_follows_damage_is_not_read() -> None:
    damaged = b"".join([*EVERYTHING_WRITTEN[:3], bytes(12), *EVERYTHING_WRITTEN[3:]])
    assert tuple(TrackFileReader(BytesIO(damaged))) == EVERYTHING[:2]


def test_numbers_of_tracks_are_given_out_anew_when_all_were_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_file, "TRACKS_IN_USE", 2)
    writer = TrackFileWriter(OPENED)
    items = [TrackFrame(0.0, tile, frame(b"1", keyframe=True)) for tile in "abcab"]
    data = writer.beginning + b"".join(writer.frame(*item) for item in items)
    assert list(TrackFileReader(BytesIO(data))) == items
