"""`/jobs` and the own buttons: everything answers at once, to the right person, and only the right person may.
Never here: what withdrawing a job means for its worker (tests/services/history/test_jobs.py)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.domain.jobs import Ancestor, JobState, Press, Route
from bot.domain.pools import Pool
from bot.domain.schedule import DAY, HOUR, MINUTE
from bot.errors import RetryLater, RouteClosed, StorageTrouble
from bot.services.history.jobs import Relatives
from bot.ui.imagine.use_as_prompt import begin_from_card
from bot.ui.jobs.job_info import info_view
from bot.ui.kit.links import card_link
from cogs.jobs import age
from tests.cogs.jobs_harness import EXTENSIONS, workshop
from tests.ui.builders import PARENT, a_job, a_picture, a_press, a_reply, walk, words
from tests.ui.client_harness import CATALOGUES, an_easel, studio
from tests.ui.wire_harness import WallClock, line

OURS = {"Edit prompt", "Start from this picture", "Info", "Send me", "Favourite", "Delete"}

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simcord.actors import MemberActor
    from simcord.results import InteractionResult

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from tests.cogs.jobs_harness import JobsHarness
    from tests.ui.client_harness import ClientHarness
    from tests.ui.wire_harness import Line


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[ClientHarness, JobsHarness]]:
    async with studio(extensions=EXTENSIONS) as house, workshop(house, house.clock, folder) as shop:
        yield house, shop


@asynccontextmanager
async def on_the_line(folder: Path) -> AsyncIterator[tuple[Line, JobsHarness]]:
    async with line(extensions=EXTENSIONS) as here, workshop(here, WallClock(), folder) as shop:
        yield here, shop
        assert here.discord.findings == []


def moderator(house: ClientHarness) -> MemberActor:
    role = house.guild.create_role("mods", permissions=discord.Permissions(manage_guild=True))
    return house.guild.add_member(house.env.create_user("mo"), roles=[role])


def seen(result: InteractionResult) -> str:
    """All that the person was shown; nothing of it in public."""
    answers = [*([result.response] if result.response else []), *result.followups]
    assert [answer.ephemeral for answer in answers] == [True]
    return f"{answers[0].content}\n{words(answers[0].components)}"


def labels(result: InteractionResult) -> list[str]:
    """The buttons that came with it."""
    assert result.response is not None
    return [c.get("label") or c["emoji"]["name"] for c in walk(flat(result)) if c["type"] == 2]


def flat(result: InteractionResult) -> list[dict[str, Any]]:
    """Its components, those beside texts included."""
    assert result.response is not None
    found = list(walk(result.response.components))
    return [*result.response.components, *(c["accessory"] for c in found if "accessory" in c)]


def card_of(house: ClientHarness, job: Job) -> discord.Message:
    """The card in the channel."""
    (message,) = [m for m in house.channel.history(viewer=house.ada) if m.id == job.reply.message_id]
    return message


# -- /jobs cancel ------------------------------------------------------------------------------------------


async def test_a_queued_job_is_cancelled_by_command_and_a_worker_is_woken(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(JobState.QUEUED)

        result = await house.ada.slash(house.channel, "jobs cancel", job=job.key)

        assert "nothing is charged" in seen(result)
        assert (await shop.row(job.key)).state is JobState.CANCELLED
        assert shop.bell.rung == 1


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.SUBMITTED, JobState.RUNNING])
async def test_the_card_of_a_live_job_has_a_cancel_button(tmp_path: Path, state: JobState) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(state, shown=True)

        result = await house.ada.click(card_of(house, job), label="Cancel")

        said = seen(result)
        after = await shop.row(job.key)
        if state is JobState.QUEUED:
            assert after.state is JobState.CANCELLED
        else:
            assert "cannot be stopped" in said
            assert after.unwanted
            assert [one.unwanted for one in shop.changed] == [True]


async def test_a_stranger_may_not_cancel_and_a_moderator_may(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(JobState.QUEUED, shown=True)
        boss = moderator(house)

        refused = await house.bob.click(card_of(house, job), label="Cancel")
        assert "somebody else" in seen(refused)
        assert (await shop.row(job.key)).state is JobState.QUEUED

        assert "Cancelled" in seen(await boss.click(card_of(house, job), label="Cancel"))
        assert (await shop.row(job.key)).state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("typed", "said"),
    [("nonsense", "not the key of a picture"), ("0" * 12, "I know no picture"), ("", "done")],
)
async def test_what_cannot_be_cancelled_is_one_sentence(tmp_path: Path, typed: str, said: str) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job()

        result = await house.ada.slash(house.channel, "jobs cancel", job=typed or job.key)

        assert said.replace("done", "Too late") in seen(result)


async def test_the_answer_comes_before_any_look_into_the_database(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(JobState.QUEUED, shown=True)
        await shop.storage.database.close()  # every read fails from here on
        before = len(house.env.http_requests)

        result = await house.ada.click(card_of(house, job), label="Cancel")

        assert house.env.http_requests[before].path.endswith("/callback")
        assert seen(result)


async def test_suggestions_name_key_age_and_prompt_within_discords_limits(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        for n in range(30):
            await shop.job(prompt=f"fox {n} " + "of the northern woods " * 20)
        waiting = await shop.job(JobState.QUEUED, prompt="a `wolf` <@1>")

        finished = await house.ada.autocomplete(house.channel, "jobs show", "job", "")
        some = await house.ada.autocomplete(house.channel, "jobs show", "job", "fox 7")
        live = await house.ada.autocomplete(house.channel, "jobs cancel", "job", "")
        nobody = await house.bob.autocomplete(house.channel, "jobs show", "job", "")

    assert len(finished) == 25
    assert all(len(choice["name"]) <= 100 for choice in finished)
    assert len(some) == 1
    assert "just now · fox 7 of" in some[0]["name"]
    assert [choice["value"] for choice in live] == [waiting.key]
    assert live[0]["name"] == f"{waiting.key} · just now · a `wolf` <@1>"
    assert nobody == []


async def test_trouble_leaves_suggestions_empty(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        await shop.job()
        house.services.jobs = Broken()  # type: ignore[assignment]  # a database that does not answer

        assert await house.ada.autocomplete(house.channel, "jobs show", "job", "") == []


class Broken:
    """Services whose database is in trouble."""

    async def to_show(self, _viewer: Any, _typed: str) -> list[Job]:
        raise StorageTrouble("locked")

    async def get_authorized(self, _viewer: Any, _key: JobKey, _operation: Any) -> Job:
        await asyncio.Event().wait()
        raise AssertionError("it waits for ever")


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (0, "just now"),
        (5 * MINUTE, "5 min ago"),
        (3 * HOUR, "3 h ago"),
        (DAY, "1 day ago"),
        (9 * DAY, "9 days ago"),
    ],
)
def test_ages_are_told_roughly(passed: int, said: str) -> None:
    assert CATALOGUES.render(age(passed), "en-GB") == said


@pytest.mark.parametrize("button", ["Cancel", "Info", "Send me", "Favourite", "Delete"])
async def test_an_interaction_that_came_too_late_does_nothing(tmp_path: Path, button: str) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = await shop.job(JobState.QUEUED if button == "Cancel" else JobState.SUCCEEDED, shown=True)
        (card,) = here.discord.messages()
        here.discord.fail_next("POST", "/interactions/.+/callback", status=404, code=10062)

        await here.discord.press(card, button)
        await here.discord.until(lambda: not here.discord.unused_faults or None)

        assert await shop.row(job.key) == job
        assert len(here.discord.messages()) == 1
        assert here.discord.calls("POST", "/users/@me/channels") == []


async def test_trouble_with_discord_itself_is_not_taken_for_a_late_interaction(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = await shop.job(JobState.QUEUED, shown=True)
        (card,) = here.discord.messages()
        here.discord.fail_next("POST", "/interactions/.+/callback", status=400, code=50035)

        pressed = await here.discord.press(card, "Cancel")

        assert (await pressed.answered()).ephemeral
        assert await shop.row(job.key) == job


# -- /jobs show --------------------------------------------------------------------------------------------


async def test_a_job_comes_back_to_its_requester_with_picture_and_live_buttons(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job()

        typed = "-".join((job.key[:4], job.key[4:8], job.key[8:])).upper()
        result = await house.ada.slash(house.channel, "jobs show", job=typed)

        assert job.key in seen(result)
        assert labels(result)[:4] == ["U1", "U2", "U3", "U4"]
        assert set(labels(result)[-6:]) == OURS
        assert result.response is not None
        assert len([c for c in walk(result.response.components) if c["type"] == 12]) == 1
        assert (await shop.row(job.key)).reply == job.reply
        assert house.channel.history(viewer=house.bob) == []

        pressed = await house.ada.click(result.response.message, label="U2")

        assert not pressed.ephemeral
        ((_, key, position, _, message_id),) = house.services.presses.pressed
        assert (key, position, message_id) == (job.key, 1, 0)


async def test_in_public_everybody_sees_it_and_the_card_has_moved(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(route=Route.KEPT, unwanted=True)

        result = await house.ada.slash(house.channel, "jobs show", job=job.key, public=True)

        (message,) = house.channel.history(viewer=house.bob)
        row = await shop.row(job.key)
        assert row.reply.message_id == message.id
        assert row.reply.channel_id == house.channel.id
        assert not result.ephemeral
        assert "Cancelled" not in words(result.response.components if result.response else [])


async def test_in_public_a_refusal_leaves_no_trace(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job()

        result = await house.bob.slash(house.channel, "jobs show", job=job.key, public=True)

        assert "somebody else" in seen(result)
        assert house.channel.history(viewer=house.ada) == []


async def test_a_moderator_brings_back_anybodys_job_of_this_server_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        here = await shop.job()
        elsewhere = await shop.job(reply=replace(here.reply, guild_id=77), home=77)
        boss = moderator(house)

        assert here.key in seen(await boss.slash(house.channel, "jobs show", job=here.key))
        assert "I know no picture" in seen(await boss.slash(house.channel, "jobs show", job=elsewhere.key))
        assert "I know no picture" in seen(
            await house.ada.slash(house.channel, "jobs show", job=elsewhere.key)
        )


async def test_a_picture_that_is_gone_leaves_the_card_and_an_honest_note(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job()
        shop.gallery.trouble = RouteClosed("no_source")

        result = await house.ada.slash(house.channel, "jobs show", job=job.key)

        assert "cannot be fetched" in seen(result)
        assert "U1" in labels(result)


async def test_an_unfinished_job_is_not_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(JobState.RUNNING)

        assert "not finished" in seen(await house.ada.slash(house.channel, "jobs show", job=job.key))


# -- /jobs list and queue ----------------------------------------------------------------------------------


async def test_a_list_is_turned_by_buttons_that_survive_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        made = [await shop.job(prompt=f"fox number {n:02}") for n in range(12)]
        await shop.job(user_id=house.bob.id, prompt="a wolf of Bob's")

        first = await house.ada.slash(house.channel, "jobs list")
        page = seen(first)
        assert [f"fox number {n:02}" in page for n in range(12)] == [False] * 7 + [True] * 5
        assert "Page 1 of 3" in page
        assert made[11].key in page
        assert first.response is not None

        reborn = an_easel(house.services, house.meta, extensions=EXTENSIONS)
        await house.env.restart_bot(reborn)
        message = first.response.message
        second = await house.ada.click(message, label="▶")
        third = await house.ada.click(message, label="▶")
        last = words(first.response.components)
        await house.ada.click(message, label="◀")
        back = words(first.response.components)
        await reborn.close()

    assert second.acknowledged
    assert third.acknowledged
    assert "Page 3 of 3" in last
    assert "fox number 00" in last
    assert "Page 2 of 3" in back
    assert "Bob" not in page + last + back


async def test_a_list_says_how_each_job_stands_and_offers_what_can_be_done(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        done = await shop.job(shown=True)
        await shop.job(JobState.FAILED)
        await shop.job(JobState.QUEUED, press=a_press(label="U2"))
        await shop.job(route=Route.KEPT)
        await shop.job(JobState.RUNNING, unwanted=True)

        result = await house.ada.slash(house.channel, "jobs list")

        said = seen(result)
        for words_ in ("✅ done", "⚠️ failed", "⏳ waiting", "📥 kept for you", "🚫 not to be posted", "U2"):
            assert words_ in said
        assert f"[card]({card_link(done)})" in said
        assert sorted(labels(result)) == ["Cancel", "Show", "Show"]
        assert result.response is not None

        shown = await house.ada.click(result.response.message, label="Cancel")

        assert "Cancelled" in seen(shown)


async def test_show_in_a_list_brings_the_job(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job()
        result = await house.ada.slash(house.channel, "jobs list")
        assert result.response is not None

        shown = await house.ada.click(result.response.message, label="Show")

        assert job.key in seen(shown)
        assert "U1" in labels(shown)


async def test_an_empty_list_says_how_to_begin(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, _):
        assert "`/imagine`" in seen(await house.ada.slash(house.channel, "jobs list"))
        assert "`/imagine`" in seen(await house.ada.slash(house.channel, "jobs queue"))


async def test_the_queue_tells_own_places_and_the_servers_totals(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        await shop.job(JobState.RUNNING, user_id=house.bob.id, pool=Pool.NORMAL)
        await shop.job(JobState.QUEUED, user_id=house.bob.id, prompt="a secret of Bob's", pool=Pool.NORMAL)
        for n in range(12):
            await shop.job(JobState.QUEUED, prompt=f"fox {n}", pool=Pool.NORMAL)
        await shop.job(JobState.RUNNING, prompt="an owl")

        said = seen(await house.ada.slash(house.channel, "jobs queue"))

    assert "NORMAL: **1** at work, **13** waiting" in said
    assert "FAST: **1** at work, **0** waiting" in said
    assert "Yours (13)" in said
    assert "fox 0" in said
    assert "ahead of you" in said
    assert "and 3 more" in said
    assert "secret" not in said


# -- Info --------------------------------------------------------------------------------------------------


async def test_info_tells_everything_to_the_one_who_asks(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        parent = await shop.job(shown=True, units=3, prompt="a ```fox``` @everyone --ar 3:2 --no hats, dogs")
        press = Press(parent.key, 1, "MJ::JOB::upsample::2::x", "U2", parent.task_id, house.channel.id, 5)  # type: ignore[arg-type]  # a finished job has a task
        child = await shop.job(press=press, shown=True)

        said = seen(await house.bob.click(card_of(house, parent), label="Info"))
        below = seen(await house.bob.click(card_of(house, child), label="Info"))

    assert "a ``\u200b`fox" in said
    assert "@everyone --ar 3:2 --no hats, dogs\n```" in said
    for part in (
        parent.key,
        "42",
        f"<@{house.ada.id}>",
        "FAST",
        "3 units",
        str(card_link(child)),
        "U2",
        "done",
    ):
        assert part in said
    assert str(card_link(parent)) in below


async def test_a_prompt_too_long_for_a_message_comes_as_a_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        older = Ancestor(PARENT, house.channel.id, None)
        job = await shop.job(shown=True, prompt="fox " * 990 + "--ar 3:2", ancestor=older)

        result = await house.ada.click(card_of(house, job), label="Info")

        assert f"an edited one of `{PARENT}`" in seen(result)
        assert result.response is not None
        (file,) = result.response.attachments
        assert file.filename == "prompt.txt"
        assert (await file.read()).decode() == job.prompt


@pytest.mark.parametrize("state", list(JobState))
def test_info_finds_words_for_every_state(state: JobState) -> None:
    orphan = a_job(state, press=a_press(), ancestor=Ancestor(PARENT, 200, 390))
    child = a_job(state, press=a_press(), reply=a_reply(message_id=None))
    say = partial(CATALOGUES.render, locale="en-US")

    view, files = info_view(Relatives(orphan, None, (child,)), say)

    said = words(view.to_components())  # type: ignore[no-untyped-call]  # discord.py leaves it bare
    assert files == []
    assert f"Made with **\u2068U2\u2069** of `{PARENT}`" in said
    assert "https://discord.com/channels/100/200/390" in said
    assert ("Midjourney's task" in said) is (orphan.task_id is not None)


@pytest.mark.parametrize("language", CATALOGUES.languages)
@pytest.mark.parametrize("prompt", ["fox " * 340 + "--sref " + "1234567890 " * 30, "`" * 1_499, "🦊" * 750])
def test_info_of_a_translated_prompt_with_a_large_family_fits_into_one_message(
    language: str, prompt: str
) -> None:
    snowflake = 1_234_567_890_123_456_789
    placed = a_reply(message_id=snowflake, channel_id=snowflake, guild_id=snowflake)
    child = a_job(JobState.SUCCEEDED, press=a_press(label="*_" * 40), reply=placed)
    job = replace(child, prompt=prompt, typed="*_" * 700, ancestor=Ancestor(PARENT, snowflake, snowflake))

    view, _ = info_view(Relatives(job, child, (child,) * 25), partial(CATALOGUES.render, locale=language))

    said = words(view.to_components())  # type: ignore[no-untyped-call]  # as above
    assert len(said.encode("utf-16-le")) // 2 <= 4000
    assert "25" in said, "how many were made of it"


# -- Send me -----------------------------------------------------------------------------------------------


async def test_a_file_comes_by_direct_message(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = await shop.job(shown=True)
        (card,) = here.discord.messages()

        pressed = await here.discord.press(card, "Send me", user=here.discord.moderator)
        answer = await pressed.answered()

        assert "direct messages" in answer.content
        assert answer.ephemeral
        (message,) = here.discord.messages(here.discord.direct(here.discord.moderator))
        assert [file.filename for file in message.attachments] == ["lighthouse.png"]
        assert str(card_link(job)) in message.content
        assert not message.pings


@pytest.mark.parametrize("source", [None, "https://files.example/full.png"])
async def test_a_file_made_smaller_says_so_and_leads_to_the_full_size(
    tmp_path: Path, source: str | None
) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = await shop.job()
        shop.gallery.picture = a_picture(reduced=True, source=source)
        shown = await (await here.discord.slash("jobs show", {"job": job.key})).answered()

        await (await here.discord.press(shown, "Send me")).answered()

        (message,) = here.discord.messages(here.discord.direct())
        assert f"`{job.key}`" in message.content
        assert "made smaller" in message.content
        assert (str(source) in message.content) is (source is not None)


async def test_closed_direct_messages_are_said_plainly(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        await shop.job(shown=True)
        (card,) = here.discord.messages()
        here.discord.fail_next("POST", r"/channels/\d+/messages", status=403, code=50007)

        answer = await (await here.discord.press(card, "Send me")).answered()

        assert "You do not accept direct messages from me" in answer.content
        assert answer.ephemeral


async def test_a_picture_that_is_gone_is_not_promised(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)
        shop.gallery.trouble = RetryLater("gone")

        assert "cannot be fetched" in seen(await house.ada.click(card_of(house, job), label="Send me"))


# -- Delete ------------------------------------------------------------------------------------------------


async def test_a_card_is_deleted_after_a_second_press_and_can_be_shown_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)

        asked = await house.ada.click(card_of(house, job), label="Delete")
        assert "for everybody" in seen(asked)
        assert len(house.channel.history(viewer=house.bob)) == 1
        assert asked.response is not None
        await house.ada.click(asked.response.message, label="Delete it")

        assert house.channel.history(viewer=house.bob) == []
        assert f"/jobs show {job.key}" in words(asked.response.components)
        assert (await shop.row(job.key)).reply.message_id is None
        assert "[card]" not in seen(await house.ada.slash(house.channel, "jobs list"))
        await house.ada.slash(house.channel, "jobs show", job=job.key, public=True)
        assert len(house.channel.history(viewer=house.bob)) == 1


async def test_only_the_requester_and_moderators_may_delete(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)
        boss = moderator(house)

        assert "somebody else" in seen(await house.bob.click(card_of(house, job), label="Delete"))
        assert labels(await boss.click(card_of(house, job), label="Delete")) == ["Delete it"]


async def test_delete_under_a_private_copy_is_about_the_public_card(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)
        nowhere = await shop.job()
        copy = await house.ada.slash(house.channel, "jobs show", job=job.key)
        other = await house.ada.slash(house.channel, "jobs show", job=nowhere.key)
        assert copy.response is not None
        assert other.response is not None

        asked = await house.ada.click(copy.response.message, label="Delete")
        assert asked.response is not None
        await house.ada.click(asked.response.message, label="Delete it")

        assert (await shop.row(job.key)).reply.message_id is None
        assert "no card" in seen(await house.ada.click(other.response.message, label="Delete"))


async def test_a_card_that_is_gone_already_counts_as_deleted(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = await shop.job(shown=True)
        (card,) = here.discord.messages()
        asked = await (await here.discord.press(card, "Delete")).answered()
        here.discord.delete(card)

        pressed = await here.discord.press(asked, "Delete it")
        await here.discord.until(lambda: "Deleted." in asked.text or None)

        assert pressed.answer_type == 6
        assert (await shop.row(job.key)).reply.message_id is None


async def test_a_deletion_that_discord_refuses_says_who_can_help(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = await shop.job(shown=True)
        (card,) = here.discord.messages()
        asked = await (await here.discord.press(card, "Delete")).answered()
        here.discord.fail_next("DELETE", r"/channels/\d+/messages/\d+", status=403, code=50001)

        pressed = await here.discord.press(asked, "Delete it")
        await here.discord.until(lambda: pressed.followups or None)

        assert "A moderator can" in pressed.followups[0].content
        assert (await shop.row(job.key)).reply == job.reply


# -- Edit prompt, and Start from this picture ----------------------------------------------------------------


async def test_start_from_this_picture_asks_for_words_that_go_with_this_cards_picture(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)

        window = await house.bob.click(card_of(house, job), label="Start from this picture")
        assert window.modal is not None
        assert window.modal["custom_id"] == begin_from_card.id(job.key)


async def test_remix_opens_a_window_with_the_prompt_and_begins_a_chain_in_the_same_pool(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)

        opened_ = await house.bob.click(card_of(house, job), label="Edit prompt")

        assert opened_.modal is not None
        (field,) = [c["component"] for c in opened_.modal["components"]]
        assert field["value"] == job.prompt
        assert house.bot._connection._view_store._modals == {}
        sent = await house.bob.submit_modal(opened_, {"prompt": "a lighthouse in spring --ar 2:3"})
        assert sent.deferred
        assert not sent.ephemeral
        ((asker, ancestor, prompt),) = house.services.imagine.remixed
        assert (asker.user_id, ancestor.key) == (house.bob.id, job.key)
        assert prompt == "a lighthouse in spring --ar 2:3"
        assert house.services.imagine.begun[0][2] is job.pool


async def test_a_window_that_was_open_during_a_restart_still_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)
        window = await house.ada.click(card_of(house, job), label="Edit prompt")
        reborn = an_easel(house.services, house.meta, extensions=EXTENSIONS)
        await house.env.restart_bot(reborn)

        sent = await house.ada.submit_modal(window, {"prompt": "an owl"})
        await reborn.close()

    assert sent.deferred
    assert [prompt for _, _, prompt in house.services.imagine.remixed] == ["an owl"]


async def test_a_bad_prompt_in_the_window_is_refused_privately(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)
        window = await house.ada.click(card_of(house, job), label="Edit prompt")

        sent = await house.ada.submit_modal(window, {"prompt": "an owl --chaso 5"})

        assert "chaos" in seen(sent)
        assert not sent.deferred
        assert house.services.imagine.remixed == []


async def test_a_database_too_slow_for_a_window_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ui.kit.deadline.READ_S", 0.05)
    async with on_the_line(tmp_path) as (here, shop):
        await shop.job(shown=True)
        (card,) = here.discord.messages()
        here.services.jobs = Broken()  # type: ignore[assignment]  # it never answers

        answer = await (await here.discord.press(card, "Edit prompt")).answered()

        assert "press **Edit prompt** again" in answer.content
        assert answer.ephemeral


async def test_a_window_passes_discords_own_rules(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        await shop.job(shown=True, prompt="fox " * 990 + "--ar 3:2")
        (card,) = here.discord.messages()

        opened_ = await here.discord.press(card, "Edit prompt")
        assert await opened_.acknowledged() == 9
        sent = await here.discord.submit_modal(opened_, {"prompt": "an owl"})
        await asyncio.wait_for(here.services.imagine.asked.wait(), 60)

        assert sent.answer_type == 5


async def test_lists_and_info_pass_discords_own_rules(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = [await shop.job() for _ in range(7)][-1]
        for name in ("list", "queue"):
            await (await here.discord.slash(f"jobs {name}")).answered()
        shown = await (await here.discord.slash("jobs show", {"job": job.key})).answered()
        await (await here.discord.press(shown, "Info")).answered()

        assert "U1" in [button.label for button in shown.buttons]
