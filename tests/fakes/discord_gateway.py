"""The websocket side of the wire double: hello, identify, resume with replay, heartbeats, and trouble on demand.
Never here: what the events say; the world and the interactions write them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.discord_traffic import Changes
    from tests.fakes.discord_world import Guild, Json, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11,
)  # fmt: skip
NEED: Final[dict[str, int]] = {
    "GUILD": 1 << 0,
    "CHANNEL": 1 << 0,
    "THREAD": 1 << 0,
    "MESSAGE": 1 << 9,
}
DIRECT_MESSAGES: Final = 1 << 12
PRIVILEGED: Final = (1 << 1) | (1 << 8) | (1 << 15)
UNKNOWN_INTENTS: Final = ~((1 << 26) - 1)

LATENCY: Final = 0.02
"""An acknowledgement that comes at once makes discord.py 2.7.1 count from the beat before (discord.py facts §3.1)."""


class Closed(Exception):
    """The double closes the connection with a code of Discord's."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identified:
    """An IDENTIFY or a RESUME that was accepted."""

    at: float
    shard: int
    shard_count: int
    intents: int
    session: str
    resumed: bool


@dataclass(eq=False, slots=True)
class Connection:
    """One open websocket and what waits to be written to it."""

    socket: web.WebSocketResponse
    request: web.Request
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def send(self, op: int, data: Any = None, *, event: str | None = None, seq: int | None = None) -> None:
        """Queue a payload."""
        self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": seq, "t": event}))

    async def write(self) -> None:
        """Write what is queued, in order, for as long as the connection lives."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self.socket.send_str(await self.outbox.get())

    def abort(self) -> None:
        """Cut the line without a close frame."""
        if self.request.transport is not None:
            self.request.transport.abort()


@dataclass(eq=False, slots=True)
class Session:
    """What Discord remembers of a shard between connections."""

    id: str
    shard: int
    shard_count: int
    intents: int
    connection: Connection | None = None
    seq: int = 0
    sent: list[tuple[int, str, Json]] = field(default_factory=list)

    def covers(self, guild_id: int | None) -> bool:
        """Whether the server's events come here; direct messages go to shard 0."""
        return self.shard == (0 if guild_id is None else (guild_id >> 22) % self.shard_count)

    def wants(self, event: str, *, direct: bool) -> bool:
        """Whether its intents ask for the event."""
        need = NEED.get(event.split("_", 1)[0], 0)
        if need == NEED["MESSAGE"] and direct:
            need = DIRECT_MESSAGES
        return not need or bool(self.intents & need)

    def dispatch(self, event: str, data: Json) -> None:
        """Send an event, or keep it for a resume."""
        self.seq += 1
        self.sent.append((self.seq, event, data))
        if self.connection is not None:
            self.connection.send(DISPATCH, data, event=event, seq=self.seq)


class Gateway:
    """All sessions of the bot."""

    def __init__(self, world: World, changes: Changes, *, token: str, heartbeat: float) -> None:
        self.url = ""
        self.identified: list[Identified] = []
        self.beats = 0
        """Heartbeats received."""
        self.answers_beats = True
        """False plays a half-open connection: heartbeats are not acknowledged."""
        self.closed = False
        self.turned_away = 0
        """How often somebody came while it was closed."""
        """True turns new connections away."""
        self.allowed_intents = ~PRIVILEGED
        self._world = world
        self._changes = changes
        self._token = token
        self._heartbeat = heartbeat
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()

    @property
    def connected(self) -> list[Session]:
        """Sessions with an open connection."""
        return [session for session in self._sessions.values() if session.connection is not None]

    def dispatch(self, event: str, data: Json, *, guild_id: int | None) -> int:
        """Send an event to every session that wants it; how many connected ones got it."""
        reached = 0
        for session in list(self._sessions.values()):
            if session.covers(guild_id) and session.wants(event, direct=guild_id is None):
                session.dispatch(event, data)
                reached += session.connection is not None
        return reached

    # -- trouble on demand ---------------------------------------------------------------------------------

    def ask_reconnect(self, shard: int | None = None) -> None:
        """Send op 7."""
        for session in self._on(shard):
            if session.connection is not None:
                session.connection.send(RECONNECT)

    def invalidate(self, shard: int | None = None, *, resumable: bool = False) -> None:
        """Send op 9; a session that is not resumable is forgotten."""
        for session in self._on(shard):
            if session.connection is not None:
                session.connection.send(INVALID, resumable)
            if not resumable:
                self._forget(session)

    async def drop(self, shard: int | None = None, *, code: int | None = None) -> None:
        """Close connections with `code`, or cut them without a word; returns when they are gone."""
        for session in self._on(shard):
            connection = session.connection
            if connection is None:
                continue
            session.connection = None
            if code is None:
                connection.abort()
            else:
                await connection.socket.close(code=code)
        self._changes.notify()

    def forget_sessions(self) -> None:
        """Lose every session that has no connection, as Discord does after a while."""
        for session in list(self._sessions.values()):
            if session.connection is None:
                self._forget(session)

    async def close(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(0.5):
                    await connection.socket.close(code=1001)
            connection.abort()

    def _on(self, shard: int | None) -> Iterable[Session]:
        return [one for one in self._sessions.values() if shard is None or one.shard == shard]

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        session.connection = None

    # -- one connection ------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talk to one client until either side has enough."""
        if self.closed:
            self.turned_away += 1
            self._changes.notify()
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self._connections.add(connection)
        connection.send(HELLO, {"heartbeat_interval": int(self._heartbeat * 1000), "_trace": []})
        writer = asyncio.create_task(connection.write())
        session: Session | None = None
        good_bye = False
        try:
            while (frame := await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
                session = self._receive(connection, session, json.loads(frame.data))
                self._changes.notify()
            good_bye = frame.type is WSMsgType.CLOSE and frame.data in (1000, 1001)
        except Closed as closing:
            await socket.close(code=closing.code, message=closing.reason.encode())
        finally:
            writer.cancel()
            await asyncio.wait([writer])
            self._connections.discard(connection)
            if session is not None and session.connection is connection:
                session.connection = None
                if good_bye:  # then there is no resume (discord.py facts §5.3)
                    self._forget(session)
            self._changes.notify()
        return socket

    def _receive(self, connection: Connection, session: Session | None, message: Json) -> Session | None:
        op: Any = message.get("op")
        data: Any = message.get("d")
        if op == HEARTBEAT:
            self.beats += 1
            if self.answers_beats:
                asyncio.get_running_loop().call_later(LATENCY, connection.send, ACK)
            return session
        if op == IDENTIFY:
            if session is not None:
                raise Closed(4005, "Already authenticated.")
            return self._identify(connection, data)
        if op == RESUME:
            return self._resume(connection, data)
        if session is None:
            raise Closed(4003, "Not authenticated.")
        if op == MEMBERS:
            self._members(session, data)
        elif op not in (PRESENCE, VOICE):
            raise Closed(4001, "Unknown opcode.")
        return session

    def _identify(self, connection: Connection, data: Json) -> Session:
        if data.get("token") != self._token:
            raise Closed(4004, "Authentication failed.")
        shard, count = data.get("shard") or (0, 1)
        if not 0 <= shard < count:
            raise Closed(4010, "Invalid shard.")
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & UNKNOWN_INTENTS:
            raise Closed(4013, "Invalid intent(s).")
        if intents & ~self.allowed_intents:
            raise Closed(4014, "Disallowed intent(s).")
        session = Session(secrets.token_hex(16), shard, count, intents, connection)
        self._sessions[session.id] = session
        self._note(session, resumed=False)
        own = self._world.bot.id
        guilds = [g for g in self._world.guilds.values() if own in g.members and session.covers(g.id)]
        session.dispatch("READY", {
            "v": 10,
            "user": self._world.bot.payload() | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": [shard, count],
            "application": {"id": str(self._world.application_id), "flags": 0},
            "private_channels": [],
            "relationships": [],
        })  # fmt: skip
        if intents & NEED["GUILD"]:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", self.guild_payload(guild))
        return session

    def _resume(self, connection: Connection, data: Json) -> Session | None:
        if data.get("token") != self._token:
            raise Closed(4004, "Authentication failed.")
        session = self._sessions.get(data.get("session_id", ""))
        seq = data.get("seq")
        if session is None or not isinstance(seq, int) or seq > session.seq:
            connection.send(INVALID, data=False)
            return None
        session.connection = connection
        self._note(session, resumed=True)
        for number, event, kept in session.sent:
            if number > seq:
                connection.send(DISPATCH, kept, event=event, seq=number)
        session.dispatch("RESUMED", {"_trace": []})
        return session

    def _note(self, session: Session, *, resumed: bool) -> None:
        at = self._world.clock.now()
        self.identified.append(
            Identified(at, session.shard, session.shard_count, session.intents, session.id, resumed)
        )

    def _members(self, session: Session, data: Json) -> None:
        guild = self._world.guilds[int(data["guild_id"])]
        wanted = {int(one) for one in data.get("user_ids") or []}
        found = [one.payload() for one in guild.members.values() if not wanted or one.user.id in wanted]
        session.dispatch("GUILD_MEMBERS_CHUNK", {
            "guild_id": str(guild.id),
            "members": found,
            "chunk_index": 0,
            "chunk_count": 1,
            "nonce": data.get("nonce"),
        })  # fmt: skip

    def guild_payload(self, guild: Guild) -> Json:
        """The server as GUILD_CREATE shows it."""
        own = guild.members[self._world.bot.id]
        return guild.payload() | {
            "joined_at": own.payload()["joined_at"],
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [own.payload()],
            "channels": [one.payload() for one in guild.channels if not one.is_thread],
            "threads": [one.payload() for one in guild.channels if one.is_thread and not one.archived],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
