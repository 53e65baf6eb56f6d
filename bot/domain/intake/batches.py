"""Several jobs in one prompt: choices in curly braces and `--repeat`, written out as Midjourney does.
Never here: how many a server allows, what they cost, and beginning them (services)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.intake.choices import count_of, expanded
from bot.domain.intake.prompts import compose
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.intake.prompts import ComposedPrompt, PromptOptions

MOST_JOBS: Final = 40
"""As many as Midjourney itself makes of one prompt; a server allows fewer."""
DEFAULT_JOBS: Final = 4
"""What a server allows that decided nothing."""


def written_out(options: PromptOptions, *, most: int) -> list[ComposedPrompt]:
    """Every job that a prompt asks for, composed, in the order of its choices; mostly one.

    Raises `UserError` if one of them cannot be sent, or if they are more than `most`.
    """
    _check_count(count_of(options.prompt), most)
    jobs: list[ComposedPrompt] = []
    for prompt in expanded(options.prompt):
        one = compose(replace(options, prompt=prompt, several=True))
        jobs += [one] * one.repeat
    _check_count(len(jobs), most)
    return jobs


def _check_count(count: int, most: int) -> None:
    if count <= max(1, most):
        return
    if most <= 1:
        raise UserError(text("prompt.several_off"))
    shown = f"{count}" if count < 1_000 else "999+"  # noqa: PLR2004 - nobody needs the exact number
    raise UserError(text("prompt.too_many_jobs", n=shown, limit=most))
