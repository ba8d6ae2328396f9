"""Loads the model in a folder: a streaming transducer, or in tests a script."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediaserver.captions import scripted, sherpa
from mediaserver.captions.streaming import StreamingRecognizer


@dataclass(frozen=True, slots=True)
class CaptionModel:
    """Source of captions: `none` is set, a `script` that recognizes nothing, or a `model`; `missing` is the package or
    file without which it cannot be run, empty if it can."""

    kind: Literal["none", "script", "model"] = "none"
    missing: str = ""

    @property
    def runs(self) -> bool:
        """Return whether there are captions."""
        return self.kind != "none" and not self.missing


def look(model: Path | None) -> CaptionModel:
    """Return what is in a folder, or that none is set."""
    if model is None:
        return CaptionModel()
    return CaptionModel("script") if _is_script(model) else CaptionModel("model", sherpa.missing(model) or "")


def load(model: Path) -> StreamingRecognizer:
    """Load the model in a folder. Raises NoModel."""
    return scripted.ScriptedRecognizer(model) if _is_script(model) else sherpa.SherpaRecognizer(model)


def _is_script(model: Path) -> bool:
    return (model / scripted.FILE).is_file()
