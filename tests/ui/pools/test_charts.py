"""The chart of usage: round steps, few dates, and every unit in its pool's colour.
Never here: the numbers' way from the ledger (tests/cogs/test_pools.py)."""

from __future__ import annotations

import io
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
from babel import Locale
from PIL import Image, ImageDraw

from bot.domain.costs import Cost, Money
from bot.domain.pools import Pool
from bot.ui.pools.charts import BOTTOM, COLOURS, HEIGHT, TOP, WIDTH, Bar, labelled, scale, usage_chart

ENGLISH = Locale("en")
FIRST = date(2026, 3, 1)


def painted(bars: list[Bar], pool: Pool) -> int:
    """How many pixels below the legend have a pool's colour."""
    wanted = tuple(bytes.fromhex(COLOURS[pool][1:]))
    with Image.open(io.BytesIO(usage_chart(bars, ENGLISH))) as picture:
        body = picture.convert("RGB").crop((0, TOP - 10, WIDTH, HEIGHT - BOTTOM))
    data = body.tobytes()
    return sum(data[i : i + 3] == bytes(wanted) for i in range(0, len(data), 3))


def days(*units: dict[Pool, int]) -> list[Bar]:
    return [Bar(FIRST + timedelta(days=n), of_day) for n, of_day in enumerate(units)]


@pytest.mark.parametrize(
    ("most", "step", "top"),
    [
        (0, 1, 1),
        (1, 1, 1),
        (4, 1, 4),
        (5, 2, 6),
        (9, 5, 10),
        (100, 50, 100),
        (101, 50, 150),
        (999, 500, 1000),
    ],
)
def test_steps_are_round_and_the_highest_bar_fits(most: int, step: int, top: int) -> None:
    assert scale(most) == (step, top)


@pytest.mark.parametrize("number", [1, 2, 5, 7, 14, 31, 92])
def test_few_days_carry_their_date_and_today_always_does(number: int) -> None:
    found = labelled(number)

    assert found[-1] == number - 1
    assert 1 <= len(found) <= 5
    assert found == sorted(found)


def test_a_pools_area_grows_with_its_units() -> None:
    bars = days({Pool.NORMAL: 10, Pool.FAST: 30})

    assert painted(bars, Pool.FAST) == pytest.approx(3 * painted(bars, Pool.NORMAL), rel=0.1)


def test_a_single_unit_among_thousands_is_still_seen() -> None:
    assert painted(days({Pool.NORMAL: 5_000}, {Pool.FAST: 1}), Pool.FAST) > 0


@pytest.mark.parametrize("number", [1, 92])
def test_a_day_and_a_quarter_of_a_year_are_both_drawn(number: int) -> None:
    bars = days(*({Pool.NORMAL: n + 1} for n in range(number)))

    assert painted(bars, Pool.NORMAL) > 0
    assert painted(bars, Pool.FAST) == 0


class Boxes(list[tuple[float, float, float, float]]):
    """The places of all words of a chart, as they are drawn."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        drawn = ImageDraw.ImageDraw.text

        def text(draw: ImageDraw.ImageDraw, at: tuple[float, float], words: str, **how: Any) -> None:
            self.append(draw.textbbox(at, words, font=how["font"], anchor=how["anchor"]))
            drawn(draw, at, words, **how)

        patch.setattr(ImageDraw.ImageDraw, "text", text)


@pytest.mark.parametrize("of_day", [0, 72, 70_000_000])
@pytest.mark.parametrize("money", [None, Money(34_000, "CNY")])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_word_is_whole_and_stands_alone(
    of_day: int, money: Money | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = tuple(Pool)[:number]
    units = dict.fromkeys(pools, of_day)
    costs = {pool: Cost(of_day * 2_040, of_day, of_day) for pool in pools}
    bars = [Bar(FIRST + timedelta(days=n), units, costs) for n in range(14)]
    boxes = Boxes(monkeypatch)

    usage_chart(bars, ENGLISH, pools=pools, money=money)

    assert len(boxes) >= number
    for left, upper, right, lower in boxes:
        assert 0 < left < right < WIDTH
        assert 0 < upper < lower < HEIGHT
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
