"""Windows of actions: what they begin with, what is sent of what was written, and what is given back where it cannot be.
Never here: whole presses through the engine (tests/e2e/test_windows.py)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from bot.domain.intake.window_words import WindowKind, WindowWords
from bot.domain.jobs import JobKind, JobState
from bot.domain.people import NOBODYS
from bot.errors import StorageTrouble, UserError
from bot.services.intake.press import Pressed, PressOutcome
from bot.services.intake.windows import ActionWindow
from bot.texts import text
from bot.ui.imagine import windows
from tests.fixtures.patience import SHORT_S, too_slowly
from tests.ui.builders import KEY, a_job, a_press, single_actions
from tests.ui.client_harness import NoWindows, ScriptedPresses, studio
from tests.ui.region.test_picker import Drafts, ScriptedRegions, press, words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from simcord.results import InteractionResult

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.people import Preferences
    from bot.services.admission.asker import Asker
    from tests.ui.client_harness import ClientHarness

ZOOM, VARY = windows.zoom.id(KEY), windows.vary.id(KEY, 3)
REGION = [action.label for action in single_actions()].index("Vary (Region)")
CUSTOM_ZOOM = [action.label for action in single_actions()].index("Custom Zoom")


@dataclass
class ScriptedWindows(NoWindows):
    """Opens what the test wants, or takes too long."""

    found: ActionWindow | Pressed | None = None
    late: bool = False

    async def open(self, _asker: Asker, _key: JobKey, _position: int) -> ActionWindow | Pressed | None:
        if self.late:
            await too_slowly()
        return self.found


@dataclass
class WordedPresses(ScriptedPresses):
    """Remembers the words, too."""

    words: list[WindowWords | None] = field(default_factory=list)

    @override
    async def press(self, *about: Any, words: WindowWords | None = None, **where: Any) -> Pressed:
        self.words.append(words)
        return await super().press(*about, **where)

    def window_of(self, _job: Job, position: int) -> WindowKind | None:
        return WindowKind.ZOOM if position == CUSTOM_ZOOM else None


@dataclass
class OneJob:
    """Whatever is looked for is this job; perhaps it takes too long."""

    job: Job
    late: bool = False

    async def get_authorized(self, *_: object) -> Job:
        if self.late:
            await too_slowly()
        return self.job


@dataclass
class Place:
    """A picture whose account opens windows, and Bob, who likes to be asked."""

    house: ClientHarness
    windows: ScriptedWindows
    presses: WordedPresses
    jobs: OneJob

    async def press(self, custom_id: str) -> InteractionResult:
        return await press(self.house, None, custom_id)  # type: ignore[arg-type]  # no region is looked at

    async def send(self, window: InteractionResult, **fields: str) -> InteractionResult:
        return await self.house.bob.submit_modal(window, fields)


@asynccontextmanager
async def place(kind: WindowKind = WindowKind.ZOOM, **changes: Any) -> AsyncIterator[Place]:
    job = replace(a_job(JobState.SUCCEEDED), **{"actions": single_actions(), **changes})
    async with studio(extensions=("cogs.imagine", "cogs.jobs")) as house:
        services: Any = house.services
        services.jobs = jobs = OneJob(job)
        services.windows = ScriptedWindows(anywhere=True, remix_anywhere=True)
        services.windows.found = ActionWindow(job, kind, "Pan")
        services.presses = WordedPresses()
        services.drafts = Drafts()
        services.people.liked[house.bob.id] = replace(NOBODYS, remix=True)
        yield Place(house, services.windows, services.presses, jobs)


def defaults(window: InteractionResult) -> dict[str, str]:
    """What a window's fields begin with."""
    assert window.modal is not None, "there is no window"
    fields = [row.get("component") or row["components"][0] for row in window.modal["components"]]
    return {one["custom_id"]: one.get("value", "") for one in fields}


async def test_a_zoom_begins_with_the_pictures_words_and_sends_what_was_written() -> None:
    async with place() as here:
        window = await here.press(ZOOM)
        assert defaults(window) == {"zoom": "2", "prompt": a_job().prompt}
        await here.send(window, zoom="1,4", prompt="a fox --v 7")

        ((_, key, position, _, _),) = here.presses.pressed
        assert (key, position) == (KEY, CUSTOM_ZOOM)
        assert here.presses.words == [WindowWords(prompt="a fox --v 7", zoom="1.4")]


async def test_words_that_cannot_be_sent_are_given_back_and_opened_again() -> None:
    async with place() as here:
        refused = await here.send(await here.press(ZOOM), zoom="3", prompt="a fox")

        assert here.presses.pressed == []
        assert refused.response is not None
        assert refused.response.ephemeral
        assert "a number from 1 to 2" in str(refused.response.components)
        button = refused.response.components[-1]["components"][0]["custom_id"]
        again = await here.house.bob.click(refused.response, custom_id=button)
        assert defaults(again) == {"zoom": "3", "prompt": "a fox"}


@pytest.mark.parametrize("late", [False, True])
async def test_a_zoom_among_words_that_were_refused_is_what_is_zoomed_by_after_they_are_mended(
    *, late: bool
) -> None:
    async with place() as here:
        mistyped = "a fox --zoom 1.5 --ar 3:2" if late else "a fox --zoom 1.5 --aspekt 3:2"
        here.presses.refusal = UserError(text("press.expired")) if late else None
        refused = await here.send(await here.press(ZOOM), zoom="2", prompt=mistyped)
        here.presses.refusal = None
        answer = refused.response or refused.followups[-1]
        button = answer.components[-1]["components"][0]["custom_id"]
        again = await here.house.bob.click(answer, custom_id=button)
        given = defaults(again)
        assert given["zoom"] == "1.5"
        await here.send(again, zoom=given["zoom"], prompt=given["prompt"].replace("aspekt", "ar"))

        assert here.presses.words[-1] == WindowWords(prompt="a fox --ar 3:2", zoom="1.5")


@pytest.mark.parametrize(("kind", "button"), [(WindowKind.ZOOM, ZOOM), (WindowKind.WORDS, VARY)])
async def test_an_own_option_set_may_stand_among_the_words(kind: WindowKind, button: str) -> None:
    async with place(kind) as here:
        liked = NOBODYS.with_set("mine", "--stylize 50")
        here.house.services.people.liked[here.house.bob.id] = replace(liked, remix=True)
        window = await here.press(button)
        await here.send(window, **{**defaults(window), "prompt": "a fox --mine"})

        assert [one and one.prompt for one in here.presses.words] == ["a fox --stylize 50"]


async def test_words_for_a_region_that_failed_may_have_an_own_option_set() -> None:
    failed = a_job(
        JobState.FAILED,
        kind=JobKind.ACTION,
        prompt="a red roof",
        press=a_press(position=REGION, custom_id=single_actions()[REGION].custom_id),
    )
    async with place() as here:
        liked = NOBODYS.with_set("mine", "--stylize 50")
        here.house.services.people.liked[here.house.bob.id] = liked
        here.jobs.job = failed
        regions = ScriptedRegions(own_words="a lighthouse")
        window = await press(here.house, regions, f"easel:2:edit:{KEY}")
        refused = await here.send(window, prompt="a red roof --mien")
        assert refused.response is not None
        assert regions.written == []
        button = refused.response.components[-1]["components"][0]["custom_id"]
        await here.send(
            await here.house.bob.click(refused.response, custom_id=button), prompt="a red roof --mine"
        )

        assert regions.written == [WindowWords(prompt="a red roof --stylize 50")]


async def test_words_for_which_there_is_no_window_any_more_begin_no_press_without_them() -> None:
    async with place() as here:
        refused = await here.send(await here.press(ZOOM), zoom="3", prompt="a fox")
        assert refused.response is not None
        button = refused.response.components[-1]["components"][0]["custom_id"]
        here.windows.found = None
        answer = await here.house.bob.click(refused.response, custom_id=button)

        assert answer.response is not None
        assert "takes no other words here" in answer.response.content
        assert here.presses.pressed == []


async def test_the_reason_is_told_also_where_nothing_can_be_kept() -> None:
    async with place() as here:
        here.house.services.drafts.trouble = StorageTrouble("locked")
        await here.send(await here.press(ZOOM), zoom="3", prompt="a fox")

        assert "a number from 1 to 2" in words(here.house)


async def test_an_account_without_windows_names_the_buttons_that_zoom() -> None:
    async with place() as here:
        here.windows.anywhere = False
        await here.press(ZOOM)

        assert "Zoom Out 1.5x" in words(here.house)
        assert here.presses.pressed == []


async def test_a_picture_that_is_not_read_in_time_is_not_said_to_have_no_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with place() as here:
        here.jobs.late = True
        monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S)
        result = await here.press(ZOOM)

        assert result.modal is None
        assert "could not read that picture quickly enough" in words(here.house)
        assert "Zoom Out" not in words(here.house)


async def test_a_picture_without_zooms_says_so() -> None:
    async with place(actions=()) as here:
        window = await here.press(ZOOM)

        assert window.modal is None
        assert "no other zoom" in words(here.house)


@pytest.mark.parametrize("asks", [True, False])
async def test_a_button_asks_for_words_only_whoever_likes_to_be_asked(*, asks: bool) -> None:
    async with place(WindowKind.WORDS) as here:
        here.house.services.people.liked[here.house.bob.id] = replace(NOBODYS, remix=asks)
        result = await here.press(VARY)

        if asks:
            assert defaults(result) == {"prompt": a_job().prompt}
            await here.send(result, prompt="a fox in the snow")
        assert [pressed[2] for pressed in here.presses.pressed] == [3]
        assert here.presses.words == [WindowWords(prompt="a fox in the snow") if asks else None]


@pytest.mark.parametrize("trouble", [None, StorageTrouble("locked")])
async def test_whether_somebody_likes_to_be_asked_is_read_or_nothing_begins(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception | None
) -> None:
    async def preferences(_user_id: int) -> Preferences:
        if trouble is not None:
            raise trouble
        await too_slowly()
        return replace(NOBODYS, remix=True)

    async with place(WindowKind.WORDS) as here:
        monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S)
        monkeypatch.setattr(here.house.services.people, "preferences", preferences)
        result = await here.press(VARY)

        assert here.presses.pressed == []
        assert result.response is not None
        assert result.response.ephemeral
        said = "quickly enough, and nothing was started" if trouble is None else "could not write that down"
        assert said in result.response.content


@pytest.mark.parametrize("late", [False, True])
async def test_words_of_a_region_are_edited_in_its_own_window_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    region = a_press(position=REGION, custom_id=single_actions()[REGION].custom_id)
    failed = a_job(JobState.FAILED, kind=JobKind.ACTION, prompt="a red roof", press=region)
    async with place() as here:
        here.jobs.job = failed
        if late:
            monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S * 5)
        result = await press(
            here.house, ScriptedRegions(own_words="a lighthouse", late=late), f"easel:2:edit:{KEY}"
        )

        if late:
            assert result.modal is None
            assert "could not read that picture quickly enough" in words(here.house)
        else:
            assert defaults(result) == {"prompt": "a red roof"}
            assert result.modal is not None
            assert "Repaint" in result.modal["title"]


@pytest.mark.parametrize("runs", [True, False])
async def test_where_there_is_no_window_the_button_is_pressed_or_its_job_is_named(*, runs: bool) -> None:
    async with place(WindowKind.WORDS) as here:
        here.windows.found = Pressed(a_job(), PressOutcome.RUNNING) if runs else None
        result = await here.press(VARY)

        assert result.modal is None
        assert len(here.presses.pressed) == (0 if runs else 1)


async def test_a_window_that_would_come_too_late_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    async with place(WindowKind.WORDS) as here:
        monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S)
        here.windows.late = True
        result = await here.press(VARY)

        assert result.modal is None
        assert result.response is not None
        assert result.response.ephemeral


async def test_all_that_is_read_before_a_window_has_one_limit_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def preferences(_user_id: int) -> Preferences:
        await too_slowly()
        return replace(NOBODYS, remix=True)

    async with place(WindowKind.WORDS) as here:
        monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S * 15)  # enough for each of the two
        monkeypatch.setattr(here.house.services.people, "preferences", preferences)
        here.windows.late = True
        result = await here.press(VARY)

        assert result.modal is None
        assert "could not read that picture quickly enough" in words(here.house)


async def test_why_there_is_no_window_any_more_is_not_waited_for_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with place() as here:
        refused = await here.send(await here.press(ZOOM), zoom="3", prompt="a fox")
        assert refused.response is not None
        button = refused.response.components[-1]["components"][0]["custom_id"]
        here.windows.found = None
        here.jobs.late = True
        monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S * 5)
        answer = await here.house.bob.click(refused.response, custom_id=button)

        assert answer.response is not None
        assert "could not read that picture quickly enough" in answer.response.content
