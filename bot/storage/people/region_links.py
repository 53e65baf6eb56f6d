"""Links to the mask editor as rows: written once, read by their token's digest, closed by exactly one.
Never here: tokens, and what a link is good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from bot.domain.keys import JobKey
from bot.domain.region_links import RegionLink
from bot.storage.jobs.rows import plain
from bot.storage.people_tables import region_links

if TYPE_CHECKING:
    from bot.storage.database import Database

c = region_links.c


class SqlRegionLinkStore:
    """The `RegionLinkStore` of bot.domain.region_links, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, link: RegionLink) -> None:
        """See the port."""
        values = {
            "digest": link.digest,
            "job_key": link.job,
            "position": link.position,
            "user_id": link.user_id,
            "guild_id": link.guild_id,
            "asker": plain(link.asker),
            "locale": link.locale,
            "expires_at": link.expires_at,
            "used_at": link.used_at,
        }
        await self._database.write(lambda cn: cn.execute(insert(region_links).values(values)))

    async def find(self, digest: str) -> RegionLink | None:
        """See the port."""
        query = select(region_links).where(c.digest == digest)
        row = await self._database.read(lambda cn: cn.execute(query).one_or_none())
        if row is None:
            return None
        return RegionLink(
            digest=row.digest,
            job=JobKey(row.job_key),
            position=row.position,
            user_id=row.user_id,
            guild_id=row.guild_id,
            asker=row.asker,
            locale=row.locale,
            expires_at=row.expires_at,
            used_at=row.used_at,
        )

    async def use(self, digest: str, at: int) -> bool:
        """See the port."""
        closing = update(region_links).where(c.digest == digest, c.used_at.is_(None)).values(used_at=at)
        return await self._database.write(lambda cn: bool(cn.execute(closing).rowcount))
