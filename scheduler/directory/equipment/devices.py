"""Checks what may be registered of a device (Điều 3.5, 11.7; R-009, R-057). Pure."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from scheduler.core.errors import FieldError
from scheduler.directory.equipment import lines
from scheduler.directory.model import AccessLine, Device
from scheduler.policy.policy import Policy

ROOM_SYSTEMS = ("VCS", "LINK", "SIMULATED")
"""The kinds of devices that call and are called, in place of a browser with a person."""


def address(text: str) -> str:
    """Return an IP address in its canonical form. Raises ValueError."""
    return str(ipaddress.ip_address(text.strip()))


def faults(
    device: Device,
    access_lines: Sequence[AccessLine],
    policy: Policy,
    others: Iterable[Device],
    names: Mapping[str, str],
) -> list[FieldError]:
    """Return what is wrong with a device, given the access lines of its point.

    `others` are all other devices, `names` the names of points by id. Words: ``required`` ``address-required``
    ``address-range`` ``address-taken`` ``port-range`` ``dial-out``.
    """
    errors = [] if device.kind else [FieldError("kind", "required")]
    if device.address is None:
        errors += [FieldError("address", "address-required")] if needs_address(device, access_lines, policy) else []
    else:
        errors += _address_faults(device.address, device, access_lines, others, names)
    if device.port is not None and not 1 <= device.port <= 65535:
        errors.append(FieldError("port", "port-range", str(device.port)[:9]))
    callable_ = device.kind in ROOM_SYSTEMS and device.protocol == "SIP" and device.address is not None
    if device.dial_out and not callable_:
        errors.append(FieldError("dial_out", "dial-out"))
    return errors


def needs_address(device: Device, access_lines: Sequence[AccessLine], policy: Policy) -> bool:
    """Return whether a device must have an address to be called at (Điều 11.7).

    A link to another system must; a VCS must where the rule of one of its lines says so.
    """
    if device.kind == "LINK":
        return True
    ruled = [policy.directory.line(line.type) for line in access_lines]
    return device.kind == "VCS" and any(rule is not None and rule.address for rule in ruled)


def _address_faults(
    address_: str,
    device: Device,
    access_lines: Sequence[AccessLine],
    others: Iterable[Device],
    names: Mapping[str, str],
) -> list[FieldError]:
    networks = [network for line in access_lines for network in line.ranges]
    errors = []
    if networks and not lines.within(address_, networks):
        errors.append(FieldError("address", "address-range", ", ".join(networks)))
    holder = next((other for other in others if other.address == address_ and other.id != device.id), None)
    if holder is not None:
        errors.append(FieldError("address", "address-taken", names.get(holder.point, holder.point)))
    return errors


def overdue(device: Device, day: date, days: int) -> bool:
    """Return whether a device was last updated more than so many days ago (R-038); None is not overdue."""
    return device.patched is not None and (day - device.patched).days > days
