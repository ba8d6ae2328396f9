"""`diemcau vulnerabilities LIST` compares Python packages with a list of known vulnerabilities, without a network.

The list is what OSV publishes for PyPI: JSON objects in the OSV format (https://ossf.github.io/osv-schema/), as one
archive (`all.zip`), a folder of files, or one file. Packages are those of a list of contents (CycloneDX), or those that
are installed. The exit status is 1 where one of them is affected, and 2 without a list that can be read.
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ECOSYSTEM = "PyPI"
DUMP = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
MAX_BYTES = 64 << 20
"""Largest file of a list, or entry of an archive, that is read."""
PURL = "pkg:pypi/"
SHOWN = 100
"""Characters of a summary that are printed."""


class BadList(ValueError):
    """A list cannot be read; its text says where and why."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package by its normalized name (PEP 503) and its version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A package that an advisory affects, its other names (CVE), and the versions that mend it."""

    package: Package
    id: str
    aliases: tuple[str, ...]
    summary: str
    fixed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Result of a comparison: the number of advisories, the day of the newest, and those that affect packages."""

    advisories: int
    newest: str
    findings: tuple[Finding, ...]


def read_components(text: str) -> list[Package]:
    """Return the Python packages of a list of contents (CycloneDX, JSON). Raises BadList."""
    found = _object(text, "the list of contents")
    components = found.get("components")
    if found.get("bomFormat") != "CycloneDX" or not isinstance(components, list):
        raise BadList("the list of contents is none of CycloneDX")
    purls = [str(each.get("purl", "")) for each in components if isinstance(each, dict)]
    packages = [_of_purl(purl) for purl in purls if purl.startswith(PURL)]
    if not packages:
        raise BadList("the list of contents names no Python package")
    return packages


def _of_purl(purl: str) -> Package:
    name, _, version = purl.removeprefix(PURL).partition("?")[0].partition("@")
    return Package(canonicalize_name(unquote(name)), unquote(version))


def installed() -> list[Package]:
    """Return the Python packages that this program runs with."""
    found = {canonicalize_name(each.metadata["Name"]): each.version for each in metadata.distributions()}
    return [Package(name, version) for name, version in sorted(found.items())]


def read_list(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file of a list: of an archive, of a folder, or the one that it is.

    Raises BadList for what is too large or damaged, OSError.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield file.name, _text(file.name, file.stat().st_size, file.read_bytes)
    elif zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if entry.filename.endswith(".json"):
                        yield entry.filename, _text(entry.filename, entry.file_size, partial(archive.read, entry))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise BadList(f"{path}: {error}") from None
    else:
        yield path.name, _text(path.name, path.stat().st_size, path.read_bytes)


def _text(name: str, size: int, read: Callable[[], bytes]) -> str:
    if size > MAX_BYTES:
        raise BadList(f"{name} has more than {MAX_BYTES >> 20} MiB")
    try:
        return read().decode("utf-8")
    except UnicodeDecodeError:
        raise BadList(f"{name} is no text in UTF-8") from None


def compare(packages: Iterable[Package], files: Iterable[tuple[str, str]]) -> Comparison:
    """Compare packages with the advisories of a list. Raises BadList: what cannot be read must not look clean."""
    by_name = {package.name: package for package in packages}
    count, newest = 0, ""
    findings: list[Finding] = []
    for name, text in files:
        for advisory in _advisories(text, name):
            count += 1
            newest = max(newest, str(advisory.get("modified", ""))[:10])
            if not advisory.get("withdrawn"):
                findings += _affected(advisory, by_name, name)
    if not count:
        raise BadList("the list has no advisory")
    return Comparison(count, newest, tuple(sorted(findings, key=lambda each: (each.package.name, each.id))))


def _advisories(text: str, name: str) -> list[Mapping[str, Any]]:
    """Return the advisories of a file, which has one or a list of them. Raises BadList."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadList(f"{name} is no JSON") from None
    advisories = found if isinstance(found, list) else [found]
    for each in advisories:
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            raise BadList(f"{name} is no advisory in the OSV format")
        if not isinstance(each.get("affected", []), list):
            raise BadList(f"{name}: affected: a list is expected")
    return advisories


def _affected(advisory: Mapping[str, Any], by_name: Mapping[str, Package], name: str) -> Iterator[Finding]:
    for affected in advisory.get("affected", []):
        try:
            of = affected["package"]
            package = by_name.get(canonicalize_name(of["name"])) if of["ecosystem"] == ECOSYSTEM else None
            if package is not None and _affects(affected, package.version):
                yield _finding(advisory, affected, package)
        except (TypeError, KeyError, AttributeError):
            raise BadList(f"{name}: affected: not as the OSV format has it") from None


def _affects(affected: Mapping[str, Any], version: str) -> bool:
    """Return whether a version is listed, or within a range; one that cannot be compared counts as affected."""
    if version in affected.get("versions", []):
        return True
    ranges = [each for each in affected.get("ranges", []) if each["type"] == "ECOSYSTEM"]
    try:
        ours = Version(version)
        return any(_within(each["events"], ours) for each in ranges)
    except InvalidVersion:
        return True


def _within(events: Iterable[Mapping[str, str]], ours: Version) -> bool:
    """Return whether a version is in a range, by its events in the order of their versions (OSV, "Evaluation")."""
    within = False
    ordered = sorted(
        ((kind, text) for event in events for kind, text in event.items()), key=lambda each: Version(each[1])
    )
    for kind, text in ordered:
        if kind == "introduced" and (text == "0" or ours >= Version(text)):
            within = True
        elif (kind == "fixed" and ours >= Version(text)) or (kind == "last_affected" and ours > Version(text)):
            within = False
    return within


def _finding(advisory: Mapping[str, Any], affected: Mapping[str, Any], package: Package) -> Finding:
    events = [event for each in affected.get("ranges", []) for event in each["events"] if each["type"] == "ECOSYSTEM"]
    fixed = tuple(dict.fromkeys(str(event["fixed"]) for event in events if "fixed" in event))
    summary = str(advisory.get("summary") or advisory.get("details") or "").strip().partition("\n")[0][:SHOWN]
    return Finding(package, advisory["id"], tuple(map(str, advisory.get("aliases", []))), summary, fixed)


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadList(f"{what} is no JSON") from None
    if not isinstance(found, dict):
        raise BadList(f"{what} is no JSON object")
    return found


def lines(comparison: Comparison, count: int) -> Iterator[str]:
    """Yield what was found as lines of text."""
    for each in comparison.findings:
        names = ", ".join((each.id, *each.aliases))
        fixed = f"fixed in {', '.join(each.fixed)}" if each.fixed else "no fixed version is known"
        yield f"{each.package.name} {each.package.version}: {names}: {each.summary} ({fixed})"
    affected = len({each.package for each in comparison.findings})
    known = f"advisories: {comparison.advisories}, the newest of {comparison.newest}"
    yield f"{count} packages, {affected} affected; {known}"


def main() -> int:
    """Compare; return the exit status."""
    parser = argparse.ArgumentParser(prog="diemcau vulnerabilities", description=__doc__)
    parser.add_argument("list", type=Path, nargs="?", help=f"the list: {DUMP}, a folder, or a file")
    parser.add_argument("--sbom", type=Path, help="list of contents (diemcau.cdx.json of a bundle; default: installed)")
    arguments = parser.parse_args()
    if arguments.list is None:
        print(f"diemcau: no list of known vulnerabilities: fetch {DUMP} where there is a network", file=sys.stderr)
        return 2
    try:
        packages = installed() if arguments.sbom is None else read_components(arguments.sbom.read_text("utf-8"))
        comparison = compare(packages, read_list(arguments.list))
    except (BadList, UnicodeDecodeError, OSError) as error:
        print(f"diemcau: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines(comparison, len(packages))))
    return 1 if comparison.findings else 0


if __name__ == "__main__":
    sys.exit(main())
