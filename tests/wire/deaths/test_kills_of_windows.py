"""`kill -9` around both paid calls of a window at a server of the `/mj` family: nothing is lost, nothing is sent twice.
Never here: deaths at chosen awaits (tests/faults), and kills at OhMyGPT's API (test_kills).

`python -m tests.wire.deaths.test_kills_of_windows` is the long run: with a window whose filling never arrived, which is watched for six
minutes before it is given up."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import asynccontextmanager, closing
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.upstream import SANDBOX_KEY, Fault, Pace
from tests.fakes.discord_wire import FakeDiscord
from tests.faults.report import Row as Noted
from tests.faults.report import record
from tests.wire.installation import Installation, environment, eventually, has_ended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.discord_wire import Interaction, Message
    from tests.wire.installation import Row

pytestmark = [pytest.mark.wire, pytest.mark.deep]

SEED = 20301128
ROUNDS = 12
SETTLING_S = 600.0
PAID = ("imagine", "action", "modal", "shorten")


class Moment(StrEnum):
    """When the process dies."""

    OPENING = "before the window's press was accepted"
    OPENED = "with the window open and its id not heard"
    FILLING = "before the window's filling was accepted"
    FILLED = "with the filling not answered"
    SOON = "within a moment of the window that was sent"


QUICK = (Moment.OPENING, Moment.OPENED, Moment.FILLED, Moment.SOON)
"""Those whose outcome shows within a minute or two."""


@asynccontextmanager
async def open_lane(folder: Path) -> AsyncIterator[tuple[Installation, SimulatedProxy]]:
    async with (
        FakeDiscord(token="fake.token.of-the-bot") as fake,
        SimulatedProxy(Flavour.TRUEAI, pace=Pace(speed=30), canvas=64) as proxy,
    ):
        environ = environment(fake, folder) | {
            "EASEL_API_KIND": "mj-proxy",
            "EASEL_API_URL": proxy.origin,
            "EASEL_API_KEY": next(iter(proxy.service.settings.keys or [SANDBOX_KEY])),
            "EASEL_WSRV_ORIGIN": proxy.wsrv,
            "EASEL_IMAGE_HOSTS": proxy.host,
        }
        house = Installation(fake, proxy, folder, environ)  # type: ignore[arg-type]  # it is looked into here alone
        try:
            yield house, proxy
            assert fake.findings == []
        finally:
            await house.close()


class Lane:
    """People who zoom, and a process that dies."""

    def __init__(self, house: Installation, proxy: SimulatedProxy, dice: Random) -> None:
        self.house, self.proxy, self.dice = house, proxy, dice
        self.pictures: list[Message] = []
        self.kills: dict[Moment, int] = {}

    async def settle_in(self) -> None:
        """A large picture for each round, before the dying begins."""
        running = await self.house.start()
        for n in range(3):
            grid = await self.house.grid(f"study {n} of a paper fox", pool="FAST")
            presses = [await self.house.fake.press(grid, f"U{m}") for m in range(1, 5)]
            self.pictures += [await self.house.card(one) for one in presses]
        await self.house.stop(running)

    async def round(self, moment: Moment, picture: Message) -> None:
        running = await self.house.start()
        faults = {
            Moment.OPENING: (Fault.HANG_BEFORE, "action"),
            Moment.OPENED: (Fault.HANG_AFTER, "action"),
            Moment.FILLING: (Fault.HANG_BEFORE, "modal"),
            Moment.FILLED: (Fault.HANG_AFTER, "modal"),
        }
        planned = (
            self.proxy.fault(faults[moment][0], endpoint=faults[moment][1]) if moment in faults else None
        )
        await self._zoom(picture)
        if planned is None:
            await asyncio.sleep(self.dice.uniform(0, 0.6))
        else:
            await eventually(lambda: planned.hits > 0, 20, lambda: f"{moment} did not come")
            await asyncio.sleep(self.dice.uniform(0, 0.1))
        await self.house.kill(running)
        self.proxy.service.faults.lift()
        self.kills[moment] = self.kills.get(moment, 0) + 1

    async def _zoom(self, picture: Message) -> Interaction:
        opened = await self.house.fake.press(picture, "Custom Zoom")
        await eventually(lambda: opened.modal is not None, 20, lambda: "no window opened")
        return await self.house.fake.submit_modal(
            opened, {"zoom": "1.5", "prompt": f"an owl behind picture {picture.id}"}
        )

    # -- the end -----------------------------------------------------------------------------------------------------

    def came_of(self, row: Row) -> str:
        """How a job ended, as people saw it."""
        cards = [card for card in self.house.shown(row.key) if has_ended(card)]
        if len(cards) != 1 or not row.delivered:
            return "lost"
        if row.state == "succeeded":
            return "delivered"
        return "honestly lost" if row.failure_kind == "lost" and self._refunds(row.key) == 1 else "lost"

    def _refunds(self, key: str) -> int:
        with closing(sqlite3.connect(self.house.database)) as books:
            query = "SELECT COUNT(*) FROM ledger WHERE job_key = ? AND kind = 'refund'"
            return int(books.execute(query, (key,)).fetchone()[0])

    def sent_twice(self) -> list[Any]:
        """Paid calls that were made more than once, accepted or not."""
        calls = [call for call in self.proxy.calls if call.endpoint in PAID]
        sent = [
            (c.endpoint, c.body.get("prompt"), c.body.get("taskId"), c.body.get("customId")) for c in calls
        ]
        return [one for one in set(sent) if sent.count(one) > 1]


async def killed(folder: Path, kinds: tuple[Moment, ...], rounds: int) -> dict[str, int]:
    """Kill at these moments in turn, start once more, and judge; how often jobs ended in which way."""
    moments = (list(kinds) * (rounds // len(kinds) + 1))[:rounds]
    async with open_lane(folder) as (house, proxy):
        lane = Lane(house, proxy, Random(SEED))  # noqa: S311 - chance that can be repeated
        await lane.settle_in()
        for moment, picture in zip(moments, lane.pictures, strict=False):
            await lane.round(moment, picture)
        last = await house.start()
        rows = await house.settled(within=SETTLING_S)
        came = [lane.came_of(row) for row in rows if row.prompt.startswith("an owl")]
        accepted = {one.id for one in proxy.records if one.task is not None}
        known = {row.task_id for row in rows}
        assert await house.stop(last) == 0

        lost, twice = came.count("lost"), lane.sent_twice()
        for moment, kills in lane.kills.items():
            record(
                Noted(
                    "Custom Zoom at a server of the /mj family", f"kill -9 {moment}", kills, lost, len(twice)
                )
            )
        assert len(came) >= rounds - lane.kills.get(
            Moment.SOON, 0
        )  # killed that soon, it may have begun nothing
        assert (lost, twice) == (0, [])
        assert proxy.broken_rules == []  # a window that was answered twice is one of them
        assert len(accepted - known) <= came.count("honestly lost")
        return {one: came.count(one) for one in sorted(set(came))}


@pytest.mark.timeout(600)
async def test_deaths_around_a_window_lose_nothing_and_fill_none_twice(tmp_path: Path) -> None:
    print(await killed(tmp_path, QUICK, 8))  # noqa: T201 - the figures are what this test is for


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as room:
        print(asyncio.run(killed(Path(room), tuple(Moment), ROUNDS)))  # noqa: T201 - as above
