"""Commits of a database whose answers are lost, with or without what they commit."""

from typing import Any, Literal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

Fate = Literal["answered", "unanswered", "lost"]


def script_commits(monkeypatch: pytest.MonkeyPatch, engine: AsyncEngine, *fates: Fate) -> list[Fate]:
    """Let the next commits be answered, take effect without an answer, or be lost with their transaction; return the
    fates that are still to come."""
    dialect, left = engine.sync_engine.dialect, list(fates)
    commit = dialect.do_commit

    def scripted(connection: Any) -> None:
        fate = left.pop(0) if left else "answered"
        if fate != "lost":
            commit(connection)
        if fate != "answered":
            raise dialect.loaded_dbapi.OperationalError("connection was closed in the middle of operation")

    monkeypatch.setattr(dialect, "do_commit", scripted)
    return left
