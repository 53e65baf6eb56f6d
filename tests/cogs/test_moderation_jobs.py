"""`/mod job` and `/mod blocks`: a job found by its key, its result taken away; everybody who is blocked, in pages.
Never here: the live jobs and one member's view (test_moderation.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.jobs import NOTE_REMOVED, JobState, Route
from bot.domain.keys import JobKey
from bot.domain.ports import Showing
from bot.domain.servers.access import HOUR_MS
from tests.cogs.modlog_harness import BOSS, buttons, room, seen
from tests.cogs.test_moderation import press, run

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.jobs import Job
    from tests.cogs.modlog_harness import Room


async def shown_job(here: Room) -> Job:
    """A finished job with its card in the channel."""
    job = await here.job(JobState.SUCCEEDED, prompt="an ugly fox", storage_key="mj/1.png")
    card = await here.house.publisher.show(Showing(job, job.created_at), Route.POST, picture=None)
    reply = job.reply.__class__(
        channel_id=job.reply.channel_id,
        guild_id=job.reply.guild_id,
        application_id=job.reply.application_id,
        token=None,
        token_until=0,
        message_id=card.message_id,
    )
    await here.storage.jobs.move_card(job.key, reply)
    return await here.row(job)


def cards(here: Room) -> int:
    return len(here.house.channel.history(viewer=here.house.ada))


async def test_a_result_is_removed_after_a_question_with_its_card_and_stays_in_the_books(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        job = await shown_job(here)
        before = cards(here)
        shown = await run(here, "job", job=job.key)
        assert "ugly fox" in seen(shown)
        assert f"By <@{here.house.ada.id}>" in seen(shown)

        assert "cannot be undone" in await press(here, shown, "Remove result…")
        assert cards(here) == before
        await press(here, shown, "Back")
        await press(here, shown, "Remove result…")
        said = await press(here, shown, "Yes, remove it")

        after = await here.row(job)
        assert "Removed: the result of" in said
        assert "A moderator of this server has removed this result" in said
        assert list(buttons(shown)) == ["Member"]
        assert cards(here) == before - 1
        assert (after.storage_key, after.actions, after.reply.message_id) == (None, (), None)
        assert (after.prompt, after.units, NOTE_REMOVED in after.notes) == ("an ugly fox", 1, True)
        (entry, *_) = await here.history()
        assert (entry.action, entry.subject, entry.after) == ("remove", job.user_id, {"jobs": [job.key]})
        assert "Removed a result of" in await here.do("audit")


async def test_a_card_that_is_gone_already_is_no_reason_to_keep_the_result(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        job = await shown_job(here)
        assert job.reply.message_id is not None
        await here.house.publisher.take_down(job.reply.channel_id, job.reply.message_id)
        shown = await run(here, "job", job=job.key)
        await press(here, shown, "Remove result…")

        assert "Removed: the result of" in await press(here, shown, "Yes, remove it")


async def test_what_has_no_result_is_cancelled_there_or_left_alone(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        waits = await here.job(prompt="a fox")
        shown = await run(here, "job", job=waits.key)
        assert list(buttons(shown)) == ["Cancel", "Member"]

        await press(here, shown, "Cancel")

        assert (await here.row(waits)).state is JobState.CANCELLED
        assert list(buttons(shown)) == ["Member"]
        unknown = JobKey("0" * 12)
        assert "I know no picture" in await here.do("job", job=unknown)


async def test_everybody_blocked_is_listed_in_pages_and_let_go_beside_their_name(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        assert "Nobody is blocked" in await here.do("blocks")
        until = here.house.clock.now() + HOUR_MS
        for n in range(10):
            await here.services.moderation.block(
                here.guild_id, BOSS, 10**17 + n, until=until if n else None, reason="*rude*" if n else ""
            )

        shown = await run(here, "blocks")
        assert "10 members are blocked" in seen(shown)
        assert "\\*rude\\*" in seen(shown)
        assert f"by <@{BOSS.user_id}>" in seen(shown)
        assert "until you lift it · no reason given" in seen(shown)
        assert f"<@{10**17 + 9}>" in await press(here, shown, "▶")
        await press(here, shown, "◀")
        assert shown.response is not None
        await here.mo.click(shown.response, custom_id=f"easel:2:mod-lift:{10**17}:0")
        now = seen(shown)
        # pressed twice, on an old message
        await here.services.moderation.unblock(here.guild_id, BOSS, 10**17 + 1)
        again = await here.mo.click(shown.response, custom_id=f"easel:2:mod-lift:{10**17 + 1}:0")

        assert f"<@{10**17}>" not in now
        assert not again.followups
        assert "8 members are blocked" in seen(shown)


async def test_a_moderator_who_cancels_with_the_members_command_is_in_the_audit(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        others, own = await here.job(), await here.job(user_id=here.mo.id)

        for job in (others, own):
            await here.mo.slash(here.house.channel, "jobs cancel", job=job.key)

        assert [(e.action, e.after) for e in await here.history()] == [("cancel", {"jobs": [others.key]})]
