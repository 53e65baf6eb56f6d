"""Prompts of a description and shorter ones: opened, edited, begun one by one or all; and pictures of messages as prompts.
Never here: whole jobs through the engine (tests/e2e/test_pictures.py)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.domain.intake.window_words import WindowWords
from bot.domain.jobs import JobKind, JobState, Press
from bot.domain.tasks import RemoteTaskId
from bot.services.intake.describe import IdeasStarted
from bot.services.intake.intake import StartedJob
from bot.services.intake.press import Pressed, PressOutcome
from bot.texts import text
from bot.ui.card.description import DESCRIBE_AGAIN, IDEA_WORDS, IMAGINE_ALL
from bot.ui.card.shortened import SHORTER_WORDS
from bot.ui.imagine.use_as_prompt import HELD, MESSAGE, open_under_card
from bot.ui.jobs.try_again import try_again
from bot.ui.kit.links import card_link
from tests.fixtures.patience import SHORT_S, too_slowly
from tests.ui.builders import KEY, PARENT, UUID, a_job, walk
from tests.ui.client_harness import studio
from tests.ui.imagine.test_windows import OneJob, WordedPresses, defaults
from tests.ui.region.test_picker import Drafts, press, words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from simcord.results import InteractionResult

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.services.intake.describe import Places
    from tests.ui.client_harness import ClientHarness

EXTENSIONS = ("cogs.imagine", "cogs.jobs", "cogs.pictures", "cogs.shorten")
PNG = ("fox.png", b"\x89PNG\r\n\x1a\n picture")


@dataclass
class Chains:
    """Describing, shortening, blending and regions at once: all of them begin jobs, and remember of what."""

    job: Job
    late: bool = False
    started: IdeasStarted = field(default_factory=lambda: IdeasStarted((), (), ()))
    begun: list[tuple[str, Any]] = field(default_factory=list)
    running: Job | None = None

    def _began(self, what: str, about: Any, asker: Asker) -> StartedJob:
        self.begun.append((what, about))
        return StartedJob(self.running or a_job(reply=asker.reply), fresh=self.running is None)

    async def idea(self, _viewer: object, _key: JobKey, number: int) -> tuple[Job, str]:
        if self.late:
            await too_slowly()
        return self.job, f"prompt {number + 1}"

    shorter = idea

    async def imagine(self, asker: Asker, _viewer: object, _key: JobKey, prompt: str, **_: Any) -> StartedJob:
        return self._began("prompt", prompt, asker)

    async def again(self, asker: Asker, *about: Any) -> Any:
        began = self._began("again", about[-1], asker)
        return Pressed(began.job, PressOutcome.STARTED) if isinstance(about[-1], Press) else began

    async def begin(self, asker: Asker, given: Any, **_: Any) -> StartedJob:
        return self._began("picture", given, asker)

    async def imagine_all(self, _viewer: object, _key: JobKey, places: Places) -> IdeasStarted:
        asker, spare = await places.open(), await places.open()
        await places.shut(spare)
        self.begun.append(("all", asker.reply.message_id))
        return self.started


@dataclass
class Place:
    """A description, and Bob in front of it."""

    house: ClientHarness
    chains: Chains

    async def press(self, custom_id: str) -> InteractionResult:
        return await press(self.house, self.chains, custom_id)  # type: ignore[arg-type]  # they are regions, too


@asynccontextmanager
async def place(**changes: Any) -> AsyncIterator[Place]:
    job = replace(a_job(JobState.SUCCEEDED), **changes)
    async with studio(extensions=EXTENSIONS) as house:
        services: Any = house.services
        chains = Chains(job)
        services.jobs = OneJob(job)
        services.describing = services.shortening = services.blending = chains
        services.imagine.again = chains.again
        services.presses = WordedPresses()
        services.drafts = Drafts()
        yield Place(house, chains)


def spelled(word: str) -> str:
    return f"easel:2:{word}:{KEY}"


@pytest.mark.parametrize("word", [IDEA_WORDS[1], SHORTER_WORDS[1]])
async def test_a_prompt_is_opened_edited_and_begun(word: str) -> None:
    async with place() as here:
        window = await here.press(spelled(word))
        assert defaults(window) == {"prompt": "prompt 2"}
        await here.house.bob.submit_modal(window, {"prompt": "a fox in the snow"})

        assert here.chains.begun == [("prompt", "a fox in the snow")]


@pytest.mark.parametrize("word", [IDEA_WORDS[0], SHORTER_WORDS[0]])
async def test_a_prompt_that_cannot_be_sent_or_opened_in_time_begins_nothing(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place() as here:
        refused = await here.house.bob.submit_modal(await here.press(spelled(word)), {"prompt": "--ar 1:1"})
        assert refused.response is not None
        assert refused.response.ephemeral
        assert here.house.services.drafts.kept[0][0].prompt == "--ar 1:1"
        monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S)
        here.chains.late = True
        late = await here.press(spelled(word))

        assert late.modal is None
        assert here.chains.begun == []


@pytest.mark.parametrize("runs", [True, False])
async def test_the_same_picture_is_described_again_or_the_running_job_is_named(*, runs: bool) -> None:
    async with place() as here:
        here.chains.running = a_job() if runs else None
        await here.press(spelled(DESCRIBE_AGAIN[0]))

        assert here.chains.begun == [("again", KEY)]
        assert (str(card_link(a_job())) in words(here.house)) is runs


async def test_all_prompts_begin_at_once_and_one_answer_says_what_came_of_it() -> None:
    async with place() as here:
        full = text("describe.one_picture")
        here.chains.started = IdeasStarted((a_job(),), (a_job(),), ((3, full), (4, full)))
        result = await here.press(spelled(IMAGINE_ALL[0]))

        ((_, message_id),) = here.chains.begun
        assert message_id in {message.id for message in here.house.channel.history()}
        assert len(here.house.channel.history()) == 2  # the room that was not used is taken away again
        said = result.followups[-1].content
        assert said.count("\n") == 2
        assert "3" in said.splitlines()[2]
        assert "4" in said.splitlines()[2]


async def test_discord_without_room_for_a_card_begins_nothing() -> None:
    async with place() as here:
        here.house.env.inject_error("POST", "/webhooks/*/*", status=500)
        await here.press(spelled(IMAGINE_ALL[0]))

        assert here.chains.begun == []


# -- try again ---------------------------------------------------------------------------------------------------


def press_of(name: str, **changes: Any) -> Press:
    button = f"MJ::{name}::1::{UUID}::SOLO"
    press = Press(PARENT, 2, button, "V", parent_task=RemoteTaskId("40"), channel_id=1, message_id=2)
    return replace(press, **changes)


@pytest.mark.parametrize(
    ("changes", "begun"),
    [
        ({"kind": JobKind.DESCRIBE}, "describe"),
        ({"kind": JobKind.BLEND}, "blend"),
        ({}, "imagine"),
        ({"press": press_of("Inpaint")}, "region"),
    ],
)
async def test_what_failed_is_tried_again_as_what_it_was(changes: dict[str, Any], begun: str) -> None:
    async with place(**changes) as here:
        await here.press(try_again.id(KEY))

        ((what, about),) = here.chains.begun
    assert what == "again"
    expected = {"describe": KEY, "region": changes.get("press")}.get(begun, here.chains.job)
    assert about == expected


@pytest.mark.parametrize("worded", [True, False])
async def test_a_press_is_tried_again_with_the_words_that_it_had(*, worded: bool) -> None:
    zoom = press_of("CustomZoom", zoom="1.4") if worded else press_of("JOB::low_variation")
    async with place(press=zoom, prompt="a fox") as here:
        await here.press(try_again.id(KEY))

        presses: Any = here.house.services.presses
        assert presses.pressed[0][1:3] == (PARENT, 2)
        assert presses.words == [WindowWords(prompt="a fox", zoom="1.4") if worded else None]


@pytest.mark.parametrize("word", ["edit", "remix"])
async def test_a_card_that_has_no_words_opens_no_empty_window(word: str) -> None:
    async with place(prompt="", kind=JobKind.BLEND, inputs=2) as here:
        pressed = await here.press(spelled(word))

        assert pressed.modal is None
        assert "no words here to edit" in words(here.house)


async def test_a_region_whose_account_takes_no_words_is_edited_as_a_prompt() -> None:
    async with place(press=press_of("Inpaint"), prompt="a sore fox") as here:
        assert defaults(await here.press(spelled("edit"))) == {"prompt": "a sore fox"}


# -- pictures of messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [True, False])
async def test_a_messages_picture_becomes_part_of_a_prompt(*, held: bool) -> None:
    async with place() as here:
        channel, bob = here.house.channel, here.house.bob
        posted = await bob.send(channel, "look", attachments=[PNG])
        window = await bob.context_menu(channel, "Use as image prompt", posted)
        if not held:
            HELD.clear()  # as after a restart
        await bob.submit_modal(window, {"prompt": "a paper fox", "weight": "1,5"})

        ((_, options, _),) = here.house.services.imagine.begun
        (given,) = here.house.services.imagine.given
        assert (options.prompt, options.weight, options.pictures) == ("a paper fox", "1.5", 1)
        assert given.filename == "fox.png"


async def test_a_message_that_is_gone_by_then_begins_nothing() -> None:
    async with place() as here:
        channel, bob = here.house.channel, here.house.bob
        posted = await bob.send(channel, "look", attachments=[PNG])
        window = await bob.context_menu(channel, "Use as image prompt", posted)
        HELD.clear()
        await bob.delete(posted)
        await bob.submit_modal(window, {"prompt": "a paper fox"})

        assert here.house.services.imagine.begun == []
        assert "That picture is gone" in words(here.house)


async def test_words_of_a_window_whose_message_cannot_be_read_again_are_given_back() -> None:
    async with place() as here:
        me = here.house.bot.user
        assert me is not None
        unread = discord.PermissionOverwrite(read_message_history=False)
        channel, bob = here.house.guild.create_text_channel("unread", overwrites={me: unread}), here.house.bob
        posted = await bob.send(channel, "look", attachments=[PNG])
        window = await bob.context_menu(channel, "Use as image prompt", posted)
        HELD.clear()  # as after a restart
        told = await bob.submit_modal(window, {"prompt": "a paper fox", "weight": "1,5"})

        assert here.house.services.imagine.begun == []
        ((options, _),) = here.house.services.drafts.kept
        assert (options.prompt, options.weight) == ("a paper fox", "1.5")
        labels = [p.get("label") for answer in told.followups for p in walk(answer.components)]
        assert "Edit prompt" in labels


@pytest.mark.parametrize("forged", ["by somebody else", "from elsewhere"])
async def test_a_picture_that_somebody_looked_at_is_nobody_elses_by_the_id_of_its_message(
    forged: str,
) -> None:
    async with place() as here:
        house, bob = here.house, here.house.bob
        me = house.bot.user
        assert me is not None
        unread = discord.PermissionOverwrite(read_message_history=False)
        private = house.guild.create_text_channel("private", overwrites={me: unread})
        posted = await bob.send(private, "look", attachments=[PNG])
        await bob.context_menu(private, "Use as image prompt", posted)
        if forged == "by somebody else":
            theirs = await house.ada.context_menu(
                private, "Use as image prompt", await house.ada.send(private, "mine", attachments=[PNG])
            )
        else:
            theirs = await bob.context_menu(
                house.channel, "Use as image prompt", await bob.send(house.channel, "mine", attachments=[PNG])
            )
        drawn = theirs._interaction.modal
        assert drawn is not None
        drawn["custom_id"] = f"easel:2:{MESSAGE}:{posted.id}"
        sender = house.ada if forged == "by somebody else" else bob
        await sender.submit_modal(theirs, {"prompt": "a paper fox", "weight": ""})

        assert house.services.imagine.begun == []


async def test_a_picture_of_a_message_is_described_and_a_message_without_one_is_not() -> None:
    async with place() as here:
        channel, bob = here.house.channel, here.house.bob
        posted = await bob.send(channel, "look", attachments=[("notes.txt", b"words"), PNG])
        await bob.context_menu(channel, "Describe picture", posted)
        bare = await bob.context_menu(channel, "Describe picture", await bob.send(channel, "no picture"))

        ((_, given),) = here.chains.begun
        assert given.filename == "fox.png"
        assert bare.response is not None
        assert bare.response.ephemeral


async def test_the_button_under_a_card_asks_for_the_words_that_go_with_it() -> None:
    async with place() as here:
        window = await here.press(open_under_card.id(KEY))

        assert defaults(window) == {"prompt": "", "weight": ""}


async def test_pictures_are_mixed_and_described_by_command() -> None:
    async with place() as here:
        channel, bob = here.house.channel, here.house.bob
        await bob.slash(channel, "blend", image1=PNG, image2=("owl.png", PNG[1]))
        await bob.slash(channel, "describe", image=PNG)
        none = await bob.slash(channel, "describe")

        blended, described = (given for _, given in here.chains.begun)
        assert [one.filename for one in blended] == ["fox.png", "owl.png"]
        assert described.filename == "fox.png"
        assert none.response is not None
        assert none.response.ephemeral
