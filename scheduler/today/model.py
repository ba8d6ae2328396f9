"""Values of what is owed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

OwedKind = Literal[
    "emergencies",
    "queue",
    "replies",
    "drafts",
    "letters",
    "notices",
    "incidents",
    "faults",
    "contacts",
    "checks",
    "lists",
    "material",
    "handovers",
    "figures",
    "points",
    "changes",
    "feedback",
    "people",
    "controls",
    "reviews",
]
"""The kinds of work, the most urgent first.

`emergencies`: emergencies that nobody acknowledged; `queue`: sessions that wait for capacity; `replies`: replies owed
to units; `drafts`: registrations to decide on; `letters`: letters that wait for a person; `notices`: notices that could
not be sent; `incidents`: unsettled ones; `faults`: those that wait for the provider's reply; `contacts`: sessions for
which the provider has named nobody; `checks`: points without a technical check; `lists`: attendee lists asked for;
`material`: requests for recordings and documents; `handovers`: recordings that their host has not confirmed; `figures`:
figures to confirm; `points`: points not yet in operation; `changes`: changed devices to decide on; `feedback`:
difficulties without a reply; `people`: lists of people that are empty or old; `controls`: security controls to assess
again; `reviews`: emergencies to review.
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """So much work of a kind; `due` is when the first of it is due, None where it has no deadline."""

    kind: OwedKind
    count: int
    due: datetime | None = None
