"""Names of points by Điều 6.4: one grammar, one comparison key, and the account slug.

    name     = base [ "." NN ]                 NN = 01..99, told apart devices of one point (R-033)
    literal  = "UBND.Khanh Hoa"                reserved for the province (R-029)
    register = Prefix "." Abbrev               kept by hand, never computed: So.NV, So.NgV (R-030)
    spaced   = "UBND." Word *( " " Word )      diacritics removed, spaces kept (R-031)
    joined   = ABBR "." 1*( Word )             diacritics and spaces removed (R-032)
    typed    = TYPE "." 1*( Word )             the same behind the kind of unit: P.NhaTrang (two tiers)
    free     = ASCII words, at most 40 characters, none of the other forms

Which level uses which form is policy data.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

from scheduler.policy.policy import LevelPolicy, Policy

MAX_FREE = 40
MAX_BASE = 60
MAX_DEVICES = 99

_SUFFIX = re.compile(r"\.(0[1-9]|[1-9][0-9])$")
_JOINED = re.compile(r"[A-Z]{2}\.(?:[A-Z][a-z]*)+")
_FREE = re.compile(r"[A-Za-z0-9]+(?:[ .][A-Za-z0-9]+)*")
_D_WITH_STROKE = str.maketrans("Đđ", "Dd")  # has no canonical decomposition


def fold(text: str) -> str:
    """Remove Vietnamese diacritics: Đặc khu → Dac khu."""
    decomposed = unicodedata.normalize("NFD", text.translate(_D_WITH_STROKE))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def key(name: str) -> str:
    """Return the form by which names are compared (R-034): NFC, without diacritics, case folded, single blanks."""
    return " ".join(fold(unicodedata.normalize("NFC", name)).casefold().split())


def slug(name: str) -> str:
    """Return the account form of a name, fit for logins and SIP user parts: ``ubnd.nha-trang.01``."""
    return key(name).replace(" ", "-")


def split(name: str) -> tuple[str, int | None]:
    """Split a name into its base and its device number, if it has one."""
    suffix = _SUFFIX.search(name)
    return (name[: suffix.start()], int(suffix[1])) if suffix else (name, None)


def device_names(name: str, devices: int, numbers: Sequence[int] = ()) -> tuple[str, ...]:
    """Return the names of the devices of a point: a single one has the name of the point (R-033).

    `numbers` distinguish several devices; if empty: 1, 2, …
    """
    if not 1 <= devices <= MAX_DEVICES:
        raise ValueError(f"{devices} devices")
    base, _ = split(name)
    return (name,) if devices == 1 else tuple(suffixed(base, number) for number in numbers or range(1, devices + 1))


def suffixed(base: str, number: int) -> str:
    """Return a name with the digits of a device: ``UBND.Nha Trang.02`` (R-033)."""
    return f"{base}.{number:02}"


class Names:
    """The naming rules of one policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._prefix = re.compile(f"(?:{'|'.join(map(re.escape, policy.naming.register_prefixes))})\\.[A-Z][A-Za-z]*")
        self._type_words = sorted((key(w) for w in policy.naming.type_words), key=len, reverse=True)
        self._abbr = {key(word): abbr for word, abbr in policy.naming.type_abbr.items()}
        self._typed = re.compile(f"(?:{'|'.join(self._abbr.values())})\\.(?:[A-Z][a-z]*)+")
        self._reserved = {key(lv.naming.text or ""): lv.id for lv in policy.levels if lv.naming.rule == "literal"}
        self._fits: dict[str, Callable[[LevelPolicy, str], bool]] = {
            "literal": lambda level, base: base == level.naming.text,
            "register": lambda _, base: self._prefix.fullmatch(base) is not None,
            "spaced": _fits_spaced,
            "joined": lambda _, base: _JOINED.fullmatch(base) is not None,
            "typed": lambda _, base: self._typed.fullmatch(base) is not None,
            "free": self._fits_free,
        }
        self._makes: dict[str, Callable[[LevelPolicy, str, str | None], str]] = {
            "literal": lambda level, name, abbr: level.naming.text or "",
            "spaced": lambda level, name, abbr: f"{level.naming.text}.{' '.join(self._words(name))}",
            "joined": lambda level, name, abbr: f"{abbr or ''}.{''.join(self._words(name))}",
            "typed": lambda level, name, abbr: f"{self._type_abbr(name)}.{''.join(self._words(name))}",
            "free": lambda level, name, abbr: " ".join(fold(name).split()),
        }

    def valid(self, level: LevelPolicy, name: str) -> bool:
        """Return whether a name, with or without a device suffix, has the form of a level."""
        base, _ = split(name)
        reserved_for = self._reserved.get(key(base), level.id)
        fits = self._fits[level.naming.rule](level, base)
        return fits and reserved_for == level.id and len(base) <= MAX_BASE

    def generate(self, level: LevelPolicy, unit_name: str, parent_abbr: str | None) -> str | None:
        """Return the name of a unit's point by the rule of its level; None if the rule gives no valid name."""
        make = self._makes.get(level.naming.rule)
        name = make(level, unit_name, parent_abbr) if make else None
        return name if name and split(name)[1] is None and self.valid(level, name) else None

    def label(self, level: LevelPolicy, unit_name: str) -> str:
        """Return the Vietnamese label of a unit's point: ``UBND phường Xương Huân`` for a place, else the name."""
        if level.naming.rule not in {"spaced", "joined", "typed"}:
            return unit_name
        lower = unit_name[0].lower() + unit_name[1:] if self._type_word(unit_name) else unit_name
        return f"{self._policy.naming.office} {lower}"

    def _type_word(self, unit_name: str) -> str | None:
        return next((word for word in self._type_words if key(unit_name).startswith(f"{word} ")), None)

    def _type_abbr(self, unit_name: str) -> str:
        return self._abbr.get(self._type_word(unit_name) or "", "")

    def _words(self, unit_name: str) -> list[str]:
        """Return the place name as ASCII words, each with one capital, without its type word."""
        type_word = self._type_word(unit_name)
        words = fold(unit_name).split()[len(type_word.split()) if type_word else 0 :]
        return [re.sub(r"['’-]", "", word).capitalize() for word in words]

    def _fits_free(self, _: LevelPolicy, base: str) -> bool:
        others = [level for level in self._policy.levels if level.naming.rule != "free"]
        taken = any(self._fits[level.naming.rule](level, base) for level in others)
        return len(base) <= MAX_FREE and _FREE.fullmatch(base) is not None and not taken


def _fits_spaced(level: LevelPolicy, base: str) -> bool:
    return re.fullmatch(rf"{re.escape(level.naming.text or '')}\.[A-Z][a-z]+(?: [A-Z][a-z]+)*", base) is not None
