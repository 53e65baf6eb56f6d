"""Which sentences say why a job failed and what to do next: the usual ones, or those of an engine, a server's own key, or pictures.
Never here: the card around them, its buttons, and how upstream's words are read."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.domain.accounts import is_own
from bot.domain.failures import FailureKind
from bot.domain.jobs import JobKind
from bot.domain.pools import Pool

if TYPE_CHECKING:
    from bot.domain.jobs import Job

OWNERS: Final = frozenset({FailureKind.KEY, FailureKind.BALANCE})
"""Failures that whoever owns the account has to mend."""

ENGINES: Final = MappingProxyType(
    {
        FailureKind.BANNED_PROMPT: "draw_banned_prompt",
        FailureKind.OUTPUT_FILTERED: "draw_banned_prompt",
        FailureKind.KEY: "draw_key",
        FailureKind.LOST: "draw_lost",
        FailureKind.NO_PICTURE: "draw_no_picture",
        FailureKind.INVALID_PARAMETER: "draw_unknown",
        FailureKind.INVALID_PROMPT: "draw_unknown",
        FailureKind.INVALID_IMAGE: "draw_unknown",
        FailureKind.UNKNOWN: "draw_unknown",
    }
)
"""Failures that mean something else where the second engine draws."""

PICTURES: Final = MappingProxyType(
    {
        FailureKind.BANNED_PROMPT: "pictures_refused",
        FailureKind.INVALID_PROMPT: "pictures_refused",
        FailureKind.INVALID_PARAMETER: "pictures_refused",
        FailureKind.OUTPUT_FILTERED: "pictures_filtered",
        FailureKind.INVALID_IMAGE: "pictures_unread",
    }
)
"""Failures that speak of words, and what is said of them where there were none."""


def sentences_of(job: Job, kind: FailureKind) -> str:
    """The last part of the ids of both sentences: `failure.…` says why, `advice.…` what to do next."""
    if job.pool is Pool.DRAW and kind in ENGINES:
        return ENGINES[kind]
    if kind in OWNERS and is_own(job.account):
        return f"own_{kind.value}"
    return PICTURES.get(kind, kind.value) if _is_made_of_pictures(job) else kind.value


def _is_made_of_pictures(job: Job) -> bool:
    """Whether nobody wrote any words for it: a prompt that is missing elsewhere was erased."""
    return not job.prompt and job.kind in {JobKind.BLEND, JobKind.DESCRIBE, JobKind.ACTION}
