"""A simulated server of the family survives a restart: its ids, windows and tasks are as they were.
Never here: what its endpoints answer (the client's tests)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.sandbox.mjproxy import Flavour, SimulatedProxy
from bot.sandbox.mjproxy.views import true_view
from bot.sandbox.upstream import Pace

if TYPE_CHECKING:
    from bot.sandbox.mjproxy.records import Record


async def submit(proxy: SimulatedProxy, what: str, **body: Any) -> dict[str, Any]:
    headers = {"mj-api-secret": "sk-sandbox"}
    async with (
        aiohttp.ClientSession(proxy.origin, headers=headers) as session,
        session.post(f"/mj-fast/mj/submit/{what}", json=body) as answer,
    ):
        said: dict[str, Any] = await answer.json()
        return said


def button(record: Record, proxy: SimulatedProxy, face: str) -> str:
    view = true_view(proxy.state, record)
    return next(str(one["customId"]) for one in view["buttons"] if face in one["customId"])


async def test_windows_tasks_and_ids_are_as_they_were_after_a_restart() -> None:
    async with SimulatedProxy(pace=Pace(speed=400), canvas=64) as first:
        grid = str((await submit(first, "imagine", prompt="a fox", state="tag-1"))["result"])
        first.finish(grid)
        single = str(
            (
                await submit(
                    first, "action", taskId=grid, customId=button(first.record(grid), first, "upsample::1")
                )
            )["result"]
        )
        first.finish(single)
        window = str(
            (
                await submit(
                    first, "action", taskId=single, customId=button(first.record(single), first, "CustomZoom")
                )
            )["result"]
        )
        kept = json.loads(json.dumps(first.dump()))

    async with SimulatedProxy(pace=Pace(speed=400), canvas=64) as second:
        second.load(kept)
        assert [record.id for record in second.records] == [grid, single, window]
        assert second.record(grid).state == "tag-1"
        assert second.record(single).parent is second.record(grid)
        assert second.record(window).task is None
        assert second.paid == 2

        filled = await submit(second, "modal", taskId=window, prompt="a fox --zoom 1.5")
        fresh = str((await submit(second, "imagine", prompt="a crane"))["result"])

        assert filled["code"] == 1
        assert second.record(window).task is not None
        assert fresh not in {grid, single, window}


def test_what_another_flavour_wrote_is_refused() -> None:
    written = SimulatedProxy(Flavour.PLUS).dump()

    with pytest.raises(ValueError, match="another kind of server"):
        SimulatedProxy(Flavour.TRUEAI).load(written)
