"""Says which registered device a caller is, by its address and the names that it gives. Pure (decision 94)."""

import ipaddress
from collections.abc import Iterable, Sequence

from scheduler.directory.equipment.devices import ROOM_SYSTEMS, by_number, is_account, names, proves_itself
from scheduler.directory.model import Device
from signaling.sip.agent.agent import RemoteParty


def by_address(devices: Iterable[Device], peer: RemoteParty) -> Device | None:
    """Return the room system at the address of a caller.

    Of several behind one SBC or NAT it is the one whose number or user name stands in Contact or From, else the one
    that has neither. Whose call our gatekeeper routes is known by the number or name that it calls with.
    """
    if peer.routed:
        known = (each for each in devices if by_number(each) and each.kind in ROOM_SYSTEMS)
        return next((each for each in known if each.sip_user in (peer.user, peer.name)), None)
    address = str(ipaddress.ip_address(peer.address))
    there = [each for each in devices if each.address == address and each.kind in ROOM_SYSTEMS]
    if len(there) < 2:
        return there[0] if there else None
    for said in filter(None, (peer.contact, peer.user)):
        if (named := next((each for each in there if said in names(each)), None)) is not None:
            return named
    return next((each for each in there if not names(each)), None)


def by_user(devices: Iterable[Device], user: str) -> Device | None:
    """Return the room system with this user name, which its password must prove."""
    known = (each for each in devices if each.kind in ROOM_SYSTEMS and is_account(each))
    return next((each for each in known if each.auth_user == user), None)


def asks_password(devices: Sequence[Device]) -> bool:
    """Return whether an unknown caller may be a device that proves who it is wherever it calls from."""
    return any(proves_itself(each) for each in devices)
