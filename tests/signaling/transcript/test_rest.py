"""Transcripts over REST: who reads, corrects, finds and takes them along.

Also tests `service.py`, `export.py` and `signaling/recording/requested.py`.
"""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import ClientSession

from mediaserver.recording.files import transcript_path
from signaling.transcript.export import plain_text, webvtt
from signaling.transcript.model import Transcript, Utterance, Wording, placed
from signaling.transcript.store import Outcome
from tests.docx_reader import paragraphs
from tests.film import film
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, World, problem_of

GUEST = "UBND.Nha Trang · UBND thành phố Nha Trang"
SAID = [
    (0.5, 2.0, "", "Kính thưa các đồng chí"),
    (3661.5, 3663.0, GUEST, "Báo cáo <nhanh>"),
    (3664.0, 3665.0, GUEST, "đã xong"),
]
STAMP = "2026-04-06T01:00:00Z"


def transcript() -> Transcript:
    """Return a transcript of three utterances."""
    said = (Utterance(start, end, speaker, (Wording(text, "", NOW),)) for start, end, speaker, text in SAID)
    return Transcript(tuple(said), {"1.mp4": 4000.0})


async def recorded(world: World) -> str:
    """Record a session of Khánh Hòa with two other points; return the id of its recording."""
    session = (await world.session(NHA_TRANG, CAM_RANH)).id
    path = Path(await world.server.recordings.begin(session, "Họp", ("UBND.Khanh Hoa", "56"), NOW, "host"))
    await asyncio.to_thread(film, path, 0.2)
    await world.server.recordings.ended(str(path), 0.2, None)
    await world.server.remux_queue.idle()
    return (await world.recording_store.parts(session))[0].id


async def transcribed(world: World) -> str:
    """Record a session and give it a transcript."""
    recording = await recorded(world)
    [part] = await world.recording_store.recordings()
    store = world.server.transcripts._transcripts
    await store.write(part, transcript())
    await store.add(Outcome(recording, "ready", None, "base", NOW))
    return recording


async def read(client: ClientSession, path: str) -> Any:
    async with client.get(f"/api/v1{path}") as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def problem(client: ClientSession, path: str, body: Any = None) -> tuple[int, str]:
    method = "GET" if body is None else "POST"
    async with client.request(method, f"/api/v1{path}", json=body) as response:
        return await problem_of(response)


async def test_minutes_come_without_a_damaged_transcript_and_say_so(world: World) -> None:
    recording = await transcribed(world)
    [part] = await world.recording_store.recordings()
    host = await world.signed_in("host")
    url = f"/api/v1/sessions/{part.session}/minutes"
    damaged = "Không kèm bản gỡ băng, vì tệp bị hỏng hoặc không đọc được."
    async with host.get(url) as response:
        assert damaged not in paragraphs(await response.read())
    path = transcript_path(Path(part.path))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert (await problem(host, f"/recordings/{recording}/transcript"))[0] == 409
    async with host.get(url) as response:
        assert response.status == 200
        assert paragraphs(await response.read())[-1] == damaged


async def test_the_host_reads_a_transcript_and_others_do_not(world: World) -> None:
    recording = await transcribed(world)
    host, guest = await world.signed_in("host"), await world.signed_in("nhatrang")
    [standing] = await read(host, "/transcripts")
    assert (standing["recording"], standing["state"], standing["percent"]) == (recording, "ready", None)
    found = await read(host, f"/recordings/{recording}/transcript")
    assert found["may_correct"]
    assert [(each["start"], each["end"], each["point"], each["text"]) for each in found["utterances"]] == [
        (start, end, speaker.partition(" · ")[2], text) for start, end, speaker, text in SAID
    ]
    assert found["utterances"][0]["wordings"] == [{"text": SAID[0][3], "by": "", "at": STAMP}]
    assert await read(guest, "/transcripts") == []
    assert await problem(guest, f"/recordings/{recording}/transcript") == (403, "forbidden")
    assert [entry.action for entry in await world.audited(20)].count("see-transcript") == 1


async def test_a_unit_with_a_grant_reads_and_does_not_correct(world: World) -> None:
    recording = await transcribed(world)
    [part] = await world.recording_store.recordings()
    host, guest = await world.signed_in("host"), await world.signed_in("nhatrang")
    wish = await world.services.documents.ask(part.session, "recording", "568", "nhatrang", "", NOW)
    async with host.post(f"/api/v1/material-requests/{wish.id}/answer", json={"granted": True}) as response:
        assert response.status == 200, await response.text()
    assert not (await read(guest, f"/recordings/{recording}/transcript"))["may_correct"]
    correction = {"number": 0, "was": SAID[0][3], "text": "Xin chào"}
    path = f"/recordings/{recording}/transcript/corrections"
    assert await problem(guest, path, correction) == (403, "forbidden")


async def test_a_correction_keeps_what_was_there_and_is_undone_by_another(world: World) -> None:
    recording = await transcribed(world)
    host = await world.signed_in("host")
    path, was = f"/recordings/{recording}/transcript/corrections", SAID[1][3]
    async with host.post(f"/api/v1{path}", json={"number": 1, "was": was, "text": " Báo cáo\tnhanh "}) as response:
        assert await response.json() == [
            {"text": "Báo cáo nhanh", "by": "host", "at": STAMP},
            {"text": was, "by": "", "at": STAMP},
        ]
    assert await problem(host, path, {"number": 1, "was": was, "text": "Khác"}) == (409, "utterance-changed")
    assert await problem(host, path, {"number": 3, "was": "", "text": "Khác"}) == (404, "not-found")
    async with host.post(f"/api/v1{path}", json={"number": 1, "was": "Báo cáo nhanh", "text": was}) as response:
        assert [each["text"] for each in await response.json()] == [was, "Báo cáo nhanh", was]
    found = await read(host, f"/recordings/{recording}/transcript")
    assert found["utterances"][1]["text"] == was
    assert "transcript-corrected" in [entry.action for entry in await world.audited(5)]


async def test_a_text_is_found_whatever_its_case_and_accents(world: World) -> None:
    recording = await transcribed(world)
    host = await world.signed_in("host")
    [found] = await read(host, "/transcripts/search?text=bao+CAO")
    assert (found["recording"], found["count"], [each["number"] for each in found["utterances"]]) == (recording, 1, [1])
    assert await read(host, "/transcripts/search?text=ngân+sách") == []
    assert await read(await world.signed_in("nhatrang"), "/transcripts/search?text=báo+cáo") == []


@pytest.mark.parametrize("form", ["vtt", "txt"])
async def test_a_transcript_is_taken_along_as_a_file(world: World, form: str) -> None:
    recording = await transcribed(world)
    host = await world.signed_in("host")
    async with host.get(f"/api/v1/recordings/{recording}/transcript/file?format={form}") as response:
        name = unquote(response.headers["Content-Disposition"])
        assert name.endswith(f"2026-04-06 UBND tỉnh Khánh Hòa – Họp.{form}")
        found = placed([((await world.recording_store.recordings())[0], transcript())])
        expected = webvtt(found) if form == "vtt" else plain_text(found, "Không rõ điểm cầu")
        assert await response.text() == expected


async def test_minutes_have_what_was_said_for_whoever_may_fetch_the_recording(world: World) -> None:
    await transcribed(world)
    [part] = await world.recording_store.recordings()
    drafts = []
    for account in ("host", "admin"):
        async with (await world.signed_in(account)).get(f"/api/v1/sessions/{part.session}/minutes") as response:
            drafts.append(paragraphs(await response.read()))
    assert drafts[0][-2:] == [
        "[0:00:00] Không rõ điểm cầu: Kính thưa các đồng chí",
        "[1:01:01] UBND thành phố Nha Trang: Báo cáo <nhanh> đã xong",
    ]
    assert "PHỤ LỤC: BẢN GỠ BĂNG" not in drafts[1]


def test_subtitles_and_paragraphs_name_the_points() -> None:
    said = transcript().with_wording(0, Wording("", "host", NOW))  # struck out
    part: Any = type("Part", (), {"id": "r", "began": NOW, "seconds": 4000.0})
    found = placed([(part, said)])
    assert webvtt(found) == (
        "WEBVTT\n\n01:01:01.500 --> 01:01:03.000\n<v UBND thành phố Nha Trang>Báo cáo &lt;nhanh&gt;\n\n"
        "01:01:04.000 --> 01:01:05.000\n<v UBND thành phố Nha Trang>đã xong\n"
    )
    assert plain_text(found, "?") == "[01:01:01] UBND thành phố Nha Trang: Báo cáo <nhanh> đã xong\n"
    assert plain_text(placed([(part, transcript())]), "?").startswith("[00:00:00] ?: Kính thưa các đồng chí\n\n[01:01")


async def test_a_recording_whose_transcript_did_not_fail_is_not_transcribed_anew(world: World) -> None:
    recording = await recorded(world)
    host = await world.signed_in("host")
    path = f"/recordings/{recording}/transcript/anew"
    assert await problem(host, path, {}) == (409, "transcript-not-failed")
    await world.server.transcripts._transcripts.add(Outcome(recording, "failed", "unreadable", "base", NOW))
    [standing] = await read(host, "/transcripts")
    assert (standing["state"], standing["reason"]) == ("failed", "unreadable")
    async with host.post(f"/api/v1{path}", json={}) as response:
        assert response.status == 204
    assert [each["state"] for each in await read(host, "/transcripts")] == ["off"]


async def test_a_deleted_recording_has_no_transcript(world: World) -> None:
    recording = await transcribed(world)
    host, [row] = await world.signed_in("host"), await world.recording_store.recordings()
    await world.recording_store.delete_recordings(row.session)
    row.remove()
    assert list(Path(row.path).parent.iterdir()) == []
    assert await problem(host, f"/recordings/{recording}/transcript") == (404, "not-found")
    assert [each["state"] for each in await read(host, "/transcripts")] == ["none"]
