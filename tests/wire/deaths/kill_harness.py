"""A lane of deaths: an installation whose process is killed again and again while several people use it.
Never here: what is asserted; it only counts what came of each job."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from bot.sandbox.upstream import Fault, Pace
from tests.fakes.discord_traffic import SLOW_MACHINE
from tests.fixtures.times import LEASES, UNCLEAR
from tests.wire.installation import KEY, doubled, has_ended, open_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from random import Random

    from bot.sandbox.upstream import Call
    from tests.fakes.discord_wire import Interaction, Message
    from tests.fakes.discord_world import Channel, User
    from tests.wire.installation import Installation, Row
    from tests.wire.program import Program

CARDS: Final = r"/webhooks/\d+/[^/]+/messages/.+"
PRESSABLE: Final = ("U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4")
PATIENCE_S: Final = 6.0 * SLOW_MACHINE
"""How long a round waits for the moment it was meant for; then it kills all the same."""


class Moment(StrEnum):
    """When a process dies."""

    SLASH = "right after a command"
    PRESS = "around a press"
    SENT = "with a submission accepted and unanswered"
    UNSENT = "with a submission not accepted"
    RUNNING = "while tasks run"
    PICTURE = "while a picture is fetched"
    BEFORE = "before a delivery takes effect"
    AFTER = "after a delivery took effect"
    START = "right after a start"


@dataclass(slots=True)
class Tally:
    """What came of the jobs that began in rounds of one kind."""

    kills: int = 0
    missed: int = 0
    """Kills at another moment than was meant, because it did not come in time."""
    jobs: int = 0
    presses: int = 0
    """Jobs that a press began."""
    delivered: int = 0
    lost: int = 0
    """Neither delivered nor given back honestly, or not to be seen."""
    doubled: int = 0
    """Shown twice, or submitted twice."""
    honest: int = 0
    """Ended as “nobody can tell whether it arrived”, refunded."""

    def add(self, other: Tally) -> None:
        """Sum up."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(eq=False)
class KillHarness:
    """People, a house, and what is remembered of each round."""

    house: Installation
    dice: Random
    users: list[User]
    channels: list[Channel]
    fetched: asyncio.Event
    """Set by each picture that is asked for."""
    rounds: list[tuple[int, Moment]] = field(default_factory=list)
    """When each round began, by the job rows' clock, and of which kind it was."""
    missed: list[Moment] = field(default_factory=list)
    pressed: set[tuple[str, str]] = field(default_factory=set)
    asked: int = 0

    # -- one round -----------------------------------------------------------------------------------------

    async def round(self, moment: Moment) -> None:
        """Start, let people act, and kill at the moment."""
        hooked = self.dice.random() < 0.5
        start = self.house.start
        running = await (start() if hooked else start(WEB_LISTEN="", PUBLIC_URL=""))
        self.rounds.append((time.time_ns() // 1_000_000, moment))
        try:
            await getattr(self, f"_{moment.name.lower()}")()
        finally:
            await self._die(running)

    async def _die(self, running: Program) -> None:
        await self.house.kill(running)
        self.house.upstream.lift()
        for fault in self.house.fake.unused_faults:
            fault.release()

    async def _slash(self) -> None:
        asked = await self._ask(self.dice.randint(1, 4))
        await self._soon_after(asked)

    async def _press(self) -> None:
        await self._soon_after(await self._press_some(self.dice.randint(1, 3)) or await self._ask(1))

    async def _soon_after(self, asked: list[Interaction]) -> None:
        """Some die before they have answered, some between the answer and the row, some with a fresh row."""
        chance = self.dice.random()
        if chance > 0.6:
            await self._within(lambda: self.house.row(asked[0]) is not None)
        elif chance > 0.2:
            await self._within(lambda: asked[0].callback is not None)
        await asyncio.sleep(self.dice.uniform(0, 0.2))

    async def _sent(self) -> None:
        await self._submitting(Fault.HANG_AFTER)

    async def _unsent(self) -> None:
        await self._submitting(Fault.HANG_BEFORE)

    async def _submitting(self, fault: Fault) -> None:
        planned = self.house.upstream.fault(fault, endpoint="submit", skip=self.dice.randint(0, 1))
        await self._ask(2)
        await self._press_some(1)
        await self._within(lambda: planned.hits > 0)
        await asyncio.sleep(self.dice.uniform(0, 0.05))

    async def _running(self) -> None:
        await self._ask(self.dice.randint(2, 4))
        await asyncio.sleep(self.dice.uniform(0.3, 1.5))

    async def _picture(self) -> None:
        planned = self.house.upstream.fault(Fault.PICTURE_SLOW, times=None, seconds=1.0)
        await self._ask(2)
        await self._within(lambda: planned.hits > 0)
        await asyncio.sleep(self.dice.uniform(0, 0.5))

    async def _before(self) -> None:
        await self._delivering(before_effect=True)

    async def _after(self) -> None:
        await self._delivering(before_effect=False)

    async def _delivering(self, *, before_effect: bool) -> None:
        await self._ask(2)
        self.fetched.clear()
        await self._within(self.fetched.is_set)  # what is edited next is most likely the picture
        held = self.house.fake.hold_next("PATCH", CARDS, before_effect=before_effect)
        await self._within(held.reached.is_set)

    async def _start(self) -> None:
        await asyncio.sleep(self.dice.uniform(0, 0.5))

    async def _within(self, happened: Callable[[], bool]) -> None:
        """Wait for the moment, or for patience to end: then the round dies somewhere else, which is as good."""
        end = time.monotonic() + PATIENCE_S
        while not happened():
            if time.monotonic() > end:
                self.missed.append(self.rounds[-1][1])
                return
            await asyncio.sleep(0.005)

    # -- people --------------------------------------------------------------------------------------------

    async def settle_in(self) -> None:
        """A few grids to press buttons of, before the dying begins."""
        running = await self.house.start()
        await asyncio.gather(*(self.house.card(asked) for asked in await self._ask(3)))
        await self.house.settled()
        await self.house.stop(running)

    async def _ask(self, times: int) -> list[Interaction]:
        asked = []
        for _ in range(times):
            self.asked += 1
            asked.append(
                await self.house.imagine(
                    f"study {self.asked} of a paper fox",
                    user=self.dice.choice(self.users),
                    channel=self.dice.choice(self.channels),
                    pool=self.dice.choice(["NORMAL", "FAST"]),
                )
            )
        return asked

    async def _press_some(self, times: int) -> list[Interaction]:
        pressed = [await self.press_one() for _ in range(times)]
        return [one for one in pressed if one is not None]

    async def press_one(self, *, oldest: bool = False) -> Interaction | None:
        """Press a button that nobody pressed yet, if there is one."""
        free = [
            (message, label, key)
            for message in self._grids()
            for key in KEY.findall(message.text)
            for label in PRESSABLE
            if (key, label) not in self.pressed
        ]
        if not free:
            return None
        message, label, key = free[0] if oldest else self.dice.choice(free)
        self.pressed.add((key, label))
        return await self.house.fake.press(message, label, user=self.dice.choice(self.users))

    def _grids(self) -> list[Message]:
        return [
            message
            for channel in self.channels
            for message in self.house.fake.messages(channel)
            if message.buttons and message.buttons[0].label == "U1"
        ]

    # -- the end -------------------------------------------------------------------------------------------

    def tallies(self, rows: list[Row]) -> dict[Moment, Tally]:
        """What came of the jobs, by the kind of round in which they began."""
        found = {moment: Tally() for moment in Moment}
        for _, moment in self.rounds:
            found[moment].kills += 1
        for moment in self.missed:
            found[moment].missed += 1
        twice = {*doubled(self.house.accepted), *self._called_twice()}
        began = self.rounds[0][0]
        for row in rows:
            if row.created_at < began:
                continue
            found[self._round_of(row)].add(self._came_of(row))
        found[Moment.SENT].doubled += len(twice)
        return found

    def _round_of(self, row: Row) -> Moment:
        return next((m for at, m in reversed(self.rounds) if at <= row.created_at), self.rounds[0][1])

    def _came_of(self, row: Row) -> Tally:
        cards = self.house.shown(row.key)
        tally = Tally(jobs=1, presses=int(row.parent is not None), doubled=max(0, len(cards) - 1))
        honest = row.failure_kind == "lost" and self._refunds(row.key) == 1
        seen = bool(cards) and all(map(has_ended, cards)) and (bool(cards[0].shown) or honest)
        if not seen or not row.delivered:
            tally.lost = 1
        elif honest:
            tally.honest = 1
        else:
            tally.delivered = 1
        return tally

    def _refunds(self, key: str) -> int:
        with closing(sqlite3.connect(self.house.database)) as books:
            query = "SELECT COUNT(*) FROM ledger WHERE job_key = ? AND kind = 'refund'"
            return int(books.execute(query, (key,)).fetchone()[0])

    def _called_twice(self) -> list[tuple[Any, ...]]:
        """What was sent more than once, accepted or not: nothing here is ever refused, so nothing may be repeated."""
        sent = [_asked(call) for call in self.house.submissions]
        return [one for one in set(sent) if sent.count(one) > 1]


def _asked(call: Call) -> tuple[Any, ...]:
    return call.body.get("prompt"), call.body.get("taskId"), call.body.get("customId")


@asynccontextmanager
async def open_lane(folder: Path, dice: Random) -> AsyncIterator[KillHarness]:
    """A lane with five people in two channels; jobs last one to three seconds."""
    fetched = asyncio.Event()

    def noted(call: Call) -> None:
        if call.endpoint in {"cdn", "store"}:
            fetched.set()

    times = {**LEASES, **UNCLEAR}
    async with open_house(folder, webhooks=True, times=times, pace=Pace(speed=18), on_call=noted) as house:
        fake = house.fake
        users = [fake.user, fake.moderator, *(fake.add_user(name) for name in ("bea", "cy", "dee"))]
        channels = [fake.channel, fake.add_channel("studio")]
        yield KillHarness(house, dice, users, channels, fetched)
