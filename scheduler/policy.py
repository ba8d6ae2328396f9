"""The policy profile: what a province's regulation leaves to data (levels, share, names, door times).

A profile is one YAML file. It is checked whole when loaded, and every session remembers the id of the profile it was
admitted under (R-001).
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from scheduler.errors import PolicyError

SHIPPED = Path(__file__).parent / "data" / "KH-2023.yaml"

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Count = Annotated[int, Field(ge=1)]
NamingRule = Literal["literal", "register", "spaced", "joined", "free"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LevelNaming(_Part):
    """How the points of a level are named (Điều 6.4); `text` is the literal, or the prefix of a spaced name."""

    rule: NamingRule
    text: Word | None = None

    @model_validator(mode="after")
    def _text_where_needed(self) -> Self:
        if (self.text is not None) != (self.rule in {"literal", "spaced"}):
            raise ValueError(f"rule {self.rule!r} {'takes no' if self.text else 'needs a'} text")
        return self


class LevelPolicy(_Part):
    """One tier of Điều 3.2; a bigger rank is a higher body."""

    id: Word
    name: Word
    rank: int
    naming: LevelNaming


class NamingPolicy(_Part):
    """Words that names and labels are made with."""

    type_words: tuple[Word, ...]
    office: Word
    register_prefixes: tuple[Word, ...]


class Share(_Part):
    """The share of the maximum that may be given away, as an exact fraction in (0, 1]."""

    num: Count
    den: Count

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if self.num > self.den:
            raise ValueError("share is above 1")
        return self

    def of(self, maximum: int) -> int:
        """Return the share of a maximum, rounded down (reading A20)."""
        return maximum * self.num // self.den


class CapacityPolicy(_Part):
    """What counts against the maximum."""

    share: Share
    recorder_legs: Annotated[int, Field(ge=0)]


class SessionPolicy(_Part):
    """Bounds on what may be asked for."""

    number_prefix: Word
    max_hours: Count
    max_days_ahead: Count
    max_title: Annotated[int, Field(ge=1, le=1000)]
    max_name: Annotated[int, Field(ge=1, le=500)]
    search_days: Count
    suggestions: Annotated[int, Field(ge=0)]


class DoorPolicy(_Part):
    """When a code opens the door around a slot, in minutes."""

    lobby_min: Annotated[int, Field(ge=0)]
    grace_min: Annotated[int, Field(ge=0)]

    @property
    def lobby(self) -> timedelta:
        """How long before a slot the door opens."""
        return timedelta(minutes=self.lobby_min)

    @property
    def grace(self) -> timedelta:
        """How long after a slot the door stays open."""
        return timedelta(minutes=self.grace_min)


class CodePolicy(_Part):
    """Form of the session code; R-051 asks for at least 9 digits."""

    digits: Annotated[int, Field(ge=9, le=18)]


class Policy(_Part):
    """A whole profile."""

    id: Annotated[Word, StringConstraints(max_length=64)]
    timezone: Word
    levels: tuple[LevelPolicy, ...]
    naming: NamingPolicy
    capacity: CapacityPolicy
    session: SessionPolicy
    door: DoorPolicy
    code: CodePolicy

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("unknown time zone") from error
        return name

    @model_validator(mode="after")
    def _levels_distinct(self) -> Self:
        for what in ("id", "rank"):
            values = [getattr(level, what) for level in self.levels]
            if len(set(values)) != len(values):
                raise ValueError(f"two levels share a {what}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The province's time zone."""
        return ZoneInfo(self.timezone)

    def level(self, level_id: str) -> LevelPolicy | None:
        """Return a level, or None."""
        return next((level for level in self.levels if level.id == level_id), None)


def parse(text: str) -> Policy:
    """Check a profile given as YAML text. Raises PolicyError."""
    try:
        return Policy.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise PolicyError(f"not YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'profile'}: {fault['msg']}" for fault in error.errors()]
        raise PolicyError("; ".join(faults)) from error


def load(path: Path = SHIPPED) -> Policy:
    """Read a profile file. Raises PolicyError, OSError."""
    return parse(path.read_text(encoding="utf-8"))
