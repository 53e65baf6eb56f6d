"""A studio: the real client in a simulated Discord, with services that answer what the test tells them.
Never here: expectations."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import simcord

from bot.client import Easel
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobState
from bot.domain.keys import key_from_bits
from bot.domain.people import NOBODYS
from bot.i18n import Catalogues
from bot.services.intake.intake import StartedJob
from bot.services.intake.press import Pressed, PressOutcome
from bot.ui.card.cards import Cards
from bot.ui.card.publisher import DiscordPublisher
from tests.fixtures.shared import Shared
from tests.ui.builders import a_job, a_reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from simcord.actors import MemberActor
    from simcord.builders import ChannelHandle, GuildHandle

    from bot.domain.inputs import SourcePicture
    from bot.domain.intake.window_words import WindowWords
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.open_answers import OpenAnswer
    from bot.domain.people import Preferences
    from bot.domain.pools import Pool
    from bot.services.accounts.costs import Costs
    from bot.services.admission.asker import Asker
    from bot.services.history.favourites import Favourites
    from bot.services.history.jobs import Jobs
    from bot.services.history.redelivery import Redelivery
    from bot.services.history.thumbnails import Thumbnails
    from bot.services.history.upstream_requests import UpstreamRequests
    from bot.services.wiring import Services

CATALOGUES = Catalogues.load(strict=True)


@dataclass
class ScriptedImagine:
    """Accepts everything, or raises what the test wants."""

    refusal: Exception | None = None
    given: Sequence[SourcePicture] = ()
    begun: list[tuple[Asker, PromptOptions, Pool | None]] = field(default_factory=list)
    remixed: list[tuple[Asker, Job, str]] = field(default_factory=list)
    preferred: list[Pool | None] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(
        self,
        asker: Asker,
        options: PromptOptions,
        pool: Pool | None,
        *,
        preferred: Pool | None = None,
        given: Sequence[SourcePicture] = (),
        address: str | None = None,
    ) -> StartedJob:
        del address
        self.preferred.append(preferred)
        self.given = given
        if self.refusal is not None:
            raise self.refusal
        self.begun.append((asker, options, pool))
        self.asked.set()
        return StartedJob(a_job(reply=asker.reply), fresh=True)

    async def remix(
        self, asker: Asker, ancestor: Job, prompt: str, *, sets: tuple[tuple[str, str], ...] = ()
    ) -> StartedJob:
        del sets
        self.remixed.append((asker, ancestor, prompt))
        return await self.begin(asker, PromptOptions(prompt=prompt), ancestor.pool)


@dataclass
class ScriptedPresses:
    """Starts a child on each press, or does what the test wants."""

    refusal: Exception | None = None
    answer: Pressed | None = None
    pressed: list[tuple[Asker, JobKey, int, int, int]] = field(default_factory=list)
    media: Sequence[str] = ()
    """Where the pictures of the message lie that was pressed last."""

    async def press(
        self,
        asker: Asker,
        key: JobKey,
        position: int,
        *,
        channel_id: int,
        message_id: int,
        words: WindowWords | None = None,
        media: Sequence[str] = (),
    ) -> Pressed:
        del words
        self.media = media
        self.pressed.append((asker, key, position, channel_id, message_id))
        if self.refusal is not None:
            raise self.refusal
        return self.answer or Pressed(a_job(reply=asker.reply), PressOutcome.STARTED)


@dataclass
class ScriptedPeople:
    """What people prefer."""

    languages: dict[int, str] = field(default_factory=dict)
    liked: dict[int, Preferences] = field(default_factory=dict)

    def language(self, user_id: int) -> str | None:
        return self.languages.get(user_id)

    async def preferences(self, user_id: int) -> Preferences:
        return self.liked.get(user_id, NOBODYS)


@dataclass
class ScriptedDrafts:
    """Keeps what was refused, or is in trouble."""

    trouble: Exception | None = None
    kept: list[tuple[PromptOptions, dict[str, Any]]] = field(default_factory=list)

    async def keep(self, options: PromptOptions, **more: Any) -> JobKey:
        if self.trouble is not None:
            raise self.trouble
        self.kept.append((options, more))
        return key_from_bits(len(self.kept))


@dataclass
class ScriptedAnswers:
    """Remembers who waits for words, or is in trouble."""

    trouble: Exception | None = None
    opened: list[OpenAnswer] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    abandoned: list[int] = field(default_factory=list)
    disowned: list[int] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)
    all_begin: bool = False
    """Whether a job has begun in each of them."""

    async def open(self, answer: OpenAnswer) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.opened.append(answer)

    def close(self, interaction_id: int) -> None:
        self.closed.append(interaction_id)

    def abandon(self, interaction_id: int) -> None:
        self.abandoned.append(interaction_id)

    def disown(self, interaction_id: int) -> None:
        self.disowned.append(interaction_id)

    def owe(self, interaction_id: int) -> None:
        self.owed.append(interaction_id)

    def has_begun(self, interaction_id: int) -> bool:
        assert interaction_id
        return self.all_begin


@dataclass
class NoWindows:
    """The owner's accounts open none."""

    anywhere: bool = False
    remix_anywhere: bool = False


class NoEngine:
    """No model was named."""

    async def engine(self, _guild_id: int | None) -> None:
        """None."""


class NoHousekeeping:
    """Nothing is kept here that could be deleted."""

    retention_days = None

    async def joined(self, guild_id: int) -> None:
        """See the original."""


@dataclass
class ScriptedServices:
    """The use cases; a test that needs the last two puts real ones there."""

    imagine: ScriptedImagine = field(default_factory=ScriptedImagine)
    drawings: NoEngine = field(default_factory=NoEngine)
    presses: ScriptedPresses = field(default_factory=ScriptedPresses)
    jobs: Jobs | None = None
    upstream_requests: UpstreamRequests | None = None
    redelivery: Redelivery | None = None
    moderation: Any = None
    """What moderators did to others' jobs, as far as a test listens."""
    favourites: Favourites | None = None
    thumbnails: Thumbnails | None = None
    costs: Costs | None = None
    people: ScriptedPeople = field(default_factory=ScriptedPeople)
    drafts: ScriptedDrafts = field(default_factory=ScriptedDrafts)
    regions: Any = None
    windows: NoWindows = field(default_factory=NoWindows)
    answers: ScriptedAnswers = field(default_factory=ScriptedAnswers)
    housekeeping: NoHousekeeping = field(default_factory=NoHousekeeping)


class SimulatedClock:
    """Discord's time, as the studio sees it."""

    def __init__(self, env: simcord.Env) -> None:
        self._env = env

    def now(self) -> int:
        return int(self._env.now().timestamp() * 1000)

    async def pause(self, seconds: float, wake: object = None) -> bool:
        raise AssertionError(f"nothing in the ui waits by the clock: {seconds} s, {wake}")


@dataclass
class ClientHarness:
    """One server with one channel, two members, and the bot."""

    env: simcord.Env
    bot: Easel
    services: ScriptedServices
    meta: Shared
    guild: GuildHandle
    channel: ChannelHandle
    ada: MemberActor
    bob: MemberActor
    publisher: DiscordPublisher
    clock: SimulatedClock

    def job(self, state: JobState = JobState.SUCCEEDED, **changes: Any) -> Job:
        """A job of Ada's whose card goes to the channel, now."""
        now = self.clock.now()
        reply = a_reply(
            channel_id=self.channel.id,
            guild_id=self.guild.id,
            application_id=self.bot.application_id,
            token=None,
            message_id=None,
        )
        job = a_job(state, created_at=now, changed_at=now, user_id=self.ada.id, reply=reply)
        return replace(job, **changes)

    def texts(self, viewer: MemberActor) -> list[str]:
        """Contents of what a member sees in the channel."""
        return [m.content for m in self.channel.history(viewer=viewer)]


PATIENCE_S = 40.0
"""How long the bot may be busy with one action: of this machine's time, on which much else may run."""


def an_easel(services: ScriptedServices, meta: Shared, **options: Any) -> Easel:
    """The client as the composition root would build it."""
    return Easel(
        services=cast("Services", services),
        catalogues=CATALOGUES,
        meta=meta,
        shard_count=1,
        **options,
    )


@asynccontextmanager
async def studio(
    *, extensions: Sequence[str] = ("cogs.imagine",), **options: Any
) -> AsyncIterator[ClientHarness]:
    """Open the studio; expected refusals travel as exceptions, so the simulation does not judge them."""
    services, meta = ScriptedServices(), Shared()
    bot = an_easel(services, meta, extensions=extensions, **options)
    async with simcord.run(bot, check_errors=False, settle_timeout=PATIENCE_S) as env:
        guild = env.create_guild("Studio")
        channel = guild.create_text_channel("art")
        clock = SimulatedClock(env)
        yield ClientHarness(
            env=env,
            bot=bot,
            services=services,
            meta=meta,
            guild=guild,
            channel=channel,
            ada=guild.add_member(env.create_user("ada")),
            bob=guild.add_member(env.create_user("bob")),
            publisher=DiscordPublisher(bot, Cards(CATALOGUES), clock),
            clock=clock,
        )
    await bot.close()
