"""The simulated Discord as a place: a server, its channels and people, today's date, and a bot that comes online.
Never here: the bot's parts, the page in the browser, and what is printed."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import discord
import simcord
from simcord.builders import UserHandle
from typing_extensions import override

from bot.domain.servers.guilds import Actor
from bot.web.server import HINTS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable

    from simcord.actors import MemberActor
    from simcord.builders import ChannelHandle

    from bot.process import App
    from bot.sandbox.clock import StageClock, StageGuard

SETTLE_S: Final = 5.0
"""How long an action of a person may keep the bot busy before the page calls it uncertain."""
START_S: Final = 60.0
"""How long the bot may take to come online: a busy machine needs more than the five seconds that SimCord gives it."""
CALLED: Final = frozenset({HINTS, "telling"})
"""Parts that wait for what others hand them."""
GUILD_ID: Final = 1_300_000_000_000_000_000

WELCOME: Final = """\
Welcome to **#art**! Type `/imagine` below, write `a paper fox` as the prompt and press Enter. \
When the four pictures are there, press **U2**.
Then try:
- *Right-click a picture* and choose under **Apps**: Picture info, Describe picture, Use as image prompt.
- **Viewing as**, at the top, makes you somebody else: **Mia** is a member, **Noa** has the role Patron, \
**Robin** is a moderator (`/mod panel`, `/pool panel`), **Sam** owns server and bot (`/ops servers list`).
- On the left are **#easel-log**, which moderators see, and your **direct messages** \
(`/prefer show`, **Send me pictures**, has each picture sent there, too).
- `/jobs list`, `/quota`, `/describe`, `/blend`, `/help`; as Robin, **Set a key…** in `/pool panel` takes `sk-robins-own`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the story plays, and who is there."""

    channel: ChannelHandle
    log: ChannelHandle
    """Moderators and the owner see it."""
    member: MemberActor
    patron: MemberActor
    """A member with a role that nothing is decided for yet."""
    moderator: MemberActor
    owner: MemberActor
    """Of the server, and of the bot."""

    @property
    def people(self) -> tuple[MemberActor, ...]:
        """Everybody, whoever may do least first."""
        return self.member, self.patron, self.moderator, self.owner


class _PatientEnv(simcord.Env):
    """SimCord's, without its own limit for a bot that starts."""

    @override
    async def _settle_internal(self, *, timeout: float | None = None, **more: Any) -> None:
        limit = None if timeout is None else max(timeout, START_S)
        await super()._settle_internal(timeout=limit, **more)


@asynccontextmanager
async def open_stage(
    app: App,
    guard: StageGuard,
    clock: StageClock,
    *,
    settle_s: float = SETTLE_S,
    begins: datetime | None = None,
) -> AsyncIterator[tuple[simcord.Env, Place]]:
    """Bring the bot online in a Discord of its own; at the end it stops in good order and the stage closes.

    The place is built before today's date is set, at SimCord's own first day: ids are made of the time, so they
    are the same at each start, and a kept database still knows channel and people. `settle_s`: a test with nobody
    at a page can wait longer; it can also have the play begin at another time than now.
    """
    env = _PatientEnv(app.bot, settle_timeout=settle_s, check_errors=False)
    env.backend.bot_user.name = "Easel"  # private: SimCord's name for the bot has no public lever
    place = _furnish(env)
    env.backend.clock._epoch = begins or datetime.now(UTC)  # noqa: SLF001 - private: no public way to today's date
    guard.env = clock.env = env
    await env.start()
    # SimCord lists what commands raise as the bot's bugs, and the page then calls the command's outcome uncertain.
    # Ours raise their refusals on purpose; the tree's own handler answers those, and logs what is a bug.
    vars(app.bot.tree).pop("on_error", None)
    _give_owner(app, place.owner)
    _take_in(env, app)
    try:
        await _begin(app, place)
        yield env, place
    finally:
        await app.stop()
        await env.shutdown()
        guard.env = clock.env = None


def _furnish(env: simcord.Env) -> Place:
    """Whoever and whatever is new comes last: ids follow the order, and kept databases know them."""
    owner = env.create_user("sam", global_name="Sam, owner")
    guild = env.create_guild("Easel sandbox", id=GUILD_ID, owner=owner)
    role = guild.create_role(
        "Moderator",
        permissions=discord.Permissions(manage_guild=True, manage_messages=True, moderate_members=True),
    )
    member = guild.add_member(env.create_user("mia", global_name="Mia"))
    moderator = guild.add_member(env.create_user("robin", global_name="Robin, moderator"), roles=[role])
    channel = guild.create_text_channel("art", topic="Type /imagine, and see a picture come")
    hidden, seen = (
        discord.PermissionOverwrite(view_channel=False),
        discord.PermissionOverwrite(view_channel=True),
    )
    log = guild.create_text_channel(
        "easel-log",
        topic="What Easel tells moderators; members do not see it",
        overwrites={guild.default_role: hidden, role: seen, UserHandle(env, env.backend.bot_user): seen},
    )
    patron = guild.add_member(
        env.create_user("noa", global_name="Noa, patron"), roles=[guild.create_role("Patron")]
    )
    return Place(channel, log, member, patron, moderator, simcord.MemberActor(env, guild, owner))


def _give_owner(app: App, owner: MemberActor) -> None:
    """SimCord's application belongs to the bot itself; at Discord it belongs to a person."""
    asked = app.bot.http.application_info

    person = {"id": str(owner.id), "username": owner.name, "discriminator": "0", "avatar": None}

    async def application_info() -> Any:
        return {**await asked(), "owner": person}

    app.bot.http.application_info = application_info  # type: ignore[method-assign]  # the border to the simulated Discord


def _take_in(env: simcord.Env, app: App) -> None:
    """Parts that start from now on live in the stage's time: budgets and locks that they share know only one clock.

    Those that wait for somebody's call and not for a time stay outside: SimCord would take them for busy.
    """
    start = app.supervisor.start

    def start_inside(
        name: str, run: Callable[[], Awaitable[None]], *, restart: bool = True
    ) -> asyncio.Task[None]:
        with env._bot_scope() if name not in CALLED else nullcontext():  # noqa: SLF001 - private: what `setup_hook` starts is in it, too
            return start(name, run, restart=restart)

    app.supervisor.start = start_inside  # type: ignore[method-assign]  # the border to the simulated Discord


async def _begin(app: App, place: Place) -> None:
    """What stands there when the first person looks: a welcome, and a log channel where nobody chose another yet."""
    guilds = app.services.guilds
    if (await guilds.settings(GUILD_ID)).revision == 0:
        robin = Actor(place.moderator.id, place.moderator.name)
        await guilds.set_log_channel(GUILD_ID, robin, place.log.id)
    await place.moderator.send(place.channel, WELCOME)
