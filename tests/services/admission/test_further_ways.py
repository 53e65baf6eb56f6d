"""Windows, pickers, shorter prompts, batches and second tries: the same operations by every way that leads to one.
Never here: one way to each operation (test_authorization), and moderators' controls (tests/ui/kit/test_custom_ids.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from typing_extensions import override

from bot.domain.inputs import Shape
from bot.domain.intake.masks import Cells
from bot.domain.intake.prompts import PromptOptions
from bot.domain.intake.window_words import WindowWords
from bot.domain.pools import Pool
from bot.errors import UserError
from bot.midjourney.masks import PillowMasks
from bot.services.admission.authorization import Operation
from tests.faults.windows import REGION, VARIATION, ZOOM, ZOOMED
from tests.services.admission.test_authorization import (
    OPEN,
    ROLE,
    SITUATIONS,
    Places,
    Situation,
    Walk,
    _note,
    expected,
)
from tests.services.harness import CHANNEL, GUILD, Harness
from tests.services.intake.test_pictures import files
from tests.services.server_harness import ADA, SENTENCES, set_rule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

REMIXED: Final = VARIATION + 1


Ways = dict[str, tuple[Operation, "Callable[[], Awaitable[Any]]"]]
OPENS: Final = frozenset({"remix-opens", "idea-opens", "shorter-opens"})
"""What only opens a window with words that its person may read: the rules are asked when it is sent."""
NOTHING_YET: Final = OPENS | {"zoom-opens", "region-opens", "region-words-opens"}
"""What begins nothing, and yet refuses what would be refused afterwards."""


class PlainWalk(Walk):
    """Ways at a server without windows."""

    @override
    async def prepare(self) -> None:
        await super().prepare()
        guilds, s = self.services.guilds, self.services
        for pool in Pool:
            await guilds.remove_rule(GUILD, ADA, pool, ROLE)
        begun = await s.blending.begin(self.world.asker(), files(2), shape=Shape.SQUARE, pool=Pool.NORMAL)
        self.blend = await self.world.ended(begun.job)
        await batch_and_rules(self)

    def ways(self) -> Ways:
        s, asker, viewer = self.services, self.asker(), self.viewer
        return {
            "remix-opens": (
                Operation.REMIX,
                lambda: s.jobs.get_authorized(viewer, self.grid.key, Operation.REMIX),
            ),
            "try-again": (Operation.REMIX, lambda: s.imagine.again(asker, self.grid)),
            "blend-again": (Operation.REMIX, lambda: s.blending.again(asker, self.blend)),
            "idea-opens": (Operation.IDEA, lambda: s.describing.idea(viewer, self.description.key, 0)),
            "region-opens": (Operation.REGION, lambda: s.regions.open(asker, self.other.key, 1)),
            "batch-yes": (Operation.DRAFT, lambda: confirmed(self)),
        }


class WindowWalk(Walk):
    """Ways at a server with windows, where prompts are shortened."""

    @override
    async def prepare(self) -> None:
        world = self.world
        self.here = replace(world.asker(), role_ids=frozenset({ROLE}))
        world.roster.add(GUILD, 1, role_ids=frozenset({ROLE}))
        self.grid = await world.ended(await world.imagine(asker=self.here))
        begun = await self.services.shortening.begin(world.asker(), "a very small paper fox", Pool.NORMAL)
        self.shortened = await world.ended(begun.job)
        self.mask = await PillowMasks().from_cells(37, 41, Cells(6))
        await batch_and_rules(self)

    def ways(self) -> Ways:
        s, asker, viewer, grid = self.services, self.asker(), self.viewer, self.grid
        return {
            "zoom-opens": (Operation.PRESS, lambda: s.windows.open(asker, grid.key, ZOOM)),
            "zoom-window": (Operation.PRESS, lambda: self._pressed(ZOOM, ZOOMED)),
            "remix-window": (Operation.PRESS, lambda: self._pressed(REMIXED, WindowWords(prompt="an owl"))),
            "region-words-opens": (Operation.REGION, lambda: s.regions.open(asker, grid.key, REGION)),
            "region-words": (
                Operation.REGION,
                lambda: s.regions.repaint(
                    asker,
                    grid.key,
                    REGION,
                    self.mask,
                    channel_id=0,
                    message_id=0,
                    words=WindowWords(prompt="an owl"),
                ),
            ),
            "shorter-opens": (Operation.IDEA, lambda: s.shortening.shorter(viewer, self.shortened.key, 0)),
            "shorter": (
                Operation.IDEA,
                lambda: s.shortening.imagine(asker, viewer, self.shortened.key, "an elk"),
            ),
            "batch-yes-there": (Operation.DRAFT, lambda: confirmed(self)),
        }

    def _pressed(self, position: int, words: WindowWords) -> Awaitable[Any]:
        return self.services.presses.press(
            self.asker(), self.grid.key, position, channel_id=CHANNEL, message_id=0, words=words
        )


async def batch_and_rules(walk: Walk) -> None:
    """Several pictures that wait for a yes; then only a role has anything."""
    offer = await walk.services.batches.offer(
        replace(walk.world.asker(), home_channel=CHANNEL),
        PromptOptions(prompt="a {red, blue} fox"),
        Pool.NORMAL,
        None,
    )
    walk.draft = offer.key
    for pool in Pool:
        await set_rule(walk.services.guilds, GUILD, ADA, pool, ROLE, per_day=None, running=None, waiting=None)


async def confirmed(walk: Walk) -> None:
    """Say yes to several pictures."""
    started = await walk.services.batches.start(walk.viewer, walk.draft, Places(walk.asker))
    if started.refused:
        assert not started.begun
        raise UserError(started.refused[0][1])


def heard(situation: Situation, way: str, operation: Operation) -> str:
    """What somebody should hear."""
    if way not in OPENS:
        return expected(situation, operation)
    said = expected(replace(situation, roots=None), operation)
    return said if said.startswith(("home.", "jobs.")) else OPEN


async def walked(walk: PlainWalk | WindowWalk, name: str) -> None:
    situation, world = SITUATIONS[name], walk.world
    await walk.prepare()
    await walk.happen()
    rows: dict[str, str] = {}
    for way in walk.ways():
        await world.calm()  # what began before is sent
        _, go = walk.ways()[way]  # each asked for by an interaction of its own
        before = (len(await world.all_jobs()), len(await world.ledger()), len(world.upstream.tasks))
        try:
            await go()
        except UserError as refused:
            SENTENCES.render(refused.text, "en")
            rows[way] = refused.text.id
        else:
            rows[way] = OPEN
        after = (len(await world.all_jobs()), len(await world.ledger()), len(world.upstream.tasks))
        begun = rows[way] == OPEN and way not in NOTHING_YET
        assert (after[:2] > before[:2]) is begun, way
        assert begun or after == before, way

    assert rows == {way: heard(situation, way, operation) for way, (operation, _) in walk.ways().items()}
    assert {job.home for job in await world.all_jobs()} == {GUILD}
    _note(name, rows)


@pytest.mark.parametrize("name", SITUATIONS)
async def test_every_further_way_in_every_situation(world: Harness, name: str) -> None:
    await walked(PlainWalk(world, SITUATIONS[name]), name)


@pytest.mark.parametrize("name", SITUATIONS)
async def test_every_way_through_a_window_in_every_situation(family: Harness, name: str) -> None:
    await walked(WindowWalk(family, SITUATIONS[name]), name)
