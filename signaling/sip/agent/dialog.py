"""A dialog: what both sides of a call keep so that later requests find each other (RFC 3261 §12)."""

from dataclasses import dataclass, field

from signaling.sip.protocol.address import NameAddress, Uri
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import LARGEST_SEQUENCE, Message, Request, Response

MOST_ROUTES = 16


@dataclass(slots=True)
class Dialog:
    """One dialog. `local` and `remote` are From and To of our requests, tags included."""

    call_id: str
    local: str
    remote: str
    contact: str
    target: str
    routes: list[str] = field(default_factory=list)
    sequence: int = 1
    heard: int = 0
    """Their newest CSeq."""

    @classmethod
    def dialled(cls, invite: Request, response: Response, contact: str) -> "Dialog":
        """The dialog that a 2xx to our INVITE made; without a Contact in it the callee is where it was dialled."""
        number, _ = invite.sequence
        remote = response.contact
        return cls(
            *(invite.call_id, str(invite.sender), str(response.recipient), contact),
            target=remote.uri if remote and _is_sip(remote.uri) else invite.uri,
            routes=response.all("record-route")[::-1][:MOST_ROUTES],
            sequence=number,
        )

    @classmethod
    def came(cls, invite: Request, tag: str, contact: str) -> "Dialog":
        """The dialog that our 2xx to their INVITE makes; raises BadMessage when it has no Contact to answer to."""
        remote = invite.contact
        if remote is None or not _is_sip(remote.uri):
            raise BadMessage("no Contact")
        local = NameAddress(invite.recipient.name, invite.recipient.uri, {"tag": tag})
        number, _ = invite.sequence
        return cls(
            *(invite.call_id, str(local), str(invite.sender), contact),
            target=remote.uri,
            routes=invite.all("record-route")[:MOST_ROUTES],
            heard=number,
        )

    @property
    def key(self) -> tuple[str, str, str]:
        """Call-ID and both tags: which requests of theirs are of this dialog."""
        return self.call_id, NameAddress.parse(self.local).tag, NameAddress.parse(self.remote).tag

    @property
    def next_hop(self) -> Uri:
        """Where requests go first: the first proxy that wants to see them, or the callee."""
        try:
            hop = Uri.parse(NameAddress.parse(self.routes[0]).uri) if self.routes else None
        except BadMessage:
            hop = None
        return hop if hop and hop.host else Uri.parse(self.target)

    def request(self, method: str, number: int = 0) -> Request:
        """Begin a request; it gets the next CSeq unless it says which (an ACK has its INVITE's)."""
        if not number:
            self.sequence = number = self.sequence + 1
        request = Request(method, self.target)
        request.headers += [("route", route) for route in self.routes]
        request.headers += [
            ("max-forwards", "70"),
            ("from", self.local),
            ("to", self.remote),
            ("call-id", self.call_id),
            ("cseq", f"{number} {method}"),
            ("contact", self.contact),
        ]
        return request

    def in_order(self, request: Request) -> bool:
        """Note a request of theirs; False when an older one comes late (§12.2.2)."""
        number, _ = request.sequence
        if number <= self.heard or number > LARGEST_SEQUENCE:
            return False
        self.heard = number
        return True

    def refresh(self, message: Message) -> None:
        """Take the new Contact of a re-INVITE or an UPDATE (§12.2)."""
        remote = message.contact
        if remote is not None and _is_sip(remote.uri):
            self.target = remote.uri


def _is_sip(text: str) -> bool:
    try:
        return Uri.parse(text).scheme in ("sip", "sips")
    except BadMessage:
        return False
