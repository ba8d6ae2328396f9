"""`python -m loadtest` measures how many points a server carries.

Other commands: `… demo` holds a demonstration meeting; `… bench` measures the CPU of the media worker, `… turns`
compares it with another version, `… peers` with other programs; `… flame` draws a flame graph; `… sound` measures audio
over lossy networks, `… delay` latency and lip sync; `… records` measures database queries; `… province` runs the
meetings of a whole province, `… growth` one meeting of growing size; `… rooms` places calls of room systems; `… drills`
causes faults and measures the effects; `… figures` measures the figures of security and reliability.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from loadtest.bench import audio_loss, cost_rows, database_cost, flame_graph, latency, worker_cost
from loadtest.compare import ab_compare, other_servers
from loadtest.drills import command
from loadtest.endpoint.reconnecting import JOIN_ERRORS
from loadtest.figures import command as command_of_figures
from loadtest.figures import figure
from loadtest.figures.runs import LocalRuns, machine
from loadtest.load.cases import CASES
from loadtest.media.clip import Codec
from loadtest.report.json_report import Outcome, render, report
from loadtest.report.province_rows import summary
from loadtest.report.verdict import passed
from loadtest.rooms import command as command_of_rooms
from loadtest.scenario import demo, growth, province, single_session
from loadtest.scenario.single_session import RunPlan, TargetServer
from loadtest.server.accounts import Login, create_accounts, create_point_accounts, read_accounts
from loadtest.server.process import ServerFailed, temporary_server
from loadtest.server.rest_client import Refused
from loadtest.table import HEAD, line
from signaling.app.admin_cli import NewAccount
from signaling.app.commands import settle

CODECS: dict[str, tuple[Codec, ...]] = {"H264": ("H264",), "VP8": ("VP8",), "both": ("H264", "VP8")}
FIGURES = Path("build/bench.json")
PROVINCE = Path("build/province")
GROWTH = Path("build/growth")
FLAME = Path("build/flame.svg")

T = TypeVar("T")


def main() -> None:
    """Run one command; an expected error is one line on stderr, without a traceback."""
    logging.basicConfig(
        level=os.environ.get("DIEMCAU_LOG", "WARNING").upper(), format="%(levelname)s %(name)s %(message)s"
    )
    command_function = COMMANDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        code = command_function(sys.argv[2:]) if command_function else _load(sys.argv[1:])
    except (Refused, ServerFailed, OSError, ValueError) as error:
        sys.exit(f"loadtest: {str(error) or repr(error)}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = 128 + signal.SIGINT
    sys.exit(code)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; SIGTERM cancels it as Ctrl-C does, so that endpoints leave and the server stops in order.

    A collection of garbage over what was imported would stop all endpoints for a tenth of a second.
    """
    settle()

    async def cancellable() -> T:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    return uvloop.run(cancellable())


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _load(words: Sequence[str]) -> int:
    arguments = _arguments(words)
    outcome = _run(_measure(arguments))
    result = report(outcome, detail=arguments.detail)
    print(json.dumps(result, ensure_ascii=False) if arguments.json else render(result))
    return 0 if outcome.joined == outcome.expected else 1


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtest", description=__doc__)
    parser.add_argument("--points", type=_count, default=40, help="simulated endpoints (default 40)")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured time (default 30)")
    parser.add_argument("--speakers", type=_count, default=1, help="how many hold the floor, host included (default 1)")
    parser.add_argument("--senders", type=int, help="how many send a camera (default all)")
    parser.add_argument("--codec", choices=CODECS, default="H264", help="offered for camera and picture")
    parser.add_argument("--layers", type=int, choices=(1, 2, 3), default=3, help="simulcast layers (default 3)")
    parser.add_argument("--no-picture", action="store_true", help="receive sound only")
    parser.add_argument("--decode", action="store_true", help="decode what comes in, and tell colours and tones")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--detail", action="store_true", help="with a row for each endpoint")
    remote = parser.add_argument_group("a server that runs already")
    remote.add_argument("--url", help="its link; without it a server of our own is started and stopped")
    remote.add_argument("--accounts", type=Path, help="CSV of account,password: `diemcau admin point-accounts`")
    remote.add_argument("--account", help="an administrator (registers devices), or the only one to join")
    remote.add_argument("--password", default=os.environ.get("DIEMCAU_PASSWORD"), help="or DIEMCAU_PASSWORD")
    remote.add_argument("--code", help="join this session instead of registering one")
    remote.add_argument("--insecure", action="store_true", help="do not check its certificate")
    return parser.parse_args(words)


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


async def _measure(arguments: argparse.Namespace) -> Outcome:
    plan = RunPlan(
        points=arguments.points,
        seconds=arguments.seconds,
        speakers=arguments.speakers,
        senders=arguments.points if arguments.senders is None else arguments.senders,
        codecs=CODECS[arguments.codec],
        layers=arguments.layers,
        picture=not arguments.no_picture,
        decode=arguments.decode,
    )
    async with AsyncExitStack() as stack:
        target = _running_target(arguments) if arguments.url else await _own_target(arguments.points, stack)
        return await single_session.run(plan, target, _progress)


def _running_target(arguments: argparse.Namespace) -> TargetServer:
    """Return the running server that `--url` names. Raises ValueError without an account that could join."""
    login: Login | None = (arguments.account, arguments.password) if arguments.account else None
    if login and not arguments.password:
        raise ValueError("--account needs --password")
    accounts = read_accounts(arguments.accounts) if arguments.accounts else [login] if login else []
    if not accounts:
        raise ValueError("--url needs --accounts, or --account and --password")
    return TargetServer(
        base=arguments.url.rstrip("/"),
        accounts=tuple(accounts),
        administrator=login if arguments.accounts else None,
        code=arguments.code,
        insecure=arguments.insecure,
    )


async def _own_target(points: int, stack: AsyncExitStack) -> TargetServer:
    _progress("starting a server")
    server = await stack.enter_async_context(temporary_server(points, logging.getLogger(__name__).debug))
    logins = await create_point_accounts(server.environ, points)
    (administrator,) = await create_accounts(
        server.environ, [NewAccount("loadtest-admin", "Loadtest", ["administrator"])]
    )
    return TargetServer(server.url, tuple(logins), administrator, server_pid=server.pid)


def _bench(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest bench", description=worker_cost.__doc__)
    parser.add_argument("--quick", action="store_true", help="4 s each and one round, to see that it runs")
    parser.add_argument("--output", type=Path, default=FIGURES, help=f"JSON file (default {FIGURES})")
    arguments = parser.parse_args(words)
    figures = _run(worker_cost.run(worker_cost.QUICK if arguments.quick else worker_cost.BenchSettings(), _progress))
    worker_cost.write(figures, arguments.output)
    print(cost_rows.report(figures))
    return 0


def _records(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest records", description=database_cost.__doc__)
    parser.add_argument(
        "--bookings", type=_count, default=database_cost.BOOKINGS, help="of the year (default %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args(words)
    figures = _run(database_cost.run(_progress, arguments.bookings))
    print(json.dumps(figures, ensure_ascii=False) if arguments.json else database_cost.table(figures))
    return 0


def _flame(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest flame", description=flame_graph.__doc__)
    parser.add_argument("--receivers", type=_count, default=60, help="viewers of one camera (default 60)")
    parser.add_argument("--seconds", type=float, default=10.0, help="sampled time (default 10)")
    parser.add_argument("--output", type=Path, default=FLAME, help=f"SVG file (default {FLAME})")
    arguments = parser.parse_args(words)
    root = _run(flame_graph.sample(arguments.receivers, arguments.seconds))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(flame_graph.draw(root), encoding="utf-8")
    return 0


def _turns(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest turns", description=ab_compare.__doc__)
    parser.add_argument("other", type=Path, help="a checkout of another version, compiled (`make install` in it)")
    parser.add_argument(
        "works", nargs="*", metavar="work", help=f"some of {', '.join(ab_compare.WORKLOADS)} (default all)"
    )
    parser.add_argument("--receivers", type=_count, default=10, help="viewers of a forwarded camera (default 10)")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of a run (default 8)")
    parser.add_argument("--rounds", type=_count, default=5, help="a run of each version in each (default 5)")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.works) - set(ab_compare.WORKLOADS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    workloads = [ab_compare.WORKLOADS[name](arguments.receivers) for name in arguments.works or ab_compare.WORKLOADS]
    print(HEAD)
    for workload in workloads:
        pairs = _run(ab_compare.run(arguments.other, workload, arguments.seconds, arguments.rounds, _progress))
        print("\n".join(map(line, ab_compare.rows(workload, pairs))), flush=True)
    return 0


def _peers(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest peers", description=other_servers.__doc__)
    works_help = "some of forward-10, forward-30, forward-60, session, compose (default all)"
    parser.add_argument("works", nargs="*", metavar="work", help=works_help)
    parser.add_argument(
        "--mediasoup", type=Path, help="a folder whose node_modules has mediasoup (docs/performance.md)"
    )
    parser.add_argument("--ffmpeg", type=Path, default=shutil.which("ffmpeg"), help="default %(default)s")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of a run (default 8)")
    parser.add_argument("--rounds", type=_count, default=5, help="a run of each in each (default 5)")
    arguments = parser.parse_args(words)
    workloads = other_servers.workloads(arguments.mediasoup, arguments.ffmpeg)
    if not workloads:
        parser.error("neither mediasoup nor FFmpeg is here")
    if unknown := set(arguments.works) - set(workloads):
        parser.error(f"no such work here: {', '.join(sorted(unknown))}")
    print(HEAD)
    for name in arguments.works or workloads:
        path, workload = workloads[name]
        pairs = _run(ab_compare.alternate(path, workload, arguments.seconds, arguments.rounds, _progress))
        print("\n".join(map(line, ab_compare.rows(workload, pairs))), flush=True)
    return 0


def _rooms(words: Sequence[str]) -> int:
    plan, as_json = command_of_rooms.parse(words)
    outcomes = _run(command_of_rooms.run(plan, _progress))
    print(json.dumps(outcomes.report(), ensure_ascii=False) if as_json else outcomes.table())
    return 0 if outcomes.passed else 1


def _sound(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest sound", description=audio_loss.__doc__)
    parser.add_argument("--seconds", type=_count, default=30, help="of sound, four times on each line (default 30)")
    arguments = parser.parse_args(words)
    print(audio_loss.table([audio_loss.measure(path, arguments.seconds) for path in audio_loss.PATHS]))
    return 0


def _delay(words: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="python -m loadtest delay", description=latency.__doc__).parse_args(words)
    print(latency.table(_run(latency.run(_progress))))
    return 0


def _province(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest province", description=province.__doc__)
    parser.add_argument("--cases", default="abced", help="some of a, b, c, d, e (default all)")
    parser.add_argument("--workers", type=_count, default=3, help="media workers (default 3)")
    parser.add_argument("--seconds", type=float, default=15.0, help="measured time of each case (default 15)")
    parser.add_argument("--share", type=float, default=0.8, help="of the cores the server may use (default 0.8)")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="of the points in each meeting (default 1); below it nothing is proposed",
    )
    parser.add_argument("--output", type=Path, default=PROVINCE, help=f"folder for JSON and page (default {PROVINCE})")
    arguments = parser.parse_args(words)
    cases = tuple(case.scaled(arguments.scale) for case in CASES if case.name in arguments.cases)
    if not cases:
        parser.error("no such case")
    if not (0 < arguments.share <= 1 and 0 < arguments.scale <= 1):
        parser.error("--share and --scale are above 0 and at most 1")
    settings = province.ProvinceSettings(cases, arguments.workers, arguments.seconds, arguments.share)
    report = _run(province.run(settings, _progress, lambda so_far: province.write(so_far, arguments.output)))
    province.write(report, arguments.output)
    print(summary(report))
    return 0 if all(map(passed, report["cases"])) else 1


def _drills(words: Sequence[str]) -> int:
    drill, size, indent = command.parse(words)
    found = _run(command.perform(drill, size, _progress))
    print(json.dumps(found, ensure_ascii=False, indent=indent))
    return 0 if found["passed"] else 1


def _figures(words: Sequence[str]) -> int:
    plan = command_of_figures.parse(words)
    measured = command_of_figures.run(plan, LocalRuns(_progress), _progress)
    print(json.dumps(figure.report(measured, machine()), ensure_ascii=False) if plan.as_json else figure.rows(measured))
    return 0 if command_of_figures.passed(measured) else 1


def _growth(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtest growth", description=growth.__doc__)
    parser.add_argument("--points", type=_counts, default=growth.POINTS, help="e.g. 10,100: one meeting each")
    parser.add_argument("--seconds", type=float, default=10.0, help="measured time of each (default 10)")
    parser.add_argument("--output", type=Path, default=GROWTH, help=f"folder for JSON and chart (default {GROWTH})")
    arguments = parser.parse_args(words)
    settings = province.ProvinceSettings(growth.cases(arguments.points), 1, arguments.seconds, layers=1, costs=False)
    report = _run(province.run(settings, _progress, lambda so_far: province.write(so_far, arguments.output, "growth")))
    (arguments.output / "growth.svg").write_text(growth.chart(report), encoding="utf-8")
    print(growth.table(report))
    return 0


def _counts(text: str) -> tuple[int, ...]:
    return tuple(_count(each) for each in text.split(","))


def _demo(words: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="python -m loadtest demo", description=demo.__doc__).parse_args(words)
    try:
        _run(demo.run(lambda text: print(text, flush=True)))
    except JOIN_ERRORS as error:
        sys.exit(f"loadtest: {error!r}")
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "bench": _bench,
    "delay": _delay,
    "demo": _demo,
    "drills": _drills,
    "figures": _figures,
    "flame": _flame,
    "growth": _growth,
    "peers": _peers,
    "province": _province,
    "records": _records,
    "rooms": _rooms,
    "sound": _sound,
    "turns": _turns,
}

if __name__ == "__main__":
    main()
