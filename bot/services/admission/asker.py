"""Who asks for something, and where the answer goes.
Never here: what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.servers.access import created_at

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
    strike_id: int | None = None
    """What a strike counts for, once, where one interaction stands for several tries, or several for one; else it is
    the interaction."""
    reply: ReplyTarget
    role_ids: frozenset[int] = frozenset()
    joined_at: int | None = None
    """When they came to the server; None if Discord did not say."""
    account_created_at: int | None = None
    """None: it is read from their id."""
    channel_parents: tuple[int, ...] = ()
    """What the channel stands in, the nearest first: a thread's channel, then the category."""
    is_moderator: bool = False
    age_restricted: bool = False
    """Whether the channel (or the thread's channel) is."""
    home: int | None = None
    """The server whose rules hold, where that is not where the answer goes: see `authorization`."""
    home_channel: int | None = None
    """The channel whose rules hold, likewise."""
    requester: int | None = None
    """Who asked for the picture whose button they pressed, or whose words or picture they begin with; likewise."""

    @property
    def lineage(self) -> tuple[int, ...]:
        """The channel whose rules hold, with its parents, the nearest first."""
        here = self.reply.channel_id if self.home_channel is None else self.home_channel
        return (here, *self.channel_parents)

    @property
    def server(self) -> int | None:
        """The server whose rules hold: where they ask, unless `authorization` moved them elsewhere."""
        return self.reply.guild_id if self.home is None else self.home

    @property
    def registered_at(self) -> int:
        """When their account was made."""
        return created_at(self.user_id) if self.account_created_at is None else self.account_created_at
