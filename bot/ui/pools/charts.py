"""A chart of units by day, stacked by pool, as a PNG for dark screens held in a hand: big type, few ticks.
Never here: reading the ledger, and words; only names of pools, numbers and dates are drawn."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from babel.dates import format_skeleton
from babel.numbers import format_decimal

from bot.domain.costs import Cost
from bot.domain.pools import USUAL_POOLS, Pool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from babel import Locale
    from PIL import ImageDraw, ImageFont

    from bot.domain.costs import Money

WIDTH: Final = 1200
HEIGHT: Final = 800
LEFT: Final = 150
"""At least so much stands left of the bars; more where the numbers there are long."""
RIGHT: Final = 40
TOP: Final = 130
"""Above the bars, with one row of pools."""
ROW: Final = 100
"""What each further row takes."""
BOTTOM: Final = 90
TYPE_SIZE: Final = 40
"""A phone shows the picture some 350 points wide: this is 12 points there."""
LEGEND_SIZE: Final = 46
MONEY_SIZE: Final = 34
SIGN: Final = 58
"""A pool's square of colour, with the blank behind it."""
BETWEEN: Final = 70
"""Between two pools of a row."""
TICK_GAP: Final = 22
GAP_SHARE: Final = 0.28
WIDEST_BAR: Final = 130
CORNER: Final = 8
Y_TICKS: Final = 4
X_LABELS: Final = 5

GROUND: Final = "#1a1a1e"
GRID: Final = "#36373d"
TYPE: Final = "#c9cbd1"
BRIGHT: Final = "#f2f3f5"
COLOURS: Final[Mapping[Pool, str]] = {
    Pool.NORMAL: "#3ba55d",
    Pool.FAST: "#f0a132",
    Pool.TURBO: "#b06cf2",
    Pool.DRAW: "#2ba8bd",
}
"""The colours of the pools' cards. They differ in lightness too, for those who do not tell green from orange."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day."""

    day: date
    units: Mapping[Pool, int]
    costs: Mapping[Pool, Cost] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All pools together."""
        return sum(self.units.values())


def usage_chart(
    bars: Sequence[Bar],
    locale: Locale,
    *,
    pools: Sequence[Pool] = USUAL_POOLS,
    money: Money | None = None,
) -> bytes:
    """Draw it. There is at least one day; `pools` are named also where nothing was used.

    Money stands where the price of every job is known.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - when a chart is first drawn; a start draws none

    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    draw = ImageDraw.Draw(image)
    step, top = scale(max(bar.total for bar in bars))
    ticks = {value: _number(value, locale) for value in range(0, top + 1, step)}
    left = max(
        LEFT, *(draw.textlength(tick, font=_font(TYPE_SIZE)) + 2 * TICK_GAP for tick in ticks.values())
    )
    rows = _legend(draw, bars, locale, pools, money, left=left)
    floor, height = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP - ROW * (rows - 1)

    for value, tick in ticks.items():
        y = floor - value * height // top
        draw.line([(left, y), (WIDTH - RIGHT, y)], fill=GRID, width=3 if value else 4)
        draw.text((left - TICK_GAP, y), tick, font=_font(TYPE_SIZE), fill=TYPE, anchor="rm")

    room = (WIDTH - left - RIGHT) / len(bars)
    width = min(WIDEST_BAR, room * (1 - GAP_SHARE))
    for index, bar in enumerate(bars):
        middle = left + room * (index + 0.5)
        _stack(
            draw, bar, left=middle - width / 2, right=middle + width / 2, floor=floor, per_unit=height / top
        )
    for index in labelled(len(bars)):
        middle = left + room * (index + 0.5)
        label = format_skeleton("Md", bars[index].day, locale=locale)
        half = draw.textlength(label, font=_font(TYPE_SIZE)) / 2
        middle = min(max(middle, half + 10), WIDTH - half - 10)
        draw.text((middle, floor + 22), label, font=_font(TYPE_SIZE), fill=TYPE, anchor="mt")

    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def scale(most: int) -> tuple[int, int]:
    """A round step between lines, and the top line: about four lines, whole units, room for the highest bar."""
    rough = max(1, -(-most // Y_TICKS))
    magnitude = 10 ** (len(str(rough)) - 1)
    step = next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= rough)
    return step, step * max(1, -(-most // step))


def labelled(days: int) -> list[int]:
    """Which days carry their date: the last one always, and a few before it in even steps."""
    step = max(1, -(-days // X_LABELS))
    return list(range(days - 1, -1, -step))[::-1]


def _stack(
    draw: ImageDraw.ImageDraw, bar: Bar, *, left: float, right: float, floor: int, per_unit: float
) -> None:
    below = 0
    for pool in Pool:
        units = bar.units.get(pool, 0)
        if units <= 0:
            continue
        foot, head = floor - below * per_unit, floor - (below + units) * per_unit
        head = min(head, foot - 3)  # a single unit among thousands is still to be seen
        corner = min(CORNER, int((foot - head) / 2))
        draw.rounded_rectangle(
            [(left, head), (right, foot - 2)],
            radius=corner,
            fill=COLOURS[pool],
            corners=(True, True, False, False),
        )
        below += units


def _legend(
    draw: ImageDraw.ImageDraw,
    bars: Sequence[Bar],
    locale: Locale,
    pools: Sequence[Pool],
    money: Money | None,
    *,
    left: float,
) -> int:
    """Each pool's name with its sum, from the left, below it what that is worth; how many rows they took."""
    x, row = left, 0
    for pool in Pool:
        total = sum(bar.units.get(pool, 0) for bar in bars)
        if pool not in pools and not total:
            continue
        lines = [(f"{pool.value}  {_number(total, locale)}", LEGEND_SIZE, BRIGHT, 62)]
        cost = sum((bar.costs.get(pool, Cost()) for bar in bars), Cost())
        if money is not None and cost.jobs and cost.priced == cost.jobs:
            worth = f"{format_decimal(money.of(cost.credits), '#,##0.00', locale=locale)} {money.currency}"
            lines.append((worth, MONEY_SIZE, TYPE, 106))
        wide = SIGN + max(draw.textlength(line, font=_font(size)) for line, size, _, _ in lines)
        if x > left and x + wide > WIDTH - RIGHT:
            x, row = left, row + 1
        y = ROW * row
        draw.rounded_rectangle([(x, y + 42), (x + 40, y + 82)], radius=CORNER, fill=COLOURS[pool])
        for line, size, colour, down in lines:
            draw.text((x + SIGN, y + down), line, font=_font(size), fill=colour, anchor="lm")
        x += wide + BETWEEN
    return row + 1


def _number(value: int, locale: Locale) -> str:
    return str(format_decimal(value, locale=locale))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The type that comes with Pillow: nothing to install, the same everywhere."""
    from PIL import ImageFont  # noqa: PLC0415 - as above

    return ImageFont.load_default(size)
