"""Who may do what where: pressing others' buttons, channels, newcomers, and how pictures are shown.
Never here: allowances (pools), words (moderation), and Discord's own permissions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.servers.declarations import Choice, Named, Number, setting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

HOUR_MS: Final = 3_600_000
HOURS_LIMIT: Final = 24 * 365
"""A year: the longest that newcomers wait, a block lasts and a grant counts."""
REASON_LIMIT: Final = 300
"""Characters of what a moderator gives as a reason."""
DISCORD_EPOCH_MS: Final = 1_420_070_400_000
"""The first moment of 2015, from which Discord's ids count."""


class PressPermission(StrEnum):
    """Who may press the buttons under a picture."""

    REQUESTER = "requester"
    """Only who asked for the picture."""
    ANYONE = "anyone"
    ROLE = "role"
    """Who asked for it, and the members of one role."""


@dataclass(frozen=True, slots=True)
class PressPolicy:
    """Who may press; the presser's allowance pays in any case."""

    who: PressPermission = setting(
        "press", "who", Choice(PressPermission, "press"), default=PressPermission.ANYONE, exempt=True
    )
    role_id: int | None = setting("press", "role", Named.ROLE, default=None, optional=True, exempt=True)
    """The role, where a role decides."""

    def permits(self, *, presser: int, requester: int, role_ids: Collection[int]) -> bool:
        """Whether this member may press under a picture of that one."""
        if presser == requester or self.who is PressPermission.ANYONE:
            return True
        return self.who is PressPermission.ROLE and self.role_id in role_ids


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """Where pictures may be made. A channel is judged by the nearest of thread, channel and category that is named."""

    allowed: tuple[int, ...] = ()
    """With any allowed, what is not named is closed."""
    denied: tuple[int, ...] = ()

    def permits(self, lineage: Iterable[int]) -> bool:
        """Whether it is open; `lineage` is the channel with its parents, the nearest first."""
        for channel in lineage:
            if channel in self.denied:
                return False
            if channel in self.allowed:
                return True
        return not self.allowed


@dataclass(frozen=True, slots=True)
class NewcomerGate:
    """How long somebody must have been here first; 0 asks for nothing."""

    hours_on_server: int = setting("gate", "server_hours", Number(0, HOURS_LIMIT), default=0, exempt=True)
    hours_of_account: int = setting("gate", "account_hours", Number(0, HOURS_LIMIT), default=0, exempt=True)

    def opens_at(self, *, joined_at: int | None, created_at: int) -> int:
        """When it lets a member in. Whoever's arrival is not known is not kept out for it."""
        arrived = 0 if joined_at is None else joined_at + self.hours_on_server * HOUR_MS
        return max(arrived, created_at + self.hours_of_account * HOUR_MS)


class Treatment(StrEnum):
    """What happens to pictures."""

    SPOILER = "spoiler"
    """They are hidden behind a spoiler."""
    AGE_RESTRICTED = "age_restricted"
    """They are made only in age-restricted channels."""


@dataclass(frozen=True, slots=True)
class MediaRule:
    """How pictures of a channel, of a category or of a role's members are treated."""

    target_id: int
    """A channel, a category or a role; the server's own id stands for everyone."""
    treatment: Treatment


def treatments(
    rules: Iterable[MediaRule], *, guild_id: int, lineage: Collection[int], role_ids: Collection[int]
) -> frozenset[Treatment]:
    """All that applies to a member in a channel."""
    here = {guild_id, *lineage, *role_ids}
    return frozenset(rule.treatment for rule in rules if rule.target_id in here)


def created_at(snowflake: int) -> int:
    """When an account, or anything else with an id of Discord's, was made."""
    return (snowflake >> 22) + DISCORD_EPOCH_MS
