"""The scripts of the bundle: what they refuse before they do anything. `make bundle-drill` installs and upgrades."""

import subprocess
from pathlib import Path

import pytest

BUNDLE = Path(__file__).parents[1] / "deploy" / "bundle"
SCRIPTS = sorted(path for path in BUNDLE.iterdir() if path.read_bytes().startswith(b"#!"))


def run(*words: str | Path) -> tuple[int, str]:
    """Run a script; return its exit status and what it says."""
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr.strip()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_run_and_read(script: Path) -> None:
    shell = "bash" if "bash" in script.read_text().partition("\n")[0] else "sh"
    assert script.stat().st_mode & 0o111 == 0o111
    assert run(shell, "-n", script) == (0, "")


def test_the_package_runs_the_scripts_of_dpkg_as_they_are_named() -> None:
    names = {path.name for path in SCRIPTS}
    assert {"postinst", "prerm", "postrm"} <= names
    assert {path.name for path in BUNDLE.iterdir()} - names == {"control", "nftables.conf", "sysusers.conf"}


def test_nothing_is_made_without_a_key(tmp_path: Path) -> None:
    status, words = run(BUNDLE / "build.sh")
    assert (status, words.partition("usage: ")[2]) == (2, f"{BUNDLE}/build.sh FILE: an OpenPGP secret key to sign by")
    missing = tmp_path / "key.asc"
    status, words = run(BUNDLE / "build.sh", missing)
    assert (status, words.partition(": ")[2]) == (
        2,
        f"no key to sign by in {missing}; an unsigned bundle would be refused",
    )


def test_a_bundle_without_a_signature_or_a_key_is_refused(tmp_path: Path) -> None:
    key, bundle = tmp_path / "key.asc", tmp_path / "bundle"
    bundle.mkdir()
    refused = run(BUNDLE / "verify.sh", bundle, key)
    assert refused == (1, f"diemcau: there is no key {key}: nothing is installed")
    key.write_text("no key")
    assert run(BUNDLE / "verify.sh", bundle, key) == (
        1,
        "diemcau: the bundle is not signed: nothing is installed",
    )
    (bundle / "SHA256SUMS").touch()
    (bundle / "SHA256SUMS.asc").write_text("no signature")
    status, words = run(BUNDLE / "verify.sh", bundle, key)
    assert (status, words.splitlines()[-1]) == (
        1,
        f"diemcau: the signature is of no key in {key}: nothing is installed",
    )
