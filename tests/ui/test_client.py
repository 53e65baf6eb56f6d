"""The client on a real wire: what it tells Discord at start, and what it does with interactions that come late or twice.
Never here: commands and cards."""

from __future__ import annotations

import asyncio
import time

import discord
import pytest

from bot.client import SYNCED, SYNCING, TURN_S
from bot.errors import StartupDelayed, StartupError, StorageTrouble, UserError
from bot.texts import text
from tests.fixtures.shared import Shared
from tests.ui.client_harness import ScriptedServices, an_easel
from tests.ui.wire_harness import line

COMMANDS = r"/applications/\d+/commands"
OWNERS = r"/applications/\d+/guilds/\d+/commands"


async def test_it_asks_for_the_guilds_intent_only() -> None:
    async with line() as here:
        (identified,) = here.discord.identified

        assert identified.intents == 1


async def test_commands_are_told_once_and_again_only_when_they_changed() -> None:
    async with line() as here:
        assert len(here.discord.calls("PUT", COMMANDS)) == 1

        assert await here.bot.sync_if_changed() is False
        here.bot.tree.remove_command("imagine")
        assert await here.bot.sync_if_changed() is True
        assert await here.bot.sync_if_changed() is False

        assert len(here.discord.calls("PUT", COMMANDS)) == 2


async def test_of_processes_that_start_together_one_tells_them_and_the_others_wait_for_it() -> None:
    async with line() as here:
        here.bot.tree.remove_command("imagine")

        told = await asyncio.gather(*(here.bot.sync_if_changed() for _ in range(4)))

        assert sorted(told) == [False, False, False, True]
        assert len(here.discord.calls("PUT", COMMANDS)) == 2


async def test_who_looked_before_another_process_told_them_does_not_tell_them_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with line() as here:
        here.bot.tree.remove_command("imagine")
        get = here.meta.get

        async def after_another(key: str) -> str | None:
            if key == SYNCING:
                monkeypatch.setattr(here.meta, "get", get)
                assert await here.bot.sync_if_changed() is True
            return await get(key)

        monkeypatch.setattr(here.meta, "get", after_another)

        assert await here.bot.sync_if_changed() is False
        assert here.meta.words[SYNCING] == "0"
        assert len(here.discord.calls("PUT", COMMANDS)) == 2


async def test_the_turn_of_a_process_that_died_while_it_told_them_goes_to_the_next() -> None:
    async with line() as here:
        here.bot.tree.remove_command("imagine")
        died = time.time_ns() // 1_000_000 - round(TURN_S * 1_000) + 300
        here.meta.words[SYNCING] = str(died + round(TURN_S * 1_000))

        assert await here.bot.sync_if_changed() is True


async def test_the_turn_of_a_process_whose_clock_stood_ahead_when_it_died_holds_up_no_start() -> None:
    async with line() as here:
        here.bot.tree.remove_command("imagine")
        here.meta.words[SYNCING] = str(time.time_ns() // 1_000_000 + 86_400_000)

        assert await asyncio.wait_for(here.bot.sync_if_changed(), 60) is True


async def test_a_force_tells_them_anyway() -> None:
    async with line() as here:
        assert await here.bot.sync_if_changed(force=True) is True


async def test_another_application_is_told_even_with_the_same_memory() -> None:
    async with line() as one, line() as other:
        assert one.meta.words[SYNCED] != other.meta.words[SYNCED]


async def test_trouble_while_telling_them_is_no_reason_to_stop_and_is_tried_at_the_next_start() -> None:
    async with line() as here:
        here.meta.words.clear()
        here.discord.fail_next("PUT", COMMANDS, status=400, code=50035)

        assert await here.bot.sync_if_changed() is False
        assert await here.bot.sync_if_changed() is True


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (404, 10004, StartupError, "which EASEL_OWNER_GUILD names: check the id"),
        (403, 50001, StartupError, "which EASEL_OWNER_GUILD names: check the id"),
        (400, 50035, StartupDelayed, "the server of EASEL_OWNER_GUILD now"),
    ],
)
async def test_an_owners_server_that_is_shut_takes_no_other_command_along_and_is_one_sentence(
    status: int, code: int, kind: type[StartupError], said: str
) -> None:
    async with line(extensions=("cogs.servers", "cogs.imagine")) as here:
        here.meta.words.clear()
        here.bot.owner_guild = discord.Object(here.discord.guild.id)

        here.discord.fail_next("PUT", OWNERS, status=status, code=code)
        assert await here.bot.sync_if_changed() is True
        with pytest.raises(kind, match=said) as refused:
            await here.bot.sync_owner_guild()

        assert type(refused.value) is kind
        assert await here.bot.sync_if_changed() is False
        assert "imagine" in await here.bot.command_ids()

        await here.bot.sync_owner_guild()  # it was invited meanwhile
        await here.bot.sync_owner_guild()
        assert len(here.discord.calls("PUT", OWNERS)) == 2
        await here.bot.sync_owner_guild(force=True)
        assert len(here.discord.calls("PUT", OWNERS)) == 3


async def test_a_start_with_an_owners_server_that_is_shut_goes_on_and_logs_its_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with line(extensions=("cogs.servers",), owner_guild=404) as here:
        assert len(here.discord.calls("PUT", OWNERS)) == 1

    (record,) = [one for one in caplog.records if one.message == "owner_commands_not_synced"]
    assert "EASEL_OWNER_GUILD" in vars(record)["reason"]
    assert record.exc_info is None


@pytest.mark.parametrize("name", ["cogs.no_such_cog", "tests.ui.builders"])
async def test_an_extension_that_cannot_be_loaded_stops_the_start(name: str) -> None:
    bot = an_easel(ScriptedServices(), Shared(), extensions=(name,), sync_commands=False)

    async with bot:
        with pytest.raises(StartupError, match=name):
            await bot.setup_hook()


async def test_a_database_in_trouble_while_it_starts_is_one_sentence_and_worth_another_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Shared()

    async def fails(_name: str) -> str | None:
        raise StorageTrouble("the disk of the database is full")

    monkeypatch.setattr(memory, "get", fails)
    bot = an_easel(ScriptedServices(), memory, extensions=(), sync_commands=False)

    async with bot:
        with pytest.raises(StartupDelayed, match="the disk of the database is full"):
            await bot.setup_hook()


async def test_a_refused_command_leaves_one_answer_that_only_its_person_sees() -> None:
    async with line() as here:
        here.services.imagine.refusal = UserError(text("refused.all_pools_off"))

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await here.discord.until(lambda: interaction.followups)

        (answer,) = interaction.followups
        assert answer.ephemeral
        assert "switched off" in answer.text
        assert interaction.original is not None
        assert interaction.original.deleted


async def test_an_interaction_delivered_twice_begins_once() -> None:
    async with line() as here:
        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await interaction.acknowledged()
        await here.discord.dispatch_again(interaction)
        callback = rf"/interactions/{interaction.id}/.*"
        await here.discord.until(lambda: len(here.discord.calls("POST", callback)) == 2)
        await asyncio.wait_for(here.services.imagine.asked.wait(), 60)

    assert len(here.services.imagine.begun) == 1
    assert interaction.followups == []


async def test_an_interaction_that_is_too_late_begins_nothing() -> None:
    async with line(patience=-1.0) as here:
        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await here.discord.until(lambda: here.discord.calls("POST", rf"/interactions/{interaction.id}/.*"))

    assert here.services.imagine.begun == []


async def test_a_first_answer_of_which_every_try_got_lost_begins_nothing_and_leaves_no_thinking() -> None:
    async with line() as here:
        here.discord.fail_next("POST", r"/interactions/.*/callback", before_effect=False, times=2)

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await here.discord.until(lambda: interaction.followups)

        assert here.services.imagine.begun == []
        assert interaction.followups[0].ephemeral
        assert "Nothing was charged" in interaction.followups[0].text
        assert interaction.original is not None
        assert interaction.original.deleted
