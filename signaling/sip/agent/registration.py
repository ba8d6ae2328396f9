"""An incoming REGISTER that is not answered yet (RFC 3261 §10.3)."""

from signaling.sip.agent.context import AgentContext, describe
from signaling.sip.protocol import digest
from signaling.sip.protocol.address import Uri, whole
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Request
from signaling.sip.protocol.transaction_layer import ServerTransaction

DEFAULT_S = 3600
"""Seconds of a binding whose device says nothing (§10.2.1.1)."""
LONGEST_S = 2**32 - 1


class Registration:
    """A device that says where it takes calls; exactly one of `accept`, `refuse` and `challenge` follows.

    `contact` is its first Contact of a SIP address, empty where it only asks; `seconds` is how long that shall hold, 0
    to remove it (also by `Contact: *`). `malformed`: none of that can be read.
    """

    def __init__(self, context: AgentContext, transaction: ServerTransaction) -> None:
        request = transaction.request
        self.peer = describe(request, transaction.flow)
        self.host, self.port = transaction.flow.remote
        self.transport = transaction.flow.transport
        self.call_id, (self.sequence, _) = request.call_id, request.sequence
        self._context = context
        self._transaction = transaction
        self._proof = context.proof(request, transaction.flow)
        self.contact, self.seconds, self.malformed = "", 0, False
        try:
            self.contact, self.seconds = asked(request)
        except BadMessage:
            self.malformed = True

    @property
    def claimed(self) -> str:
        """The user name in its answer to a challenge of ours; empty without one."""
        return self._proof.user if self._proof else ""

    def proves(self, credentials: Credentials) -> bool:
        """Return whether that answer was made with this user name and password."""
        return self._proof is not None and digest.proves(self._proof, credentials, self._transaction.request)

    def accept(self, contact: str, seconds: int) -> None:
        """Answer where the device takes calls now, and for how many seconds; an empty contact: nowhere."""
        headers = [("contact", f"<{contact}>;expires={seconds}")] if contact else []
        self._context.layer.respond(self._transaction, self._context.response(self._transaction.request, 200, headers))

    def refuse(self, status: int, *headers: tuple[str, str]) -> None:
        """Answer with a final status of 300 or more."""
        self._context.layer.respond(
            self._transaction, self._context.response(self._transaction.request, status, list(headers))
        )

    def challenge(self) -> None:
        """Ask for a user name and a password (401), without keeping state (RFC 3261 §26.3.2.4)."""
        request, flow = self._transaction.request, self._transaction.flow
        self._context.layer.reply(self._transaction, self._context.challenge(request, flow))


def asked(request: Request) -> tuple[str, int]:
    """Return the Contact that a REGISTER asks for and for how many seconds, as `Registration` says. Raises
    BadMessage."""
    header, values = request.get("expires"), request.all("contact")
    seconds = DEFAULT_S if header is None else whole(header.strip(), LONGEST_S)
    if values == ["*"] and not seconds:
        return "*", 0
    if not values:
        return "", seconds
    contact = next((each for each in request.contacts if Uri.parse(each.uri).scheme == "sip"), None)
    if contact is None or any("?" in value.partition("<")[0] for value in values):  # headers need brackets (§20.10)
        raise BadMessage("no SIP address")
    own = contact.parameters.get("expires")
    return contact.uri, seconds if own is None else whole(own, LONGEST_S)
