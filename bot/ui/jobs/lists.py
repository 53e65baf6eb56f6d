"""What one member looks through: a page of their jobs with ◀ ▶, and what waits and runs. Stateless: the page is in the id.
Never here: reading jobs, and the card of one."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.jobs import Job, JobState, Route
from bot.domain.ports import MOST_AHEAD
from bot.texts import Localize, Text, text
from bot.ui.card.titles import named, plain_title, press_name
from bot.ui.kit.controls import StatelessView, component, custom_id_of
from bot.ui.kit.custom_ids import NUMBER
from bot.ui.kit.escape import plain
from bot.ui.kit.links import card_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.keys import JobKey
    from bot.services.admission.viewer import Viewer
    from bot.services.history.jobs import History, Queue
    from bot.ui.kit.context import Context


PROMPT_LIMIT: Final = 120
LABEL_LIMIT: Final = 40
ALT_LIMIT: Final = 256
NOTHING_SEEN: Final[Mapping[JobKey, str]] = MappingProxyType({})
QUEUE_LINES: Final = 10
"""Own jobs that `/jobs queue` names; the rest is counted."""


@component("list", NUMBER)
async def turn(context: Context, page: int) -> None:
    """◀ or ▶ under `/jobs list`. Whose list it is, the press itself says: nobody else sees the message."""
    await context.defer_update()
    await show_history(context, page)


@component("stars", NUMBER)
async def show_stars_page(context: Context, page: int) -> None:
    """The same under a list of favourites."""
    await context.defer_update()
    await show_history(context, page, stars=True)


async def show_history(context: Context, page: int, *, stars: bool = False) -> None:
    """Put a page of the member's jobs, or of their favourites, into the answer."""
    client, viewer = context.client, context.viewer
    source = client.services.favourites if stars else client.services.jobs
    history = await source.history(viewer, page)
    seen = await client.services.thumbnails.of(history.page.jobs)
    localize = context.localize
    await context.show(history_view(history, viewer, localize, seen=seen, stars=stars))


def history_view(
    history: History,
    viewer: Viewer,
    localize: Localize,
    *,
    seen: Mapping[JobKey, str] = NOTHING_SEEN,
    stars: bool = False,
) -> discord.ui.LayoutView:
    """Draw a page; `seen` has the pictures of some."""
    view = StatelessView()
    box: discord.ui.Container[Any] = discord.ui.Container()
    view.add_item(box)
    if not history.page.total:
        box.add_item(
            discord.ui.TextDisplay(localize(text("favourite.list_empty" if stars else "jobs.list_empty")))
        )
        return view
    box.add_item(
        discord.ui.TextDisplay(
            localize(text("favourite.list" if stars else "jobs.list", n=history.page.total))
        )
    )
    for job in history.page.jobs:
        box.add_item(discord.ui.Separator(spacing=discord.SeparatorSpacing.small))
        words = discord.ui.TextDisplay[Any](_entry(job, localize))
        button = _offer(job, viewer, localize)
        if job.key in seen:
            box.add_item(discord.ui.Section(words, accessory=_thumbnail(job, seen[job.key], localize)))
            if button is not None:
                box.add_item(discord.ui.ActionRow(button))
        else:
            box.add_item(words if button is None else discord.ui.Section(words, accessory=button))
    if history.pages > 1:
        here, last = history.number, history.pages - 1
        paging = show_stars_page if stars else turn
        box.add_item(
            discord.ui.TextDisplay("-# " + localize(text("jobs.page", page=here + 1, pages=history.pages)))
        )
        box.add_item(
            discord.ui.ActionRow(
                discord.ui.Button(label="◀", custom_id=paging.id(max(0, here - 1)), disabled=here == 0),
                discord.ui.Button(label="▶", custom_id=paging.id(here + 1), disabled=here == last),
            )
        )
    return view


def queue_view(queue: Queue, localize: Localize) -> discord.ui.LayoutView:
    """Draw what waits and runs."""
    lines = [localize(text("jobs.queue"))]
    for pool, load in queue.load.items():
        lines.append(
            localize(
                text(
                    "jobs.queue_pool",
                    pool=text(f"pool.{pool.value}"),
                    running=load.running,
                    waiting=load.waiting,
                )
            )
        )
    view = StatelessView()
    box: discord.ui.Container[Any] = discord.ui.Container()
    view.add_item(box)
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    box.add_item(discord.ui.Separator())
    box.add_item(discord.ui.TextDisplay("\n".join(_own_lines(queue, localize))))
    return view


def _own_lines(queue: Queue, localize: Localize) -> Iterable[str]:
    if not queue.mine:
        yield localize(text("jobs.queue_none"))
        return
    yield localize(text("jobs.queue_mine", n=len(queue.mine)))
    for job in queue.mine[:QUEUE_LINES]:
        yield f"{localize(state_of(job))} · {_name(job, localize)}\n-# {localize(_where(job, queue.ahead.get(job.key)))}"
    hidden = len(queue.mine) - QUEUE_LINES
    if hidden > 0:
        yield localize(text("jobs.queue_more", n=hidden))


def _where(job: Job, ahead: int | None) -> Text:
    """Pool, place and key of a live job."""
    pool = text(f"pool.{job.pool.value}")
    if job.state is JobState.QUEUED and ahead is None:
        return text("jobs.place_put_off", pool=pool, key=job.key)
    if job.state is JobState.QUEUED and ahead and ahead > MOST_AHEAD:
        return text("jobs.place_far", pool=pool, n=MOST_AHEAD, key=job.key)
    if job.state is JobState.QUEUED and ahead:
        return text("jobs.place_behind", pool=pool, n=ahead, key=job.key)
    if job.state is JobState.QUEUED:
        return text("jobs.place_next", pool=pool, key=job.key)
    return text("jobs.place_running", pool=pool, percent=job.progress or 0, key=job.key)


def _entry(job: Job, localize: Localize) -> str:
    """Two lines of the list."""
    parts: dict[str, str | int | Text] = {
        "pool": text(f"pool.{job.pool.value}"),
        "at": job.created_at // 1000,
        "key": job.key,
    }
    link = card_link(job)
    small = text("jobs.entry", **parts) if link is None else text("jobs.entry_link", link=link, **parts)
    return f"{localize(state_of(job))} · {_name(job, localize)}\n-# {localize(small)}"


def _name(job: Job, localize: Localize) -> str:
    prompt = named(job, localize, PROMPT_LIMIT)
    return prompt if job.press is None else f"**{press_name(job.press, localize, LABEL_LIMIT)}** {prompt}"


def state_of(job: Job) -> Text:
    """How a job stands, with its sign."""
    if job.state is JobState.SUCCEEDED and job.route is Route.KEPT:
        return text("jobs.state_kept")
    if job.unwanted and not job.is_terminal:
        return text("jobs.state_unwanted")
    return text(f"jobs.state_{job.state.value}")


def _thumbnail(job: Job, address: str, localize: Localize) -> discord.ui.Thumbnail[Any]:
    alt = plain(plain_title(job, localize), ALT_LIMIT) or None
    return discord.ui.Thumbnail(address, description=alt, spoiler="note.spoiler" in job.notes)


def _offer(job: Job, viewer: Viewer, localize: Localize) -> discord.ui.Button[Any] | None:
    """What can be done about a job of the list; somebody else's picture is sent to whoever likes it."""
    if job.state is JobState.SUCCEEDED:
        word = "show" if viewer.may_look_after(job) else "send"
    elif not job.is_terminal and not job.unwanted:
        word = "cancel"
    else:
        return None
    return discord.ui.Button(label=localize(text(f"button.{word}")), custom_id=custom_id_of(word, job.key))
