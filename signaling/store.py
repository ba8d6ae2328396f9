"""The record of people and recordings: accounts, logins, files. One method, one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from mediaserver.chapters import Chapter
from mediaserver.files import thumbnail_of
from mediaserver.solo import solos_of
from signaling.accounts import Account, Role
from signaling.errors import BadInput, Fault
from signaling.tables import ACCOUNTS, LOGINS, MARKS, RECORDINGS, SOLOS

RecordingPhase = Literal["recording", "finishing", "ready", "broken", "deleted"]
JOINED = 0
"""The number of the file that joins all parts."""
_MADE = RECORDINGS.c.state.in_(["ready", "broken"])


@dataclass(frozen=True, slots=True)
class Solo:
    """The sound of one point of a recording, which has a file of its own; `name` is the label of the point."""

    id: str
    path: str
    name: str
    milliseconds: int
    bytes: int
    sha256: str

    @property
    def seconds(self) -> float:
        """Where its last sound ends."""
        return self.milliseconds / 1000


@dataclass(frozen=True, slots=True)
class Recording:
    """One part of a session's recording, or (part 0) all parts joined. Open ones lack a length.

    `first` is when the first picture was taken, `reason` the machine word for why it ended or is broken (None: somebody
    wanted it to end), `started_by` and `stopped_by` are accounts, empty when nobody asked. The files of
    `sealed` ones must be sealed (:mod:`mediaserver.sealed`).
    """

    id: str
    session: str
    part: int
    path: str
    title: str
    host: str
    host_unit: str
    started: datetime
    milliseconds: int | None = None
    bytes: int | None = None
    state: RecordingPhase = "recording"
    first: datetime | None = None
    sha256: str | None = None
    reason: str | None = None
    started_by: str = ""
    stopped_by: str = ""
    sealed: bool = False
    chapters: tuple[Chapter, ...] = ()
    """Marks that were set in it."""
    solos: tuple[Solo, ...] = ()
    """Sounds of points, in the order in which they spoke first."""

    @property
    def files(self) -> list[Path]:
        """Whatever lies on the disk of it, looked for there: a broken one has sounds that are not on record."""
        path = Path(self.path)
        return [each for each in (path, thumbnail_of(path), *solos_of(path)) if each.is_file()]

    def remove(self) -> None:
        """Delete its files."""
        for path in self.files:
            path.unlink(missing_ok=True)

    @property
    def began(self) -> datetime:
        """When it begins, as exactly as that is known."""
        return self.first or self.started

    @property
    def seconds(self) -> float | None:
        """How long it is."""
        return None if self.milliseconds is None else self.milliseconds / 1000


class Store:
    """The roof's tables."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite: take the write lock at BEGIN, so that a writer waits for its turn instead of failing midway.
        self._writer = engine.execution_options(diemcau_immediate=True)

    # --- accounts

    async def add_account(self, account: Account, password: str, now: datetime) -> None:
        """Add an account with its password hash. Raises BadInput when the name is taken."""
        row = {**_account_row(account), "password": password, "created": _seconds(now)}
        try:
            await self._write(insert(ACCOUNTS).values(row))
        except IntegrityError:
            raise BadInput([Fault("account", f"{account.account} exists")]) from None

    async def account(self, name: str) -> tuple[Account, str] | None:
        """Return an account and its password hash."""
        row = await self._one(select(ACCOUNTS).where(ACCOUNTS.c.account == name))
        return None if row is None else (_account(row), row["password"])

    async def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        return [_account(row) for row in await self._all(select(ACCOUNTS).order_by(ACCOUNTS.c.account))]

    async def set_password(self, name: str, password: str, must_change: bool) -> None:
        """Set the password hash of an account and end all its logins."""
        async with self._writer.begin() as connection:
            values = {"password": password, "must_change": must_change}
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == name).values(values))
            await connection.execute(delete(LOGINS).where(LOGINS.c.account == name))

    async def disable(self, name: str, disabled: bool) -> None:
        """Shut an account, which ends all its logins, or open it again."""
        async with self._writer.begin() as connection:
            values = {"disabled": disabled}
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == name).values(values))
            await connection.execute(delete(LOGINS).where(LOGINS.c.account == name))

    # --- logins

    async def add_login(self, token: str, account: str, now: datetime, expires: datetime) -> None:
        """Keep a login under the hash of its token; forget those that are over."""
        async with self._writer.begin() as connection:
            await connection.execute(delete(LOGINS).where(LOGINS.c.expires <= _seconds(now)))
            row = {"token": token, "account": account, "created": _seconds(now), "expires": _seconds(expires)}
            await connection.execute(insert(LOGINS).values(row))

    async def login(self, token: str, now: datetime) -> Account | None:
        """Return whose login it is, if it still holds."""
        joined = select(ACCOUNTS).join(LOGINS, LOGINS.c.account == ACCOUNTS.c.account)
        row = await self._one(joined.where(LOGINS.c.token == token, LOGINS.c.expires > _seconds(now)))
        return None if row is None else _account(row)

    async def end_login(self, token: str) -> None:
        """Forget a login."""
        await self._write(delete(LOGINS).where(LOGINS.c.token == token))

    # --- recordings

    async def next_part(self, session: str) -> int:
        """Return the number of the next part of a session's recording, from 1."""
        row = await self._one(select(func.max(RECORDINGS.c.part).label("last")).where(RECORDINGS.c.session == session))
        return 1 + ((row["last"] or 0) if row is not None else 0)

    async def add_recording(self, recording: Recording) -> None:
        """Note a recording that begins; what joins its session's parts is to be made anew."""
        async with self._writer.begin() as connection:
            await connection.execute(insert(RECORDINGS).values(_recording_row(recording)))
            joined = _of(recording.session), RECORDINGS.c.part == JOINED
            await connection.execute(update(RECORDINGS).where(*joined).values(state="recording", sha256=None))

    async def note_stop(self, session: str, by: str, reason: str | None) -> None:
        """Note who stops the running part of a session, or why it is stopped."""
        running = _of(session), RECORDINGS.c.state == "recording", RECORDINGS.c.part != JOINED
        await self._write(update(RECORDINGS).where(*running).values(stopped_by=by, reason=reason))

    async def close_recording(
        self, path: str, milliseconds: int, size: int, state: RecordingPhase, reason: str | None
    ) -> None:
        """Note the end of the running part in a file; one that is closed stays as it is, and so does an earlier reason.

        With the last open part, the file that joins them may be made.
        """
        async with self._writer.begin() as connection:
            open_ = RECORDINGS.c.path == path, RECORDINGS.c.state == "recording"
            kept = func.coalesce(RECORDINGS.c.reason, reason)
            values = {"milliseconds": milliseconds, "bytes": size, "state": state, "reason": kept}
            await connection.execute(update(RECORDINGS).where(*open_).values(values))
            session = select(RECORDINGS.c.session).where(RECORDINGS.c.path == path).scalar_subquery()
            others = _of(session), RECORDINGS.c.part != JOINED, RECORDINGS.c.state == "recording"
            if (await connection.execute(select(RECORDINGS.c.id).where(*others))).first() is None:
                joined = _of(session), RECORDINGS.c.part == JOINED, RECORDINGS.c.state == "recording"
                await connection.execute(update(RECORDINGS).where(*joined).values(state="finishing"))

    async def add_mark(self, session: str, mark: Chapter) -> None:
        """Set a mark in the running part of a session; without one there is none."""
        running = _of(session), RECORDINGS.c.state == "recording", RECORDINGS.c.part != JOINED
        part = select(RECORDINGS.c.id, literal(round(mark.seconds * 1000)), literal(mark.title)).where(*running)
        await self._write(insert(MARKS).from_select(["recording", "milliseconds", "title"], part))

    async def finish_recording(self, recording: Recording) -> None:
        """Note what came of a closed recording and which chapters it has, unless it runs again."""
        columns = ("milliseconds", "bytes", "state", "first", "sha256", "reason", "sealed")
        row = _recording_row(recording)
        closed = RECORDINGS.c.id == recording.id, RECORDINGS.c.state == "finishing"
        async with self._writer.begin() as connection:
            values = {name: row[name] for name in columns}
            if (await connection.execute(update(RECORDINGS).where(*closed).values(values))).rowcount:
                await connection.execute(delete(MARKS).where(MARKS.c.recording == recording.id))
                await connection.execute(delete(SOLOS).where(SOLOS.c.recording == recording.id))
                for table, rows in ((MARKS, _mark_rows(recording)), (SOLOS, _solo_rows(recording))):
                    if rows:
                        await connection.execute(insert(table), rows)

    async def lying_open(self) -> list[Recording]:
        """Return recordings that are made and not sealed."""
        return await self._recordings(select(RECORDINGS).where(_MADE, ~RECORDINGS.c.sealed).order_by(RECORDINGS.c.id))

    async def note_sealed(self, recording_id: str) -> None:
        """Note that the files of a recording are sealed, unless it is made anew or deleted meanwhile."""
        await self._write(update(RECORDINGS).where(RECORDINGS.c.id == recording_id, _MADE).values(sealed=True))

    async def recordings(self, host_unit: str | None = None) -> list[Recording]:
        """Return recordings of a host unit, or all, newest first."""
        query = select(RECORDINGS).order_by(RECORDINGS.c.started.desc(), RECORDINGS.c.part.desc())
        return await self._recordings(query if host_unit is None else query.where(RECORDINGS.c.host_unit == host_unit))

    async def delete_recordings(self, session: str) -> None:
        """Note that the files of a session's recording are deleted; what they were stays on record."""
        await self._write(update(RECORDINGS).where(_of(session)).values(state="deleted"))

    async def recordings_of(self, sessions: Collection[str]) -> list[Recording]:
        """Return the recordings of sessions."""
        return await self._recordings(select(RECORDINGS).where(RECORDINGS.c.session.in_(sessions)))

    async def recordings_in(self, state: RecordingPhase) -> list[Recording]:
        """Return recordings in a state, of each session the parts in order and then what joins them."""
        order = RECORDINGS.c.session, RECORDINGS.c.part == JOINED, RECORDINGS.c.part
        return await self._recordings(select(RECORDINGS).where(RECORDINGS.c.state == state).order_by(*order))

    async def parts(self, session: str) -> list[Recording]:
        """Return the recordings of a session by number: what joins the parts first, if there is such a file."""
        return await self._recordings(select(RECORDINGS).where(_of(session)).order_by(RECORDINGS.c.part))

    async def recording(self, recording_id: str) -> Recording | None:
        """Return one recording."""
        return next(iter(await self._recordings(select(RECORDINGS).where(RECORDINGS.c.id == recording_id))), None)

    async def _recordings(self, query: Select[Any]) -> list[Recording]:
        """Return recordings with their chapters and solos."""
        chapters: dict[str, list[Chapter]] = {}
        wanted = query.with_only_columns(RECORDINGS.c.id).order_by(None)
        marks = select(MARKS).where(MARKS.c.recording.in_(wanted)).order_by(MARKS.c.milliseconds, MARKS.c.id)
        for row in await self._all(marks):
            chapters.setdefault(row["recording"], []).append(Chapter(row["milliseconds"] / 1000, row["title"]))
        solos: dict[str, list[Solo]] = {}
        for row in await self._all(select(SOLOS).where(SOLOS.c.recording.in_(wanted)).order_by(SOLOS.c.number)):
            fields = {name: row[name] for name in row if name not in {"recording", "number"}}
            solos.setdefault(row["recording"], []).append(Solo(**fields))
        return [
            _recording(row, chapters.get(row["id"], ()), solos.get(row["id"], ())) for row in await self._all(query)
        ]

    async def of_solo(self, solo_id: str) -> Recording | None:
        """Return the recording that a point's sound belongs to."""
        owner = select(SOLOS.c.recording).where(SOLOS.c.id == solo_id)
        return next(iter(await self._recordings(select(RECORDINGS).where(RECORDINGS.c.id.in_(owner)))), None)

    # --- own

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        await self._one(select(func.count()).select_from(ACCOUNTS))

    async def _write(self, statement: Any) -> None:
        async with self._writer.begin() as connection:
            await connection.execute(statement)

    async def _one(self, query: Any) -> RowMapping | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).mappings().first()

    async def _all(self, query: Any) -> list[RowMapping]:
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).mappings())


def _seconds(value: datetime) -> int:
    return int(value.timestamp())


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _account_row(account: Account) -> dict[str, object]:
    return {
        "account": account.account,
        "name": account.name,
        "roles": ",".join(account.roles),
        "unit": account.unit,
        "point": account.point,
        "language": account.language,
        "must_change": account.must_change,
        "disabled": account.disabled,
        "provider": account.provider,
    }


def _account(row: RowMapping) -> Account:
    return Account(
        account=row["account"],
        name=row["name"],
        roles=cast("tuple[Role, ...]", tuple(row["roles"].split(","))),
        unit=row["unit"],
        point=row["point"],
        language=row["language"],
        must_change=row["must_change"],
        disabled=row["disabled"],
        provider=row["provider"],
    )


def _of(session: Any) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = RECORDINGS.c.session == session
    return matches


def _recording_row(recording: Recording) -> dict[str, object]:
    times = {
        "started": _seconds(recording.started),
        "first": None if recording.first is None else round(recording.first.timestamp() * 1000),
    }
    return {**{column.name: getattr(recording, column.name) for column in RECORDINGS.columns}, **times}


def _mark_rows(recording: Recording) -> list[dict[str, object]]:
    return [
        {"recording": recording.id, "milliseconds": round(chapter.seconds * 1000), "title": chapter.title}
        for chapter in recording.chapters
    ]


def _solo_rows(recording: Recording) -> list[dict[str, object]]:
    return [{**asdict(solo), "recording": recording.id, "number": n} for n, solo in enumerate(recording.solos)]


def _recording(row: RowMapping, chapters: Sequence[Chapter], solos: Sequence[Solo]) -> Recording:
    first = None if row["first"] is None else datetime.fromtimestamp(row["first"] / 1000, UTC)
    times = {"started": _instant(row["started"]), "first": first}
    return Recording(**{**row, **times}, chapters=tuple(chapters), solos=tuple(solos))
