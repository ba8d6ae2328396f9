"""Round trips asked for one after the other, by STUN binding requests, which browsers answer at once: which are late.

An answer that does not come is late as soon as it is overdue: a full line drops requests, too.
"""

AGAIN_S = 0.2
"""An answer that takes so much more than two of the least is not waited for."""


class Questions:
    """One asker's; `now` in seconds, `least` the least round trip known, `late_s` what is late above it."""

    def __init__(self, late_s: float) -> None:
        # given
        self._late_s = late_s
        # owned
        self.late = 0
        """So many in a row were late."""
        self._asked: float | None = None
        self._overdue = False
        """The newest question has waited so long that its answer is late already."""

    def asks(self, least: float, now: float) -> bool:
        """Whether a question leaves now, behind what is sent; says so once."""
        if self._asked is not None:
            waited = now - self._asked - least
            if waited > self._late_s and not self._overdue:
                self._overdue = True
                self.late += 1
            if waited <= least + AGAIN_S:
                return False
        self._asked, self._overdue = now, False
        return True

    def answered(self, queue: float) -> None:
        """Take by how much the newest question's answer was above the least round trip."""
        self._asked = None
        if queue <= self._late_s:
            self.late = 0
        elif not self._overdue:
            self.late += 1
