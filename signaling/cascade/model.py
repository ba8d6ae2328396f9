"""Values of cascades: neighbouring systems and reservations between two of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ReservationState = Literal["unanswered", "waiting", "accepted", "refused", "revoked", "cancelled", "withdrawn"]
"""The state of a reservation at the system below: it did not answer yet; the session waits there for capacity, has
its code, was refused, lost its code, was cancelled there; or the system above withdrew it."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another system, which `point` stands for in sessions here. It is *below* if it has a URL, else *above*.

    Sessions of one above are held here with `our_point`. `authority` is a PEM certificate that may have signed its own,
    beside those that the operating system trusts.
    """

    name: str
    point: str
    our_point: str = ""
    url: str = ""
    authority: str = ""

    @property
    def account(self) -> str:
        """The name under which it acts here; nobody can sign in with it: no account's name has a colon."""
        return f"cascade:{self.name}"

    @property
    def below(self) -> bool:
        """Return whether sessions here are reserved there."""
        return bool(self.url)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A session held with a neighbour, by its id at the system above; `ours` is the one here that one above reserved.

    `told` is a hash of what the answer is about; `number` and `code` are those of the session below, `detail` says for
    people why there is none. It matters until it `ends`.
    """

    neighbour: str
    session: str
    state: ReservationState
    ends: datetime
    at: datetime
    ours: str = ""
    told: str = ""
    number: str = ""
    detail: str = ""
    code: str = ""
