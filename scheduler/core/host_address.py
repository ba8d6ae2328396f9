"""Reads hosts with or without a port, as URLs name them."""


def parse(text: str, default_port: int) -> tuple[str, int]:
    """Parse `10.0.0.1`, `db.example:5433`, `[2001:db8::1]` or `[2001:db8::1]:5433`. Raises ValueError."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
    else:
        host, closed, rest = text.partition(":")
        rest = closed + rest
    port = rest.removeprefix(":")
    if not host or (text.startswith("[") and not closed) or rest[:1] not in ("", ":"):
        raise ValueError(f"has {text!r} where a host is expected")
    if not port:
        return host, default_port
    if not port.isascii() or not port.isdecimal() or not 0 < int(port) <= 0xFFFF:
        raise ValueError(f"has {port!r} where a port is expected")
    return host, int(port)
