"""Closed and broken recordings made good: nothing encoded anew, nothing lost, whatever was cut off."""

import json
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import av
import pytest
from PIL import Image

from mediaserver import finish as finishing
from mediaserver.disk import Space
from mediaserver.files import digest, thumbnail_of
from mediaserver.finish import Finished, Piece, Unfinished, finish
from tests.film import SIZE, Camera, film

LOST_S = 2.0
"""What a cut may cost."""
CUTS = 24


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A recording of six seconds as the recorder leaves it."""
    return film(tmp_path_factory.mktemp("reel") / "1.mp4", 6).read_bytes()


def kept(directory: Path, data: bytes, name: str = "1.mp4") -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def boxes(path: Path) -> list[bytes]:
    """The kinds of a file's outermost boxes (ISO/IEC 14496-12, 4.2)."""
    data, kinds, place = path.read_bytes(), [], 0
    while place < len(data):
        kinds.append(data[place + 4 : place + 8])
        place += int.from_bytes(data[place : place + 4], "big")
    return kinds


def payloads(path: Path, kind: str) -> list[tuple[int | None, bytes]]:
    """Every encoded picture or sound with its time."""
    with av.open(str(path)) as container:
        return [
            (packet.pts, bytes(packet)) for packet in container.demux(container.streams.get({kind: 0})) if packet.size
        ]


def assert_decodes(path: Path) -> None:
    """Ffmpeg has nothing to say."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_part_becomes_an_ordinary_file_with_the_same_pictures_and_sounds(tmp_path: Path, reel: bytes) -> None:
    path, raw = kept(tmp_path, reel), kept(tmp_path, reel, "raw.mp4")
    made = finish(path, [Piece(path)])
    assert boxes(raw)[:4] == [b"ftyp", b"moov", b"moof", b"mdat"]
    assert [kind for kind in boxes(path) if kind != b"free"] == [b"ftyp", b"moov", b"mdat"]
    assert [payloads(path, kind) for kind in ("video", "audio")] == [payloads(raw, kind) for kind in ("video", "audio")]
    assert (made.seconds, made.bytes, made.sha256, made.indexed) == (6.0, path.stat().st_size, digest(path), True)
    assert_decodes(path)
    with Image.open(thumbnail_of(path)) as picture:
        assert (picture.format, picture.size) == ("JPEG", SIZE)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.jpg", "1.mp4", "raw.mp4"]


def test_done_again_it_is_the_same(tmp_path: Path, reel: bytes) -> None:
    path = kept(tmp_path, reel)
    assert finish(path, [Piece(path)]) == finish(path, [Piece(path)])


@pytest.mark.parametrize("cut", range(CUTS))
def test_cut_off_anywhere_it_plays_to_within_two_seconds(tmp_path: Path, reel: bytes, cut: int) -> None:
    """Half of the cuts go through the tables between the pictures, where a demuxer gives up the whole file."""
    tables = [place for place in range(20_000, len(reel)) if reel[place : place + 4] == b"moof"]
    chance = random.Random(cut)
    end = chance.choice(tables) + chance.randrange(400) if cut % 2 else chance.randrange(tables[0], len(reel))
    path = kept(tmp_path, reel[:end])
    made = finish(path, [Piece(path)])
    assert made.seconds >= 6 * end / len(reel) - LOST_S
    assert_decodes(path)


def test_without_room_a_part_that_was_cut_in_a_table_is_measured_as_far_as_it_plays(
    tmp_path: Path, reel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path, reel[: reel.rindex(b"moof") + 100])
    monkeypatch.setattr(finishing, "measure", lambda _: Space(free=0, total=1))
    assert finish(path, [Piece(path)]).seconds == 5.0
    assert path.read_bytes() == reel[: reel.rindex(b"moof") - 4]
    assert_decodes(path)


@pytest.mark.parametrize("data", [b"", b"junk" * 999, b"\0\0\0\x18ftypiso5"])
def test_what_holds_no_picture_is_left_alone(tmp_path: Path, data: bytes) -> None:
    path = kept(tmp_path, data)
    with pytest.raises(Unfinished, match="unreadable"):
        finish(path, [Piece(path)])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"1.mp4": data}


def test_without_room_for_a_copy_a_part_stays_as_it_is(
    tmp_path: Path, reel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path, reel)
    monkeypatch.setattr(finishing, "measure", lambda _: Space(free=len(reel), total=len(reel) * 10))
    made = finish(path, [Piece(path)])
    assert (path.read_bytes(), made.indexed, made.seconds, made.sha256) == (reel, False, 6.0, digest(path))
    with pytest.raises(Unfinished, match="disk-full"):
        finish(tmp_path / "joined.mp4", [Piece(path)])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.jpg", "1.mp4"]


def test_parts_are_joined_where_they_were_in_time_and_never_overlap(tmp_path: Path, reel: bytes) -> None:
    parts = [kept(tmp_path, reel, f"{number}.mp4") for number in (1, 2, 3)]
    joined = tmp_path / "joined.mp4"
    made = finish(joined, [Piece(path, offset) for path, offset in zip(parts, (0, 8.5, 11), strict=True)])
    starts = (0, 8.5, 14.5)  # the third would begin inside the second
    one = [pts for pts, _ in payloads(parts[0], "video") if pts is not None]
    times = [pts for pts, _ in payloads(joined, "video") if pts is not None]
    assert times == [pts + round(start * 90_000) for start in starts for pts in one]
    assert (made.seconds, made.first) == (20.5, finish(parts[0], [Piece(parts[0])]).first)
    assert_decodes(joined)


def test_a_pause_is_cut_out(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    for seconds, paused in ((2.0, True), (3.0, False), (2.0, True), (0.5, True)):
        camera.roll(seconds)
        camera.pause(paused)
    camera.close()
    made = finish(tmp_path / "1.mp4", [Piece(tmp_path / "1.mp4")])
    pictures = [pts for pts, _ in payloads(tmp_path / "1.mp4", "video") if pts is not None]
    steps = [after - before for before, after in pairwise(pictures)]
    # the first picture after the pause is not in it: it brings about the key frame to go on with
    assert (len(pictures), sorted(set(steps)), steps.count(9000)) == (99, [3600, 9000], 1)
    sounds = [pts for pts, _ in payloads(tmp_path / "1.mp4", "audio") if pts is not None]
    assert sounds == sorted(set(sounds))
    assert made.seconds == 4.02
    assert_decodes(tmp_path / "1.mp4")


def test_paused_from_the_beginning_there_is_no_file(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    camera.pause(True)
    camera.roll(1)
    camera.close()
    assert (list(tmp_path.iterdir()), camera.recorder.seconds) == ([], 0.0)


def test_as_a_process(tmp_path: Path, reel: bytes) -> None:
    path, junk = kept(tmp_path, reel), kept(tmp_path, b"junk", "2.mp4")
    said = []
    for target in (path, junk):
        command = [sys.executable, "-m", "mediaserver.finish", target, "0.000", target]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said.append((done.returncode, json.loads(done.stdout)))
    (good, facts), bad = said
    assert (good, Finished(**facts)) == (0, finish(path, [Piece(path)]))
    assert bad == (1, {"error": "unreadable"})
