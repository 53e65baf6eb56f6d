"""The tour: a newcomer does the ten things in the simulated Discord, and each is noticed and told.
Never here: the page in the browser, and what each command says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.sandbox.stage import GUILD_ID
from bot.sandbox.tour.guide import Tour
from bot.sandbox.tour.steps import STEPS
from bot.sandbox.tour.witness import Scene, Witness
from tests.e2e.seen import card_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from simcord.results import InteractionResult

    from tests.e2e.harness import Harness
    from tests.e2e.seen import Card


@pytest.fixture
async def played(world: Harness) -> AsyncIterator[Harness]:
    """The world with every part of the bot running, as in the sandbox."""
    async with world.app.parts():
        yield world


def tour_of(world: Harness, said: list[str]) -> Tour:
    witness = Witness(app=world.app, env=world.env, place=world.place, upstream=world.upstream)
    return Tour(witness, lambda line, _style: said.append(line), keys=False)


async def prefers(world: Harness) -> Card:
    """Mia's preferences, as only she sees them."""
    shown = await world.place.member.slash(world.place.channel, "prefer show")
    assert shown.response is not None
    return card_of(shown.response)


async def single(world: Harness) -> Card:
    return await world.child(await world.grid("a paper boat"), "U1")


async def imagine(world: Harness) -> None:
    await world.grid("a paper fox")


async def go_on(world: Harness) -> None:
    grid = await world.grid("a paper crane")
    await world.child(grid, "U2")
    await world.child(grid, "V1")


async def region(world: Harness) -> None:
    opened = await world.press(await single(world), "🖌️ Vary (Region)")
    assert opened.response is not None
    await world.press(card_of(opened.response), "A1")
    begun = await world.press(card_of(opened.response), "Repaint")
    await world.until(lambda: bool(card_of(begun.followups[0]).buttons), "a repainted card")


async def describe(world: Harness) -> None:
    card = await world.grid("a paper swan")
    menu = await world.place.member.context_menu(world.place.channel, "Describe picture", card.message)
    await world.until(lambda: "Imagine 1" in _faces(menu), "a description")


def _faces(result: InteractionResult) -> list[str]:
    return [face for answer in (result.response, *result.followups) if answer for face in card_of(answer).own]


async def called(world: Harness) -> None:
    prefer = await prefers(world)
    await world.place.member.select(prefer.message, ["0"], custom_id="easel:2:prefer-menu:news")
    said = await world.imagine("a lighthouse at night")
    await world.until(lambda: "➡️" in world.shown(said).words, "a folded card")
    await world.place.member.select(
        (await prefers(world)).message, ["-"], custom_id="easel:2:prefer-menu:news"
    )


async def pools(world: Harness) -> None:
    await world.grid("a red kite", pool="FAST")
    await world.place.member.slash(world.place.channel, "quota")


async def rule(world: Harness) -> None:
    await world.place.moderator.slash(world.place.channel, "mod words add", pattern="spider")
    await world.imagine("a spider")
    await world.app.services.dispatcher.drain()


async def panel(world: Harness) -> None:
    await world.place.moderator.slash(world.place.channel, "mod panel")


async def copies(world: Harness) -> None:
    await world.press(await prefers(world), "Send me pictures")
    await world.grid("a paper moon")
    direct = world.place.member.user.dm_channel
    await world.until(lambda: any(m.attachments for m in direct.history()), "a copy")


async def cancel(world: Harness) -> None:
    said = await world.imagine("a paper sun")
    await world.press(world.shown(said), "✖️ Cancel")


NEWCOMER = (imagine, go_on, region, describe, called, pools, rule, panel, copies, cancel)


async def test_each_of_the_ten_things_is_noticed_when_it_was_done_and_not_before(played: Harness) -> None:
    said: list[str] = []
    tour = tour_of(played, said)
    await tour.begin()
    assert len(NEWCOMER) == len(STEPS) == 10

    for number, does in enumerate(NEWCOMER):
        assert tour.noticed == number, f"before {does.__name__}: {said[-6:]}"
        await does(played)
        await tour.look()
        assert tour.noticed == number + 1, f"{does.__name__} was not noticed"

    told = "\n".join(said)
    assert tour.over
    assert "That was the tour: 10 of 10 done" in told
    assert "Upstream: POST /imagine type=NORMAL prompt=a paper fox → " in told
    assert "Charged: 1 unit of mia's NORMAL allowance, 2040 credits" in told
    assert "POST /describe" in told
    assert "type=FAST" in told


async def test_what_was_done_ahead_counts_when_its_turn_comes(played: Harness) -> None:
    said: list[str] = []
    tour = tour_of(played, said)
    await tour.begin()

    await panel(played)
    await go_on(played)
    await tour.look()

    assert tour.noticed == 2
    for _ in range(5):
        tour.answer("s")
    await tour.look()
    assert tour.noticed == 3
    assert any(line.startswith("✔ See all that is set") for line in said)


async def test_days_before_do_not_count(played: Harness) -> None:
    await imagine(played)
    await played.pass_time(1)
    tour = tour_of(played, [])
    await tour.begin()
    await tour.look()
    assert tour.noticed == 0
    assert (
        await played.app.storage.archive.page(played.place.member.id, GUILD_ID, skip=0, limit=5)
    ).total == 1


async def test_the_tour_can_be_skipped_through_repeated_and_left() -> None:
    said: list[str] = []

    async def nothing() -> Scene:
        return Scene()

    witness = cast("Any", SimpleNamespace(begin=nothing, look=nothing))
    tour = Tour(witness, lambda line, _style: said.append(line), keys=False)
    await tour.begin()
    tour.answer("\n")
    assert sum(line.startswith("1 of 10") for line in said) == 2
    tour.answer("S\n")
    assert said[-1 - len(STEPS[1].how)].startswith("2 of 10")
    tour.answer("q\n")
    assert tour.over
    assert "the sandbox stays open" in said[-1]
    await tour.look()
    assert tour.noticed == 0
