"""Orders of the second engine through the services: rules, charges, faults, what is kept and for how long.
Never here: Discord, and the adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.failures import Failure, FailureKind
from bot.domain.inputs import INPUT_LIFE_MS
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobKind, JobState, Route
from bot.domain.pools import Allowance, Pool
from bot.errors import RemoteError, RemoteFault, RetryLater, RouteClosed, StorageTrouble, UserError
from bot.services.admission.viewer import Viewer
from bot.services.intake.drawing import INSTEAD, DrawOptions, may_be_drawn
from tests.services.engine import Engine, furnish
from tests.services.harness import GUILD, Api, Harness
from tests.services.intake.test_pictures import AFile
from tests.storage import making

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.intake.drawing import Order
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


ADDRESSES = [f"https://pictures.example/{n}.png" for n in (1, 2, 3)]


def shown(world: Harness, job: Job) -> list[int]:
    """The numbers of the pictures on its card."""
    picture = world.discord.of(job.key)[-1].picture
    return [] if picture is None else [one.number for one in (picture, *picture.more)]


@pytest.mark.parametrize("trouble", [RetryLater("http_404"), RouteClosed("host_not_allowed")])
async def test_one_picture_that_cannot_be_fetched_takes_none_of_the_others_along(
    world: Harness, trouble: Exception
) -> None:
    studio = await opened(world)
    studio.addresses = list(ADDRESSES)
    world.address_troubles[ADDRESSES[1]] = trouble
    job = await drawn(world, number=3)

    assert shown(world, job) == [1, 3]
    assert job.notes == ("note.pictures_lacking",)


async def test_pictures_whose_addresses_have_ended_are_taken_from_their_card(world: Harness) -> None:
    studio = await opened(world)
    studio.addresses = list(ADDRESSES)
    job = await drawn(world, number=3)
    world.address_troubles = dict.fromkeys(ADDRESSES, RetryLater("http_403"))
    (card,) = world.discord.of(job.key)
    assert card.picture is not None
    first, second, third = (card.picture, *card.picture.more)
    second, third = (replace(one, filename=f"{one.number}.png") for one in (second, third))
    card.picture = replace(first, more=(second, third))

    await world.services.presses.press(world.asker(), job.key, 3, channel_id=0, message_id=0)

    assert world.fetches[-1][1] == "https://cdn.example/3.png"


async def test_a_picture_that_comes_a_little_later_is_waited_for(world: Harness) -> None:
    studio = await opened(world)
    studio.addresses = list(ADDRESSES)
    world.address_troubles[ADDRESSES[0]] = RetryLater("http_404")
    job = await begun(world, number=3)
    await world.pass_time(60)
    world.address_troubles.clear()
    job = await ended(world, job)

    assert shown(world, job) == [1, 2, 3]
    assert job.notes == ()


async def test_a_button_varies_the_picture_of_its_number_and_no_other(world: Harness) -> None:
    studio = await opened(world)
    studio.addresses = list(ADDRESSES)
    world.address_troubles[ADDRESSES[1]] = RouteClosed("host_not_allowed")
    job = await drawn(world, number=3)

    assert await refused_press(world, job, 2) == "jobs.picture_gone"
    await world.services.presses.press(world.asker(), job.key, 3, channel_id=0, message_id=0)
    assert world.fetches[-1][1] == ADDRESSES[2]
    await forgotten(world)
    assert await refused_press(world, job, 2) == "jobs.picture_gone"


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


async def test_an_order_that_is_cancelled_while_it_is_drawn_says_who_cannot_be_stopped(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(world)
    draw, said = Engine.draw, []

    async def cancelled_meanwhile(self: Engine, order: Order, **more: Any) -> Any:
        (job,) = await world.all_jobs()
        member = Viewer(user_id=job.user_id, guild_id=GUILD, manages=False)
        said.append((await world.services.jobs.cancel(member, job.key)).id)
        return await draw(self, order, **more)

    monkeypatch.setattr(Engine, "draw", cancelled_meanwhile)
    job = await drawn(world)

    assert job.state is JobState.SUCCEEDED
    assert said == ["draw.cancelled_too_late"]


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


async def test_other_words_for_an_order_are_a_new_one_with_its_pictures(world: Harness) -> None:
    studio = await opened(world)
    given = [AFile(data=b"a fox")]
    options = DrawOptions(prompt="make it blue")
    job = await ended(world, (await world.services.drawings.begin(world.asker(), options, given=given)).job)
    started = await world.services.drawings.remix(world.asker(user=2), job, "make it red")
    remixed = await ended(world, started.job)

    assert [(order.words, images) for order, images in studio.orders] == [
        ("make it blue", (b"a fox",)),
        ("make it red", (b"a fox",)),
    ]
    assert remixed.ancestor is not None
    assert remixed.ancestor.key == job.key


async def test_an_order_whose_pictures_are_gone_is_not_sent_again_without_them(world: Harness) -> None:
    studio = await opened(world)
    studio.refusals.append(RemoteError(RemoteFault.REFUSED, "no", kind=FailureKind.NO_PICTURE))
    options = DrawOptions(prompt="make it blue")
    started = await world.services.drawings.begin(world.asker(), options, given=[AFile(data=b"a fox")])
    job = await ended(world, started.job)
    await world.forget_inputs(job)

    with pytest.raises(UserError) as caught:
        await world.services.drawings.again(world.asker(), job)

    assert caught.value.text.id == "again.prompt_pictures_gone"
    assert not studio.orders


@pytest.mark.parametrize(
    ("model", "said"), [("gpt-image-1.5", ("note.pictures_not_kept",)), ("dall-e-3", ())]
)
async def test_an_order_whose_words_had_pictures_says_when_they_are_no_longer_kept(
    world: Harness, model: str, said: tuple[str, ...]
) -> None:
    await opened(world, model)
    services, given = world.services, [AFile(data=b"a fox")]
    prompt = PromptOptions(prompt="make it blue")
    job = await ended(
        world, (await services.imagine.begin(world.asker(), prompt, Pool.FAST, given=given)).job
    )
    await world.forget_inputs(job)
    key = await services.drafts.keep(
        PromptOptions(prompt="make it gray"), user_id=1, guild_id=GUILD, pool=Pool.DRAW, option_set=None
    )
    draft = await services.drafts.open(Viewer(user_id=1, guild_id=GUILD, manages=False), key)

    of_draft = (await services.drawings.of_draft(world.asker(), draft, ancestor=job)).job
    instead = (await services.drawings.instead(world.asker(), job)).job

    assert (of_draft.inputs, of_draft.notes) == (0, (INSTEAD, *said))
    assert (instead.inputs, instead.notes) == (0, (INSTEAD, *said))


async def test_other_words_for_an_order_whose_pictures_are_gone_say_so(world: Harness) -> None:
    await opened(world)
    options = DrawOptions(prompt="make it blue")
    started = await world.services.drawings.begin(world.asker(), options, given=[AFile(data=b"a fox")])
    job = await ended(world, started.job)
    await world.forget_inputs(job)

    remixed = (await world.services.drawings.remix(world.asker(), job, "make it red")).job

    assert (remixed.inputs, remixed.notes) == (0, ("note.pictures_not_kept",))


@pytest.mark.parametrize(("pool", "notes"), [(Pool.DRAW, ()), (Pool.FAST, (INSTEAD,))])
async def test_what_was_refused_before_it_was_a_job_is_drawn_later(
    world: Harness, pool: Pool, notes: tuple[str, ...]
) -> None:
    studio = await opened(world)
    drafts = world.services.drafts
    key = await drafts.keep(
        PromptOptions(prompt="a paper fox"), user_id=1, guild_id=GUILD, pool=pool, option_set=None
    )
    draft = await drafts.open(Viewer(user_id=1, guild_id=GUILD, manages=False), key)

    first = await ended(world, (await world.services.drawings.of_draft(world.asker(), draft)).job)
    await ended(world, (await world.services.drawings.of_draft(world.asker(), draft, "an owl")).job)

    assert [order.words for order, _ in studio.orders] == ["a paper fox", "an owl"]
    assert first.notes == notes


@pytest.mark.parametrize(
    ("model", "drawn_before", "along"),
    [("gpt-image-1.5", True, 1), ("gpt-image-1.5", False, 1), ("dall-e-3", False, 0)],
)
async def test_a_refused_order_takes_along_what_its_words_came_from(
    world: Harness, model: str, along: int, *, drawn_before: bool
) -> None:
    studio = await opened(world, model)
    services, given = world.services, [AFile(data=b"a fox")]
    if drawn_before:
        options = DrawOptions(prompt="make it blue")
        started = await services.drawings.begin(world.asker(), options, given=given)
    else:
        started = await services.imagine.begin(
            world.asker(), PromptOptions(prompt="make it blue"), Pool.FAST, given=given
        )
    job = await ended(world, started.job)
    key = await services.drafts.keep(
        PromptOptions(prompt="make it gray"),
        user_id=1,
        guild_id=GUILD,
        pool=Pool.DRAW,
        option_set=None,
        ancestor=job.key,
    )
    draft = await services.drafts.open(Viewer(user_id=1, guild_id=GUILD, manages=False), key)

    begun_ = await services.drawings.of_draft(world.asker(), draft, "make it green", ancestor=job)

    made = await ended(world, begun_.job)
    assert (made.inputs, made.notes) == (along, () if drawn_before else (INSTEAD,))
    assert made.ancestor is not None
    assert made.ancestor.key == job.key
    assert studio.orders[-1][0].words == "make it green"


@pytest.mark.parametrize(
    ("prompt", "pool", "may"),
    [
        ("a fox --v 7", Pool.FAST, True),
        ("a fox", Pool.NORMAL, True),
        ("--v 7", Pool.FAST, False),
        ("", Pool.FAST, False),
        ("a fox", Pool.DRAW, False),
    ],
)
def test_only_words_of_midjourneys_jobs_may_be_drawn_instead(prompt: str, pool: Pool, *, may: bool) -> None:
    job = replace(making.job(created_at=making.NOON), prompt=prompt, pool=pool)

    assert may_be_drawn(job) is may


async def refused_press(world: Harness, job: Job, position: int) -> str:
    """Why the engine is not asked to go on from a drawn picture."""
    with pytest.raises(UserError) as caught:
        await world.services.presses.press(world.asker(), job.key, position, channel_id=0, message_id=0)
    return caught.value.text.id


async def forgotten(world: Harness) -> None:
    """Let so much time pass that the pictures lie on their card alone."""
    world.clock.move_to(world.clock.now() + INPUT_LIFE_MS + 1)
    await world.services.housekeeping.tidy()


async def test_a_drawn_picture_that_is_not_to_be_had_any_more_is_no_start(world: Harness) -> None:
    studio = await opened(world)
    job = await drawn(world, number=2)
    await forgotten(world)
    (card,) = world.discord.of(job.key)
    assert card.picture is not None

    card.picture = replace(card.picture, more=())  # somebody has removed the second file
    assert await refused_press(world, job, 2) == "jobs.picture_gone"
    card.picture = None
    assert await refused_press(world, job, 1) == "jobs.picture_gone"
    assert len(studio.orders) == 1


async def test_a_drawn_picture_that_was_never_shown_is_gone_with_its_row(world: Harness) -> None:
    await opened(world)
    asker = world.asker()
    asker = replace(asker, reply=replace(asker.reply, token=None, message_id=None))
    world.discord.closed = dict.fromkeys(Route, "missing_permission")
    job = await ended(
        world, (await world.services.drawings.begin(asker, DrawOptions(prompt="a paper fox", number=2))).job
    )
    await forgotten(world)

    assert (job.route, job.state) == (Route.KEPT, JobState.SUCCEEDED)
    assert await refused_press(world, job, 1) == "jobs.picture_gone"


async def test_a_drawn_picture_that_cannot_be_read_from_disk_for_now_is_shown_later(world: Harness) -> None:
    studio = await opened(world)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"inputs"}
    job = await begun(world)
    await world.pass_time(30)
    assert not (await world.job(job.key)).is_delivered
    world.store.trouble = None

    await ended(world, job)

    assert world.discord.of(job.key)[-1].picture is not None
    assert len(studio.orders) == 1


async def test_a_picture_on_its_card_that_is_not_read_for_now_is_no_start_for_now(world: Harness) -> None:
    await opened(world)
    job = await drawn(world, number=2)
    await forgotten(world)
    world.picture_trouble = RetryLater("down")
    assert await refused_press(world, job, 1) == "jobs.picture_gone"

    world.picture_trouble = None
    pressed = await world.services.presses.press(world.asker(), job.key, 1, channel_id=0, message_id=0)

    assert (await ended(world, pressed.job)).state is JobState.SUCCEEDED


async def test_a_card_that_does_not_tell_where_its_pictures_are_for_now_is_no_start_for_now(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(world)
    job = await drawn(world, number=2)
    await forgotten(world)

    async def later(*_: object) -> None:
        raise RetryLater("down")

    with monkeypatch.context() as down:
        down.setattr(world.publisher, "picture_urls", later)
        assert await refused_press(world, job, 1) == "jobs.picture_gone"
    pressed = await world.services.presses.press(world.asker(), job.key, 1, channel_id=0, message_id=0)

    assert (await ended(world, pressed.job)).state is JobState.SUCCEEDED


async def test_an_order_whose_outcome_cannot_be_written_at_once_is_paid_once(world: Harness) -> None:
    studio = await opened(world)
    world.store.trouble, world.store.trouble_for = StorageTrouble("the disk is full"), {"save"}
    job = await begun(world)
    await world.pass_time(10)
    world.store.trouble = None

    assert (await ended(world, job)).state is JobState.SUCCEEDED
    assert len(studio.orders) == 1


async def test_beside_the_engine_midjourneys_pictures_and_previews_are_shown_as_ever(world: Harness) -> None:
    await opened(world)
    world.upstream.template.update(seconds=60, previews=True)

    job = await world.ended(await world.imagine())

    (card,) = world.discord.of(job.key)
    assert card.picture is not None
    assert card.picture.filename == "easel.png"
    assert "GET preview ⟩" in world.effects.names
