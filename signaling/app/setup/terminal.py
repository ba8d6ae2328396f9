"""Asks and tells on a terminal, or on streams that stand for one."""

import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO, TypeVar

from signaling.app.setup import texts
from signaling.app.setup.answers import BadAnswer
from signaling.core.texts import Language

T = TypeVar("T")


class InputEnded(Exception):
    """The input ended before all was answered."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Asks in a language; a question is asked again until its answer can be used."""

    language: Language
    input: TextIO = field(default_factory=lambda: sys.stdin)
    output: TextIO = field(default_factory=lambda: sys.stdout)

    def text(self, word: str, **values: object) -> str:
        """Return a text with values in it."""
        return texts.text(word, self.language, **values)

    def fault(self, error: BadAnswer) -> str:
        """Return what is wrong with an answer."""
        return texts.fault(error, self.language)

    def say(self, word: str, **values: object) -> None:
        """Tell something."""
        self.line(self.text(word, **values))

    def line(self, text: str) -> None:
        """Print a line."""
        print(text, file=self.output, flush=True)

    def ask(self, word: str, default: str, check: Callable[[str], T], shown: str | None = None) -> T:
        """Return a checked answer; an empty one is the default, which is shown unless another text is."""
        shown = default if shown is None else shown
        prompt = self.text(word) + (f" [{shown}]" if shown else "") + ": "
        while True:
            try:
                return check(self._line(prompt).strip() or default)
            except BadAnswer as error:
                self.line(f"  x {self.fault(error)}")

    def ask_secret(self, word: str) -> str:
        """Return an answer that is not shown."""
        prompt = self.text(word) + ": "
        return getpass.getpass(prompt) if self.input.isatty() else self._line(prompt)

    def choose(self, options: Sequence[tuple[str, str]], default: str) -> str:
        """Return one of the options, which are names with texts."""
        names = [name for name, _ in options]
        for number, (_, text) in enumerate(options, 1):
            self.line(f"  {number}. {text}")

        def chosen(text: str) -> str:
            if not (text.isascii() and text.isdecimal() and len(text) < 3 and 1 <= int(text) <= len(names)):
                raise BadAnswer("bad-choice", str(len(names)))
            return names[int(text) - 1]

        return self.ask("choice", str(names.index(default) + 1), chosen)

    def confirm(self, question: str, default: bool) -> bool:
        """Return whether the answer is yes."""
        yes, no = ("c", "k") if self.language == "vi" else ("y", "n")

        def meant(text: str) -> bool:
            first = text.lower()[:1]
            if first not in {yes, no, "y", "n"}:
                raise BadAnswer("bad-yes-no")
            return first in {yes, "y"}

        self.line(question + self.text("yes-no"))
        return self.ask("choice", yes if default else no, meant)

    def _line(self, prompt: str) -> str:
        self.output.write(prompt)
        self.output.flush()
        try:
            line = self.input.readline()
        except UnicodeDecodeError:
            raise BadAnswer("setup-not-utf8") from None
        if not line:
            raise InputEnded
        return line.rstrip("\r\n")
