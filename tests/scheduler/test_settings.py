"""Settings from the environment."""

from pathlib import Path

import pytest

from scheduler.model import Amount
from scheduler.policy import SHIPPED
from scheduler.settings import Settings


def test_defaults() -> None:
    assert Settings.from_environ({}) == Settings(Amount(20, 250), SHIPPED)


def test_from_environ() -> None:
    environ = {"DIEMCAU_MAX_SESSIONS": " 30 ", "DIEMCAU_MAX_POINTS": "256", "DIEMCAU_PROFILE": "/etc/p.yaml"}
    assert Settings.from_environ(environ) == Settings(Amount(30, 256), Path("/etc/p.yaml"))


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many", "²"])
def test_only_whole_numbers_from_one(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^DIEMCAU_MAX_POINTS must be a whole number from 1, not '{text}'$"):
        Settings.from_environ({"DIEMCAU_MAX_POINTS": text})
