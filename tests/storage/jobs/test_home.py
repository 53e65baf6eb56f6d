"""Rows of before there were home servers get one: a root its own, a child its root's, wherever they were pressed.
Never here: what a home server is for (tests/services/admission/test_authorization.py)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from alembic import command
from sqlalchemy import text

from bot.domain.jobs import JobState, Route
from bot.domain.pools import UNLIMITED
from bot.storage import migrate, open_storage
from bot.storage.database import open_database
from bot.storage.jobs import rows
from tests.storage.making import job, press, reply

if TYPE_CHECKING:
    import pytest
    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job

HOME = 2**62 + 2
NEW = frozenset(
    (
        *("reply_guild_id", "home_channel_id", "press_remix", "press_zoom", "server_ahead", "ran_at", "seed"),
        "typed",
    )
)


def store_as_before(connection: Connection, one: Job) -> None:
    """Insert a row as the program of version 0009 did: the server is where the card is."""
    values: dict[str, Any] = {**rows.identity(one), **rows.progress(one), **rows.lease(one)}
    values = {name: value for name, value in values.items() if name not in NEW}
    values["guild_id"] = one.reply.guild_id
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO jobs ({names}) VALUES ({marks})"), values)  # noqa: S608 - our own column names
    connection.execute(
        text(
            "INSERT INTO ledger (guild_id, user_id, pool, job_key, units, kind, at, spent_at)"
            " VALUES (:guild, :user, :pool, :key, 1, 'reserve', 1, 1)"
        ),
        {"guild": one.reply.guild_id, "user": one.user_id, "pool": one.pool.value, "key": one.key},
    )


def homes_of_entries(connection: Connection) -> dict[str, int | None]:
    """By which server each line of the books counts."""
    entries = connection.execute(text("SELECT job_key, guild_id FROM ledger"))
    return {entry.job_key: entry.guild_id for entry in entries}


async def test_old_rows_find_home(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = job(reply=reply(channel_id=5))
    sent = replace(
        job(state=JobState.SUCCEEDED, reply=reply(channel_id=99)), delivered_at=1, route=Route.DIRECT
    )
    alone = reply(guild_id=None, channel_id=99)
    child = job(root=root.key, press=press(root.key), reply=alone)
    grandchild = job(root=root.key, press=press(child.key), reply=alone)
    of_sent = job(root=sent.key, press=press(sent.key), reply=alone)
    orphan = job(root="gone00000000", press=press(root.key, 1), reply=reply(channel_id=5))
    outside = job(reply=alone)
    every = (root, sent, child, grandchild, of_sent, orphan, outside)
    upgrade = command.upgrade
    with monkeypatch.context() as before:
        before.setattr(command, "upgrade", lambda config, _to: upgrade(config, "0009"))
        await migrate(empty_url)
    database = open_database(empty_url)
    for one in every:
        await database.write(partial(store_as_before, one=one))
    await database.write(
        lambda cn: cn.execute(
            text("INSERT INTO favourites (user_id, job_key, guild_id, at) VALUES (1, :key, NULL, 1)"),
            {"key": child.key},
        )
    )
    await database.close()

    assert await migrate(empty_url) is True

    async with open_storage(empty_url, migrate=False) as storage:
        found = {one.key: await storage.jobs.get(one.key) for one in every}
        homes = {key: (one.home, one.home_channel, one.reply.guild_id) for key, one in found.items() if one}
        counted = await storage.database.read(homes_of_entries)
        starred = await storage.database.read(
            lambda cn: cn.execute(text("SELECT guild_id FROM favourites")).scalar()
        )
    assert homes == {
        root.key: (HOME, 5, HOME),
        sent.key: (HOME, None, None),
        child.key: (HOME, 5, None),
        grandchild.key: (HOME, 5, None),
        of_sent.key: (HOME, None, None),
        orphan.key: (HOME, None, HOME),
        outside.key: (None, None, None),
    }
    assert counted == {one.key: None if one is outside else HOME for one in every}
    assert starred == HOME


async def test_a_home_is_kept_when_a_card_moves_to_a_direct_message(url: str) -> None:
    async with open_storage(url, migrate=True) as storage:
        stored = await storage.jobs.insert(job(home_channel=5), UNLIMITED)

        await storage.jobs.move_card(stored.key, reply(guild_id=None, channel_id=99))

        found = await storage.jobs.get(stored.key)
    assert found is not None
    assert (found.home, found.home_channel, found.reply.guild_id) == (HOME, 5, None)
