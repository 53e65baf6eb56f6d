"""What came in between: a job while its member was erased, a change while a window was open, two who ask at the same moment.
Never here: deaths (tests/faults)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.domain.jobs import JobState
from bot.services.servers.moderation import Moderation
from bot.services.servers.write_limits import CHANGES
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    import pytest

    from bot.domain.jobs import Job
    from tests.services.harness import Harness
    from tests.services.server_harness import Server


async def test_a_job_that_was_begun_while_its_member_was_erased_is_cancelled_too(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel_all = Moderation.cancel_all
    late: list[Job] = []

    async def and_another(*args: Any) -> int:
        n = await cancel_all(*args)
        late.append(await server.imagine("another fox"))
        return n

    monkeypatch.setattr(Moderation, "cancel_all", and_another)
    await server.imagine()

    erased = await server.moderation.erase(GUILD, ADA, 1)

    assert erased.running == 0
    (job,) = late
    assert (await server.world.job(job.key)).state is JobState.CANCELLED
    assert sorted(kind for key, kind in await server.world.ledger() if key == job.key) == [
        "refund",
        "reserve",
    ]


async def test_a_window_shows_what_it_was_opened_at_and_what_nobody_knows_as_it_is_now(
    server: Server,
) -> None:
    before = await server.guilds.settings(GUILD)
    await server.guilds.set_values(GUILD, ADA, "retention", {"days": 7})

    then = await server.guilds.shown(GUILD, before.revision, ["retention_days"])
    unsaid = await server.guilds.shown(GUILD, None, ["retention_days"])
    of_nobody = await server.guilds.shown(GUILD, 10_000, ["retention_days"])

    assert (then.settings.retention_days, then.known) == (before.retention_days, True)
    assert (unsaid.settings.retention_days, unsaid.known) == (7, False)
    assert (of_nobody.settings.retention_days, of_nobody.known) == (7, False)


async def test_a_history_that_two_recall_at_once_is_counted_once(world: Harness) -> None:
    for days in range(1, CHANGES):
        await world.services.guilds.set_values(GUILD, ADA, "retention", {"days": days})
    await world.reboot()
    limits = world.services.guilds.write_limits

    await asyncio.gather(limits.take_act(GUILD), limits.take_act(GUILD))

    await limits.take_change(GUILD)
    assert (await refusal(limits.take_change(GUILD))).id == "refused.ration_settings"


async def test_a_job_that_leaves_its_line_while_its_place_is_read_is_not_told_as_standing_there(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.max_running = 0
    await world.reboot()
    editor = world.services.editor
    left: list[Job] = []

    async def front(*lane: Any, **also: Any) -> Any:
        if not left:
            left.append(job := (await world.all_jobs())[0])
            editor.changed(replace(job, state=JobState.SUBMITTING))
        return await world.store._inner.front(*lane, **also)

    monkeypatch.setattr(world.store, "front", front, raising=False)
    jobs = [await world.imagine(user=n) for n in (1, 2)]
    await world.pass_time(30)

    (line,) = editor._places._lines.values()
    assert left[0].key == jobs[0].key
    assert set(line.noted) == line.told == {jobs[1].key}
