"""A prompt that was refused is given back: the refusal comes with a button that opens it in a window, to be edited.
Never here: why a prompt is refused, and keeping it (services)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.keys import ButtonId, JobKey
from bot.domain.people import NOBODYS
from bot.domain.prompts import PROMPT_LIMIT, PromptOptions, compose
from bot.errors import StorageTrouble, UserError
from bot.services.admission.doors import origin_of_draft
from bot.services.intake.batches import asks_for_several
from bot.services.intake.drafts import is_about_words
from bot.texts import Text, text
from bot.ui.imagine.batches import show_offer
from bot.ui.kit.buttons import JobButton, own_button, own_modal
from bot.ui.kit.deadline import promptly
from bot.ui.kit.private import answer_ephemeral, defer_ephemeral, localised, viewer_of
from bot.ui.kit.replies import AnyInteraction, client_of, defer_public, tell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.domain.keepsakes import Draft
    from bot.domain.pools import Pool
    from bot.services.admission.doors import Origin

WORD: Final = "draft"
PROMPT: Final = "prompt"
READ_S: Final = 2.0
"""A window must be the first answer, so the row is read before it."""


@asynccontextmanager
async def offered_back(
    interaction: AnyInteraction,
    options: PromptOptions,
    pool: Pool | None = None,
    option_set: str | None = None,
    *,
    of: Origin | None = None,
) -> AsyncIterator[None]:
    """Give a prompt back that is refused within, if other words would mend it; other refusals go on."""
    try:
        yield
    except UserError as refusal:
        if not is_about_words(refusal.text):
            raise
        await offer_back(interaction, refusal.text, options, pool=pool, option_set=option_set, of=of)


async def offer_back(
    interaction: AnyInteraction,
    why: Text,
    options: PromptOptions,
    *,
    pool: Pool | None,
    option_set: str | None = None,
    of: Origin | None = None,
) -> None:
    """Say why, to this person only, with a button that opens what they wrote.

    `of` says whose rules hold for it, where the prompt comes from a card; else those of this place do.
    """
    if not interaction.response.is_done() and await defer_ephemeral(interaction) is None:
        return
    try:
        key = await client_of(interaction).services.drafts.keep(
            options,
            user_id=interaction.user.id,
            guild_id=interaction.guild_id if of is None else of.home,
            home_channel=None if of is None else of.channel,
            pool=pool,
            option_set=option_set,
        )
    except StorageTrouble:
        await tell(interaction, why)  # the sentence is worth more than the button
        return
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(localised(interaction, why)))
    if options.pictures:  # those are not kept: it is said before somebody sends the words alone
        view.add_item(discord.ui.TextDisplay(localised(interaction, text("draft.pictures_again"))))
    button = JobButton.draw(
        ButtonId(key, WORD),
        label=localised(interaction, text("button.edit")),
        emoji="✏️",
        style=discord.ButtonStyle.primary,
    )
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(button)
    view.add_item(row)
    await answer_ephemeral(interaction, view)


async def check_early(interaction: AnyInteraction, options: PromptOptions) -> None:
    """Raise `UserError` at once for a prompt that cannot be sent; a name that is none may be an option set's."""
    try:
        compose(options)
    except UserError as refusal:
        if not refusal.text.id.startswith("prompt.unknown_parameter"):
            raise
        people = client_of(interaction).services.people
        liked = await promptly(people.preferences(interaction.user.id), NOBODYS)
        compose(replace(options, sets=liked.named()))


@own_button(WORD)
async def open_modal(interaction: AnyInteraction, key: JobKey) -> None:
    """Show the prompt to be edited."""
    draft = await _read(interaction, key)
    modal = discord.ui.Modal(
        title=localised(interaction, text("button.edit")), custom_id=ButtonId(key, WORD).encode()
    )
    modal.add_item(
        discord.ui.Label(
            text=localised(interaction, text("remix.prompt")),
            component=discord.ui.TextInput(
                style=discord.TextStyle.paragraph,
                default=draft.prompt[:PROMPT_LIMIT],
                max_length=PROMPT_LIMIT,
                custom_id=PROMPT,
            ),
        )
    )
    modal.stop()  # discord.py keeps only windows that have not ended
    await interaction.response.send_modal(modal)


@own_modal(WORD)
async def begin(interaction: AnyInteraction, key: JobKey, fields: Mapping[str, str]) -> None:
    """Ask again, for what was written now, in the pool that was named then."""
    draft = await _read(interaction, key)
    options = PromptOptions(prompt=fields.get(PROMPT, ""))
    origin = origin_of_draft(draft)
    async with offered_back(interaction, options, draft.pool, draft.option_set, of=origin):
        several = asks_for_several(options.prompt)
        if not several:
            await check_early(interaction, options)
        asker = await (defer_ephemeral if several else defer_public)(interaction)
        if asker is None:
            return
        services = client_of(interaction).services
        if several:
            offer = await services.batches.offer(asker, options, draft.pool, draft.option_set, of=origin)
            await show_offer(interaction, offer)
            return
        liked = await services.people.preferences(asker.user_id)
        options = replace(options, under=liked.under(draft.option_set), sets=liked.named())
        await services.imagine.begin_again(asker, draft, options, preferred=liked.pool)


async def _read(interaction: AnyInteraction, key: JobKey) -> Draft:
    try:
        async with asyncio.timeout(READ_S):
            return await client_of(interaction).services.drafts.open(viewer_of(interaction), key)
    except TimeoutError:
        raise UserError(text("draft.slow")) from None
