"""Checks the type and rate of access lines (Điều 6.3, reading A6). Pure."""

import ipaddress
from collections.abc import Sequence
from typing import Literal

from scheduler.core.errors import FieldError
from scheduler.directory.model import AccessLine
from scheduler.policy.directory_rules import LineRule
from scheduler.policy.policy import Policy

MAX_RANGES = 20


def ranges(text: str) -> tuple[str, ...]:
    """Read networks separated by blanks or commas, such as ``10.79.0.0/16``. Raises ValueError."""
    found = [str(ipaddress.ip_network(part, strict=False)) for part in text.replace(",", " ").split()]
    if len(found) > MAX_RANGES:
        raise ValueError(f"more than {MAX_RANGES} networks")
    return tuple(dict.fromkeys(found))


def within(address: str, networks: Sequence[str]) -> bool:
    """Return whether an address belongs to one of the networks."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in ipaddress.ip_network(network) for network in networks)


def faults(line: AccessLine, policy: Policy, level: str, exempt: bool) -> list[FieldError]:
    """Return why an access line does not suffice for its point.

    Words: ``line-type`` (not for this level), ``line-unmeasured``, ``line-slow-up``, ``line-slow-down``; the value of
    the slow ones is measured < needed, in Mbit/s.
    """
    rule = policy.directory.line(line.type)
    if rule is None or not (level in rule.levels or (exempt and line.type == "INTERNET")):
        return [FieldError("line", "line-type", line.type)]
    if rule.below == "warn":
        return []
    if line.up_kbps is None or line.down_kbps is None:
        return [FieldError("line", "line-unmeasured", line.type)]
    return slow(line.up_kbps, line.down_kbps, rule)


def warnings(line: AccessLine, policy: Policy) -> list[FieldError]:
    """Return in which directions a line is too slow where the rule only warns."""
    rule = policy.directory.line(line.type)
    return slow(line.up_kbps, line.down_kbps, rule) if rule is not None and rule.below == "warn" else []


def slow(up_kbps: int | None, down_kbps: int | None, rule: LineRule) -> list[FieldError]:
    """Return in which directions the measured rates are below a rule."""
    ways: tuple[tuple[Literal["up", "down"], int | None], ...] = (("up", up_kbps), ("down", down_kbps))
    return [
        FieldError("line", f"line-slow-{way}", f"{mbps(rate)} < {mbps(rule.min_kbps)}")
        for way, rate in ways
        if rate is not None and rate < rule.min_kbps
    ]


def internet_alone(lines: Sequence[AccessLine]) -> bool:
    """Return whether all access lines of a point are over the Internet, and there is one."""
    return bool(lines) and all(line.type == "INTERNET" for line in lines)


def lacks(lines: Sequence[AccessLine], policy: Policy, level: str, exempt: bool) -> list[FieldError]:
    """Return why none of a point's access lines suffices; one that does is enough."""
    if not lines:
        return [FieldError("line", "no-line")]
    faults_ = [faults(line, policy, level, exempt) for line in lines]
    return [] if [] in faults_ else [fault for each in faults_ for fault in each]


def mbps(kbps: int) -> str:
    """Return a rate in Mbit/s as it is written in Vietnamese: ``18,4``."""
    return f"{kbps / 1000:.3f}".rstrip("0").rstrip(".").replace(".", ",")
