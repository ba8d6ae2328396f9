"""Checks the answer to a challenge for a password (RFC 7616) in a SIP message, apart from the server's own code.

sipp checks `Authorization` (`verifyauth`), and no `Proxy-Authorization`.
"""

import hashlib
import re

_VALUE = re.compile(r'(\w+)="?([^",]*)"?')


def proves(message: str, user: str, password: str) -> bool:
    """Return whether a request, which is named in its first line, proves a user's password with qop `auth`."""
    found = re.search(r"^(?:Proxy-)?Authorization: Digest (.*)$", message, re.MULTILINE | re.IGNORECASE)
    given = dict(_VALUE.findall(found[1])) if found else {}
    if not given.keys() >= {"realm", "nonce", "uri", "response", "nc", "cnonce"}:
        return False

    def digest(*parts: str) -> str:
        hashing = hashlib.sha256 if given.get("algorithm") == "SHA-256" else hashlib.md5
        return hashing(":".join(parts).encode()).hexdigest()

    secret = digest(user, given["realm"], password)
    request = digest(message.partition(" ")[0], given["uri"])
    expected = digest(secret, given["nonce"], given["nc"], given["cnonce"], "auth", request)
    return (given.get("username"), given["response"]) == (user, expected)
