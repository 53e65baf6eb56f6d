"""A Discord on loopback for one bot application: real HTTP, a real websocket, a small world, and people who act in it.
Never here: the rules themselves; they live in the neighbours of this module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aiohttp import web

from tests.fakes.discord_http import PREFIX
from tests.fakes.discord_interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Impossible,
    Interaction,
    find_component,
    user_permissions,
)
from tests.fakes.discord_messages import SELECTS, Message
from tests.fakes.discord_stage import Stage
from tests.fakes.discord_traffic import Fault, Limits, RequestRecord
from tests.fakes.discord_world import Channel, Permission, User

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from tests.fakes.discord_world import Json

__all__ = ["FakeDiscord", "Impossible", "Interaction", "Limits", "Message", "Permission", "RequestRecord"]

T = TypeVar("T")


class FakeDiscord(Stage):
    """The double. `async with FakeDiscord() as fake:` listens on a free port of 127.0.0.1 until the block ends.

    Whoever acts without being named is `user`, in `channel`.
    """

    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application(client_max_size=1 << 30)
        app.router.add_get("/gateway", self.socket.serve)
        app.router.add_get("/gateway/", self.socket.serve)
        app.router.add_get("/{folder:(ephemeral-)?attachments}/{channel}/{key}/{name}", self._serve_file)
        app.router.add_route("*", PREFIX + "/{rest:.*}", self._front.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._writer.base = f"http://{host}:{port}"
        self.api = f"http://{host}:{port}{PREFIX}"
        self.gateway = self.socket.url = f"ws://{host}:{port}/gateway"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and the port."""
        self._front.faults.release_all()
        await self.socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # -- people act ----------------------------------------------------------------------------------------

    async def slash(
        self,
        command: str,
        options: Mapping[str, Any] | None = None,
        *,
        user: User | None = None,
        channel: Channel | None = None,
        unlocked: bool = False,
    ) -> Interaction:
        """Use a slash command: `slash("pool rule", {…})`. Only what the bot has synced can be used.

        `unlocked` plays a server whose admins opened the command to everybody.
        """
        actor, place = user or self.user, channel or self.channel
        name, *path = command.split()
        definition = self._command(name, 1, actor, place, unlocked=unlocked)
        data = self._people.command_data(definition, path, options or {}, guild=place.guild)
        return self._send(self._people.interaction(COMMAND, data, user=actor, channel=place))

    async def menu(
        self,
        command: str,
        target: Message | User,
        *,
        user: User | None = None,
        channel: Channel | None = None,
    ) -> Interaction:
        """Use an entry of a message's or a user's menu."""
        actor = user or self.user
        place = target.channel if isinstance(target, Message) else channel or self.channel
        kind = 3 if isinstance(target, Message) else 2
        definition = self._command(command, kind, actor, place, unlocked=False)
        data: Json = {"id": definition["id"], "name": command, "type": kind, "target_id": str(target.id)}
        group = "messages" if kind == 3 else "users"
        data["resolved"] = {group: {str(target.id): target.payload()}}
        return self._send(self._people.interaction(COMMAND, data, user=actor, channel=place))

    async def autocomplete(
        self,
        command: str,
        options: Mapping[str, Any],
        *,
        focused: str,
        user: User | None = None,
        channel: Channel | None = None,
    ) -> Interaction:
        """Type into the option `focused`; `choices` of the interaction are what is offered."""
        actor, place = user or self.user, channel or self.channel
        name, *path = command.split()
        definition = self._command(name, 1, actor, place, unlocked=False)
        data = self._people.command_data(definition, path, options, guild=place.guild, focused=focused)
        return self._send(self._people.interaction(AUTOCOMPLETE, data, user=actor, channel=place))

    async def press(self, message: Message, button: str, *, user: User | None = None) -> Interaction:
        """Press the button with this custom id, label or emoji."""
        component = find_component(message, button, (2,))
        data: Json = {"custom_id": component["custom_id"], "component_type": 2, "id": component["id"]}
        return self._use(message, data, user)

    async def select(
        self, message: Message, menu: str, values: Sequence[Any], *, user: User | None = None
    ) -> Interaction:
        """Choose in the select with this custom id or placeholder: values or labels, users, roles, channels."""
        component = find_component(message, menu, SELECTS)
        data: Json = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component["id"],
        }
        data |= self._people.values(component, values, message.channel.guild)
        return self._use(message, data, user)

    async def submit_modal(self, opened: Interaction, fields: Mapping[str, Any] | None = None) -> Interaction:
        """Fill in the modal that answered `opened` (fields by label or custom id) and send it."""
        if opened.modal is None:
            raise Impossible("no modal was opened")
        data = self._people.modal_data(opened.modal, fields or {}, opened.guild)
        interaction = self._people.interaction(
            MODAL_SUBMIT, data, user=opened.user, channel=opened.channel, source=opened.source
        )
        interaction.trigger = opened
        return self._send(interaction)

    async def dispatch_again(self, interaction: Interaction) -> None:
        """Deliver the same interaction once more."""
        interaction.delivered += self._dispatch(interaction)

    def expire_token(self, interaction: Interaction) -> None:
        """Let an interaction's token end now."""
        interaction.expired = True

    def advance(self, seconds: float) -> None:
        """Let time pass at Discord: tokens end, messages grow old, limits reset. The bot's own clock is untouched."""
        self.clock.advance(seconds)

    def _command(self, name: str, kind: int, user: User, channel: Channel, *, unlocked: bool) -> Json:
        definition = self._rest.commands.find(name, kind, channel.guild)
        if definition is None:
            raise Impossible(f"{name!r} was not synced")
        contexts = definition.get("contexts")
        hidden = definition.get("dm_permission") is False if contexts is None else 1 not in contexts
        if channel.guild is None and hidden:
            raise Impossible(f"{name!r} is not offered in direct messages")
        needs = definition.get("default_member_permissions")
        if channel.guild is not None and needs is not None and not unlocked:
            mine = user_permissions(user, channel)
            if int(needs) == 0 or mine & int(needs) != int(needs):
                raise Impossible(f"{name!r} is hidden from {user.name}")
        return definition

    def _use(self, message: Message, data: Json, user: User | None) -> Interaction:
        actor = user or message.only_for or self.user
        if message.only_for is not None and actor is not message.only_for:
            raise Impossible(f"{actor.name} does not see this message")
        interaction = self._people.interaction(
            COMPONENT, data, user=actor, channel=message.channel, source=message
        )
        return self._send(interaction)

    def _send(self, interaction: Interaction) -> Interaction:
        self._replies.remember(interaction)
        interaction.delivered = self._dispatch(interaction)
        self._changes.notify()
        return interaction

    def _dispatch(self, interaction: Interaction) -> int:
        guild_id = None if interaction.guild is None else interaction.guild.id
        return self.socket.dispatch("INTERACTION_CREATE", interaction.payload, guild_id=guild_id)

    # -- waiting -------------------------------------------------------------------------------------------

    async def until(self, predicate: Callable[[], T | None], timeout: float = 10.0) -> T:  # noqa: ASYNC109 - the tests' word
        """The predicate's first true value. It is asked again after each request and gateway event."""
        return await self._changes.until(
            predicate, timeout, explain=lambda: "\n".join(self.transcript()[-20:])
        )

    async def ready(self, shards: int = 1, timeout: float = 20.0) -> None:  # noqa: ASYNC109 - the tests' word
        """Wait until so many shards are connected."""
        await self.until(lambda: len(self.socket.connected) >= shards, timeout)

    async def gone(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - the tests' word
        """Wait until no gateway connection is left, as after a killed process."""
        await self.until(lambda: not self.socket.connected, timeout)

    # -- trouble -------------------------------------------------------------------------------------------

    def fail_next(
        self,
        method: str,
        path_pattern: str,
        *,
        status: int | None = None,
        code: int = 0,
        message: str = "made to fail",
        times: int = 1,
        via: bool = True,
        before_effect: bool = True,
        retry_after: float = 0.05,
        delay: float = 0.0,
        uploads: bool = False,
    ) -> Fault:
        """Let the next matching requests fail. The pattern must match the whole path, without `/api/v10`.

        Without a status the connection is reset. With `before_effect=False` the request takes effect first, and
        only its answer is lost (or replaced, if a status is given). A 429 without `via` looks like a ban. With `uploads` only
        requests that bring a file match: a result, and no progress beside it.
        """
        return self._front.faults.add(
            Fault(
                method.upper(), re.compile(path_pattern), status, code, message, times, via, before_effect,
                retry_after, delay, uploads=uploads,
            )
        )  # fmt: skip

    def slow_next(self, method: str, path_pattern: str, *, delay: float, times: int = 1) -> Fault:
        """Answer the next matching requests late, with their true answer."""
        return self._front.faults.add(
            Fault(method.upper(), re.compile(path_pattern), times=times, delay=delay, refuses=False)
        )

    def hold_next(
        self, method: str, path_pattern: str, *, before_effect: bool = True, times: int = 1
    ) -> Fault:
        """Hold the next matching requests until `.release()`; `await fault.reached.wait()` tells when one is held."""
        return self._front.faults.add(
            Fault(
                method.upper(), re.compile(path_pattern), times=times, before_effect=before_effect,
                refuses=False, hold=True,
            )
        )  # fmt: skip

    @property
    def unused_faults(self) -> Sequence[Fault]:
        """Faults that still wait for their request."""
        return self._front.faults.unused

    async def drop(self, shard: int | None = None, *, code: int | None = None) -> None:
        """Cut the gateway connections (of a shard), or close them with a code; sessions can be resumed."""
        await self.socket.drop(shard, code=code)

    def ask_reconnect(self, shard: int | None = None) -> None:
        """Ask shards to reconnect (op 7)."""
        self.socket.ask_reconnect(shard)

    def invalidate(self, shard: int | None = None, *, resumable: bool = False) -> None:
        """Tell shards that their session is invalid (op 9)."""
        self.socket.invalidate(shard, resumable=resumable)

    def forget_sessions(self) -> None:
        """Lose the sessions that nobody is connected to: events for them are gone."""
        self.socket.forget_sessions()

    # -- files ---------------------------------------------------------------------------------------------

    async def _serve_file(self, request: web.Request) -> web.Response:
        parts = request.match_info
        key = (int(parts["channel"]), int(parts["key"]), parts["name"])
        kept = self._writer.files.get(key)
        expires = int(request.query.get("ex", "0"), 16)
        if kept is None or expires < self.clock.now():
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=kept.data, content_type=kept.content_type)
