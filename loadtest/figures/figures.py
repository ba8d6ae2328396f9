"""Measures F1 to F20, each by a function."""

import asyncio
import math
import os
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from loadtest.bench import audio_loss
from loadtest.figures.figure import Figure, Part, Runs, Scale
from scheduler.policy.profile_files import SHIPPED, load
from signaling.accounts import throttle
from signaling.accounts.passwords import Passwords, check_password
from signaling.core.errors import BadInput
from signaling.recording.catalog import TICKET_LASTS
from signaling.workers import turn

INPUTS = 10_000_000
"""Inputs of parsers that F1 asks for."""
WORKER_P95_S, WORKER_MAX_S = 5.0, 10.0
LISTENS_S = 3.0
FILLED_PCT, SILENCE_MS = 95, 100
LOSS_PATH, LOSS_SECONDS = "loss 30 %", 30
RECORDED_LOSS_S = 2.0
TOLD_S = 5.0
LEAST_PASSWORD = 14
ACCOUNT = "ubnd"
MEMORY_KIB, PASSES, FAILURES = 19 * 1024, 2, 5
LIVE_ROOMS, GUESSES_AN_HOUR, HITS_AN_HOUR = 200, 40_000, 0.008
CREDENTIAL, LINK = timedelta(hours=1), timedelta(minutes=15)
HISTORY = "T-06"
"""The row of docs/compliance.md about the history of passwords."""

HOSTILE = "tests/mediaserver/transport/test_hostile_packets.py"
AGENT = "tests/signaling/sip/agent/test_agent.py"


def _malformed(runs: Runs, scale: Scale) -> Iterator[Part]:
    yield runs.tests(HOSTILE, "tests/fuzz/test_corpus.py")
    yield from fuzzed(runs.fuzz(scale.fuzz_s))


def fuzzed(printed: str) -> Iterator[Part]:
    """Yield what the fuzzer found, by what it printed; fewer inputs than asked for are no measurement of that."""
    inputs = sum(int(count) for count in re.findall(r": (\d+) inputs in ", printed))
    crashed = re.findall(r"^(\w[\w-]*): (?:CRASHED|did not end)", printed, re.MULTILINE)
    yield Part(
        f"{inputs:,} inputs, {len(crashed)} crashes" + (f" ({', '.join(crashed)})" if crashed else ""), not crashed
    )
    if inputs < INPUTS:
        yield Part(f"{INPUTS:,} inputs need more time (`--full`)")


def _torture(runs: Runs, _: Scale) -> Iterator[Part]:
    yield runs.tests("tests/signaling/sip/agent/test_torture.py", "tests/signaling/sip/test_torture.py")


def _stun_vectors(runs: Runs, _: Scale) -> Iterator[Part]:
    yield runs.tests(
        "tests/mediaserver/transport/test_stun.py::test_the_vectors_of_rfc_5769_have_integrity",
        "tests/mediaserver/transport/test_stun.py::test_an_address_is_told_as_rfc_5769_does",
    )


def _flood(runs: Runs, _: Scale) -> Iterator[Part]:
    yield runs.tests("tests/soak/test_flood.py")


def _killed_worker(runs: Runs, scale: Scale) -> Iterator[Part]:
    found = runs.drill("worker", scale.points, scale.times)
    back = found["back_s"]
    yield Part(
        f"media again after {back['p95']} s (p95), {back['max']} s at most",
        back["p95"] <= WORKER_P95_S and back["max"] <= WORKER_MAX_S,
    )
    yield _verdict(found)


def _killed_server(runs: Runs, scale: Scale) -> Iterator[Part]:
    found = runs.drill("restart", scale.points, scale.times)
    yield Part(f"it listens after {found['start_s']} s", found["start_s"] <= LISTENS_S)
    yield _verdict(found)


def _dead_browser(runs: Runs, _: Scale) -> Iterator[Part]:
    yield runs.tests(
        "tests/signaling/meeting/state/test_meeting_state.py"
        "::test_after_twelve_seconds_a_point_is_absent_and_comes_back_with_floor_and_view"
    )
    yield runs.browser_tests("tests/e2e/test_survival.py::test_a_dead_browser_leaves_the_list")


def _outages(runs: Runs, scale: Scale) -> Iterator[Part]:
    drills = ("valkey", "sql", "sql-ends", "sql-hangs") if scale.long else ("valkey", "sql")
    for name in drills:
        yield _verdict(runs.drill(name, scale.points, 1))
    if not scale.long:
        yield Part("PostgreSQL away and hung (`--full`)")


def _killed_writers(runs: Runs, scale: Scale) -> Iterator[Part]:
    yield runs.tests("tests/soak/test_killed.py", repeats=scale.repeats)


def _lost_sound(_: Runs, __: Scale) -> Iterator[Part]:
    (path,) = (path for path in audio_loss.PATHS if path.name == LOSS_PATH)
    found = audio_loss.measure(path, LOSS_SECONDS)
    yield Part(f"{found.filled_pct:.1f} % of 20 ms slots filled", found.filled_pct >= FILLED_PCT)
    yield Part(f"longest silence {found.longest_silence_ms} ms", found.longest_silence_ms <= SILENCE_MS)
    yield Part("accuracy of words: no model for Vietnamese is here")


def _lost_pictures(runs: Runs, _: Scale) -> Iterator[Part]:
    yield runs.browser_tests(
        "tests/e2e/test_bad_network.py::test_lost_packets_are_sent_again_both_ways_and_a_blackout_ends_at_once"
    )
    yield Part("the share of time frozen: `python -m tests.e2e.network_report` measures it in minutes")


def _killed_recording(runs: Runs, scale: Scale) -> Iterator[Part]:
    found = runs.drill("recording", scale.points, scale.times)
    lost = found["lost_s"]["max"]
    yield Part(f"{lost} s missing at the end of a part at most", lost <= RECORDED_LOSS_S)
    yield Part(f"{found['parts']} parts, whole: {found['recordings_whole']}", bool(found["recordings_whole"]))


def _full_disk(runs: Runs, scale: Scale) -> Iterator[Part]:
    found = runs.drill("disk", scale.points, 1)
    told = found["told_s"]["max"]
    yield Part(f"people are told after {told} s", told <= TOLD_S)
    yield _verdict(found)


def _verdict(found: dict[str, Any]) -> Part:
    """Return what people in meetings noticed of a drill's fault, by the drill's own limits."""
    lost = found["packets_lost"]
    noticed = f"{lost['forwarded']} · {lost['mix']} · {lost['picture']} lost, longest gap {found['longest_gap_ms']} ms"
    obeyed = f"obeyed after {found['obeys_s']['max']} s, load {found['load_average']}"
    return Part(f"drill {found['drill']}: {noticed}, {obeyed}", bool(found["passed"]))


def _soak(runs: Runs, scale: Scale) -> Iterator[Part]:
    yield runs.tests("tests/soak/test_cycles.py", "tests/soak/test_rooms.py", repeats=scale.repeats)
    yield Part("24 hours: joins and leaves are made faster instead")


def _bomb(runs: Runs, _: Scale) -> Iterator[Part]:
    yield runs.tests(f"{HOSTILE}::test_a_huge_key_frame_of_a_member_costs_no_memory")


def _passwords(runs: Runs, _: Scale) -> Iterator[Part]:
    began = time.perf_counter()
    stored = asyncio.run(Passwords().hash("một mật khẩu dài"))
    took_ms = 1000 * (time.perf_counter() - began)
    memory, passes = (int(value) for value in re.findall(r"[mt]=(\d+)", stored)[:2])
    strong = stored.startswith("$argon2id$") and memory >= MEMORY_KIB and passes >= PASSES
    yield Part(f"Argon2id, {memory // 1024} MiB, t={passes}, {took_ms:.0f} ms, {os.cpu_count()} at once", strong)
    limit = throttle.LOGIN_PAIR.limit
    yield Part(f"{limit} failures lock for {throttle.LOGIN_PAIR.lock // 60} min", limit <= FAILURES)
    shortest = next(length for length in range(1, 200) if _accepted("x" * length))
    yield Part(f"{shortest} characters are enough without a second factor", shortest >= LEAST_PASSWORD)
    state = runs.compliance()[HISTORY]["state"]
    yield Part(f"history of ten passwords: {state}", state == "met")


def _accepted(password: str) -> bool:
    try:
        check_password(password, ACCOUNT)
    except BadInput:
        return False
    return True


def _codes(runs: Runs, _: Scale) -> Iterator[Part]:
    digits = min(policy.code.digits for policy in load(SHIPPED).policies)
    hits = GUESSES_AN_HOUR * LIVE_ROOMS / 10**digits
    yield Part(
        f"a code has {digits} digits ({digits * math.log2(10):.1f} bit): {hits:g} hits an hour", hits <= HITS_AN_HOUR
    )
    yield runs.tests(
        "tests/signaling/sip/bridge/test_front_door.py::test_three_wrong_codes_end_the_call_and_are_guesses"
    )
    yield Part("a link and a PIN: there are none; who joins is signed in, or a registered device")


def _tokens(runs: Runs, _: Scale) -> Iterator[Part]:
    yield Part(f"links of recordings last {TICKET_LASTS // timedelta(minutes=1)} min", TICKET_LASTS <= LINK)
    yield runs.tests(
        "tests/signaling/recording/test_catalog.py::test_a_link_is_for_one_account_one_recording_and_a_quarter_of_an_hour"
    )
    yield Part(f"credentials of TURN last {turn.VALID // timedelta(hours=1)} h", turn.VALID <= CREDENTIAL)
    yield Part("tickets of WebSockets: there are none, but the cookie for one site and a check of the origin")


def _sip_flood(runs: Runs, _: Scale) -> Iterator[Part]:
    yield runs.tests(
        f"{AGENT}::test_a_flood_outside_calls_does_not_hinder_a_call",
        f"{AGENT}::test_a_call_with_too_many_requests_is_hung_up_alone",
        "tests/signaling/sip/bridge/test_inbound_auth.py::test_an_unregistered_device_gets_403_whatever_the_code",
    )
    found = runs.flood()
    called = found["called"]
    yield Part(
        f"{called['passed']} of {called['tried']} calls came in within {found['seconds']:.0f} s, {found['sound_hz']}"
        f" packets of sound a second came to a room, {found['grown_mb']} MB more of memory",
        found["passed"],
    )


def _rows_with_tests(runs: Runs, _: Scale) -> Iterator[Part]:
    standard = [row for row in runs.compliance().values() if row["standard"]]
    tested = sum(row["state"] == "met" and row["tested"] for row in standard)
    yield Part(f"{tested} of {len(standard)} rows are met with a test (docs/compliance.md)", tested == len(standard))
    yield Part("annex 3 of TT 03/2017/TT-BTTTT: its text is not at hand")


OF_TESTS = "the tests named in `loadtest/figures/figures.py`"
OF_DRILLS = "simulated endpoints, one machine"
FIGURES: dict[str, Figure] = {
    "F1": Figure(
        "malformed input", "0 crashes of ≥ 10⁷ inputs, nobody else disturbed", "Atheris, all parsers", _malformed
    ),
    "F2": Figure("RFC 4475", "49 of 49 answered as the RFC says", "UDP and TCP, loopback", _torture),
    "F3": Figure("RFC 5769", "4 of 4 vectors", OF_TESTS, _stun_vectors),
    "F4": Figure("flood of forged DTLS and STUN", "100 of 100 join", "1,000 packets/s, loopback", _flood),
    "F5": Figure("media worker killed", "media again: p95 ≤ 5 s, max ≤ 10 s", OF_DRILLS, _killed_worker),
    "F6": Figure("server killed", "back ≤ 3 s, media never stop", OF_DRILLS, _killed_server),
    "F7": Figure("dead browser", "absent ≤ 15 s", "a simulated clock; Chromium", _dead_browser),
    "F8": Figure("Valkey, database away 30 s", "media go on, no booking lost, no 500", OF_DRILLS, _outages),
    "F9": Figure(
        "writers killed", "what was acknowledged is there, once", "SQLite; 20 kills, 200 by `--full`", _killed_writers
    ),
    "F10": Figure(
        "30 % loss of sound", "≥ 95 % of slots, silence ≤ 100 ms", "`loadtest sound`, 10 ms jitter", _lost_sound
    ),
    "F11": Figure("5 % loss of pictures", "longest freeze ≤ 1 s, back ≤ 1 s", "Chromium, UDP proxy", _lost_pictures),
    "F12": Figure("recording killed", "≤ 2 s missing, parts joined", OF_DRILLS, _killed_recording),
    "F13": Figure("full disk", "told ≤ 5 s, meeting goes on", "a disk of 600 MB, root", _full_disk),
    "F14": Figure("soak", "memory, descriptors, tasks as before", "200 joins, 2,000 by `--full`", _soak),
    "F15": Figure("decoder bomb", "≤ 50 MB, others unaffected", "VP8, 8192×8192", _bomb),
    "F16": Figure(
        "passwords", "Argon2id ≥ 19 MiB t=2, 5 failures, 14 or 8 + MFA, history 10", "the code that runs", _passwords
    ),
    "F17": Figure("codes", "≤ 0.008 hits/h of 40,000 guesses at 200 rooms; PIN", "the shipped profiles", _codes),
    "F18": Figure("tokens", "recording ≤ 15 min, TURN ≤ 1 h, WebSocket once ≤ 30 s", "the code that runs", _tokens),
    "F19": Figure("SIP flood", "calls unaffected, no call out of strangers", "1,000 INVITE/s, loopback", _sip_flood),
    "F20": Figure(
        "level 3", "all application rows of TCVN 14423 have a test", "docs/compliance.yaml", _rows_with_tests
    ),
}
