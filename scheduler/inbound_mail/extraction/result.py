"""The result of an extraction: fields with their sources, and questions for a person. Pure."""

from dataclasses import dataclass

MAX_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Extracted:
    """One extracted field: `where` is ``letter``, ``subject``, ``mailbox`` or the name of an attachment."""

    field: str
    value: object
    where: str
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question for a person: a stable word about a field, and the text it is about."""

    field: str
    word: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All extracted fields and open questions of a letter."""

    found: tuple[Extracted, ...]
    questions: tuple[Question, ...]

    def content(self) -> dict[str, object]:
        """Return the content of a draft: the fields of a registration, their sources, and the questions."""
        return {
            **{one.field: one.value for one in self.found},
            "read": [{"field": one.field, "where": one.where, "said": one.quote} for one in self.found],
            "questions": self.question_rows(),
        }

    def question_rows(self) -> list[dict[str, str]]:
        """Return the questions of a draft."""
        return [{"field": one.field, "word": one.word, "value": one.value} for one in self.questions]


class ReadingBuilder:
    """Collects extracted fields and questions, and builds a :class:`Reading`."""

    def __init__(self) -> None:
        self._fields: dict[str, Extracted] = {}
        self._questions: list[Question] = []

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def value(self, name: str) -> object:
        """Return the value of a field; None if it was not found."""
        return self._fields[name].value if name in self._fields else None

    def has_question(self, name: str) -> bool:
        """Return whether there is a question about a field."""
        return any(question.field == name for question in self._questions)

    def take(self, name: str, value: object, where: str, quote: str) -> None:
        """Add a value; a second one that differs becomes a question."""
        if name not in self._fields:
            self._fields[name] = Extracted(name, value, where, " ".join(quote.split())[:MAX_QUOTE])
        elif self._fields[name].value != value:
            self.ask(name, "two-values", " ".join(quote.split())[:MAX_QUOTE])

    def ask(self, name: str, word: str, value: str = "") -> None:
        """Add a question about a field."""
        self._questions.append(Question(name, word, value[:MAX_QUOTE]))

    def reading(self) -> Reading:
        """Return all fields, and each question once."""
        return Reading(tuple(self._fields.values()), tuple(dict.fromkeys(self._questions)))
