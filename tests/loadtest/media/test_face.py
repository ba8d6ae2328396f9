"""Faces: what moves between pictures, and that mouth and voice open together."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from loadtest.media.clip import FPS
from loadtest.media.face import MOUTHS, Face, clips, draw, eyes_closed, mouth_at, pose
from loadtest.media.picture import KEY_EVERY, LOOP_FRAMES
from loadtest.media.voice import LOOP_S, SYLLABLES

WIDTH, HEIGHT = 320, 180
EYES = np.s_[62:80, 140:185]
MOUTH = np.s_[88:108, 145:175]


def pictures(*, speaking: bool) -> list[np.ndarray]:
    """Return the luma of a loop of the first person."""
    return [picture[:HEIGHT] for picture in draw(Face(0), WIDTH, HEIGHT, speaking=speaking)]


def test_no_two_pictures_in_a_row_are_alike_and_the_loop_closes() -> None:
    loop = pictures(speaking=False)
    changed = [int(np.abs(a.astype(int) - b).sum()) for a, b in pairwise([*loop, loop[0]])]
    assert (len(loop), min(changed) > 0) == (LOOP_FRAMES, True)
    assert changed[-1] <= max(changed[:-1])


def test_a_face_blinks_twice_in_a_loop_and_each_at_its_own_time() -> None:
    blinks = [[at for at in range(LOOP_FRAMES) if eyes_closed(Face(number), at)] for number in range(3)]
    assert [len(each) for each in blinks] == [8, 8, 8]
    assert len({tuple(each) for each in blinks}) == 3
    loop = pictures(speaking=False)
    closed, opened = loop[blinks[0][1]][EYES], loop[blinks[0][0] - 1][EYES]
    assert opened.max() > closed.max() + 20  # the white of the eyes


def test_the_mouth_opens_with_the_voice_and_rests_in_the_pause() -> None:
    begin, end = SYLLABLES[2]
    middle = round((begin + end) / 2 * FPS)
    assert (mouth_at(middle), mouth_at(round((LOOP_S - 0.1) * FPS))) == (MOUTHS - 1, 0)
    assert [mouth_at(at) for at in range(KEY_EVERY)] == [mouth_at(at + KEY_EVERY) for at in range(KEY_EVERY)]
    speaking, listening = pictures(speaking=True)[middle][MOUTH], pictures(speaking=False)[middle][MOUTH]
    assert listening.min() > speaking.min() + 20  # it is dark in an open mouth


@pytest.mark.parametrize("number", range(12))
def test_a_head_moves_and_stays_in_its_place(number: int) -> None:
    poses = np.array([pose(Face(number), at) for at in range(LOOP_FRAMES)])
    assert (np.ptp(poses, axis=0) > (0.02, 0.01, 4)).all()
    assert (np.abs(poses) < (0.03, 0.01, 3)).all()


def test_twelve_people_look_different() -> None:
    assert len({(face.wall, face.skin, face.hair, face.jacket) for face in map(Face, range(12))}) == 12


def test_speaking_and_listening_are_clips_of_one_size(tmp_path: Path) -> None:
    both = [clips(Face(0), "H264", 2, tmp_path, speaking=speaking)[0] for speaking in (False, True)]
    assert [(clip.width, clip.height, len(clip.frames)) for clip in both] == [(320, 180, LOOP_FRAMES)] * 2
    assert both[0].frames != both[1].frames
