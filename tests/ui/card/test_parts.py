"""The parts of a card: spelled as discord.py's own items spell themselves, to the last field.
Never here: what stands on cards."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.ui.card.parts import CardView, Part, box, button, gallery, row, words, words_beside

ui = discord.ui
COLOUR = discord.Colour(0x3BA55D)
PICTURES = ("attachment://one.png", "https://cdn.example/two.png")


def theirs_gallery(described: str, *, veiled: bool) -> ui.MediaGallery[Any]:
    return ui.MediaGallery(
        *(discord.MediaGalleryItem(one, description=described, spoiler=veiled) for one in PICTURES)
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (words("**fox**"), ui.TextDisplay("**fox**")),
        (gallery(PICTURES, "a fox", veiled=True), theirs_gallery("a fox", veiled=True)),
        (gallery(PICTURES, "", veiled=False), theirs_gallery("", veiled=False)),
        *(
            (
                words_beside(words("fox"), PICTURES[0], described, veiled=True),
                ui.Section(
                    ui.TextDisplay("fox"),
                    accessory=ui.Thumbnail(PICTURES[0], description=described, spoiler=True),
                ),
            )
            for described in ("a fox", "")
        ),
        *(
            (
                row([button("easel:2:x", label, emoji, style)]),
                ui.ActionRow(ui.Button(custom_id="easel:2:x", label=label, emoji=emoji, style=style)),
            )
            for label, emoji in (("Fox", None), (None, "🦊"), ("Fox", "✖️"))
            for style in (discord.ButtonStyle.primary, discord.ButtonStyle.secondary)
        ),
        (
            box(COLOUR, [words("fox"), words("-# small")]),
            ui.Container(ui.TextDisplay("fox"), ui.TextDisplay("-# small"), accent_colour=COLOUR),
        ),
    ],
)
def test_a_part_is_spelled_as_discord_py_spells_it(ours: Part, theirs: ui.Item[Any]) -> None:
    view = CardView(ours)

    assert view.to_components() == [theirs.to_component_dict()]
    assert view.has_components_v2()
