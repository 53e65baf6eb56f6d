"""Windows under a card: Custom Zoom, and Remix of V, reroll and pan; each asks for words and begins the action with them.
Never here: what an account can do (services), what words may say (domain, policy), and the region's (`picker`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.actions import Family, classify, describe_press, zooms_of
from bot.domain.intake.window_words import USUAL_ZOOM, WindowKind, as_filled_in, read_words, split_zoom
from bot.errors import UserError
from bot.services.admission.authorization import Operation
from bot.services.intake.drafts import keeps_draft
from bot.services.intake.press import Pressed
from bot.texts import listed, text
from bot.ui.card.card_buttons import VARY, ZOOM
from bot.ui.card.press import press, reply_existing
from bot.ui.imagine.drafts import read_early
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.imagine.window_drafts import kept_words, offer_draft
from bot.ui.kit.controls import component, form, modal
from bot.ui.kit.custom_ids import KEY, NUMBER, one_of
from bot.ui.kit.deadline import read_first
from bot.ui.kit.message_parser import job_on

if TYPE_CHECKING:
    from bot.domain.intake.window_words import WindowWords
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.intake.windows import ActionWindow
    from bot.texts import Text
    from bot.ui.kit.context import Context

FACTOR: Final = "zoom"
FACTOR_LIMIT: Final = 8


# -- buttons -----------------------------------------------------------------------------------------------------


@component(ZOOM, KEY)
async def zoom(context: Context, key: JobKey) -> None:
    """Custom Zoom: open its window where the account can, else say what to press instead."""
    services = context.services
    opens = services.windows.anywhere
    if not opens:
        await context.defer_ephemeral()
    reading = services.jobs.get_authorized(context.viewer, key, Operation.ZOOM)
    job = await (read_first(context, reading, text("window.slow")) if opens else reading)
    position = _custom_zoom(job)
    if opens and position is not None and services.presses.window_of(job, position) is not None:
        await ask(context, key, position)
        return
    names = [text("zoom.button", button=name) for name in zooms_of(job.actions)]
    await context.reply(text("zoom.instead", buttons=listed(names)) if names else text("zoom.none"))


@component(VARY, KEY, NUMBER)
async def vary(context: Context, key: JobKey, position: int) -> None:
    """V, reroll or pan where the account takes other words: ask for them, if this person wants to be asked."""
    liked = await read_first(
        context, context.services.people.preferences(context.user_id), text("window.slow")
    )
    await (ask if liked.remix else press)(context, key, position)


def _custom_zoom(job: Job) -> int | None:
    families = [classify(action.custom_id) for action in job.actions]
    return families.index(Family.CUSTOM_ZOOM) if Family.CUSTOM_ZOOM in families else None


# -- the window --------------------------------------------------------------------------------------------------


async def ask(context: Context, key: JobKey, position: int, typed: str | None = None) -> None:
    """Open the window, with the picture's words or those that were `typed` before."""
    reading = context.services.windows.open(context.asker(), key, position)
    found = await read_first(context, reading, text("window.slow"))
    if found is None and typed is not None:  # a press without the words would be paid, too
        looking = context.services.jobs.get_authorized(context.viewer, key, Operation.INFO)
        job = await read_first(context, looking, text("window.slow"))
        raise UserError(text("window.not_here", button=describe_press(job.actions[position])))
    if found is None:
        await press(context, key, position)
    elif isinstance(found, Pressed):
        await reply_existing(context, found)
    else:
        await context.open(_form(context, found, position, typed))


def _form(context: Context, window: ActionWindow, position: int, typed: str | None) -> discord.ui.Modal:
    words, factor = window.parent.prompt if typed is None else typed, None
    title = text("window.title", button=window.title)
    fields: list[tuple[Text, discord.ui.Item[Any], Text | None]] = []
    if window.kind is WindowKind.ZOOM:
        words, factor = split_zoom(words)
        field = discord.ui.TextInput[Any](
            custom_id=FACTOR, default=(factor or USUAL_ZOOM)[:FACTOR_LIMIT], max_length=FACTOR_LIMIT
        )
        fields.append((text("window.zoom"), field, text("window.zoom_hint")))
        title = text("window.zoom_title")
    hint = text("window.stays", pool=text(f"pool.{window.parent.pool.value}"))
    fields.append((text("remix.prompt"), prompt_field(words, required=False), hint))
    return form(context.localize, begin.id(window.parent.key, position, window.kind), title, *fields)


@modal("window", KEY, NUMBER, one_of(WindowKind))
async def begin(context: Context, key: JobKey, position: int, kind: WindowKind) -> None:
    """Begin the action with what was written."""
    typed = context.fields.get(PROMPT, "")
    factor = context.fields.get(FACTOR, "") if kind is WindowKind.ZOOM else None

    def reopens(draft: JobKey) -> str:
        return rewrite.id(key, position, draft)

    def read(sets: tuple[tuple[str, str], ...]) -> WindowWords:
        return read_words(typed, zoom=factor, sets=sets)

    try:
        await read_early(context, read)  # what cannot be sent is refused with nothing left in public
    except UserError as refusal:
        await offer_draft(context, refusal.text, as_filled_in(typed, factor), reopens)
        return
    asker = await context.defer_public()
    message = context.interaction.message
    if message is not None and (message.flags.ephemeral or job_on(message) != key):
        message = None  # it leads to no picture: only one person sees it, or the button stood under words that failed
    try:
        liked = await context.services.people.preferences(asker.user_id)
        pressed = await context.services.presses.press(
            asker,
            key,
            position,
            channel_id=asker.reply.channel_id,
            message_id=0 if message is None else message.id,
            words=read(liked.named()),
        )
    except UserError as refusal:
        if not keeps_draft(refusal.text):
            raise
        await offer_draft(context, refusal.text, as_filled_in(typed, factor), reopens)
        return
    await reply_existing(context, pressed)


# -- what was refused for its words ------------------------------------------------------------------------------


@component("rewrite", KEY, NUMBER, KEY)
async def rewrite(context: Context, key: JobKey, position: int, draft: JobKey) -> None:
    """Open the window again, as it was filled in."""
    await ask(context, key, position, await kept_words(context, draft))
