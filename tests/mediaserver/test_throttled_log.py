"""Tests of the throttled log: exceptions are logged, but not with each packet."""

import logging
import time

import pytest

from mediaserver.throttled_log import ThrottledLog

logger = logging.getLogger("test")


def fail(throttled_log: ThrottledLog, times: int) -> None:
    for _ in range(times):
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            throttled_log.caught("x audio tick of %s", "r")


def test_faults_are_logged_once_in_a_second_with_their_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    throttled_log, other = ThrottledLog(logger), ThrottledLog(logger)
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    fail(throttled_log, 3)
    fail(other, 1)
    now += 1.0
    fail(throttled_log, 2)
    now += 1.0
    fail(throttled_log, 1)
    suffixes = ["", "", " (and 2 not logged)", " (and 1 not logged)"]
    assert [record.getMessage() for record in caplog.records] == [f"x audio tick of r{suffix}" for suffix in suffixes]
    assert all(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in caplog.records)
    assert (throttled_log.count, other.count) == (6, 1)
