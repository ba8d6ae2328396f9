"""Tests of how a server begins anew with the release that is installed by then, and of its garbage collector."""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from signaling.app.commands import GC_THRESHOLD, begin_anew, settle


class BecameAnother(Exception):
    pass


def _become(program: str, words: Sequence[str]) -> None:
    raise BecameAnother(program, tuple(words))


def test_a_script_is_run_again_by_the_python_that_it_names_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execv", _become)
    script = tmp_path / "diemcau"
    script.write_text("#!/opt/diemcau/releases/2/venv/bin/python\n")
    script.chmod(0o755)
    old_python = "/opt/diemcau/releases/1/venv/bin/python"
    with pytest.raises(BecameAnother) as became:
        begin_anew([str(script), "serve"], [old_python, str(script), "serve"])
    assert became.value.args == (str(script), (str(script), "serve"))


def test_a_module_is_run_again_by_the_same_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execv", _become)
    module = tmp_path / "__main__.py"
    module.touch()
    with pytest.raises(BecameAnother) as became:
        begin_anew([str(module), "serve"], [sys.executable, "-m", "signaling", "serve"])
    assert became.value.args == (sys.executable, (sys.executable, "-m", "signaling", "serve"))


def test_garbage_is_collected_again_once_all_is_imported() -> None:
    before = gc.get_threshold()
    gc.disable()
    try:
        settle()
        assert (gc.isenabled(), gc.get_threshold()[0]) == (True, GC_THRESHOLD)
    finally:
        gc.enable()
        gc.set_threshold(*before)
