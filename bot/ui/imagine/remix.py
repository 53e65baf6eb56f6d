"""🔁 Edit prompt: a window with the prompt of a job, and the chain that begins when it is sent.
Never here: rules for prompts, pools and allowances.

The window is never handed to discord.py to keep: its custom_id says all, so that it works after a restart, for as long
as a person leaves it open, and costs no memory when it is closed unsent (facts §3.4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.keys import ButtonId, JobKey
from bot.domain.prompts import PROMPT_LIMIT, PromptOptions, compose
from bot.errors import UserError
from bot.services.admission.doors import Door, origin_of
from bot.texts import text
from bot.ui.imagine.drafts import offer_back, offered_back
from bot.ui.kit.buttons import own_button, own_modal
from bot.ui.kit.private import defer_ephemeral, localised, viewer_of
from bot.ui.kit.replies import client_of, defer_public

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.jobs import Job
    from bot.ui.kit.replies import AnyInteraction

WORD: Final = "remix"
EDIT: Final = "edit"
"""The same button under a prompt that was refused upstream."""
PROMPT: Final = "prompt"
READ_S: Final = 2.0
"""A window must be the first answer, so the row is read before it; the answer itself needs the rest of three seconds."""


@own_button(EDIT)
@own_button(WORD)
async def open_modal(interaction: AnyInteraction, key: JobKey) -> None:
    """Show the prompt to be edited."""
    try:
        async with asyncio.timeout(READ_S):
            jobs = client_of(interaction).services.jobs
            job = await jobs.look(viewer_of(interaction), key, Door.REMIX)
    except TimeoutError:
        raise UserError(text("remix.slow")) from None
    await interaction.response.send_modal(_window(interaction, job))


def _window(interaction: AnyInteraction, job: Job) -> discord.ui.Modal:
    modal = discord.ui.Modal(
        title=localised(interaction, text("remix.title")), custom_id=ButtonId(job.key, WORD).encode()
    )
    pool = text(f"pool.{job.pool.value}")
    modal.add_item(
        discord.ui.Label(
            text=localised(interaction, text("remix.prompt")),
            description=localised(interaction, text("remix.pool", pool=pool)),
            component=discord.ui.TextInput(
                style=discord.TextStyle.paragraph,
                default=job.prompt[:PROMPT_LIMIT],
                max_length=PROMPT_LIMIT,
                custom_id=PROMPT,
            ),
        )
    )
    modal.stop()  # discord.py keeps only windows that have not ended
    return modal


@own_modal(WORD)
async def begin(interaction: AnyInteraction, key: JobKey, fields: Mapping[str, str]) -> None:
    """Begin a chain with the edited prompt, in the pool of the job that it was edited from."""
    options = PromptOptions(prompt=fields.get(PROMPT, ""))
    services, viewer = client_of(interaction).services, viewer_of(interaction)
    try:
        compose(options)  # a bad one is refused at once, with nothing left in public
    except UserError as refusal:
        if await defer_ephemeral(interaction) is not None:
            ancestor = await services.jobs.look(viewer, key, Door.REMIX)
            await offer_back(interaction, refusal.text, options, pool=ancestor.pool, of=origin_of(ancestor))
        return
    asker = await defer_public(interaction)
    if asker is None:
        return
    ancestor = await services.jobs.look(viewer, key, Door.REMIX)
    async with offered_back(interaction, options, ancestor.pool, of=origin_of(ancestor)):
        await services.imagine.remix(asker, ancestor, options.prompt)
