"""Checks what may be registered of a device (Điều 3.5, 11.7; R-009, R-057). Pure."""

import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from scheduler.core.errors import FieldError
from scheduler.directory.equipment import lines, sip_profiles
from scheduler.directory.model import PIN_PLACE, AccessLine, Device, DeviceProtocol, SipSecret
from scheduler.policy.policy import Policy

ROOM_SYSTEMS = ("VCS", "LINK", "SIMULATED")
"""The kinds of devices that call and are called, in place of a browser with a person."""
CALLED_PROTOCOLS: Collection[DeviceProtocol] = ("SIP", "H323")
"""Protocols by which room systems are called."""
HTTP_PROTOCOLS = ("WHIP", "WHEP")
"""Protocols whose devices connect over HTTP, with their password as bearer token."""
MIN_TOKEN = 16
MIN_PASSWORD = 8
"""Letters of a new password that a room system proves itself to us by; that of another system is not ours to choose."""
MAX_USER = 64
MAX_MEDIA_ADDRESSES = 4
_USER = re.compile(r"[A-Za-z0-9._~*#+!$&'(),;=?/-]*")
"""A user part as people write it (RFC 3261 §25.1); ``#`` is escaped where it is dialled."""
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")
"""Path and query of a URI (RFC 3986 §3.3, §3.4)."""
_SECRETS: Mapping[SipSecret, re.Pattern[str]] = {
    "pin": re.compile(r"[0-9*#]{0,32}"),
    "password": re.compile(r"[^\x00-\x1f\x7f]{0,128}"),
}


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
    ``address-range`` ``address-taken`` ``port-range`` ``sip-user-format`` ``user-taken`` ``stream-path-format``
    ``one-of`` ``media-addresses`` ``picture-kbps-range`` ``dial-out``.
    """
    errors = [] if device.kind else [FieldError("kind", "required")]
    if device.address is None:
        errors += [FieldError("address", "address-required")] if needs_address(device, access_lines, policy) else []
    else:
        errors += _address_faults(device.address, device, access_lines, others, names)
    if device.port is not None and not 1 <= device.port <= 65535:
        errors.append(FieldError("port", "port-range", str(device.port)[:9]))
    errors += _account_faults(device, others, names)
    errors += _stream_faults(device)
    errors += _media_faults(device)
    if device.sip_profile and device.sip_profile not in sip_profiles.load():
        errors.append(FieldError("sip_profile", "one-of", ", ".join(sip_profiles.load())))
    if device.picture_kbps is not None and device.picture_kbps not in sip_profiles.PICTURE_KBPS:
        errors.append(FieldError("picture_kbps", "picture-kbps-range", str(device.picture_kbps)[:9]))
    may_register = device.protocol == "SIP" and bool(device.auth_user)
    found = device.address is not None or may_register or by_number(device)
    callable_ = device.kind in ROOM_SYSTEMS and device.protocol in CALLED_PROTOCOLS and found
    if device.dial_out and not callable_:
        errors.append(FieldError("dial_out", "dial-out"))
    return errors


def _account_faults(device: Device, others: Iterable[Device], names: Mapping[str, str]) -> list[FieldError]:
    errors = [
        FieldError(name, "sip-user-format", text[:64])
        for name, text in (("sip_user", device.sip_user), ("auth_user", device.auth_user))
        if len(text) > MAX_USER or not _USER.fullmatch(text.replace(PIN_PLACE, "", 1) if name == "sip_user" else text)
    ]
    if is_account(device):
        same = (each for each in others if is_account(each) and each.auth_user == device.auth_user)
        if (holder := next((other for other in same if other.id != device.id), None)) is not None:
            errors.append(FieldError("auth_user", "user-taken", names.get(holder.point, holder.point)))
    if by_number(device):
        same = (each for each in others if by_number(each) and _alias(each.sip_user) == _alias(device.sip_user))
        if (holder := next((other for other in same if other.id != device.id), None)) is not None:
            errors.append(FieldError("sip_user", "user-taken", names.get(holder.point, holder.point)))
    return errors


def is_account(device: Device) -> bool:
    """Return whether a device is known by its user name. That of an RTSP camera is known to the camera alone: all of a
    make may have the same."""
    return bool(device.auth_user) and device.protocol != "RTSP"


def _stream_faults(device: Device) -> list[FieldError]:
    known = _PATH.fullmatch(device.stream_path) is not None
    errors = [] if known else [FieldError("stream_path", "stream-path-format", device.stream_path[:64])]
    if device.protocol == "RTSP" and device.transport == "TLS":
        errors.append(FieldError("transport", "one-of", "UDP, TCP"))
    return errors


def _media_faults(device: Device) -> list[FieldError]:
    written = device.media_addresses.split()
    try:
        known = len(written) <= MAX_MEDIA_ADDRESSES and all(address(each) for each in written)
    except ValueError:
        known = False
    return [] if known else [FieldError("media_addresses", "media-addresses", device.media_addresses[:64])]


def secret_faults(device: Device, kept: Mapping[SipSecret, str], given: Mapping[SipSecret, str]) -> list[FieldError]:
    """Return what is wrong with the secrets of a device, those it has and those it is given, beside its user parts.

    Words: ``required`` ``pin-format`` ``password-format`` ``account-password-length`` ``token-length``.
    """
    secrets = {**kept, **given}
    errors = [
        FieldError(name, f"{name}-format") for name, text in secrets.items() if not _SECRETS[name].fullmatch(text)
    ]
    if PIN_PLACE in device.sip_user and not secrets.get("pin"):
        errors.append(FieldError("pin", "required"))
    if device.protocol in HTTP_PROTOCOLS:
        token = secrets.get("password", "")
        errors += [] if len(token) >= MIN_TOKEN else [FieldError("password", "token-length", str(MIN_TOKEN))]
    elif bool(device.auth_user) != bool(secrets.get("password")):
        errors.append(FieldError("password" if device.auth_user else "auth_user", "required"))
    elif proves_itself(device) and given.get("password") and len(given["password"]) < MIN_PASSWORD:
        errors.append(FieldError("password", "account-password-length", str(MIN_PASSWORD)))
    return errors


def proves_itself(device: Device) -> bool:
    """Return whether a device proves by its password who it is. The account of another system is ours there."""
    return device.kind in ROOM_SYSTEMS and device.kind != "LINK" and is_account(device)


def by_number(device: Device) -> bool:
    """Return whether the gatekeeper of H.323 is to say where a device is: its number is known, and no address."""
    return device.protocol == "H323" and device.address is None and bool(device.sip_user)


def needs_address(device: Device, access_lines: Sequence[AccessLine], policy: Policy) -> bool:
    """Return whether a device must have an address to be called at (Điều 11.7).

    A link to another system must, unless a gatekeeper finds it, and a camera that we fetch from; a VCS must where the
    rule of one of its lines says so.
    """
    if device.kind == "LINK" or device.protocol == "RTSP":
        return not by_number(device)
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
    there = (other for other in others if other.address == address_ and other.id != device.id)
    holder = next((other for other in there if not _told_apart(device, other)), None)
    if holder is not None:
        errors.append(FieldError("address", "address-taken", names.get(holder.point, holder.point)))
    return errors


def names(device: Device) -> set[str]:
    """Return the names by which a device is told apart from others at its address, behind one SBC or NAT: of a camera
    its port and stream, as a recorder at one address has those of many cameras."""
    if device.protocol == "RTSP":
        return {f"{device.port or ''}/{device.stream_path.lstrip('/')}"}
    return {device.sip_user, device.auth_user} - {""}


def _told_apart(one: Device, other: Device) -> bool:
    """Return whether two devices at one address have different names: also without the PIN, which names nobody."""
    own, others = ({_alias(name) for name in names(each)} for each in (one, other))
    return bool(own or others) and not own & others


def _alias(name: str) -> str:
    before, _, after = name.partition(PIN_PLACE)
    return before.rstrip("*#.") + after


def overdue(device: Device, day: date, days: int) -> bool:
    """Return whether a device was last updated more than so many days ago (R-038); None is not overdue."""
    return device.patched is not None and (day - device.patched).days > days
