"""Which application the database belongs to, while several processes look, and what becomes of a queue when the bot leaves.
Never here: how servers come and go (tests/cogs/test_coming_and_going.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.jobs import JobState, Route
from bot.services.presence import APPLICATION, move_to, other_application
from tests.services.harness import GUILD

if TYPE_CHECKING:
    from tests.services.harness import Harness

OURS, THEIRS = 4711, 4712


class Shared:
    """A memory in which another process is quicker, once."""

    def __init__(self, quicker: str | None = None) -> None:
        self.words: dict[str, str] = {}
        self._quicker = quicker

    async def get(self, key: str, /) -> str | None:
        return self.words.get(key)

    async def swap(self, key: str, old: str | None, new: str, /) -> bool:
        if self._quicker is not None:
            self.words[key], self._quicker = self._quicker, None
        if self.words.get(key) != old:
            return False
        self.words[key] = new
        return True


async def test_the_first_application_is_remembered_and_every_other_one_is_told_which_it_is() -> None:
    memory = Shared()

    assert await other_application(memory, OURS) is None
    assert await other_application(memory, OURS) is None
    assert await other_application(memory, THEIRS) == str(OURS)


async def test_of_two_applications_that_come_first_at_once_one_is_the_other() -> None:
    assert await other_application(Shared(str(THEIRS)), OURS) == str(THEIRS)


async def test_a_move_takes_place_although_another_process_remembers_one_in_that_moment() -> None:
    memory = Shared(str(THEIRS))

    await move_to(memory, OURS)

    assert memory.words == {APPLICATION: str(OURS)}


@dataclass
class Gateway:
    """A connection to Discord, on which the bot is in the world's server or not."""

    there: bool = True
    application_id: int | None = OURS

    def is_in(self, guild_id: int) -> bool:
        return self.there and guild_id == GUILD


async def test_what_waits_in_a_server_that_sent_the_bot_away_is_cancelled_and_given_back(
    world: Harness,
) -> None:
    running, waiting = await world.one_running(waiting=[2, 3])
    await other_application(world.services.presence.memory, OURS)
    for gateway in (Gateway(), Gateway(there=False, application_id=THEIRS)):
        await world.services.presence.settle(gateway, GUILD)
        assert [(await world.job(job.key)).state for job in waiting] == [JobState.QUEUED] * 2

    world.discord.closed.update(dict.fromkeys(Route, "missing_access"))
    await world.services.presence.settle(Gateway(there=False), GUILD)

    ended = [await world.ended(job) for job in waiting]
    assert [(job.state, job.route) for job in ended] == [(JobState.CANCELLED, Route.KEPT)] * 2
    assert (await world.ended(running)).state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1
    assert (await world.services.owner_policy.view(GUILD)).used.today == 1
