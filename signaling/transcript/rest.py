"""Endpoints of transcripts, for who may fetch the recording: read, correct, search, export."""

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, Field, StringConstraints

from scheduler.core.text import clean
from scheduler.operations.closing.documents import RECORDING, allowed
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Model, Moment, Route
from signaling.http.uploads import attached
from signaling.recording import access as recording_access
from signaling.recording import model as recording_model
from signaling.recording.context import RECORDINGS
from signaling.recording.file_names import file_name
from signaling.recording.requested import Listing, find_recording, seen_recordings
from signaling.transcript import export, service
from signaling.transcript.context import TRANSCRIPTS
from signaling.transcript.model import Placed
from signaling.transcript.model import Wording as ModelWording

MAX_TEXT = 2000
FOUND_EACH = 5
"""Places shown of a recording in which a text is found."""
UNKNOWN_POINT = "Không rõ điểm cầu"

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(clean)]


class Wording(Model):
    """A text of an utterance: by an account, or by the model (`by` is empty)."""

    text: str
    by: str
    at: Moment


class Utterance(Model):
    """Speech of a point: the `number`-th of the part `recording`, from `start` to `end` seconds of what is played.

    `point` is empty where nobody knows who spoke. `wordings` are all of its texts, the newest, which counts, first.
    """

    recording: str
    number: int
    start: float
    end: float
    point: str
    text: str
    wordings: list[Wording]


class Standing(Model):
    """The state of a session's transcript; see :class:`signaling.transcript.service.Standing`."""

    session: str
    recording: str
    state: service.State
    percent: int | None
    ready: Moment | None
    reason: str | None


class Transcript(Standing):
    """A session's transcript, as far as it is made, and whether this account may correct it."""

    may_correct: bool
    utterances: list[Utterance]


class Search(Listing):
    """A text to look for in a page of sessions, whatever its case and accents."""

    text: Annotated[str, StringConstraints(min_length=2, max_length=100)]


class Found(Model):
    """The utterances of a recording with a text: how many, and the first of them."""

    session: str
    recording: str
    title: str
    started: Moment
    count: int
    utterances: list[Utterance]


class Correction(Model):
    """Another text for an utterance that read `was`; an empty one strikes it out."""

    number: Annotated[int, Field(ge=0)]
    was: Annotated[str, StringConstraints(max_length=MAX_TEXT)]
    text: Text


class Format(Model):
    """WebVTT, which players show, or plain text."""

    format: Literal["vtt", "txt"]


class Captions(Model):
    """Source of captions; see :class:`mediaserver.captions.model.CaptionModel`."""

    kind: Literal["none", "script", "model"]
    missing: str


class SpeechRecognition(Model):
    """State of transcripts, and source of captions."""

    transcripts: bool
    captions: Captions


async def recognition(request: ApiRequest) -> SpeechRecognition:
    """Return what recognizes speech on this server."""
    request.only(request.account.sees_all)
    context = request.context(TRANSCRIPTS)
    captions = Captions(kind=context.captions.kind, missing=context.captions.missing)
    return SpeechRecognition(transcripts=context.transcripts.on, captions=captions)


async def transcripts(request: ApiRequest) -> list[Standing]:
    """List the states of transcripts of recordings that the account may fetch, a page of sessions at a time."""
    return await _standings(request, await _fetchable(request))


async def _fetchable(request: ApiRequest) -> list[list[recording_model.Recording]]:
    """Return the files of each session of a page that the account may fetch."""
    files = await seen_recordings(request)
    grants = await request.context(RECORDINGS).documents.grants({each.session for each in files})
    by_session = [list(of_session) for _, of_session in groupby(files, key=lambda each: each.session)]

    def may(recording: recording_model.Recording) -> bool:
        own = [each for each in grants if each.session == recording.session]
        return recording_access.may_download(request.account, recording) or allowed(
            own, request.account.unit, RECORDING, request.now
        )

    return [each for each in by_session if may(each[0])]


async def _standings(request: ApiRequest, sessions: Sequence[Sequence[recording_model.Recording]]) -> list[Standing]:
    found = await request.context(TRANSCRIPTS).transcripts.standings(sessions, request.now)
    return [
        Standing(
            session=files[0].session,
            recording=files[0].id,
            state=each.state,
            percent=None if each.progress is None else each.progress.percent,
            ready=None if each.progress is None else each.progress.ready,
            reason=each.reason,
        )
        for files, each in zip(sessions, found, strict=True)
    ]


async def transcript(request: ApiRequest) -> Transcript:
    """Return the transcript of a session's recording."""
    recording = await _found(request)
    files = await request.context(RECORDINGS).store.parts(recording.session)
    found = await request.context(TRANSCRIPTS).transcripts.of_files(files)
    [standing] = await _standings(request, [files])
    await request.saw("see-transcript", recording.id)
    return Transcript(
        **standing.model_dump(),
        may_correct=recording_access.may_download(request.account, recording),
        utterances=[_utterance(each) for each in found],
    )


async def _found(request: ApiRequest) -> recording_model.Recording:
    recording = await find_recording(request)
    if recording.state == "deleted":
        raise NotFound
    return recording


def _utterance(placed: Placed) -> Utterance:
    return Utterance(
        recording=placed.recording,
        number=placed.number,
        start=placed.start,
        end=placed.end,
        point=placed.utterance.point,
        text=placed.utterance.text,
        wordings=_wordings(placed.utterance.wordings),
    )


def _wordings(wordings: Sequence[ModelWording]) -> list[Wording]:
    return [Wording(text=each.text, by=each.by, at=each.at) for each in reversed(wordings)]


async def search(request: ApiRequest) -> list[Found]:
    """Find a text in the transcripts of a page of sessions whose recordings the account may fetch."""
    found: list[Found] = []
    for files in await _fetchable(request):
        places = await request.context(TRANSCRIPTS).transcripts.found(files, request.query.text)
        if places:
            first = files[0]
            shown = [_utterance(each) for each in places[:FOUND_EACH]]
            found.append(
                Found(
                    session=first.session,
                    recording=first.id,
                    title=first.title,
                    started=first.started,
                    count=len(places),
                    utterances=shown,
                )
            )
    return found


async def correct(request: ApiRequest) -> list[Wording]:
    """Give an utterance of a part another text; return all its wordings."""
    recording = await _found(request)
    request.only(recording_access.may_download(request.account, recording))
    body: Correction = request.body
    wording = ModelWording(body.text, request.account.account, request.now)
    corrected = await request.context(TRANSCRIPTS).transcripts.correct(recording, body.number, body.was, wording)
    await request.note("transcript-corrected", recording.id, str(body.number))
    return _wordings(corrected.wordings)


async def anew(request: ApiRequest) -> None:
    """Have those parts of a session transcribed anew whose transcripts failed."""
    recording = await _found(request)
    request.only(recording_access.may_download(request.account, recording))
    files = await request.context(RECORDINGS).store.parts(recording.session)
    await request.context(TRANSCRIPTS).transcripts.make_anew(files)
    await request.note("transcript-anew", recording.id)


async def file(request: ApiRequest) -> web.Response:
    """Return the transcript of a session's recording as a file."""
    recording = await _found(request)
    context = request.context(RECORDINGS)
    files = await context.store.parts(recording.session)
    found = await request.context(TRANSCRIPTS).transcripts.of_files(files)
    unit = (await request.unit_names()).get(recording.host_unit, recording.host)
    zone = context.scheduler.policy(request.now).zone
    name = f"{file_name(files[0], None, unit, zone).removesuffix('.mp4')}.{request.query.format}"
    await request.note("download-transcript", recording.id, request.query.format)
    if request.query.format == "vtt":
        return attached(export.webvtt(found).encode(), "text/vtt", name)
    return attached(export.plain_text(found, UNKNOWN_POINT).encode(), "text/plain", name)


ROUTES = [
    Route(
        "GET",
        "/transcripts",
        transcripts,
        "The states of transcripts of recordings, by session",
        list[Standing],
        query=Listing,
    ),
    Route("GET", "/speech-recognition", recognition, "What recognizes speech", SpeechRecognition, problems=(403,)),
    Route("GET", "/transcripts/search", search, "Find a text in transcripts", list[Found], query=Search),
    Route(
        "GET",
        f"/recordings/{ID}/transcript",
        transcript,
        "The transcript of a session's recording",
        Transcript,
        problems=(403, 404, 409),
    ),
    Route(
        "GET",
        f"/recordings/{ID}/transcript/file",
        file,
        "The transcript as WebVTT or text",
        None,
        query=Format,
        problems=(403, 404, 409),
        media_type="text/vtt",
    ),
    Route(
        "POST",
        f"/recordings/{ID}/transcript/corrections",
        correct,
        "Correct an utterance of a part",
        list[Wording],
        body=Correction,
        problems=(403, 404, 409),
    ),
    Route(
        "POST",
        f"/recordings/{ID}/transcript/anew",
        anew,
        "Transcribe a recording again that could not be transcribed",
        None,
        status=204,
        problems=(403, 404, 409),
    ),
]
