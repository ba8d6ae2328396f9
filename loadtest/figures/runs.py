"""Runs tests, drills and the fuzzer of this checkout, each as a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from loadtest.figures.figure import BrokeOff, NotMeasured, Part
from loadtest.progress import PrintLine

ROOT = Path(__file__).parents[2]
NAMESPACE = "tests/e2e/netns.sh"
CHROMIUM = "/usr/bin/chromium"
NO_DISK = "cannot mount a small disk"
"""What a drill says where it may not mount one."""
LONGEST_S = 7200
"""Seconds after which a run is taken for one that hangs."""
LAST_LINES = 3


class LocalRuns:
    """Runs what is in this checkout; `print_line` tells of each run."""

    def __init__(self, print_line: PrintLine) -> None:
        self._print_line = print_line

    def tests(self, *names: str, repeats: int = 1) -> Part:
        """Run tests. Raises NotMeasured where there are none."""
        return self._pytest([], names, {"SOAK_REPEATS": str(repeats)})

    def browser_tests(self, *names: str) -> Part:
        """Run tests with browsers in a network namespace. Raises NotMeasured where one or the other is missing."""
        if not Path(CHROMIUM).exists():
            raise NotMeasured(f"{CHROMIUM} is not here")
        if subprocess.run([ROOT / NAMESPACE, "true"], capture_output=True, check=False).returncode:  # noqa: S603 - ours
            raise NotMeasured("network namespaces need root here")
        return self._pytest([str(ROOT / NAMESPACE)], names, {})

    def drill(self, name: str, points: int, times: int) -> dict[str, Any]:
        """Run a drill. Raises NotMeasured where it has no small disk, BrokeOff where it says nothing."""
        words = ["-m", "loadtest", "drills", name, "--points", str(points), "--times", str(times), "--json"]
        ended = self._run([sys.executable, *words])
        try:
            found: dict[str, Any] = json.loads(ended.stdout)
        except ValueError:
            if NO_DISK in ended.stderr:
                raise NotMeasured(_last(ended.stderr)) from None
            raise BrokeOff(f"the drill {name} broke off: {_last(ended.stderr)}") from None
        return found

    def flood(self) -> dict[str, Any]:
        """Send a whole server INVITEs for a minute. Raises BrokeOff where it says nothing."""
        ended = self._run([sys.executable, "-m", "loadtest", "rooms", "flood", "--json"])
        try:
            found: dict[str, Any] = json.loads(ended.stdout)["flood"]
        except (ValueError, KeyError):
            raise BrokeOff(f"the flood broke off: {_last(ended.stderr)}") from None
        return found

    def fuzz(self, seconds: int) -> str:
        """Fuzz all parsers. Raises NotMeasured where there is no fuzzer."""
        self._in_checkout()
        ended = self._run([sys.executable, "-m", "tests.fuzz", "--seconds", str(seconds)])
        if " inputs in " not in ended.stdout and "CRASHED" not in ended.stdout:
            raise NotMeasured(_last(ended.stdout + ended.stderr))
        return ended.stdout

    def compliance(self) -> dict[str, dict[str, Any]]:
        """Return the rows of docs/compliance.md. Raises NotMeasured."""
        self._in_checkout()
        ended = self._run([sys.executable, "-m", "tests.compliance", "--json"])
        if ended.returncode:
            raise BrokeOff(_last(ended.stderr))
        found: dict[str, dict[str, Any]] = json.loads(ended.stdout)
        return found

    def _pytest(self, before: Sequence[str], names: Sequence[str], environment: Mapping[str, str]) -> Part:
        self._in_checkout()
        with tempfile.TemporaryDirectory(prefix="diemcau-figures-") as folder:
            results = Path(folder) / "results.xml"
            words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "", f"--junitxml={results}", *names]
            ended = self._run([*before, sys.executable, *words], environment)
            if not results.exists():
                raise BrokeOff(f"pytest broke off: {_last(ended.stdout + ended.stderr)}")
            return outcome(results.read_text("utf-8"))

    def _in_checkout(self) -> None:
        if not (ROOT / "tests").is_dir():
            raise NotMeasured("the tests are not here: it needs a checkout")

    def _run(
        self, words: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        self._print_line(" ".join(word for word in words if not word.startswith("--junitxml")))
        env = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        return subprocess.run(  # noqa: S603 - of ours
            words, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )


def outcome(results: str) -> Part:
    """Return what became of tests by their JUnit XML, which pytest wrote: skipped ones are not measured."""
    cases = list(ElementTree.fromstring(results).iter("testcase"))  # noqa: S314 - written by our own pytest
    failed = [
        f"{case.get('name')}" for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    skipped = [str(each.get("message")) for case in cases if (each := case.find("skipped")) is not None]
    if failed:
        return Part(f"failed: {', '.join(failed)}", holds=False)
    if len(skipped) == len(cases):
        return Part(skipped[0] if skipped else "no test was found")
    note = f", {len(skipped)} left out ({skipped[0]})" if skipped else ""
    count = len(cases) - len(skipped)
    return Part(f"{count} test{'' if count == 1 else 's'} passed{note}", holds=True)


def _last(text: str) -> str:
    return " ".join(text.strip().splitlines()[-LAST_LINES:])[:300] or "it said nothing"


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    cpu = next(
        (
            line.partition(": ")[2]
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "?",
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count() or 1,
        "load_average": round(os.getloadavg()[0], 2),
        "python": ".".join(map(str, sys.version_info[:3])),
        "browsers": shutil.which("chromium") is not None,
    }
