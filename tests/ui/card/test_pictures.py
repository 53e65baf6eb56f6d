"""Cards of blends, descriptions and prompts with pictures: named without words, and nothing on them that cannot work.
Never here: what their buttons do (tests/e2e/test_pictures.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import discord
import pytest

from bot.domain.archive import JobPage
from bot.domain.inputs import Shape
from bot.domain.jobs import Ancestor, JobKind, JobState, Route
from bot.domain.pools import Pool
from bot.domain.ports import CardLocation, Showing
from bot.domain.settling import WINDOW_OPENED
from bot.domain.tasks import RemoteAction
from bot.errors import UserError
from bot.services.admission.viewer import Viewer
from bot.services.history.jobs import History, Relatives
from bot.ui.card.cards import Cards
from bot.ui.card.titles import plain_title
from bot.ui.imagine.attachments import READ_S, AttachedPicture
from bot.ui.jobs.job_info import info_view
from bot.ui.jobs.lists import history_view
from bot.ui.kit.message_parser import flat
from tests.fakes.discord_rules import load_oracle
from tests.ui.builders import NOW, PARENT, a_job, a_picture, a_press, grid_actions, walk, words
from tests.ui.client_harness import CATALOGUES, studio

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.texts import Text

FOUR = "1️⃣ a *fox* --ar 3:2\n\n2️⃣ an owl\n\n3️⃣ an elk\n\n4️⃣ a cat"
SECTION, THUMBNAIL, GALLERY = 9, 11, 12


def a_description(state: JobState = JobState.SUCCEEDED, **changes: Any) -> Job:
    """A finished description, with upstream's buttons in its row."""
    job = a_job(
        state, kind=JobKind.DESCRIBE, prompt="", inputs=1, subject="my_fox.png", result_text=FOUR, actions=()
    )
    if state is JobState.SUCCEEDED:
        job = replace(job, actions=(RemoteAction("MJ::Job::PicReader::1", "", "1️⃣"),))
    return replace(job, **changes)


def a_blend(state: JobState = JobState.SUCCEEDED, **changes: Any) -> Job:
    job = a_job(state, kind=JobKind.BLEND, prompt="", inputs=3, shape=Shape.LANDSCAPE)
    return replace(job, **changes)


def drawn(job: Job, **options: Any) -> list[dict[str, Any]]:
    view = Cards(CATALOGUES).draw(Showing(job, NOW), **options)
    return view.to_components()


def positions(components: list[dict[str, Any]]) -> list[int | str]:
    ids = [c["custom_id"].split(":") for c in walk(components) if c["type"] == 2]
    return [int(more[1]) if kind == "press" else kind for _, _, kind, *more in ids]


def localize(sentence: Text) -> str:
    return CATALOGUES.render(sentence, "en")


@pytest.mark.parametrize("state", list(JobState))
def test_a_description_and_a_blend_are_taken_by_discord_in_every_state(state: JobState) -> None:
    oracle, _ = load_oracle()
    for job in (a_description(state), a_blend(state), a_description(state, subject=None)):
        components = drawn(job, media="attachment://fox.png")
        assert "Description of" in words(components) or "Blend of 3 pictures · landscape" in words(components)
        assert "remix" not in positions(components)
        body = {
            "flags": 1 << 15,
            "components": components,
            "attachments": [{"id": 0, "filename": "fox.png"}],
        }
        found = [] if oracle is None else oracle.check_request("POST", "/channels/1/messages", body=body)
        assert [str(f) for f in found if f.level in {"error", "rule"}] == []


def test_a_description_shows_its_prompts_beside_the_picture_with_buttons_of_ours_alone() -> None:
    components = drawn(a_description(), media="attachment://fox.png")

    assert "**1** \u2068a \\*fox\\* --ar 3\\:2\u2069\n**2** \u2068an owl\u2069" in words(components)
    assert positions(components) == [
        *("idea0", "idea1", "idea2", "idea3"),
        *("ideas", "describe", "info", "delete"),
    ]
    section = next(c for c in walk(components) if c["type"] == 9)
    assert section["accessory"]["type"] == THUMBNAIL
    assert GALLERY not in [c["type"] for c in walk(components)]


def test_a_description_offers_as_many_prompts_as_it_has() -> None:
    assert positions(drawn(a_description(result_text="1. a fox\n2. an owl")))[:3] == [
        "idea0",
        "idea1",
        "ideas",
    ]
    assert positions(drawn(a_description(result_text="a fox")))[:2] == ["idea0", "describe"]
    forgotten = drawn(a_description(result_text=None, subject=None))
    assert "no longer kept" in words(forgotten)
    assert positions(forgotten) == ["describe", "info", "delete"]


def test_long_prompts_of_a_description_fit_into_one_message() -> None:
    long = "\n\n".join(f"{n}. " + "*_fox 👩\u200d🚀" * 400 for n in range(1, 5))

    shown = words(drawn(a_description(result_text=long)))

    assert len(shown.encode("utf-16-le")) // 2 <= 4_000


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (a_description(ancestor=Ancestor(PARENT, 200, 2)), "The same picture as [here]"),
        (a_description(ancestor=Ancestor(PARENT, 1, None)), f"The same picture as in `{PARENT}`"),
        (
            a_job(ancestor=Ancestor(PARENT, 200, 2), notes=("note.from_description",)),
            "From [this description]",
        ),
        (
            a_job(ancestor=Ancestor(PARENT, 1, None), notes=("note.from_description",)),
            f"From the description `{PARENT}`",
        ),
        (a_job(ancestor=Ancestor(PARENT, 200, 2)), "From the prompt of [this picture]"),
    ],
)
def test_a_card_says_where_it_comes_from_once(job: Job, said: str) -> None:
    shown = words(drawn(job))

    assert said in shown
    assert "From a description." not in shown


def test_that_a_window_was_filled_is_the_workers_own_note() -> None:
    assert words(drawn(a_job(notes=(WINDOW_OPENED,)))) == words(drawn(a_job()))


def test_a_prompt_with_pictures_says_how_many_and_names_no_address() -> None:
    shown = words(drawn(a_job(JobState.SUCCEEDED, inputs=2)))

    assert "with 2 pictures" in shown


def test_what_grew_from_a_blend_has_no_words_and_no_remix() -> None:
    child = a_job(JobState.SUCCEEDED, kind=JobKind.ACTION, prompt="", press=a_press())

    components = drawn(child, media="attachment://fox.png", picture=a_picture())

    assert words(components).startswith("**\u2068U2\u2069** of [this picture]")
    assert "remix" not in positions(components)
    assert "-# \u2068\u2069" not in words(components)


def test_a_veiled_picture_is_veiled_on_every_card() -> None:
    veiled = ("note.spoiler",)
    for job in (a_description(notes=veiled), a_job(JobState.SUCCEEDED, notes=veiled)):
        components = drawn(job, media="attachment://fox.png")
        shown = [c for c in walk(components) if c["type"] in {GALLERY, SECTION}]
        media = shown[0]["items"][0] if shown[0]["type"] == GALLERY else shown[0]["accessory"]
        assert media["spoiler"] is True


@pytest.mark.parametrize(
    ("job", "title"),
    [
        (a_job(prompt="a fox"), "a fox"),
        (a_blend(), "Blend of 3 pictures · landscape"),
        (a_blend(shape=None), "Blend of 3 pictures · square"),
        (a_description(), "Description of my_fox.png"),
        (a_description(subject=None), "Description of a picture"),
        (a_job(kind=JobKind.ACTION, prompt="", press=a_press()), "U2"),
        (a_job(prompt=""), "prompt erased"),
    ],
)
def test_everything_has_a_name_where_prompts_are_listed(job: Job, title: str) -> None:
    assert plain_title(job, localize) == title


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (a_blend(actions=grid_actions()), "**Blend of 3 pictures · landscape**"),
        (a_job(JobState.SUCCEEDED, kind=JobKind.ACTION, prompt="", press=a_press()), "without words"),
    ],
)
def test_info_names_what_has_no_prompt(job: Job, said: str) -> None:
    view, files = info_view(Relatives(job, None, ()), localize)

    assert said in words(view.to_components())  # type: ignore[no-untyped-call]  # discord.py leaves it bare
    assert files == []


def test_info_of_an_order_names_the_second_engine_and_no_task() -> None:
    order = a_job(JobState.SUCCEEDED, kind=JobKind.DRAW, pool=Pool.DRAW, prompt="a fox")
    view, _ = info_view(Relatives(order, None, ()), localize)
    said = words(view.to_components())  # type: ignore[no-untyped-call]  # discord.py leaves it bare

    assert "Sent to the second engine" in said
    assert "Midjourney" not in said
    assert "`42`" not in said


@pytest.mark.parametrize("kind", [JobKind.IMAGINE, JobKind.DRAW, JobKind.SHORTEN])
def test_a_prompt_that_was_erased_is_said_to_be_that_everywhere(kind: JobKind) -> None:
    job = a_job(JobState.SUCCEEDED, kind=kind, prompt="", inputs=2)
    info, _ = info_view(Relatives(job, None, ()), localize)

    assert "*prompt erased*" in words(drawn(job, media="attachment://fox.png"))
    assert "prompt erased" in words(info.to_components())  # type: ignore[no-untyped-call]  # as above
    assert Cards(CATALOGUES).description(job) == "Midjourney's picture"


def test_a_blend_is_described_in_lists_too() -> None:
    blend = a_blend()
    page, bob = History(JobPage([blend], 1), 0, 1), Viewer(user_id=500, guild_id=100, manages=False)
    view = history_view(page, bob, localize, seen={blend.key: "https://cdn.example/fox.png"})

    (section,) = [c for c in walk(view.to_components()) if c["type"] == SECTION]  # type: ignore[no-untyped-call]  # as above
    assert section["accessory"]["description"] == "Blend of 3 pictures · landscape"


@pytest.mark.parametrize(
    ("kind", "brought"),
    [
        (JobKind.DESCRIBE, "here are the prompts"),
        (JobKind.SHORTEN, "here are the prompts"),
        (JobKind.BLEND, "here is"),
    ],
)
def test_the_old_card_of_what_came_as_news_says_what_is_there(kind: JobKind, brought: str) -> None:
    shown = Showing(a_job(JobState.SUCCEEDED, kind=kind), NOW, moved_to=CardLocation(1, 2, 3))

    assert f"Done: [{brought}" in words(Cards(CATALOGUES).draw(shown).to_components())


async def test_an_edit_without_a_picture_keeps_the_one_beside_a_description() -> None:
    async with studio() as house:
        job = house.job(kind=JobKind.DESCRIBE, prompt="", subject="fox.png", result_text=FOUR)
        shown = await house.publisher.show(Showing(job, NOW), Route.POST, picture=a_picture())
        placed = replace(job, reply=replace(job.reply, message_id=shown.message_id))

        await house.publisher.show(Showing(placed, NOW), Route.EDIT, picture=None)

        (message,) = house.channel.history()
        beside = [c for c in flat(message.components) if isinstance(c, discord.ThumbnailComponent)]
        assert [c.media.url.rpartition("/")[2] for c in beside] == ["lighthouse.png"]


class Broken:
    """An attachment that Discord does not give."""

    filename, size, url = "fox.png", 3, "https://cdn.example/fox.png"

    async def read(self) -> bytes:
        raise ConnectionResetError


async def test_a_file_that_discord_does_not_give_just_now_is_told_so() -> None:
    with pytest.raises(UserError) as caught:
        await AttachedPicture(cast("discord.Attachment", Broken())).read()

    assert caught.value.text.id == "picture.unreadable"
    assert READ_S > 0
