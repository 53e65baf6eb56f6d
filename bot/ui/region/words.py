"""Words for a region, where the account takes any: the window that asks for them beside the chosen squares.
Never here: the squares (`picker`), a mask that is uploaded (`mask_upload`), and what words may say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.intake.window_words import read_words
from bot.errors import UserError
from bot.services.admission.authorization import Operation
from bot.services.intake.drafts import keeps_draft
from bot.texts import text
from bot.ui.card.press import reply_existing
from bot.ui.imagine.drafts import read_early
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.imagine.window_drafts import kept_words, offer_draft
from bot.ui.kit.controls import component, form, modal
from bot.ui.kit.custom_ids import KEY, NUMBER
from bot.ui.kit.deadline import read_first
from bot.ui.region.cells import CELLS
from bot.ui.region.mask_upload import begin_region, mask_modal

if TYPE_CHECKING:
    import discord

    from bot.domain.intake.masks import Cells
    from bot.domain.intake.window_words import WindowWords
    from bot.domain.jobs import Job, Press
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context


async def words_for(context: Context, key: JobKey, position: int) -> str | None:
    """The picture's prompt, if its account takes other words for a region; raises `UserError`, also if it is not read in time."""
    if not context.services.windows.anywhere:
        return None
    reading = context.services.regions.words(context.asker(), key, position)
    return await read_first(context, reading, text("window.slow"))


async def open_words(context: Context, key: JobKey, position: int, cells: Cells) -> None:
    """Ask for the words of the chosen squares."""
    words = await words_for(context, key, position)
    if words is None:
        raise UserError(text("window.slow"))
    await context.open(_form(context, begin.id(key, position, cells), words))


async def ask_again(context: Context, job: Job) -> None:
    """Ask for other words for a region that failed with these; its mask is kept."""
    await context.open(_form(context, begin_again.id(job.key), job.prompt))


def _form(context: Context, custom_id: str, words: str) -> discord.ui.Modal:
    field = (text("region.words_field"), prompt_field(words, required=False), text("region.words_hint"))
    return form(context.localize, custom_id, text("region.words"), field)


@modal("cells-words", KEY, NUMBER, CELLS)
async def begin(context: Context, key: JobKey, position: int, cells: Cells) -> None:
    """Begin the job with the chosen squares and the words; what is refused leaves the picker as it is."""
    typed = context.fields.get(PROMPT, "")
    context.check_permissions()
    asker = await context.defer_update()
    try:
        liked = await context.services.people.preferences(asker.user_id)
        words = read_words(typed, sets=liked.named())
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
        await context.open(_form(context, begin.id(key, position, cells), words))
    else:
        await context.open(mask_modal(context, key, position, words))


# -- a region that failed for its words --------------------------------------------------------------------------


@modal("region-again", KEY)
async def begin_again(context: Context, key: JobKey) -> None:
    """Begin it once more, with the mask that it had and the words that were written now."""
    typed = context.fields.get(PROMPT, "")

    def read(sets: tuple[tuple[str, str], ...]) -> WindowWords:
        return read_words(typed, sets=sets)

    try:
        await read_early(context, read)  # what cannot be sent is refused with nothing left in public
        asker = await context.defer_public()
        liked = await context.services.people.preferences(asker.user_id)
        job = await context.services.jobs.get_authorized(context.viewer, key, Operation.INFO)
        pressed = await context.services.regions.again(asker, job, _press_of(job), words=read(liked.named()))
    except UserError as refusal:
        if not keeps_draft(refusal.text):
            raise
        await offer_draft(context, refusal.text, typed, lambda draft: rewrite_again.id(key, draft))
        return
    await reply_existing(context, pressed)


def _press_of(job: Job) -> Press:
    if job.press is None:
        raise UserError(text("press.expired"))
    return job.press


@component("region-rewrite", KEY, KEY)
async def rewrite_again(context: Context, key: JobKey, draft: JobKey) -> None:
    """Open that window again, as it was filled in."""
    await context.open(_form(context, begin_again.id(key), await kept_words(context, draft)))
