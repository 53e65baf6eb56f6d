"""Who asks for something, and where the answer goes.
Never here: what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.jobs import ReplyTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The person behind one interaction."""

    user_id: int
    user_name: str
    locale: str
    """The person's own language: answers only they see."""
    guild_locale: str
    """The server's language: cards that everyone sees."""
    interaction_id: int
    reply: ReplyTarget
    role_ids: frozenset[int] = frozenset()
