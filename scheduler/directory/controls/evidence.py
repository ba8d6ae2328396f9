"""Stores evidence files: photos of assessments, exemption documents, proof of controls (R-024, R-036, R-045)."""

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.core.errors import TooManyDocuments
from scheduler.core.schema import POINTS
from scheduler.core.sql_values import storable, whole_second
from scheduler.directory.errors import Unknown
from scheduler.directory.schema import ASSESSMENTS, CONTROLS, EVIDENCE, QUOTA_EXCEPTIONS

MAX_FILES = 20
"""The most files of one assessment, exemption or control."""
EvidenceKind = Literal["assessment", "exemption", "control"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An uploaded file; `path` is a random name under the documents' folder."""

    name: str
    kind: str
    bytes: int
    sha256: str
    path: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """An evidence file of a unit for one assessment, exemption or control, whose id is `subject`."""

    id: str
    unit: str
    behind: EvidenceKind
    subject: str
    file: StoredFile
    by: str
    at: datetime


class EvidenceFiles:
    """Stores evidence; files are removed only if they were added by mistake."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, behind: EvidenceKind, subject: str, file: StoredFile, by: str, now: datetime) -> Evidence:
        """Store a file. Raises Unknown, TooManyDocuments."""
        async with writing(self._engine) as db:
            unit = await _unit(db, behind, subject)
            there = [each for each in await _of_unit(db, unit) if (each.behind, each.subject) == (behind, subject)]
            if len(there) >= MAX_FILES:
                raise TooManyDocuments(MAX_FILES)
            added = Evidence(uuid.uuid4().hex, unit, behind, subject, file, by, whole_second(now))
            about = {"id": added.id, "unit": unit, "behind": behind, "subject": subject, "by": by, "at": now}
            await db.execute(insert(EVIDENCE).values({**about, **asdict(file)}))
            return added

    async def check(self, behind: EvidenceKind, subject: str) -> None:
        """Refuse a subject that does not exist, before its file is uploaded. Raises Unknown."""
        async with self._engine.begin() as db:
            await _unit(db, behind, subject)

    async def files(self, unit: str) -> list[Evidence]:
        """Return the evidence of a unit and its points, oldest first."""
        async with self._engine.begin() as db:
            return await _of_unit(db, unit)

    async def every_file(self) -> list[StoredFile]:
        """Return the files of all units, oldest first."""
        columns = [EVIDENCE.c[field.name] for field in fields(StoredFile)]
        async with self._engine.begin() as db:
            rows = await db.execute(select(*columns).order_by(EVIDENCE.c.at, EVIDENCE.c.id))
            return [StoredFile(**row) for row in rows.mappings()]

    async def behind(self, behind: EvidenceKind, subjects: Collection[str]) -> dict[str, list[Evidence]]:
        """Return the evidence of some subjects of one kind, by subject, oldest first."""
        of_these = (EVIDENCE.c.behind == behind) & EVIDENCE.c.subject.in_(storable(subjects))
        found: dict[str, list[Evidence]] = {}
        async with self._engine.begin() as db:
            rows = await db.execute(select(EVIDENCE).where(of_these).order_by(EVIDENCE.c.at, EVIDENCE.c.id))
            for each in map(_evidence, rows.mappings()):
                found.setdefault(each.subject, []).append(each)
        return found

    async def file(self, id_: str) -> Evidence:
        """Return one evidence file. Raises Unknown."""
        async with self._engine.begin() as db:
            return await _one(db, id_)

    async def remove(self, id_: str) -> None:
        """Remove a file from the record. Raises Unknown."""
        async with writing(self._engine) as db:
            await _one(db, id_)
            await db.execute(delete(EVIDENCE).where(EVIDENCE.c.id == id_))


async def _unit(db: AsyncConnection, behind: EvidenceKind, subject: str) -> str:
    """Return the unit of an assessment, exemption or control. Raises Unknown."""
    if behind == "control":
        query = select(CONTROLS.c.unit).where(CONTROLS.c.id.in_(storable([subject])))
    elif behind == "exemption":
        query = select(QUOTA_EXCEPTIONS.c.unit).where(QUOTA_EXCEPTIONS.c.id.in_(storable([subject])))
    else:
        number = int(subject) if subject.isascii() and subject.isdecimal() and len(subject) < 10 else 0
        query = select(POINTS.c.unit).join(ASSESSMENTS).where(ASSESSMENTS.c.id == number)
    unit: str | None = (await db.execute(query)).scalar_one_or_none()
    if unit is None:
        raise Unknown(behind, subject)
    return unit


async def _of_unit(db: AsyncConnection, unit: str) -> list[Evidence]:
    rows = await db.execute(select(EVIDENCE).where(EVIDENCE.c.unit == unit).order_by(EVIDENCE.c.at, EVIDENCE.c.id))
    return [_evidence(row) for row in rows.mappings()]


async def _one(db: AsyncConnection, id_: str) -> Evidence:
    row = (await db.execute(select(EVIDENCE).where(EVIDENCE.c.id.in_(storable([id_]))))).mappings().first()
    if row is None:
        raise Unknown("evidence", id_)
    return _evidence(row)


def _evidence(row: RowMapping) -> Evidence:
    file = StoredFile(row["name"], row["kind"], row["bytes"], row["sha256"], row["path"])
    return Evidence(row["id"], row["unit"], row["behind"], row["subject"], file, row["by"], row["at"])
