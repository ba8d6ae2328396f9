"""Rows and files of transcripts. One method, one transaction or one file."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from mediaserver.recording.encrypted_file import FileCipher
from mediaserver.recording.files import transcript_path
from signaling.core.sql_rows import SqlRows
from signaling.recording.model import JOINED, Recording
from signaling.recording.schema import RECORDINGS
from signaling.transcript.model import Transcript, Utterance, Wording
from signaling.transcript.schema import TRANSCRIPTS


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of the transcript of a part: `reason` says why it `failed`; `model` is the name of the model."""

    recording: str
    state: Literal["ready", "failed"]
    reason: str | None
    model: str
    at: datetime


class TranscriptStore(SqlRows):
    """Transcripts, in files that `cipher` encrypts."""

    def __init__(self, engine: AsyncEngine, cipher: FileCipher) -> None:
        super().__init__(engine)
        self._cipher = cipher

    async def waiting(self) -> Mapping[str, str]:
        """Return the parts that are ready and encrypted but have no transcript yet, the newest first.

        By their ids: the sessions.
        """
        known = exists().where(TRANSCRIPTS.c.recording == RECORDINGS.c.id)
        ready = RECORDINGS.c.state == "ready", RECORDINGS.c.sealed, RECORDINGS.c.part != JOINED
        query = (
            select(RECORDINGS.c.id, RECORDINGS.c.session).where(*ready, ~known).order_by(RECORDINGS.c.started.desc())
        )
        return {row["id"]: row["session"] for row in await self._all(query)}

    async def outcomes(self, recordings: Collection[str]) -> Mapping[str, Outcome]:
        """Return what came of the transcripts of parts, by their ids."""
        rows = await self._all(select(TRANSCRIPTS).where(TRANSCRIPTS.c.recording.in_(recordings)))
        return {row["recording"]: Outcome(**row) for row in rows}

    async def add(self, outcome: Outcome) -> None:
        """Insert what came of a transcript."""
        await self._write(insert(TRANSCRIPTS).values(**asdict(outcome)))

    async def forget_failure(self, recording: str) -> bool:
        """Let a part wait anew whose transcript failed; return False if it did not."""
        failed = TRANSCRIPTS.c.recording == recording, TRANSCRIPTS.c.state == "failed"
        async with self._writer.begin() as connection:
            return bool((await connection.execute(delete(TRANSCRIPTS).where(*failed))).rowcount)

    async def read(self, recording: Recording) -> Transcript:
        """Return the transcript of a part, whole or not; an empty one if there is none. Raises Damaged, OSError."""
        return await asyncio.to_thread(self._read, transcript_path(Path(recording.path)))

    async def write(self, recording: Recording, transcript: Transcript) -> None:
        """Replace the transcript of a part; the change is atomic. Raises OSError."""
        text = json.dumps(asdict(transcript), default=datetime.isoformat, ensure_ascii=False)
        path = transcript_path(Path(recording.path))
        await asyncio.to_thread(self._cipher.write, path, BytesIO(text.encode()))

    def _read(self, path: Path) -> Transcript:
        try:
            with self._cipher.open(path, require_encrypted=True) as file:
                fields = json.load(file)
        except FileNotFoundError:
            return Transcript()
        return Transcript(tuple(map(_utterance, fields["utterances"])), fields["done"])


def _utterance(fields: dict[str, Any]) -> Utterance:
    wordings = (Wording(each["text"], each["by"], datetime.fromisoformat(each["at"])) for each in fields["wordings"])
    return Utterance(fields["start"], fields["end"], fields["speaker"], tuple(wordings))
