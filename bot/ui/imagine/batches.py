"""A prompt that asks for several jobs: the card that names them and their price, and begins them when its asker says so.
Never here: how many are allowed and what they cost (services)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.services.intake.batches import NAMED
from bot.services.intake.drafts import keeps_draft
from bot.texts import text
from bot.ui.imagine.follow_ups import FollowUps
from bot.ui.imagine.several import started_summary
from bot.ui.kit.controls import component, custom_id_of, words_view
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.escape import quoted

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.services.intake.batches import Offer
    from bot.texts import Text
    from bot.ui.kit.context import Context

START: Final = "batch"
REFUSE: Final = "batch-no"
EDIT: Final = "draft"
"""The button of a refused prompt opens this one, too: what waits is kept like one."""
LINE: Final = 160
"""Characters of each prompt that the card shows."""


async def show_offer(context: Context, offer: Offer) -> None:
    """Ask this person alone; nothing is begun yet."""
    localize, n = context.localize, len(offer.prompts)
    lines = [localize(text("batch.offer", n=n, pool=text(f"pool.{offer.pool.value}"), units=offer.units))]
    lines += [f"{number}. {quoted(one, LINE)}" for number, one in enumerate(offer.prompts[:NAMED], 1)]
    if n > NAMED:
        lines.append("…")
    no = discord.ui.Button[Any](
        custom_id=refuse.id(offer.key), label=localize(text("button.cancel")), emoji="✖️"
    )
    await context.send_ephemeral(view=words_view("\n".join(lines), *_buttons(context, offer.key, n), no))


def _buttons(context: Context, key: JobKey, n: int) -> tuple[discord.ui.Button[Any], ...]:
    """What begins so many of them, and what opens their prompt."""
    return (
        discord.ui.Button[Any](
            custom_id=start.id(key),
            label=context.localize(text("button.batch_start", n=n)),
            emoji="▶️",
            style=discord.ButtonStyle.success,
        ),
        discord.ui.Button[Any](
            custom_id=custom_id_of(EDIT, key), label=context.localize(text("button.edit")), emoji="✏️"
        ),
    )


@component(START, KEY)
async def start(context: Context, key: JobKey) -> None:
    """Begin each of them with a card of its own in the channel, and say here what came of it.

    While some were refused for what passes, or may be written otherwise, the same can be asked for those alone.
    """
    context.check_permissions()
    await context.defer_update()
    started = await context.services.batches.start(context.viewer, key, FollowUps(context))
    said = started_summary(begun=len(started.begun), running=started.known, refused=started.refused)
    left = sum(keeps_draft(why) for _, why in started.refused)
    await _replace(context, said, *(_buttons(context, key, left) if left else ()))


@component(REFUSE, KEY)
async def refuse(context: Context, _key: JobKey) -> None:
    """Begin nothing."""
    await context.defer_update()
    await _replace(context, text("batch.refused"))


async def _replace(context: Context, words: Text, *buttons: discord.ui.Button[Any]) -> None:
    """The card becomes a sentence: its buttons have done what they were for, but for those that are given again."""
    await context.show(words_view(context.localize(words), *buttons))
