"""Blocks, strikes and grants: written with the audit, expiring by themselves, counted once.
Never here: what grants pay for (test_books.py)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain.pools import Pool
from bot.domain.servers.guilds import Actor, Block, Struck
from bot.domain.servers.moderation import StrikePolicy
from tests.storage.making import NOON

if TYPE_CHECKING:
    from bot.domain.servers.guild_ports import MemberStore, SettingsStore
    from bot.storage import Storage
    from tests.storage.conftest import Opener

GUILD, USER = 2**62 + 2, 2**62 + 4
ADA = Actor(2**62 + 10, "Ada")
EASEL = Actor(0, "Easel")
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def members(storage: Storage) -> MemberStore:
    return storage.guilds.members


@pytest.fixture
def settings(storage: Storage) -> SettingsStore:
    return storage.guilds.settings


def block(until: int | None = None, *, user: int = USER, at: int = NOON) -> Block:
    return Block(user, until, "rude", ADA, at)


async def test_a_block_holds_until_its_time_and_survives_a_restart(
    members: MemberStore, another: Opener
) -> None:
    await members.block(GUILD, block(NOON + 10))

    again = (await another()).guilds.members
    assert await again.block_of(GUILD, USER, NOON + 9) == block(NOON + 10)
    assert await again.block_of(GUILD, USER, NOON + 10) is None
    assert await again.block_of(GUILD + 1, USER, NOON) is None
    assert await again.block_of(GUILD, USER + 1, NOON) is None


async def test_a_new_block_replaces_the_old_one(members: MemberStore) -> None:
    assert await members.block(GUILD, block(NOON + 10)) is None

    assert await members.block(GUILD, block()) == block(NOON + 10)

    assert await members.block_of(GUILD, USER, NOON + 99 * DAY) == block()


async def test_blocks_that_hold_are_listed_the_latest_first(members: MemberStore) -> None:
    blocks = [block(user=1), block(NOON + 1, user=2), block(NOON + DAY, user=3, at=NOON + 5)]
    for each in blocks:
        await members.block(GUILD, each)

    assert await members.blocks(GUILD, NOON + 2) == [blocks[2], blocks[0]]


async def test_lifting_a_block_says_what_was_lifted_and_is_audited(
    members: MemberStore, settings: SettingsStore
) -> None:
    await members.block(GUILD, block(NOON + DAY))

    assert await members.unblock(GUILD, USER, actor=ADA, at=NOON + 1) == block(NOON + DAY)

    assert await members.block_of(GUILD, USER, NOON) is None
    lifted, blocked = await settings.audit(GUILD, before=None, limit=9)
    assert (blocked.action, blocked.subject, dict(blocked.before)) == ("block", USER, {})
    assert (lifted.action, lifted.actor) == ("unblock", ADA)
    assert dict(lifted.before) == dict(blocked.after) == {"until": NOON + DAY, "reason": "rude"}


async def test_there_is_nothing_to_lift_where_nothing_holds(
    members: MemberStore, settings: SettingsStore
) -> None:
    await members.block(GUILD, block(NOON + 1))

    assert await members.unblock(GUILD, USER + 1, actor=ADA, at=NOON) is None
    assert await members.unblock(GUILD, USER, actor=ADA, at=NOON + 1) is None
    assert len(await settings.audit(GUILD, before=None, limit=9)) == 1


async def strike(members: MemberStore, interaction: int, *, at: int = NOON, limit: int = 3) -> Struck:
    return await members.strike(
        GUILD,
        USER,
        interaction_id=interaction,
        why="gore",
        at=at,
        policy=StrikePolicy(limit, days=2, block_hours=5),
        by=EASEL,
    )


async def test_enough_strikes_become_a_block_for_a_time(
    members: MemberStore, settings: SettingsStore
) -> None:
    struck = [await strike(members, n, at=NOON + n) for n in range(3)]

    until = NOON + 2 + 5 * HOUR
    assert struck == [Struck(1, None, fresh=True), Struck(2, None, fresh=True), Struck(3, until, fresh=True)]
    assert await members.block_of(GUILD, USER, NOON + 3) == Block(USER, until, "gore", EASEL, NOON + 2)
    assert [s.spent for s in await members.strikes(GUILD, USER, limit=9)] == [True, True, True]
    assert [e.action for e in await settings.audit(GUILD, before=None, limit=9)] == ["block"]


async def test_after_the_block_counting_begins_anew(members: MemberStore) -> None:
    for n in range(2):
        await strike(members, n, limit=2)

    assert await strike(members, 2, limit=2) == Struck(1, None, fresh=True)


async def test_an_interaction_is_struck_once(members: MemberStore, another: Opener) -> None:
    second = (await another()).guilds.members

    struck = await asyncio.gather(*(strike((members, second)[n % 2], 7, limit=2) for n in range(6)))

    assert [s.count for s in struck] == [1] * 6
    assert sum(s.fresh for s in struck) == 1
    assert len(await members.strikes(GUILD, USER, limit=9)) == 1


async def test_old_strikes_count_no_more(members: MemberStore) -> None:
    await strike(members, 1, at=NOON)

    assert (await strike(members, 2, at=NOON + 2 * DAY)).count == 1


async def test_strikes_never_shorten_a_block(members: MemberStore) -> None:
    await members.block(GUILD, block(NOON + 99 * DAY))
    await strike(members, 1, limit=1)
    assert await members.block_of(GUILD, USER, NOON) == block(NOON + 99 * DAY)

    await members.block(GUILD, block())
    await strike(members, 2, limit=1)
    assert await members.block_of(GUILD, USER, NOON) == block()

    await members.block(GUILD, block(NOON + 1))
    await strike(members, 3, limit=1)
    longer = await members.block_of(GUILD, USER, NOON)
    assert longer is not None
    assert longer.until == NOON + 5 * HOUR


async def test_strikes_can_be_forgiven_once(members: MemberStore, settings: SettingsStore) -> None:
    await strike(members, 1)
    await strike(members, 2)

    assert await members.forgive(GUILD, USER, actor=ADA, at=NOON) == 2
    assert await members.forgive(GUILD, USER, actor=ADA, at=NOON) == 0

    assert (await strike(members, 3)).count == 1
    assert [e.action for e in await settings.audit(GUILD, before=None, limit=9)] == ["forgive"]


async def test_strikes_are_listed_the_latest_first(members: MemberStore) -> None:
    for n in range(3):
        await strike(members, n, at=NOON + n)

    assert [s.at for s in await members.strikes(GUILD, USER, limit=2)] == [NOON + 2, NOON + 1]


async def test_grants_are_listed_while_they_hold_in_the_order_of_their_use(
    members: MemberStore, settings: SettingsStore
) -> None:
    async def grant(units: int, expires_at: int | None) -> int:
        given = await members.grant(
            GUILD,
            USER,
            Pool.FAST,
            units=units,
            reason="prize",
            expires_at=expires_at,
            actor=ADA,
            at=NOON,
        )
        return given.id

    for_good, later, sooner = [await grant(n, at) for n, at in ((1, None), (2, NOON + 9), (3, NOON + 5))]

    assert [g.id for g in await members.grants(GUILD, USER, NOON)] == [sooner, later, for_good]
    assert [g.id for g in await members.grants(GUILD, USER, NOON + 5)] == [later, for_good]
    assert await members.grants(GUILD, USER + 1, NOON) == []
    (first, *_) = reversed(await settings.audit(GUILD, before=None, limit=9))
    assert (first.action, first.subject) == ("grant", USER)
    assert dict(first.after) == {"pool": "FAST", "units": 1, "reason": "prize", "expires_at": None}


async def test_what_was_taken_back_is_written_down_once(
    members: MemberStore, settings: SettingsStore
) -> None:
    whose = (GUILD, USER, Pool.FAST)
    await members.grant(*whose, units=3, reason="prize", expires_at=None, actor=ADA, at=NOON)
    asked = await members.grants_left(*whose, NOON)

    taken = [await members.take_back(*whose, asked, actor=ADA, at=NOON + 1) for _ in range(2)]

    (latest, first) = await settings.audit(GUILD, before=None, limit=9)
    assert (taken, first.action, latest.action, latest.subject) == ([3, 0], "grant", "take_back", USER)
    assert dict(latest.after) == {"pool": "FAST", "units": 3}
