"""Packages are compared with a list in the OSV format, as OSV publishes it; what cannot be read never looks clean."""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from signaling.app.known_vulnerabilities import (
    BadList,
    Package,
    compare,
    installed,
    lines,
    main,
    read_components,
    read_list,
)

ADVISORY: dict[str, Any] = {
    "id": "GHSA-5m98-qgg9-wh84",
    "summary": "aiohttp vulnerable to Denial of Service when trying to parse malformed POST requests",
    "details": "An attacker can send a specially crafted POST request.\n",
    "aliases": ["CVE-2024-30251"],
    "modified": "2026-02-04T03:31:54.012345Z",
    "published": "2024-05-02T18:25:01Z",
    "references": [{"type": "WEB", "url": "https://nvd.nist.gov/vuln/detail/CVE-2024-30251"}],
    "affected": [
        {
            "package": {"name": "aiohttp", "ecosystem": "PyPI", "purl": "pkg:pypi/aiohttp"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.9.4"}]}],
            "versions": ["3.9.2", "3.9.3"],
            "database_specific": {"source": "https://github.com/github/advisory-database"},
        }
    ],
    "schema_version": "1.7.3",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
}
SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [
        {"type": "library", "name": "aiohttp", "version": "3.9.3", "purl": "pkg:pypi/aiohttp@3.9.3"},
        {"type": "library", "name": "PyYAML", "version": "6.0.2", "purl": "pkg:pypi/pyyaml@6.0.2"},
        {"type": "library", "name": "libvpx", "version": "1.15"},
    ],
}
AIOHTTP = Package("aiohttp", "3.9.3")


def found(advisory: dict[str, Any], *packages: Package) -> list[str]:
    comparison = compare(packages, [("GHSA.json", json.dumps(advisory))])
    return [each.package.version for each in comparison.findings]


def with_affected(**changed: Any) -> dict[str, Any]:
    return {**ADVISORY, "affected": [{**ADVISORY["affected"][0], **changed}]}


def ranged(*events: dict[str, str]) -> dict[str, Any]:
    return with_affected(versions=[], ranges=[{"type": "ECOSYSTEM", "events": list(events)}])


def test_a_package_of_the_bundle_that_is_affected_is_named_with_what_mends_it() -> None:
    packages = read_components(json.dumps(SBOM))
    assert packages == [AIOHTTP, Package("pyyaml", "6.0.2")]
    comparison = compare(packages, [("GHSA.json", json.dumps(ADVISORY))])
    assert list(lines(comparison, len(packages))) == [
        "aiohttp 3.9.3: GHSA-5m98-qgg9-wh84, CVE-2024-30251: aiohttp vulnerable to Denial of Service when trying to "
        "parse malformed POST requests (fixed in 3.9.4)",
        "2 packages, 1 affected; advisories: 1, the newest of 2026-02-04",
    ]


@pytest.mark.parametrize(
    ("advisory", "affected"),
    [
        (ranged({"introduced": "0"}, {"fixed": "3.9.4"}), True),
        (ranged({"introduced": "0"}, {"fixed": "3.9.3"}), False),
        (ranged({"introduced": "3.10"}, {"fixed": "3.11"}), False),
        (ranged({"introduced": "3.9.3"}), True),
        (ranged({"introduced": "0"}, {"last_affected": "3.9.3"}), True),
        (ranged({"introduced": "0"}, {"last_affected": "3.9.2"}), False),
        (ranged({"fixed": "3.0"}, {"introduced": "3.9"}, {"introduced": "0"}), True),
        (ranged({"introduced": "no version"}, {"fixed": "3.9.3"}), True),
        (with_affected(ranges=[]), True),
        (with_affected(ranges=[{"type": "GIT", "events": [{"introduced": "0"}]}], versions=["3.9.2"]), False),
        (with_affected(package={"name": "AIOHTTP", "ecosystem": "PyPI"}), True),
        (with_affected(package={"name": "aiohttp", "ecosystem": "Debian:13"}), False),
        ({**ADVISORY, "withdrawn": "2025-01-01T00:00:00Z"}, False),
    ],
)
def test_versions_are_compared_as_osv_says(advisory: dict[str, Any], affected: bool) -> None:
    assert found(advisory, AIOHTTP) == (["3.9.3"] if affected else [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[1]",
        '{"id": 5}',
        '{"id": "A", "affected": 5}',
        '{"id": "A", "affected": [5]}',
        '{"id": "A", "affected": [{"package": {"name": 5, "ecosystem": "PyPI"}}]}',
        json.dumps(with_affected(versions=5)),
        json.dumps(with_affected(versions=[], ranges=[{"events": []}])),
        "[" * 100_000,
    ],
)
def test_what_is_no_list_is_refused_and_does_not_look_clean(text: str) -> None:
    with pytest.raises(BadList):
        compare([AIOHTTP], [("list.json", text)])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"bomFormat": "CycloneDX", "components": []}'])
def test_a_list_of_contents_without_packages_is_refused(text: str) -> None:
    with pytest.raises(BadList):
        read_components(text)


def test_a_list_is_an_archive_a_folder_or_a_file(tmp_path: Path) -> None:
    folder, archive = tmp_path / "osv", tmp_path / "all.zip"
    folder.mkdir()
    (folder / "GHSA.json").write_text(json.dumps(ADVISORY))
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("GHSA.json", json.dumps(ADVISORY))
        made.writestr("readme.txt", "no advisory")
    expected = [("GHSA.json", json.dumps(ADVISORY))]
    assert [list(read_list(path)) for path in (folder, archive, folder / "GHSA.json")] == [expected] * 3


def test_the_command_says_that_there_is_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sbom, osv = tmp_path / "diemcau.cdx.json", tmp_path / "osv.json"
    sbom.write_text(json.dumps(SBOM))
    osv.write_text(json.dumps([ADVISORY]))

    def status(*words: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["diemcau vulnerabilities", *map(str, words)])
        return main()

    assert status() == 2
    assert "no list of known vulnerabilities: fetch https://osv-vulnerabilities" in capsys.readouterr().err
    assert status(tmp_path / "missing.zip") == 2
    assert status(osv, "--sbom", sbom) == 1
    assert "aiohttp 3.9.3" in capsys.readouterr().out
    assert status(osv) == 0
    assert "aiohttp" in {package.name for package in installed()}
