"""Reads and changes the file of a server's environment, as systemd (EnvironmentFile=) and a shell both read it.

Lines that are not changed stay as they are: comments, names of others, and the order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from signaling.core.errors import SettingsError

MAX_BYTES = 1 << 16
_LINE = re.compile(r"""[ \t]*([A-Za-z_]\w*)=(?:'([^'\\]*)'|"([^"\\$`]*)"|([^\s'"\\$`;&|<>()#~]*))[ \t]*""", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_./:,@%+=-]*")
_QUOTABLE = re.compile(r"[^'\\\x00-\x1f\x7f]*")


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """The lines of the file."""

    lines: tuple[str, ...] = ()

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read the file. Raises SettingsError, with the line, where systemd and a shell could read it differently."""
        if len(content) > MAX_BYTES:
            raise SettingsError(f"more than {MAX_BYTES} bytes")
        try:
            found = cls(tuple(content.decode("utf-8").split("\n")))
        except UnicodeDecodeError:
            raise SettingsError("not UTF-8") from None
        for number, line in enumerate(found.lines, 1):
            if not _empty(line) and _LINE.fullmatch(line) is None:
                raise SettingsError(f"line {number} is not NAME=value, plain or between quotes")
        return found

    @property
    def values(self) -> dict[str, str]:
        """Return the values by name; of several the last one counts."""
        matches = (_LINE.fullmatch(line) for line in self.lines if not _empty(line))
        return {match[1]: "".join(filter(None, match.groups()[1:])) for match in matches if match}

    def changed(self, values: Mapping[str, str | None]) -> "EnvironmentFile":
        """Return the file with other values; None removes one. Raises SettingsError for what no line can hold."""
        old, lines = self.values, []
        wanted = {name: value for name, value in values.items() if value != old.get(name)}
        last = {match[1]: at for at, line in enumerate(self.lines) if (match := _named(line))}
        for at, line in enumerate(self.lines):
            name = match[1] if (match := _named(line)) else ""
            value = wanted.get(name)
            if name not in wanted:
                lines.append(line)
            elif value is not None and last[name] == at:
                lines.append(_line(name, value))
        added = [_line(name, value) for name, value in wanted.items() if name not in last and value is not None]
        body = lines[:-1] if lines and not lines[-1] else lines
        return EnvironmentFile((*body, *added, "")) if wanted else self

    def text(self) -> str:
        """Return the file."""
        return "\n".join(self.lines)


def _empty(line: str) -> bool:
    return not line.strip() or line.lstrip()[0] in "#;"


def _named(line: str) -> re.Match[str] | None:
    return None if _empty(line) else _LINE.fullmatch(line)


def _line(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    if not _QUOTABLE.fullmatch(value):
        raise SettingsError(f"{name}: has a quote, a backslash or a control character")
    return f"{name}='{value}'"
