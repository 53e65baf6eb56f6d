"""Death between “thinking…” and the row: whoever saw it has a job, or is told; none waits for ever, none pays twice.
Never here: how a death is made (tests/services/harness), and what follows once there is a job (deaths)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain.open_answers import AnswerKind, OpenAnswer
from tests.faults.deaths import _prepared, empty_database, judge, settled
from tests.faults.report import Row, record
from tests.services.harness import Crash, Harness

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 3
TENDED_S = 120


async def answered(world: Harness) -> None:
    """Several people ask at the same moment, and one of them is refused."""

    async def ask(user: int) -> None:
        asker = world.asker(user=user)
        reply = asker.reply
        answer = OpenAnswer(
            interaction_id=asker.interaction_id,
            application_id=reply.application_id,
            token=reply.token,
            token_until=reply.token_until,
            channel_id=reply.channel_id,
            guild_id=reply.guild_id,
            user_id=user,
            locale=asker.locale,
            kind=AnswerKind.PUBLIC,
            at=world.clock.now(),
        )
        await world.services.answers.open(answer)
        await world.effects.around("defer", shown(asker.interaction_id))
        if user < PEOPLE:
            await world.imagine(f"fox {user}", asker=asker)
        else:
            await world.effects.around("words", said(asker.interaction_id))
        world.services.answers.close(asker.interaction_id)

    async def shown(interaction: int) -> None:
        world.discord.placeholders[interaction] = 0

    async def said(interaction: int) -> None:
        world.discord.told[interaction] = "refused"

    done = await asyncio.gather(*(ask(user) for user in range(1, PEOPLE + 1)), return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    await world.services.answers.settle()


async def forgotten(world: Harness) -> list[int]:
    """Interactions that show “thinking…” and have neither words nor a job."""
    begun = {job.interaction_id for job in await world.all_jobs()}
    return [one for one in world.discord.placeholders if one not in begun and one not in world.discord.told]


async def prepared(folder: Path, template: Path, *, journaled: bool) -> Harness:
    world = await _prepared(folder, answered, template)
    world.journaled = journaled
    await world.reboot()
    world.effects.names.clear()
    return world


@pytest.mark.parametrize("journaled", [False, True], ids=["rows", "journal"])
async def test_death_at_any_effect_around_the_answer_forgets_nobody(
    tmp_path: Path,
    journaled: bool,  # noqa: FBT001 - pytest names it
) -> None:
    template = await empty_database(tmp_path)
    (tmp_path / "whole").mkdir()
    whole = await prepared(tmp_path / "whole", template, journaled=journaled)
    await answered(whole)
    points = list(whole.effects.names)
    await whole.kill()
    noted = {"journal write ⟨", "journal erase ⟩"} if journaled else {"db write ⟨", "db write ⟩"}
    assert noted | {"defer ⟨", "defer ⟩", "db insert ⟩"} <= set(points)
    assert journaled != ("db write ⟨" in points)

    bad: dict[str, object] = {}
    for number, name in enumerate(points):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = await prepared(folder, template, journaled=journaled)
        world.effects.crash_at = number
        try:
            await answered(world)
        except Crash:
            pass
        else:
            world.effects.crash_at = None
        await world.reboot(after_ms=TENDED_S * 1_000)
        await world.services.answers.recover()
        await world.services.answers.settle()
        left = await forgotten(world)
        await settled(world, answered)
        jobs = await world.all_jobs()
        contradicted = [job.key for job in jobs if world.discord.told.get(job.interaction_id)]
        outcome = await judge(world)
        if left or contradicted or outcome != (0, 0):
            bad[f"{number}: {name}"] = (left, contradicted, outcome)
        await world.kill()

    record(
        Row(
            path=f"several people's first answers{', in a journal' if journaled else ''}",
            fault="death before or after an effect",
            tried=len(points),
            lost=len(bad),
            doubled=0,
        )
    )
    assert bad == {}
