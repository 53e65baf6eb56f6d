"""The routes of the wire double that ask for the bot's token: application, commands, servers, channels, messages.
Never here: interactions and their webhooks, headers, faults."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.discord_rules import Refused, bad_form, copied
from tests.fakes.discord_traffic import Window
from tests.fakes.discord_world import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.fakes.discord_gateway import Gateway
    from tests.fakes.discord_messages import Message
    from tests.fakes.discord_world import Channel, Guild, Json, World
    from tests.fakes.discord_writing import Upload, Writer

Answer = tuple[int, Any]
Handler = "Callable[[Call], Answer]"
NONCE_SECONDS: Final = 300.0
OLD_MESSAGE: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a handler sees it."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    files: Sequence[Upload] = ()
    parts: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """The snowflakes of its path."""
        return tuple(int(part) for part in self.parts)

    @property
    def form(self) -> Json:
        """The body as an object."""
        if not isinstance(self.body, dict):
            raise bad_form({"/": "Only dictionaries may be used in a DictType"})
        return self.body


class Routes:
    """A table of routes; `{}` stands for a snowflake, `{token}` for anything without a slash."""

    def __init__(self) -> None:
        self._table: list[tuple[str, re.Pattern[str], Callable[[Call], Answer]]] = []

    def add(self, method: str, template: str, handler: Callable[[Call], Answer]) -> None:
        """Add a route."""
        pattern = re.escape(template).replace(re.escape("{}"), r"(\d+)")
        pattern = pattern.replace(re.escape("{token}"), r"([^/]+)")
        self._table.append((method, re.compile(pattern), handler))

    def find(self, method: str, path: str) -> tuple[Callable[[Call], Answer], tuple[str, ...]] | None:
        """The handler and the path's parts; 405 as Discord says it when only the method is wrong."""
        known = False
        for verb, pattern, handler in self._table:
            found = pattern.fullmatch(path)
            if found and verb == method:
                return handler, found.groups()
            known = known or bool(found)
        if known:
            raise Refused(0, status=405, message="405: Method Not Allowed")
        return None


class Commands:
    """The commands that were synced, globally and to servers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._scopes: dict[int | None, list[Json]] = {}

    def overwrite(self, scope: int | None, wanted: list[Json]) -> list[Json]:
        """Replace all commands of a scope; a command keeps its id for as long as its name and type stay."""
        before = {(one["type"], one["name"]): one["id"] for one in self._scopes.get(scope, [])}
        kept = []
        for raw in wanted:
            one = _without_nulls(copied(raw))
            one["type"] = int(one.get("type") or 1)
            one.setdefault("description", "")
            one["id"] = before.get((one["type"], one["name"])) or str(self._world.snowflake())
            one |= {
                "application_id": str(self._world.application_id),
                "version": str(self._world.snowflake()),
            }
            bits = raw.get("default_member_permissions")
            one["default_member_permissions"] = None if bits is None else str(bits)
            one.setdefault("nsfw", False)
            if scope is not None:
                one["guild_id"] = str(scope)
            kept.append(one)
        self._scopes[scope] = kept
        return kept

    def listed(self, scope: int | None) -> list[Json]:
        """All commands of a scope."""
        return self._scopes.get(scope, [])

    def find(self, name: str, kind: int, guild: Guild | None) -> Json | None:
        """The command a person in this server would see under this name; the server's own comes first."""
        own = [] if guild is None else self.listed(guild.id)
        return next(
            (one for one in [*own, *self.listed(None)] if (one["type"], one["name"]) == (kind, name)), None
        )


def _without_nulls(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_nulls(value) for key, value in node.items() if value is not None}
    return [_without_nulls(one) for one in node] if isinstance(node, list) else node


class Rest:
    """What the bot's token opens."""

    def __init__(self, world: World, writer: Writer, gateway: Gateway, *, shards: int) -> None:
        self.commands = Commands(world)
        self.routes = Routes()
        self.old_edits = (3, 20.0)
        """How many edits of messages older than an hour a channel bears in how many seconds; then 30046."""
        self._world = world
        self._writer = writer
        self._gateway = gateway
        self._shards = shards
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self._old: dict[int, Window] = {}
        app, channel = "/applications/{}", "/channels/{}"
        for method, template, handler in (
            ("GET", "/users/@me", self._me),
            ("GET", "/users/@me/guilds", self._my_guilds),
            ("GET", "/users/{}", self._user),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/applications/@me", self._application),
            ("GET", app, self._application),
            ("GET", "/gateway", lambda _: (200, {"url": gateway.url})),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("GET", f"{app}/commands", self._get_commands),
            ("PUT", f"{app}/commands", self._put_commands),
            ("GET", f"{app}/guilds/{{}}/commands", self._get_commands),
            ("PUT", f"{app}/guilds/{{}}/commands", self._put_commands),
            ("GET", "/guilds/{}", lambda call: (200, self._guild(call.ids[0]).payload())),
            ("GET", "/guilds/{}/channels", self._guild_channels),
            ("GET", "/guilds/{}/members/{}", self._member),
            ("POST", "/users/@me/channels", self._direct),
            ("GET", channel, lambda call: (200, self._channel(call.ids[0]).payload())),
            ("PATCH", channel, self._change_channel),
            ("POST", f"{channel}/typing", self._typing),
            ("GET", f"{channel}/messages", self._list),
            ("POST", f"{channel}/messages", self._post),
            ("GET", f"{channel}/messages/{{}}", self._read),
            ("PATCH", f"{channel}/messages/{{}}", self._edit),
            ("DELETE", f"{channel}/messages/{{}}", self._delete),
        ):
            self.routes.add(method, template, handler)

    # -- who am I ------------------------------------------------------------------------------------------

    def _me(self, _: Call) -> Answer:
        return 200, self._world.bot.payload() | {
            "mfa_enabled": True,
            "locale": "en-US",
            "verified": True,
            "email": None,
        }

    def _user(self, call: Call) -> Answer:
        user = self._world.users.get(call.ids[0])
        if user is None:
            raise Refused(10013)
        return 200, user.payload()

    def _my_guilds(self, _: Call) -> Answer:
        """The servers, as their short form; more than one page of them is no case of these tests."""
        bot = self._world.bot
        return 200, [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": guild.owner is bot,
                "permissions": str(guild.permissions(bot)),
                "features": [],
            }
            for guild in self._world.guilds.values()
            if bot.id in guild.members
        ]

    def _application(self, call: Call) -> Answer:
        if call.ids and call.ids[0] != self._world.application_id:
            raise Refused(10002)
        return 200, {
            "id": str(self._world.application_id),
            "name": "Easel",
            "icon": None,
            "description": "",
            "type": None,
            "bot": self._world.bot.payload(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "summary": "",
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self._world.owner.payload(),
            "approximate_guild_count": len(self._world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
        }

    def _gateway_bot(self, _: Call) -> Answer:
        starts = {
            "total": 1000,
            "remaining": 1000 - len(self._gateway.identified),
            "reset_after": 0,
            "max_concurrency": 1,
        }
        return 200, {"url": self._gateway.url, "shards": self._shards, "session_start_limit": starts}

    # -- commands ------------------------------------------------------------------------------------------

    def _scope(self, call: Call) -> int | None:
        if call.ids[0] != self._world.application_id:
            raise Refused(10002)
        return self._guild(call.ids[1]).id if len(call.ids) > 1 else None

    def _get_commands(self, call: Call) -> Answer:
        return 200, self.commands.listed(self._scope(call))

    def _put_commands(self, call: Call) -> Answer:
        if not isinstance(call.body, list):
            raise bad_form({"/": "Only iterables may be used in a ListType"})
        return 200, self.commands.overwrite(self._scope(call), call.body)

    # -- servers and channels ------------------------------------------------------------------------------

    def _guild(self, guild_id: int) -> Guild:
        guild = self._world.guilds.get(guild_id)
        if guild is None:
            raise Refused(10004)
        if self._world.bot.id not in guild.members:
            raise Refused(50001)
        return guild

    def _guild_channels(self, call: Call) -> Answer:
        return 200, [one.payload() for one in self._guild(call.ids[0]).channels if not one.is_thread]

    def _member(self, call: Call) -> Answer:
        guild_id, user_id = call.ids
        member = self._guild(guild_id).members.get(user_id)
        if member is None:
            raise Refused(10007 if user_id in self._world.users else 10013)
        return 200, member.payload()

    def _direct(self, call: Call) -> Answer:
        user = self._world.users.get(int(call.form.get("recipient_id") or 0))
        if user is None or user.bot:
            raise Refused(50033)
        return 200, self._world.direct(user).payload()

    def _channel(self, channel_id: int, *needs: Permission) -> Channel:
        channel = self._world.channels.get(channel_id)
        if channel is None:
            raise Refused(10003)
        may = self._world.bot_permissions(channel)
        if not may & Permission.VIEW_CHANNEL:
            raise Refused(50001)
        if any(not may & need for need in needs):
            raise Refused(50013)
        return channel

    def _change_channel(self, call: Call) -> Answer:
        channel = self._channel(call.ids[0])
        may, body = self._world.bot_permissions(channel), call.form
        boss = may & (Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS)
        only_opens = channel.is_thread and set(body) <= {"archived"} and not body.get("archived")
        if not boss and (not only_opens or channel.locked or not may & Permission.SEND_MESSAGES_IN_THREADS):
            raise Refused(50013)
        channel.archived = bool(body.get("archived", channel.archived))
        channel.locked = bool(body.get("locked", channel.locked))
        channel.name = str(body.get("name", channel.name))
        self._tell_channel(channel)
        return 200, channel.payload()

    def _tell_channel(self, channel: Channel) -> None:
        if channel.guild is not None:
            event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
            self._gateway.dispatch(event, channel.payload(), guild_id=channel.guild.id)

    def _typing(self, call: Call) -> Answer:
        self._writable(call.ids[0])
        return 204, None

    def _writable(self, channel_id: int) -> Channel:
        channel = self._channel(channel_id)
        if channel.recipient is not None and not channel.recipient.accepts_messages:
            raise Refused(50007)
        need = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
        return self._channel(channel_id, need)

    # -- messages ------------------------------------------------------------------------------------------

    def _list(self, call: Call) -> Answer:
        channel = self._channel(call.ids[0])
        if not self._world.bot_permissions(channel) & Permission.READ_MESSAGE_HISTORY:
            return 200, []
        found = self._writer.in_channel(channel, ephemeral=False)
        before, after, limit = (call.query.get(key) for key in ("before", "after", "limit"))
        count = int(limit or 50)
        if before is not None:
            found = [one for one in found if one.id < int(before)]
        if after is not None:
            found = [one for one in found if one.id > int(after)][:count]
        return 200, [one.payload() for one in reversed(found[-count:])]

    def _post(self, call: Call) -> Answer:
        channel, body = self._writable(call.ids[0]), call.form
        may = self._world.bot_permissions(channel)
        if call.files and not may & Permission.ATTACH_FILES:
            raise Refused(50013)
        if channel.archived and channel.locked and not may & Permission.MANAGE_THREADS:
            raise Refused(50083)
        nonce = body.get("nonce")
        if len(str(nonce or "")) > 25:
            raise bad_form({"/nonce": "Must be 25 or fewer in length."})
        key, now = (channel.id, str(nonce)), self._world.clock.now()
        if nonce is not None and body.get("enforce_nonce") and key in self._nonces:
            at, earlier = self._nonces[key]
            if now - at < NONCE_SECONDS:
                return 200, earlier.payload()
        if not may & Permission.EMBED_LINKS:
            body = {**body, "embeds": []}
        message = self._writer.create(channel, body, call.files)
        if nonce is not None:
            self._nonces[key] = (now, message)
        if channel.archived:  # a message opens a thread that is not locked
            channel.archived = False
            self._tell_channel(channel)
        return 200, message.payload()

    def _message(self, call: Call, *needs: Permission) -> Message:
        channel_id, message_id = call.ids
        channel = self._channel(channel_id, *needs)
        message = self._writer.messages.get(message_id)
        if message is None or message.deleted or message.ephemeral or message.channel is not channel:
            raise Refused(10008)
        return message

    def _read(self, call: Call) -> Answer:
        return 200, self._message(call, Permission.READ_MESSAGE_HISTORY).payload()

    def _edit(self, call: Call) -> Answer:
        message = self._message(call)
        if message.author is not self._world.bot:
            raise Refused(50005)
        if message.channel.archived:
            raise Refused(50083)
        now = self._world.clock.now()
        if now - message.versions[0].at > OLD_MESSAGE:
            count, seconds = self.old_edits
            window = self._old.setdefault(message.channel.id, Window(count, seconds))
            if not window.hit(now):
                refusal = Refused(30046)
                refusal.retry_after = window.ends - now
                raise refusal
        return 200, self._writer.edit(message, call.form, call.files).payload()

    def _delete(self, call: Call) -> Answer:
        message = self._message(call)
        may = self._world.bot_permissions(message.channel)
        if message.author is not self._world.bot and not may & Permission.MANAGE_MESSAGES:
            raise Refused(50013)
        if message.channel.archived:
            raise Refused(50083)
        self._writer.delete(message)
        return 204, None
