"""A dialog: the identifiers and routes that tie later requests to a call (RFC 3261 §12)."""

from dataclasses import dataclass, field

from signaling.sip.protocol.address import NameAddress, Uri
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import LARGEST_SEQUENCE, Message, Request, Response

MAX_ROUTES = 16
FOCUS = "isfocus"
"""The parameter of a Contact that names an MCU (RFC 3840 §10.18)."""


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
    remote_sequence: int = 0
    """The newest CSeq of the remote party."""
    focus: bool = False
    """Whether the remote party is an MCU that tells who is in its room: its Contact says so (RFC 4579 §3.1)."""

    @classmethod
    def as_caller(cls, invite: Request, response: Response, contact: str) -> "Dialog":
        """Build the caller's dialog from our INVITE and its 2xx; without a Contact the target is the dialled URI."""
        number, _ = invite.sequence
        remote = response.contact
        return cls(
            *(invite.call_id, str(invite.sender), str(response.recipient), contact),
            target=remote.uri if remote and _is_sip(remote.uri) else invite.uri,
            routes=response.all("record-route")[::-1][:MAX_ROUTES],
            sequence=number,
            focus=_is_focus(remote),
        )

    @classmethod
    def as_callee(cls, invite: Request, tag: str, contact: str) -> "Dialog":
        """Build the callee's dialog from the INVITE of the remote party. Raises BadMessage if its Contact is not SIP.

        An INVITE of RFC 2543 needs neither a Contact, its From says where to then, nor a tag there (RFC 3261 §12.1.1).
        """
        remote = invite.sender if invite.get("contact") is None else invite.contact
        if remote is None or not _is_sip(remote.uri):
            raise BadMessage("no Contact")
        local = NameAddress(invite.recipient.name, invite.recipient.uri, {"tag": tag})
        number, _ = invite.sequence
        return cls(
            *(invite.call_id, str(local), str(invite.sender), contact),
            target=remote.uri,
            routes=invite.all("record-route")[:MAX_ROUTES],
            remote_sequence=number,
            focus=_is_focus(invite.contact),
        )

    @property
    def key(self) -> tuple[str, str, str]:
        """Call-ID, local tag and remote tag: identifies the requests that belong to this dialog."""
        return self.call_id, NameAddress.parse(self.local).tag, NameAddress.parse(self.remote).tag

    @property
    def next_hop(self) -> Uri:
        """The URI that requests are sent to: the first proxy of the route set, or the remote target."""
        try:
            hop = Uri.parse(NameAddress.parse(self.routes[0]).uri) if self.routes else None
        except BadMessage:
            hop = None
        return hop if hop and hop.host else Uri.parse(self.target)

    def confirm(self, message: Message) -> None:
        """Take the remote party of a subscription from what came first: its NOTIFY, or the 2xx to our SUBSCRIBE
        (RFC 6665 §4.1.2.4)."""
        answered, routes = isinstance(message, Response), message.all("record-route")
        self.remote = str(message.recipient if answered else message.sender)
        self.routes = (routes[::-1] if answered else routes)[:MAX_ROUTES]
        self.refresh(message)

    def request(self, method: str, number: int = 0) -> Request:
        """Begin a request with the next CSeq, or with `number` (an ACK has the number of its INVITE)."""
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
        """Record the CSeq of a remote request; return False if a newer one came before (§12.2.2)."""
        number, _ = request.sequence
        if number <= self.remote_sequence or number > LARGEST_SEQUENCE:
            return False
        self.remote_sequence = number
        return True

    def refresh(self, message: Message) -> None:
        """Take the new Contact of a re-INVITE or an UPDATE (§12.2)."""
        remote = message.contact
        if remote is not None and _is_sip(remote.uri):
            self.target, self.focus = remote.uri, _is_focus(remote)


def _is_focus(contact: NameAddress | None) -> bool:
    return contact is not None and _is_sip(contact.uri) and FOCUS in contact.parameters


def _is_sip(text: str) -> bool:
    try:
        return Uri.parse(text).scheme in ("sip", "sips")
    except BadMessage:
        return False
