"""Brings a quiet room nearer to the others, and a shouting one: slowly, and by what it says, not by its noise. Pure."""

from collections import deque

from mediaserver.audio.mix_minus import QUIETEST_DBOV

EVERY_TICKS = 10
"""Loudness is looked at five times in a second."""
QUIET_DBOV, LOUD_DBOV = -28.0, -12.0
"""Speech between these is left as it is, and may be passed on as it came; browsers bring theirs to about −20."""
MOST_DB = 12.0
"""A line's noise becomes louder with its voice."""
STEP_DB = 0.2
"""At most 1 dB in a second: nobody hears it move."""
HEARD, SPOKEN = 50, 25
"""Loudness of the last ten seconds, and of five seconds of speech."""
OVER_DB = 10.0
"""Speech is so much louder than the quietest of the last ten seconds: a fan, a tone or a waiting melody is not."""
AUDIBLE_DBOV = -55.0
_TYPICAL = 3 / 4
"""Of a talker's moments so many are quieter than what one takes them for: words have ends."""


class Agc:
    """One talker; remembers while their floor is closed."""

    def __init__(self) -> None:
        # owned
        self.gain = 0.0
        """In dB."""
        self._heard = deque[float](maxlen=HEARD)
        self._spoken = deque[float](maxlen=SPOKEN)

    def hear(self, level: float | None) -> None:
        """Take the loudness of 20 ms in dBov, as it came; None for no sound. Call every `EVERY_TICKS`."""
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
