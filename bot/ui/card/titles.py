"""What a job is called where there is no prompt to name it: a blend, a description, and the button that began it.
Never here: prompts themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.inputs import Shape
from bot.domain.intake.drawing import AGAIN_ID, varied
from bot.domain.jobs import JobKind
from bot.texts import Text, text
from bot.ui.kit.escape import plain, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.jobs import Job, Press
    from bot.texts import Localize

NAME_LIMIT: Final = 80
_WORDED: Final = frozenset({JobKind.IMAGINE, JobKind.DRAW, JobKind.SHORTEN})
"""Kinds that nobody begins without words."""


def title_of(job: Job, *, quote: Callable[[str, int], str] = quoted) -> Text | None:
    """A blend or a description by its pictures, or that a prompt was erased; None for a job that has words, or its button's.

    `quote` makes a file's name safe where the title is to stand.
    """
    if is_forgotten(job):
        return text("jobs.prompt_forgotten")
    if job.kind is JobKind.BLEND:
        shape = text(f"shape.{(job.shape or Shape.SQUARE).value.lower()}")
        return text("title.blend", n=job.inputs, shape=shape)
    if job.kind is JobKind.DESCRIBE and job.subject:
        return text("title.describe", name=quote(job.subject, NAME_LIMIT))
    return text("title.describe_unnamed") if job.kind is JobKind.DESCRIBE else None


def is_forgotten(job: Job) -> bool:
    """Whether it had a prompt that is not kept any more; of a button's job nobody can tell."""
    return not job.prompt and job.kind in _WORDED


def named(job: Job, localize: Localize, limit: int) -> str:
    """The prompt or what stands for it, safe to show among other words."""
    title = title_of(job)
    return quoted(job.prompt, limit) if title is None else localize(title)


def plain_title(job: Job, localize: Localize) -> str:
    """The prompt or what stands for it, as plain text: for suggestions and descriptions of pictures."""
    if job.prompt:
        return job.prompt
    title = title_of(job, quote=plain)
    if title is not None:
        return localize(title).strip("*")
    return press_name(job.press, localize, NAME_LIMIT, quote=plain) if job.press is not None else ""


def press_name(
    press: Press, localize: Localize, limit: int, *, quote: Callable[[str, int], str] = quoted
) -> str:
    """The button that was pressed: the engine's own in the reader's language, Midjourney's as it was read there."""
    own = engine_action(press.custom_id, press.label)
    return quote(press.label, limit) if own is None else localize(own)


def engine_action(custom_id: str, label: str) -> Text | None:
    """What one of the engine's own actions is called; None for any of Midjourney's."""
    number = varied(custom_id)
    if number is not None:
        return text("action.draw_vary_of", n=number) if label[-1:].isdigit() else text("action.draw_vary")
    return text("action.draw_again") if custom_id == AGAIN_ID else None
