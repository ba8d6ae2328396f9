"""What was read of a letter, field by field, and what a person is to be asked. Pure."""

from dataclasses import dataclass

MAX_SAID = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One field as it was read: `where` is ``letter``, ``subject``, ``mailbox`` or the name of an attachment."""

    field: str
    value: object
    where: str
    said: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is to decide: a stable word about a field, and what it is about."""

    field: str
    word: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and what is open."""

    found: tuple[Found, ...]
    questions: tuple[Question, ...]

    def content(self) -> dict[str, object]:
        """Return the fields of a draft: those of a registration, what was read where, and what is to be asked."""
        return {
            **{one.field: one.value for one in self.found},
            "read": [{"field": one.field, "where": one.where, "said": one.said} for one in self.found],
            "questions": self.asked(),
        }

    def asked(self) -> list[dict[str, str]]:
        """Return the questions of a draft."""
        return [{"field": one.field, "word": one.word, "value": one.value} for one in self.questions]


class Notes:
    """A reading that grows."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._questions: list[Question] = []

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def value(self, name: str) -> object:
        """Return what was read for a field; None when nothing was."""
        return self._found[name].value if name in self._found else None

    def asked(self, name: str) -> bool:
        """Tell whether there is a question about a field."""
        return any(question.field == name for question in self._questions)

    def take(self, name: str, value: object, where: str, said: str) -> None:
        """Keep a value; a second that differs is a question."""
        if name not in self._found:
            self._found[name] = Found(name, value, where, " ".join(said.split())[:MAX_SAID])
        elif self._found[name].value != value:
            self.ask(name, "two-values", " ".join(said.split())[:MAX_SAID])

    def ask(self, name: str, word: str, value: str = "") -> None:
        """Note a question."""
        self._questions.append(Question(name, word, value[:MAX_SAID]))

    def reading(self) -> Reading:
        """Return what there is, each question once."""
        return Reading(tuple(self._found.values()), tuple(dict.fromkeys(self._questions)))
