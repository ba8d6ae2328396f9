"""Knows the names and addresses of registered room systems, for questions that each datagram and connection asks."""

import ipaddress
from collections.abc import Iterable, Mapping

from scheduler.directory.equipment.devices import ROOM_SYSTEMS, names, proves_itself
from scheduler.directory.model import Binding, Device


class RegisteredPeers:
    """The names and addresses as of the last `update`; none before the first."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._proving: frozenset[str] = frozenset()
        self._addresses: frozenset[str] = frozenset()

    def update(self, devices: Iterable[Device], bindings: Mapping[str, Binding]) -> None:
        """Take the devices of the register, and where those with a password take calls."""
        rooms = [each for each in devices if each.kind in ROOM_SYSTEMS]
        where = [each.address for each in rooms] + [bindings[each.id].host for each in rooms if each.id in bindings]
        self._names = frozenset(name for each in rooms for name in names(each))
        self._proving = frozenset(name for each in rooms if proves_itself(each) for name in names(each))
        self._addresses = frozenset(str(ipaddress.ip_address(each)) for each in where if each)

    def names_device(self, user: str) -> bool:
        """Return whether a room system has this number or user name."""
        return user in self._names

    def proves_itself(self, user: str) -> bool:
        """Return whether a room system with this number or user name proves by a password who it is."""
        return user in self._proving

    def has_address(self, host: str) -> bool:
        """Return whether a room system is registered with this address, or takes calls there."""
        return host in self._addresses
