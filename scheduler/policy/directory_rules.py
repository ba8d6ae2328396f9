"""The directory section of a profile: assessment, lines, quotas' articles, people, accounts (Điều 6, 8, 9, 17)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Count = Annotated[int, Field(ge=1)]
LineType = Literal["TSLCD", "WAN", "INTERNET"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ItemPolicy(_Part):
    """One item of the assessment form; a `remediable` one may be fixed until a day that the assessor sets."""

    name: Word
    article: Word
    remediable: bool = False


class AssessmentPolicy(_Part):
    """The assessment form, and for how many months an assessment is valid (reading A39)."""

    items: dict[Word, ItemPolicy]
    valid_months: Count
    warn_days: Count


class LineRule(_Part):
    """The levels that may use a type of line, and its least bit rate in both directions in kbit/s (reading A6)."""

    type: LineType
    levels: tuple[Word, ...]
    min_kbps: Count
    below: Literal["fail", "warn"]
    address: bool
    article: Word


ENDING_NOTICE_DAYS = (30, 7)
TAKEN_OVER_MONTHS = 12


class DirectoryPolicy(_Part):
    """Rules of the directory; `quotas` names the article of each level's quota.

    `ending_notice_days` before units end or other rules begin, those who must act are notified. A point that was in
    operation already is assessed within `taken_over_months`. A rule that was added to a version in use is no part of
    its contents while it has its default value.
    """

    operator_unit: Word
    quotas: dict[Word, Word]
    exception_article: Word
    exception_notice_days: Count
    assessment: AssessmentPolicy
    lines: tuple[LineRule, ...]
    line_mismatch: Literal["warn", "block"]
    per_session: tuple[Word, ...]
    people_stale_days: Count
    patch_days: Count
    account_link_hours: Count
    ending_notice_days: Annotated[tuple[Count, ...], Field(exclude_if=lambda days: days == ENDING_NOTICE_DAYS)] = (
        ENDING_NOTICE_DAYS
    )
    taken_over_months: Annotated[Count, Field(exclude_if=lambda months: months == TAKEN_OVER_MONTHS)] = (
        TAKEN_OVER_MONTHS
    )

    def line(self, kind: str) -> LineRule | None:
        """Return the rule of a type of line."""
        return next((rule for rule in self.lines if rule.type == kind), None)
