"""`python -m tests.fuzz` feeds every parser with mutated input, guided by the branches it reaches (Atheris, libFuzzer).

Each target runs in a process of its own, as many at once as there are cores: a copy of the first one (fork), which has
imported the parsers. An input that crashes one is kept in `tests/fuzz/corpus/<target>/` and is a regression test from
then on (`tests/fuzz/test_corpus.py`).
"""

import argparse
import gc
import multiprocessing
import os
import re
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr
from importlib.util import find_spec
from io import StringIO
from multiprocessing.connection import wait
from pathlib import Path
from typing import NoReturn

from tests.fuzz.target import Target

CORPUS = Path(__file__).parent / "corpus"
WORKING_CORPUS = Path("build/fuzz")
"""Inputs that reached new branches; reused by later runs on this machine, and safe to delete."""
ROOT = Path(__file__).parents[2]
INSTRUMENTED = (
    "loadtest.endpoint.sdp_answer",
    "loadtest.endpoint.rtcp",
    "mediaserver.bfcp",
    "mediaserver.fecc",
    "mediaserver.rpc.protocol",
    "mediaserver.recording.files",
    "mediaserver.audio.input",
    "mediaserver.audio.jitter_buffer",
    "mediaserver.rpc.reply_check",
    "mediaserver.congestion",
    "mediaserver.peer.forwarder",
    "mediaserver.pipe.records",
    "mediaserver.pipe.remote_seat",
    "mediaserver.rtp",
    "mediaserver.sdp",
    "mediaserver.recording.encrypted_file",
    "mediaserver.transport.framing",
    "mediaserver.transport.ice",
    "mediaserver.transport.peer_path",
    "mediaserver.transport.stun",
    "mediaserver.video.scaler",
    "scheduler.files.file_type",
    "scheduler.files.spreadsheet",
    "scheduler.inbound_mail",
    "scheduler.units.naming",
    "scheduler.policy.policy",
    "scheduler.policy.profile_files",
    "scheduler.units.units_file",
    "scheduler.booking.sessions.script_spreadsheet",
    "scheduler.files.safe_zip",
    "signaling.accounts.sso.id_token",
    "signaling.accounts.sso.ldap_message",
    "signaling.accounts.sso.settings",
    "signaling.accounts.security_keys",
    "signaling.app.admin_cli",
    "signaling.app.known_vulnerabilities",
    "signaling.app.secrets_file",
    "signaling.app.setup.answers",
    "signaling.app.setup.environment_file",
    "signaling.booking.session_costs",
    "signaling.messages.joining",
    "signaling.messages.layouts",
    "signaling.messages.seats",
    "signaling.messages.server",
    "signaling.mail.chat_groups",
    "signaling.mail.imap",
    "signaling.http.byte_ranges",
    "signaling.http.clamd",
    "signaling.http.proxy_protocol",
    "signaling.http.route",
    "signaling.directory.spreadsheets",
    "signaling.cameras.rtsp_message",
    "signaling.cascade.client",
    "signaling.meeting.state.chat",
    "signaling.meeting.state.neighbour_meetings",
    "signaling.messages.base",
    "signaling.h323",
    "signaling.sip",
)
"""Modules whose branches are observed; each makes the start slower."""
MAX_BYTES = 8192
MAX_INPUT_S = 10
"""Seconds after which an input counts as a crash, since it would stop the server's event loop."""
MAX_MEMORY_MB = 2048
OVERHEAD_S = 180
"""Longest seconds that a process may take besides fuzzing: what else runs may have both cores."""
FORK = multiprocessing.get_context("fork")


def main() -> int:
    """Fuzz one target, several, or all of them; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", help="only these; a single one in this process")
    parser.add_argument("--seconds", type=int, default=200, help="in all, shared by the targets (default 200)")
    arguments = parser.parse_args()
    if find_spec("atheris") is None:
        print("Atheris has no wheel for this machine, so nothing is fuzzed; the kept inputs are tested nevertheless.")
        return 0
    targets = instrumented_targets()
    if len(arguments.target) == 1:
        (name,) = arguments.target
        fuzz(name, targets[name], arguments.seconds)
    return fuzz_all({name: targets[name] for name in arguments.target or targets}, arguments.seconds)


def instrumented_targets() -> Mapping[str, Target]:
    """Import the targets, and with them the parsers, whose branches are observed from then on."""
    import atheris  # noqa: PLC0415 - only fuzzing needs it, and it has no wheels for every machine

    with (
        redirect_stderr(StringIO()),  # a line for every module
        atheris.instrument_imports(include=list(INSTRUMENTED), exclude=not_instrumented()),
    ):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - imported under instrumentation
    # A full collection would count as the time of an input: 0.5 s under the sanitizers, where each process copies the
    # pages of all objects that it inherits.
    gc.collect()
    gc.freeze()
    return TARGETS


def fuzz(name: str, target: Target, seconds: int) -> NoReturn:
    """Fuzz one target; libFuzzer ends the process, with a status other than 0 after a crash."""
    import atheris  # noqa: PLC0415 - only fuzzing needs it, and it has no wheels for every machine

    working, corpus = WORKING_CORPUS / name, CORPUS / name
    for folder in (working, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    for at, seed in enumerate(target.seeds):
        (working / f"seed-{at}").write_bytes(seed)
    options: dict[str, object] = {
        "max_total_time": seconds,
        "max_len": MAX_BYTES,
        "timeout": MAX_INPUT_S,
        "rss_limit_mb": MAX_MEMORY_MB,
        "artifact_prefix": f"{corpus}/",
        "verbosity": 0,
        "print_final_stats": 1,
    }
    if words := sorted(_dictionary(target.seeds)):  # libFuzzer refuses an empty dictionary
        options["dict"] = WORKING_CORPUS / f"{name}.dict"
        (WORKING_CORPUS / f"{name}.dict").write_text("".join(f'"{word}"\n' for word in words))
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(working)], target.check)
    atheris.Fuzz()
    raise AssertionError("libFuzzer ends the process")


def not_instrumented() -> list[str]:
    """Return our modules that are not instrumented; Atheris would instrument all modules of their packages."""
    packages = sorted({name.partition(".")[0] for name in INSTRUMENTED})
    paths = [path.relative_to(ROOT) for package in packages for path in (ROOT / package).rglob("*.py")]
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not f"{name}.".startswith(tuple(f"{each}." for each in INSTRUMENTED))]


def _dictionary(seeds: Iterable[bytes]) -> set[str]:
    """Return names and numbers of a format for libFuzzer's dictionary, which mutation alone would hardly find."""
    return {word.decode() for seed in seeds for word in re.findall(rb"[A-Za-z0-9][A-Za-z0-9+/_-]{2,40}", seed)}


def fuzz_all(targets: Mapping[str, Target], seconds: int) -> int:
    """Fuzz targets, about `seconds` in all, as many at once as there are cores; return 1 when anything crashed.

    One thread begins them all: a fork of a process with several threads may copy a lock that another thread holds.
    """
    cores = os.cpu_count() or 1
    each = max(1, seconds * cores // len(targets))
    waiting, running, passed = deque(targets.items()), list[Run](), True
    while waiting or running:
        while waiting and len(running) < cores:
            running.append(Run(*waiting.popleft(), each))
        wait([run.sentinel for run in running], max(0.0, min(run.deadline for run in running) - time.monotonic()))
        ended = [run for run in running if run.is_over(time.monotonic())]
        running = [run for run in running if run not in ended]
        for run in ended:
            passed &= run.end()
    return 0 if passed else 1


class Run:
    """Fuzzes one target in a process of its own for some seconds."""

    def __init__(self, name: str, target: Target, seconds: int) -> None:
        self._name, self._seconds = name, seconds
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        self._process = FORK.Process(target=_fuzz_into, args=(self._output.fileno(), name, target, seconds))
        self._process.start()
        self.sentinel = self._process.sentinel
        self.deadline = time.monotonic() + seconds + OVERHEAD_S

    def is_over(self, now: float) -> bool:
        """Return whether the process has ended, or should have."""
        return self._process.exitcode is not None or now >= self.deadline

    def end(self) -> bool:
        """Print how the process ended; return False if it crashed or hung."""
        with self._output:
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
                print(f"{self._name}: did not end", flush=True)
                return False
            self._output.seek(0)
            text = self._output.read().decode("utf-8", "replace")
        if self._process.exitcode:
            print(f"{self._name}: CRASHED\n{text[-4000:]}", flush=True)
            return False
        units = next((line.split()[-1] for line in text.splitlines() if "number_of_executed_units" in line), "?")
        print(f"{self._name}: {units} inputs in {self._seconds} s", flush=True)
        return True


def _fuzz_into(output: int, name: str, target: Target, seconds: int) -> None:
    """Fuzz one target with standard output and errors in a file."""
    for stream in (1, 2):
        os.dup2(output, stream)
    fuzz(name, target, seconds)


if __name__ == "__main__":
    sys.exit(main())
