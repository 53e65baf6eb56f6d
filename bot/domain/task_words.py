"""What upstream wrote instead of, or besides, a picture: which of a task's fields holds it, by the kind of job.
Never here: reading prompts out of it (`describing`, `shortening`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.intake.describing import description_text
from bot.domain.intake.shortening import shortened_text

if TYPE_CHECKING:
    from enum import StrEnum

    from bot.domain.tasks import TaskSnapshot

LONGEST_WORDS: Final = 8_000
"""Characters of a description or a shortening that are kept: several times what Midjourney writes."""


def words_of(kind: StrEnum, seen: TaskSnapshot) -> str | None:
    """A description comes in one of two fields (contract §2.6), shorter prompts in one of three (family §2.6)."""
    final_prompt, prompt, description = (
        words and words[:LONGEST_WORDS] for words in (seen.final_prompt, seen.prompt, seen.description)
    )
    if kind == "shorten":
        return shortened_text(final_prompt, prompt, description)
    return description_text(prompt, description) if kind == "describe" else seen.prompt
