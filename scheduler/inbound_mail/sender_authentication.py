"""Reads the receiving mail server's verdict on a letter's sender from Authentication-Results (RFC 8601). Pure.

Only fields with the server's own name count, the topmost for each method: anyone can write such a field into a letter,
below those of the server.

Decision 67 says why no library reads them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "fail", "none"]

METHODS = ("spf", "dkim", "dmarc")
_FAILED = {"fail", "softfail", "permerror", "policy"}
_RESULT = re.compile(r"(spf|dkim|dmarc)(?:/[0-9]+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?:smtp\.mailfrom|header\.d|header\.from)\s*=\s*(?:\"?[^\s;\"@]*@)?([a-z0-9.-]+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one authentication method (SPF, DKIM, DMARC), and the domain it is for."""

    method: str
    result: str
    domain: str

    def __str__(self) -> str:
        return f"{self.method}={self.result}" + (f" ({self.domain})" if self.domain else "")


def results(fields: Iterable[str], server: str) -> tuple[Result, ...]:
    """Return the results of `server` from the values of all Authentication-Results fields, topmost first."""
    by_method: dict[str, Result] = {}
    for field in fields:
        name, *stated = _without_comments(field).split(";")
        if server and name.split()[:1] == [server]:
            for result in filter(None, map(_result, stated)):
                by_method.setdefault(result.method, result)
    return tuple(by_method[method] for method in METHODS if method in by_method)


def _result(stated: str) -> Result | None:
    match = _RESULT.match(stated.strip())
    domain = _DOMAIN.search(stated)
    return Result(match[1].lower(), match[2].lower(), domain[1].lower() if domain else "") if match else None


def _without_comments(field: str) -> str:
    outside, depth = [], 0
    for letter in field:
        depth += letter == "("
        if not depth:
            outside.append(letter)
        depth -= letter == ")" and depth > 0
    return "".join(outside)


def verdict(results: Iterable[Result], sender: str) -> Verdict:
    """Return whether the sender's domain vouches for a letter: a method passed for it, or one failed.

    A domain vouches for its subdomains (relaxed alignment, RFC 7489 §3.1). DMARC counts only for the sender's domain.
    """
    domain = sender.rpartition("@")[2]
    stated = list(results)
    if any(each.result == "pass" and _aligned(each, domain) for each in stated):
        return "pass"
    return "fail" if any(each.result in _FAILED or each.result == "pass" for each in stated) else "none"


def _aligned(result: Result, domain: str) -> bool:
    if not result.domain:
        return result.method == "dmarc"
    return domain == result.domain or ("." in result.domain and domain.endswith(f".{result.domain}"))
