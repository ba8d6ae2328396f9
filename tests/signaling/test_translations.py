"""Every word that the server sends for pages has a text in both languages."""

import json
from pathlib import Path
from typing import get_args

import pytest

import web
from scheduler.core import model
from scheduler.notifications import wording

PAGES = Path(web.__file__ or "").parent


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_kind_has_its_words(language: str) -> None:
    files = [PAGES / "i18n" / folder / f"{language}.json" for folder in ("", "office")]
    known = {key for file in files for key in json.loads(file.read_text(encoding="utf-8"))}
    kinds = [*(f"post.kind-{kind}" for kind in get_args(wording.Kind))]
    kinds += [f"happened.{kind}" for kind in get_args(model.HappeningKind)]
    assert [kind for kind in kinds if kind not in known] == []
