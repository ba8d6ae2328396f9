"""Automatic gain control: brings quiet and shouting rooms nearer to the others, slowly, by their speech, not their
noise. Pure."""

from collections import deque

from mediaserver.audio.mix_minus import QUIETEST_DBOV

EVERY_TICKS = 10
"""Audio ticks between two levels: five levels a second."""
QUIET_DBOV, LOUD_DBOV = -28.0, -12.0
"""Speech between these levels is left as it is and may be relayed undecoded; browsers bring theirs to about −20."""
MOST_DB = 12.0
"""The largest gain: the noise of a connection rises with its voice."""
STEP_DB = 0.2
"""Largest change of one step: at most 1 dB in a second, which nobody hears move."""
HEARD, SPOKEN = 50, 25
"""Number of levels kept: the last ten seconds, and five seconds of speech."""
OVER_DB = 10.0
"""Decibels by which speech exceeds the quietest level of the last ten seconds; a fan, a tone or hold music does not."""
AUDIBLE_DBOV = -55.0
_TYPICAL = 3 / 4
"""Share of a talker's levels that are below the perceived loudness: words have ends."""


class Agc:
    """Gain control of one talker; it keeps its state while their floor is closed."""

    def __init__(self) -> None:
        self.gain = 0.0
        """In dB."""
        self._heard = deque[float](maxlen=HEARD)
        self._spoken = deque[float](maxlen=SPOKEN)

    def hear(self, level: float | None) -> None:
        """Take the level of 20 ms in dBov before the gain; None for no sound. Call every `EVERY_TICKS`."""
        heard = QUIETEST_DBOV if level is None else level
        self._heard.append(heard)
        if heard < max(AUDIBLE_DBOV, min(self._heard) + OVER_DB):
            return
        self._spoken.append(heard)
        if len(self._spoken) == SPOKEN:
            self._steer(sorted(self._spoken)[int(_TYPICAL * SPOKEN)])

    def _steer(self, loudness: float) -> None:
        wanted = min(MOST_DB, max(0.0, QUIET_DBOV - loudness)) + max(-MOST_DB, min(0.0, LOUD_DBOV - loudness))
        self.gain += max(-STEP_DB, min(STEP_DB, wanted - self.gain))
