"""Settings from the environment."""

import pytest

from scheduler.model import Amount
from scheduler.profiles import SHIPPED, TWO_TIER
from scheduler.settings import Settings


def test_defaults() -> None:
    assert Settings.from_environ({}) == Settings(Amount(20, 250), SHIPPED)


def test_from_environ() -> None:
    environ = {"DIEMCAU_MAX_SESSIONS": " 30 ", "DIEMCAU_MAX_POINTS": "256", "DIEMCAU_PROFILE": f"KH-2023:{TWO_TIER}"}
    assert Settings.from_environ(environ) == Settings(Amount(30, 256), (SHIPPED[-1], TWO_TIER))
    with pytest.raises(ValueError, match=r"^no such file: /etc/none.yaml$"):
        Settings.from_environ({"DIEMCAU_PROFILE": "KH-2023:/etc/none.yaml"})


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many", "²"])
def test_only_whole_numbers_from_one(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^DIEMCAU_MAX_POINTS must be a whole number from 1, not '{text}'$"):
        Settings.from_environ({"DIEMCAU_MAX_POINTS": text})
