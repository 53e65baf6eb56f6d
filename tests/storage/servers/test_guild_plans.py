"""What every command asks of a server's tables, and what housekeeping asks of all jobs, goes through an index.
Never here: what the queries return."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.days import day_of
from bot.domain.pools import Allowance, Pool, ServerLimits
from bot.domain.servers.guilds import Actor, Block
from bot.storage import open_storage
from tests.storage.jobs.test_plans import Statements
from tests.storage.making import FREE, NOON, job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GUILD, USER = 2**62 + 2, 2**62 + 4
ADA = Actor(10, "Ada")
DAY = day_of(NOON)
LARGE = ("jobs", "ledger", "grants", "draws", "blocks", "strikes", "audit", "guilds", "guild_sections")


@pytest.fixture
async def watched(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Statements]:
    async with open_storage(sqlite_url, migrate=True) as storage:
        for _ in range(3):
            await storage.jobs.insert(job(), FREE)
        yield Statements(storage, monkeypatch)


def scans(plans: list[str]) -> list[str]:
    return [p for p in plans if p.startswith("SCAN") and p.split()[1] in LARGE and "USING" not in p]


async def test_accepting_by_a_servers_rules_looks_at_a_few_rows(watched: Statements) -> None:
    stores = watched.storage.guilds
    await stores.members.grant(
        GUILD, USER, Pool.NORMAL, units=5, reason="", expires_at=None, actor=ADA, at=NOON
    )
    watched.seen.clear()

    await stores.settings.settings(GUILD)
    await stores.members.block_of(GUILD, USER, NOON)
    await watched.storage.jobs.insert(
        job(units=4), Allowance(5, 9, 9), ServerLimits(0, "Europe/Berlin", per_day=99)
    )
    plans = await watched.plans()

    assert scans(plans) == []
    used = "\n".join(plans)
    assert "ledger_member (user_id=? AND guild_id=? AND pool=? AND spent_at>?" in used
    assert "ledger_guild (guild_id=? AND pool=? AND spent_at>?" in used
    assert "grants_member (guild_id=? AND user_id=? AND pool=?" in used


async def test_quota_panel_and_usage_read_their_part_of_the_books(watched: Statements) -> None:
    books = watched.storage.guilds.books

    await books.standing(GUILD, USER, Pool.NORMAL, day=DAY, now=NOON)
    await books.totals(GUILD, DAY)
    await books.usage(GUILD, DAY.start, DAY.end, zone="UTC")
    plans = await watched.plans()

    assert scans(plans) == []
    assert "ledger_guild (guild_id=? AND pool=? AND spent_at>? AND spent_at<?" in "\n".join(plans)


async def test_members_marks_and_the_audit_are_found_by_server(watched: Statements) -> None:
    stores = watched.storage.guilds
    await stores.members.block(GUILD, Block(USER, None, "", ADA, NOON))
    await stores.settings.audit(GUILD, before=99, limit=9)
    await stores.settings.last_change(GUILD)
    await stores.settings.changes(GUILD, ["zone"], limit=9)
    await stores.settings.undo_last(GUILD, actor=ADA, at=NOON)
    await stores.members.strikes(GUILD, USER, limit=9)
    await stores.members.grants(GUILD, USER, NOON)

    plans = await watched.plans()

    assert scans(plans) == []
    assert "audit_guild (guild_id=? AND id<?" in "\n".join(plans)


async def test_forgetting_prompts_reads_what_is_old_and_still_kept(watched: Statements) -> None:

    stores = watched.storage.guilds
    await stores.settings.change(GUILD, lambda s: replace(s, retention_days=1), actor=ADA, at=NOON)
    watched.seen.clear()

    await stores.records.servers_to_forget(NOON)
    await stores.records.forget_prompts(GUILD, NOON, limit=9)
    plans = await watched.plans()

    assert "jobs_kept (guild_id=? AND finished_at<?" in "\n".join(plans)
    # one row for each server that ever changed a setting, a few times an hour
    assert [step.split()[1] for step in scans(plans)] == ["guild_sections"]
