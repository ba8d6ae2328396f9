"""`python -m tests.fuzz` feeds every parser with mutated input, guided by the branches it reaches (Atheris, libFuzzer).

Each target runs in a process of its own, as many at once as there are cores. What crashes one is kept in
`tests/fuzz/corpus/<target>/` and is a regression test from then on (`tests/fuzz/test_corpus.py`).
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
GROWN = Path("build/fuzz")
"""Inputs that reached something new; kept between runs on one machine, and never needed."""
ROOT = Path(__file__).parents[2]
WATCHED = (
    "loadtest.endpoint.sdp_answer",
    "loadtest.endpoint.rtcp",
    "mediaserver.rpc.protocol",
    "mediaserver.recording.files",
    "mediaserver.audio.input",
    "mediaserver.audio.jitter_buffer",
    "mediaserver.rpc.reply_check",
    "mediaserver.congestion",
    "mediaserver.rtp",
    "mediaserver.sdp",
    "mediaserver.recording.encrypted_file",
    "mediaserver.transport.ice",
    "mediaserver.transport.stun",
    "scheduler.files.file_type",
    "scheduler.files.spreadsheet",
    "scheduler.inbound_mail",
    "scheduler.units.naming",
    "scheduler.policy.policy",
    "scheduler.policy.profile_files",
    "scheduler.units.units_file",
    "scheduler.booking.sessions.script_spreadsheet",
    "scheduler.files.safe_zip",
    "signaling.app.admin_cli",
    "signaling.messages.server",
    "signaling.mail.chat_groups",
    "signaling.mail.imap",
    "signaling.http.byte_ranges",
    "signaling.http.route",
    "signaling.directory.spreadsheets",
    "signaling.sip",
)
"""Where branches are watched; every module more makes the beginning slower."""
LONGEST_BYTES = 8192
SLOWEST_S = 10
"""An input that takes longer is a crash too: it would stop the loop for everybody."""
MOST_MEMORY_MB = 2048
START_S = 60
"""The longest a process may take beside its fuzzing."""
IMPORT_S = 5
"""What it usually takes."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", help="only this one, in this process")
    parser.add_argument("--seconds", type=int, default=300, help="in all, shared by the targets (default 300)")
    arguments = parser.parse_args()
    if arguments.target:
        return fuzz(arguments.target, arguments.seconds)
    if find_spec("atheris") is None:
        print("Atheris has no wheel for this machine, so nothing is fuzzed; the kept inputs are tested nevertheless.")
        return 0
    return asyncio.run(fuzz_all(arguments.seconds))


def fuzz(name: str, seconds: int) -> int:
    """Fuzz one target; libFuzzer ends the process, with a status other than 0 after a crash."""
    import atheris  # noqa: PLC0415 - only fuzzing needs it, and it has no wheels for every machine

    with atheris.instrument_imports(include=list(WATCHED), exclude=unwatched()):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - imported under instrumentation

    target, grown, kept = TARGETS[name], GROWN / name, CORPUS / name
    for folder in (grown, kept):
        folder.mkdir(parents=True, exist_ok=True)
    for at, seed in enumerate(target.seeds):
        (grown / f"seed-{at}").write_bytes(seed)
    options: dict[str, object] = {
        "max_total_time": seconds,
        "max_len": LONGEST_BYTES,
        "timeout": SLOWEST_S,
        "rss_limit_mb": MOST_MEMORY_MB,
        "artifact_prefix": f"{kept}/",
        "verbosity": 0,
        "print_final_stats": 1,
    }
    if words := sorted(_words(target.seeds)):  # libFuzzer refuses an empty dictionary
        options["dict"] = GROWN / f"{name}.dict"
        (GROWN / f"{name}.dict").write_text("".join(f'"{word}"\n' for word in words))
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(grown)], target.check)
    atheris.Fuzz()
    return 0


def unwatched() -> list[str]:
    """Our modules beside the watched ones: named, since Atheris tells what to watch by a package's first name."""
    packages = sorted({name.partition(".")[0] for name in WATCHED})
    paths = [path.relative_to(ROOT) for package in packages for path in (ROOT / package).rglob("*.py")]
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not f"{name}.".startswith(tuple(f"{each}." for each in WATCHED))]


def _words(seeds: Iterable[bytes]) -> set[str]:
    """What a format calls its parts: names and numbers, which mutation alone would never find again."""
    return {word.decode() for seed in seeds for word in re.findall(rb"[A-Za-z0-9][A-Za-z0-9+/_-]{2,40}", seed)}


async def fuzz_all(seconds: int) -> int:
    """Fuzz all targets so that everything ends after about `seconds`; 1 when anything crashed."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - a single target must import them under instrumentation

    cores = os.cpu_count() or 1
    each = max(1, seconds * cores // len(TARGETS) - IMPORT_S)
    gate = asyncio.Semaphore(cores)
    good = await asyncio.gather(*(_run(name, each, gate) for name in TARGETS))
    return 0 if all(good) else 1


async def _run(name: str, seconds: int, gate: asyncio.Semaphore) -> bool:
    async with gate:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.fuzz", name, "--seconds", str(seconds)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(seconds + START_S):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            print(f"{name}: did not end", flush=True)
            return False
    text = output.decode("utf-8", "replace")
    if process.returncode:
        print(f"{name}: CRASHED\n{text[-4000:]}", flush=True)
        return False
    units = next((line.split()[-1] for line in text.splitlines() if "number_of_executed_units" in line), "?")
    print(f"{name}: {units} inputs in {seconds} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
