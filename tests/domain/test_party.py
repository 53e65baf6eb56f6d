"""Room that parties share: who gets it, who waits, and that none of it is lost.
Never here: what is shared (tests/services/admission/test_rate_limits.py has each thing of it)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.domain.party import CURRENT_PARTY, Shared


@dataclass
class Guests:
    """Those who come to a room, each a task that stays until it is sent away."""

    room: Shared
    inside: list[str] = field(default_factory=list)
    """In the order in which they got in."""

    async def come(self, party: int, name: str, size: int = 1) -> asyncio.Task[None]:
        """Somebody comes, and gets in or waits."""

        async def stay() -> None:
            CURRENT_PARTY.set(party)
            async with self.room.hold(size):
                self.inside.append(name)
                await asyncio.Event().wait()

        task = asyncio.create_task(stay())
        await asyncio.sleep(0)
        return task

    async def go(self, *tasks: asyncio.Task[None]) -> None:
        """Some leave, from inside or from the line, at one moment."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def test_no_party_holds_more_than_its_part_though_the_rest_be_free() -> None:
    guests = Guests(Shared(4, each=2))
    crowd = [await guests.come(1, f"crowd {n}") for n in range(4)]
    assert (guests.inside, guests.room.waiting) == (["crowd 0", "crowd 1"], 2)

    other = await guests.come(2, "other")
    assert guests.inside[2:] == ["other"]
    await guests.go(crowd[0])

    assert guests.inside[3:] == ["crowd 2"]
    await guests.go(*crowd, other)
    assert (guests.room.used, guests.room.waiting) == (0, 0)


async def test_whoever_wants_more_than_its_part_waits_until_it_holds_nothing_else() -> None:
    guests = Guests(Shared(4, each=2))
    first = await guests.come(1, "first")
    large = await guests.come(1, "large", 9)
    assert guests.inside == ["first"]

    await guests.go(first)

    assert (guests.inside, guests.room.used) == (["first", "large"], 2)
    await guests.go(large)


async def test_next_is_who_holds_least_and_nobody_overtakes_them() -> None:
    guests = Guests(Shared(4))
    large = await guests.come(1, "large", 3)
    small = await guests.come(2, "small")
    whole = await guests.come(3, "whole", 4)
    again = await guests.come(2, "again")

    await guests.go(small)
    assert guests.inside == ["large", "small"]
    await guests.go(large)

    assert guests.inside == ["large", "small", "whole"]
    await guests.go(whole, again)


async def test_who_goes_away_from_the_middle_of_a_line_keeps_no_room_and_nobody_out() -> None:
    guests = Guests(Shared(3))
    whole = await guests.come(1, "whole", 3)
    line = [await guests.come(2, f"line {n}") for n in range(4)]
    await guests.go(line[1])

    await guests.go(whole)

    assert guests.inside == ["whole", "line 0", "line 2", "line 3"]
    await guests.go(*line)
    assert (guests.room.used, guests.room.waiting) == (0, 0)


async def test_who_goes_away_at_the_moment_of_their_turn_leaves_it_to_the_next() -> None:
    guests = Guests(Shared(1))
    first, second, third = [await guests.come(1, name) for name in ("first", "second", "third")]

    first.cancel()
    await asyncio.sleep(0)  # the second has the turn, and has not heard of it
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    await asyncio.sleep(0)

    assert guests.inside == ["first", "third"]
    await guests.go(third)
    assert guests.room.used == 0
