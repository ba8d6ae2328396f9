"""Fixtures: a machine on which nothing was set up."""

import os
from pathlib import Path

import pytest

from signaling.app import settings as settings_of
from signaling.app.setup import plan, questions
from signaling.core import child_process
from tests.fakes import parse_in_process
from tests.signaling.app.setup.machine import Machine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine on which nothing was set up."""
    made = Machine(tmp_path)
    for name in [name for name in os.environ if name.startswith("DIEMCAU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DIEMCAU_DATA", str(made.data))
    monkeypatch.setattr(plan, "own_addresses", lambda: ("10.1.2.3",))
    monkeypatch.setattr(child_process, "output", parse_in_process)
    monkeypatch.setattr(questions, "own_addresses", lambda: ("10.1.2.3",))
    monkeypatch.setattr(settings_of, "own_addresses", lambda: ("10.1.2.3",))
    return made
