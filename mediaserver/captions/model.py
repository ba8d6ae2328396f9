"""Loads the model in a folder: a streaming transducer, or in tests a script."""

from pathlib import Path

from mediaserver.captions import scripted, sherpa
from mediaserver.captions.streaming import StreamingRecognizer


def missing(model: Path) -> str | None:
    """Return what is missing to run the model in a folder, a package or a file; None if nothing is."""
    return None if _is_script(model) else sherpa.missing(model)


def load(model: Path) -> StreamingRecognizer:
    """Load the model in a folder. Raises NoModel."""
    return scripted.ScriptedRecognizer(model) if _is_script(model) else sherpa.SherpaRecognizer(model)


def _is_script(model: Path) -> bool:
    return (model / scripted.FILE).is_file()
