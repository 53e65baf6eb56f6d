"""Every operation on a job by where and who somebody is: what begins, what is said, and that a refusal costs nothing.
Never here: Discord itself (tests/e2e/test_home.py) and each rule by itself (tests/services/servers/test_policy.py)."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.intake.prompts import PromptOptions
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.servers.membership import NoDirectory
from bot.errors import UserError
from bot.services.admission.authorization import BEGINNING_NOTHING, Authorizer, Operation, Origin
from bot.services.admission.viewer import Viewer
from bot.services.intake.mask_editor import MaskEditor
from bot.services.intake.region_links import RegionLinks
from bot.ui.kit.controls import COMPONENTS, MODALS
from tests.services.harness import CHANNEL, GUILD, Harness
from tests.services.intake.test_mask_editor import MASK, Screens
from tests.services.intake.test_pictures import described
from tests.services.intake.test_regions import single
from tests.services.server_harness import ADA, SENTENCES, refusal, set_rule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.domain.jobs import Job
    from bot.services.admission.asker import Asker
    from bot.ui.kit.controls import Control

ROLE = 7
ELSEWHERE = 77
OPEN = "open"

# -- which controls mean which operation -------------------------------------------------------------------

BUTTONS: dict[str, Operation | None] = {
    "remix": Operation.REMIX,
    "edit": Operation.REMIX,
    "draft": Operation.DRAFT,
    "batch": Operation.DRAFT,
    "batch-no": None,  # begins nothing
    "start": Operation.PICTURE,
    "again": Operation.REMIX,
    "draw": Operation.REMIX,
    "improve": Operation.REMIX,
    "midjourney": Operation.PICTURE,
    "drawdraft": Operation.DRAFT,
    "improve-draft": Operation.DRAFT,
    "idea0": Operation.IDEA,
    "idea1": Operation.IDEA,
    "idea2": Operation.IDEA,
    "idea3": Operation.IDEA,
    "ideas": Operation.IDEAS,
    "describe": Operation.AGAIN,
    "info": Operation.INFO,
    "show": Operation.SHOW,
    "send": Operation.SEND,
    "star": Operation.FAVOURITE,
    "zoom": Operation.ZOOM,
    "cancel": Operation.CANCEL,
    "delete": Operation.DELETE,
    "drop": Operation.DELETE,
    "press": Operation.PRESS,
    "vary": Operation.PRESS,
    "rewrite": Operation.PRESS,
    "cells-rewrite": Operation.REGION,
    "short0": Operation.IDEA,
    "short1": Operation.IDEA,
    "short2": Operation.IDEA,
    "short3": Operation.IDEA,
    "short4": Operation.IDEA,
    "region": Operation.REGION,
    "cells": Operation.REGION,
    "region-rewrite": Operation.REGION,
    "list": None,  # lists what is of this server
    "stars": None,
    "prefer": None,  # no job: what the person themself prefers
    "prefer-menu": None,
    "prefer-set": None,
}
OPERATION_OF_MODAL: dict[str, Operation | None] = {
    "remix": Operation.REMIX,
    "redraw": Operation.REMIX,
    "draft": Operation.DRAFT,
    "idea0": Operation.IDEA,
    "idea1": Operation.IDEA,
    "idea2": Operation.IDEA,
    "idea3": Operation.IDEA,
    "mask": Operation.REGION,
    "cells-words": Operation.REGION,
    "region-again": Operation.REGION,
    "window": Operation.PRESS,
    "short0": Operation.IDEA,
    "short1": Operation.IDEA,
    "short2": Operation.IDEA,
    "short3": Operation.IDEA,
    "short4": Operation.IDEA,
    "usecard": Operation.PICTURE,
    "usefile": None,  # no job: a new chain, which begins in servers only
    "usemsg": None,  # likewise
    "prefer-shape": None,
    "prefer-set": None,
}


def members(controls: dict[str, Control[...]]) -> set[str]:
    """What is for everybody: moderators and owners are asked who they are, and act on what is of one server."""
    return {kind for kind, control in controls.items() if not control.moderators and not control.owners}


def test_every_control_has_its_operation() -> None:
    assert members(COMPONENTS) == set(BUTTONS)
    assert members(MODALS) == set(OPERATION_OF_MODAL)
    led_to = {*BUTTONS.values(), *OPERATION_OF_MODAL.values()} - {None}
    assert led_to | {Operation.EDITOR} == set(Operation)  # the page of the editor is no control of Discord's


# -- situations ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Situation:
    """Where somebody is and what has happened."""

    guild_id: int | None
    happened: str = "nothing"
    begins: str = OPEN
    """What every operation says that begins something."""
    roots: str | None = None
    """The same of operations that begin a new chain, where they say it otherwise."""
    looks: str = OPEN
    draft: str | None = None


SITUATIONS = {
    "same server": Situation(GUILD),
    "same server, blocked": Situation(GUILD, "blocked", "refused.blocked"),
    "same server, role lost": Situation(GUILD, "role lost", "refused.no_rule"),
    "same server, pool off": Situation(GUILD, "pool off", "refused.pool_off_chain", "refused.all_pools_off"),
    "same server, paused": Situation(GUILD, "paused", "refused.paused"),
    "other server": Situation(ELSEWHERE, begins="jobs.unknown", looks="jobs.unknown", draft="draft.expired"),
    "direct message": Situation(None),
    "direct message, kicked": Situation(None, "kicked", "home.not_member"),
    "direct message, timed out": Situation(None, "timed out", "home.timed_out"),
    "direct message, Discord silent": Situation(None, "silent", "home.unsure"),
    "direct message, blocked": Situation(None, "blocked", "refused.blocked"),
    "direct message, role lost": Situation(None, "role lost", "refused.no_rule"),
    "direct message, pool off": Situation(
        None, "pool off", "refused.pool_off_chain", "refused.all_pools_off"
    ),
    "direct message, paused": Situation(None, "paused", "refused.paused"),
    "direct message, channel closed": Situation(None, "channel closed", "refused.channel"),
}
ROOTS = frozenset(
    {Operation.REMIX, Operation.IDEA, Operation.IDEAS, Operation.AGAIN, Operation.PICTURE, Operation.DRAFT}
)


def expected(situation: Situation, operation: Operation) -> str:
    if operation in BEGINNING_NOTHING:
        return situation.looks
    if operation is Operation.DRAFT and situation.draft is not None:
        return situation.draft
    return situation.roots if operation in ROOTS and situation.roots is not None else situation.begins


class Places:
    """Room for cards, where the person is."""

    def __init__(self, asker: Callable[[], Asker]) -> None:
        self._asker = asker

    async def open(self) -> Asker:
        return self._asker()

    async def shut(self, asker: Asker) -> None:
        """Nothing is there to be taken away."""


class Walk:
    """One world, one situation, all operations."""

    def __init__(self, world: Harness, situation: Situation) -> None:
        self.world, self.situation = world, situation
        self.services = world.services
        self.links = RegionLinks(
            store=world._opened.region_links,
            clock=world.clock,
            token=lambda: "link",
            public_url="https://easel.example",
        )
        self.mask_editor = MaskEditor(
            links=self.links,
            regions=world.services.regions,
            store=world.store,  # type: ignore[arg-type]  # it answers every method of the port
            pictures=world.services.regions.pictures,
            screens=Screens(),
            publisher=world.publisher,
            clock=world.clock,
            show=world.services.editor.changed,
        )

    async def prepare(self) -> None:
        guilds, world = self.services.guilds, self.world
        for pool in Pool:
            await set_rule(guilds, GUILD, ADA, pool, ROLE, per_day=None, running=None, waiting=None)
        self.here = replace(world.asker(), role_ids=frozenset({ROLE}))
        world.roster.add(GUILD, 1, role_ids=frozenset({ROLE}))
        world.upstream.template.clear()
        self.grid = await world.ended(await world.imagine(asker=self.here))
        await guilds.remove_rule(GUILD, ADA, Pool.NORMAL, ROLE)
        await guilds.remove_rule(GUILD, ADA, Pool.FAST, ROLE)
        self.picture, self.other = await single(world), await single(world)
        world.upstream.template.clear()
        self.description = await described(world, pool=Pool.NORMAL)
        for pool in Pool:
            await set_rule(guilds, GUILD, ADA, pool, ROLE, per_day=None, running=None, waiting=None)
        self.token = (await self.links.make(self.asker(), self.other.key, 1) or "").rpartition("/")[2]
        self.draft = await self.services.drafts.keep(
            PromptOptions(prompt="an owl"),
            user_id=1,
            guild_id=GUILD,
            home_channel=CHANNEL,
            pool=Pool.NORMAL,
            option_set=None,
        )

    async def happen(self) -> None:
        guilds, roster = self.services.guilds, self.world.roster
        match self.situation.happened:
            case "kicked":
                roster.kick(GUILD, 1)
            case "timed out":
                roster.add(GUILD, 1, role_ids=frozenset({ROLE}), timed_out=True)
            case "silent":
                roster.silent = True
            case "blocked":
                await self.services.moderation.block(GUILD, ADA, 1, until=None, reason="")
            case "role lost":
                roster.add(GUILD, 1)
            case "pool off":
                for pool in Pool:
                    await guilds.switch_pool(GUILD, ADA, pool, on=False)
            case "paused":
                await guilds.pause(GUILD, ADA, None, "a break")
            case "channel closed":
                await guilds.set_channel(GUILD, ADA, CHANNEL, allowed=False)

    def asker(self) -> Asker:
        """They ask again, from where they are; Discord tells of roles only inside a server."""
        kept = self.situation.guild_id is not None and self.situation.happened != "role lost"
        fresh = self.world.asker()
        channel = CHANNEL if self.situation.guild_id == GUILD else 9_000
        return replace(
            fresh,
            role_ids=frozenset({ROLE}) if kept else frozenset(),
            reply=replace(fresh.reply, guild_id=self.situation.guild_id, channel_id=channel),
        )

    @property
    def viewer(self) -> Viewer:
        return Viewer(user_id=1, guild_id=self.situation.guild_id, manages=False)

    def through(self, operation: Operation) -> Awaitable[Any]:
        s, asker, viewer = self.services, self.asker(), self.viewer
        grid, card = self.grid, self.grid.reply
        ways: dict[Operation, Callable[[], Awaitable[Any]]] = {
            Operation.PRESS: lambda: s.presses.press(asker, grid.key, 0, channel_id=0, message_id=0),
            Operation.REMIX: lambda: s.imagine.remix(asker, grid, "an owl"),
            Operation.REGION: lambda: s.regions.repaint(
                asker, self.picture.key, 1, MASK, channel_id=0, message_id=0
            ),
            Operation.EDITOR: self._paint,
            Operation.IDEA: lambda: s.describing.imagine(asker, viewer, self.description.key, "an elk"),
            Operation.IDEAS: self._all,
            Operation.AGAIN: lambda: s.describing.again(asker, viewer, self.description.key),
            Operation.PICTURE: lambda: self._from_picture(asker),
            Operation.DRAFT: lambda: self._edit(asker),
            Operation.INFO: lambda: s.jobs.family(viewer, grid.key),
            Operation.SHOW: lambda: s.redelivery.show(viewer, asker, grid.key, public=False),
            Operation.SEND: lambda: s.redelivery.send(viewer, grid.key, locale="en", link=None, nonce="1"),
            Operation.FAVOURITE: lambda: s.favourites.toggle(viewer, grid.key),
            Operation.ZOOM: lambda: s.jobs.get_authorized(viewer, grid.key, Operation.ZOOM),
            Operation.CANCEL: lambda: s.jobs.cancel(viewer, grid.key),
            Operation.DELETE: lambda: s.redelivery.take_down(
                viewer, grid.key, channel_id=card.channel_id, message_id=card.message_id or 0
            ),
        }
        return ways[operation]()

    async def _paint(self) -> Job:
        link = await self.mask_editor.open(self.token)
        for look in (self.mask_editor.canvas, self.mask_editor.picture):
            await look(link)
        return await self.mask_editor.submit(link, MASK)

    async def _all(self) -> None:
        started = await self.services.describing.imagine_all(
            self.viewer, self.description.key, Places(self.asker)
        )
        if started.refused:
            assert not started.begun
            raise UserError(started.refused[0][1])

    async def _from_picture(self, asker: Asker) -> None:
        prompt = PromptOptions(prompt="a fox")
        await self.services.imagine.begin_from(asker, self.grid, prompt, preferred=Pool.NORMAL)

    async def _edit(self, asker: Asker) -> None:
        draft = await self.services.drafts.open(self.viewer, self.draft)
        await self.services.imagine.begin_again(asker, draft, PromptOptions(prompt="an owl"), preferred=None)

    async def said(self, operation: Operation) -> str:
        """What somebody hears who tries an operation."""
        try:
            await self.through(operation)
        except UserError as refused:
            SENTENCES.render(refused.text, "en")
            # It ended long ago, which only somebody who was let in is told.
            return OPEN if refused.text.id == "jobs.cancel_succeeded" else refused.text.id
        return OPEN


@pytest.mark.parametrize("name", SITUATIONS)
async def test_every_operation_in_every_situation(world: Harness, name: str) -> None:
    situation = SITUATIONS[name]
    walk = Walk(world, situation)
    await walk.prepare()
    await walk.happen()
    rows: dict[Operation, str] = {}

    for operation in Operation:
        before = (len(await world.all_jobs()), len(await world.ledger()), len(world.upstream.tasks))
        rows[operation] = await walk.said(operation)
        after = (len(await world.all_jobs()), len(await world.ledger()), len(world.upstream.tasks))
        begun = rows[operation] == OPEN and operation.begins
        assert (after[:2] > before[:2]) is begun, operation
        assert begun or after == before, operation

    assert rows == {operation: expected(situation, operation) for operation in Operation}
    assert {job.home for job in await world.all_jobs()} == {GUILD}
    _note(name, rows)


def _note(name: str, rows: Mapping[Any, str]) -> None:
    """Write what was seen where somebody wants it: `EASEL_OPERATIONS=folder` (one file a situation)."""
    folder = os.environ.get("EASEL_OPERATIONS")
    if folder:
        lines = [f"{operation} {said}\n" for operation, said in rows.items()]
        with (Path(folder) / f"{list(SITUATIONS).index(name):02} {name}.txt").open("a") as notes:
            notes.write("".join(lines))


@pytest.mark.parametrize("operation", Operation)
async def test_a_chain_that_began_outside_servers_can_be_looked_at_and_not_gone_on_with(
    operation: Operation,
) -> None:
    authorizer, origin = Authorizer(NoDirectory()), Origin(JobKey("K1"), user_id=1, home=None, channel=None)
    attempt = authorizer.authorize(Viewer(user_id=1, guild_id=None, manages=False), origin, operation)

    if operation.begins:
        assert (await refusal(attempt)).id == "refused.server_only"
    else:
        assert await attempt is None
