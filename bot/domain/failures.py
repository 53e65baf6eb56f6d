"""Why a job brought no picture: kinds of failure, and how upstream's words are read.
Never here: sentences for people; each kind names its sentence in the catalogues."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """Reasons that people are told apart, each with its own way forward (contract §1.8)."""

    INVALID_PARAMETER = "invalid_parameter"
    INVALID_PROMPT = "invalid_prompt"
    INVALID_IMAGE = "invalid_image"
    BANNED_PROMPT = "banned_prompt"
    OUTPUT_FILTERED = "output_filtered"
    QUEUE_FULL = "queue_full"
    KEY = "key"
    """Our key is refused: the owner must act."""
    BALANCE = "balance"
    """The account has no credit: the owner must act."""
    ACCOUNT = "account"
    """The upstream account itself is blocked, paused or out of hours."""
    UNREACHABLE = "unreachable"
    """The service could not be reached for longer than we are willing to keep a person waiting."""
    TIMED_OUT = "timed_out"
    """Nothing changed for too long. We go on looking, and a late picture is still delivered."""
    NEEDS_INPUT = "needs_input"
    """Upstream waits for a window that its API has no way to fill."""
    LOST = "lost"
    """We cannot tell whether the call arrived; it was not repeated."""
    GONE = "gone"
    """The service no longer knows the task (or its parent)."""
    NO_PICTURE = "no_picture"
    """Upstream said success and showed nothing."""
    UNKNOWN = "unknown"
    """Anything else: upstream's words are quoted."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why, and upstream's own words where they help (to be quoted safely: escaped, cut, no mentions)."""

    kind: FailureKind
    words: str | None = None
