"""The presentation token: which side of a call may show slides (ITU-T H.239 §11). Pure.

As the floor control server of BFCP does, it decides nothing: that the room system wants to show its slides is passed
on, and whose slides the session shows comes back (:meth:`PresentationToken.show`).
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from signaling.h323.protocol.capabilities import Pdu, numbers

Holder = Literal["client", "other"]
"""Whose slides are shown: the room system's, or another's."""
Wish = Literal["asked", "ended"]
"""What a message of the room system says: it wants to show its slides, or does so no longer."""

MESSAGE: Final = (0, 0, 8, 239, 2)
"""The identifier of the messages of H.239."""
FLOW_REQUEST, FLOW_RESPONSE, REQUEST, RESPONSE, RELEASE, INDICATE_OWNER = 1, 2, 3, 4, 5, 6
"""Their sub-messages (H.239 table 6)."""
BITRATE, CHANNEL, SYMMETRY, LABEL, ACKNOWLEDGE, REJECT = 41, 42, 43, 44, 126, 127
"""Their parameters (H.239 table 7)."""
MAX_SYMMETRY: Final = 127
MAX_REQUESTS: Final = 4
"""Requests of ours in a row that may meet one of the room system."""
MAX_PARAMETERS: Final = 16
_KINDS: Final[Mapping[int, tuple[str, str]]] = {
    FLOW_RESPONSE: ("response", "genericResponse"),
    REQUEST: ("request", "genericRequest"),
    RESPONSE: ("response", "genericResponse"),
    RELEASE: ("command", "genericCommand"),
}


class PresentationToken:
    """The token in one call. Messages to be sent are appended to `outbox`; a terminal label is 0, since
    nobody numbers terminals here (H.243)."""

    def __init__(self, outbox: list[Pdu]) -> None:
        self.owner: Literal["", "us", "them"] = ""
        self.channel = 0
        """Number of our logical channel of slides, which the newest request of ours named."""
        self.holder: Holder | None = None
        """Whose slides the session shows."""
        self._outbox = outbox
        self._asked: dict[int, int] | None = None
        """Parameters of a request of theirs that is not decided."""
        self._symmetry = 0
        """Symmetry breaking number of our request that waits for its response; 0 for none."""
        self._met = False
        """Whether that request met one of theirs."""
        self._requests = 0

    def forget(self) -> Wish | None:
        """Take that nobody has the token, because the channels are closed on hold; return what that means."""
        had = self.owner == "them" or self._asked is not None
        self.owner, self._asked, self._symmetry = "", None, 0
        return "ended" if had else None

    # --- what is decided

    def show(self, holder: Holder | None, channel: int) -> None:
        """Take whose slides are shown: nobody's, theirs, or another's, which we would send on our logical channel.

        Where they have the token and are to show nothing more, we request it, as they must give it up then.
        """
        self.holder, self._requests = holder, 0
        if holder == "client":
            self._grant()
        elif (holder == "other" and self.owner != "us") or (holder is None and self.owner == "them"):
            self._request(channel)
        elif holder is None and self.owner == "us":
            self._release()

    def refuse(self) -> None:
        """Refuse the request of theirs that waits."""
        if self._asked is not None:
            self._respond(self._asked, REJECT)
            self._retry()

    def _grant(self) -> None:
        if self._asked is not None:
            self._respond(self._asked, ACKNOWLEDGE)
            self.owner, self._symmetry = "them", 0
        elif self.owner == "us":
            self._release()

    def _retry(self) -> None:
        """Request the token for another's slides, unless we have it or a request of theirs waits."""
        if self.holder == "other" and self.owner != "us" and self._asked is None:
            self._request(self.channel)

    # --- what comes

    def receive(self, message: Mapping[str, Any]) -> Wish | None:
        """Take a generic message; return what it says of the room system's slides. Those of others are left out."""
        if message["messageIdentifier"] != ("standard", MESSAGE):
            return None
        content = (message.get("messageContent") or ())[:MAX_PARAMETERS]
        told = numbers(content)
        match message.get("subMessageIdentifier"):
            case 1:
                self._send(FLOW_RESPONSE, [*_named(told, CHANNEL, BITRATE), _logical(ACKNOWLEDGE)])
            case 3:
                return self._requested(told)
            case 4:
                self._responded(rejected=any(each["parameterIdentifier"] == ("standard", REJECT) for each in content))
            case 5:
                return self._released()
        return None

    def _requested(self, told: dict[int, int]) -> Wish | None:
        """Take a request for the token; of two that meet, the greater number comes first (H.239 §11.2)."""
        if self._symmetry:
            self._met = True
            if told.get(SYMMETRY, 0) <= self._symmetry:
                self._respond(told, REJECT)
                return None
        if self.owner == "them":
            self._respond(told, ACKNOWLEDGE)
            return None
        self._asked = told
        return "asked"

    def _responded(self, *, rejected: bool) -> None:
        if not self._symmetry:
            return
        met, self._symmetry, self._met = self._met, 0, False
        if rejected and met:
            self._retry()
        elif rejected:
            return
        elif self.holder == "other":
            self.owner = "us"
        else:
            self._release()

    def _released(self) -> Wish | None:
        had = self.owner == "them" or self._asked is not None
        self._asked = None
        if self.owner == "them":
            self.owner = ""
        self._retry()
        return "ended" if had else None

    # --- what goes

    def _request(self, channel: int) -> None:
        if not self._symmetry and self._requests < MAX_REQUESTS:
            self._requests += 1
            self.channel, self._symmetry = channel, secrets.randbelow(MAX_SYMMETRY) + 1
            values = (LABEL, 0), (CHANNEL, channel), (SYMMETRY, self._symmetry)
            self._send(REQUEST, [_number(*each) for each in values])

    def _release(self) -> None:
        self.owner = ""
        self._send(RELEASE, [_number(LABEL, 0), _number(CHANNEL, self.channel)])

    def _respond(self, request: Mapping[int, int], decision: int) -> None:
        self._asked = None
        self._send(RESPONSE, [_logical(decision), *_named(request, LABEL, CHANNEL)])

    def _send(self, message: int, content: Sequence[Mapping[str, Any]]) -> None:
        kind, name = _KINDS[message]
        fields = {"messageIdentifier": ("standard", MESSAGE), "subMessageIdentifier": message}
        self._outbox.append((kind, (name, {**fields, "messageContent": list(content)})))


def _number(parameter: int, value: int) -> Mapping[str, Any]:
    return {"parameterIdentifier": ("standard", parameter), "parameterValue": ("unsignedMin", value)}


def _logical(parameter: int) -> Mapping[str, Any]:
    return {"parameterIdentifier": ("standard", parameter), "parameterValue": ("logical", 0)}


def _named(told: Mapping[int, int], *parameters: int) -> list[Mapping[str, Any]]:
    """Return those of some parameters that a message named, to be repeated."""
    return [_number(each, min(told[each], 65_535)) for each in parameters if each in told]
