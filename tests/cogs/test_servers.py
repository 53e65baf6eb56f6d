"""Whose server may draw on the owner's account: a stranger's costs nothing, is greeted once, and the owner decides.
Never here: counting under races (tests/storage/test_tenants.py)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.tenancy import Access, Ceiling
from bot.errors import UserError
from bot.services.accounts.owner_policy import OwnerTerms
from bot.services.accounts.owner_questions import AGAIN_MS, ASKING, TRIES
from bot.texts import text
from tests.cogs.moderation_harness import moderated, seen
from tests.ui.builders import walk, words
from tests.ui.client_harness import an_easel
from tests.ui.pools.test_own_key import bring, press

if TYPE_CHECKING:
    from pathlib import Path

    import discord
    from simcord.builders import UserHandle

    from bot.domain.tenancy import KnownServer
    from cogs.servers import ServersCog
    from tests.cogs.moderation_harness import Moderated

MINE = OwnerTerms(access=Access(mine=True), usual=Ceiling(300, 3_000, 3, 50))
MORE = ("cogs.servers",)


async def jobs_begun(shop: Moderated) -> int:
    load = await shop.storage.jobs.load()
    return sum(one.waiting + one.running for one in load.values())


async def imagine(shop: Moderated) -> str:
    result = await shop.house.ada.slash(shop.house.channel, "imagine", prompt="a fox", pool="FAST")
    answers = [*([result.response] if result.response else []), *result.followups]
    return "\n".join(f"{a.content}\n{words(a.components)}" for a in answers)


def letters(user: UserHandle) -> list[discord.Message]:
    return user.dm_channel.history()


def said_in(message: discord.Message) -> str:
    return words(cast("Any", [part.to_dict() for part in message.components]))


def hearing(shop: Moderated) -> ServersCog:
    """What listens to Discord's events; called directly, for the simulation does not wait for a database."""
    return cast("ServersCog", shop.house.bot.get_cog("ServersCog"))


def joined(shop: Moderated, ago: timedelta) -> None:
    """The bot has been there for so long."""
    guild = shop.house.bot.get_guild(shop.guild_id)
    assert guild is not None
    guild.me.joined_at = datetime.fromtimestamp(shop.house.clock.now() / 1_000, UTC) - ago


async def join(shop: Moderated) -> None:
    """Have the bot come to the server of the house."""
    guild = shop.house.bot.get_guild(shop.guild_id)
    assert guild is not None
    await hearing(shop).on_guild_join(guild)
    await shop.house.env.settle()


async def test_a_strangers_server_costs_nothing_whatever_its_moderators_allow(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        shop.own_application(shop.house.env.create_user("owner"))
        await join(shop)
        await shop.set_unlimited()

        told = {await imagine(shop) for _ in range(5)}

        assert len(told) == 1
        assert "`/pool panel`" in told.pop()
        assert await jobs_begun(shop) == 0
        assert "has not let this server in" in seen(await shop.panel())
        assert "imagine" in seen(await shop.house.ada.slash(shop.house.channel, "help"))


async def test_an_open_bot_costs_no_more_than_the_ceiling(tmp_path: Path) -> None:
    terms = OwnerTerms(access=Access(everyone=True), usual=Ceiling(7, None, 3, 50))
    async with moderated(tmp_path, owner_terms=terms) as shop:
        await shop.set_unlimited()
        await shop.services.guilds.set_price(shop.guild_id, shop.boss, Pool.FAST, Charge.IMAGINE, 0)

        told = [await imagine(shop) for _ in range(9)]

        assert await jobs_begun(shop) == 7
        assert "7 of 7 units" in told[-1]
        assert "7 of 7 units" in seen(await shop.panel())


async def test_the_owners_own_server_works_at_once(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        shop.own_application(shop.house.guild.owner)
        await join(shop)

        await imagine(shop)

        assert await jobs_begun(shop) == 1


async def test_whoever_leaves_the_team_or_joins_it_takes_their_servers_along(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        owner, member = shop.house.env.create_user("owner"), shop.house.guild.owner
        shop.own_application(owner, member)
        await hearing(shop).on_ready()

        for team in ((owner,), (owner, member)):
            shop.own_application(*team)
            await hearing(shop).on_owners_due()

            view = await shop.services.owner_policy.view(shop.guild_id)
            assert (view.admitted, view.ceiling == MINE.usual) == (member in team, member not in team)


async def test_a_stranger_is_greeted_once_and_the_owner_asked_once(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        owner = shop.house.env.create_user("owner")
        shop.own_application(owner)
        for _ in range(3):
            await join(shop)

        greetings = [m for m in shop.house.channel.history() if "let this server in" in said_in(m)]
        assert len(greetings) == 1
        (letter,) = letters(owner)
        assert "Studio" in said_in(letter)
        labels = {
            part["label"]
            for part in walk(cast("Any", [c.to_dict() for c in letter.components]))
            if part["type"] == 2
        }
        assert labels == {"Let in", "Not now"}


async def test_the_one_card_that_greets_a_server_is_for_its_moderators(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=(*MORE, "cogs.moderation")) as shop:
        await join(shop)
        await join(shop)
        (card,) = [m for m in shop.house.channel.history() if "`/imagine` makes a picture" in said_in(m)]

        refused = await shop.house.ada.click(card, label="Set up…")
        window = await shop.mo.click(card, label="Set up…")
        done = await shop.mo.submit_modal(
            window, {"pools": ["NORMAL"], "per_day": "7", "press": ["anyone"], "channels": [], "log": []}
        )

        assert refused.modal is None
        assert "not allowed" in seen(refused)
        assert "everyone: 7 a day" in seen(done)
        settings = await shop.settings()
        assert settings.pools.off == (Pool.FAST,)
        assert "makes a picture" in said_in(card), "everybody's card stays as it was"


async def test_only_the_owner_answers_the_question_and_then_pictures_begin(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        owner = shop.house.env.create_user("owner")
        shop.own_application(owner)
        await join(shop)
        (letter,) = letters(owner)

        shop.own_application(shop.house.bob)
        await owner.click(letter, label="Let in")
        assert not await shop.services.owner_policy.admits(shop.guild_id)

        shop.own_application(owner)
        await owner.click(letter, label="Not now")
        assert not await shop.services.owner_policy.admits(shop.guild_id)
        (letter,) = letters(owner)
        assert "stays outside" in said_in(letter)
        await owner.click(letter, label="Let in")
        (letter,) = letters(owner)
        assert "is let in" in said_in(letter)
        await imagine(shop)
        assert await jobs_begun(shop) == 1


async def test_a_server_with_its_own_key_needs_nobody_and_without_it_is_refused_again(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE) as shop:
        await bring(shop)
        await imagine(shop)
        assert await jobs_begun(shop) == 1

        asked = await press(shop, "key_ask")
        assert "no new picture can begin here" in seen(asked)
        assert "has not let this server in" in seen(await press(shop, "key_remove", asked))

        assert "has not let this server in" in await imagine(shop)
        assert await jobs_begun(shop) == 1


async def test_a_chain_on_the_owners_account_ends_when_its_server_is_shut_out(tmp_path: Path) -> None:
    terms = OwnerTerms(access=Access(everyone=True))
    async with moderated(tmp_path, owner_terms=terms) as shop:
        parent = await shop.job()
        await shop.services.accounts.check_chain(parent)

        await shop.services.owner_policy.shut_out(shop.guild_id)

        with pytest.raises(UserError) as refused:
            await shop.services.accounts.check_chain(parent)
        assert refused.value.text == text("refused.not_let_in_key")


async def test_servers_that_were_there_before_are_named_in_the_log_and_nobody_is_written_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        owner = shop.house.env.create_user("owner")
        shop.own_application(owner)
        joined(shop, timedelta(days=7))

        await hearing(shop).on_ready()
        await shop.house.env.settle()

        assert letters(owner) == []
        assert shop.house.channel.history() == []
        (line,) = [r for r in caplog.records if r.message == "servers_not_let_in"]
        assert vars(line)["servers"] == 1
        assert str(shop.guild_id) in vars(line)["some"]


async def test_the_server_that_the_bot_was_invited_to_before_its_first_start_is_greeted(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path, more=MORE) as shop:
        joined(shop, timedelta(hours=20))

        await hearing(shop).on_ready()
        await hearing(shop).on_ready()
        await shop.house.env.settle()

        (card,) = shop.house.channel.history()
        assert "`/imagine` makes a picture" in said_in(card)


async def reborn(shop: Moderated) -> None:
    """Have the client die and start again, with the services that another start would build."""
    again = an_easel(cast("Any", shop.services), shop.house.meta, extensions=("cogs.imagine", *MORE))
    again._owners, again._owners_until = shop.house.bot._owners, shop.house.bot._owners_until
    await shop.house.env.restart_bot(again)


@pytest.mark.parametrize(("label", "lets_in"), [("Let in", True), ("Not now", False)])
async def test_the_question_is_answered_after_a_restart(tmp_path: Path, *, label: str, lets_in: bool) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        owner = shop.house.env.create_user("owner")
        shop.own_application(owner)
        await join(shop)
        (letter,) = letters(owner)

        await reborn(shop)
        await owner.click(letter, label=label)

        assert await shop.services.owner_policy.admits(shop.guild_id) is lets_in
        (letter,) = letters(owner)
        assert ("is let in" if lets_in else "stays outside") in said_in(letter)


async def test_not_now_says_what_is_true_of_a_server_that_was_let_in_meanwhile(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        owner = shop.house.env.create_user("owner")
        shop.own_application(owner)
        await join(shop)
        (letter,) = letters(owner)
        await shop.services.owner_policy.let_in(shop.guild_id, by=None)

        await owner.click(letter, label="Not now")

        (letter,) = letters(owner)
        assert "is let in" in said_in(letter)
        assert "shut-out" in said_in(letter)
        assert await shop.services.owner_policy.admits(shop.guild_id)


async def test_where_a_teams_owner_takes_no_messages_the_next_member_is_asked(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        first, second = shop.house.env.create_user("first"), shop.house.env.create_user("second")
        shop.own_application(first, second)
        path = f"/channels/{first.dm_channel.id}/messages"
        shop.house.env.inject_error("POST", path, status=403, code=50007, times=None)

        await join(shop)

        assert letters(first) == []
        (letter,) = letters(second)
        assert "Studio" in said_in(letter)
        await second.click(letter, label="Let in")
        assert await shop.services.owner_policy.admits(shop.guild_id)


class Dies(BaseException):
    """The process ends here."""


def later(shop: Moderated) -> None:
    """Let the time pass after which nobody is sending any more."""
    now = shop.house.clock.now()
    shop.services.owner_questions.clock = cast("Any", SimpleNamespace(now=lambda: now + AGAIN_MS))


@pytest.mark.parametrize("is_sent", [False, True])
async def test_a_death_while_the_owner_is_asked_loses_no_question_and_doubles_none(
    tmp_path: Path, *, is_sent: bool
) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        owner = shop.house.env.create_user("owner")
        shop.own_application(owner)
        questions = shop.services.owner_questions
        mail, sent, send = questions.mail, [], shop.house.bot.http.send_message

        def noting(channel_id: int, *, params: Any) -> Any:
            if channel_id == owner.dm_channel.id:
                sent.append(params.payload)
            return send(channel_id, params=params)

        cast("Any", shop.house.bot.http).send_message = noting

        async def ask(server: KnownServer, *, again: bool) -> bool:
            if is_sent:
                await mail.ask(server, again=again)
            raise Dies

        questions.mail = cast("Any", SimpleNamespace(ask=ask))
        guild = shop.house.bot.get_guild(shop.guild_id)
        assert guild is not None
        with pytest.raises(Dies):
            await hearing(shop).on_guild_join(guild)
        questions.mail = mail

        await questions.resume()
        assert len(letters(owner)) == is_sent, "another process may be sending it"
        later(shop)
        await questions.resume()
        await questions.resume()

        assert len(letters(owner)) == 1
        assert await shop.storage.guilds.memory.get(ASKING) == "{}"
        assert {one["nonce"] for one in sent} == {f"ask-{shop.guild_id}"}
        assert all(one["enforce_nonce"] for one in sent)


async def test_a_question_that_never_gets_through_is_given_up_with_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        tried = 0

        async def ask(_server: KnownServer, *, again: bool) -> bool:
            nonlocal tried
            tried += 1
            assert again is (tried > 1)
            return False

        shop.services.owner_questions.mail = cast("Any", SimpleNamespace(ask=ask))
        await join(shop)
        for turn in range(1, TRIES + 5):
            at = shop.house.clock.now() + turn * AGAIN_MS
            shop.services.owner_questions.clock = cast("Any", SimpleNamespace(now=lambda at=at: at))
            await shop.services.owner_questions.resume()

        assert tried == TRIES
        assert [r.message for r in caplog.records].count("owner_not_asked") == 1


async def test_a_server_that_sent_the_bot_away_while_nobody_listened_is_forgotten_too(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        await shop.set_unlimited()
        other, month = shop.guild_id + 1, shop.house.clock.now() + 31 * 24 * 3_600_000
        for guild_id in (shop.guild_id, other):
            await shop.services.owner_policy.note(guild_id, name="x", owner_id=1, owners=frozenset())

        await hearing(shop).on_ready()

        await shop.house.env.settle()
        gone = {view.server.guild_id for view in await shop.services.owner_policy.every()}
        assert gone == {shop.guild_id}
        assert list(await shop.storage.guilds.records.delete_due(month)) == [other]


async def test_a_server_of_another_processs_shards_is_not_taken_for_gone(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=MINE, more=MORE) as shop:
        other = shop.guild_id + (1 << 22)
        await shop.services.owner_policy.note(other, name="x", owner_id=1, owners=frozenset())
        shop.house.bot.shard_count = 2

        await hearing(shop).on_ready()

        view = await shop.services.owner_policy.view(other)
        assert view.server.left_at is None
