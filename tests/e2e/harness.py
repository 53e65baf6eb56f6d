"""Both stand-ins with the real bot between them, in time that tests turn; and verbs for what people do.
Never here: expectations."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import aiohttp
import discord
from simcord.results import ResponseMessage
from typing_extensions import override

from bot.sandbox.app import furnished, settings_for
from bot.sandbox.clock import StageClock, StageGuard
from bot.sandbox.stage import open_stage
from bot.sandbox.upstream import Pace, SimulatedUpstream
from tests.e2e.seen import Card, card_of
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    import pytest
    import simcord
    from simcord.actors import MemberActor
    from simcord.builders import ChannelHandle
    from simcord.results import InteractionResult

    from bot.process import App
    from bot.sandbox.stage import Place
    from bot.sandbox.upstream import Call, Task

T = TypeVar("T")

SPEED = 6.0
"""A NORMAL grid takes 6 s of the stage's time."""
STEP_S = 1.0
"""How closely `until` looks."""
PATIENCE_S = 120.0
"""Of this machine's time, on which much else may run."""
LEAP_S = 30.0
"""What is advanced at once has to settle within the stage's patience."""
EVENING: Final = time(22)
"""From then on a test's stage begins on the next day: what it counts in a day would be forgotten in the middle of it."""


class PatientGuard(StageGuard):
    """Only pauses are waits: calls to the API end before time goes on, so that a test sees one order of events.

    With `patient` off it is the sandbox's own guard, for services that never answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patient = True

    @override
    def __call__(self, awaitable: Awaitable[T], reason: str, /) -> Awaitable[T]:
        if self.patient and reason != "pause":
            return awaitable
        return super().__call__(awaitable, reason)


def within_a_day(now: datetime) -> datetime:
    """Now, or the first minute of the next day where that is near."""
    if now.time() < EVENING:
        return now
    return datetime.combine(now.date() + timedelta(days=1), time(0, 1), now.tzinfo)


class Harness:
    """What a test plays with."""

    def __init__(
        self,
        database: Path,
        upstream: SimulatedUpstream,
        guard: PatientGuard,
        clock: StageClock,
        more: Mapping[str, str] | None = None,
        *,
        own_date: bool = False,
    ) -> None:
        self.upstream = upstream
        self._more = more or {}
        self._own_date = own_date
        self.guard = guard
        self.clock = clock
        self._database = database
        self._houses = AsyncExitStack()
        self.app: App
        self.env: simcord.Env
        self.place: Place

    # -- people ------------------------------------------------------------------------------------------

    async def imagine(
        self,
        prompt: str,
        *,
        by: MemberActor | None = None,
        channel: ChannelHandle | None = None,
        **options: Any,
    ) -> InteractionResult:
        """Somebody types `/imagine`."""
        return await (by or self.place.member).slash(
            channel or self.place.channel, "imagine", prompt=prompt, **options
        )

    async def press(self, card: Card, face: str, *, by: MemberActor | None = None) -> InteractionResult:
        """Somebody presses a button."""
        return await (by or self.place.member).click(card.message, custom_id=card.button(face).custom_id)

    async def press_forged(self, custom_id: str) -> InteractionResult:
        """Somebody presses a button of the bot's that no card of today has."""
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Forged", custom_id=custom_id))
        channel = self.app.bot.get_partial_messageable(self.place.channel.id)
        message = await channel.send(view=view)
        view.stop()
        return await self.place.member.click(message, custom_id=custom_id)

    async def grid(self, prompt: str = "a paper fox", **options: Any) -> Card:
        """A finished grid."""
        return await self.finished(await self.imagine(prompt, **options))

    async def child(self, card: Card, face: str, *, by: MemberActor | None = None) -> Card:
        """Press a button and wait for what comes of it."""
        return await self.finished(await self.press(card, face, by=by))

    # -- eyes --------------------------------------------------------------------------------------------

    def shown(self, result: InteractionResult) -> Card:
        """The public answer to a command or press, as it stands."""
        assert result.response is not None, "there is no answer"
        return card_of(result.response)

    def whisper(self, result: InteractionResult) -> str:
        """What only the person sees; fails if anybody else could."""
        answers = [*result.followups, *([result.response] if result.response is not None else [])]
        assert len(answers) == 1, f"one answer was expected: {answers}"
        assert answers[0].ephemeral, f"everybody sees {answers[0].content!r}"
        return answers[0].content or card_of(answers[0]).words

    def whispered(self, result: InteractionResult) -> Card:
        """What only the person sees, with its buttons."""
        answers = [*result.followups, *([result.response] if result.response is not None else [])]
        return next(card_of(answer) for answer in answers if answer.ephemeral)

    def channel(self) -> list[Card]:
        """Every message of the bot that the channel shows, oldest first."""
        stored = (
            self.env.backend.get_message(self.place.channel.id, message.id)
            for message in self.place.channel.history()
            if message.author.bot
        )
        return sorted((card_of(ResponseMessage(self.env, m)) for m in stored), key=lambda c: c.message.id)

    @property
    def accepted(self) -> list[Task]:
        """The tasks that were paid for, in order."""
        return self.upstream.tasks

    @property
    def submissions(self) -> list[Call]:
        """Every call that could have cost something, accepted or not."""
        return [
            call
            for call in self.upstream.calls
            if call.endpoint in {"imagine", "action", "blend", "describe"}
        ]

    # -- time --------------------------------------------------------------------------------------------

    async def pass_time(self, seconds: float) -> None:
        """Let the stage's time go on; everything that falls due meanwhile happens in its turn."""
        while seconds > 0:
            await self.env.advance_time(min(LEAP_S, seconds))
            seconds -= LEAP_S

    async def until(self, happened: Callable[[], bool], what: str, *, within: float = 60.0) -> None:
        """Let time go on until something has happened."""
        step = max(STEP_S, within / 120)
        end = self.clock.now() + within * 1000
        while not happened():
            assert self.clock.now() < end, f"after {within:g} s still not: {what}\n{self._diary()}"
            await self.pass_time(step)

    async def finished(self, result: InteractionResult, *, within: float = 60.0) -> Card:
        """The card when it has its buttons."""
        await self.until(lambda: bool(self.shown(result).buttons), "a finished card", within=within)
        return self.shown(result)

    async def says(self, result: InteractionResult, words: str, *, within: float = 60.0) -> Card:
        """The card when it says something."""
        await self.until(lambda: words in self.shown(result).words, f"the card says {words!r}", within=within)
        return self.shown(result)

    def _diary(self) -> str:
        cards = "\n---\n".join(card.words for card in self.channel())
        return f"{cards}\n===\n" + "\n".join(call.line for call in self.upstream.calls[-20:])

    # -- life --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the house and the stage."""
        self.app = await self._new_house()
        self.env, self.place = await self._houses.enter_async_context(
            open_stage(
                self.app,
                self.guard,
                self.clock,
                settle_s=PATIENCE_S,
                begins=None if self._own_date else within_a_day(datetime.now(UTC)),
            )
        )

    async def restart(self, *, killed: bool = False, more: dict[str, str] | None = None) -> None:
        """Another process takes over on the same database; the old one stops in good order, or was killed."""
        old = self.app
        if not killed:
            await old.stop()
        self.app = await self._new_house(more)
        await self.env.restart_bot(self.app.bot)
        await old.bot.close()

    async def close(self) -> None:
        """Close everything."""
        await self._houses.aclose()

    async def _new_house(self, more: dict[str, str] | None = None) -> App:
        settings = settings_for(self.upstream, self._database, more={**self._more, **(more or {})})
        return await self._houses.enter_async_context(furnished(settings, guard=self.guard, clock=self.clock))


def lose_edits(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the connection break while the next answers are changed, before Discord has read them."""
    edit, left = discord.Interaction.edit_original_response, iter(range(times))

    async def change(self: discord.Interaction[Any], **content: Any) -> Any:
        if next(left, None) is not None:
            raise aiohttp.ClientOSError(104, "Connection reset by peer")
        return await edit(self, **content)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", change)


@asynccontextmanager
async def open_world(
    directory: Path,
    *,
    speed: float = SPEED,
    restore: Callable[[SimulatedUpstream], None] | None = None,
    more: Mapping[str, str] | None = None,
    own_date: bool = False,
    **upstream_options: Any,
) -> AsyncIterator[Harness]:
    """A world of one's own; options are the simulated API's settings, `restore` gives it an earlier one's tasks, `more` the bot's.

    `own_date` leaves today's date to the stage, even late in the evening.
    """
    guard, clock = PatientGuard(), StageClock()
    upstream = SimulatedUpstream(
        clock=lambda: clock.now() / 1000, pace=Pace(speed=speed), **{"canvas": 64, **upstream_options}
    )
    if restore is not None:
        restore(upstream)
    async with upstream:
        database = directory / "easel.db"
        migrated(database)
        world = Harness(database, upstream, guard, clock, more, own_date=own_date)
        try:
            await world.open()
            yield world
        finally:
            await world.close()
