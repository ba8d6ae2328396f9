"""Compares an observed device with its registration (Điều 11.5, 3.2; R-004, R-034, R-055). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.directory.equipment import codec_sets, lines
from scheduler.directory.model import AccessLine, Device, DeviceField, ObservedDevice
from scheduler.units.naming import key

LONGEST = 500


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference: the registered value and the observed one."""

    field: DeviceField
    old: str
    new: str


def compare(device: Device, name: str, access_lines: Sequence[AccessLine], seen: ObservedDevice) -> list[Drift]:
    """Return how a device differs from its registration.

    A value that is not registered, or was not observed, is no difference. `name` is the registered name. An address
    outside the networks of all the point's lines is a wrong line (R-004). A registered set of codecs must equal the one
    a device offers, and contain all codecs of its answer.
    """
    drifts = wrong_line(access_lines, seen.address)
    if seen.address and device.address and seen.address != device.address:
        drifts.append(Drift("address", device.address, seen.address))
    if seen.user_agent and device.user_agent and seen.user_agent[:LONGEST] != device.user_agent:
        drifts.append(Drift("user_agent", device.user_agent, seen.user_agent[:LONGEST]))
    registered = codec_sets.read(device.codecs)
    announced = seen.offered or registered | seen.answered
    if registered and announced != registered:
        drifts.append(Drift("codecs", device.codecs, codec_sets.write(announced)[:LONGEST]))
    if seen.name and key(seen.name) != key(name):
        drifts.append(Drift("name", name, seen.name[:LONGEST]))
    return drifts


def wrong_line(access_lines: Sequence[AccessLine], address: str) -> list[Drift]:
    """Return a drift if an address is outside the networks of all the point's lines (R-004).

    Empty if the address or the networks are not known.
    """
    networks = [network for line in access_lines for network in line.ranges]
    if not address or not networks or lines.within(address, networks):
        return []
    return [Drift("line", ", ".join(networks), address)]
