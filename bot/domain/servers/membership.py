"""What somebody is in a server right now, asked of Discord where an interaction did not bring it along.
Never here: what a member may do with it (services decide), and Discord itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.errors import RetryLater


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A member as an interaction in their server would describe them."""

    role_ids: frozenset[int]
    joined_at: int | None
    """In milliseconds since 1970; None if Discord did not say."""
    is_moderator: bool
    """Whether they may manage the server."""
    timed_out: bool
    """Whether moderators sent them to a time-out: Discord takes no command from them there, either."""
    locale: str
    """Language of the server."""
    channel_parents: tuple[int, ...] = ()
    """What the asked channel stands in, the nearest first."""
    age_restricted: bool = False
    """Whether the asked channel is."""


class MemberDirectory(Protocol):
    """Looks members up."""

    async def find(self, guild_id: int, user_id: int, channel_id: int | None) -> Membership | None:
        """Somebody's membership, with what the channel is there; None if they, or the bot, are not in the server.

        Raises `RetryLater` if Discord cannot be asked: nothing is ever guessed.
        """


class NoDirectory:
    """Where Discord cannot be asked, such as in a process without a client: nobody is let in on a guess."""

    async def find(self, _guild_id: int, _user_id: int, _channel_id: int | None) -> Membership | None:
        """See the port."""
        raise RetryLater("no_directory")
