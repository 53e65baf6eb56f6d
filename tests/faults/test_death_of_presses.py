"""Death on the way from a button to its picture.
Never here: how a death is made and judged (deaths)."""

from __future__ import annotations

from base64 import b64decode
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from bot.domain.intake.masks import Cells
from bot.domain.ports import Picture
from bot.domain.tasks import RemoteAction
from bot.midjourney.masks import PillowMasks
from tests.faults.deaths import die_everywhere, judge, late, press, settled
from tests.midjourney.drawing import still
from tests.services.harness import Crash, Harness

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.deaths import Path_


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("path", [press, late], ids=lambda p: p.__name__)
async def test_death_at_any_effect_loses_nothing_and_doubles_nothing(path: Path_, tmp_path: Path) -> None:
    await die_everywhere(path, tmp_path)


@pytest.mark.parametrize(
    ("point", "times"),
    [("db insert ⟩", 1), ("db inputs ⟨", 0), ("POST action ⟨", 0), ("POST action ⟩", 1)],
)
async def test_death_while_a_region_is_sent_sends_it_once_at_most_and_with_its_mask(
    point: str, times: int, tmp_path: Path
) -> None:
    world = Harness(tmp_path)
    await world.boot()
    world.painted = Picture(still(size=(37, 41)), "fox.png", "image/png", 37, 41)
    world.upstream.template["actions"] = (
        RemoteAction("MJ::Inpaint::1::11111111-2222-4333-8444-555555555555::SOLO", "Vary (Region)", ""),
    )
    grid = await world.finished_grid()
    mask = await PillowMasks().from_cells(37, 41, Cells(6))
    world.effects.die_at(point)

    with suppress(Crash):
        await world.services.regions.repaint(world.asker(), grid.key, 0, mask, channel_id=0, message_id=0)
        await settled(world, press)
    assert world.died
    await world.reboot(after_ms=1_000)
    await settled(world, press)

    assert await judge(world) == (0, 0)
    sent = [task.mask or "" for task in world.upstream.tasks if task.custom_id]
    assert [b64decode(one.partition(",")[2]) for one in sent] == [mask] * times
    await world.kill()
