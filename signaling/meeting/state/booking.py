"""The values of a session that its meeting needs. Pure."""

from dataclasses import dataclass
from datetime import datetime

from mediaserver.api import ComposedWhen
from scheduler.core.model import ScriptItem
from signaling.meeting.state.roster import Place
from signaling.messages.joining import OnDuty
from signaling.messages.layouts import Preset
from signaling.recording.model import InterruptedRecording


@dataclass(frozen=True, slots=True)
class Booking:
    """The session as its meeting knows it. `places` begin with the host point."""

    id: str
    title: str
    number: str
    places: tuple[Place, ...]
    start: datetime
    end: datetime
    recording: bool
    legs: int
    script: tuple[ScriptItem, ...] = ()
    voices: bool = False
    controllers: str = ""
    """Names of the controlling units, for people; empty: the centre alone."""
    advisory: bool = False
    """Whether points may open their microphones uninvited, which goes into the audit log."""
    watermark: bool = False
    """Whether viewers see their name and the time over the picture."""
    left: InterruptedRecording | None = None
    """The recording that an earlier server left unfinished."""
    composed: ComposedWhen = "live"
    """When pictures of recordings are composed, unless a controller wants one live."""
    duty: OnDuty | None = None
    """The technician of the centre on duty, whom points call when their connection is lost."""
    presets: tuple[Preset, ...] = ()
    """Layouts on the keys of the console, by number."""
    captions: bool = False
    """Whether speech can be recognized for captions."""
    echo_s: float = 0.0
    """Delay in seconds after which one hears oneself in the test room, which belongs to no session; 0 in a meeting."""

    @property
    def host_name(self) -> str:
        """The Vietnamese name of the host point, for people; without one that of its devices."""
        return self.places[0].label or self.places[0].name

    @property
    def is_test_room(self) -> bool:
        """Return whether this is a test room: nobody controls, and nothing of it is stored (R-109)."""
        return self.echo_s > 0
