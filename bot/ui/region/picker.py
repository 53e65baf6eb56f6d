"""Vary (Region) in Discord: a picture under a lattice, only for whoever pressed, and a button for each of its squares.
Never here: masks and jobs (services), and the modal for an uploaded mask.

The whole state is in each button's custom_id, so that a picker works on after any restart."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.intake.masks import COUNT, SIDE, Cells, name_of
from bot.texts import text
from bot.ui.kit.controls import StatelessView, component
from bot.ui.kit.custom_ids import KEY, NUMBER, Field
from bot.ui.kit.deadline import read_first
from bot.ui.region.cells import CELLS
from bot.ui.region.mask_upload import begin_region, mask_modal
from bot.ui.region.words import open_words, words_for

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.services.intake.region import RegionDraft
    from bot.ui.kit.context import Context

GO: Final = "go"
CLEAR: Final = "clear"
UPLOAD: Final = "upload"
WORDS: Final = "words"
ACT: Final = Field(f"[0-9]|1[0-5]|{GO}|{CLEAR}|{UPLOAD}|{WORDS}", str)
ACCENT: Final = discord.Colour(0xEB4078)
"""As the chosen squares in the picture."""


@component("region", KEY, NUMBER)
async def open_picker(context: Context, key: JobKey, position: int) -> None:
    """Vary (Region) under a card: open the picker, in private."""
    context.check_permissions()  # the picture that comes of it is shown here
    asker = await context.defer_ephemeral()
    draft = await context.services.regions.open(asker, key, position)
    view, file = await _picker(context, asker, draft, Cells())
    await context.show(view, files=[file])


@component("cells", KEY, NUMBER, CELLS, ACT)
async def pick(context: Context, key: JobKey, position: int, cells: Cells, act: str) -> None:
    """A button of the picker: what is chosen so far, and a square, or what is to be done with the chosen ones."""
    if act == GO:
        context.check_permissions()
        asker = await context.defer_update()
        ready = await context.services.regions.prepare(asker, key, position, cells)
        await begin_region(context, ready)  # its card leads to the picture's
    elif act == UPLOAD:
        await context.open(mask_modal(context, key, position, await words_for(context, key, position)))
    elif act == WORDS:
        await open_words(context, key, position, cells)
    else:
        await _redraw(context, key, position, Cells() if act == CLEAR else cells.toggled(int(act)))


async def _redraw(context: Context, key: JobKey, position: int, cells: Cells) -> None:
    """Show what is chosen now.

    With the picture at hand the drawing is the first answer: until it comes, Discord takes no second press,
    which would know nothing of this one.
    """
    regions = context.services.regions
    here = context.asker()

    async def at_hand() -> tuple[discord.ui.LayoutView, discord.File] | None:
        draft = await regions.cached_draft(here, key, position)
        return None if draft is None else await _picker(context, here, draft, cells)

    drawing = await read_first(context, at_hand(), text("window.slow"))
    if drawing is not None:
        view, file = drawing
        await context.redraw(view, file)
        return
    asker = await context.defer_update()
    draft = await regions.draft(asker, key, position)
    view, file = await _picker(context, asker, draft, cells)
    await context.show(view, files=[file])


async def _picker(
    context: Context, asker: Asker, draft: RegionDraft, cells: Cells
) -> tuple[discord.ui.LayoutView, discord.File]:
    """The picture with its lattice, and the buttons."""
    regions = context.services.regions
    localize = context.localize
    name = f"region-{draft.job.key}-{cells.encode()}.jpg"
    file = discord.File(io.BytesIO(await regions.preview(draft, cells)), filename=name)
    chosen = ", ".join(name_of(cell) for cell in cells)
    if cells.is_region:
        state = text("region.chosen", cells=chosen)
    else:
        state = text("region.everything" if cells else "region.nothing")

    def button(act: str, label: str, **options: Any) -> discord.ui.Button[Any]:
        custom_id = pick.id(draft.job.key, draft.position, cells, act)
        return discord.ui.Button(label=label, custom_id=custom_id, **options)

    gallery: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    gallery.add_item(media=f"attachment://{name}", description=localize(text("region.alt")))
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=ACCENT)
    box.add_item(discord.ui.TextDisplay(localize(text("region.intro"))))
    box.add_item(gallery)
    box.add_item(discord.ui.TextDisplay(localize(state)))
    for first in range(0, COUNT, SIDE):
        box.add_item(
            discord.ui.ActionRow(
                *(
                    button(str(cell), name_of(cell), style=_style(cell, cells))
                    for cell in range(first, first + SIDE)
                )
            )
        )
    controls: list[discord.ui.Item[Any]] = [
        button(
            GO, localize(text("region.go")), style=discord.ButtonStyle.success, disabled=not cells.is_region
        ),
        button(CLEAR, localize(text("region.clear")), disabled=not cells),
        button(UPLOAD, localize(text("region.upload"))),
    ]
    if draft.words is not None:
        controls.insert(1, button(WORDS, localize(text("region.words")), disabled=not cells.is_region))
    link = await regions.editor_link(asker, draft.job.key, draft.position)
    if link is not None:
        controls.append(discord.ui.Button(url=link, label=localize(text("region.editor"))))
    box.add_item(discord.ui.ActionRow(*controls))
    return StatelessView(box), file


def _style(cell: int, cells: Cells) -> discord.ButtonStyle:
    return discord.ButtonStyle.primary if cell in cells else discord.ButtonStyle.secondary
