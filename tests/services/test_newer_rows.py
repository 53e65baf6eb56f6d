"""A row or a note that a newer version wrote, of whichever table: what is about it waits, and everybody else goes on.
Never here: rows of jobs themselves (tests/storage/jobs/test_unreadable.py)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update

from bot.domain.capabilities import Speed
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobState
from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.server_side import ServerSide
from bot.errors import StorageTrouble
from bot.services.accounts.costs import LIST
from bot.services.accounts.monitor import REMEMBERED
from bot.services.accounts.owner_policy import SINCE, NoMail
from bot.services.accounts.owner_questions import ASKING
from bot.services.accounts.pending_keys import PENDING, PendingKey, PendingKeys
from bot.services.accounts.speed_notices import NOTIFIED, SpeedNotices
from bot.services.admission.viewer import Viewer
from bot.storage.people_tables import drafts, open_answers, preferences
from bot.storage.server_tables import guild_sections
from bot.storage.tables import inputs, jobs, meta
from tests.services.harness import APPLICATION, CHANNEL, GUILD
from tests.services.intake.test_pictures import files
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from sqlalchemy import Update
    from sqlalchemy.dialects.sqlite import Insert

    from tests.services.harness import Harness

DAY = 86_400_000


async def write(world: Harness, statement: Update | Insert) -> None:
    await world._opened.database.write(lambda cn: cn.execute(statement).rowcount)


async def remembered(world: Harness, name: str, value: str) -> None:
    await world._opened.database.write(
        lambda cn: cn.execute(insert(meta).values(key=name, value=value)).rowcount
    )


async def test_somebody_who_waits_in_a_new_way_keeps_nobody_else_waiting(world: Harness) -> None:
    now, answers = world.clock.now(), world._opened.answers
    for number in (1, 2, 3):
        world.discord.placeholders[number] = world.discord.defer()
        one = OpenAnswer(
            interaction_id=number,
            application_id=APPLICATION,
            token="token",
            token_until=now + DAY,
            channel_id=CHANNEL,
            guild_id=GUILD,
            user_id=number,
            locale="en",
            kind=AnswerKind.PUBLIC,
            at=now,
        )
        await answers.write([one], (), owner="dead", until=now + number)
    await write(world, update(open_answers).where(open_answers.c.interaction_id == 1).values(kind="dreamt"))
    world.clock.move_to(now + 60_000)

    for _ in range(3):
        await world.services.answers.recover()

    assert sorted(world.discord.told) == [2, 3]
    # The row stays for the version that knows it: nobody says that it was told.
    await write(world, update(open_answers).values(kind=AnswerKind.PUBLIC.value))
    world.clock.move_to(now + 2 * 3_600_000)
    await world.services.answers.recover()
    assert 1 in world.discord.told


async def test_a_refused_prompt_for_a_new_pool_has_expired_here(world: Harness) -> None:
    key = await world.services.drafts.keep(
        PromptOptions(prompt="an owl"),
        user_id=1,
        guild_id=GUILD,
        home_channel=CHANNEL,
        pool=Pool.FAST,
        option_set=None,
    )
    await write(world, update(drafts).values(pool="GLACIAL"))

    opened = world.services.drafts.open(Viewer(user_id=1, guild_id=GUILD, manages=False), key)
    assert (await refusal(opened)).id == "draft.expired"


@pytest.mark.parametrize("content", ['{"days": 7}', '"seven"', "[]", "{"])
async def test_a_new_form_of_retention_forgets_nothing_there_and_all_elsewhere(
    world: Harness, content: str
) -> None:
    job = await world.finished_grid()
    await world.services.guilds.set_values(GUILD, ADA, "retention", {"days": 1})
    await world.services.guilds.set_values(5, ADA, "retention", {"days": 1})
    await write(world, update(guild_sections).where(guild_sections.c.guild_id == 5).values(content=content))
    world.clock.move_to(world.clock.now() + 2 * DAY)

    await world.services.housekeeping.tidy()

    assert (await world.job(job.key)).prompt == ""


async def test_new_preferences_of_one_hold_up_nobodys_copies(world: Harness) -> None:
    for user in (1, 2, 3):
        await world.services.people.toggle_copies(user)
    for user in (1, 2, 3):
        await world.finished_grid(user=user)
    await write(world, update(preferences).where(preferences.c.user_id == 1).values(content='{"copies": {}}'))
    await world.services.copies.deliver_due()

    assert sorted(user for user, _, _ in world.discord.handed) == [2, 3]


async def test_new_settings_of_one_server_hold_up_no_other(world: Harness) -> None:
    await world.services.guilds.set_values(5, ADA, "retention", {"days": 1})
    await write(world, update(guild_sections).values(content='{"days": 7}'))
    world.services.guilds.forget(5)
    with pytest.raises(StorageTrouble):
        await world.services.guilds.settings(5)

    await world.services.housekeeping.tidy()
    assert (await world.finished_grid()).state is JobState.SUCCEEDED


async def test_new_inputs_of_one_job_hold_up_no_other(world: Harness) -> None:
    world.max_running = 1
    strange = await world.services.imagine.begin(
        world.asker(), PromptOptions(prompt="in the snow"), Pool.FAST, given=files(1)
    )
    await write(world, update(inputs).where(inputs.c.job_key == strange.job.key).values(role="melody"))
    other = await world.imagine(pool=Pool.FAST, user=2)

    assert (await world.ended(other)).state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1  # nothing was sent without what belongs to it
    assert not (await world.job(strange.job.key)).is_terminal


async def test_a_card_of_a_job_that_cannot_be_read_stops_no_other(world: Harness) -> None:
    grids = [await world.finished_grid(user=1) for _ in range(3)]
    heir = await world.ended((await world.press(grids[0], user=2)).job)
    await world.services.moderation.erase(GUILD, ADA, 1)
    await write(world, update(jobs).where(jobs.c.key.in_([grids[0].key, heir.key])).values(kind="sculpture"))
    world.clock.move_to(world.clock.now() + 3_600_000)

    await world.services.erased_cards.go_on()

    standing = [m.id for m in world.discord.messages if not m.deleted and m.key is not None]
    assert standing == [heir.reply.message_id]


STRANGE = ["{", "[]", "{}", '{"a": {"b": 1}}', "[[1]]", '"x"', "7", "null", '{"at": {}, "accounts": []}']


@pytest.mark.parametrize("value", STRANGE)
async def test_new_notes_of_the_deployment_stop_no_part(world: Harness, value: str) -> None:
    names = (REMEMBERED, NOTIFIED, ASKING, LIST, PENDING, SINCE)
    await world.kill()
    await world.open()
    for name in names:
        await remembered(world, name, value)
    services, memory = world.services, world._opened.guilds.memory

    await services.owner_questions.resume()
    assert await services.owner_policy.since() <= world.clock.now()
    round_ = asyncio.ensure_future(services.watch.round())
    while not round_.done():
        await world.pass_time(30)
    round_.result()
    pending = PendingKeys(memory)
    assert await pending.claim("t", PendingKey("5", 1, 2, "me")) is None
    assert "t" in await pending.every()
    await pending.forget("t")
    await services.costs.of_one(Pool.FAST, Charge.IMAGINE)
    await services.costs.learn([])
    begun = await world.imagine(pool=Pool.NORMAL)
    job = replace(begun, state=JobState.SUCCEEDED, server=ServerSide(ran_at=Speed.TURBO))
    strays = SpeedNotices(memory=memory, mail=NoMail(), clock=world.clock, metrics=world.meters)
    for _ in range(2):
        await strays.check(job)
    assert f"default/{Pool.NORMAL.value}" in str(await memory.get(NOTIFIED))
