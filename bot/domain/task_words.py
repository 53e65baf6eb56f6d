"""What upstream wrote instead of, or besides, a picture: which of a task's fields holds it, by the kind of job.
Never here: reading prompts out of it (`describing`, `shortening`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.intake.describing import description_text
from bot.domain.intake.shortening import shortened_text

if TYPE_CHECKING:
    from enum import StrEnum

    from bot.domain.tasks import TaskSnapshot


def words_of(kind: StrEnum, seen: TaskSnapshot) -> str | None:
    """A description comes in one of two fields (contract §2.6), shorter prompts in one of three (family §2.6)."""
    if kind == "shorten":
        return shortened_text(seen.final_prompt, seen.prompt, seen.description)
    return description_text(seen.prompt, seen.description) if kind == "describe" else seen.prompt
