"""Words for a region, where the account takes any: the window that asks for them beside the chosen squares.
Never here: the squares (`picker`), a mask that is uploaded (`mask_upload`), and what words may say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.intake.window_words import read_words
from bot.errors import UserError
from bot.services.intake.drafts import keeps_draft
from bot.texts import text
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.imagine.window_drafts import kept_words, offer_draft
from bot.ui.kit.controls import component, form, modal
from bot.ui.kit.custom_ids import KEY, NUMBER
from bot.ui.kit.deadline import within_deadline
from bot.ui.region.cells import CELLS
from bot.ui.region.mask_upload import begin_region, mask_modal

if TYPE_CHECKING:
    import discord

    from bot.domain.intake.masks import Cells
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context


async def words_for(context: Context, key: JobKey, position: int) -> str | None:
    """The picture's prompt, if its account takes other words for a region; None too if that was not to be had in time."""
    if not context.services.windows.anywhere:
        return None
    return await within_deadline(context.services.regions.words(context.asker(), key, position), None)


async def open_words(context: Context, key: JobKey, position: int, cells: Cells) -> None:
    """Ask for the words of the chosen squares."""
    words = await words_for(context, key, position)
    if words is None:
        raise UserError(text("window.slow"))
    await context.open(_form(context, key, position, cells, words))


def _form(context: Context, key: JobKey, position: int, cells: Cells, words: str) -> discord.ui.Modal:
    field = (text("region.words_field"), prompt_field(words, required=False), text("region.words_hint"))
    return form(context.localize, begin.id(key, position, cells), text("region.words"), field)


@modal("cells-words", KEY, NUMBER, CELLS)
async def begin(context: Context, key: JobKey, position: int, cells: Cells) -> None:
    """Begin the job with the chosen squares and the words; what is refused leaves the picker as it is."""
    typed = context.fields.get(PROMPT, "")
    context.check_permissions()
    asker = await context.defer_update()
    try:
        words = read_words(typed)
        ready = await context.services.regions.prepare(asker, key, position, cells, words=words)
        await begin_region(context, ready)
    except UserError as refusal:
        if not keeps_draft(refusal.text):
            raise
        await offer_draft(context, refusal.text, typed, lambda draft: rewrite.id(key, position, cells, draft))


@component("cells-rewrite", KEY, NUMBER, CELLS, KEY)
async def rewrite(context: Context, key: JobKey, position: int, cells: Cells, draft: JobKey) -> None:
    """Open the window again, as it was filled in; without squares it is the one that takes a file."""
    words = await kept_words(context, draft)
    if cells:
        await context.open(_form(context, key, position, cells, words))
    else:
        await context.open(mask_modal(context, key, position, words))
