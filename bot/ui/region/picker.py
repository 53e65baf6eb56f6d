"""Vary (Region) in Discord: a picture under a lattice, only for whoever pressed, and a button for each of its squares.
Never here: masks and jobs (services), and the window for an uploaded mask.

The whole state is in each button's custom_id, so that a picker works on after any restart."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from typing_extensions import override

from bot.domain.keys import KEY_PATTERN, JobKey
from bot.domain.masks import COUNT, SIDE, Cells, name_of
from bot.texts import text
from bot.ui.kit.private import defer_ephemeral, defer_update, localised, show_ephemeral
from bot.ui.kit.replies import AnyInteraction, answer_errors, asker_of, check_permissions, client_of
from bot.ui.region.mask_upload import begin_region, mask_window

if TYPE_CHECKING:
    import re

    from bot.services.admission.asker import Asker
    from bot.services.intake.region import RegionDraft

GO: Final = "go"
CLEAR: Final = "clear"
UPLOAD: Final = "upload"
ACCENT: Final = discord.Colour(0xEB4078)
"""As the chosen squares in the picture."""


class RegionButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"easel-region:(?P<key>{KEY_PATTERN}):(?P<position>[0-9]{{1,3}})",
):
    """Vary (Region) under a card. It answers in private, so it is told apart from the buttons that begin a job at once."""

    def __init__(self, item: discord.ui.Button[Any], key: JobKey, position: int) -> None:
        super().__init__(item)
        self.key, self.position = key, position

    @classmethod
    def draw(
        cls, key: JobKey, position: int, *, label: str | None, emoji: str | None, style: discord.ButtonStyle
    ) -> Self:
        """Make the button."""
        custom_id = f"easel-region:{key}:{position}"
        return cls(
            discord.ui.Button(style=style, label=label, emoji=emoji, custom_id=custom_id), key, position
        )

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        return cls(cast("discord.ui.Button[Any]", item), JobKey(match["key"]), int(match["position"]))

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Open the picker."""
        await answer_errors(interaction, partial(self._open, interaction), reference=self.key)

    async def _open(self, interaction: AnyInteraction) -> None:
        check_permissions(interaction)  # the picture that comes of it is shown here
        asker = await defer_ephemeral(interaction)
        if asker is None:
            return
        draft = await client_of(interaction).services.regions.open(asker, self.key, self.position)
        view, file = await _picker(interaction, asker, draft, Cells())
        await show_ephemeral(interaction, view, files=[file])


class PickerButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=(
        rf"easel-cells:(?P<key>{KEY_PATTERN}):(?P<position>[0-9]{{1,3}}):(?P<cells>{Cells.PATTERN})"
        rf":(?P<what>[0-9]|1[0-5]|{GO}|{CLEAR}|{UPLOAD})"
    ),
):
    """A button of the picker: what is chosen so far, and a square, or what is to be done with the chosen ones."""

    def __init__(
        self, item: discord.ui.Button[Any], key: JobKey, position: int, cells: Cells, what: str
    ) -> None:
        super().__init__(item)
        self.key, self.position, self.cells, self.what = key, position, cells, what

    @classmethod
    def draw(
        cls,
        draft: RegionDraft,
        cells: Cells,
        what: str,
        *,
        label: str,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> Self:
        """Make a button."""
        key, position = draft.job.key, draft.position
        custom_id = f"easel-cells:{key}:{position}:{cells.spell()}:{what}"
        button: discord.ui.Button[Any] = discord.ui.Button(
            style=style, label=label, disabled=disabled, custom_id=custom_id
        )
        return cls(button, key, position, cells, what)

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        return cls(
            cast("discord.ui.Button[Any]", item),
            JobKey(match["key"]),
            int(match["position"]),
            Cells.read(match["cells"]),
            match["what"],
        )

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Choose, or do what is to be done."""
        await answer_errors(interaction, partial(self._pressed, interaction), reference=self.key)

    async def _pressed(self, interaction: AnyInteraction) -> None:
        if self.what == GO:
            await self._go(interaction)
        elif self.what == UPLOAD:
            await interaction.response.send_modal(mask_window(interaction, self.key, self.position))
        elif self.what == CLEAR:
            await self._redraw(interaction, Cells())
        else:
            await self._redraw(interaction, self.cells.toggled(int(self.what)))

    async def _go(self, interaction: AnyInteraction) -> None:
        """Begin the job; its card leads to the picture's."""
        check_permissions(interaction)
        asker = await defer_update(interaction)
        if asker is not None:
            regions = client_of(interaction).services.regions
            ready = await regions.prepare(asker, self.key, self.position, self.cells)
            await begin_region(interaction, ready)

    async def _redraw(self, interaction: AnyInteraction, cells: Cells) -> None:
        """Show what is chosen now.

        With the picture at hand the drawing is the first answer: until it comes, Discord takes no second press,
        which would know nothing of this one.
        """
        regions = client_of(interaction).services.regions
        here = asker_of(interaction, None)
        draft = regions.at_hand(here, self.key, self.position)
        if draft is not None:
            view, file = await _picker(interaction, here, draft, cells)
            await interaction.response.edit_message(view=view, attachments=[file])
            return
        asker = await defer_update(interaction)
        if asker is not None:
            draft = await regions.draft(asker, self.key, self.position)
            view, file = await _picker(interaction, asker, draft, cells)
            await show_ephemeral(interaction, view, files=[file])


async def _picker(
    interaction: AnyInteraction, asker: Asker, draft: RegionDraft, cells: Cells
) -> tuple[discord.ui.LayoutView, discord.File]:
    """The picture with its lattice, and the buttons."""
    regions = client_of(interaction).services.regions
    say = partial(localised, interaction)
    name = f"region-{draft.job.key}-{cells.spell()}.jpg"
    file = discord.File(io.BytesIO(await regions.preview(draft, cells)), filename=name)
    chosen = ", ".join(name_of(cell) for cell in cells)
    if cells.is_region:
        state = text("region.chosen", cells=chosen)
    else:
        state = text("region.everything" if cells else "region.nothing")

    gallery: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    gallery.add_item(media=f"attachment://{name}", description=say(text("region.alt")))
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=ACCENT)
    box.add_item(discord.ui.TextDisplay(say(text("region.intro"))))
    box.add_item(gallery)
    box.add_item(discord.ui.TextDisplay(say(state)))
    for first in range(0, COUNT, SIDE):
        box.add_item(
            discord.ui.ActionRow(
                *(
                    PickerButton.draw(draft, cells, str(cell), label=name_of(cell), style=_style(cell, cells))
                    for cell in range(first, first + SIDE)
                )
            )
        )
    controls: list[discord.ui.Item[Any]] = [
        PickerButton.draw(
            draft,
            cells,
            GO,
            label=say(text("region.go")),
            style=discord.ButtonStyle.success,
            disabled=not cells.is_region,
        ),
        PickerButton.draw(draft, cells, CLEAR, label=say(text("region.clear")), disabled=not cells),
        PickerButton.draw(draft, cells, UPLOAD, label=say(text("region.upload"))),
    ]
    link = await regions.editor_link(asker, draft.job.key, draft.position)
    if link is not None:
        controls.append(discord.ui.Button(url=link, label=say(text("region.editor"))))
    box.add_item(discord.ui.ActionRow(*controls))
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(box)
    return view, file


def _style(cell: int, cells: Cells) -> discord.ButtonStyle:
    return discord.ButtonStyle.primary if cell in cells else discord.ButtonStyle.secondary


REGION_DYNAMIC: Final = (RegionButton, PickerButton)
"""What the client registers for regions."""
