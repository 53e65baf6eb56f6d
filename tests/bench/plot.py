"""A line over time as a small SVG, so that a measurement's course can be looked at, too.
Never here: measuring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from tests.bench.report import folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WIDTH, HEIGHT, EDGE = 720, 300, 50
INK: Final = "font-family='sans-serif' font-size='12' fill='#333'"


def plot(name: str, title: str, points: Sequence[tuple[float, float]], *, across: str, up: str) -> Path:
    """Draw these points, from zero on both axes, into `NAME.svg` beside the JSON."""
    right = max(x for x, _ in points) or 1
    top = 1.1 * max(y for _, y in points) or 1

    def at(x: float, y: float) -> tuple[float, float]:
        return EDGE + x / right * (WIDTH - 2 * EDGE), HEIGHT - EDGE - y / top * (HEIGHT - 2 * EDGE)

    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in (at(x, y) for x, y in points))
    parts = [
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
        f"<text x='{EDGE}' y='24' {INK}>{escape(title)}</text>",
        f"<text x='{WIDTH - EDGE}' y='{HEIGHT - 12}' text-anchor='end' {INK}>{escape(across)}</text>",
    ]
    for quarter in range(5):
        (x, floor), (left, y) = at(right * quarter / 4, 0), at(0, top * quarter / 4)
        parts += [
            f"<path d='M{left:.1f} {y:.1f}H{WIDTH - EDGE}' stroke='#ddd'/>",
            f"<text x='{left - 6:.1f}' y='{y + 4:.1f}' text-anchor='end' {INK}>{top * quarter / 4:.0f}</text>",
            f"<text x='{x:.1f}' y='{floor + 16:.1f}' text-anchor='middle' {INK}>{right * quarter / 4:.0f}</text>",
        ]
    parts += [
        f"<text x='{EDGE}' y='42' {INK}>{escape(up)}</text>",
        f"<polyline points='{line}' fill='none' stroke='#2563eb' stroke-width='2'/>",
    ]
    path = folder() / f"{name}.svg"
    box = f"width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'"
    path.write_text(f"<svg xmlns='http://www.w3.org/2000/svg' {box}>\n" + "\n".join(parts) + "\n</svg>\n")
    return path
