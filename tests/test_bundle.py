"""The scripts of the bundle: what they refuse before they do anything. `make bundle-drill` installs and upgrades."""

import os
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "deploy" / "bundle"
JOURNALD = Path("/usr/lib/systemd/systemd-journald")
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


@pytest.mark.parametrize("script", sorted((ROOT / "loadtest/drills").glob("*.sh")), ids=lambda path: path.name)
def test_a_drill_that_is_a_script_can_be_read(script: Path) -> None:
    assert run("bash", "-n", script) == (0, "")


def test_the_package_runs_the_scripts_of_dpkg_as_they_are_named() -> None:
    names = {path.name for path in SCRIPTS}
    assert {"postinst", "prerm", "postrm"} <= names
    assert {path.name for path in BUNDLE.iterdir()} - names == {"control", "nftables.conf", "sysusers.conf"}


def test_nothing_is_made_without_a_key(tmp_path: Path) -> None:
    status, words = run(BUNDLE / "build.sh")
    usage = f"{BUNDLE}/build.sh FILE [--image]: an OpenPGP secret key to sign by"
    assert (status, words.partition("usage: ")[2]) == (2, usage)
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


def test_the_package_has_the_same_bytes_whoever_makes_it_and_wherever(tmp_path: Path) -> None:
    made = [package(tmp_path / "one", 0o022, 0o644), package(tmp_path / "below" / "two", 0o077, 0o600)]
    first, second = (path.read_bytes() for path in made)
    assert first == second
    listed = subprocess.run(["dpkg-deb", "--contents", made[0]], capture_output=True, text=True, check=True).stdout
    entries = [line.split(maxsplit=5) for line in listed.splitlines()]
    assert {(owner, day, time) for _, owner, _, day, time, _ in entries} == {("root/root", "2023-11-14", "22:13")}
    assert {mode for mode, *_ in entries} == {"drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"}
    (wheel,) = (entry for entry in entries if entry[5].endswith(".whl"))
    assert (wheel[0], wheel[2]) == ("-rw-r--r--", "5")


def package(checkout: Path, umask: int, mode: int) -> Path:
    """Make the package in a copy of what it takes of the checkout, with files of a mode, from a wheel; return it."""
    for name in ("deploy", "docs/licences.md", "CHANGELOG.md", "pyproject.toml", "wheels/x-1-py3-none-any.whl"):
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name == "deploy":
            shutil.copytree(ROOT / name, target)
        elif name.startswith("wheels"):
            target.write_bytes(b"wheel")
        else:
            shutil.copyfile(ROOT / name, target)
        target.chmod(mode | 0o100 * target.is_dir())
    subprocess.run(
        [checkout / "deploy" / "bundle" / "package.sh", checkout / "wheels", checkout],
        env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000", "TZ": "UTC"},
        umask=umask,
        check=True,
    )
    (file,) = checkout.glob("diemcau_*.deb")
    return file


def test_journald_knows_every_setting_of_ours() -> None:
    settings = ConfigParser(delimiters="=")
    settings.optionxform = str  # type: ignore[assignment, method-assign]  # as its documentation says
    settings.read(ROOT / "deploy" / "journald.conf")
    assert settings.sections() == ["Journal"]
    assert {name: settings["Journal"][name] for name in ("Storage", "SystemMaxUse", "MaxRetentionSec")} == {
        "Storage": "persistent",
        "SystemMaxUse": "4G",
        "MaxRetentionSec": "1year",
    }
    if not JOURNALD.exists():
        pytest.skip("systemd is not installed")
    names = JOURNALD.read_bytes()
    assert [name for name in settings["Journal"] if f"Journal.{name}\0".encode() not in names] == []
