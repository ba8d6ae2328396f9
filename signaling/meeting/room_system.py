"""The call of a room system as a member of a meeting: it sees and hears, but reads no message (Điều 3.5, 11.7)."""

import asyncio
import secrets as random
from collections.abc import Mapping

from scheduler.directory.equipment.devices import by_number
from scheduler.directory.equipment.service import NO_SECRETS
from scheduler.directory.equipment.sip_profiles import profile
from scheduler.directory.model import PIN_PLACE, Binding, Device, SipSecret
from signaling.core.account import Account, Source
from signaling.h323.agent.context import DEFAULT_PORT as H323_PORT
from signaling.h323.agent.context import RAS
from signaling.h323.agent.context import TRANSPORT as H323
from signaling.messages.calls import ProtectionWord
from signaling.messages.server import ServerMessage
from signaling.messages.words import Farewell
from signaling.sip.agent.agent import Target
from signaling.sip.agent.room_call import RoomCall
from signaling.sip.protocol.address import Uri
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import BadMessage

SIP_PORT, SIP_TLS_PORT = 5060, 5061
"""Where room systems take calls that say nothing else (RFC 3261 §19.1.2); those of H.323 at
:data:`signaling.h323.agent.context.DEFAULT_PORT`."""


def credentials(device: Device, secrets: Mapping[SipSecret, str]) -> Credentials | None:
    """Return what we and a device authenticate with to each other (RFC 3261 §22); None for one without."""
    password = secrets.get("password")
    return Credentials(device.auth_user, password) if device.auth_user and password else None


def target(
    device: Device,
    binding: Binding | None = None,
    secrets: Mapping[SipSecret, str] = NO_SECRETS,
    gatekeeper: tuple[str, int] | None = None,
) -> Target | None:
    """Return where a device is called: where it registered, else at its address, else by its number at the gatekeeper
    of H.323; None if it has none of these.

    Its PIN stands where its user part has a place for it.
    """
    account, session_s = credentials(device, secrets), profile(device.sip_profile).session_s
    where: tuple[str, int, str]
    if binding is not None:
        where = binding.host, binding.port, binding.transport
        return Target(*where, contact=binding.contact, credentials=account, session_s=session_s, device=device.id)
    if device.address is not None:
        where = device.address, *_port_and_transport(device)
    elif gatekeeper is not None and by_number(device):
        where = (*gatekeeper, RAS)
    else:
        return None
    before, place, after = device.sip_user.partition(PIN_PLACE)
    return Target(
        *where,
        before.rstrip("*#.") + after if place else before,
        f"{before}{secrets.get('pin', '')}{after}" if place else "",
        account,
        session_s=session_s,
        device=device.id,
    )


def _port_and_transport(device: Device) -> tuple[int, str]:
    if device.protocol == "H323":
        return device.port or H323_PORT, H323
    port = device.port or (SIP_TLS_PORT if device.transport == "TLS" else SIP_PORT)
    return port, (device.transport or profile(device.sip_profile).transport).lower() or "auto"


def digits_after_answer(device: Device, secrets: Mapping[SipSecret, str]) -> str:
    """Return the DTMF digits that a system which answers is sent: its PIN with a hash, two seconds after.

    None where the number that is dialled has the PIN in it.
    """
    pin = "" if PIN_PLACE in device.sip_user else secrets.get("pin", "")
    return "" if not pin else f",,{pin}" if pin.endswith("#") else f",,{pin}#"


def media_hosts(device: Device, remote: str) -> tuple[str, ...]:
    """Return from where media of a device may come in a call with `remote`: both addresses, and those registered."""
    own = [device.address] if device.address is not None else []
    return tuple(dict.fromkeys([*own, remote, *device.media_addresses.split()]))


def redirected(uri: str) -> Target | None:
    """Return the SIP target that a redirection names (RFC 3261 §8.1.3.4); None where it is none of an IP address."""
    try:
        found = Uri.parse(uri)
        transport = "tls" if found.scheme == "sips" else found.parameters.get("transport", "auto").lower()
        if found.scheme not in ("sip", "sips") or transport not in ("udp", "tcp", "tls", "auto"):
            return None
        usual = SIP_TLS_PORT if transport == "tls" else SIP_PORT
        return Target(found.host, found.port or usual, transport, found.user)
    except (BadMessage, ValueError):
        return None


class RoomSystem:
    """A room system in a meeting: one call, which ends with its seat."""

    def __init__(self, device: Device, name: str, address: str) -> None:
        self.device = device
        self.account = Account(f"vcs:{device.id}", name, (), None, device.point)
        """Nobody can sign in with it: no account's name has a colon."""
        self.source = Source(address, device.port or (H323_PORT if device.protocol == "H323" else SIP_PORT))
        self.id = f"vcs-{random.token_hex(8)}"
        self.session: str | None = None
        self.call: RoomCall | None = None
        self.protection: ProtectionWord = ""
        """How its call is protected."""
        self.up = False
        """Whether its media have arrived."""
        self.held = False
        """Whether it took a seat with its media connected."""
        self.farewell: Farewell | None = None
        """Why the meeting hung up."""
        self._ending: asyncio.Task[None] | None = None

    def send(self, message: ServerMessage, ref: str | None = None) -> None:
        """Ignore a message: a room system has no page."""

    def send_text(self, text: str) -> None:
        """Ignore a message."""

    def hang_up(self, reason: Farewell, ref: str | None = None, text: str | None = None) -> None:
        """End the call."""
        self.session, self.farewell = None, reason
        if self.call is not None and self._ending is None:
            self._ending = asyncio.create_task(self.call.hang_up(reason))
