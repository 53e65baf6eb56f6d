"""Forgetting in short steps: dead tokens, the audit, prompts where nobody decided; words followed into others' pictures.
Never here: what a server's moderators decide, and what an export holds (test_records)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, func, select, update

from bot.domain.jobs import Ancestor, JobKind, Press, Route
from bot.domain.keys import JobKey
from bot.domain.personal_items import Draft
from bot.domain.servers.guilds import KEPT
from bot.domain.tasks import RemoteTaskId
from bot.storage.jobs.erased import PATIENCE_MS
from bot.storage.server_tables import audit, guilds
from bot.storage.servers import deletion
from bot.storage.tables import actions, jobs, ledger
from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, job, success
from tests.storage.servers.test_records import ADA, DAY, GUILD, USER, finished, forget_prompts, retain, stored

if TYPE_CHECKING:
    import sqlite3

    from bot.domain.jobs import Job
    from bot.storage import Storage

OTHER = 9


async def child(storage: Storage, parent: Job, *, user_id: int) -> Job:
    """A finished press of somebody on a button."""
    press = Press(
        parent=parent.key,
        position=1,
        custom_id="MJ::x",
        label="V1",
        parent_task=parent.task_id or RemoteTaskId("none"),
        channel_id=1,
        message_id=2,
    )
    return await finished(
        storage, kind=JobKind.ACTION, press=press, root=parent.root, prompt=parent.prompt, user_id=user_id
    )


async def count(storage: Storage, table: object) -> int:
    query = select(func.count()).select_from(table)  # type: ignore[arg-type]  # a table
    return await storage.database.read(lambda cn: cn.execute(query).scalar_one())


async def tokens(storage: Storage) -> list[str | None]:
    query = select(jobs.c.token).order_by(jobs.c.token_until)
    return list(await storage.database.read(lambda cn: cn.execute(query).scalars().all()))


async def test_tokens_are_cleared_when_they_are_dead_and_not_before(storage: Storage) -> None:
    for n in range(3):
        waiting = job()
        reply = replace(waiting.reply, token=f"secret-{n}", token_until=NOON + n)
        await storage.jobs.insert(replace(waiting, reply=reply), FREE)

    steps = [await storage.guilds.records.forget_tokens(NOON + 2, limit=1) for _ in range(3)]

    assert steps == [1, 1, 0]
    assert await tokens(storage) == [None, None, "secret-2"]


async def test_the_audit_is_pruned_by_age(storage: Storage) -> None:
    await retain(storage, 3)
    await retain(storage, 4)
    await storage.database.write(
        lambda cn: cn.execute(update(audit).where(audit.c.id == 1).values(at=NOON - DAY))
    )

    assert await storage.guilds.records.forget_audit(NOON, limit=9) == 1
    assert len(await storage.guilds.settings.audit(GUILD, before=None, limit=9)) == 1


async def test_the_owners_days_hold_where_moderators_decided_nothing(storage: Storage) -> None:
    usual = await finished(storage, guild_id=5)
    longer = await finished(storage)
    await retain(storage, 30)

    assert await forget_prompts(storage, NOON + 9 * DAY, limit=9, usual_days=7) == 1

    assert (await stored(storage, usual)).prompt == ""
    assert (await stored(storage, longer)).prompt == longer.prompt


@pytest.mark.parametrize("before", [None, 30])
async def test_a_server_that_decided_to_keep_prompts_keeps_them_whatever_the_owners_days(
    storage: Storage, before: int | None
) -> None:
    kept = await finished(storage)
    if before is not None:
        await retain(storage, before)
    await retain(storage, KEPT)

    assert await forget_prompts(storage, NOON + 99 * DAY, limit=9, usual_days=7) == 0
    assert (await stored(storage, kept)).prompt == kept.prompt


@pytest.mark.parametrize("decided", [30, KEPT])
@pytest.mark.parametrize("undone", [True, False])
async def test_the_owners_days_hold_again_where_a_decision_was_taken_back(
    storage: Storage, decided: int, *, undone: bool
) -> None:
    await finished(storage)
    await retain(storage, decided)
    if undone:
        await storage.guilds.settings.undo_last(GUILD, actor=ADA, at=NOON)
    else:
        await retain(storage, None)

    assert await forget_prompts(storage, NOON + 9 * DAY, limit=9, usual_days=7) == 1


async def test_who_decides_to_keep_prompts_while_others_are_forgotten_keeps_them(storage: Storage) -> None:
    kept = await finished(storage)
    records, later = storage.guilds.records, NOON + 9 * DAY
    assert await records.servers_to_forget(later, usual_days=7) == [GUILD]

    await retain(storage, KEPT)

    assert await records.forget_prompts(GUILD, later, limit=9, usual_days=7) == 0
    assert (await stored(storage, kept)).prompt == kept.prompt


async def test_prompts_in_direct_messages_are_forgotten_after_the_owners_days(storage: Storage) -> None:
    alone = await finished(storage, guild_id=None)

    assert await forget_prompts(storage, NOON + 9 * DAY, limit=9, usual_days=7) == 1
    assert (await stored(storage, alone)).prompt == ""


async def test_without_days_of_anybody_prompts_are_kept(storage: Storage) -> None:
    kept = await finished(storage)

    assert await forget_prompts(storage, NOON + 999 * DAY, limit=9) == 0
    assert (await stored(storage, kept)).prompt == kept.prompt


async def test_erasing_follows_the_words_and_leaves_others_their_pictures(storage: Storage) -> None:
    grid = await finished(storage)
    theirs = await child(storage, grid, user_id=OTHER)
    grandchild = await child(storage, theirs, user_id=OTHER)
    ancestor = Ancestor(key=grid.key, channel_id=1, message_id=2)
    remix = await finished(storage, user_id=OTHER, ancestor=ancestor, prompt=f"{grid.prompt}, at night")
    stranger = await finished(storage, user_id=OTHER, prompt=grid.prompt)

    assert await storage.guilds.records.erase(GUILD, USER, actor=ADA, at=NOON) == 1

    own = await stored(storage, grid)
    assert (own.prompt, own.discord_url, own.storage_key, own.user_name) == ("", None, None, "—")
    for heir in (theirs, grandchild, remix):
        now = await stored(storage, heir)
        assert now.prompt == ""
        assert (now.user_name, now.discord_url, now.storage_key) == (
            heir.user_name,
            heir.discord_url,
            heir.storage_key,
        )
    assert (await stored(storage, stranger)).prompt == grid.prompt
    line = (await storage.guilds.settings.audit(GUILD, before=None, limit=1))[0]
    assert line.after == {"jobs": 1, "others": 3}


async def test_drafts_of_others_that_were_made_from_erased_words_go_with_them(storage: Storage) -> None:
    def draft(key: str, ancestor: Job | None) -> Draft:
        return Draft(
            key=JobKey(key),
            user_id=OTHER,
            guild_id=GUILD,
            prompt="words",
            pool=None,
            option_set=None,
            ancestor=None if ancestor is None else ancestor.key,
            until=NOON + DAY,
        )

    grid, items = await finished(storage), storage.personal_items
    heir, own = await child(storage, grid, user_id=OTHER), await finished(storage, user_id=OTHER)
    before = {"a": grid, "b": heir, "c": own, "d": None}
    for key, ancestor in before.items():
        await items.keep_draft(draft(key, ancestor))

    await storage.guilds.records.erase(GUILD, USER, actor=ADA, at=NOON)
    await items.keep_draft(draft("e", grid))  # from a window that was open all the while
    await items.keep_draft(draft("f", own))

    assert [key for key in "abcdef" if await items.draft(JobKey(key)) is not None] == ["c", "d", "f"]


async def test_what_is_begun_with_erased_words_from_an_open_window_is_emptied_as_it_ends(
    storage: Storage,
) -> None:
    grid = await finished(storage)
    await storage.guilds.records.erase(GUILD, USER, actor=ADA, at=NOON)

    ancestor = Ancestor(key=grid.key, channel_id=1, message_id=2)
    edited = await finished(storage, user_id=OTHER, ancestor=ancestor, prompt=f"{grid.prompt}, at night")

    assert (await stored(storage, edited)).prompt == ""


async def test_what_a_worker_holds_while_its_member_is_erased_comes_back_with_no_write(
    storage: Storage,
) -> None:
    records = storage.guilds.records
    begun = await storage.jobs.insert(job(created_at=NOON), FREE)
    (sent,) = await claim_submissions(storage.jobs, "w", NOON, lease_ms=LEASE, limit=1, max_running=99)
    held = sent.submitted(RemoteTaskId(begun.key), NOON)
    await storage.jobs.save(held)

    assert await records.erase(GUILD, USER, actor=ADA, at=NOON) == 0
    assert (await stored(storage, begun)).prompt == begun.prompt  # it is found upstream by that
    held = held.observed(success(begun.key), NOON + 1)
    await storage.jobs.save(held)

    now = await stored(storage, begun)
    assert (now.prompt, now.user_name, now.storage_key, now.unwanted) == ("", "—", None, True)
    await storage.jobs.release(
        replace(held, posting_at=NOON).delivered(
            Route.POST, NOON + 2, reply=replace(held.reply, message_id=77)
        )
    )
    now = await stored(storage, begun)
    assert (now.prompt, now.discord_url, now.storage_key, now.reply.message_id) == ("", None, None, 77)
    (card,) = await records.claim_cards(NOON + DAY, lease_ms=DAY, limit=9)
    assert (card.message_id, card.own) == (77, True)


async def test_cards_of_an_erased_member_and_of_heirs_are_noted_claimed_once_and_settled(
    storage: Storage,
) -> None:
    records, waiting = storage.guilds.records, job()
    grid = await finished(storage, reply=replace(waiting.reply, message_id=44))
    theirs = await child(storage, grid, user_id=OTHER)
    await storage.jobs.move_card(theirs.key, replace(waiting.reply, message_id=45))

    assert await records.cards_left(GUILD, USER) == 0
    for _ in range(2):  # asked for twice, each message is noted once
        await records.erase(GUILD, USER, actor=ADA, at=NOON)

    assert await records.cards_left(GUILD, USER) == 1
    assert (
        await records.claim_cards(NOON, lease_ms=DAY, limit=9) == []
    )  # what is being written now comes to stand first
    later = NOON + PATIENCE_MS
    claimed = await records.claim_cards(later, lease_ms=DAY, limit=9)
    assert sorted((card.message_id, card.own, card.tries) for card in claimed) == [
        (44, True, 1),
        (45, False, 1),
    ]
    assert await records.claim_cards(later, lease_ms=DAY, limit=9) == []  # another process has them
    again = await records.claim_cards(later + DAY, lease_ms=DAY, limit=9)  # it died
    assert {card.tries for card in again} == {2}
    for card in again:
        await records.settle_card(card, gone=True)
    assert await records.cards_left(GUILD, USER) == 0
    assert await records.claim_cards(later + 9 * DAY, lease_ms=DAY, limit=9) == []
    assert (await stored(storage, theirs)).reply.message_id == 45


async def test_a_card_that_could_not_be_deleted_stays_counted(storage: Storage) -> None:
    records = storage.guilds.records
    await finished(storage, reply=replace(job().reply, message_id=44))
    await records.erase(GUILD, USER, actor=ADA, at=NOON)

    (card,) = await records.claim_cards(NOON + PATIENCE_MS, lease_ms=DAY, limit=9)
    await records.settle_card(card, gone=False)

    assert await records.cards_left(GUILD, USER) == 1


async def test_a_large_server_is_deleted_in_many_short_transactions(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "STEP", 2)
    monkeypatch.setattr(deletion, "PAGE", 3)
    for _ in range(7):
        await finished(storage)
    stays = await finished(storage, guild_id=5)
    writes = 0
    inner = storage.database.write

    async def counted(work: object) -> object:
        nonlocal writes
        writes += 1
        return await inner(work)  # type: ignore[arg-type]  # as it came

    await storage.guilds.records.schedule_deletion(GUILD, NOON)
    monkeypatch.setattr(type(storage.database), "write", lambda _self, work: counted(work))

    assert await storage.guilds.records.delete_due(NOON) == [GUILD]

    monkeypatch.undo()
    assert writes >= 7
    assert (await stored(storage, stays)).prompt == stays.prompt
    assert await count(storage, jobs) == 1
    assert await count(storage, ledger) == 1
    assert await count(storage, actions) == len(stays.actions)


async def test_while_a_server_is_deleted_the_lock_is_held_for_one_short_statement_at_a_time(
    storage: Storage,
) -> None:
    for _ in range(deletion.STEP + 3):
        await finished(storage)
    await storage.guilds.records.schedule_deletion(GUILD, NOON)
    held: list[list[int]] = [[]]
    engine = storage.database._writer.sync_engine
    event.listen(engine, "begin", lambda _connection: held.append([]))

    @event.listens_for(engine, "after_cursor_execute")
    def count_rows(_connection: object, cursor: sqlite3.Cursor, statement: str, *_more: object) -> None:
        if statement.startswith("DELETE"):
            held[-1].append(cursor.rowcount)

    assert await storage.guilds.records.delete_due(NOON) == [GUILD]

    *steps, last = [deleted for deleted in held if deleted]
    assert len(steps) >= 4  # two of jobs, two of the books
    assert all(len(step) == 1 for step in steps)
    assert max(rows for (rows,) in steps) == deletion.STEP
    assert sum(last) <= 3 * deletion.STEP
    assert [await count(storage, table) for table in (jobs, actions, ledger)] == [0, 0, 0]


async def test_a_server_that_comes_back_while_it_is_deleted_keeps_the_rest(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "STEP", 1)
    for _ in range(3):
        await finished(storage)
    await storage.guilds.records.schedule_deletion(GUILD, NOON)
    inner = deletion._jobs

    def once(*given: object) -> bool:
        done = inner(*given)  # type: ignore[arg-type]  # as they came
        connection = given[0]
        connection.execute(update(guilds).values(delete_at=None))  # type: ignore[attr-defined]  # a connection
        return done

    monkeypatch.setattr(deletion, "_jobs", once)

    assert await storage.guilds.records.delete_due(NOON) == []
    assert await count(storage, jobs) == 2
