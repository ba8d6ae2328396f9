"""Samples of running meetings: when they are taken and written."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import OperationalError

from mediaserver.api import ConnectionQuality
from signaling.messages.media import Playback
from signaling.quality.model import ABSENT, FIELDS, HOUR, STEP, UNKNOWN, Flag, Identity, Series, value
from signaling.quality.recorder import Look, QualityRecorder, sample
from signaling.quality.store import QualityStore

NINE = datetime(2026, 4, 6, 2, 0, tzinfo=UTC)
OF = Identity("s1", "nt", "UBND.Nha Trang", "browser", "Firefox/153")
LINE = ConnectionQuality(0.08, 0.0, 0.02, 0.03, received=1_500_000, sent=2_000_000, camera=720, step=2, most=3)
PLAYBACK = Playback(
    type="playback", lost=0.01, frozen_ms=800, decode_ms=None, dropped=0.25, fps=24.7, limited="cpu", path="relay"
)


class Kept(QualityStore):
    """Keeps what is written, or refuses it."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int]] = []
        self.refuses = False

    async def save(self, parts: Sequence[tuple[str, Series]]) -> None:
        if self.refuses:
            raise OperationalError("INSERT", {}, OSError("disk full"))
        self.written = [(session, len(series)) for session, series in parts]


def looked(recorder: QualityRecorder, seconds: range, line: ConnectionQuality | None = LINE) -> None:
    for second in seconds:
        recorder.look("one", {"s1": Look(OF, True, line)}, NINE + timedelta(seconds=second))


def read(taken: bytes) -> dict[str, float | None]:
    return {name: value(name, byte) for name, byte in zip(FIELDS, taken, strict=True)}


def test_a_sample_has_means_of_losses_and_the_longest_delay() -> None:
    worse = ConnectionQuality(0.12, 0.0, 0.01, 0.5, tcp=True, step=-1, most=3, late=0.03)
    taken = sample([Look(OF, True, LINE), Look(OF, True, worse)], PLAYBACK)
    assert Flag(taken[0]) == Flag.CAMERA | Flag.TCP | Flag.RELAY | Flag.CPU
    assert read(taken) == {
        "flags": 15.0, "up": 10.0, "down": 0.0, "missing": 1.0, "jitter": 19.7, "round_trip": 511.0,
        "received": 723.1, "sent": 1023.0, "camera": 720.0, "picture": 0.0, "late": 15.0, "frozen": 788.6,
        "decode": None, "dropped": 25.0, "fps": 25.0,
    }  # fmt: skip
    assert sample([Look(OF, True, None)], PLAYBACK) == ABSENT
    assert list(sample([Look(OF, False, LINE)], None)[11:]) == [UNKNOWN] * 4


async def test_samples_are_taken_every_ten_seconds_and_written_once() -> None:
    store = Kept()
    recorder = QualityRecorder(store)
    looked(recorder, range(0, 31, 2))
    (series,) = recorder.current("one")
    assert (len(series), series.begin, series.of) == (3, NINE, OF)
    await recorder.write()
    assert store.written == [("one", 3)]
    await recorder.write()
    assert store.written == []
    recorder.played("one", "s1", PLAYBACK)
    recorder.played("one", "nobody", PLAYBACK)
    looked(recorder, range(32, 41, 2))
    assert recorder.current("one")[0].column("fps")[-2:] == bytes([UNKNOWN, 25])
    store.refuses = True
    await recorder.write()
    store.refuses = False
    recorder.ended("one")
    assert [len(each) for each in recorder.current("one")] == [4]
    await recorder.stop()
    assert store.written == [("one", 4)] and recorder.current("one") == []


def test_who_loses_the_connection_is_absent_and_who_leaves_is_finished() -> None:
    recorder = QualityRecorder(Kept())
    looked(recorder, range(0, 11, 2), None)
    assert recorder.current("one") == []
    looked(recorder, range(12, 33, 2))
    looked(recorder, range(34, 53, 2), None)
    looked(recorder, range(100, 101))  # the server did nothing meanwhile
    (series,) = recorder.current("one")
    absent = [bool(each & Flag.ABSENT) for each in series.column("flags")]
    assert absent == [False, False, True, True, True, True, True, False]
    recorder.look("one", {}, NINE + timedelta(seconds=104))
    looked(recorder, range(106, 120, 2))
    assert [len(each) for each in recorder.current("one")] == [8, 1]


def test_a_row_has_an_hour_at_most() -> None:
    recorder = QualityRecorder(Kept())
    looked(recorder, range(0, 10 * HOUR + 41, 10))
    assert [len(each) for each in recorder.current("one")] == [HOUR, 4]
    assert recorder.current("one")[1].begin == NINE + HOUR * STEP
