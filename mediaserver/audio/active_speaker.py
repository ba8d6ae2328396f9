"""Finds the active speaker: the loudest voice, held long enough that the picture does not jump."""

from collections.abc import Collection, Mapping
from math import inf
from typing import TYPE_CHECKING

from mediaserver.audio.mix_minus import QUIETEST_DBOV

if TYPE_CHECKING:
    from mediaserver.audio.voice_relay import VoiceRelay

THRESHOLD_DBOV = -50.0
"""Quieter levels are a room's own noise."""
MARGIN_DB = 6.0
"""Decibels by which a challenger must be louder than the present speaker."""
FALL_DB = 20.0
"""Decibels by which a speaker's last level falls once the hold is over: breaths are short, a real pause is not."""
SMOOTHING = 0.2


class ActiveSpeaker:
    """Follows smoothed levels in dBov and names the speaker; `now` in seconds.

    A speaker lasts `hold_s` seconds after their last sound, and a challenger waits as long from when they began. Then
    the challenger must be clearly louder than the speaker was lately; that level falls while the speaker pauses.
    """

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self.speaker: str | None = None
        self.levels: dict[str, float] = {}
        """Smoothed levels by seat of everyone heard in the last tick."""
        self._since = 0.0
        self._heard = 0.0
        self._loud = QUIETEST_DBOV
        """The speaker's level that counts, at the time `_loud_at`."""
        self._loud_at = 0.0

    def update(self, levels: Mapping[str, float], now: float, among: Collection[str] | None = None) -> bool:
        """Take one tick's levels; return whether the speaker changed. If `among` is given, only its seats may become
        it."""
        smoothed: dict[str, float] = {}
        best: str | None = None
        for seat, level in levels.items():
            smoothed[seat] = self.levels.get(seat, QUIETEST_DBOV) * (1 - SMOOTHING) + level * SMOOTHING
            if (among is None or seat in among) and (best is None or smoothed[seat] > smoothed[best]):
                best = seat
        self.levels = smoothed
        before = self.speaker
        current = smoothed.get(before, QUIETEST_DBOV) if before is not None else QUIETEST_DBOV
        if current > THRESHOLD_DBOV:
            self._heard = now
        lately = self._loud - FALL_DB * (now - self._loud_at) / self._hold_s
        if current > lately:
            self._loud, self._loud_at, lately = current, now, current
        if best is not None and best != before and self._may_take(smoothed[best], lately, now):
            self.speaker, self._since, self._heard = best, now, now
            self._loud, self._loud_at = smoothed[best], now
        elif before is not None and now - self._heard > self._hold_s:
            self.speaker = None
        return self.speaker != before

    def forget(self, seat: str) -> None:
        """Remove a seat whose floor was closed, so that no challenger waits for it."""
        if seat == self.speaker:
            self._since, self._loud = -inf, QUIETEST_DBOV

    def start_relay(self, relay: "VoiceRelay", seat: str) -> bool:
        """Let a relay follow the only voice, if it is the speaker's, as long as it stays the speaker."""
        if seat != self.speaker:
            return False
        relay.level, relay.heard, relay.hold_s = self.levels[seat], self._heard, self._hold_s
        return True

    def _may_take(self, challenger: float, lately: float, now: float) -> bool:
        """Return whether a challenger of this level may replace the speaker, whose level counts as `lately`."""
        if challenger <= THRESHOLD_DBOV:
            return False
        return self.speaker is None or (challenger > lately + MARGIN_DB and now - self._since > self._hold_s)
