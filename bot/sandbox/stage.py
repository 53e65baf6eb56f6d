"""The simulated Discord as a place: a server, a channel, two people, today's date, and a bot that comes online.
Never here: the bot's parts, the page in the browser, and what is printed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import discord
import simcord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from simcord.actors import MemberActor
    from simcord.builders import ChannelHandle

    from bot.process import App
    from bot.sandbox.clock import StageClock, StageGuard

SETTLE_S: Final = 5.0
"""How long an action of a person may keep the bot busy before the page calls it uncertain."""
GUILD_ID: Final = 1_300_000_000_000_000_000

WELCOME: Final = (
    "Welcome to **#art**! Type `/imagine` below, write `a paper fox` as the prompt and press Enter. "
    "When the four pictures are there, press **U2**."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the story plays, and who is there."""

    channel: ChannelHandle
    member: MemberActor
    moderator: MemberActor


@asynccontextmanager
async def open_stage(
    app: App, guard: StageGuard, clock: StageClock, *, settle_s: float = SETTLE_S
) -> AsyncIterator[tuple[simcord.Env, Place]]:
    """Bring the bot online in a Discord of its own; at the end it stops in good order and the stage closes.

    The place is built before today's date is set, at SimCord's own first day: ids are made of the time, so they
    are the same at each start, and a kept database still knows channel and people. `settle_s`: a test with nobody
    at a page can wait longer.
    """
    env = simcord.Env(app.bot, settle_timeout=settle_s, check_errors=False)
    env.backend.bot_user.name = "Easel"  # private: SimCord's name for the bot has no public lever
    place = _furnish(env)
    env.backend.clock._epoch = datetime.now(UTC)  # noqa: SLF001 - private: no public way to today's date
    guard.env = clock.env = env
    await env.start()
    # SimCord lists what commands raise as the bot's bugs, and the page then calls the command's outcome uncertain.
    # Ours raise their refusals on purpose; the tree's own handler answers those, and logs what is a bug.
    vars(app.bot.tree).pop("on_error", None)
    try:
        await place.moderator.send(place.channel, WELCOME)
        yield env, place
    finally:
        await app.stop()
        await env.shutdown()
        guard.env = clock.env = None


def _furnish(env: simcord.Env) -> Place:
    guild = env.create_guild("Easel sandbox", id=GUILD_ID)
    role = guild.create_role(
        "Moderator",
        permissions=discord.Permissions(manage_guild=True, manage_messages=True, moderate_members=True),
    )
    member = guild.add_member(env.create_user("mia", global_name="Mia"))
    moderator = guild.add_member(env.create_user("robin", global_name="Robin, moderator"), roles=[role])
    channel = guild.create_text_channel("art", topic="Type /imagine, and see a picture come")
    return Place(channel, member, moderator)
