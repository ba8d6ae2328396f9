"""Encrypts what tables hold with another key, row by row, within the caller's transaction.

A row that the new key opens already is left as it is, so that a rotation may be repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.code_encryption import CodeCipher
from scheduler.core.errors import LostKey


@dataclass(frozen=True, slots=True)
class Rotation:
    """The old cipher and the new one."""

    old: CodeCipher
    new: CodeCipher

    def opened(self, encrypted: str, bound: str) -> str | None:
        """Decrypt a text with the old key; None if the new one opens it already. Raises LostKey."""
        try:
            self.new.decrypt(encrypted, bound)
        except LostKey:
            return self.old.decrypt(encrypted, bound)
        return None


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """A column of encrypted texts; `bound` returns what the text of a row is bound to."""

    column: Column[str]
    bound: Callable[[RowMapping], str]

    async def rotate(self, db: AsyncConnection, rotation: Rotation) -> int:
        """Encrypt each text with the new key; return how many neither key opens, which stay as they are."""
        table, name, lost = self.column.table, self.column.name, 0
        rows = (await db.execute(select(table).where(self.column.is_not(None), self.column != ""))).mappings().all()
        for row in rows:
            bound = self.bound(row)
            try:
                text = rotation.opened(row[name], bound)
            except LostKey:
                lost += 1
                continue
            if text is not None:
                same = [key == row[key.name] for key in table.primary_key]
                await db.execute(update(table).where(*same).values({name: rotation.new.encrypt(text, bound)}))
        return lost
