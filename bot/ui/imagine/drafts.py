"""A prompt that was refused is given back: the refusal comes with a button that opens it in a modal, to be edited.
Never here: why a prompt is refused, and keeping it (services)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import discord

from bot.domain.intake.prompts import PromptOptions, compose
from bot.domain.pools import Pool
from bot.errors import StorageTrouble, UserError
from bot.services.admission.authorization import Operation, origin_of_draft
from bot.services.intake.batches import asks_for_several
from bot.services.intake.drafts import CLOSED, keeps_draft, with_its_pool
from bot.texts import Text, text
from bot.ui.imagine.batches import show_offer
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.kit.context import CONTENT_LIMIT
from bot.ui.kit.controls import StatelessView, component, custom_id_of, form, modal
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.deadline import read_first, within_deadline
from bot.ui.kit.escape import cut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.personal_items import Draft
    from bot.services.admission.authorization import Origin
    from bot.ui.kit.context import Context

T = TypeVar("T")

WORD: Final = "draft"
ABOUT_WORDS: Final = "refused.words"
"""What refusals begin with that other words may mend."""


@asynccontextmanager
async def offered_back(
    context: Context,
    options: PromptOptions,
    pool: Pool | None = None,
    option_set: str | None = None,
    *,
    of: Origin | None = None,
    ancestor: JobKey | None = None,
    borrowed: str = "",
) -> AsyncIterator[None]:
    """Give a prompt back that is refused within; refusals of a person, and not of what they wrote, go on."""
    try:
        yield
    except UserError as refusal:
        if not keeps_draft(refusal.text):
            raise
        await offer_back(
            context,
            refusal.text,
            options,
            pool=pool,
            option_set=option_set,
            of=of,
            ancestor=ancestor,
            borrowed=borrowed,
        )


async def offer_back(
    context: Context,
    why: Text,
    options: PromptOptions,
    *,
    pool: Pool | None,
    option_set: str | None = None,
    of: Origin | None = None,
    ancestor: JobKey | None = None,
    borrowed: str = "",
) -> None:
    """Say why, to this person only, with a button that opens what they wrote.

    `of` says whose rules hold for it, where the prompt comes from a card; else those of this place do. The pictures of
    its `ancestor` go along when it is asked for again, and for words that were given or `borrowed` nobody is struck.
    """
    if not context.interaction.response.is_done():
        await context.defer_ephemeral()
    options, pool = with_its_pool(why, options, pool)
    try:
        key = await context.services.drafts.keep(
            options,
            user_id=context.user_id,
            guild_id=context.interaction.guild_id if of is None else of.home,
            home_channel=None if of is None else of.channel,
            pool=pool,
            option_set=option_set,
            borrowed=borrowed,
            ancestor=ancestor,
        )
    except StorageTrouble:
        await context.reply(why)  # the sentence is worth more than the button
        return
    said = [why]
    if options.pictures:  # those are not kept: it is said before somebody sends the words alone
        said.append(text("draft.pictures_again"))
    button = discord.ui.Button[Any](
        custom_id=open_modal.id(key),
        label=context.localize(text("button.edit")),
        emoji="✏️",
        style=discord.ButtonStyle.primary,
    )
    buttons = [button]
    if pool is not Pool.DRAW and why.id.startswith(CLOSED):
        home = context.interaction.guild_id if of is None else of.home
        engine = await within_deadline(context.services.drawings.engine(home), None)
        if engine is not None:
            label = context.localize(text("button.draw", engine=engine.name))
            buttons.append(discord.ui.Button[Any](custom_id=draw_instead.id(key), label=label, emoji="🎨"))
    if pool is not Pool.DRAW and why.id.startswith(ABOUT_WORDS) and context.services.improving.helper.offered:
        buttons.append(
            discord.ui.Button[Any](
                custom_id=custom_id_of("improve-draft", key),
                label=context.localize(text("button.improve")),
                emoji="✨",
            )
        )
    lines = [discord.ui.TextDisplay[Any](cut(context.localize(words), CONTENT_LIMIT)) for words in said]
    await context.reply(why, view=StatelessView(*lines, discord.ui.ActionRow(*buttons)))


async def check_early(context: Context, options: PromptOptions) -> bool:
    """Whether a prompt asks for several jobs; one that cannot be sent raises `UserError` at once."""
    several = await read_early(context, lambda sets: _asks_for_several(replace(options, sets=sets)))
    return several or False


async def read_early(context: Context, read: Callable[[tuple[tuple[str, str], ...]], T]) -> T | None:
    """What `read` makes of words and of the option sets that may stand in them; it raises `UserError` at once.

    A name that is none may be a set's: whether it is one is left to who begins the job, and None said, if that cannot be
    read in time.
    """
    try:
        return read(())
    except UserError as refusal:
        if not refusal.text.id.startswith("prompt.unknown_parameter"):
            raise
        reading = context.services.people.preferences(context.user_id)
        liked = await within_deadline(read_first(context, reading, text("draft.slow")), None)
        return None if liked is None else read(liked.named())


def _asks_for_several(options: PromptOptions) -> bool:
    several = asks_for_several(options)
    if not several:
        compose(options)
    return several


@component(WORD, KEY)
async def open_modal(context: Context, key: JobKey) -> None:
    """Show the prompt to be edited."""
    draft = await _read(context, key)
    field = (text("remix.prompt"), prompt_field(draft.prompt), None)
    await context.open(form(context.localize, begin.id(key), text("button.edit"), field))


@modal(WORD, KEY)
async def begin(context: Context, key: JobKey) -> None:
    """Ask again, for what was written now, in the pool that was named then."""
    draft = await _read(context, key)
    options = PromptOptions(prompt=context.fields.get(PROMPT, ""))
    services = context.services
    async with _once_more(context, draft, options, draft.pool):
        if draft.pool is Pool.DRAW:
            asker, job = await context.defer_public(), await _ancestor(context, draft)
            await services.drawings.of_draft(asker, draft, options.prompt, ancestor=job)
            return
        several = await check_early(context, options)
        asker = await (context.defer_ephemeral if several else context.defer_public)()
        job = await _ancestor(context, draft)
        if several:
            offer = await services.batches.offer(
                asker, options, draft.pool, draft.option_set, draft=draft, ancestor=job
            )
            await show_offer(context, offer)
            return
        liked = await services.people.preferences(asker.user_id)
        under = liked.under(draft.option_set) if job is None else ()
        options = replace(options, under=under, sets=liked.named())
        await services.imagine.begin_again(asker, draft, options, preferred=liked.pool, ancestor=job)


@component("drawdraft", KEY)
async def draw_instead(context: Context, key: JobKey) -> None:
    """Draw with the second engine what Midjourney was not let begin."""
    draft = await _read(context, key)
    async with _once_more(context, draft, PromptOptions(prompt=draft.prompt), Pool.DRAW):
        asker, job = await context.defer_public(), await _ancestor(context, draft)
        await context.services.drawings.of_draft(asker, draft, ancestor=job)


def _once_more(
    context: Context, draft: Draft, options: PromptOptions, pool: Pool | None
) -> AbstractAsyncContextManager[None]:
    """What is refused again goes back as it came: with where it was asked for, and what it was made from."""
    return offered_back(
        context,
        options,
        pool,
        draft.option_set,
        of=origin_of_draft(draft, None),
        ancestor=draft.ancestor,
        borrowed=draft.borrowed,
    )


async def _ancestor(context: Context, draft: Draft) -> Job | None:
    if draft.ancestor is None:
        return None
    return await context.services.jobs.get_authorized(context.viewer, draft.ancestor, Operation.REMIX)


async def _read(context: Context, key: JobKey) -> Draft:
    return await read_first(context, context.services.drafts.open(context.viewer, key), text("draft.slow"))
