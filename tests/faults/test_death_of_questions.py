"""Death around a question to the chat model: booked before it is asked, asked once, paid by nobody who got nothing of it.
Never here: how a death is made (tests/services/harness), and pictures on their way (deaths)."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.domain.intake.prompts import PromptOptions
from bot.domain.open_answers import AnswerKind
from tests.faults.deaths import empty_database, judge, settled
from tests.faults.report import Row, record
from tests.services.harness import Crash, Harness
from tests.services.helped import GERMAN, ME, PRICE, Helped, Room, furnish, open_model
from tests.services.server_harness import Server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.domain.keys import JobKey
    from bot.midjourney.ohmygpt.client import MidjourneyApi
    from bot.sandbox.upstream import SimulatedUpstream

TENDED_MS = 120_000
PRESSED, PRESSED_AGAIN = 4242, 4243
SEVERAL = "{ein Fuchs im Schnee, eine Katze im Wald}"


@dataclass
class Trial:
    """One walk, in a world of its own."""

    helped: Helped
    offer: JobKey
    """Two pictures that wait for a yes."""
    asked_before: int

    @property
    def world(self) -> Harness:
        return self.helped.world

    @property
    def asked(self) -> int:
        return self.helped.asked - self.asked_before


async def _think(trial: Trial, kind: AnswerKind) -> None:
    asker = trial.world.asker(interaction=PRESSED)
    await trial.helped.thinks(asker, kind)
    await trial.world.effects.around("defer", _nothing())


async def _nothing() -> None:
    """What is shown happens in the world's own notes."""


async def _say(trial: Trial, words: str) -> None:
    async def said() -> None:
        trial.world.discord.told[PRESSED] = words

    await trial.world.effects.around("words", said())
    trial.world.services.answers.close(PRESSED)
    await trial.world.services.answers.settle()


async def translated(trial: Trial) -> None:
    """A prompt that is translated."""
    await _think(trial, AnswerKind.PUBLIC)
    await trial.world.imagine(GERMAN, asker=trial.world.asker(interaction=PRESSED))
    trial.world.services.answers.close(PRESSED)
    await trial.world.services.answers.settle()


async def improved(trial: Trial) -> None:
    """A prompt that is improved."""
    await _think(trial, AnswerKind.PRIVATE)
    await trial.helped.improved(asker=trial.world.asker(interaction=PRESSED))
    await _say(trial, "better")


async def several(trial: Trial) -> None:
    """Several prompts that are translated."""
    await _think(trial, AnswerKind.UPDATE)
    await trial.world.services.batches.start(ME, trial.offer, Room(trial.world, PRESSED))
    await _say(trial, "begun")


def in_folder(folder: Path, template: Path) -> Harness:
    folder.mkdir()
    world = Harness(folder)
    shutil.copyfile(template, folder / "easel.db")
    return world


async def prepared(
    folder: Path, template: Path, model: SimulatedUpstream, api: MidjourneyApi, *, journaled: bool = False
) -> Trial:
    """A process that sends nothing by itself, in a server that translates, with an offer."""
    world = in_folder(folder, template)
    world.journaled = journaled
    furnish(world, api)
    await world.open()
    helped = Helped(Server(world), model)
    await helped.translating()
    options = PromptOptions(prompt=SEVERAL)
    offer = await world.services.batches.offer(world.asker(), options, None, None)
    world.effects.names.clear()
    return Trial(helped, offer.key, helped.asked)


async def ended(trial: Trial, walk: Callable[[Trial], Awaitable[None]]) -> None:
    """Another process tells who was left waiting, and brings every picture to its end."""
    world = trial.world
    await world.reboot(after_ms=TENDED_MS)
    await world.services.answers.recover()
    await world.services.answers.settle()
    await settled(world, walk)  # type: ignore[arg-type]  # it only asks which walk it is


async def judged(trial: Trial, most: int) -> tuple[int, int]:
    """How much was lost, and how much doubled or booked wrongly."""
    world, helped = trial.world, trial.helped
    jobs = await world.all_jobs()
    told = world.discord.told.get(PRESSED)
    lost, doubled = await judge(world)
    lost += PRESSED in world.discord.placeholders and not jobs and told is None
    with_words = sum(job.typed is not None for job in jobs) + (told == "better")
    booked = (await helped.questions()).count("help")
    wrong = [
        trial.asked > most,
        trial.asked > booked,
        await helped.spent() != sum(job.units for job in jobs) + PRICE * with_words,
        await helped.drawn() != len(jobs) + booked,
    ]
    return lost, doubled + sum(wrong)


@pytest.mark.parametrize("journaled", [False, True], ids=["rows", "journal"])
@pytest.mark.parametrize(
    ("walk", "pictures"),
    [(translated, 1), (improved, 1), (several, 2)],
    ids=lambda one: getattr(one, "__name__", ""),
)
async def test_death_at_any_effect_around_a_question_loses_nothing_and_charges_nobody_for_nothing(
    walk: Callable[[Trial], Awaitable[None]],
    pictures: int,
    tmp_path: Path,
    journaled: bool,  # noqa: FBT001 - pytest names it
) -> None:
    template = await empty_database(tmp_path)
    outcomes: dict[str, tuple[int, int]] = {}
    async with open_model() as (model, api):
        whole = await prepared(tmp_path / "whole", template, model, api, journaled=journaled)
        await walk(whole)
        points = list(whole.world.effects.names)
        assert {"db book ⟨", "db book ⟩", "POST chat ⟨", "POST chat ⟩"} <= set(points)
        await ended(whole, walk)
        assert await judged(whole, pictures) == (0, 0)
        assert whole.asked == pictures
        await whole.world.kill()

        for number, name in enumerate(points):
            trial = await prepared(tmp_path / str(number), template, model, api, journaled=journaled)
            trial.world.effects.crash_at = number
            with suppress(Crash):
                await walk(trial)
            trial.world.effects.crash_at = None
            await ended(trial, walk)
            outcome = await judged(trial, pictures)
            if walk is several:
                outcome = await pressed_again(trial, outcome)
            outcomes[f"{number}: {name}"] = outcome
            await trial.world.kill()

    record(
        Row(
            path=(walk.__doc__ or "").strip(". ") + (", its answer in a journal" if journaled else ""),
            fault="death before or after an effect",
            tried=len(outcomes),
            lost=sum(lost for lost, _ in outcomes.values()),
            doubled=sum(doubled for _, doubled in outcomes.values()),
        )
    )
    assert {point: outcome for point, outcome in outcomes.items() if outcome != (0, 0)} == {}


async def pressed_again(trial: Trial, outcome: tuple[int, int]) -> tuple[int, int]:
    """Whoever presses once more has every picture in English in the end, each paid once."""
    helped, world = trial.helped, trial.world
    await world.services.batches.start(ME, trial.offer, Room(world, PRESSED_AGAIN))
    jobs = await world.all_jobs()
    await settled(world, several)  # type: ignore[arg-type]  # it only asks which walk it is
    lost = 2 - sum(job.typed is not None for job in jobs)
    wrong = (await helped.spent() != 2 * (1 + PRICE)) + (await judge(world) != (0, 0))
    return outcome[0] + lost, outcome[1] + wrong
