"""Links to the mask editor are kept by their digest alone, read in every process, closed once, and forgotten.
Never here: what a link is good for (tests/services/intake/test_mask_editor.py)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.keys import JobKey
from bot.domain.region_links import RegionLink, digest_of
from bot.domain.servers.guilds import Actor
from bot.storage.people_tables import region_links
from tests.storage.making import NOON

if TYPE_CHECKING:
    from bot.storage import Storage
    from tests.storage.conftest import Opener

GUILD, ADA, BOB = 2**62 + 2, 2**62 + 10, 11
TOKEN = "a-token-that-is-never-kept-0001"
LINK = RegionLink(
    digest=digest_of(TOKEN),
    job=JobKey("0123456789ab"),
    position=4,
    user_id=ADA,
    guild_id=GUILD,
    asker='{"user_name": "Ada 裸"}',
    locale="de",
    expires_at=NOON + 600_000,
)


async def test_a_link_is_read_in_every_process_by_what_its_token_says(
    storage: Storage, another: Opener
) -> None:
    await storage.region_links.add(LINK)

    assert await (await another()).region_links.find(digest_of(TOKEN)) == LINK
    assert await storage.region_links.find(TOKEN) is None
    rows = await storage.database.read(lambda cn: cn.execute(select(region_links)).all())
    assert TOKEN not in str(rows)


async def test_of_all_who_use_a_link_exactly_one_does(storage: Storage, another: Opener) -> None:
    await storage.region_links.add(LINK)
    second = await another()

    won = await asyncio.gather(
        *((storage, second)[n % 2].region_links.use(LINK.digest, NOON + n) for n in range(6))
    )

    assert sorted(won) == [False] * 5 + [True]
    found = await storage.region_links.find(LINK.digest)
    assert found is not None
    assert not found.is_open(NOON)
    assert not await storage.region_links.use(digest_of("no such link"), NOON)


async def test_a_persons_links_go_with_their_data_and_old_ones_by_themselves(storage: Storage) -> None:
    mine, others = LINK, replace(LINK, digest=digest_of("b"), user_id=BOB)
    elsewhere = replace(LINK, digest=digest_of("c"), guild_id=GUILD + 1, expires_at=NOON)
    for link in (mine, others, elsewhere):
        await storage.region_links.add(link)

    exported = await storage.guilds.records.export(GUILD, ADA)
    await storage.guilds.records.erase(GUILD, ADA, actor=Actor(1, "Mo"), at=NOON)

    assert [one["job_key"] for one in exported["region_links"]] == [LINK.job]
    left = [await storage.region_links.find(link.digest) for link in (mine, others, elsewhere)]
    assert left == [None, others, elsewhere]

    await storage.guilds.records.forget_links(NOON + 1)

    assert await storage.region_links.find(others.digest) == others
    assert await storage.region_links.find(elsewhere.digest) is None
