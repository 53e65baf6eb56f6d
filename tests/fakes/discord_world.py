"""The world that the wire double of Discord plays: users, servers, channels, roles, and who may do what.
Never here: HTTP, sockets, messages."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json = dict[str, Any]

EPOCH_MS: Final = 1_420_070_400_000
"""Snowflakes count milliseconds from the first of January 2015."""
MIB: Final = 1024 * 1024
TEXT, DM, PUBLIC_THREAD = 0, 1, 11


class Permission(IntFlag):
    """The permission bits that the double judges."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    SEND_MESSAGES_IN_THREADS = 1 << 38


USUAL: Final = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)
ALL_PERMISSIONS: Final = (1 << 53) - 1


class Clock:
    """The operating system's time, which a test may push forward."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970, as Discord sees them."""
        return self._source() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let this much time pass at Discord."""
        self._ahead += seconds


def iso(seconds: float) -> str:
    """A moment as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


@dataclass(eq=False, slots=True)
class User:
    """A person, or the bot."""

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    accepts_messages: bool = True
    """False makes a direct message fail with 50007."""

    @property
    def mention(self) -> str:
        """How a text names this user."""
        return f"<@{self.id}>"

    def payload(self) -> Json:
        """The user as the API shows it."""
        shown: Json = {
            "id": str(self.id),
            "username": self.name,
            "avatar": None,
            "discriminator": "0000" if self.bot else "0",
            "public_flags": 0,
            "flags": 0,
            "global_name": None if self.bot else self.name.title(),
            "primary_guild": None,
            "avatar_decoration_data": None,
        }
        if self.bot:
            shown["bot"] = True
        return shown


@dataclass(eq=False, slots=True)
class Role:
    """A role of a server."""

    id: int
    name: str
    permissions: int
    position: int = 1
    managed: bool = False

    def payload(self) -> Json:
        """The role as the API shows it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": self.managed,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(eq=False, slots=True)
class Member:
    """A user in a server."""

    user: User
    guild: Guild
    joined: float
    roles: list[Role] = field(default_factory=list)

    def payload(self) -> Json:
        """The member as the API shows it."""
        return {
            "avatar": None,
            "banner": None,
            "communication_disabled_until": None,
            "flags": 0,
            "joined_at": iso(self.joined),
            "nick": None,
            "pending": False,
            "premium_since": None,
            "roles": [str(role.id) for role in self.roles],
            "user": self.user.payload(),
            "mute": False,
            "deaf": False,
        }


@dataclass(eq=False, slots=True)
class Channel:
    """A text channel, a thread, or a conversation with one user."""

    id: int
    name: str
    kind: int = TEXT
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    overwrites: dict[int, tuple[bool, int, int]] = field(default_factory=dict)
    """Role or user id to (is a user, allowed bits, denied bits)."""
    archived: bool = False
    locked: bool = False
    last_message: int | None = None

    @property
    def is_thread(self) -> bool:
        """Whether it hangs under another channel."""
        return self.kind == PUBLIC_THREAD

    def payload(self) -> Json:
        """The channel as the API shows it."""
        last = None if self.last_message is None else str(self.last_message)
        shown: Json = {"id": str(self.id), "type": self.kind, "flags": 0, "last_message_id": last}
        if self.recipient is not None:
            return shown | {"recipients": [self.recipient.payload()]}
        if self.guild is None:
            raise ValueError("a channel belongs to a server or to a user")
        shown |= {"guild_id": str(self.guild.id), "name": self.name, "rate_limit_per_user": 0}
        if self.parent is None:
            return shown | {
                "position": 0,
                "parent_id": None,
                "nsfw": False,
                "topic": None,
                "permission_overwrites": [
                    {"id": str(key), "type": int(is_user), "allow": str(allow), "deny": str(deny)}
                    for key, (is_user, allow, deny) in self.overwrites.items()
                ],
            }
        return shown | {
            "parent_id": str(self.parent.id),
            "owner_id": str(self.guild.owner.id),
            "message_count": 0,
            "member_count": 1,
            "total_message_sent": 0,
            "thread_metadata": {
                "archived": self.archived,
                "archive_timestamp": iso(self.id_time),
                "auto_archive_duration": 1440,
                "locked": self.locked,
                "create_timestamp": iso(self.id_time),
            },
        }

    @property
    def id_time(self) -> float:
        """When it was made."""
        return ((self.id >> 22) + EPOCH_MS) / 1000


@dataclass(eq=False, slots=True)
class Guild:
    """A server."""

    id: int
    name: str
    owner: User
    everyone: Role
    locale: str = "en-US"
    upload_limit: int = 10 * MIB
    roles: list[Role] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    members: dict[int, Member] = field(default_factory=dict)

    def role(self, role_id: int) -> Role | None:
        """Find a role."""
        return next((role for role in self.roles if role.id == role_id), None)

    def permissions(self, user: User, channel: Channel | None = None) -> int:
        """What the user may do, here or in one of the channels (a thread follows its parent)."""
        member = self.members.get(user.id)
        if member is None:
            return 0
        if user is self.owner:
            return ALL_PERMISSIONS
        bits = int(self.everyone.permissions)
        for role in member.roles:
            bits |= int(role.permissions)
        if bits & Permission.ADMINISTRATOR:
            return ALL_PERMISSIONS
        place = channel.parent if channel is not None and channel.parent is not None else channel
        if place is None:
            return bits
        for ids in ([self.everyone.id], [role.id for role in member.roles], [user.id]):
            found = [place.overwrites[key] for key in ids if key in place.overwrites]
            for _, _, deny in found:
                bits &= ~deny
            for _, allow, _ in found:
                bits |= allow
        return bits

    def payload(self) -> Json:
        """The server as `GET /guilds/{id}` shows it."""
        nothing = dict.fromkeys((
            "icon", "description", "home_header", "splash", "discovery_splash", "banner", "application_id",
            "afk_channel_id", "system_channel_id", "widget_channel_id", "max_presences", "vanity_url_code",
            "rules_channel_id", "safety_alerts_channel_id", "public_updates_channel_id", "incidents_data",
        ))  # fmt: skip
        return nothing | {
            "id": str(self.id),
            "name": self.name,
            "features": [],
            "owner_id": str(self.owner.id),
            "region": "deprecated",
            "afk_timeout": 300,
            "system_channel_flags": 0,
            "widget_enabled": False,
            "verification_level": 0,
            "roles": [role.payload() for role in self.roles],
            "default_message_notifications": 1,
            "mfa_level": 0,
            "explicit_content_filter": 0,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "premium_tier": self.premium_tier,
            "premium_subscription_count": 0,
            "preferred_locale": self.locale,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
            "nsfw_level": 0,
            "emojis": [],
            "stickers": [],
        }

    @property
    def premium_tier(self) -> int:
        """The boost level that its upload limit stands for (discord.py facts §3.5)."""
        return 3 if self.upload_limit >= 100 * MIB else 2 if self.upload_limit >= 50 * MIB else 0


class World:
    """Everything that exists, and the numbers it is known by."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self._last = 0
        self.bot = self.user("easel", bot=True)
        self.application_id = self.bot.id
        self.owner = self.user("owner")

    def snowflake(self) -> int:
        """A new id, later than every earlier one."""
        self._last = max(self._last + 1, (int(self.clock.now() * 1000) - EPOCH_MS) << 22)
        return self._last

    def user(self, name: str, *, bot: bool = False, locale: str = "en-US") -> User:
        """Make a user."""
        user = User(self.snowflake(), name, bot, locale)
        self.users[user.id] = user
        return user

    def guild(self, name: str, *, guild_id: int | None, locale: str, upload_limit: int) -> Guild:
        """Make a server that the bot and the owner of everything are in."""
        key = guild_id or self.snowflake()
        everyone = Role(key, "@everyone", USUAL, position=0)
        guild = Guild(key, name, self.owner, everyone, locale, upload_limit, [everyone])
        self.guilds[key] = guild
        self.join(guild, self.owner)
        own = self.role(guild, self.bot.name, USUAL, managed=True)
        self.join(guild, self.bot, [own])
        return guild

    def role(self, guild: Guild, name: str, permissions: int = 0, *, managed: bool = False) -> Role:
        """Make a role."""
        role = Role(self.snowflake(), name, permissions, len(guild.roles), managed)
        guild.roles.append(role)
        return role

    def join(self, guild: Guild, user: User, roles: Iterable[Role] = ()) -> Member:
        """Make the user a member, or give a member more roles."""
        member = guild.members.setdefault(user.id, Member(user, guild, self.clock.now()))
        member.roles += [role for role in roles if role not in member.roles]
        return member

    def channel(self, guild: Guild, name: str, *, parent: Channel | None = None) -> Channel:
        """Make a channel, or a thread under `parent`."""
        kind = TEXT if parent is None else PUBLIC_THREAD
        channel = Channel(self.snowflake(), name, kind, guild, parent)
        self.channels[channel.id] = channel
        guild.channels.append(channel)
        return channel

    def direct(self, user: User) -> Channel:
        """The conversation of the bot with a user; made when first asked for."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(self.snowflake(), user.name, DM, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def bot_permissions(self, channel: Channel) -> int:
        """What the bot may do in a channel."""
        return ALL_PERMISSIONS if channel.guild is None else channel.guild.permissions(self.bot, channel)
