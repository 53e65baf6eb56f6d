"""Suggestions come in time or not at all, and what is still being read ends by itself.
Never here: what is suggested."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bot.errors import StorageTrouble, UserError
from bot.texts import text
from bot.ui.kit import deadline as room
from bot.ui.kit.deadline import read_first, within_deadline

if TYPE_CHECKING:
    from bot.ui.kit.context import Context


async def after(rung: asyncio.Event, trouble: Exception | None = None) -> str:
    await rung.wait()
    if trouble is not None:
        raise trouble
    return "late"


def came(ago: float) -> Context:
    """What somebody pressed so many seconds ago."""
    return cast("Context", SimpleNamespace(came_at=asyncio.get_running_loop().time() - ago))


async def test_an_answer_in_time_is_taken_and_trouble_is_none() -> None:
    rung = asyncio.Event()
    rung.set()

    assert await within_deadline(after(rung), "otherwise") == "late"
    assert await within_deadline(after(rung, StorageTrouble("locked")), "otherwise") == "otherwise"
    with pytest.raises(RuntimeError):
        await within_deadline(after(rung, RuntimeError("a bug")), "otherwise")


@pytest.mark.parametrize("trouble", [None, StorageTrouble("locked")])
async def test_what_comes_late_is_not_waited_for_and_ends_by_itself(trouble: Exception | None) -> None:
    rung = asyncio.Event()

    assert await within_deadline(after(rung, trouble), "otherwise", within=0.01) == "otherwise"
    (late,) = room._late
    rung.set()
    await asyncio.wait([late])
    await asyncio.sleep(0)

    assert room._late == set()


async def test_what_is_read_before_the_first_answer_is_waited_for_even_if_it_cannot_be_cancelled() -> None:
    rung = asyncio.Event()

    async def transaction() -> str:
        while not rung.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await rung.wait()
        return "late"

    with pytest.raises(UserError) as refused:
        await read_first(came(room.READ_S - 0.01), transaction(), text("window.slow"))

    assert refused.value.text == text("window.slow")
    (late,) = room._late
    rung.set()
    assert await late == "late"
    assert await read_first(came(0), transaction(), text("window.slow")) == "late"
