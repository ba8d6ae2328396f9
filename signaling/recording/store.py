"""Rows of recordings: parts, marks and isolated tracks. One method, one transaction.

The database names files relative to the directory of recordings, so that both can be moved; all other code uses
absolute paths.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, delete, func, insert, literal, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from mediaserver.api import ComposedWhen
from mediaserver.recording.chapters import Chapter
from signaling.core.sql_rows import SqlRows
from signaling.recording.model import JOINED, Recording, RecordingPhase, Solo
from signaling.recording.schema import MARKS, RECORDINGS, SOLOS

_MADE = RECORDINGS.c.state.in_(["ready", "broken"])


class RecordingStore(SqlRows):
    """The tables of recordings, whose files lie in `directory`."""

    def __init__(self, engine: AsyncEngine, directory: Path) -> None:
        super().__init__(engine)
        self._directory = directory

    def _relative(self, path: str) -> str:
        """Return the path of a file relative to the directory."""
        return str(Path(path).relative_to(self._directory))

    def _absolute(self, path: str) -> str:
        return str(self._directory / path)

    async def next_part(self, session: str) -> int:
        """Return the number of the next part of a session's recording, from 1."""
        row = await self._one(select(func.max(RECORDINGS.c.part).label("last")).where(RECORDINGS.c.session == session))
        return 1 + ((row["last"] or 0) if row is not None else 0)

    async def add_part(self, part: Recording, joined: Recording | None = None) -> None:
        """Insert a part that begins; the joined file, inserted as `joined` the first time, is to be made anew."""
        async with self._writer.begin() as connection:
            await connection.execute(insert(RECORDINGS).values(self._recording_row(part)))
            joined_row = _of(part.session), RECORDINGS.c.part == JOINED
            anew = update(RECORDINGS).where(*joined_row).values(state="recording", sha256=None)
            if not (await connection.execute(anew)).rowcount and joined is not None:
                await connection.execute(insert(RECORDINGS).values(self._recording_row(joined)))

    async def note_stop(self, session: str, by: str, reason: str | None) -> None:
        """Record the account that stops the running part of a session, or the reason of the stop.

        While a lost worker is replaced no part runs; then a stop by an account is recorded for the last part, so that
        the recording does not continue.
        """
        stopped = update(RECORDINGS).where(*_running(session)).values(stopped_by=by, reason=reason)
        async with self._writer.begin() as connection:
            noted = await connection.execute(stopped)
            if by and not noted.rowcount:
                last = update(RECORDINGS).where(_of(session), RECORDINGS.c.part == _newest(session))
                await connection.execute(last.values(stopped_by=by))

    async def note_pause(self, session: str, paused: bool) -> None:
        """Record that the running part pauses, which becomes its reason if it ends then; or that it goes on."""
        paused_ = update(RECORDINGS).where(*_running(session)).values(reason="paused" if paused else None)
        await self._write(paused_)

    async def close_recording(
        self, path: str, milliseconds: int, size: int, state: RecordingPhase, reason: str | None
    ) -> None:
        """Record the end of the running part in a file; a closed part and an earlier reason stay as they are.

        When the last open part is closed, the joined file may be made.
        """
        name = self._relative(path)
        async with self._writer.begin() as connection:
            open_ = RECORDINGS.c.path == name, RECORDINGS.c.state == "recording"
            kept_reason = func.coalesce(RECORDINGS.c.reason, reason)
            values = {"milliseconds": milliseconds, "bytes": size, "state": state, "reason": kept_reason}
            await connection.execute(update(RECORDINGS).where(*open_).values(values))
            session = select(RECORDINGS.c.session).where(RECORDINGS.c.path == name).scalar_subquery()
            others = _of(session), RECORDINGS.c.part != JOINED, RECORDINGS.c.state == "recording"
            if (await connection.execute(select(RECORDINGS.c.id).where(*others))).first() is None:
                joined = _of(session), RECORDINGS.c.part == JOINED, RECORDINGS.c.state == "recording"
                await connection.execute(update(RECORDINGS).where(*joined).values(state="finishing"))

    async def add_mark(self, session: str, mark: Chapter) -> None:
        """Insert a chapter mark into the running part of a session, if there is one that has no such mark yet."""
        milliseconds = round(mark.seconds * 1000)
        same = MARKS.c.recording == RECORDINGS.c.id, MARKS.c.milliseconds == milliseconds, MARKS.c.title == mark.title
        mark_ = RECORDINGS.c.id, literal(milliseconds), literal(mark.title)
        part = select(*mark_).where(*_running(session), ~select(MARKS.c.id).where(*same).exists())
        await self._write(insert(MARKS).from_select(["recording", "milliseconds", "title"], part))

    async def finish_recording(self, recording: Recording) -> None:
        """Record the remuxed file of a closed recording and its chapters, unless it runs again."""
        columns = ("milliseconds", "bytes", "state", "first", "sha256", "reason", "sealed", "failure")
        row = self._recording_row(recording)
        closed = RECORDINGS.c.id == recording.id, RECORDINGS.c.state == "finishing"
        async with self._writer.begin() as connection:
            values = {name: row[name] for name in columns}
            if (await connection.execute(update(RECORDINGS).where(*closed).values(values))).rowcount:
                await connection.execute(delete(MARKS).where(MARKS.c.recording == recording.id))
                await connection.execute(delete(SOLOS).where(SOLOS.c.recording == recording.id))
                for table, rows in ((MARKS, _mark_rows(recording)), (SOLOS, self._solo_rows(recording))):
                    if rows:
                        await connection.execute(insert(table), rows)

    async def compose_anew(self, recording: Recording) -> bool:
        """Let a recording that could not be composed be composed again, and what joins its parts be made anew.

        Return False if it is no such recording any more.
        """
        broken = RECORDINGS.c.id == recording.id, RECORDINGS.c.state == "broken", RECORDINGS.c.failure.is_not(None)
        joined = _of(recording.session), RECORDINGS.c.part == JOINED, RECORDINGS.c.state.in_(["ready", "broken"])
        values = {"state": "finishing", "failure": None, "sealed": False}
        async with self._writer.begin() as connection:
            found = await connection.execute(update(RECORDINGS).where(*broken).values(values))
            if found.rowcount:
                await connection.execute(update(RECORDINGS).where(*joined).values(**values, sha256=None))
            return bool(found.rowcount)

    async def unencrypted(self) -> list[Recording]:
        """Return remuxed or broken recordings that are not encrypted yet."""
        return await self._recordings(select(RECORDINGS).where(_MADE, ~RECORDINGS.c.sealed).order_by(RECORDINGS.c.id))

    async def note_encrypted(self, recording_id: str) -> None:
        """Record that the files of a recording are encrypted, unless it is made anew or deleted meanwhile."""
        await self._write(update(RECORDINGS).where(RECORDINGS.c.id == recording_id, _MADE).values(sealed=True))

    async def recordings(self, host_unit: str | None = None) -> list[Recording]:
        """Return recordings of a host unit, or all, newest first."""
        query = select(RECORDINGS).order_by(RECORDINGS.c.started.desc(), RECORDINGS.c.part.desc())
        return await self._recordings(query if host_unit is None else query.where(RECORDINGS.c.host_unit == host_unit))

    async def delete_recordings(self, session: str) -> None:
        """Record that the files of a session's recording are deleted; the rows stay."""
        await self._write(update(RECORDINGS).where(_of(session)).values(state="deleted"))

    async def recordings_of(self, sessions: Collection[str]) -> list[Recording]:
        """Return the recordings of sessions."""
        return await self._recordings(select(RECORDINGS).where(RECORDINGS.c.session.in_(sessions)))

    async def page(self, where: ColumnElement[bool], limit: int, after: str | None = None) -> list[Recording]:
        """Return all files of the `limit` sessions recorded last, or of the next ones after the session `after`.

        Only sessions with a recording that matches `where` count. Raises LookupError if `after` is none of them.
        """
        last = func.max(RECORDINGS.c.started)
        newest = select(RECORDINGS.c.session, last.label("last")).where(where).group_by(RECORDINGS.c.session)
        query = newest.order_by(last.desc(), RECORDINGS.c.session).limit(limit)
        if after is not None:
            preceding = await self._one(newest.where(RECORDINGS.c.session == after))
            if preceding is None:
                raise LookupError(after)
            behind = (last < preceding["last"]) | ((last == preceding["last"]) & (RECORDINGS.c.session > after))
            query = query.having(behind)
        sessions = [row["session"] for row in await self._all(query)]
        by_session: dict[str, list[Recording]] = {session: [] for session in sessions}
        for each in await self.recordings_of(sessions):
            by_session[each.session].append(each)
        return [each for files in by_session.values() for each in sorted(files, key=lambda file: file.part)]

    async def recordings_in(self, state: RecordingPhase) -> list[Recording]:
        """Return recordings in a state: for each session the parts in order, then the joined file."""
        order = RECORDINGS.c.session, RECORDINGS.c.part == JOINED, RECORDINGS.c.part
        return await self._recordings(select(RECORDINGS).where(RECORDINGS.c.state == state).order_by(*order))

    async def counts(self) -> Mapping[tuple[RecordingPhase, ComposedWhen], int]:
        """Return how many recordings are in each state, by when they are composed."""
        kinds = RECORDINGS.c.state, RECORDINGS.c.composed
        rows = await self._all(select(*kinds, func.count().label("count")).group_by(*kinds))
        return {(row["state"], row["composed"]): row["count"] for row in rows}

    async def running_into(self, path: str) -> Recording | None:
        """Return the open recording of a file, or None."""
        open_ = RECORDINGS.c.path == self._relative(path), RECORDINGS.c.state == "recording"
        return next(iter(await self._recordings(select(RECORDINGS).where(*open_))), None)

    async def parts(self, session: str) -> list[Recording]:
        """Return the recordings of a session by part number: the joined file first, if there is one."""
        return await self._recordings(select(RECORDINGS).where(_of(session)).order_by(RECORDINGS.c.part))

    async def recording(self, recording_id: str) -> Recording | None:
        """Return one recording."""
        return next(iter(await self._recordings(select(RECORDINGS).where(RECORDINGS.c.id == recording_id))), None)

    async def _recordings(self, query: Select[Any]) -> list[Recording]:
        """Return recordings with their chapters and isolated tracks."""
        chapters: dict[str, list[Chapter]] = {}
        ids = query.with_only_columns(RECORDINGS.c.id).order_by(None)
        marks = select(MARKS).where(MARKS.c.recording.in_(ids)).order_by(MARKS.c.milliseconds, MARKS.c.id)
        for row in await self._all(marks):
            chapters.setdefault(row["recording"], []).append(Chapter(row["milliseconds"] / 1000, row["title"]))
        solos: dict[str, list[Solo]] = {}
        for row in await self._all(select(SOLOS).where(SOLOS.c.recording.in_(ids)).order_by(SOLOS.c.number)):
            fields = {name: row[name] for name in row if name not in {"recording", "number"}}
            solo = Solo(**{**fields, "path": self._absolute(row["path"])})
            solos.setdefault(row["recording"], []).append(solo)
        return [
            self._recording(row, chapters.get(row["id"], ()), solos.get(row["id"], ()))
            for row in await self._all(query)
        ]

    def _recording(self, row: RowMapping, chapters: Sequence[Chapter], solos: Sequence[Solo]) -> Recording:
        fields = {**row, "path": self._absolute(row["path"])}
        return Recording(**fields, chapters=tuple(chapters), solos=tuple(solos))

    def _recording_row(self, recording: Recording) -> dict[str, object]:
        values = {column.name: getattr(recording, column.name) for column in RECORDINGS.columns}
        return {**values, "path": self._relative(recording.path)}

    def _solo_rows(self, recording: Recording) -> list[dict[str, object]]:
        return [
            {**asdict(solo), "path": self._relative(solo.path), "recording": recording.id, "number": n}
            for n, solo in enumerate(recording.solos)
        ]

    async def of_solo(self, solo_id: str) -> Recording | None:
        """Return the recording that an isolated track belongs to."""
        owner = select(SOLOS.c.recording).where(SOLOS.c.id == solo_id)
        return next(iter(await self._recordings(select(RECORDINGS).where(RECORDINGS.c.id.in_(owner)))), None)


def _of(session: Any) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = RECORDINGS.c.session == session
    return matches


def _newest(session: str) -> ScalarSelect[int]:
    return select(func.max(RECORDINGS.c.part)).where(_of(session)).scalar_subquery()


def _running(session: str) -> tuple[ColumnElement[bool], ...]:
    """Select the newest open part: an earlier one may be open still while its disk writes the rest."""
    return _of(session), RECORDINGS.c.state == "recording", RECORDINGS.c.part == _newest(session)


def _mark_rows(recording: Recording) -> list[dict[str, object]]:
    return [
        {"recording": recording.id, "milliseconds": round(chapter.seconds * 1000), "title": chapter.title}
        for chapter in recording.chapters
    ]
