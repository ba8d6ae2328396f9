"""Words of several WebSocket messages: why a message is refused, roles, audiences, and how a client leaves."""

from typing import Literal

Word = Literal[
    "bad-message", "too-fast", "not-joined", "already-joined", "forbidden", "controlled-by", "controlled-alone",
    "locked", "hands-locked", "removed", "code-unknown", "code-locked", "too-early",
    "ended", "cancelled", "revoked", "not-invited", "no-point", "wrong-line", "not-granted",
    "full", "device-taken", "test-room-full", "unknown-seat", "bad-offer", "media-restarting", "unavailable",
    "disk-full", "unknown-item", "not-recording", "content-taken", "chat-closed", "vote-running", "vote-over",
    "not-entitled", "already-voted", "too-few-voters", "ballots-lost", "no-captions", "notice", "dedicated",
    "no-camera-control", "signed-out", "shutting-down",
]  # fmt: skip

Role = Literal["host", "component", "observer"]
Audience = Literal["everyone", "host", "components", "systems", "recording"]
"""``systems`` are the room systems of components, and see what components see until they have a layout of their own."""
Media = Literal["none", "connecting", "connected", "lost"]
Farewell = Literal[
    "left", "replaced", "removed", "ended", "cancelled", "revoked", "turned-away", "shutdown", "signed-out"
]
