"""`python -m loadtest flame`: draws where the media worker spends its CPU time while it forwards, as a flame graph.

Width is CPU time; the functions of a row are called by those below them.
"""

import asyncio
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from loadtest.bench.seating import seat_viewers
from loadtest.bench.worker_cost import SETTLE_S
from loadtest.bench.worker_harness import bench_room

WIDTH, ROW = 1000, 17
LETTER = 6.2
"""Width of a letter of 10 px, in pixels."""
NARROWEST = 0.002
"""Least share of the samples; smaller functions are left out."""
COLOURS = ("#f2b27a", "#eec28f", "#f5cba0", "#e9a86b")


@dataclass(slots=True)
class StackNode:
    """A function in the call tree, its number of samples, and the functions that it called."""

    name: str
    samples: int = 0
    calls: dict[str, "StackNode"] = field(default_factory=dict)

    def add(self, names: Iterable[str], count: int) -> None:
        """Add a stack of function names below this node, sampled `count` times."""
        node = self
        node.samples += count
        for name in names:
            node = node.calls.setdefault(name, StackNode(name))
            node.samples += count


async def sample(receivers: int, seconds: float) -> StackNode:
    """Let a worker forward to so many receivers, and return its sampled stacks as a tree."""
    with tempfile.TemporaryDirectory(prefix="diemcau-flame-") as directory:
        stacks = Path(directory) / "stacks"
        async with bench_room(("loadtest.bench.stack_sampler", str(stacks))) as room:
            await seat_viewers(room, receivers)
            await asyncio.sleep(SETTLE_S + seconds)
        return fold(stacks.read_text())


def fold(stacks: str) -> StackNode:
    """Parse lines of a stack and its count into a tree, without the beginning that all stacks share."""
    root = StackNode("media worker")
    for line in stacks.splitlines():
        names, _, count = line.rpartition(" ")
        root.add([name for name in names.split(";") if not name.startswith("<frozen")], int(count))
    while len(root.calls) == 1:
        (root,) = root.calls.values()
    root.name = "media worker"
    return root


def draw(root: StackNode) -> str:
    """Draw the tree as SVG."""
    height = ROW * _depth(root)
    shapes = "".join(_shapes(root, 0.0, WIDTH / max(1, root.samples), height - ROW, root.samples))
    style = 'font-family="sans-serif" font-size="10"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {style}>{shapes}</svg>\n'


def _depth(node: StackNode) -> int:
    return 1 + max((_depth(each) for each in node.calls.values()), default=0)


def _shapes(node: StackNode, x: float, scale: float, y: int, all_: int) -> Iterable[str]:
    width, share = node.samples * scale, node.samples / max(1, all_)
    if share < NARROWEST:
        return
    colour = COLOURS[len(node.name) % len(COLOURS)]
    hint = escape(f"{node.name}: {100 * share:.1f} %")
    rect = f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" fill="{colour}"/>'
    letters = int((width - 4) / LETTER)
    text = f'<text x="{x + 3:.1f}" y="{y + 12}">{escape(node.name[:letters])}</text>' if letters > 2 else ""
    yield f"<g><title>{hint}</title>{rect}{text}</g>"
    for each in sorted(node.calls.values(), key=lambda call: call.name):
        yield from _shapes(each, x, scale, y - ROW, all_)
        x += each.samples * scale
