"""The stage of the wire double: what stands on it, how tests set it, and what they can see of it.
Never here: sockets, and what people or faults do."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_http import Front
from tests.fakes.discord_interactions import Impossible, People
from tests.fakes.discord_replies import Replies
from tests.fakes.discord_rest import Rest
from tests.fakes.discord_traffic import FIRST_ANSWER_S, SLOW_MACHINE, Changes, Limits
from tests.fakes.discord_world import MIB, TEXT, Clock, Permission, User, World
from tests.fakes.discord_writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.discord_gateway import Identified
    from tests.fakes.discord_interactions import Interaction
    from tests.fakes.discord_messages import Attachment, Message
    from tests.fakes.discord_traffic import RequestRecord
    from tests.fakes.discord_world import Channel, Guild, Json, Role

LONG_AGO_S = 30 * 86_400
"""So long before the test the bot came to the first server: it is no newcomer there."""


class Stage:
    """One server (`guild`), one channel (`channel`), a member (`user`), and a member who manages (`moderator`).

    `rate_limits` switches Discord's limits on, True or your own `Limits`. `patience` is the time for a first answer.
    `now` is the clock that `advance` pushes forward. `oracle=False` leaves the OpenAPI check out (a card takes it
    40 ms, which a measurement of speed would see).
    """

    def __init__(
        self,
        *,
        token: str = "fake.token.of-the-bot",
        rate_limits: bool | Limits = False,
        patience: float = FIRST_ANSWER_S * SLOW_MACHINE,
        heartbeat: float = 41.25,
        shards: int = 1,
        oracle: bool = True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self.clock = Clock(now)
        self.world = World(self.clock)
        self._changes = Changes()
        self.socket = Gateway(self.world, self._changes, token=token, heartbeat=heartbeat)
        self._writer = Writer(self.world, self.socket)
        self._rest = Rest(self.world, self._writer, self.socket, shards=shards)
        self._replies = Replies(self.world, self._writer, patience=patience)
        limits = (Limits() if rate_limits else None) if isinstance(rate_limits, bool) else rate_limits
        self._front = Front(
            self._rest, self._replies, self._changes, self.clock, token=token, limits=limits, oracle=oracle
        )
        self._people = People(self.world, self._changes)
        self.api = ""
        """For EASEL_DISCORD_API or `Route.BASE`."""
        self.gateway = ""
        """For EASEL_DISCORD_GATEWAY or `DEFAULT_GATEWAY`."""
        self.guild = self.add_guild("Studio")
        self.guild.members[self.bot.id].joined -= LONG_AGO_S
        self.channel = self.add_channel("general")
        self.user = self.add_user("ada")
        self.moderator = self.add_user("mo", permissions=Permission.MANAGE_GUILD | Permission.MANAGE_MESSAGES)

    # -- setting it ----------------------------------------------------------------------------------------

    @property
    def bot(self) -> User:
        """The bot's own user."""
        return self.world.bot

    @property
    def application_id(self) -> int:
        """The bot's application."""
        return self.world.application_id

    def add_guild(
        self, name: str, *, guild_id: int | None = None, locale: str = "en-US", upload_limit: int = 10 * MIB
    ) -> Guild:
        """A server with the bot in it; running bots hear of it."""
        guild = self.world.guild(name, guild_id=guild_id, locale=locale, upload_limit=upload_limit)
        self.socket.dispatch("GUILD_CREATE", self.socket.guild_payload(guild), guild_id=guild.id)
        return guild

    def remove_guild(self, guild: Guild) -> None:
        """Kick the bot."""
        del guild.members[self.bot.id]
        self.socket.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id)

    def add_channel(self, name: str, guild: Guild | None = None) -> Channel:
        """A text channel."""
        return self._announced(self.world.channel(guild or self.guild, name), "CREATE")

    def add_thread(self, name: str, channel: Channel | None = None) -> Channel:
        """A thread under a channel."""
        parent = channel or self.channel
        if parent.guild is None:
            raise Impossible("a direct conversation has no threads")
        return self._announced(self.world.channel(parent.guild, name, parent=parent), "CREATE")

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel."""
        del self.world.channels[channel.id]
        if channel.guild is not None:
            channel.guild.channels.remove(channel)
        self._announced(channel, "DELETE")

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        """Put a thread away."""
        thread.archived, thread.locked = True, locked
        self._announced(thread, "UPDATE")

    def overwrite(self, channel: Channel, target: User | Role, *, allow: int = 0, deny: int = 0) -> None:
        """Set what a role or a user may do in a channel."""
        channel.overwrites[target.id] = (isinstance(target, User), int(allow), int(deny))
        self._announced(channel, "UPDATE")

    def forbid(self, deny: int, channel: Channel | None = None) -> None:
        """Take permissions from the bot in a channel."""
        self.overwrite(channel or self.channel, self.bot, deny=deny)

    def add_role(self, name: str, *, guild: Guild | None = None, permissions: int = 0) -> Role:
        """A role."""
        home = guild or self.guild
        role = self.world.role(home, name, permissions)
        event: Json = {"guild_id": str(home.id), "role": role.payload()}
        self.socket.dispatch("GUILD_ROLE_CREATE", event, guild_id=home.id)
        return role

    def add_user(
        self,
        name: str,
        *,
        guild: Guild | None = None,
        roles: Sequence[Role] = (),
        permissions: int = 0,
        locale: str = "en-US",
        member: bool = True,
    ) -> User:
        """A person; with `permissions` they get a role of their own that grants them."""
        user = self.world.user(name, locale=locale)
        home = guild or self.guild
        own = [self.add_role(f"{name}'s", guild=home, permissions=int(permissions))] if permissions else []
        if member:
            self.world.join(home, user, [*roles, *own])
        return user

    def join(self, user: User, guild: Guild, *roles: Role) -> None:
        """Make a user a member of one more server, or give a member roles."""
        self.world.join(guild, user, roles)

    def direct(self, user: User | None = None) -> Channel:
        """The conversation between the bot and a user."""
        return self.world.direct(user or self.user)

    def upload(self, filename: str, data: bytes, channel: Channel | None = None) -> Attachment:
        """A file that a person attaches, for an attachment option or a modal's upload field."""
        return self._writer.upload(channel or self.channel, filename, data, ephemeral=True)

    def say(
        self,
        content: str = "",
        *,
        user: User | None = None,
        channel: Channel | None = None,
        files: Sequence[Attachment] = (),
    ) -> Message:
        """A person writes a message, with files from `upload`."""
        return self._writer.create(
            channel or self.channel, {"content": content}, author=user or self.user, attached=files
        )

    def delete(self, message: Message) -> None:
        """A moderator deletes a message."""
        self._writer.delete(message)

    def _announced(self, channel: Channel, verb: str) -> Channel:
        if channel.guild is not None:
            event = f"{'CHANNEL' if channel.kind == TEXT else 'THREAD'}_{verb}"
            self.socket.dispatch(event, channel.payload(), guild_id=channel.guild.id)
        return channel

    # -- looking at it -------------------------------------------------------------------------------------

    def messages(self, channel: Channel | None = None) -> list[Message]:
        """What stands in a channel, ephemeral messages too, the oldest first."""
        return self._writer.in_channel(channel or self.channel)

    def commands(self, guild: Guild | None = None) -> list[Json]:
        """The synced commands."""
        return self._rest.commands.listed(None if guild is None else guild.id)

    @property
    def interactions(self) -> list[Interaction]:
        """Every interaction so far."""
        return list(self._replies.interactions.values())

    @property
    def identified(self) -> list[Identified]:
        """Every accepted IDENTIFY and RESUME."""
        return self.socket.identified

    @property
    def requests(self) -> list[RequestRecord]:
        """Every REST request so far."""
        return self._front.requests

    def calls(self, method: str, pattern: str = ".*") -> list[RequestRecord]:
        """The requests with this method whose path matches the pattern as a whole."""
        return [one for one in self.requests if one.method == method and re.fullmatch(pattern, one.path)]

    def transcript(self) -> list[str]:
        """The requests, a line each."""
        return [one.line for one in self.requests]

    @property
    def findings(self) -> list[str]:
        """What Discord's own document rejects in the requests; tests assert that it is empty."""
        return self._front.findings

    @property
    def oracle_skipped(self) -> str | None:
        """Why requests are not checked with the oracle; None when they are."""
        return self._front.judge.skipped

    @property
    def rate_limited(self) -> list[RequestRecord]:
        """Requests that were answered 429."""
        return self._front.rate_limited

    @property
    def drift(self) -> list[str]:
        """Where the double's own answers are not what Discord would send (see `check_answers`)."""
        return self._front.drift

    def check_answers(self) -> None:
        """Check the double's own answers with the oracle from now on; it costs time."""
        self._front.checks_answers = True
