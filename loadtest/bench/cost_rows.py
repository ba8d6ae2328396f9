"""Makes the table of `python -m loadtest bench` of its figures. Pure."""

from typing import Any

from loadtest.table import Row, table

FORWARD_US = {"10": 7.0, "30": 5.0, "60": 4.5}
COMPOSE_FLOORS, MIX_PCT, SESSION_PCT, RECORDED_PCT, JOIN_MS, MEMORY_KIB, TILES_KIB = 1.2, 10, 2.5, 3, 4, 150, 400

RECEIVERS_PCT, MISSING_PCT = 60, 0.1
RECEIVED = {"forwarded": "one camera", "composed": "16 cameras composed"}


def report(figures: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown, beside the least possible costs and what they should reach."""
    host = figures["conditions"]
    note = f"{host['cpu']}, {host['cores']} cores, Python {host['python']}, Linux {host['kernel']}; "
    note += f"{host['seconds']:g} s each, median of {host['rounds']}, load {host['load_average']}, {host['date']}."
    return f"{table(rows(figures))}\n\n{note}"


def rows(figures: dict[str, Any]) -> list[Row]:
    """Return a row for each figure."""
    session = figures["session_core_pct"]
    held = f"a session of {session['points']} points"
    found = [_forward(figures, receivers) for receivers in figures["forward_us_per_packet"]]
    found += [_temporal_layers(figures["temporal_layers_us_per_packet"]), _compose(figures), _mix(figures)]
    found.append(_most(f"{held}, each forwarded the others at 180 lines", session["forwarded"], SESSION_PCT, "core-%"))
    found.append(Row(f"{held}, composed for all", f"{session['composed']} core-%"))
    if "recorded" in session:
        found.append(_most(f"{held}: recording its tracks, more", session["recorded"], RECORDED_PCT, "core-%"))
    found += [_receivers(figures, kind) for kind in ("forwarded", "composed")]
    found.append(_most("join (seat, SDP, ICE, DTLS)", figures["join_cpu_ms"], JOIN_MS, "ms"))
    found.append(_most("memory per receiver", figures["memory_per_receiver_kb"], MEMORY_KIB, "KiB"))
    work = "memory per receiver with 16 m-lines for tiles"
    found.append(_most(work, figures["memory_per_receiver_of_tiles_kb"], TILES_KIB, "KiB"))
    return found


def _forward(figures: dict[str, Any], receivers: str) -> Row:
    limit = figures["forward_limit_us_per_packet"][receivers]
    paced = figures["forward_paced_limit_us_per_packet"][receivers]
    cost = figures["forward_us_per_packet"][receivers]
    return _most(f"forward, 1 to {receivers}", cost, FORWARD_US[receivers], "µs per packet", _limits(limit, paced))


def _temporal_layers(costs: dict[str, float]) -> Row:
    beside = f"{costs['quarter']} per packet that is sent; with all layers {costs['all']}"
    work = "forward the lowest of three temporal layers, 1 to 60"
    return _most(work, costs["quarter_of_sent"], costs["all"], "µs per packet of the camera", beside)


def _compose(figures: dict[str, Any]) -> Row:
    composed, paced = figures["compose_core_pct"], figures["compose_paced_floor_core_pct"]
    floors = round(composed / paced, 2)
    beside = f"{composed} core-%; {_limits(figures['compose_floor_core_pct'], paced)}"
    return _most("16 × H.264 640x360@25 composed to 720p25", floors, COMPOSE_FLOORS, "× the limit in rhythm", beside)


def _mix(figures: dict[str, Any]) -> Row:
    limits = _limits(figures["mix30_limit_core_pct"], figures["mix30_paced_limit_core_pct"])
    return _most("mix of 30 senders", figures["mix30_core_pct"], MIX_PCT, "core-%", limits)


def _receivers(figures: dict[str, Any], kind: str) -> Row:
    count, many = figures["receivers"]["count"], figures["receivers"][kind]
    work, reach = (
        f"one meeting, {count} receivers that count: {RECEIVED[kind]}",
        f"≤ {RECEIVERS_PCT}, < {MISSING_PCT} %",
    )
    if "failure" in many:
        return Row(work, f"not carried: {many['failure']}", reach, reached=False)
    cost, missing = many["core_pct"], many["missing_pct"]
    least = f"limit of sending alone {many['sending_limit_core_pct']} core-%"
    beside = f"{many['us_per_packet']} µs per packet; {least}; endpoints {many['endpoints_pct']} core-%"
    reached = cost <= RECEIVERS_PCT and missing < MISSING_PCT
    return Row(work, f"{cost} core-%, {missing} % missing", reach, reached, beside)


def _limits(limit: float, paced: float) -> str:
    return f"plain limit {limit}, in rhythm {paced}"


def _most(work: str, value: float, most: float, unit: str, beside: str = "–") -> Row:
    return Row(work, f"{value} {unit}", f"≤ {most:g}", value <= most, beside)
