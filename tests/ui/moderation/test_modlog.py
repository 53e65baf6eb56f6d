"""The log channel: what moderators read there, how often, and what happens where it cannot be written.
Never here: when something is worth telling (tests/services)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.domain.inputs import displayed_name
from bot.domain.keys import JobKey
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.servers.guilds import Actor, Block
from bot.domain.wording import inert
from bot.errors import RetryLater
from bot.services.modlog.dispatcher import Dispatcher
from bot.services.servers.policy import why_blocked
from bot.storage import open_storage
from bot.texts import Text, text
from bot.ui.moderation.modlog import ChannelModLog
from tests.fixtures.sqlite import migrated
from tests.ui.builders import KEY, walk
from tests.ui.client_harness import CATALOGUES, studio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simcord.builders import ChannelHandle

    from tests.ui.client_harness import ClientHarness

GUILD = 100
BOSS = Actor(1, "Boss")
A_RULE = {"guild_id": GUILD, "pool": "NORMAL", "role_id": GUILD, "per_day": 5, "running": 1, "waiting": 2}
"""As the history of earlier versions has it, without what came later."""


def refusal(user_id: int = 7, words: str = "blood") -> ModEvent:
    return ModEvent(
        EventKind.REFUSED, f"refused/{user_id}", text("refused.words", words=words), subject=user_id
    )


def told(house: ClientHarness, channel: ChannelHandle | None = None) -> list[str]:
    """All text of each message in the channel, the oldest first."""
    where = channel or house.channel
    return [
        "\n".join(
            c["content"]
            for c in walk([part.to_dict() for part in message.components])  # type: ignore[misc]  # dicts of Discord's
            if "content" in c
        )
        for message in where.history(viewer=house.ada)
    ]


def a_log(house: ClientHarness) -> ChannelModLog:
    return ChannelModLog(house.bot, CATALOGUES, house.clock)


async def post(house: ClientHarness, event: ModEvent, log: ChannelModLog | None = None) -> None:
    await (log or a_log(house)).post(house.guild.id, house.channel.id, event, locale="en-US")


@pytest.mark.parametrize(
    ("refused", "shown"),
    [
        (
            why_blocked(Block(7, None, "see #rules_and_faq, no *spam*", BOSS, 0)),
            r"see \#rules\_and\_faq, no \*spam\*",
        ),
        (text("picture.empty", name=displayed_name("my_fox.png")), r"my\_fox.png is empty"),
        (text("refused.words", words="so_it_is"), r"“so\_it\_is”"),
        (text("refused.words", words=inert("*" * 500)), r"\*\*…”"),
    ],
)
async def test_what_people_wrote_reads_as_they_wrote_it_whoever_made_it_harmless(
    refused: Text, shown: str
) -> None:
    async with studio() as house:
        await post(house, ModEvent(EventKind.REFUSED, "refused/7", refused, subject=7))

        (line,) = told(house)

    assert shown in line


async def test_a_refusal_is_told_with_the_member_and_the_rules_own_sentence() -> None:
    async with studio() as house:
        await post(house, refusal())

        (line,) = told(house)

    assert "<@7> was refused: This server does not allow “blood” in a prompt." in line


async def test_what_people_wrote_means_nothing_in_the_log() -> None:
    async with studio() as house:
        await post(house, refusal(words="@everyone [x](http://a.b) <@1>"))

        (line,) = told(house)

    assert "\\@everyone" in line
    assert "\\[x\\]\\(http\\://a.b\\)" in line
    assert "\\<\\@1\\>" in line


async def test_what_was_done_at_the_command_line_names_nobody() -> None:
    made = ModEvent(EventKind.SETTINGS, "own_key/1", text("log.own_key.made"), by=Actor(0, "easel keys"))
    async with studio() as house:
        await post(house, made)

        (line,) = told(house)

    assert "gave this server a key of its own" in line
    assert "<@" not in line


async def test_a_change_of_settings_is_told_with_before_and_after_and_who() -> None:
    event = ModEvent(
        EventKind.SETTINGS,
        "settings/1",
        text("log.settings", sections="rules, log_channel"),
        by=Actor(9, "mo"),
        details={
            "before": {"rules": [], "log_channel": None},
            "after": {"rules": [A_RULE], "log_channel": 77},
        },
    )
    async with studio() as house:
        await a_log(house).post(GUILD, house.channel.id, event, locale=None)

        (line,) = told(house)

    assert "Log channel `/mod log`: off → <#77>" in line
    assert "Pool rules `/pool rule`: 🟢 🐢 NORMAL · everyone: 5 a day, 1 at once, 2 waiting" in line
    assert "By <@9>" in line


@pytest.mark.parametrize("kind", list(EventKind))
async def test_every_kind_of_event_has_a_look(kind: EventKind) -> None:
    event = ModEvent(
        kind,
        "x",
        text("log.key_rejected"),
        subject=3,
        job=JobKey(KEY),
        details={"rule": "gore", "found": "gore", "reason": "rude"},
        held_back=4,
    )
    async with studio() as house:
        await post(house, event)

        (line,) = told(house)

    assert "The image service rejects the key" in line
    assert f"Picture `{KEY}`" in line
    assert "Rule: " in line
    assert "4 similar messages were not shown" in line


async def test_what_discord_does_not_take_for_the_moment_is_left_to_be_told_again() -> None:
    async with studio() as house:
        house.env.inject_error("POST", "/channels/*/messages", status=503, times=1)

        with pytest.raises(RetryLater):
            await post(house, refusal())
        await post(house, refusal())

        assert len(told(house)) == 1


async def test_a_log_channel_that_is_gone_is_forgiven() -> None:
    async with studio() as house:
        await a_log(house).post(house.guild.id, 123456789, refusal(), locale="en-US")

        assert told(house) == []


async def test_a_channel_that_refuses_us_is_left_alone_until_settings_change() -> None:
    async with studio() as house:
        log = a_log(house)
        house.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=None)
        for n in range(20):
            await post(house, refusal(n), log)
        before = len([r for r in house.env.http_requests if r.path.endswith("/messages")])

        await post(house, ModEvent(EventKind.SETTINGS, "s", text("log.settings", sections="words")), log)

        after = len([r for r in house.env.http_requests if r.path.endswith("/messages")])
    assert (before, after) == (1, 2)


@pytest.mark.parametrize("code", [200000, 200001, 240000, 50035])
async def test_a_line_whose_words_discord_refuses_is_told_without_them(code: int) -> None:
    why = text("card.failed", why=text("refused.words", words="blood"))
    event = replace(refusal(), said=why, job=JobKey(KEY), details={"found": "gore"}, held_back=2)
    async with studio() as house:
        house.env.inject_error("POST", "/channels/*/messages", status=400, code=code, times=1)
        assert await a_log(house).post(house.guild.id, house.channel.id, event, locale="en-US")

        (line,) = told(house)

    assert "<@7> was refused" in line
    assert "does not allow “…” in a prompt" in line
    assert "Discord refused the words of this card" in line
    assert f"Picture `{KEY}`" in line
    assert "2 similar messages" in line
    assert "gore" not in line


async def test_a_line_that_discord_takes_in_no_words_silences_no_other_in_its_channel() -> None:
    async with studio() as house:
        log = a_log(house)
        house.env.inject_error("POST", "/channels/*/messages", status=400, code=200000, times=2)

        assert not await log.post(house.guild.id, house.channel.id, refusal(), locale="en-US")
        rejected = ModEvent(EventKind.KEY_REJECTED, "key", text("log.key_rejected"))
        assert await log.post(house.guild.id, house.channel.id, rejected, locale="en-US")

        (line,) = told(house)
    assert "rejects the key" in line


async def test_a_channel_that_takes_no_line_whatever_it_says_is_left_alone_for_a_while() -> None:
    async with studio() as house:
        log = a_log(house)
        house.env.inject_error("POST", "/channels/*/messages", status=400, code=50035, times=2)

        assert not await log.post(house.guild.id, house.channel.id, refusal(), locale="en-US")
        assert not await log.post(house.guild.id, house.channel.id, refusal(), locale="en-US")

        assert told(house) == []


@asynccontextmanager
async def dispatcher(house: ClientHarness, folder: Path) -> AsyncIterator[Dispatcher]:
    """The real telling over a real database, with the studio's channel as the log channel."""
    async with open_storage(migrated(folder / "easel.db"), migrate=True) as storage:
        stores = storage.guilds
        await stores.settings.change(
            house.guild.id, lambda s: with_log(s, house.channel.id), actor=Actor(1, "mo"), at=1
        )
        notifier = Dispatcher(
            settings=stores.settings,
            records=stores.records,
            modlog=a_log(house),
            clock=house.clock,
            metrics=Uncounted(),
        )
        task = asyncio.create_task(notifier.run())
        yield notifier
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def with_log(settings: Any, channel_id: int) -> Any:
    return replace(settings, log_channel=channel_id)


class Uncounted:
    """Meters that nobody reads."""

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        """Forget it."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Forget it."""


async def test_the_same_trouble_twenty_times_is_one_message(tmp_path: Path) -> None:
    event = ModEvent(EventKind.KEY_REJECTED, "key", text("log.key_rejected"))
    async with studio() as house, dispatcher(house, tmp_path) as notifier:
        for _ in range(20):
            notifier.notify(house.guild.id, event)
        await notifier.drain()

        assert len(told(house)) == 1


async def test_two_members_refusals_are_two_messages(tmp_path: Path) -> None:
    async with studio() as house, dispatcher(house, tmp_path) as notifier:
        notifier.notify(house.guild.id, refusal(7))
        notifier.notify(house.guild.id, refusal(8))
        await notifier.drain()

        assert len(told(house)) == 2


async def test_the_log_speaks_the_servers_language_where_none_was_chosen() -> None:
    async with studio() as house:
        guild = house.bot.get_guild(house.guild.id)
        assert guild is not None
        assert guild.preferred_locale is discord.Locale.american_english

        await a_log(house).post(house.guild.id, house.channel.id, refusal(), locale=None)

        assert len(told(house)) == 1
