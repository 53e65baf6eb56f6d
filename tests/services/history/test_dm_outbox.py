"""Whoever wants copies gets each picture once besides; closed direct messages switch that off, with one sentence.
Never here: the delivery, which waits for none of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from bot.domain.jobs import Route
from bot.domain.tasks import TaskStatus
from bot.errors import RetryLater, RouteClosed, StorageTrouble
from bot.services.history.dm_outbox import EVERY_S, LEASE_MS, TRIES

if TYPE_CHECKING:
    import pytest

    from tests.services.harness import Harness


async def wanting(world: Harness) -> Harness:
    """Somebody who wants copies."""
    await world.services.people.toggle_copies(world.asker().user_id)
    return world


async def test_a_finished_picture_is_handed_over_once_besides(world: Harness) -> None:
    await wanting(world)

    job = await world.ended(await world.imagine())
    await world.services.copies.deliver_due()
    await world.services.copies.deliver_due()

    assert job.route is Route.REPLY
    ((user_id, words, picture),) = world.discord.handed
    assert (user_id, words.id, words.args["key"]) == (job.user_id, "jobs.file", job.key)
    assert picture.data
    world.clock.move_to(world.clock.now() + LEASE_MS)
    await world.services.copies.deliver_due()
    assert len(world.discord.handed) == 1


async def test_nobody_gets_what_they_did_not_ask_for(world: Harness) -> None:
    await world.ended(await world.imagine())
    await world.services.copies.deliver_due()

    await wanting(world)
    world.upstream.template = {"ends": TaskStatus.FAILURE, "reason": "no"}
    await world.ended(await world.imagine())
    world.upstream.template = {}
    world.discord.closed = dict.fromkeys((Route.REPLY, Route.EDIT, Route.POST), "missing_permission")
    direct = await world.ended(await world.imagine())
    await world.services.copies.deliver_due()

    assert direct.route is Route.DIRECT
    assert world.discord.handed == []


async def test_a_change_of_mind_in_between_counts(world: Harness) -> None:
    await wanting(world)
    job = await world.ended(await world.imagine())

    await world.services.people.toggle_copies(job.user_id)
    await world.services.copies.deliver_due()

    assert world.discord.handed == []


async def test_closed_direct_messages_are_said_once_and_switch_copies_off(world: Harness) -> None:
    await wanting(world)
    job = await world.ended(await world.imagine())
    world.discord.on_hand = [RouteClosed("dms_closed")]

    await world.services.copies.deliver_due()

    ((said, locale),) = world.discord.whispered
    assert (said.id, locale) == ("copies.stopped", job.locale)
    liked = await world.services.people.preferences(job.user_id)
    assert (liked.copies, liked.copies_refused) == (False, True)


async def test_without_a_living_token_the_card_of_preferences_says_it_alone(world: Harness) -> None:
    await wanting(world)
    job = await world.ended(await world.imagine())
    world.discord.on_hand = [RouteClosed("dms_closed")]
    world.clock.move_to(job.reply.token_until + 1)

    await world.services.copies.deliver_due()

    assert world.discord.whispered == []
    assert (await world.services.people.preferences(job.user_id)).copies_refused


async def test_trouble_is_waited_out_and_given_up_after_some_attempts(world: Harness) -> None:
    await wanting(world)
    await world.ended(await world.imagine())
    world.discord.on_hand = [RetryLater("down")]
    await world.services.copies.deliver_due()
    world.clock.move_to(world.clock.now() + LEASE_MS)
    await world.services.copies.deliver_due()
    assert len(world.discord.handed) == 1

    await world.ended(await world.imagine())
    world.picture_trouble = RetryLater("away")
    for _ in range(TRIES + 1):
        await world.services.copies.deliver_due()
        world.clock.move_to(world.clock.now() + LEASE_MS)
    world.picture_trouble = None
    await world.services.copies.deliver_due()
    assert len(world.discord.handed) == 1


async def test_copies_that_go_out_slowly_are_not_sent_by_another_process_too(world: Harness) -> None:
    await wanting(world)
    asked = [await world.imagine(f"p{n}") for n in range(6)]
    for job in asked:
        await world.ended(job)
    send, sent = world.publisher.send_dm, Counter[str]()

    async def slow(*args: Any, nonce: str, **kwargs: Any) -> None:
        await world.clock.pause(45)
        sent[nonce] += 1
        await send(*args, nonce=nonce, **kwargs)

    world.publisher.send_dm = slow  # type: ignore[method-assign]  # one world, one test
    first = asyncio.create_task(world.services.copies.deliver_due())
    await world.pass_time(LEASE_MS / 1000 + 1)
    second = asyncio.create_task(world.services.copies.deliver_due())
    await world.pass_time(600)
    await asyncio.gather(first, second)

    assert sent == {f"copy-{job.key}": 1 for job in asked}


async def test_what_no_direct_message_can_take_is_fetched_once_only(world: Harness) -> None:
    await wanting(world)
    await world.ended(await world.imagine())
    world.picture_trouble = RouteClosed("animation_too_large")
    await world.services.copies.deliver_due()

    world.picture_trouble = None
    world.clock.move_to(world.clock.now() + LEASE_MS)
    await world.services.copies.deliver_due()

    assert world.discord.handed == []


async def test_a_delivery_does_not_care_whether_a_copy_could_be_noted(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wanting(world)

    async def broken(*_: object) -> None:
        raise StorageTrouble("locked")

    monkeypatch.setattr(type(world._opened.personal_items), "enqueue_copy", broken)
    job = await world.ended(await world.imagine())

    assert job.is_delivered


async def test_copies_go_out_by_themselves_and_after_trouble(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wanting(world)
    claim = type(world._opened.personal_items).claim_copies
    troubles = [StorageTrouble("locked")]

    async def shaky(self: object, now: int, *, lease_ms: int, limit: int) -> object:
        if troubles:
            raise troubles.pop()
        return await claim(self, now, lease_ms=lease_ms, limit=limit)  # type: ignore[arg-type]  # the real one

    monkeypatch.setattr(type(world._opened.personal_items), "claim_copies", shaky)
    running = asyncio.create_task(world.services.copies.run())
    await world.ended(await world.imagine())

    await world.until(lambda: len(world.discord.handed) == 1, within=4 * EVERY_S)
    running.cancel()
    assert troubles == []
