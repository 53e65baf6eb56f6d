"""The card of a shortening: the shorter prompts, which words counted, and a button for each prompt.
Never here: reading what upstream wrote (domain), and what the buttons do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import discord

from bot.domain.intake.shortening import MOST_SHORTENED, read_shortened
from bot.texts import text
from bot.ui.card.parts import button
from bot.ui.kit.controls import custom_id_of
from bot.ui.kit.escape import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.jobs import Job
    from bot.texts import Localize
    from bot.ui.card.parts import Part

SHORTER_LIMIT: Final = 420
"""Five of them, and the rest of a card, within the 4,000 characters of a message (facts §3.5)."""
WORDS_LIMIT: Final = 200
SHORTER_WORDS: Final = tuple(f"short{n}" for n in range(MOST_SHORTENED))
"""Words of the buttons “Imagine 1” to “Imagine 5” in their custom_ids."""


def shorter_lines(job: Job, localize: Localize) -> Iterable[str]:
    """The prompts as the card shows them, numbered as their buttons are, and the words that hardly counted."""
    found = read_shortened(job.result_text)
    if not found.prompts:
        yield localize(text("shorten.nothing"))
    for n, shorter in enumerate(found.prompts, 1):
        yield f"**{n}** {quoted(shorter, SHORTER_LIMIT)}"
    for name, words in (("strong", found.strong), ("weak", found.weak)):
        if words:
            listed = quoted(", ".join(words), WORDS_LIMIT)
            yield "-# " + localize(text(f"shorten.{name}", words=listed))


def shorter_buttons(job: Job, localize: Localize) -> list[Part]:
    """A button for each prompt."""
    found = read_shortened(job.result_text).prompts
    return [
        button(
            custom_id_of(word, job.key),
            localize(text("describe.window", n=n)),
            None,
            discord.ButtonStyle.primary,
        )
        for n, (word, _) in enumerate(zip(SHORTER_WORDS, found, strict=False), 1)
    ]
