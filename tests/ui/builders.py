"""Jobs, actions and pictures in every state a card can be asked to show.
Never here: expectations."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import Job, JobKind, JobState, Press, ReplyTarget
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.ports import Picture
from bot.domain.tasks import RemoteAction, RemoteTaskId

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = JobKey("7h2m9k4qxw3c")
PARENT = JobKey("3c0ffee0beef")
UUID = "0f1d6a52-8a43-4a0b-9c4b-7d2a1f5e9b11"
NOW = 1_795_000_000_000


def grid_actions() -> tuple[RemoteAction, ...]:
    """What a finished grid offers (contract §6.2 A)."""
    picks = [RemoteAction(f"MJ::JOB::upsample::{n}::{UUID}", f"U{n}", "") for n in range(1, 5)]
    again = RemoteAction(f"MJ::JOB::reroll::0::{UUID}::SOLO", "", "🔄")
    vary = [RemoteAction(f"MJ::JOB::variation::{n}::{UUID}", f"V{n}", "") for n in range(1, 5)]
    return (*picks, again, *vary)


def single_actions() -> tuple[RemoteAction, ...]:
    """What one picture of version 7 offers (contract §6.2 E)."""

    def solo(name: str, label: str, emoji: str) -> RemoteAction:
        return RemoteAction(f"MJ::{name}::1::{UUID}::SOLO", label, emoji)

    return (
        solo("JOB::upsample_v7_2x_subtle", "Upscale (Subtle)", "upscale_1"),
        solo("JOB::upsample_v7_2x_creative", "Upscale (Creative)", "upscale_1"),
        solo("JOB::low_variation", "Vary (Subtle)", "🪄"),
        solo("JOB::high_variation", "Vary (Strong)", "🪄"),
        solo("Inpaint", "Vary (Region)", "🖌️"),
        solo("Outpaint::50", "Zoom Out 2x", "🔍"),
        solo("Outpaint::75", "Zoom Out 1.5x", "🔍"),
        RemoteAction(f"MJ::CustomZoom::{UUID}", "Custom Zoom", "🔍"),
        solo("JOB::pan_left", "", "⬅️"),
        solo("JOB::pan_right", "", "➡️"),
        solo("JOB::pan_up", "", "⬆️"),
        solo("JOB::pan_down", "", "⬇️"),
        solo("JOB::animate_high", "Animate (High motion)", "🎞️"),
        solo("JOB::animate_low", "Animate (Low motion)", "🎞️"),
        RemoteAction(f"MJ::BOOKMARK::{UUID}", "", "❤️"),
    )


def a_reply(**changes: Any) -> ReplyTarget:
    """Where a card is."""
    reply = ReplyTarget(
        channel_id=200,
        guild_id=100,
        application_id=300,
        token="interaction-token",
        token_until=NOW + 900_000,
        message_id=400,
        message_at=NOW,
    )
    return replace(reply, **changes)


def a_job(state: JobState = JobState.QUEUED, **changes: Any) -> Job:
    """A root in any state, with what that state goes with."""
    job = Job(
        key=KEY,
        kind=JobKind.IMAGINE,
        root=KEY,
        pool=Pool.FAST,
        prompt="a lighthouse in a storm, oil painting --ar 3:2 --v 7",
        account="default",
        home=changes.get("reply", a_reply()).guild_id,
        user_id=500,
        user_name="ada",
        locale="en-US",
        interaction_id=600,
        reply=a_reply(),
        created_at=NOW,
        changed_at=NOW,
        due_at=NOW,
        webhook_token="webhook-token",
        state=state,
    )
    if state in {JobState.SUBMITTED, JobState.RUNNING, JobState.SUCCEEDED}:
        job = replace(job, task_id=RemoteTaskId("42"), submitted_at=NOW + 1_000)
    if state is JobState.RUNNING:
        job = replace(job, progress=46)
    if state is JobState.SUCCEEDED:
        job = replace(job, progress=100, finished_at=NOW + 42_000, actions=grid_actions())
    if state is JobState.FAILED:
        job = replace(
            job, finished_at=NOW + 9_000, failure=Failure(FailureKind.BANNED_PROMPT, "Banned prompt")
        )
    return replace(job, **changes)


def a_press(**changes: Any) -> Press:
    """U2 of another job's grid."""
    press = Press(
        parent=PARENT,
        position=1,
        custom_id=f"MJ::JOB::upsample::2::{UUID}",
        label="U2",
        parent_task=RemoteTaskId("41"),
        channel_id=200,
        message_id=390,
    )
    return replace(press, **changes)


def a_picture(**changes: Any) -> Picture:
    """Four quarters in four colours, as a grid has."""
    image = Image.new("RGB", (96, 64))
    for i, colour in enumerate(("#274060", "#5899e2", "#f2a65a", "#772f1a")):
        image.paste(colour, (48 * (i % 2), 32 * (i // 2), 48 * (i % 2) + 48, 32 * (i // 2) + 32))
    file = io.BytesIO()
    image.save(file, "PNG")
    picture = Picture(
        data=file.getvalue(), filename="lighthouse.png", media_type="image/png", width=96, height=64
    )
    return replace(picture, **changes)


def walk(components: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Every component of a message, nested ones too."""
    for component in components:
        yield component
        yield from walk(component.get("components", ()))


def words(components: Iterable[dict[str, Any]]) -> str:
    """All text of a message."""
    return "\n".join(c["content"] for c in walk(components) if "content" in c)
