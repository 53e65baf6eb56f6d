"""Several jobs from one prompt: announced with their price, begun once each, within what a server allows; speeds and clips.
Never here: how choices are written out (tests/domain/intake/test_batches.py)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from bot.domain.intake.prompts import PromptOptions
from bot.domain.open_answers import AnswerKind
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.errors import StorageTrouble, WriteUnclear
from bot.services.admission.viewer import Viewer
from bot.services.intake.batches import asks_for_several
from bot.services.intake.open_answers import LEASE_MS
from bot.texts import text
from tests.services.harness import GUILD
from tests.services.helped import Room
from tests.services.intake.test_open_answers import asked
from tests.services.intake.test_pictures import Table, files, grid_with
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from bot.services.admission.asker import Asker
    from bot.services.intake.batches import Offer
    from tests.services.harness import Harness
    from tests.services.server_harness import Server

ME = Viewer(user_id=1, guild_id=GUILD, manages=False)
OTHER = Viewer(user_id=2, guild_id=GUILD, manages=False)


async def offered(world: Harness, prompt: str, pool: Pool | None = None) -> Offer:
    return await world.services.batches.offer(world.asker(), PromptOptions(prompt=prompt), pool, None)


async def test_nothing_is_begun_before_the_yes_and_the_price_is_the_one_that_is_charged(
    server: Server,
) -> None:
    world = server.world
    await server.guilds.set_price(GUILD, ADA, Pool.FAST, Charge.IMAGINE, 3)

    offer = await offered(world, "a {red, green} fox --repeat 2 --fast")

    assert (len(offer.prompts), offer.pool, offer.units) == (4, Pool.FAST, 12)
    assert await world.all_jobs() == []
    started = await world.services.batches.start(ME, offer.key, Table(world))
    assert [job.prompt for job in started.begun] == ["a red fox", "a red fox", "a green fox", "a green fox"]
    assert {(job.pool, job.units) for job in started.begun} == {(Pool.FAST, 3)}
    assert len([kind for _, kind in await world.ledger() if kind == "reserve"]) == 4


@pytest.mark.parametrize(
    ("options", "prompts"),
    [
        (
            PromptOptions(prompt='"a {red, blue} fox"', aspect="16:9"),
            ["a red fox --ar 16:9", "a blue fox --ar 16:9"],
        ),
        (PromptOptions(prompt='{"a fox", "a cat"}', chaos=5), ['"a fox" --chaos 5', '"a cat" --chaos 5']),
        (PromptOptions(prompt="**a {red, blue} fox**", raw=True), ["a red fox --raw", "a blue fox --raw"]),
        (
            PromptOptions(prompt="||a {red, blue} fox --chaos 5||", version="v7"),
            ["a red fox --chaos 5 --v 7", "a blue fox --chaos 5 --v 7"],
        ),
        (
            PromptOptions(prompt="a {red, blue} fox", no="\u2014no cars"),
            ["a red fox --no cars", "a blue fox --no cars"],
        ),
    ],
)
async def test_what_was_shown_is_what_is_begun(
    world: Harness, options: PromptOptions, prompts: list[str]
) -> None:
    offer = await world.services.batches.offer(world.asker(), options, None, None)
    started = await world.services.batches.start(ME, offer.key, Table(world))

    assert list(offer.prompts) == prompts
    assert ([job.prompt for job in started.begun], started.refused) == (prompts, ())


async def test_what_was_switched_off_is_off_in_each_of_several(world: Harness) -> None:
    await world.services.people.prefer_suffix(1, "--tile --raw")
    options = PromptOptions(prompt="a {red, blue} fox --tile", raw=False, tile=False)

    offer = await world.services.batches.offer(world.asker(), options, None, None)
    started = await world.services.batches.start(ME, offer.key, Table(world))

    assert list(offer.prompts) == ["a red fox", "a blue fox"]
    assert [job.prompt for job in started.begun] == ["a red fox", "a blue fox"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (PromptOptions(prompt="a {red, blue} fox", weight=1), "prompt.weight_alone"),
        (PromptOptions(prompt="a {red, blue} fox", no="cats --ar 3:2"), "prompt.no_takes_words"),
    ],
)
async def test_options_that_refuse_one_picture_refuse_several(
    world: Harness, options: PromptOptions, why: str
) -> None:
    assert (await refusal(world.services.batches.offer(world.asker(), options, None, None))).id == why


async def test_what_the_server_adds_is_shown_and_paid_as_it_was_announced(server: Server) -> None:
    world = server.world
    world.services.imagine.chains.intake.video = True
    await server.guilds.set_price(GUILD, ADA, Pool.NORMAL, Charge.VIDEO, 8)
    await world.services.prompt_settings.set_defaults(GUILD, ADA, GUILD, "--video")

    offer = await offered(world, "a {red, blue} fox", Pool.NORMAL)
    started = await world.services.batches.start(ME, offer.key, Table(world))

    assert (list(offer.prompts), offer.units) == (["a red fox --video", "a blue fox --video"], 16)
    assert [(job.prompt, job.units) for job in started.begun] == [(one, 8) for one in offer.prompts]


async def test_what_the_server_does_not_allow_is_refused_before_it_is_offered(server: Server) -> None:
    world = server.world
    await world.services.prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.VIDEO, allowed=False)
    await world.services.prompt_settings.set_defaults(GUILD, ADA, GUILD, "--video")

    assert (await refusal(offered(world, "a {red, blue} fox"))).id == "refused.kind_other"


async def test_a_double_click_and_a_press_after_a_restart_begin_nothing_twice(world: Harness) -> None:
    offer, table = await offered(world, "a fox --repeat 3"), Table(world)
    batches = world.services.batches

    both = await asyncio.gather(batches.start(ME, offer.key, table), batches.start(ME, offer.key, table))
    later = await batches.start(ME, offer.key, table)

    assert sum(len(one.begun) for one in both) == 3
    assert (later.begun, later.known) == ((), 3)
    assert len(await world.all_jobs()) == 3
    assert len(table.opened) - len(table.shut_again) == 3


async def test_a_server_sets_how_many_one_prompt_may_ask_for(server: Server) -> None:
    world = server.world
    assert (await refusal(offered(world, "a fox --repeat 5"))).id == "prompt.too_many_jobs"
    await world.services.prompt_settings.guilds.set_values(GUILD, ADA, "batch", {"most": 5})
    assert len((await offered(world, "a fox --repeat 5")).prompts) == 5
    await world.services.prompt_settings.guilds.set_values(GUILD, ADA, "batch", {"most": 1})
    assert await refusal(offered(world, "a fox --repeat 2")) == text("prompt.several_off")


async def test_an_offer_is_its_askers_alone_and_a_limit_that_fell_holds(server: Server) -> None:
    world = server.world
    offer = await offered(world, "a fox --repeat 2")

    assert await refusal(world.services.batches.start(OTHER, offer.key, Table(world))) == text(
        "draft.not_yours"
    )
    await world.services.prompt_settings.guilds.set_values(GUILD, ADA, "batch", {"most": 1})
    why = await refusal(world.services.batches.start(ME, offer.key, Table(world)))
    assert why == text("prompt.several_off")
    assert await world.all_jobs() == []


# -- speeds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "named", "pool", "note"),
    [
        ("a fox --fast", None, Pool.FAST, "note.speed_chose_pool"),
        ("a fox —relax", None, Pool.NORMAL, "note.speed_chose_pool"),
        ("a fox --fast", Pool.NORMAL, Pool.NORMAL, "note.speed_flag_removed"),
        ("a fox --turbo", None, Pool.NORMAL, "note.no_turbo"),
    ],
)
async def test_a_speed_chooses_the_pool_of_a_new_chain(
    server: Server, prompt: str, named: Pool | None, pool: Pool, note: str
) -> None:
    await server.guilds.set_default_pool(GUILD, ADA, Pool.NORMAL)
    begun = await server.world.services.imagine.begin(
        server.asker(), PromptOptions(prompt=prompt), named, preferred=None
    )

    assert (begun.job.pool, begun.job.prompt, begun.job.notes) == (pool, "a fox", (note,))


async def test_a_speed_whose_pool_is_closed_is_refused_with_the_rule(server: Server) -> None:
    await server.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)

    why = await refusal(
        server.world.services.imagine.begin(server.asker(), PromptOptions(prompt="a fox --fast"), None)
    )

    assert why == text("refused.pool_off", pool="FAST", other="NORMAL")


# -- clips -------------------------------------------------------------------------------------------------


async def test_video_in_a_prompt_obeys_both_switches_and_is_charged_as_video(server: Server) -> None:
    world = server.world
    world.services.imagine.chains.intake.video = True
    await server.guilds.set_price(GUILD, ADA, Pool.NORMAL, Charge.VIDEO, 8)
    job = await server.imagine("a fox—video", pool=Pool.NORMAL)
    assert (job.prompt, job.units) == ("a fox --video", 8)

    await world.services.prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.VIDEO, allowed=False)
    assert (await refusal(server.imagine("a fox - -video"))).id == "refused.kind_other"
    await world.services.prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.VIDEO, allowed=True)
    world.services.imagine.chains.intake.video = False
    assert await refusal(server.imagine("狐－－ｖｉｄｅｏ")) == text("refused.video_off")  # noqa: RUF001 - as typed
    await world.services.prompt_settings.set_defaults(GUILD, ADA, GUILD, "--video")
    assert await refusal(server.imagine("a fox")) == text("refused.video_off")


# -- sets --------------------------------------------------------------------------------------------------


async def test_a_set_stands_in_a_prompt_like_a_parameter(world: Harness) -> None:
    options = PromptOptions(
        prompt="a fox --Mine --no dogs", sets=(("mine", "in ink --ar 3:2 --no cats"), ("v", "--tile"))
    )
    begun = await world.services.imagine.begin(world.asker(), options, None)

    assert begun.job.prompt == "a fox in ink --no dogs, cats --ar 3:2"


async def test_a_pool_that_was_closed_after_the_offer_begins_nothing_and_leaves_no_place_behind(
    server: Server,
) -> None:
    world, table = server.world, Table(server.world)
    offer = await offered(world, "a fox --repeat 2", Pool.FAST)
    await server.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)

    started = await world.services.batches.start(ME, offer.key, table)

    assert (started.begun, [(number, said.id) for number, said in started.refused]) == (
        (),
        [(1, "refused.pool_off"), (2, "refused.pool_off")],
    )
    assert len(table.opened) == len(table.shut_again) == 2


async def test_forbidden_words_strike_once_however_often_the_same_offer_is_begun(server: Server) -> None:
    batches = server.world.services.batches
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "wolf", WordAction.STRIKE))
    offer = await offered(server.world, "a {grey wolf, red wolf, fox}")

    started = [await batches.start(ME, offer.key, Room(server.world, pressed=n)) for n in (1, 2, 3)]

    assert [[said.id for _, said in one.refused] for one in started] == [["refused.words_strike"] * 2] * 3
    assert [len(one.begun) for one in started] == [1, 0, 0]
    assert len((await server.moderation.member(GUILD, 1)).strikes) == 1


async def test_one_that_may_have_begun_is_no_promise_that_it_has_not_and_is_begun_once(
    world: Harness,
) -> None:
    offer, table = await offered(world, "a fox --repeat 2"), Table(world)
    world.store.trouble, world.store.trouble_for = WriteUnclear("the connection was lost"), {"insert"}
    started = await world.services.batches.start(ME, offer.key, table)
    assert [said.id for _, said in started.refused] == ["trouble.storage_unclear"] * 2

    world.store.trouble = None
    assert len((await world.services.batches.start(ME, offer.key, table)).begun) == 2


async def test_one_that_cannot_be_read_from_disk_is_named_and_may_be_begun_later(world: Harness) -> None:
    offer, table = await offered(world, "a fox --repeat 2"), Table(world)
    world.store.trouble, world.store.trouble_for = StorageTrouble("the disk is full"), {"by_interaction"}
    started = await world.services.batches.start(ME, offer.key, table)
    assert [said.id for _, said in started.refused] == ["trouble.storage"] * 2

    world.store.trouble = None
    assert len((await world.services.batches.start(ME, offer.key, table)).begun) == 2


async def test_the_press_that_began_some_is_known_to_have_begun_until_its_handler_ends(
    world: Harness,
) -> None:
    offer, answers, table = (
        await offered(world, "a {red, blue} fox"),
        world.services.answers,
        Table(world),
    )
    press = (await table.open()).interaction_id
    await answers.open(asked(world, press))
    assert not answers.has_begun(press)

    await world.services.batches.start(ME, offer.key, table)

    assert answers.has_begun(press)
    answers.close(press)
    assert not answers.has_begun(press)


class Stuck(Table):
    """Where the process stops before the third has a place."""

    def __init__(self, world: Harness) -> None:
        super().__init__(world)
        self.is_stuck = asyncio.Event()

    @override
    async def open(self) -> Asker:
        if len(self.opened) == 2:
            self.is_stuck.set()
            await asyncio.Event().wait()
        return await super().open()


@pytest.mark.parametrize("killed", [False, True])
async def test_who_began_several_is_told_where_a_stop_left_some_behind_and_begins_only_those(
    world: Harness, *, killed: bool
) -> None:
    offer, answers, table = (
        await offered(world, "a {red, blue, green, white} fox"),
        world.services.answers,
        Stuck(world),
    )
    press = 4242
    await answers.open(asked(world, press, kind=AnswerKind.UPDATE))
    pressed = asyncio.create_task(world.services.batches.start(ME, offer.key, table))
    await table.is_stuck.wait()
    pressed.cancel()
    await asyncio.wait([pressed])
    if not killed:
        answers.abandon(press)
        await answers.settle()

    await world.reboot(after_ms=LEASE_MS + 1_000)
    await world.services.answers.recover()
    again = await world.services.batches.start(ME, offer.key, Table(world))

    assert world.discord.told == {press: "answer.interrupted_update"}
    assert ([job.prompt for job in again.begun], again.known) == (["a green fox", "a white fox"], 2)


async def test_what_is_longer_than_a_prompt_may_be_is_not_offered(world: Harness) -> None:
    assert (await refusal(offered(world, "a {red, green} fox " * 500))).id == "prompt.too_long"


async def test_several_jobs_take_no_pictures_along(world: Harness) -> None:
    options = PromptOptions(prompt="a fox --repeat 2", pictures=1)

    why = await refusal(world.services.batches.offer(world.asker(), options, None, None))

    assert why == text("prompt.several_with_pictures")
    assert await world.all_jobs() == []


@pytest.mark.parametrize("kept", [True, False])
async def test_nor_do_words_that_come_from_a_prompt_with_pictures(world: Harness, *, kept: bool) -> None:
    grid = await grid_with(world, files(1))
    if not kept:
        await world.forget_inputs(grid)
    options = PromptOptions(prompt="a {red, blue} fox")

    why = await refusal(world.services.batches.offer(world.asker(), options, None, None, ancestor=grid))

    assert why == text("prompt.several_with_pictures")


async def test_what_was_refused_before_is_offered_where_it_was_first_asked_for(server: Server) -> None:
    world = server.world
    options = PromptOptions(prompt="a fox --repeat 2")
    key = await world.services.drafts.keep(
        options, user_id=1, guild_id=GUILD, pool=Pool.FAST, option_set=None
    )
    draft = await world.services.drafts.open(ME, key)
    asker = world.asker()
    private = replace(asker, reply=replace(asker.reply, guild_id=None))

    offer = await world.services.batches.offer(
        private, PromptOptions(prompt=draft.prompt), draft.pool, None, draft=draft
    )

    assert (len(offer.prompts), offer.pool) == (2, Pool.FAST)
    assert (await world.services.drafts.open(ME, offer.key)).guild_id == GUILD


async def test_several_made_from_a_card_have_what_was_preferred_once_and_lead_to_that_card(
    server: Server,
) -> None:
    services = server.world.services
    await services.people.prefer_suffix(1, "in watercolour")
    await services.people.prefer_aspect(1, "16:9")
    card = await server.imagine("a fox in watercolour --ar 1:1", pool=Pool.FAST)
    options = PromptOptions(prompt="a {red, blue} fox in watercolour --ar 1:1")
    key = await services.drafts.keep(
        options, user_id=1, guild_id=GUILD, pool=card.pool, option_set=None, ancestor=card.key
    )
    draft = await services.drafts.open(ME, key)

    offer = await services.batches.offer(
        server.asker(), options, draft.pool, None, draft=draft, ancestor=card
    )
    started = await services.batches.start(ME, offer.key, Table(server.world))

    assert list(offer.prompts) == [f"a {one} fox in watercolour --ar 1:1" for one in ("red", "blue")]
    assert [job.prompt for job in started.begun] == list(offer.prompts)
    assert [job.ancestor and job.ancestor.key for job in started.begun] == [card.key] * 2
    assert (await services.drafts.open(ME, offer.key)).ancestor == card.key


async def test_several_edited_from_a_card_are_kept_with_the_words_that_are_not_their_writers(
    server: Server,
) -> None:
    services = server.world.services
    card = await server.imagine("a fox", pool=Pool.FAST)
    options = PromptOptions(prompt="a {red, blue} fox in ink")

    offer = await services.batches.offer(
        server.asker(), options, card.pool, None, ancestor=card, borrowed="in ink"
    )

    draft = await services.drafts.open(ME, offer.key)
    assert (draft.ancestor, draft.borrowed) == (card.key, "in ink a fox")


@pytest.mark.parametrize(
    ("prompt", "several"),
    [
        ("a {red, green} fox", True),
        ("a fox --repeat 3", True),
        ("a fox", False),
        ("a fox --repeat 1", False),
        ("a fox --ar banana --repeat 2", False),
        ("a fox --mine --repeat 2", True),
    ],
)
def test_only_a_prompt_without_mistakes_is_meant_for_several_jobs(prompt: str, *, several: bool) -> None:
    options = PromptOptions(prompt=prompt, sets=(("mine", "--ar 3:2"),))

    assert asks_for_several(options) is several
