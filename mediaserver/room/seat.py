"""A seat of a room: one connected device with its transport, its floor and its view."""

from dataclasses import replace
from math import inf

from mediaserver.api import COMPOSED, CameraControl, SeatOptions, SeatState, TileIcon
from mediaserver.fecc.camera_controller import CameraController
from mediaserver.peer.simulcast import CameraInput, SimulcastCamera
from mediaserver.peer.sip import SipPeer
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.pipe.remote_seat import RemoteSeat
from mediaserver.room.resolution_demand import DisplaySize, ResolutionDemand
from mediaserver.room.tile_view import TileView

POOR_LOSS = 0.05
"""A seat that loses a larger share of its packets on the way to us is shown with the icon of a poor connection."""


class Seat:
    """One connected device (leg, Điều 12.4.a): its options, its transport if it has one, its floor and its view."""

    def __init__(self, options: SeatOptions) -> None:
        self.options = options
        self.peer: WebRtcPeer | SipPeer | None = None
        self.remote: RemoteSeat | None = None
        """What comes of it from the media worker that has its transport, if that is another one."""
        self.floor = False
        self.microphone = False
        """Whether its microphone is open, as its packets showed last."""
        self.gain = 0.0
        self.view = COMPOSED
        self.lines = 0
        """Height in pixels of its display for the picture; 0 while unknown."""
        self.overlay = ""
        """The audience whose composition shows its overlay; empty without one."""
        self.left_out = ""
        """The audience whose composition leaves out its own camera, or shared screens; empty where nothing is."""
        self.shown_at = -inf
        """When it stood last in the composition whose layout it sees, or was about to, in seconds; -inf for never."""
        self.overlay_ends = 0.0
        """When the overlay ends, in seconds."""
        self.told_control: CameraControl | None = None
        """What was told to be controllable of its camera."""
        self.input = CameraInput()
        self.content_input = CameraInput()
        self.demand = ResolutionDemand()
        self.display = DisplaySize()
        self.tiles = TileView()

    @property
    def state(self) -> SeatState:
        """Return the state for a server that takes over."""
        up = self.peer is not None and self.peer.transport.state == "connected"
        options = replace(self.options, floor=self.floor, gain=self.gain, view=self.view, lines=self.lines)
        return SeatState(options, self.peer is not None, up, self.demand.lines, self.control)

    @property
    def control(self) -> CameraControl | None:
        """Return what can be controlled of its camera."""
        return None if self.controller is None else self.controller.control

    @property
    def controller(self) -> CameraController | None:
        """Return what controls its camera; None where nothing does."""
        return (
            self.peer.streams.control.controller
            if isinstance(self.peer, SipPeer) and self.peer.streams.control
            else None
        )

    @property
    def poor(self) -> bool:
        """Return whether its connection loses many packets on the way to us."""
        if self.remote is not None:
            return self.remote.poor
        return self.peer is not None and self.peer.loss > POOR_LOSS

    @property
    def lowest_layer_only(self) -> bool:
        """Return whether its line carries no more than its camera's lowest layer to us."""
        return isinstance(self.peer, WebRtcPeer) and self.peer.lowest_layer_only

    @property
    def icons(self) -> tuple[TileIcon, ...]:
        """Return the icons in its tile."""
        microphone: tuple[TileIcon, ...] = ("mic" if self.microphone else "floor",) if self.floor else ()
        return (*microphone, *(("poor",) if self.poor else ()))

    @property
    def composition(self) -> str:
        """Return the audience whose composition it sees: that of its overlay or its view, else its own."""
        return self.overlay or self.own_composition

    @property
    def own_composition(self) -> str:
        """Return the audience whose composition it sees without an overlay."""
        return self.left_out or self.chosen_composition

    @property
    def chosen_composition(self) -> str:
        """Return the audience whose layout it sees: that of its view, else its own."""
        kind, _, name = self.view.partition(":")
        return name if kind == COMPOSED and name else self.options.audience

    @property
    def camera(self) -> SimulcastCamera | None:
        """Return its camera; None without a transport, or where it may not be seen."""
        return self.sent(content=False)

    def sent(self, content: bool) -> SimulcastCamera | None:
        """Return its camera, or its shared screen; None without a transport, or where it may not be seen."""
        sender = self.peer if self.remote is None else self.remote
        if sender is None or not (content or self.options.camera):
            return None
        return sender.content if content else sender.camera
