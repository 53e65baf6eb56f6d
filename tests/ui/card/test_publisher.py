"""The publisher on a real wire: every route, what each refusal means, and no picture lost to a button.
Never here: which route is tried next."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.keys import JobKey
from bot.domain.ports import Showing
from bot.errors import RetryLater, RouteClosed, TooLarge
from bot.texts import text
from bot.ui.kit.message_parser import flat
from tests.fakes.discord_wire import Permission
from tests.fixtures.leaps import standing_still
from tests.ui.builders import KEY, a_job, a_picture, a_press
from tests.ui.client_harness import CATALOGUES, studio
from tests.ui.wire_harness import WallClock, line

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.texts import Text
    from tests.fakes.discord_wire import Message
    from tests.ui.wire_harness import Line

MESSAGES = r"/channels/\d+/messages"
MESSAGE = r"/channels/\d+/messages/\d+"
REPLY = r"/webhooks/\d+/[^/]+/messages/.+"


def seen(job: Job, ahead: int | None = None) -> Showing:
    return Showing(job, WallClock().now(), ahead)


def only_message(here: Line) -> Message:
    (message,) = here.discord.messages()
    return message


async def posted(here: Line, job: Job) -> Job:
    """Post a card; the job then knows its message."""
    shown = await here.publisher.show(seen(job), Route.POST, picture=None)
    return replace(job, reply=replace(job.reply, message_id=shown.message_id))


# -- the ways ----------------------------------------------------------------------------------------------


async def test_a_reply_turns_from_thinking_through_progress_into_the_picture() -> None:
    async with line() as here:
        reply = await here.asked()
        message = only_message(here)
        assert message.loading

        queued = here.job(JobState.QUEUED, reply=reply)
        await here.publisher.show(seen(queued, 2), Route.REPLY, picture=None)
        assert "2 ahead of you" in message.text
        await here.publisher.show(seen(here.job(JobState.RUNNING, reply=reply)), Route.REPLY, picture=None)
        assert "46 %" in message.text
        shown = await here.publisher.show(seen(here.job(reply=reply)), Route.REPLY, picture=a_picture())

    assert shown.message_id == message.id
    assert shown.channel_id == here.discord.channel.id
    assert [one.filename for one in message.attachments] == ["lighthouse.png"]
    assert [one.label or one.emoji for one in message.buttons][:5] == ["U1", "U2", "U3", "U4", "🔄"]
    assert not message.pings


async def test_a_reply_whose_message_is_not_known_goes_by_its_own_name() -> None:
    async with line() as here:
        reply = replace(await here.asked(), message_id=None)

        shown = await here.publisher.show(seen(here.job(reply=reply)), Route.REPLY, picture=None)

        assert shown.message_id == only_message(here).id
        assert here.discord.calls("PATCH", r"/webhooks/\d+/[^/]+/messages/@original")


async def test_an_edit_with_the_bots_own_token_needs_no_interaction() -> None:
    async with line() as here:
        job = await posted(here, here.job(JobState.RUNNING))

        shown = await here.publisher.show(
            seen(replace(here.job(), reply=job.reply)), Route.EDIT, picture=a_picture()
        )

        message = only_message(here)
        assert shown.message_id == message.id
        assert len(message.attachments) == 1
        assert "U1" in [button.label for button in message.buttons]


async def test_a_post_twice_is_one_message() -> None:
    async with line() as here:
        job = here.job()

        first = await here.publisher.show(seen(job), Route.POST, picture=None)
        second = await here.publisher.show(seen(job), Route.POST, picture=None)

        assert first.message_id == second.message_id == only_message(here).id
        assert {call.json["nonce"] for call in here.discord.calls("POST", MESSAGES)} == {KEY}


async def test_a_result_that_is_news_pings_whoever_asked_and_nobody_else() -> None:
    async with line() as here:
        reply = await here.asked()
        old = only_message(here)
        job = here.job(reply=reply, prompt="@everyone <@1> a fox")

        told = replace(seen(job), is_news=True)
        shown = await here.publisher.show(told, Route.POST, picture=a_picture())
        await here.publisher.show(replace(seen(job), moved_to=shown), Route.REPLY, picture=None)

        sent = here.discord.calls("POST", MESSAGES)[-1].json
        assert sent["allowed_mentions"]["users"] == [job.user_id]
        assert sent["allowed_mentions"].get("parse", []) == []
        assert f"<@{job.user_id}>" in str(sent["components"])
        assert f"/{shown.channel_id}/{shown.message_id}" in old.text
        assert (list(old.buttons), list(old.attachments)) == ([], [])


async def test_a_direct_message_says_why_it_is_one() -> None:
    async with line() as here:
        shown = await here.publisher.show(seen(here.job()), Route.DIRECT, picture=a_picture())

        (message,) = here.discord.messages(here.discord.direct())
        assert shown.message_id == message.id
        assert f"I could not post this in <#{here.discord.channel.id}>" in message.text
        assert message.buttons


async def test_a_word_for_one_person_follows_their_interaction_while_its_token_lives() -> None:
    async with line() as here:
        reply = await here.asked()
        await here.publisher.show(seen(here.job(JobState.QUEUED, reply=reply)), Route.REPLY, picture=None)
        await here.publisher.send_ephemeral(reply, text("window.zoom_title"), locale="en-US")
        for dead in (replace(reply, token=None), replace(reply, token_until=0)):
            with pytest.raises(RouteClosed, match="no_token"):
                await here.publisher.send_ephemeral(dead, text("window.zoom_title"), locale="en-US")

        (word,) = [one for one in here.discord.messages() if one.ephemeral]
    assert word.content == "Custom Zoom"


async def send_copy(here: Line, words: Text, locale: str = "en-US") -> None:
    """Send a picture that a prompt made to somebody's direct messages."""
    await here.publisher.send_dm(
        here.discord.user.id,
        words,
        locale=locale,
        job=a_job(JobState.SUCCEEDED, prompt="a fox"),
        picture=a_picture(),
        nonce="copy-1",
    )


async def test_a_copy_in_a_direct_message_is_a_plain_file_with_its_words() -> None:
    async with line() as here:
        words = text("window.zoom_title")
        await send_copy(here, words, "de")

        (copy,) = here.discord.messages(here.discord.direct())
    assert copy.content == CATALOGUES.render(words, "de")
    assert [one.filename for one in copy.attachments] == ["lighthouse.png"]
    assert [one.description for one in copy.attachments] == ["Midjourneys Bild zu: a fox"]


async def test_a_copy_is_not_lost_to_words_that_discord_refuses() -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=400, code=200000)
        await send_copy(here, text("jobs.file", key=KEY))

        (copy,) = here.discord.messages(here.discord.direct())
    assert [one.description for one in copy.attachments] == ["Midjourney's picture"]


async def test_a_copy_that_discord_refuses_whatever_is_said_of_it_is_no_copy() -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=400, code=200000, times=2)
        with pytest.raises(RouteClosed):
            await send_copy(here, text("jobs.file", key=KEY))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "smaller to fit into a message."),
        ("https://cdn.example/a(1).png?x=y", "[full size](https://cdn.example/a%281%29.png?x=y)."),
        ("https://cdn.example/" + "a" * 3_000, "smaller to fit into a message."),
    ],
)
async def test_a_file_that_was_made_smaller_says_so_and_links_to_an_address_that_has_room(
    source: str | None, said: str
) -> None:
    async with line() as here:
        picture = a_picture(reduced=True, source=source)
        words = text("jobs.file", key=KEY)
        await here.publisher.send_dm(
            here.discord.user.id, words, locale="en-US", job=here.job(), picture=picture, nonce="copy-1"
        )

        (copy,) = here.discord.messages(here.discord.direct())
    assert copy.content.endswith(said)
    assert KEY in copy.content


async def test_without_a_token_or_a_message_a_way_is_shut() -> None:
    async with line() as here:
        for route, reason in ((Route.REPLY, "no_token"), (Route.EDIT, "no_message")):
            with pytest.raises(RouteClosed, match=reason):
                await here.publisher.show(seen(here.job()), route, picture=None)


async def test_a_new_picture_replaces_the_old_one() -> None:
    async with line() as here:
        job = await posted(here, here.job())
        await here.publisher.show(seen(job), Route.EDIT, picture=a_picture(filename="first.png"))

        await here.publisher.show(seen(job), Route.EDIT, picture=a_picture(filename="second.png"))

        assert [one.filename for one in only_message(here).attachments] == ["second.png"]


@pytest.mark.parametrize("route", [Route.REPLY, Route.EDIT])
async def test_without_a_picture_an_edit_keeps_the_one_that_is_there(route: Route) -> None:
    async with line() as here:
        job = here.job(reply=await here.asked())
        await here.publisher.show(seen(job), Route.REPLY, picture=a_picture())
        noted = replace(job, notes=("note.picture_unreachable",))

        await here.publisher.show(seen(noted), route, picture=None)

        message = only_message(here)
        assert "could not be fetched" in message.text
        assert [one.filename for one in message.attachments] == ["lighthouse.png"]
        assert [one.filename for one in message.shown] == ["lighthouse.png"]


async def test_an_odd_file_name_becomes_one_that_a_card_can_name() -> None:
    async with line() as here:
        await here.publisher.show(
            seen(here.job()), Route.POST, picture=a_picture(filename="../a lighthouse (1).png")
        )

        assert [one.filename for one in only_message(here).attachments] == ["a_lighthouse_1_.png"]


async def test_pictures_on_a_card_keep_their_numbers_where_one_of_them_is_missing() -> None:
    gone = RouteClosed("no_picture")
    first, third = (replace(a_picture(), number=number) for number in (1, 3))
    async with line() as here:
        for picture, numbers in (
            (replace(first, more=(third,), lacking=gone), [1, 3]),
            (replace(third, lacking=gone), [3]),
            (a_picture(), [1]),
        ):
            job = await posted(here, here.job())
            await here.publisher.show(seen(job), Route.EDIT, picture=picture)
            at = job.reply.channel_id, job.reply.message_id or 0
            assert list(await here.publisher.picture_urls(*at)) == numbers


async def test_a_child_of_a_picture_pings_nobody() -> None:
    async with line() as here:
        job = here.job(prompt="@everyone <@1>", press=a_press())

        await here.publisher.show(seen(job), Route.POST, picture=None)

        assert only_message(here).pings == frozenset()


async def test_an_archived_thread_is_opened_again() -> None:
    async with line() as here:
        thread = here.discord.add_thread("art")
        job = here.job()
        job = await posted(here, replace(job, reply=replace(job.reply, channel_id=thread.id)))
        here.discord.archive(thread)

        await here.publisher.show(seen(job), Route.EDIT, picture=None)

        (message,) = here.discord.messages(thread)
        assert message.edits == 1
        assert not thread.archived


async def test_a_thread_that_may_not_be_opened_closes_the_way() -> None:
    async with line() as here:
        thread = here.discord.add_thread("art")
        job = here.job()
        job = await posted(here, replace(job, reply=replace(job.reply, channel_id=thread.id)))
        here.discord.archive(thread, locked=True)

        with pytest.raises(RouteClosed):
            await here.publisher.show(seen(job), Route.EDIT, picture=None)


# -- what refusals mean ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (404, 10003, "channel_gone"),
        (404, 10008, "message_gone"),
        (403, 50001, "missing_access"),
        (403, 50013, "missing_permission"),
        (400, 30046, "too_many_edits"),
        (404, 0, "discord_404_0"),
    ],
)
async def test_a_way_that_is_shut_for_good_says_why(status: int, code: int, reason: str) -> None:
    async with line() as here:
        job = await posted(here, here.job())
        here.discord.fail_next("PATCH", MESSAGE, status=status, code=code)

        with pytest.raises(RouteClosed) as closed:
            await here.publisher.show(seen(job), Route.EDIT, picture=None)

    assert closed.value.reason == reason


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015), (404, 10062)])
async def test_a_token_that_ended_shuts_the_reply(status: int, code: int) -> None:
    async with line() as here:
        job = here.job(reply=await here.asked())
        here.discord.fail_next("PATCH", REPLY, status=status, code=code)

        with pytest.raises(RouteClosed, match="token_expired"):
            await here.publisher.show(seen(job), Route.REPLY, picture=None)


async def test_a_token_that_really_ended_shuts_the_reply() -> None:
    async with line() as here:
        job = here.job(reply=await here.asked())
        here.discord.advance(16 * 60)

        with pytest.raises(RouteClosed):
            await here.publisher.show(seen(job), Route.REPLY, picture=None)


async def test_a_lost_permission_shuts_the_channel_and_leaves_the_direct_message() -> None:
    async with line() as here:
        job = here.job()
        here.discord.forbid(Permission.SEND_MESSAGES)

        with pytest.raises(RouteClosed, match="missing_permission"):
            await here.publisher.show(seen(job), Route.POST, picture=None)
        await here.publisher.show(seen(job), Route.DIRECT, picture=None)

        assert len(here.discord.messages(here.discord.direct())) == 1


async def test_closed_direct_messages_shut_that_way() -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=403, code=50007)

        with pytest.raises(RouteClosed, match="dms_closed"):
            await here.publisher.show(seen(here.job()), Route.DIRECT, picture=None)


@pytest.mark.parametrize(
    ("status", "via"), [(503, True), (408, True), (429, False), (401, True), (403, True)]
)
async def test_trouble_that_passes_asks_for_a_later_try(status: int, via: bool) -> None:  # noqa: FBT001 - a parameter
    async with line() as here:
        job = await posted(here, here.job())
        here.discord.fail_next("PATCH", MESSAGE, status=status, via=via, times=9)

        with pytest.raises(RetryLater) as later:
            await here.publisher.show(seen(job), Route.EDIT, picture=None)

    assert later.value.delay is not None


async def test_a_reset_connection_asks_for_a_later_try() -> None:
    async with line() as here:
        job = await posted(here, here.job())
        here.discord.fail_next("PATCH", MESSAGE, times=9)

        with pytest.raises(RetryLater, match="network"):
            await here.publisher.show(seen(job), Route.EDIT, picture=None)


async def test_a_usual_rate_limit_is_waited_out() -> None:
    async with line() as here:
        job = await posted(here, here.job())
        here.discord.fail_next("PATCH", MESSAGE, status=429, retry_after=0.05)

        await here.publisher.show(seen(job), Route.EDIT, picture=None)

        assert only_message(here).edits == 1


async def test_a_lost_answer_to_a_post_posts_nothing_twice() -> None:
    async with line() as here:
        job = here.job()
        here.discord.fail_next("POST", MESSAGES, before_effect=False)

        with pytest.raises(RetryLater):
            await here.publisher.show(seen(job), Route.POST, picture=None)
        shown = await here.publisher.show(seen(job), Route.POST, picture=None)

        assert shown.message_id == only_message(here).id


@pytest.mark.parametrize(("status", "code"), [(413, 40005), (413, 0), (400, 40005)])
async def test_an_upload_that_is_too_large_says_so(status: int, code: int) -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=status, code=code)

        with pytest.raises(TooLarge):
            await here.publisher.show(seen(here.job()), Route.POST, picture=a_picture())


async def test_an_upload_over_the_channels_own_limit_says_so() -> None:
    async with line() as here:
        huge = a_picture(data=b"\x89PNG" + bytes(10 * 1024 * 1024))

        with pytest.raises(TooLarge):
            await here.publisher.show(seen(here.job()), Route.POST, picture=huge)


# -- a card that Discord rejects ---------------------------------------------------------------------------


async def test_a_rejected_card_goes_without_emoji() -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=400, code=50035)

        await here.publisher.show(seen(here.job()), Route.POST, picture=a_picture())

        message = only_message(here)
        assert [button.emoji for button in message.buttons] == [None] * 15
        assert "Reroll" in [button.label for button in message.buttons]
        assert len(message.attachments) == 1


async def test_a_card_rejected_twice_goes_without_buttons_and_says_how_to_get_them() -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=400, code=50035, times=2)

        await here.publisher.show(seen(here.job()), Route.POST, picture=a_picture())

        message = only_message(here)
        assert message.buttons == []
        assert f"/jobs show {KEY}" in message.text
        assert len(message.attachments) == 1


@pytest.mark.parametrize(("code", "times"), [(50035, 3), (200000, 1), (240000, 1)])
async def test_a_card_whose_words_are_refused_shows_its_picture_with_neutral_ones(
    code: int, times: int
) -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=400, code=code, times=times)
        job = here.job(prompt="a forbidden lighthouse", press=a_press(label="Forbidden button"))

        await here.publisher.show(seen(job), Route.POST, picture=a_picture())

        message = only_message(here)
        assert "orbidden" not in message.text
        assert "Discord refused the words" in message.text
        assert KEY in message.text
        assert len(message.attachments) == 1
        assert "orbidden" not in str(here.discord.calls("POST", MESSAGES)[-1].json)
        assert "U1" in [button.label for button in message.buttons]


async def test_no_thinking_stays_where_the_words_of_a_waiting_card_are_refused() -> None:
    async with line() as here:
        reply = await here.asked()
        here.discord.fail_next("PATCH", REPLY, status=400, code=200000)

        await here.publisher.show(seen(here.job(JobState.QUEUED, reply=reply), 2), Route.REPLY, picture=None)

        message = only_message(here)
        assert not message.loading
        assert "2 ahead of you" in message.text
        assert "fox" not in message.text


async def test_a_card_rejected_in_every_dress_closes_the_way() -> None:
    async with line() as here:
        here.discord.fail_next("POST", MESSAGES, status=400, code=50035, times=5)

        with pytest.raises(RouteClosed):
            await here.publisher.show(seen(here.job()), Route.POST, picture=None)


# -- finding what a crash left behind ----------------------------------------------------------------------


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED])
async def test_a_posted_card_is_found_again(state: JobState) -> None:
    async with line() as here:
        job = here.job(state, posting_at=WallClock().now())
        here.discord.say(f"I like `{KEY}`")
        shown = await here.publisher.show(seen(job), Route.POST, picture=None)

        found = await here.publisher.find(job)

    assert found is not None
    assert (found.channel_id, found.message_id) == (shown.channel_id, shown.message_id)


async def test_the_old_card_and_other_peoples_words_are_not_taken_for_it() -> None:
    async with line() as here:
        job = await posted(here, here.job(JobState.RUNNING))
        here.discord.say(f"`{KEY}`")

        assert await here.publisher.find(replace(job, posting_at=WallClock().now())) is None


async def test_not_being_allowed_to_look_finds_nothing() -> None:
    async with line() as here:
        job = here.job(posting_at=WallClock().now())
        await here.publisher.show(seen(job), Route.POST, picture=None)
        here.discord.fail_next("GET", MESSAGES, status=403, code=50001)

        assert await here.publisher.find(job) is None


async def test_trouble_while_looking_asks_for_a_later_try() -> None:
    async with line() as here:
        here.discord.fail_next("GET", MESSAGES, status=503)

        with pytest.raises(RetryLater):
            await here.publisher.find(here.job(posting_at=WallClock().now()))


async def test_the_simulated_discord_keeps_a_picture_too() -> None:
    async with studio() as house:
        job = house.job()
        shown = await house.publisher.show(seen(job), Route.POST, picture=a_picture())
        noted = replace(
            job, reply=replace(job.reply, message_id=shown.message_id), notes=("note.picture_unreachable",)
        )

        await house.publisher.show(seen(noted), Route.EDIT, picture=None)

        message = house.channel.last_message
        assert message is not None
        galleries = [c for c in flat(message.components) if c.type is discord.ComponentType.media_gallery]
        assert [
            item.media.url.partition("?")[0].endswith("lighthouse.png") for item in galleries[0].items
        ] == [True]


# -- who goes first ----------------------------------------------------------------------------------------


async def test_progress_gives_way_while_outcomes_wait_for_their_turns() -> None:
    async with line() as here:
        going = await posted(here, here.job(JobState.RUNNING))
        rooms = [here.discord.add_channel(f"room-{n}").id for n in range(6)]
        done = here.job()

        with standing_still():
            outcomes = asyncio.gather(
                *(
                    here.publisher.show(
                        seen(
                            replace(done, key=JobKey(f"{n:012d}"), reply=replace(done.reply, channel_id=room))
                        ),
                        Route.POST,
                        picture=a_picture(),
                    )
                    for n, room in enumerate(rooms)
                )
            )
            await asyncio.sleep(0)
            with pytest.raises(RetryLater):
                await here.publisher.show(seen(going), Route.EDIT, picture=None)
        shown = await outcomes
        await here.publisher.show(seen(going), Route.EDIT, picture=None)

    assert sorted(one.channel_id for one in shown) == sorted(rooms)
