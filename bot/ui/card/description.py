"""The card of a description: the picture small, four prompts, and a button for each.
Never here: what the buttons do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import discord

from bot.domain.intake.describing import ideas
from bot.ui.kit.escape import quoted

if TYPE_CHECKING:
    from bot.domain.jobs import Job

IDEA_LIMIT: Final = 600
"""Four of them, and the rest of a card, within the 4,000 characters of a message (facts §3.5)."""
IDEA_WORDS: Final = ("idea0", "idea1", "idea2", "idea3")
"""Words of the buttons “Imagine 1” to “Imagine 4” in their custom_ids."""
IMAGINE_ALL: Final = ("ideas", "🎉", discord.ButtonStyle.secondary)
DESCRIBE_AGAIN: Final = ("describe", "🔄", discord.ButtonStyle.secondary)

Own = tuple[str, str | None, discord.ButtonStyle]
"""A button of ours: its word, its emoji, its look."""


def idea_lines(job: Job) -> list[str]:
    """The prompts as the card shows them, numbered as their buttons are."""
    return [f"**{n}** {quoted(idea, IDEA_LIMIT)}" for n, idea in enumerate(ideas(job.result_text), 1)]


def idea_rows(job: Job, rest: tuple[Own, ...]) -> list[tuple[Own, ...]]:
    """A button for each prompt; below them the others, and `rest` of every card."""
    found = ideas(job.result_text)
    offered: tuple[Own, ...] = tuple(
        (word, None, discord.ButtonStyle.primary) for word, _ in zip(IDEA_WORDS, found, strict=False)
    )
    below = (*((IMAGINE_ALL,) if len(found) > 1 else ()), DESCRIBE_AGAIN, *rest)
    return [row for row in (offered, below) if row]
