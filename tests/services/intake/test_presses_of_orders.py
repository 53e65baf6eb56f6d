"""Buttons under what the second engine drew, and under cards whose task nobody knows: what stands in the way of a press.
Never here: pictures that are gone (test_drawings.py), and upstream's own buttons."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from bot.domain.engine_models import engine_model
from bot.domain.jobs import JobState
from bot.domain.pools import Allowance, Pool
from bot.domain.prices import Charge
from bot.domain.tenancy import Ceiling
from bot.errors import RemoteError, RemoteFault
from bot.services.intake.drawing import DrawOptions
from bot.services.worker import worker
from bot.storage.jobs import fewer
from bot.storage.tables import ledger
from tests.services.engine import furnish
from tests.services.harness import GUILD, Harness
from tests.services.intake.test_pictures import AFile
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.jobs import Job
    from tests.services.engine import Studio


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Harness]:
    opened = Harness(tmp_path)
    yield opened
    await opened.kill()


async def pressed(world: Harness, job: Job, position: int) -> str:
    attempt = world.services.presses.press(world.asker(), job.key, position, channel_id=0, message_id=0)
    return (await refusal(attempt)).id


async def opened(world: Harness) -> Studio:
    studio = furnish(world)
    await world.boot()
    return studio


async def edited(world: Harness) -> Job:
    """A finished order that began from a picture."""
    options = DrawOptions(prompt="make it blue")
    started = await world.services.drawings.begin(world.asker(), options, given=[AFile(data=b"a fox")])
    job = await world.ended(started.job)
    assert job.state is JobState.SUCCEEDED
    return job


async def test_again_without_the_pictures_that_went_along_is_refused(world: Harness) -> None:
    studio = await opened(world)
    job = await edited(world)
    await world.forget_inputs(job)

    assert await pressed(world, job, 0) == "again.prompt_pictures_gone"
    assert len(studio.orders) == 1


async def test_a_model_that_takes_no_pictures_is_never_given_those_of_an_older_order(world: Harness) -> None:
    studio = await opened(world)
    job = await edited(world)
    older = engine_model("dall-e-3")
    assert older is not None
    studio.model = older
    drawings = world.services.drawings

    assert await pressed(world, job, 1) == "draw.no_pictures"
    assert await pressed(world, job, 0) == "draw.no_pictures"
    assert (await refusal(drawings.remix(world.asker(), job, "make it red"))).id == "draw.no_pictures"
    assert (await refusal(drawings.again(world.asker(), job))).id == "draw.no_pictures"
    assert len(studio.orders) == 1


async def test_what_the_engine_drew_is_no_picture_that_somebody_puts_in(world: Harness) -> None:
    await opened(world)
    drawings, presses = world.services.drawings, world.services.presses
    job = await world.ended((await drawings.begin(world.asker(), DrawOptions(prompt="a fox"))).job)
    await world.services.guilds.set_values(GUILD, ADA, "images", {"on": False})

    for position in (1, 0):  # another of it, and that once more
        begun = await presses.press(world.asker(), job.key, position, channel_id=0, message_id=0)
        job = await world.ended(begun.job)
        assert job.state is JobState.SUCCEEDED

    options = DrawOptions(prompt="make it blue")
    attempt = drawings.begin(world.asker(), options, given=[AFile(data=b"a fox")])
    assert (await refusal(attempt)).id == "refused.images_off"


async def test_a_card_whose_task_nobody_knows_has_nothing_to_go_on_from(world: Harness) -> None:
    await world.boot()
    grid = await world.finished_grid()

    attempt = world.services.presses.start_child(
        world.asker(), replace(grid, task_id=None), 0, channel_id=0, message_id=0
    )

    assert (await refusal(attempt)).id == "press.unfinished"
    assert len(await world.all_jobs()) == 1


async def test_every_picture_of_an_order_counts_what_one_costs(world: Harness) -> None:
    world.more_terms["credits"] = {(Pool.DRAW, Charge.DRAW): 40}
    await opened(world)

    await world.services.drawings.begin(world.asker(), DrawOptions(prompt="a paper fox", number=3))

    assert await credits_of(world) == [120]


@pytest.mark.parametrize(("came", "left", "granted"), [(4, 0, 1), (3, 0, 2), (2, 0, 3), (1, 1, 3)])
async def test_pictures_of_an_order_that_did_not_come_cost_nothing_and_grants_are_the_first_to_get_back(
    world: Harness, came: int, left: int, granted: int
) -> None:
    studio = furnish(world)
    world.rules[Pool.DRAW] = Allowance(2, None, None)
    await world.boot()
    studio.most = came
    allowances, asker = world.services.allowances, world.asker()
    for units in (1, 2):
        await allowances.grant(GUILD, ADA, asker.user_id, Pool.DRAW, units=units, reason="", expires_at=None)

    begun = await world.services.drawings.begin(asker, DrawOptions(prompt="a paper fox", number=4))
    job = await world.ended(begun.job)
    await world._opened.database.write(lambda cn: fewer.give_back(cn, job))  # said twice

    quota = next(one for one in await allowances.quota_of(asker) if one.pool is Pool.DRAW)
    assert (job.state, job.units, quota.left, quota.granted) == (JobState.SUCCEEDED, came, left, granted)


async def test_every_picture_of_an_order_takes_a_unit_of_the_owners_budget(world: Harness) -> None:
    studio = await opened(world)
    await world.services.owner_policy.set_ceiling(GUILD, Ceiling(per_day=4))
    three = DrawOptions(prompt="a paper fox", number=3)
    await world.ended((await world.services.drawings.begin(world.asker(), three)).job)

    refused = await refusal(world.services.drawings.begin(world.asker(), three))
    studio.refusals.append(RemoteError(RemoteFault.REFUSED, "no"))
    await world.ended((await world.services.drawings.begin(world.asker(), DrawOptions(prompt="an owl"))).job)

    assert refused.id == "refused.ceiling_day"
    assert (await world.services.owner_policy.view(GUILD)).used.today == 3


async def test_pressed_twice_at_once_an_order_is_drawn_again_or_instead_once(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = await opened(world)
    drawings = world.services.drawings
    order = await world.ended((await drawings.begin(world.asker(), DrawOptions(prompt="a fox"))).job)
    grid = await world.finished_grid()

    for begin, job in ((drawings.again, order), (drawings.instead, grid)):
        with (
            monkeypatch.context() as nobody_draws
        ):  # an order ends without time passing: then it may be drawn again
            await world.calm()
            nobody_draws.setattr(worker, "SENDERS", 0)
            first, second = await asyncio.gather(begin(world.asker(), job), begin(world.asker(user=2), job))
        await world.ended(first.job)

        assert first.job.key == second.job.key
    assert len(studio.orders) == 3


async def test_again_on_a_model_that_draws_fewer_counts_what_it_draws(world: Harness) -> None:
    world.more_terms["credits"] = {(Pool.DRAW, Charge.DRAW): 40}
    studio = await opened(world)
    options = DrawOptions(prompt="a paper fox", number=3)
    job = await world.ended((await world.services.drawings.begin(world.asker(), options)).job)
    older = engine_model("dall-e-3")
    assert older is not None
    studio.model = older

    pressed_ = await world.services.presses.press(world.asker(), job.key, 0, channel_id=0, message_id=0)
    again = await world.ended(pressed_.job)

    assert (again.units, studio.orders[-1][0].number) == (1, 1)
    assert await credits_of(world) == [120, 40]


async def credits_of(world: Harness) -> list[int | None]:
    query = select(ledger.c.credits)
    return list(await world._opened.database.read(lambda cn: cn.execute(query).scalars().all()))


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        (DrawOptions(prompt=" a fox "), "a fox"),
        (
            DrawOptions(prompt="a fox", size="9x9", quality="best", number=5),
            "a fox --size 9x9 --quality best --number 5",
        ),
    ],
)
def test_an_order_is_kept_as_one_would_type_it(options: DrawOptions, typed: str) -> None:
    assert options.typed == typed


async def test_members_draw_with_the_engine_of_their_servers_account(world: Harness) -> None:
    studio = await opened(world)

    assert await world.services.drawings.engine(GUILD) == studio.model
