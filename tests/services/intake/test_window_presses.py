"""Presses with words: what is asked before a window opens, what the row keeps, and what goes along with the second call.
Never here: Discord (tests/e2e/test_windows.py) and deaths (tests/faults)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.domain.intake.masks import Cells
from bot.domain.intake.prompts import PromptOptions
from bot.domain.intake.window_words import WindowKind, WindowWords
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.domain.tasks import TaskStatus
from bot.errors import RemoteError, RemoteFault, UserError
from bot.services.intake.press import Pressed, PressOutcome
from bot.services.intake.region import Masked
from bot.services.intake.windows import ActionWindow
from tests.faults.windows import REGION, VARIATION, ZOOM, ZOOMED
from tests.services.harness import CHANNEL, GUILD, Harness
from tests.services.intake.test_pictures import AFile
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.jobs import Job
    from bot.services.admission.asker import Asker

REMIXED = VARIATION + 1


async def pressed(
    world: Harness, parent: Job, position: int, words: WindowWords | None, *, asker: Asker | None = None
) -> Pressed:
    return await world.services.presses.press(
        asker or world.asker(), parent.key, position, channel_id=CHANNEL, message_id=0, words=words
    )


def fills(world: Harness) -> list[tuple[str, str | None]]:
    return [fill for window in world.windows.all.values() for fill in window.fills]


async def test_a_window_opens_with_the_pictures_words_and_nothing_is_sent(family: Harness) -> None:
    grid = await family.finished_grid(prompt="a paper fox --ar 3:2")
    sent = len(family.upstream.tasks)

    opened = [
        await family.services.windows.open(family.asker(), grid.key, position) for position in (ZOOM, REMIXED)
    ]

    assert [window.kind for window in opened if isinstance(window, ActionWindow)] == [
        WindowKind.ZOOM,
        WindowKind.WORDS,
    ]
    assert len(family.upstream.tasks) == sent
    assert not family.windows.all


async def test_the_row_keeps_what_its_window_is_for_over_a_restart(family: Harness) -> None:
    grid = await family.finished_grid()
    family.upstream.template["seconds"] = 3600
    zoomed, remixed = [
        (await pressed(family, grid, position, words)).job
        for position, words in ((ZOOM, ZOOMED), (REMIXED, WindowWords(prompt="an owl")))
    ]

    await family.reboot()

    assert (await family.job(zoomed.key)).press == zoomed.press
    assert zoomed.press is not None
    assert (zoomed.press.zoom, zoomed.press.remix) == ("1.4", False)
    again = await family.job(remixed.key)
    assert again.press is not None
    assert (again.press.zoom, again.press.remix, again.prompt) == (None, True, "an owl")


async def test_a_second_window_leads_to_the_job_that_runs(family: Harness) -> None:
    grid = await family.finished_grid()
    first = await pressed(family, grid, ZOOM, ZOOMED)

    opened = await family.services.windows.open(family.asker(), grid.key, ZOOM)
    second = await pressed(family, grid, ZOOM, WindowWords(prompt="an elk", zoom="2"))

    assert isinstance(opened, Pressed)
    assert (opened.outcome, second.outcome) == (PressOutcome.RUNNING, PressOutcome.RUNNING)
    assert opened.job.key == second.job.key == first.job.key
    await family.ended(first.job)
    assert fills(family) == [("an owl in the snow --zoom 1.4", None)]


async def test_pictures_of_the_prompt_stand_before_the_words(family: Harness) -> None:
    begun = await family.services.imagine.begin(
        family.asker(), PromptOptions(prompt="in the snow"), Pool.FAST, given=[AFile()]
    )
    grid = await family.ended(begun.job)

    child = await family.ended((await pressed(family, grid, ZOOM, ZOOMED)).job)

    assert child.state is JobState.SUCCEEDED
    assert fills(family) == [("https://store.example/1 an owl in the snow --zoom 1.4", None)]
    assert len(family.upstream.left) == 1  # its address is still good


async def test_pictures_that_are_no_longer_kept_are_told_of(family: Harness) -> None:
    begun = await family.services.imagine.begin(
        family.asker(), PromptOptions(prompt="in the snow"), Pool.FAST, given=[AFile()]
    )
    grid = await family.ended(begun.job)
    await family.forget_inputs(grid)

    child = (await pressed(family, grid, ZOOM, ZOOMED)).job

    assert "note.pictures_not_kept" in child.notes


async def test_what_is_made_from_a_zoom_has_its_words_and_no_zoom(family: Harness) -> None:
    zoomed = await family.ended((await pressed(family, await family.finished_grid(), ZOOM, ZOOMED)).job)

    child = (await pressed(family, zoomed, 0, None)).job

    assert child.prompt == "an owl in the snow"
    assert child.press is not None
    assert child.press.zoom is None


@pytest.mark.parametrize("position", [ZOOM, REMIXED, REGION])
async def test_nobody_is_struck_for_the_words_of_a_card_that_they_try_again(
    family: Harness, position: int
) -> None:
    services, bob = family.services, family.asker(user=2)
    grid = await family.finished_grid(prompt="a paper fox")
    family.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    words = WindowWords(prompt="an owl in gore", zoom="1.4" if position == ZOOM else None)
    if position == REGION:
        ready = await services.regions.prepare(family.asker(), grid.key, REGION, Cells(1), words=words)
        assert isinstance(ready, Masked)
        begun = await services.regions.begin(family.asker(), ready, channel_id=CHANNEL, message_id=0)
    else:
        begun = await pressed(family, grid, position, words)
    failed = await family.ended(begun.job)
    rule = WordRule(Match.WORD, "gore", WordAction.STRIKE)
    await services.guilds.add_word(GUILD, ADA, rule)

    assert failed.press is not None
    if position == REGION:
        why = await refusal(services.regions.again(bob, failed, failed.press))
    else:
        why = await refusal(pressed(family, grid, position, words, asker=bob))

    assert (failed.state, failed.prompt) == (JobState.FAILED, words.prompt)
    assert why.id.startswith("refused.words")
    assert (await services.moderation.member(GUILD, 2)).strikes == []


async def test_words_are_for_buttons_with_a_window_alone(family: Harness) -> None:
    grid = await family.finished_grid()

    with pytest.raises(UserError) as refusal:
        await pressed(family, grid, 0, WindowWords(prompt="an owl"))
    assert refusal.value.text.id == "window.not_here"

    with pytest.raises(UserError) as refusal:
        await pressed(family, grid, ZOOM, None)
    assert refusal.value.text.id == "window.press_again"
    assert len(await family.all_jobs()) == 1


async def test_an_account_without_windows_opens_none(tmp_path: Path) -> None:
    world = Harness(tmp_path)
    await world.boot()
    try:
        grid = await world.finished_grid()
        assert await world.services.windows.open(world.asker(), grid.key, 5) is None
        assert not world.services.windows.anywhere
        with pytest.raises(UserError) as refusal:
            await pressed(world, grid, 5, WindowWords(prompt="an owl"))
        assert refusal.value.text.id == "window.not_here"
    finally:
        await world.kill()


class Slow:
    """A server that nobody has asked yet what it can do, and that does not always answer."""

    def __init__(self, troubles: int) -> None:
        self.troubles = troubles
        self.asked = 0

    @property
    def is_known(self) -> bool:
        return self.asked > self.troubles

    @property
    def capabilities(self) -> Any:
        return BY_SERVER[ServerKind.TRUEAI if self.is_known else ServerKind.RESELLER]

    async def check(self) -> None:
        self.asked += 1
        if not self.is_known:
            raise RemoteError(RemoteFault.UNREACHED, "nobody answers")


async def test_a_server_is_asked_what_it_can_do_until_it_answers(family: Harness) -> None:
    server, accounts = Slow(troubles=2), family.services.accounts
    accounts.fixed = {"mj-proxy": server}  # type: ignore[dict-item]  # asked for its abilities alone

    told = [(await accounts.learned("mj-proxy")).remix for _ in range(5)]

    assert told == [False, False, True, True, True]
    assert accounts.capabilities("mj-proxy").remix
    assert server.asked == 3
