"""Orders of the second engine through the services: rules, charges, faults, what is kept and for how long.
Never here: Discord, and the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import Failure, FailureKind
from bot.domain.inputs import INPUT_LIFE_MS
from bot.domain.jobs import JobKind, JobState, Route
from bot.domain.pools import Allowance, Pool
from bot.domain.prompts import PromptOptions
from bot.errors import RemoteError, RemoteFault, RetryLater, UserError
from bot.services.intake.drawing import INSTEAD, DrawOptions
from tests.services.engine import furnish
from tests.services.harness import Api, Harness
from tests.services.test_pictures import AFile

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


async def begun(world: Harness, prompt: str = "a paper fox", **options: object) -> Job:
    asked = DrawOptions(prompt=prompt, **options)  # type: ignore[arg-type]  # a test's own options
    return (await world.services.drawings.begin(world.asker(), asked)).job


async def ended(world: Harness, job: Job) -> Job:
    async def over() -> bool:
        now = await world.store.get(job.key)
        return bool(now.is_terminal and now.is_delivered)

    await world.until(over, within=3600)
    found: Job = await world.store.get(job.key)
    return found


async def drawn(world: Harness, prompt: str = "a paper fox", **options: object) -> Job:
    return await ended(world, await begun(world, prompt, **options))


async def opened(world: Harness, model: str = "gpt-image-1.5") -> Studio:
    studio = furnish(world, model)
    await world.boot()
    return studio


async def test_an_order_is_a_row_one_call_and_one_card(world: Harness) -> None:
    studio = await opened(world)
    job = await drawn(world, size="1536x1024")

    assert (job.kind, job.pool, job.state, job.prompt) == (
        JobKind.DRAW,
        Pool.DRAW,
        JobState.SUCCEEDED,
        "a paper fox --size 1536x1024",
    )
    assert [order.words for order, _ in studio.orders] == ["a paper fox"]
    (message,) = world.discord.of(job.key)
    assert message.picture is not None
    assert message.picture.data == b"drawn 1 1"
    assert not world.upstream.tasks
    assert not world.upstream.reads


async def test_several_pictures_cost_a_unit_each(world: Harness) -> None:
    furnish(world)
    world.rules[Pool.DRAW] = Allowance(5, 3, 3)
    await world.boot()

    await drawn(world, number=4)
    with pytest.raises(UserError) as caught:
        await begun(world, number=2)

    assert caught.value.text.id == "refused.per_day"
    assert (await drawn(world)).units == 1


async def test_what_was_drawn_is_kept_beside_its_row_for_a_week_and_then_lies_on_its_card(
    world: Harness,
) -> None:
    studio = await opened(world)
    job = await drawn(world, number=2)
    assert [one.data for one in await world.store.inputs(job.key)] == [b"drawn 1 1", b"drawn 1 2"]

    world.clock.move_to(world.clock.now() + INPUT_LIFE_MS + 1)
    await world.services.housekeeping.tidy()
    assert not await world.store.inputs(job.key)
    pressed = await world.services.presses.press(world.asker(), job.key, 2, channel_id=0, message_id=0)
    await ended(world, pressed.job)

    assert world.fetches[-1][1] == "https://cdn.example/drawn-1-2.png"
    assert len(studio.orders) == 2


async def test_a_moderator_who_removes_it_takes_its_pictures_along(world: Harness) -> None:
    await opened(world)
    job = await drawn(world)
    removed = await world.store.remove_result(job.key)

    assert removed.storage_key is None
    assert not await world.store.inputs(job.key)


async def test_an_answer_with_addresses_is_fetched_from_there(world: Harness) -> None:
    studio = await opened(world)
    studio.addresses = ["https://pictures.example/1.png", "https://pictures.example/2.png"]
    job = await drawn(world, number=2)

    assert job.state is JobState.SUCCEEDED
    assert [address for _, address, _ in world.fetches] == [
        "https://pictures.example/1.png",
        "https://pictures.example/2.png",
    ]


async def test_an_address_that_gives_nothing_for_now_is_asked_again_and_nothing_is_drawn_again(
    world: Harness,
) -> None:
    studio = await opened(world)
    studio.addresses = ["https://pictures.example/1.png"]
    world.picture_trouble = RetryLater("down")
    job = await begun(world)
    await world.pass_time(30)
    world.picture_trouble = None
    job = await ended(world, job)

    assert job.route is not Route.KEPT
    assert world.discord.of(job.key)[-1].picture is not None
    assert len(studio.orders) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RemoteError(RemoteFault.REFUSED, "no", kind=FailureKind.BANNED_PROMPT), FailureKind.BANNED_PROMPT),
        (RemoteError(RemoteFault.REFUSED, "no", kind=FailureKind.NO_PICTURE), FailureKind.NO_PICTURE),
        (RemoteError(RemoteFault.KEY, "no"), FailureKind.KEY),
        (RemoteError(RemoteFault.BALANCE, "no"), FailureKind.BALANCE),
    ],
)
async def test_a_refusal_ends_it_with_its_units_back(
    world: Harness, error: RemoteError, kind: FailureKind
) -> None:
    studio = await opened(world)
    studio.refusals.append(error)
    job = await drawn(world)

    assert job.failure is not None
    assert job.failure.kind is kind
    assert sorted(entry for key, entry in await world.ledger() if key == job.key) == ["refund", "reserve"]


async def test_too_many_at_once_wait_their_turn(world: Harness) -> None:
    studio = await opened(world)
    studio.refusals += [RemoteError(RemoteFault.THROTTLED, "slow down", retry_after=20)]
    job = await drawn(world)

    assert job.state is JobState.SUCCEEDED
    assert len(studio.orders) == 1


async def test_an_answer_that_never_came_is_said_to_be_lost_and_never_asked_for_again(world: Harness) -> None:
    studio = await opened(world)
    studio.swallow = 1
    job = await drawn(world)

    assert job.failure == Failure(FailureKind.LOST)
    assert len(studio.orders) == 1
    assert not world.upstream.reads  # there is no list in which it could stand
    again = await ended(world, (await world.services.drawings.again(world.asker(), job)).job)
    assert again.state is JobState.SUCCEEDED


async def test_a_picture_to_start_from_goes_along_and_again_with_the_next(world: Harness) -> None:
    studio = await opened(world)
    options = DrawOptions(prompt="make it blue")
    started = await world.services.drawings.begin(world.asker(), options, given=[AFile(data=b"a fox")])
    job = await ended(world, started.job)
    pressed = await world.services.presses.press(world.asker(), job.key, 0, channel_id=0, message_id=0)
    await ended(world, pressed.job)

    assert [given for _, given in studio.orders] == [(b"a fox",), (b"a fox",)]


async def test_a_model_without_pictures_says_so_before_one_is_fetched(world: Harness) -> None:
    await opened(world, "dall-e-3")
    given = AFile(data=b"a fox")
    with pytest.raises(UserError) as caught:
        await world.services.drawings.begin(world.asker(), DrawOptions(prompt="x"), given=[given])

    assert caught.value.text.id == "draw.no_pictures"


async def test_where_there_is_no_engine_everything_says_so(world: Harness) -> None:
    await world.boot()
    with pytest.raises(UserError) as caught:
        await begun(world)
    assert caught.value.text.id == "draw.not_here"


async def test_the_pool_can_be_off_while_midjourney_is_on_and_no_prompt_strays_into_it(
    world: Harness,
) -> None:
    furnish(world)
    del world.rules[Pool.DRAW]
    await world.boot()
    with pytest.raises(UserError) as caught:
        await begun(world)
    assert caught.value.text.id == "refused.draw_off"

    world.rules.clear()
    world.rules[Pool.DRAW] = Allowance(5, 1, 1)
    with pytest.raises(UserError) as caught:
        await world.services.imagine.begin(world.asker(), PromptOptions(prompt="a fox"), None)
    assert caught.value.text.id == "refused.all_pools_off"


async def test_an_engine_that_is_gone_ends_what_waits_and_shows_what_was_drawn(world: Harness) -> None:
    studio = await opened(world)
    job = await drawn(world)
    studio.refusals.append(RemoteError(RemoteFault.THROTTLED, "slow down"))
    waiting = await begun(world)
    await world.kill()
    world.owner += "'"
    world.way_to = lambda _account: Api(world.upstream, world.effects)
    await world.boot()
    gone = await ended(world, waiting)

    assert gone.failure == Failure(FailureKind.KEY)
    with pytest.raises(UserError) as caught:
        await world.services.presses.press(world.asker(), job.key, 0, channel_id=0, message_id=0)
    assert caught.value.text.id == "draw.not_here"
    assert (await world.store.inputs(job.key))[0].data == b"drawn 1 1"


async def test_what_midjourney_refused_is_drawn_with_its_words_and_says_so(world: Harness) -> None:
    studio = await opened(world)
    world.upstream.refusals.append(RemoteError(RemoteFault.REFUSED, "[Banned prompt] no"))
    failed = await world.ended(await world.imagine("a fox --ar 3:2 --v 7"))
    started = await world.services.drawings.instead(world.asker(), failed)
    job = await ended(world, started.job)

    assert INSTEAD in job.notes
    assert [order.prompt for order, _ in studio.orders] == ["a fox --size 1536x1024"]
    assert job.ancestor is not None
    assert job.ancestor.key == failed.key


async def test_a_key_that_may_not_draw_is_said_at_once_and_no_order_begins(world: Harness) -> None:
    studio = await opened(world)
    studio.is_refused = True
    with pytest.raises(UserError) as caught:
        await begun(world)

    assert caught.value.text.id == "draw.key_refused"
    assert not await world.all_jobs()
