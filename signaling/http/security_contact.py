"""The contact to which weaknesses of this installation are reported (RFC 9116). Pure."""

import re
from dataclasses import dataclass
from datetime import date

MAX_CONTACTS = 8
_URI = re.compile(r"mailto:[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,189}|https://[!-~]{1,500}|tel:\+?[0-9-]{3,20}")


@dataclass(frozen=True, slots=True)
class SecurityContact:
    """URIs of those who take reports, in order of preference, and the day on which this information expires (UTC)."""

    uris: tuple[str, ...]
    expires: date

    def text(self) -> str:
        """Return the content of security.txt."""
        contacts = "".join(f"Contact: {uri}\n" for uri in self.uris)
        return f"{contacts}Expires: {self.expires.isoformat()}T00:00:00Z\nPreferred-Languages: vi, en\n"


def parse_contacts(text: str) -> tuple[str, ...]:
    """Parse URIs with commas between (RFC 9116 §2.5.3). Raises ValueError."""
    uris = tuple(part.strip() for part in text.split(","))
    if len(uris) > MAX_CONTACTS or not all(_URI.fullmatch(uri) for uri in uris):
        raise ValueError("must look like mailto:attt@site.example,https://site.example/report,tel:+84-258-3822229")
    return uris
