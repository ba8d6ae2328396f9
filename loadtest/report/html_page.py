"""Writes the report as one HTML file in Vietnamese and English that needs no other file."""

from collections.abc import Sequence
from html import escape
from typing import Any

from loadtest.report.svg_charts import Bar, Series, bar_chart, line_chart
from loadtest.report.verdict import passed

STYLE = """
body{font:16px/1.5 "Be Vietnam Pro",system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1,h2{line-height:1.25}h2{margin-top:2.5rem}.en,figcaption .en{color:#57606a;font-size:.875em}
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{border-bottom:1px solid #d8dee4;padding:.35rem .5rem}
td,th{text-align:left;vertical-align:top}.yes{color:#1a6b3a}.no{color:#a40e26;font-weight:600}
figure{margin:1.5rem 0}figcaption{font-weight:600}svg{width:100%;height:auto;fill:#1b1f24}
figure p span{margin-right:1rem}
figure p i{display:inline-block;width:.8em;height:.8em;margin-right:.35em}.box{border:2px solid #1f5fa8;padding:1rem}
.box strong{font-size:1.4em}pre{background:#f3f5f7;padding:.75rem;overflow:auto}
""".strip()

PARTLY = "<span class=yes>✓ Đạt ở mức đã chạy</span><br><span class=en>passed as far as it went</span>"


def page(report: dict[str, Any]) -> str:
    """Return the whole document; `report` is that of :mod:`loadtest.scenario.province`."""
    cases = report["cases"]
    body = [
        "<h1>Kiểm tra tải toàn tỉnh</h1><p class=en>Load test of a whole province</p>",
        _conditions(report["conditions"]),
        _summary(cases),
        _proposal(report["proposal"]),
        _session_costs(report.get("costs")),
        *(_case(case) for case in cases),
        _charts(cases, report["conditions"]["cores"]),
        _definitions(),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
    head += "<title>Kiểm tra tải toàn tỉnh</title>"
    return f'<!doctype html><html lang="vi"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _conditions(run: dict[str, Any]) -> str:
    facts = f"{run['machine']}, Python {run['python']}, {run['date']}"
    vi = (
        f"Máy chủ và các điểm cầu mô phỏng chạy chung trên một máy {run['cores']} lõi; {run['workers']} tiến trình "
        f"media; mỗi trường hợp đo {run['seconds']:g} giây. Khi máy đầy tải, bài đo gửi bớt đi và ghi rõ đã giảm gì."
    )
    en = (
        "Server and simulated endpoints share one machine; when it is full less is sent, and the report says what was "
        f"left out. {facts}"
    )
    if run["scale"] < 1:
        vi = f"Đây chỉ là lần chạy thử với {100 * run['scale']:g} % số điểm cầu. {vi}"
        en = f"This is only a trial, at {100 * run['scale']:g} % of the points. {en}"
    return _bilingual("p", vi, en)


def _summary(cases: Sequence[dict[str, Any]]) -> str:
    rows = []
    for case in cases:
        rows.append(
            [
                f"({case['word']}) {_name(case['title'])}",
                f"{case['joined']} / {case['expected']}",
                _scope(case),
                f"{case['pictures_per_s']['median']:g}",
                f"{case['server']['cpu_pct']:g} %",
                _mark(passed(case)) if case["whole"] or not passed(case) else PARTLY,
            ]
        )
    heads = ["Trường hợp", "Vào phiên", "Đã chạy", "Hình/giây", "CPU máy chủ", "Kết quả"]
    return "<h2>Tóm tắt <span class=en>Summary</span></h2>" + _table(heads, rows)


def _scope(case: dict[str, Any]) -> str:
    """Return the part of a case that ran, in words."""
    asked, reached = case["asked"], case["reached"]
    if case["whole"]:
        return "đủ như yêu cầu<br><span class=en>all points, cameras and layers</span>"
    vi = (
        f"{len(reached['sizes'])}/{len(asked['sizes'])} phiên, {reached['points']} điểm, "
        f"{reached['cameras']} camera, {reached['layers']}/{asked['layers']} lớp hình"
    )
    en = (
        f"{len(reached['sizes'])} of {len(asked['sizes'])} meetings, {reached['cameras']} of {asked['cameras']} "
        f"cameras, {reached['layers']} of {asked['layers']} layers"
    )
    return f"{vi}<br><span class=en>{en}</span>"


def _session_costs(costs: dict[str, Any] | None) -> str:
    if costs is None:
        return ""
    vi = (
        f"Một phiên {costs['points']} điểm cầu dùng {costs['forwarded_pct']:g} % một lõi khi chuyển tiếp từng camera, "
        f"{costs['composed_pct']:g} % khi ghép một hình cho mọi người; ghi lại thì thêm {costs['recorded_pct']:g} %."
    )
    en = (
        f"A session of {costs['points']} points takes {costs['forwarded_pct']:g} % of a core with its cameras "
        f"forwarded, {costs['composed_pct']:g} % composed for everyone; recording adds {costs['recorded_pct']:g} %."
    )
    return "<h2>Chi phí một phiên <span class=en>Cost of a session</span></h2>" + _bilingual("p", vi, en)


def _proposal(proposed: dict[str, Any] | None) -> str:
    head = "<h2>Năng lực đề xuất <span class=en>Proposed capacity</span></h2>"
    if proposed is None:
        vi = "Chưa đủ số liệu để đề xuất: không có trường hợp nào đạt mọi tiêu chí với đủ điểm, camera và lớp hình."
        en = "Nothing can be proposed: no case met everything with all points, cameras and layers."
        return head + _bilingual("p", vi, en)
    why, need, share = proposed["why"], proposed["need"], round(100 * proposed["share"])
    made_of = ", ".join(f"({word})" for word in proposed["cases"])
    vi = (
        f"Mỗi phiên tốn khoảng {why['session_pct']:.1f} % một lõi (ghép hình, nén, trộn tiếng), mỗi điểm cầu thêm "
        f"{why['point_pct']:.2f} %. Máy chủ được dùng {share} % số lõi = {why['budget_pct']:g} %. Theo khoản 4 Điều 12 "
        f"chỉ cấp tối đa 80 % năng lực: {why['usable_sessions']} phiên và {why['usable_points']} điểm cùng lúc, khi đó "
        f"CPU khoảng {why['expected_pct']:.0f} %. Không đề xuất quá mức đã thực sự chạy: {why['seen_sessions']} phiên, "
        f"{why['seen_points']} điểm. Chỉ tính các trường hợp đạt mọi tiêu chí với đủ camera và lớp hình: {made_of}."
    )
    en = (
        f"A meeting costs about {why['session_pct']:.1f} % of a core, a point {why['point_pct']:.2f} % more. "
        f"80 % of the maximum may be issued and then stays below {share} % of the cores; no more than was seen "
        f"running is proposed. Only cases count that met everything with all cameras and layers: {made_of}."
    )
    if need["cores"] is not None:
        vi += f" Cả tỉnh ({need['sessions']} phiên, {need['points']} điểm cùng lúc) cần khoảng {need['cores']:g} lõi."
        en += f" The whole province ({need['sessions']} meetings, {need['points']} points) needs {need['cores']:g}."
    panel = (
        f"<div class=box><strong>{proposed['sessions']} phiên, {proposed['points']} điểm cầu</strong> "
        f"<span class=en>{proposed['sessions']} sessions, {proposed['points']} points (maximum)</span>"
    )
    command = "diemcau admin capacity --from province.json"
    return f"{head}{panel}{_bilingual('p', vi, en)}<pre>{command}</pre></div>{_model(why)}"


def _model(why: dict[str, Any]) -> str:
    most = max(2, 2 * int(why["budget_pct"] / max(1.0, why["session_pct"])))
    line = [
        (float(n), n * why["session_pct"] + why["usable_points"] * why["point_pct"]) for n in range(min(most, 40) + 1)
    ]
    title = f"CPU dự tính theo số phiên, với {why['usable_points']} điểm cầu – expected CPU by meetings"
    return line_chart(
        title, [Series("CPU", line)], "số phiên cùng lúc – meetings", "% một lõi – % of a core", why["budget_pct"]
    )


def _case(case: dict[str, Any]) -> str:
    head = f"<h2>({case['word']}) {_name(case['title'])}</h2>"
    rows = [
        [
            _name(v["title"]),
            f"{v['value']:g} {v['unit']}",
            f"{v['sign']} {v['limit']:g} {v['unit']}",
            _mark(v["passed"]),
        ]
        for v in case["verdicts"]
    ]
    sound, server = case["sound"], case["server"]
    vi = (
        f"Ngắt tiếng trên 100 ms: {sound['gaps']} lần ở {sound['points_with_gaps']} điểm. Gói mất hẳn: {case['lost']} "
        f"trên {case['received'] + case['lost']}. Bộ nhớ máy chủ: {server['memory_mb']:g} MB."
    )
    en = (
        f"Gaps in sound above 100 ms: {sound['gaps']}; packets lost: {case['lost']}; {server['memory_mb']:g} MB memory."
    )
    faults = "".join(f"<li>{escape(text)}</li>" for text in case["failures"][:10])
    parts = [head, _table(["Tiêu chí", "Đo được", "Yêu cầu", "Kết quả"], rows), _bilingual("p", vi, en)]
    parts += [f"<ul>{faults}</ul>"] if faults else []
    parts += [_steps(case["steps"])] if len(case["steps"]) > 1 else []
    parts += [_kill(case["kill"])] if case["kill"] else []
    return "".join(parts)


def _steps(steps: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            str(len(step["sizes"])),
            str(step["points"]),
            str(step["cameras"]),
            str(step["layers"]),
            f"{step['pictures_per_s']:g}",
            f"{step['server_pct']:g} %",
            f"{step['endpoints_pct']:g} %",
            f"{step['others_pct']:g} %",
        ]
        for step in steps
    ]
    heads = ["Phiên", "Điểm", "Camera", "Lớp hình", "Hình/giây", "CPU máy chủ", "CPU mô phỏng", "CPU việc khác"]
    note = "Máy đầy tải nên bài đo giảm dần cho tới dòng cuối."
    return _bilingual("p", note, "The machine was full, so the load was made lighter down to the last row.") + _table(
        heads, rows
    )


def _kill(kill: dict[str, Any]) -> str:
    times = kill["times_s"]
    steps: list[tuple[float, float]] = [(0.0, float(kill["expected"] - kill["hit"]))]
    for back, at in enumerate(times, 1):
        steps += [(at, steps[-1][1]), (at, float(kill["expected"] - kill["hit"] + back))]
    vi = (
        f"Tiến trình {escape(kill['worker'])} bị tắt đột ngột; {kill['hit']} điểm cầu mất hình và tiếng, "
        f"{kill['back']}/{kill['expected']} điểm có lại, điểm cuối sau {kill['back_s']['max']:g} giây."
    )
    en = (
        f"{escape(kill['worker'])} was killed: {kill['hit']} points lost picture and sound, {kill['back']} of "
        f"{kill['expected']} have them again, the last after {kill['back_s']['max']:g} s."
    )
    title = "Số điểm cầu có hình và tiếng sau khi mất một tiến trình – points with picture and sound after the loss"
    chart = line_chart(title, [Series("điểm cầu – points", steps)], "giây – s", "điểm cầu – points")
    return _bilingual("p", vi, en) + chart


def _charts(cases: Sequence[dict[str, Any]], cores: int) -> str:
    machine = [
        Bar(
            f"({case['word']})",
            [
                *((p["name"], p["cpu_pct"]) for p in case["server"]["processes"]),
                ("điểm cầu mô phỏng – endpoints", case["machine"]["endpoints_pct"]),
                ("việc khác – others", case["machine"]["others_pct"]),
            ],
        )
        for case in cases
    ]
    memory = [
        Bar(f"({case['word']})", [(p["name"], p["memory_mb"]) for p in case["server"]["processes"]]) for case in cases
    ]
    rates = [Series(f"({case['word']})", _ranked(case["rates"])) for case in cases]
    joins = [Series(f"({case['word']})", _ranked(case["joins_s"])) for case in cases]
    share = "% điểm cầu – % of the points"
    return "".join(
        [
            "<h2>Biểu đồ <span class=en>Charts</span></h2>",
            bar_chart("CPU, % một lõi (nét đứt: cả máy) – CPU, % of a core", machine, "%", 100.0 * cores),
            bar_chart("Bộ nhớ của máy chủ – memory of the server", memory, "MB"),
            line_chart(
                "Hình/giây ở từng điểm cầu, từ kém nhất – pictures a second", rates, share, "hình/giây – pictures/s", 25
            ),
            line_chart("Thời gian vào phiên, từ nhanh nhất – time to join", joins, share, "giây – s"),
        ]
    )


def _ranked(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(100 * (at + 1) / len(values), value) for at, value in enumerate(values)]


def _definitions() -> str:
    return _bilingual(
        "p",
        "Hình/giây đếm số hình đến nơi ở mỗi điểm cầu, số dòng đọc từ khung hình khóa; "
        "gói mất hẳn là gói không đến cả sau khi xin gửi lại; "
        "thời gian vào phiên tính từ lúc bấm đến khi có đường truyền; CPU đọc từ /proc cho từng tiến trình.",
        "Pictures are counted as they arrive, their lines read from key frames; "
        "a packet is lost that does not come even after it was asked for again; "
        "joining lasts from the click to connected media; CPU is read from /proc per process.",
    )


def _name(title: dict[str, str]) -> str:
    return f"{escape(title['vi'])} <span class=en>{escape(title['en'])}</span>"


def _mark(passed: bool) -> str:
    return "<span class=yes>✓ Đạt</span>" if passed else "<span class=no>✗ Không đạt</span>"


def _bilingual(tag: str, vi: str, en: str) -> str:
    return f"<{tag}>{vi}</{tag}><{tag} class=en>{en}</{tag}>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an HTML table; `heads` are plain text, cells are HTML."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
