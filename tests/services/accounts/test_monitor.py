"""Moderators hear once of a low balance or a rejected key of the account they draw on, before members run into it.
Never here: the panel, and what failed jobs tell (tests/services/modlog/test_events.py)."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.accounts import DEFAULT_ACCOUNT
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.schedule import DAY
from bot.domain.servers.guild_ports import EventKind
from bot.domain.upstream_keys import UpstreamKey
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.accounts import monitor as watching
from bot.services.accounts.monitor import EVERY_MS, LOOK_S, REMEMBERED
from bot.storage.vault import FernetVault
from tests.services.accounts_harness import KEY, NEXT_MASTER, REFUSED, AccountsHarness, Office, remove_key
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, LOG_CHANNEL, Heard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.domain.tenancy import KnownServer
    from bot.texts import Text
    from tests.services.harness import Harness

LIMIT = 1_000
DEAF = GUILD + 1
ELSEWHERE = GUILD + 2


class Post:
    """What the owner was told."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.occasions: list[str] = []
        self.closed = False
        """Whether Discord does not answer at the moment."""

    @property
    def said(self) -> list[str]:
        """The sentences' names."""
        return [words.id for words in self.texts]

    async def notify(self, words: Text, *, once: str) -> bool:
        self.occasions.append(once)
        if not self.closed:
            self.texts.append(words)
        return not self.closed

    async def ask(self, server: KnownServer, *, again: bool) -> bool:
        raise AssertionError(server, again)


class Watched:
    """A world whose accounts are watched, and its servers' log channels."""

    def __init__(self, world: Harness, mint: AccountsHarness) -> None:
        self.world, self.mint = world, mint
        self.heard = Heard()
        self.post = Post()
        self._dispatcher: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Three servers, one of them without a log channel; one draws on another account of the owner's."""
        for guild, channel in ((GUILD, LOG_CHANNEL), (DEAF, None), (ELSEWHERE, LOG_CHANNEL + 2)):
            await self.world.services.guilds.set_log_channel(guild, ADA, LOG_CHANNEL)
            await self.world.services.guilds.set_log_channel(guild, ADA, channel)
        await self.listen()

    async def listen(self) -> None:
        """Hear what this process tells."""
        await self.close()
        self.world.services.dispatcher.modlog = self.heard
        self.world.services.watch.mail = self.post
        self._dispatcher = asyncio.create_task(self.world.services.dispatcher.run())
        await self.world.services.dispatcher.drain()
        self.heard.events.clear()
        self.heard.told.clear()

    async def reboot(self) -> None:
        """Another process, which is listened to as well."""
        await self.world.services.dispatcher.drain()
        await self.close()
        await self.world.reboot()
        await self.listen()

    @property
    def memory(self) -> Any:
        """What the processes share."""
        return self.world._opened.guilds.memory

    async def round(self) -> list[tuple[int, str]]:
        """Let the next round come; who heard what of it."""
        self.world.clock.move_to(self.world.clock.now() + EVERY_MS)
        going = asyncio.create_task(self.world.services.watch.round())
        while not going.done():
            await self.world.pass_time(1)
        assert await going
        await self.world.services.dispatcher.drain()
        told = [
            (guild, event.said.id)
            for (guild, _, _), event in zip(self.heard.told, self.heard.events, strict=True)
        ]
        self.heard.events.clear()
        self.heard.told.clear()
        return told

    async def close(self) -> None:
        """Stop listening."""
        if self._dispatcher is not None:
            self._dispatcher.cancel()
            await asyncio.gather(self._dispatcher, return_exceptions=True)
            self._dispatcher = None


@pytest.fixture
async def watched(world: Harness) -> AsyncIterator[Watched]:
    mint = AccountsHarness()
    mint.credits = {DEFAULT_ACCOUNT: 5_000, "studio": 5_000}
    world.accounts = (DEFAULT_ACCOUNT, "studio")
    mint.furnish(world, account_of={(ELSEWHERE, None): "studio"}, balance_low=LIMIT)
    await world.reboot()
    made = Watched(world, mint)
    await made.open()
    yield made
    await made.world.calm()  # a hand of the clock that was moved last has woken others, too
    await made.close()


def dies_after_the_first(swap: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
    """A database that is gone after one write: the round is taken, and nothing of it remembered."""
    swaps = 0

    async def dying(*args: Any) -> bool:
        nonlocal swaps
        swaps += 1
        if swaps > 1:
            raise StorageTrouble("died")
        return await swap(*args)

    return dying


async def test_a_low_balance_is_told_once_to_the_owner_alone_and_again_after_it_recovered(
    watched: Watched,
) -> None:
    credits_left = watched.mint.credits
    assert await watched.round() == []

    credits_left[DEFAULT_ACCOUNT] = LIMIT - 1
    assert await watched.round() == []
    assert watched.post.said == ["log.balance_falls"]
    credits_left[DEFAULT_ACCOUNT] = 1
    await watched.round()
    credits_left[DEFAULT_ACCOUNT] = LIMIT
    await watched.round()
    assert watched.post.said == ["log.balance_falls"]
    credits_left[DEFAULT_ACCOUNT] = LIMIT - 1
    assert await watched.round() == []
    credits_left["studio"] = 0
    assert await watched.round() == []
    assert watched.post.said == ["log.balance_falls"] * 3
    # Whoever has several accounts reads which one to top up.
    assert [said.args["account"] for said in watched.post.texts] == [
        DEFAULT_ACCOUNT,
        DEFAULT_ACCOUNT,
        "studio",
    ]


async def test_a_low_balance_that_discord_did_not_take_is_told_by_the_next_round_as_the_same_message(
    watched: Watched,
) -> None:
    watched.mint.credits[DEFAULT_ACCOUNT] = LIMIT - 1
    watched.post.closed = True
    await watched.round()
    await watched.round()
    watched.post.closed = False
    await watched.round()
    await watched.round()

    assert watched.post.said == ["log.balance_falls"]
    assert len(watched.post.occasions) == 3
    assert len(set(watched.post.occasions)) == 1


async def test_a_rejected_key_is_told_once_and_again_after_it_recovered(watched: Watched) -> None:
    trouble = watched.mint.trouble
    trouble["studio"] = REFUSED
    assert await watched.round() == [(ELSEWHERE, "log.key_rejected")]
    assert await watched.round() == []

    del trouble["studio"]
    assert await watched.round() == []
    trouble["studio"] = REFUSED
    assert await watched.round() == [(ELSEWHERE, "log.key_rejected")]


async def test_a_servers_own_account_is_told_to_that_server_alone(watched: Watched) -> None:
    await watched.world.services.own_keys.bring(GUILD, ADA, KEY)
    await watched.listen()
    watched.mint.credits[DEFAULT_ACCOUNT] = watched.mint.credits[KEY] = 1

    assert await watched.round() == [(GUILD, "log.own_balance_falls")]
    watched.mint.trouble[KEY] = REFUSED
    assert await watched.round() == [(GUILD, "log.own_key_rejected")]
    await remove_key(watched.world)
    await watched.listen()
    assert await watched.round() == []
    remembered = json.loads(await watched.memory.get(REMEMBERED) or "{}")
    assert list(remembered["accounts"]) == [DEFAULT_ACCOUNT]


async def test_a_look_that_goes_well_counts_as_a_test_of_the_servers_key(watched: Watched) -> None:
    keys = watched.world.services.own_keys
    await keys.bring(GUILD, ADA, KEY)

    await watched.round()

    state = await keys.state(GUILD)
    assert state.key is not None
    assert state.key.tested_at - state.key.at >= EVERY_MS


async def test_trouble_of_the_moment_is_no_news_and_keeps_what_was_known(watched: Watched) -> None:
    watched.mint.credits[DEFAULT_ACCOUNT] = 1
    await watched.round()
    assert len(watched.post.said) == 1
    watched.mint.trouble[DEFAULT_ACCOUNT] = RemoteError(RemoteFault.UNREACHED, "no connection")
    assert await watched.round() == []
    del watched.mint.trouble[DEFAULT_ACCOUNT]
    assert await watched.round() == []
    assert len(watched.post.said) == 1


async def test_trouble_with_the_database_ends_a_round_until_the_next(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def counted(_: Any) -> int:
        raise StorageTrouble("locked")

    monkeypatch.setattr("bot.services.accounts.monitor._count", counted)

    with pytest.raises(StorageTrouble):
        await watched.round()


async def test_a_bug_at_one_account_keeps_no_other_from_being_watched(
    watched: Watched, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = count(1)

    async def counted(_: Any) -> int:
        if next(looks) == 1:
            raise ArithmeticError("no such balance")
        return 0

    monkeypatch.setattr("bot.services.accounts.monitor._count", counted)

    assert await watched.round() == []

    assert watched.post.said == ["log.balance_falls"]
    assert [
        record.__dict__["account"] for record in caplog.records if record.msg == "account_not_watched"
    ] == [DEFAULT_ACCOUNT]


async def test_without_a_limit_or_a_key_that_may_ask_nothing_is_told_of_balances(watched: Watched) -> None:
    watched.mint.credits = {DEFAULT_ACCOUNT: 0}
    watched.mint.furnish(watched.world)
    watched.world.accounts = (DEFAULT_ACCOUNT, "studio")
    await watched.reboot()

    assert await watched.round() == []


@pytest.mark.parametrize(("readable", "price"), [((), None), (("studio",), 2_040)])
async def test_prices_are_learned_through_any_account_that_may_read_them(
    watched: Watched, readable: tuple[str, ...], price: int | None
) -> None:
    watched.mint.credits = dict.fromkeys(readable, 5_000)
    watched.mint.prices = [SimpleNamespace(name="FAST imagine", text="2040 credits")]
    watched.mint.furnish(watched.world)
    await watched.reboot()

    await watched.round()

    assert await watched.world.services.costs.of_one(Pool.FAST, Charge.IMAGINE) == price


async def test_a_key_that_cannot_be_read_is_nobodys_rejection(watched: Watched) -> None:
    await watched.world.services.own_keys.bring(GUILD, ADA, KEY)
    watched.world.more_ports["vault"] = FernetVault([NEXT_MASTER])
    await watched.reboot()

    assert await watched.round() == []


async def test_of_several_processes_one_goes_and_none_goes_too_soon(watched: Watched) -> None:
    watch, memory = watched.world.services.watch, watched.memory
    await watched.round()
    assert not await watch.round()
    watched.world.clock.move_to(watched.world.clock.now() + EVERY_MS)
    swap = memory.swap

    async def beaten(*args: Any) -> bool:
        await memory.set(REMEMBERED, "{}")
        return bool(await swap(*args))

    memory.swap = beaten

    assert not await watch.round()


async def test_after_a_clock_that_stood_ahead_rounds_go_on_at_once(watched: Watched) -> None:
    year = 365 * DAY
    watched.world.clock.set_by(year)
    await watched.round()
    watched.world.clock.set_by(-year)
    watched.mint.trouble[DEFAULT_ACCOUNT] = REFUSED

    assert await watched.round() == [(GUILD, "log.key_rejected")]
    assert not await watched.world.services.watch.round()


async def test_a_round_that_another_has_overtaken_ends(watched: Watched) -> None:
    memory = watched.memory
    swap, swaps = memory.swap, 0
    watched.mint.trouble[DEFAULT_ACCOUNT] = watched.mint.trouble["studio"] = REFUSED

    async def overtaken(*args: Any) -> bool:
        nonlocal swaps
        swaps += 1
        return swaps == 1 and bool(await swap(*args))

    memory.swap = overtaken

    assert await watched.round() == [(GUILD, "log.key_rejected")]


async def test_a_crash_after_telling_tells_nobody_twice(watched: Watched) -> None:
    watched.mint.trouble[DEFAULT_ACCOUNT] = REFUSED
    memory = watched.memory
    swap = memory.swap
    memory.swap = dies_after_the_first(swap)
    watched.world.clock.move_to(watched.world.clock.now() + EVERY_MS)
    with pytest.raises(StorageTrouble):
        await watched.world.services.watch.round()
    memory.swap = swap

    assert await watched.round() == [(GUILD, "log.key_rejected")]
    assert await watched.round() == []


async def test_many_servers_are_told_with_rests(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AT_ONCE", 1)
    watched.mint.trouble[DEFAULT_ACCOUNT] = REFUSED
    before = watched.world.clock.now()

    assert await watched.round() == [(GUILD, "log.key_rejected")]

    assert watched.world.clock.now() - before >= EVERY_MS + watching.REST_S * 1000


async def test_watching_goes_on_after_trouble_and_forgets_what_it_cannot_read(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    memory, world = watched.memory, watched.world
    get, down = memory.get, True

    async def sometimes(key: str) -> Any:
        if down:
            raise StorageTrouble("locked")
        return await get(key)

    memory.get = sometimes
    running = asyncio.create_task(world.services.watch.run())
    await world.pass_time(LOOK_S + 1)
    assert "watching_failed" in caplog.text

    down = False
    await memory.set(REMEMBERED, json.dumps({"at": 0, "accounts": {"default": {"strange": 1}}}))
    watched.mint.trouble[DEFAULT_ACCOUNT] = REFUSED
    await world.pass_time(2 * LOOK_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await world.services.dispatcher.drain()

    assert [event.kind for event in watched.heard.events] == [EventKind.KEY_REJECTED]


# -- the key's cap, its end, the membership's end ----------------------------------------------------------


@pytest.fixture
async def limited(watched: Watched) -> Watched:
    """The first server has a key with a cap of 10,000 credits that ends in 30 days."""
    watched.mint.office = Office()
    watched.mint.furnish(watched.world, account_of={(ELSEWHERE, None): "studio"}, balance_low=LIMIT)
    await watched.reboot()
    await watched.world.services.upstream_keys.make(
        str(GUILD), cap=10_000, expires_at=watched.world.clock.now() + 30 * DAY, actor=ADA
    )
    await watched.listen()
    return watched


def office(watched: Watched) -> Office:
    assert watched.mint.office is not None
    return watched.mint.office


async def test_a_cap_is_told_at_80_percent_and_when_it_is_reached_each_once_over_restarts(
    limited: Watched,
) -> None:
    office(limited).spend(7_999)
    assert await limited.round() == []
    office(limited).spend(8_000)
    assert await limited.round() == [(GUILD, "log.key_nearly_used")]
    office(limited).spend(9_000)
    assert await limited.round() == []
    await limited.reboot()
    assert await limited.round() == []
    office(limited).spend(10_000)
    assert await limited.round() == [(GUILD, "log.key_used_up")]
    await limited.reboot()
    limited.world.clock.move_to(limited.world.clock.now() + 8 * DAY)
    assert await limited.round() == []


async def test_a_cap_that_was_passed_at_once_is_one_notice_and_a_new_cap_is_told_anew(
    limited: Watched,
) -> None:
    office(limited).spend(12_000)
    assert await limited.round() == [(GUILD, "log.key_used_up")]
    await limited.world.services.upstream_keys.cap(str(GUILD), 100_000)
    assert await limited.round() == []
    office(limited).spend(85_000)
    assert await limited.round() == [(GUILD, "log.key_nearly_used")]


async def test_an_end_is_told_a_week_before_once(limited: Watched) -> None:
    limited.world.clock.move_to(limited.world.clock.now() + 22 * DAY)
    assert await limited.round() == []
    limited.world.clock.move_to(limited.world.clock.now() + DAY)
    assert await limited.round() == [(GUILD, "log.key_ends")]
    for _ in range(8):
        limited.world.clock.move_to(limited.world.clock.now() + DAY)
        assert await limited.round() == []


async def test_the_memberships_end_is_told_to_the_owner_and_to_servers_with_a_key_of_theirs(
    limited: Watched,
) -> None:
    office(limited).ends = limited.world.clock.now() + 6 * DAY

    assert await limited.round() == [(GUILD, "log.membership_ends")]
    assert limited.post.said == ["log.of_account"]
    await limited.reboot()
    assert await limited.round() == []


async def test_a_server_hears_of_the_memberships_end_once_its_key_is_listed_again_or_was_made(
    limited: Watched,
) -> None:
    office(limited).ends = limited.world.clock.now() + 6 * DAY
    office(limited).trouble = {"keys": RemoteError(RemoteFault.UNCLEAR, "502")}
    assert await limited.round() == []
    assert limited.post.said == ["log.of_account"]
    office(limited).trouble = {}
    assert await limited.round() == [(GUILD, "log.membership_ends")]

    await limited.world.services.upstream_keys.make(
        str(ELSEWHERE), cap=10_000, expires_at=limited.world.clock.now() + 30 * DAY, actor=ADA
    )
    await limited.listen()
    assert await limited.round() == [(ELSEWHERE, "log.membership_ends")]

    office(limited).trouble = {"membership": RemoteError(RemoteFault.UNCLEAR, "502")}
    limited.world.clock.move_to(limited.world.clock.now() + 2 * DAY)
    assert await limited.round() == []
    office(limited).trouble = {}
    assert await limited.round() == []
    assert len(limited.post.said) == 1


async def test_the_owners_own_key_with_a_cap_is_told_to_the_owner_alone(limited: Watched) -> None:
    office(limited).listed.append(
        UpstreamKey(key="studio", remark="mine", used=Decimal(95), cap=Decimal(100))
    )

    assert await limited.round() == []
    assert limited.post.said == ["log.of_account"]
    assert await limited.round() == []
    assert len(limited.post.said) == 1


async def test_a_cap_that_discord_did_not_take_is_told_to_the_owner_by_the_next_round(
    limited: Watched,
) -> None:
    office(limited).listed.append(
        UpstreamKey(key="studio", remark="mine", used=Decimal(95), cap=Decimal(100))
    )
    limited.post.closed = True
    assert await limited.round() == []
    assert limited.post.occasions != []

    limited.post.closed = False
    assert await limited.round() == []
    assert await limited.round() == []
    assert limited.post.said == ["log.of_account"]
    assert len(set(limited.post.occasions)) == 1


async def test_a_list_that_cannot_be_read_is_no_news_and_forgets_nothing(limited: Watched) -> None:
    office(limited).spend(9_000)
    assert await limited.round() == [(GUILD, "log.key_nearly_used")]
    office(limited).trouble = dict.fromkeys(("keys", "membership"), RemoteError(RemoteFault.UNCLEAR, "502"))
    assert await limited.round() == []
    office(limited).trouble = {}
    assert await limited.round() == []


async def test_a_death_before_the_channel_heard_of_a_cap_tells_it_after_the_restart(limited: Watched) -> None:
    office(limited).spend(9_000)
    limited.heard.broken = None
    memory = limited.memory
    swap = memory.swap
    memory.swap = dies_after_the_first(swap)
    limited.world.clock.move_to(limited.world.clock.now() + EVERY_MS)
    going = asyncio.create_task(limited.world.services.watch.round())
    while not going.done():
        await limited.world.pass_time(1)
    assert isinstance(going.exception(), StorageTrouble)
    memory.swap = swap
    heard = [event.said.id for event in limited.heard.events]
    await limited.reboot()

    assert heard + [said for _, said in await limited.round()] == ["log.key_nearly_used"]


async def test_what_no_channel_has_heard_is_not_remembered_as_told(
    limited: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "DRAIN_S", 0.05)
    office(limited).spend(9_000)
    await limited.close()  # nobody tells anything: the process is about to die
    limited.world.clock.move_to(limited.world.clock.now() + EVERY_MS)
    going = asyncio.create_task(limited.world.services.watch.round())
    while not going.done():
        await limited.world.pass_time(1)
    limited.world.services.dispatcher._waiting.clear()
    await limited.world.reboot()
    await limited.listen()

    assert await limited.round() == [(GUILD, "log.key_nearly_used")]
