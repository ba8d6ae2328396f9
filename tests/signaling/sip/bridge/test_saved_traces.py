"""Messages of devices' calls are in a file when their server starts again, without what opens a meeting."""

import logging
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signaling.sip.bridge.saved_traces import MOST, SAVED_FOR, SavedTraces
from signaling.sip.protocol.message import Message, parse
from signaling.sip.protocol.trace import Trace
from tests.fuzz.sip import INVITE

HOST = "10.0.0.9"
NOW = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Return the path of the file; nothing is left beside it."""
    yield tmp_path / "traces.json"
    assert [each.name for each in tmp_path.iterdir()] in ([], ["traces.json"])


def invite(call_id: str, *more: tuple[str, str]) -> Message:
    request = parse(INVITE.replace(b"c@10.0.0.9", call_id.encode()))
    request.headers += more
    return request


def saved(path: Path, *traces: Trace) -> SavedTraces:
    held = SavedTraces(path, lambda: NOW)
    held.load(traces)
    return held


async def test_what_a_device_said_is_there_for_the_next_server(path: Path) -> None:
    sip, h323 = Trace(), Trace()
    first = saved(path, sip, h323)
    sip.record(invite("of a stranger"), "10.9.9.9", sent=False, at=NOW)
    call = invite("c1", ("authorization", 'Digest username="room", response="rat-bi-mat"'))
    sip.record(call, HOST, sent=False, at=NOW)
    sip.assign("c1", HOST, "vcs")
    h323.keep("7", HOST, "setup", sent=True, at=NOW)
    h323.assign("7", HOST, "codec")
    await first.save()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [word for word in ("1234567890", "rat-bi-mat", "of a stranger") if word in path.read_text()] == []

    next_sip, next_h323 = Trace(), Trace()
    second = saved(path, next_sip, next_h323)
    assert next_sip.calls("vcs") == sip.calls("vcs") != []
    assert next_h323.calls("codec") == h323.calls("codec") != []
    path.unlink()
    await second.save()
    assert not path.exists()  # nothing is new
    next_sip.keep("c1", HOST, "bye", sent=True, at=NOW)
    await second.save()
    third = Trace()
    saved(path, third)
    assert [each.text for each in third.calls("vcs")[0].messages][1:] == ["bye"]


async def test_the_newest_calls_are_saved_for_a_time(path: Path) -> None:
    trace, read = Trace(), Trace()
    held = saved(path, trace)
    for number in range(MOST + 2):
        id_, device = f"c{number}", f"device {number}"
        trace.keep(id_, HOST, "text", sent=True, at=NOW - SAVED_FOR + timedelta(seconds=number - 1))
        trace.assign(id_, HOST, device)
    await held.save()
    saved(path, read)
    kept = [number for number in range(MOST + 2) if read.calls(f"device {number}")]
    assert kept == list(range(2, MOST + 2))
    assert [len(trace.saved(MOST, most, NOW - SAVED_FOR)) for most in (3, 8)] == [0, 2]


@pytest.mark.parametrize("text", ["", "[[{}]]", "\x00"])
async def test_a_file_that_cannot_be_read_stops_nothing(
    path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text(text)
    with caplog.at_level(logging.WARNING):
        saved(path, Trace())
    assert "are not read" in caplog.text


async def test_a_file_that_cannot_be_written_stops_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trace = Trace()
    held = saved(path / "nowhere" / "traces.json", trace)
    trace.assign("c1", HOST, "vcs")
    with caplog.at_level(logging.WARNING):
        await held.save()
    assert "are not saved" in caplog.text
