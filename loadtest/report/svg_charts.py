"""Draws stacked bar charts and line charts as inline SVG. Every text is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH = 720
LEFT, RIGHT, TOP, BOTTOM = 170, 20, 24, 40
ROW = 30
HEIGHT = 260
TICKS = 5
COLOURS = ("#1f5fa8", "#c2571a", "#2f8f4e", "#8a4fa3", "#6b7280", "#b8860b", "#0e7c86", "#a33b52")
"""Distinguishable by lightness also with red-green colour blindness."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar chart: parts from left to right as (name, value); equal names have equal colours in all rows."""

    label: str
    parts: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a line chart, its points in ascending x."""

    name: str
    points: Sequence[Point]


def bar_chart(title: str, rows: Sequence[Bar], unit: str, limit: float | None = None) -> str:
    """Draw horizontal stacked bars with a legend; `limit` is a dashed line."""
    names = list(dict.fromkeys(name for row in rows for name, _ in row.parts))
    top = nice(max([sum(value for _, value in row.parts) for row in rows] + [limit or 0.0, 1e-9]))
    height = TOP + ROW * len(rows) + BOTTOM
    scale = (WIDTH - LEFT - RIGHT) / top
    body = [_grid_x(top, height, scale, unit)]
    for at, row in enumerate(rows):
        y = TOP + ROW * at
        body.append(_text(LEFT - 8, y + ROW / 2, row.label, "end"))
        x = float(LEFT)
        for name, value in row.parts:
            colour = COLOURS[names.index(name) % len(COLOURS)]
            hint = f"{row.label} · {name}: {value:g} {unit}"
            shape = f'x="{x:.1f}" y="{y + 4}" width="{max(0.0, value * scale):.1f}" height="{ROW - 8}" fill="{colour}"'
            body.append(f"<rect {shape}><title>{escape(hint)}</title></rect>")
            x += value * scale
    if limit is not None:
        body.append(_limit_x(LEFT + limit * scale, height))
    return _figure(title, height, body, names)


def line_chart(title: str, series: Sequence[Series], x_label: str, y_label: str, limit: float | None = None) -> str:
    """Draw lines over a grid from zero, with a legend; `limit` is a dashed horizontal line."""
    points = [point for line in series for point in line.points]
    right = nice(max([x for x, _ in points] + [1e-9]))
    top = nice(max([y for _, y in points] + [limit or 0.0, 1e-9]))
    left = 60
    across, up = (WIDTH - left - RIGHT) / right, (HEIGHT - TOP - BOTTOM) / top
    base = HEIGHT - BOTTOM
    body = []
    for at in range(TICKS + 1):
        x, y = left + right * at / TICKS * across, base - top * at / TICKS * up
        body.append(f'<path d="M{left} {y:.1f}H{WIDTH - RIGHT}" stroke="#e2e5ea"/>')
        body.append(_text(left - 6, y, f"{top * at / TICKS:g}", "end"))
        body.append(_text(x, base + 14, f"{right * at / TICKS:g}", "middle"))
    body.append(_text((left + WIDTH - RIGHT) / 2, HEIGHT - 6, x_label, "middle"))
    body.append(_text(left, TOP - 14, y_label, "start"))
    for at, line in enumerate(series):
        path = "L".join(f"{left + x * across:.1f} {base - y * up:.1f}" for x, y in line.points)
        if path:
            stroke = f'stroke="{COLOURS[at % len(COLOURS)]}" stroke-width="2"'
            body.append(f'<path d="M{path}" fill="none" {stroke}><title>{escape(line.name)}</title></path>')
    if limit is not None:
        y = base - limit * up
        body.append(f'<path d="M{left} {y:.1f}H{WIDTH - RIGHT}" stroke="#b00020" stroke-dasharray="6 4"/>')
    return _figure(title, HEIGHT, body, [line.name for line in series])


def svg_file(figure: str) -> str:
    """Return a chart as an SVG file of its own, on white."""
    svg = figure[figure.index("<svg") : figure.index("</svg>")]
    start = svg.index(">") + 1
    head = svg[: start - 1] + ' font-family="sans-serif">'
    return f'{head}<rect width="100%" height="100%" fill="white"/>{svg[start:]}</svg>\n'


def nice(value: float) -> float:
    """Return the next larger of 1, 2, 2.5, 5 times a power of ten, so that the grid falls on round numbers."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= value * (1 - 1e-9))


def _grid_x(top: float, height: int, scale: float, unit: str) -> str:
    parts = []
    for at in range(TICKS + 1):
        x = LEFT + top * at / TICKS * scale
        parts.append(f'<path d="M{x:.1f} {TOP}V{height - BOTTOM}" stroke="#e2e5ea"/>')
        parts.append(
            _text(x, height - BOTTOM + 14, f"{top * at / TICKS:g}{' ' + unit if at == TICKS else ''}", "middle")
        )
    return "".join(parts)


def _limit_x(x: float, height: int) -> str:
    return f'<path d="M{x:.1f} {TOP - 8}V{height - BOTTOM}" stroke="#b00020" stroke-width="2" stroke-dasharray="6 4"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="middle">{escape(text)}</text>'


def _figure(title: str, height: int, body: Sequence[str], names: Sequence[str]) -> str:
    legend = "".join(
        f'<span><i style="background:{COLOURS[at % len(COLOURS)]}"></i>{escape(name)}</span>'
        for at, name in enumerate(names)
    )
    viewport = f'viewBox="0 0 {WIDTH} {ceil(height)}" role="img" aria-label="{escape(title)}"'
    svg_file = f'<svg xmlns="http://www.w3.org/2000/svg" {viewport} font-size="12">{"".join(body)}</svg>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg_file}<p>{legend}</p></figure>"
