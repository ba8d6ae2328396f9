"""Recognizes speech by a Whisper model in the format of CTranslate2, with `faster-whisper` (extra ``transcript``).

The package is imported when a model is loaded, not before, and reads nothing but the folder of the model: the libraries
beneath would fetch what is missing from the Internet, if they were let.
"""

import mmap
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mediaserver.transcript.recognizer import Language, NoModel, Recognized, Sound

FILES = ("model.bin", "config.json", "tokenizer.json")
"""Files in the folder of a model; without a tokenizer the library would look for one on the Internet."""
READS = Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu")
"""Files by which the libraries know the machine; onnxruntime ends the process without."""
BEAM = 5
"""Wordings that are compared at once, as Whisper's own program does."""


def missing(model: Path) -> str | None:
    """Return what is missing to run a model, a package, a file or a right; None if nothing is."""
    if find_spec("faster_whisper") is None:
        return "faster-whisper"
    if not may_make_code():
        return "the right to make code (MemoryDenyWriteExecute=no in the unit)"
    return next((name for name in FILES if not (model / name).is_file()), None)


def may_make_code() -> bool:
    """Return whether a process may execute what it wrote, as the libraries do to compute faster.

    systemd's MemoryDenyWriteExecute forbids it, to child processes, too.
    """
    try:
        mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    except OSError:
        return False
    return True


class WhisperRecognizer:
    """A model, loaded with weights of 8 bits. Raises NoModel."""

    def __init__(self, model: Path, language: Language) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        fault = missing(model)
        if fault is not None:
            raise NoModel(f"{fault} is missing")
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra

        try:
            self._model: Any = WhisperModel(
                str(model), device="cpu", compute_type="int8", cpu_threads=os.cpu_count() or 1, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise NoModel(str(error)) from error
        self._language = language

    def recognize(self, sound: Sound) -> Iterator[Recognized]:
        """Yield the speech in a sound; the model is not told what was said before, which it would repeat in silence."""
        found, _ = self._model.transcribe(
            sound, language=self._language, beam_size=BEAM, vad_filter=True, condition_on_previous_text=False
        )
        for each in found:
            text = each.text.strip()
            if text:
                yield Recognized(each.start, each.end, text)
