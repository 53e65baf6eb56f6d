"""What moderators see of a member and of the jobs of their server, with the buttons for it. Stateless: all is in the ids.
Never here: what a button does (`mod_buttons`), and reading anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.jobs import JobState
from bot.texts import Localize, Text, text
from bot.ui.card.titles import named
from bot.ui.jobs.lists import state_of
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import quoted
from bot.ui.kit.links import card_link
from bot.ui.kit.moderators import draw_mod_button

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.jobs import Job
    from bot.domain.servers.guilds import Block, Grant, MemberView, Strike


PROMPT_LIMIT: Final = 70
WHY_LIMIT: Final = 60
REASON_SHOWN: Final = 240
STRIKES: Final = 5
GRANTS: Final = 5
JOBS: Final = 8
"""Jobs on one page: each is three components of the forty that a message may have (facts §3.4)."""

CALM: Final = discord.Colour(0x5865F2)
BLOCKED: Final = discord.Colour(0xD83C3E)
DANGER: Final = discord.ButtonStyle.danger


def member_view(seen: MemberView, localize: Localize) -> discord.ui.LayoutView:
    """Draw all that is known of a member."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=BLOCKED if seen.block else CALM)
    box.add_item(discord.ui.TextDisplay(localize(text("member.title", user=str(seen.user_id), n=seen.made))))
    box.add_item(discord.ui.TextDisplay("\n".join(_marks(seen, localize))))
    if seen.grants:
        box.add_item(discord.ui.ActionRow(*_ways_back(seen, localize)))
    box.add_item(discord.ui.Separator())
    box.add_item(discord.ui.TextDisplay("\n".join(_latest(seen.jobs, localize))))
    box.add_item(discord.ui.ActionRow(*_buttons(seen, localize)))
    return StatelessView(box)


def _marks(seen: MemberView, localize: Localize) -> Iterable[str]:
    """Block, strikes, use and grants."""
    yield localize(_blocked(seen.block))
    yield localize(text("member.strikes", n=seen.counting))
    for strike in seen.strikes[:STRIKES]:
        yield f"-# {localize(_strike(strike))}"
    yield localize(
        text(
            "member.spent",
            pools=" · ".join(
                localize(text("member.spent_in", pool=text(f"pool.{pool.value}"), n=n))
                for pool, n in seen.spent_today.items()
            ),
        )
    )
    for grant in seen.grants[:GRANTS]:
        yield localize(_grant(grant))


def _blocked(block: Block | None) -> Text:
    if block is None:
        return text("member.not_blocked")
    reason: Text | str = quoted(block.reason, REASON_SHOWN) if block.reason else text("member.no_reason")
    by = f"<@{block.by.user_id}>" if block.by.user_id else "Easel"
    if block.until is None:
        return text("member.blocked", by=by, reason=reason)
    return text("member.blocked_until", by=by, reason=reason, until=block.until // 1000)


def _strike(strike: Strike) -> Text:
    why = quoted(strike.why, WHY_LIMIT)
    return text("member.strike_spent" if strike.spent else "member.strike", at=strike.at // 1000, why=why)


def _grant(grant: Grant) -> Text:
    pool = text(f"pool.{grant.pool.value}")
    if grant.expires_at is None:
        return text("member.grant", left=grant.left, units=grant.units, pool=pool)
    return text(
        "member.grant_until", left=grant.left, units=grant.units, pool=pool, until=grant.expires_at // 1000
    )


def _ways_back(seen: MemberView, localize: Localize) -> Iterable[discord.ui.Button[Any]]:
    """A button for each pool in which something is left; it asks first."""
    for pool in dict.fromkeys(grant.pool for grant in seen.grants):
        left = sum(grant.left for grant in seen.grants if grant.pool is pool)
        label = text("button.take_back", n=left, pool=text(f"pool.{pool.value}"))
        yield draw_mod_button("take_back", seen.user_id, pool, label=localize(label))


def _latest(jobs: Sequence[Job], localize: Localize) -> Iterable[str]:
    if not jobs:
        yield localize(text("member.no_jobs"))
        return
    yield localize(text("member.jobs"))
    for job in jobs:
        link = card_link(job)
        parts: dict[str, str | int | Text] = {
            "pool": text(f"pool.{job.pool.value}"),
            "at": job.created_at // 1000,
            "key": job.key,
        }
        small = text("jobs.entry", **parts) if link is None else text("jobs.entry_link", link=link, **parts)
        yield f"{localize(state_of(job))} · {named(job, localize, PROMPT_LIMIT)}\n-# {localize(small)}"


def _buttons(seen: MemberView, localize: Localize) -> Iterable[discord.ui.Button[Any]]:
    who = seen.user_id
    yield draw_mod_button("cancel_all", who, label=localize(text("button.cancel_all")), style=DANGER)
    if seen.block is not None:
        yield draw_mod_button("unblock", who, label=localize(text("button.unblock")))
    if seen.counting:
        yield draw_mod_button("forgive", who, label=localize(text("button.forgive")))
    yield draw_mod_button("export", who, label=localize(text("button.export")))
    yield draw_mod_button("erase", who, label=localize(text("button.erase")), style=DANGER)


def live_view(jobs: Sequence[Job], page: int, localize: Localize) -> discord.ui.LayoutView:
    """Draw a page of what waits and runs, each job with its button."""
    pages = max(1, -(-len(jobs) // JOBS))
    page = min(page, pages - 1)
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
    title = text("modjobs.title", n=len(jobs)) if jobs else text("modjobs.none")
    box.add_item(discord.ui.TextDisplay(localize(title)))
    for job in jobs[page * JOBS : (page + 1) * JOBS]:
        box.add_item(_live(job, page, localize))
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    if pages > 1:
        box.add_item(
            discord.ui.TextDisplay("-# " + localize(text("modjobs.page", page=page + 1, pages=pages)))
        )
        row.add_item(draw_mod_button("jobs", max(0, page - 1), label="◀", disabled=page == 0))
        # The words of two ids must differ, even where both would lead to the same page.
        row.add_item(draw_mod_button("jobs", page + 1, label="▶", disabled=page == pages - 1))
    if any(job.state is JobState.QUEUED for job in jobs):
        row.add_item(draw_mod_button("clear", label=localize(text("button.clear_queue")), style=DANGER))
    if row.children:
        box.add_item(row)
    return StatelessView(box)


def _live(job: Job, page: int, localize: Localize) -> discord.ui.Item[Any]:
    small = text(
        "modjobs.entry",
        state=state_of(job),
        user=str(job.user_id),
        pool=text(f"pool.{job.pool.value}"),
        at=job.created_at // 1000,
        key=job.key,
    )
    words = discord.ui.TextDisplay[Any](f"{named(job, localize, PROMPT_LIMIT)}\n-# {localize(small)}")
    if job.unwanted:
        return words
    button = draw_mod_button("cancel", job.key, page, label=localize(text("button.cancel")))
    return discord.ui.Section(words, accessory=button)
