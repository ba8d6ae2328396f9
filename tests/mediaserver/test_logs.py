"""Logs as JSON: one object a line, with the ids that a line is about."""

import asyncio
import json
import logging

import pytest

from mediaserver.logs import JsonFormatter, about, set_up


def written(message: str, *arguments: object, error: BaseException | None = None) -> dict[str, str]:
    """Return the object of a line."""
    fault = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("a.b", logging.WARNING, "", 0, message, arguments, fault)
    record.created = 1_775_437_200.25
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, str] = json.loads(text)
    return found


LINE = {"time": "2026-04-06T01:00:00.250+00:00", "level": "WARNING", "logger": "a.b"}


def test_a_line_is_an_object_whatever_stands_in_it() -> None:
    assert written("x %s", 'họp "1"\nERROR forged') == LINE | {"message": 'x họp "1"\nERROR forged'}
    try:
        raise ValueError("no")
    except ValueError as error:
        line = written("x", error=error)
    assert line["traceback"].splitlines()[0] == "Traceback (most recent call last):"
    assert line["traceback"].splitlines()[-1] == "ValueError: no"


async def test_a_line_has_the_ids_of_what_it_is_about_and_so_has_one_of_a_task() -> None:
    async def later() -> dict[str, str]:
        await asyncio.sleep(0)
        return written("later")

    with about(request="r1", session=None):
        with about(session="s1", seat="a"):
            inner, task = written("x"), asyncio.create_task(later())
        outer = written("x")
    assert inner == LINE | {"message": "x", "session": "s1", "seat": "a", "request": "r1"}
    assert outer == LINE | {"message": "x", "request": "r1"}
    assert await task == LINE | {"message": "later", "session": "s1", "seat": "a", "request": "r1"}
    assert written("x") == LINE | {"message": "x"}


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="DIEMCAU_LOG_FORMAT='xml': must be text or json"):
        set_up("WARNING", environ={"DIEMCAU_LOG_FORMAT": "xml"})
