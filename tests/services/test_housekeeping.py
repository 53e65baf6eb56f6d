"""Old prompts and the data of servers that sent the bot away are forgotten by and by, whatever the database does.
Never here: what exactly is deleted (tests/storage/servers/test_records.py)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.domain.servers.guilds import DELETION_DELAY_MS
from bot.errors import StorageTrouble
from bot.services.housekeeping import BATCH, EVERY_SECONDS, SHARE_MS, Housekeeping
from tests.services.harness import GUILD
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.services.harness import Harness
    from tests.services.server_harness import Server

DAY = 86_400_000


async def test_prompts_are_forgotten_after_the_servers_days(world: Harness) -> None:
    job = await world.finished_grid()
    await world.services.guilds.set_values(GUILD, ADA, "retention", {"days": 2})
    world.clock.move_to(world.clock.now() + 3 * DAY)

    await world.services.housekeeping.tidy()

    forgotten = await world.job(job.key)
    assert (forgotten.prompt, forgotten.actions) == ("", job.actions)
    child = await world.ended((await world.press(forgotten)).job)
    assert child.state.value == "succeeded"


async def test_a_server_that_sent_the_bot_away_is_forgotten_in_a_month(server: Server) -> None:
    house = server.world.services.housekeeping
    await house.left(GUILD)
    server.world.clock.move_to(server.world.clock.now() + DELETION_DELAY_MS)

    await house.tidy()

    server.guilds.forget(GUILD)
    assert (await server.guilds.settings(GUILD)).revision == 0


async def test_a_server_that_took_the_bot_back_is_not(server: Server) -> None:
    house = server.world.services.housekeeping
    await house.left(GUILD)
    await house.joined(GUILD)
    server.world.clock.move_to(server.world.clock.now() + DELETION_DELAY_MS)

    await house.tidy()

    assert (await server.world._opened.guilds.settings.settings(GUILD)).revision == 1


class Shelf:
    """Records that keep a given number of old jobs, by server, or are in trouble."""

    def __init__(self, *old: int, broken: int = 0) -> None:
        self.old = list(old)
        self.broken = broken
        self.steps: list[int] = []
        self.looked = 0
        self.rounds = 0
        self.takes_long: Callable[[], None] = lambda: None

    async def servers_to_forget(self, now: int, *, usual_days: int | None) -> list[int]:
        assert now > 0
        assert usual_days is None
        self.looked += 1
        return list(range(len(self.old)))

    async def forget_prompts(self, guild_id: int, now: int, *, limit: int, usual_days: int | None) -> int:
        assert now > 0
        assert usual_days is None
        if self.broken:
            self.broken -= 1
            raise StorageTrouble("locked")
        done = min(self.old[guild_id], limit)
        self.old[guild_id] -= done
        self.steps.append(done)
        self.takes_long()
        return done

    async def forget_tokens(self, before: int, *, limit: int) -> int:
        assert before < limit * 10**12
        return 0

    forget_notices = forget_audit = forget_tokens

    async def forget_inputs(self, before: int, *, limit: int) -> int:
        assert before < limit * 10**12
        return 0

    async def forget_links(self, before: int) -> int:
        assert before > 0
        self.rounds += 1
        return 0

    async def delete_due(self, now: int) -> list[int]:
        assert now > 0
        return []


def over(shelf: Any, world: Harness) -> Housekeeping:
    services = world.services
    return Housekeeping(
        records=shelf,
        drafts=services.drafts,
        own_keys=services.own_keys,
        clock=world.clock,
        metrics=world.meters,
    )


async def test_a_heap_is_worked_off_in_steps(world: Harness) -> None:
    shelf = Shelf(2 * BATCH + 1)

    await over(shelf, world).tidy()

    assert shelf.steps == [BATCH, BATCH, 1]
    assert world.meters.counts["prompts_forgotten"] == 2 * BATCH + 1


async def test_servers_are_looked_for_once_and_worked_off_one_after_the_other(world: Harness) -> None:
    shelf = Shelf(BATCH, 0, BATCH + 2)

    await over(shelf, world).tidy()

    assert shelf.steps == [BATCH, 0, 0, BATCH, 2]
    assert shelf.looked == 1


async def test_a_heap_leaves_the_other_kinds_their_turn_and_is_gone_on_with(world: Harness) -> None:
    shelf = Shelf(4 * BATCH, 1)
    shelf.takes_long = lambda: world.clock.move_to(world.clock.now() + SHARE_MS // 2)
    house = over(shelf, world)

    await house.tidy()
    assert (shelf.steps, shelf.rounds) == ([BATCH] * 2, 1)
    await house.tidy()
    await house.tidy()

    assert (shelf.old, shelf.rounds) == ([0, 0], 3)
    assert world.meters.counts["prompts_forgotten"] == 4 * BATCH + 1


async def test_tidying_goes_on_after_trouble(world: Harness, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(1, broken=1)
    running = asyncio.create_task(over(shelf, world).run())
    await world.calm()

    await world.pass_time(EVERY_SECONDS + 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert "tidying_failed" in caplog.text
    assert shelf.steps == [1]
