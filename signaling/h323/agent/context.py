"""Holds what the agent and its calls share: settings, the handler, the table of calls, background tasks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from signaling.h323.gatekeeper.client import GatekeeperSettings
from signaling.sip.agent.background_tasks import BackgroundTasks
from signaling.sip.protocol.trace import Trace

if TYPE_CHECKING:
    from signaling.h323.agent.call import Call

DEFAULT_PORT = 1720
TRANSPORT = "h323"
"""How targets and remote parties of H.323 name their transport beside those of SIP."""
RAS = "ras"
"""Transport of targets whose number alone is known: the gatekeeper at their address says where they are."""


@dataclass(frozen=True, slots=True)
class H323Settings:
    """The agent's own address and limits. `host` is a local address or 0.0.0.0; port 0 takes any free port."""

    host: str
    port: int = DEFAULT_PORT
    ring_s: float = 30.0
    most_calls: int = 100
    dscp: int = 0
    """Marks its packets (RFC 2474)."""
    tunnelling: bool = True
    """Whether H.245 may travel in the connection of call signalling (H.323 §8.2.1)."""
    fast_connect: bool = True
    """Whether a call that we make proposes channels with its Setup, and one we take accepts them (H.323 §8.1.7)."""
    name: str = ""
    """The name that it announces where it takes a call (Q.931 §4.5.16); empty for none."""
    gatekeeper: GatekeeperSettings | None = None
    """The gatekeeper that it registers with and asks for its calls; None: it calls and is called at addresses."""


class MediaHandler(Protocol):
    """Changes the media of a call as its remote party asks."""

    async def reoffered(self, call: "Call", offer: str) -> str:
        """Take what a call's channels say now, as an offer within the call. Raises OfferRefused."""

    def digit_pressed(self, call: "Call", digit: str) -> None:
        """Take a DTMF digit of a userInput indication."""

    def keyframe_requested(self, call: "Call", *, slides: bool = False) -> None:
        """Send a key frame of the picture or of slides, as the remote party of a call asks (videoFastUpdatePicture)."""

    def share_asked(self, call: "Call", on: bool) -> None:
        """Take that the remote party asks to show its slides, or ends that (H.239)."""


class AgentContext(BackgroundTasks):
    """Settings, calls and background tasks of one agent."""

    def __init__(self, settings: H323Settings, handler: MediaHandler) -> None:
        super().__init__()
        self.settings = settings
        self.handler = handler
        self.calls: set[Call] = set()
        """Those whose connections are open."""
        self.trace = Trace()
