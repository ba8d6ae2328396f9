"""`python -m tests.fuzz` feeds every parser with mutated input, guided by the branches it reaches (Atheris, libFuzzer).

Each target runs in a process of its own, as many at once as there are cores. An input that crashes one is kept
in `tests/fuzz/corpus/<target>/` and is a regression test from then on (`tests/fuzz/test_corpus.py`).
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
WORKING_CORPUS = Path("build/fuzz")
"""Inputs that reached new branches; reused by later runs on this machine, and safe to delete."""
ROOT = Path(__file__).parents[2]
INSTRUMENTED = (
    "loadtest.endpoint.sdp_answer",
    "loadtest.endpoint.rtcp",
    "mediaserver.bfcp",
    "mediaserver.rpc.protocol",
    "mediaserver.recording.files",
    "mediaserver.audio.input",
    "mediaserver.audio.jitter_buffer",
    "mediaserver.rpc.reply_check",
    "mediaserver.congestion",
    "mediaserver.peer.forwarder",
    "mediaserver.rtp",
    "mediaserver.sdp",
    "mediaserver.recording.encrypted_file",
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
    "signaling.app.admin_cli",
    "signaling.booking.session_costs",
    "signaling.messages.server",
    "signaling.mail.chat_groups",
    "signaling.mail.imap",
    "signaling.http.byte_ranges",
    "signaling.http.route",
    "signaling.directory.spreadsheets",
    "signaling.sip",
)
"""Modules whose branches are observed; each makes the start slower."""
MAX_BYTES = 8192
MAX_INPUT_S = 10
"""Seconds after which an input counts as a crash, since it would stop the server's event loop."""
MAX_MEMORY_MB = 2048
OVERHEAD_S = 180
"""Longest seconds that a process may take besides fuzzing: what else runs may have both cores."""
IMPORT_S = 5
"""Seconds that it usually takes besides fuzzing, for imports."""


def main() -> int:
    """Fuzz one target, several, or all of them; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", help="only these; a single one in this process")
    parser.add_argument("--seconds", type=int, default=300, help="in all, shared by the targets (default 300)")
    arguments = parser.parse_args()
    if len(arguments.target) == 1:
        return fuzz(arguments.target[0], arguments.seconds)
    if find_spec("atheris") is None:
        print("Atheris has no wheel for this machine, so nothing is fuzzed; the kept inputs are tested nevertheless.")
        return 0
    return asyncio.run(fuzz_all(arguments.target, arguments.seconds))


def fuzz(name: str, seconds: int) -> int:
    """Fuzz one target; libFuzzer ends the process, with a status other than 0 after a crash."""
    import atheris  # noqa: PLC0415 - only fuzzing needs it, and it has no wheels for every machine

    with atheris.instrument_imports(include=list(INSTRUMENTED), exclude=not_instrumented()):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - imported under instrumentation

    target, working, corpus = TARGETS[name], WORKING_CORPUS / name, CORPUS / name
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
    return 0


def not_instrumented() -> list[str]:
    """Return our modules that are not instrumented; Atheris would instrument all modules of their packages."""
    packages = sorted({name.partition(".")[0] for name in INSTRUMENTED})
    paths = [path.relative_to(ROOT) for package in packages for path in (ROOT / package).rglob("*.py")]
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not f"{name}.".startswith(tuple(f"{each}." for each in INSTRUMENTED))]


def _dictionary(seeds: Iterable[bytes]) -> set[str]:
    """Return names and numbers of a format for libFuzzer's dictionary, which mutation alone would hardly find."""
    return {word.decode() for seed in seeds for word in re.findall(rb"[A-Za-z0-9][A-Za-z0-9+/_-]{2,40}", seed)}


async def fuzz_all(chosen: Sequence[str], seconds: int) -> int:
    """Fuzz the chosen targets (none: all), about `seconds` in all; return 1 when anything crashed."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - a single target must import them under instrumentation

    names = chosen or tuple(TARGETS)
    cores = os.cpu_count() or 1
    each = max(1, seconds * cores // len(names) - IMPORT_S)
    slots = asyncio.Semaphore(cores)
    passed = await asyncio.gather(*(_run(name, each, slots) for name in names))
    return 0 if all(passed) else 1


async def _run(name: str, seconds: int, slots: asyncio.Semaphore) -> bool:
    """Fuzz one target in a process of its own; print how it ended, and return False if it crashed or hung."""
    async with slots:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.fuzz", name, "--seconds", str(seconds)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(seconds + OVERHEAD_S):
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
