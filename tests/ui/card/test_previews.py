"""Previews on the card as Discord keeps it: shown, veiled, replaced, taken away, and never taken for the picture.
Never here: when a preview is fetched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.ports import PREVIEW_NAME
from bot.ui.card.cards import SPOILER
from tests.ui.builders import a_picture
from tests.ui.card.test_publisher import only_message, seen
from tests.ui.wire_harness import line

PREVIEW = a_picture(filename=f"{PREVIEW_NAME}46.png")


async def test_a_running_card_shows_its_preview_and_the_next_one_takes_its_place() -> None:
    async with line() as here:
        running = here.job(JobState.RUNNING, reply=await here.asked())
        for n in (26, 46):
            one = a_picture(filename=f"{PREVIEW_NAME}{n}.png")
            await here.publisher.show(seen(running), Route.REPLY, picture=one)

        message = only_message(here)
        assert [one.filename for one in message.shown] == [f"{PREVIEW_NAME}46.png"]
        assert [one.filename for one in message.attachments] == [f"{PREVIEW_NAME}46.png"]
        assert "46 %" in message.text
        assert "picture so far" in str(here.discord.calls("PATCH", r"/webhooks/.+")[-1].json)


@pytest.mark.parametrize("notes", [(), (SPOILER,)])
async def test_a_preview_is_veiled_where_the_result_will_be(notes: tuple[str, ...]) -> None:
    async with line() as here:
        running = here.job(JobState.RUNNING, reply=await here.asked(), notes=notes)
        await here.publisher.show(seen(running), Route.REPLY, picture=PREVIEW)

        sent = str(here.discord.calls("PATCH", r"/webhooks/.+")[-1].json["components"])
        assert ("'spoiler': True" in sent) is bool(notes)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.RUNNING, JobState.CANCELLED])
async def test_without_one_an_edit_takes_the_preview_away(state: JobState) -> None:
    async with line() as here:
        running = here.job(JobState.RUNNING, reply=await here.asked())
        await here.publisher.show(seen(running), Route.REPLY, picture=PREVIEW)

        await here.publisher.show(
            seen(replace(here.job(state), reply=running.reply)), Route.REPLY, picture=None
        )

        message = only_message(here)
        assert (list(message.attachments), list(message.shown)) == ([], [])


@pytest.mark.parametrize("route", [Route.REPLY, Route.EDIT])
async def test_a_finished_card_never_takes_the_preview_for_its_picture(route: Route) -> None:
    async with line() as here:
        running = here.job(JobState.RUNNING, reply=await here.asked())
        shown = await here.publisher.show(seen(running), Route.REPLY, picture=PREVIEW)
        assert shown.message_id is not None
        assert await here.publisher.picture_url(shown.channel_id, shown.message_id) is None

        finished = replace(here.job(), reply=running.reply, notes=("note.picture_fetching",))
        await here.publisher.show(seen(finished), route, picture=None)
        message = only_message(here)
        assert (list(message.attachments), list(message.shown)) == ([], [])

        await here.publisher.show(seen(finished), route, picture=a_picture())
        assert [one.filename for one in message.shown] == ["lighthouse.png"]


async def test_a_card_folded_into_a_link_shows_no_preview_any_more() -> None:
    async with line() as here:
        running = here.job(JobState.RUNNING, reply=await here.asked())
        await here.publisher.show(seen(running), Route.REPLY, picture=PREVIEW)
        old = only_message(here)
        job = replace(here.job(), reply=running.reply)
        shown = await here.publisher.show(seen(job), Route.POST, picture=a_picture())

        await here.publisher.show(replace(seen(job), moved_to=shown), Route.REPLY, picture=None)

        assert (list(old.attachments), list(old.shown)) == ([], [])
