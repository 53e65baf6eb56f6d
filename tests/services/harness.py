"""A small world around the real services and a real SQLite file: time by hand, an upstream, a Discord, and deaths.
Never here: assertions; tests judge."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from bot.domain.inputs import CheckedPicture
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import Job, JobState, ReplyTarget, Route
from bot.domain.keys import JobKey, key_from_bits
from bot.domain.pools import UNLIMITED, Allowance, Pool
from bot.domain.ports import PREVIEW_NAME, CardLocation, Picture, Showing
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskPage, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault, RetryLater, RouteClosed, UserError
from bot.midjourney.masks import PillowMasks
from bot.services.admission.asker import Asker
from bot.services.admission.terms import DeploymentPolicy
from bot.services.intake.open_answers import LEASE_MS
from bot.services.intake.region import no_editor
from bot.services.process import Ports, Terms
from bot.services.wiring import Services, build
from bot.storage import tables
from bot.storage.opening import open_storage
from bot.storage.people.answer_journal import FileAnswerJournal
from tests.fixtures.sqlite import migrated
from tests.services.roster import Roster

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    import pytest

    from bot.domain.inputs import Shape
    from bot.domain.open_answers import OpenAnswer
    from bot.services.intake.intake import StartedJob
    from bot.services.intake.region import EditorLink
    from bot.texts import Text

T = TypeVar("T")
START = 1_800_000_000_000
GUILD, CHANNEL, APPLICATION = 11, 22, 33
UUID = "11111111-2222-4333-8444-555555555555"
GRID = (
    *(RemoteAction(f"MJ::JOB::upsample::{n}::{UUID}", f"U{n}", "") for n in range(1, 5)),
    RemoteAction(f"MJ::JOB::reroll::0::{UUID}::SOLO", "", "🔄"),
    *(RemoteAction(f"MJ::JOB::variation::{n}::{UUID}", f"V{n}", "") for n in range(1, 5)),
)


class Crash(BaseException):
    """The process died here."""


class Effects:
    """Every touch of the outside, in order, with a place to die before and after each."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.crash_at: int | None = None
        self.crash_name: str | None = None
        self.on_point: Callable[[], None] | None = None
        """Told at each point that a living process comes to."""
        self.dead = False
        self.in_flight = 0

    def die_at(self, name: str) -> None:
        """Die at the next point of this name."""
        self.crash_name = name

    def point(self, name: str) -> None:
        """Pass a point, or die at it; a dead process passes none."""
        if self.dead:
            raise Crash(name)
        self.names.append(name)
        if self.on_point is not None:
            self.on_point()
        if name == self.crash_name or (self.crash_at is not None and len(self.names) > self.crash_at):
            self.dead = True
            raise Crash(name)

    async def around(self, name: str, call: Awaitable[T]) -> T:
        """Make one effect, with a point on either side."""
        self.in_flight += 1
        try:
            try:
                self.point(f"{name} ⟨")
            except Crash:
                close = getattr(call, "close", None)
                if close is not None:
                    close()
                raise
            result = await call
            self.point(f"{name} ⟩")
            return result
        finally:
            self.in_flight -= 1


class ManualClock:
    """Time that moves only when the test says so."""

    def __init__(self, now: int = START) -> None:
        self._now = now
        self._set_by = 0
        self._waiting: list[tuple[int, asyncio.Event]] = []

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._now + self._set_by

    def set_by(self, milliseconds: int) -> None:
        """Somebody sets the clock; who waits, waits on as long as before."""
        self._set_by += milliseconds

    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """Wait for the hand of the clock, or for `wake`."""
        rung = asyncio.Event()
        entry = (self._now + max(1, int(seconds * 1000)), rung)
        self._waiting.append(entry)
        waits = [asyncio.ensure_future(rung.wait())]
        if wake is not None:
            waits.append(asyncio.ensure_future(wake.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return wake is not None and wake.is_set()

    def next_due(self) -> int | None:
        """When the first waiter wakes."""
        return min((due + self._set_by for due, _ in self._waiting), default=None)

    def move_to(self, now: int) -> None:
        """Move the hand and wake whoever is due."""
        self._now = max(self._now, now - self._set_by)
        for due, rung in self._waiting:
            if due <= self._now:
                rung.set()


@dataclass
class Task:
    """An upstream task."""

    id: int
    prompt: str
    pool: Pool
    action: str
    webhook: str | None
    at: int
    custom_id: str | None = None
    parent: str | None = None
    ends: TaskStatus = TaskStatus.SUCCESS
    reason: str | None = None
    seconds: float = 30
    actions: tuple[RemoteAction, ...] = GRID
    picture: bool = True
    previews: bool = False
    """Whether it shows what there is while it runs."""
    preview_at: str | None = None
    """The one address of all its previews, if they have one."""
    hidden_until: int = 0
    images: tuple[str, ...] = ()
    mask: str | None = None
    dimensions: str | None = None
    stamp: tuple[int | None] | None = None
    """When it says that it was begun, where that is not `at`."""
    description: str | None = None
    """What is written about a picture."""

    def seen(self, now: int) -> TaskSnapshot:
        """The reading at a time."""
        share = min(1.0, (now - self.at) / (self.seconds * 1000))
        status = TaskStatus.SUBMITTED if share < 0.1 else TaskStatus.IN_PROGRESS
        done = share >= 1
        if done:
            status = self.ends
        finished = status is TaskStatus.SUCCESS
        return TaskSnapshot(
            task_id=RemoteTaskId(str(self.id)),
            status=status,
            pool=self.pool,
            action=self.action,
            progress=int(share * 100),
            prompt=self.description if done and self.description is not None else self.prompt,
            fail_reason=self.reason if done else None,
            submitted_at=self.at if self.stamp is None else self.stamp[0],
            webhook_url=self.webhook,
            discord_url="https://cdn.discordapp.com/a.png"
            if finished and self.picture
            else self.preview_at or f"https://cdn.discordapp.com/{self.id}-{int(share * 100)}.webp"
            if self.previews and status is TaskStatus.IN_PROGRESS
            else None,
            storage_key=f"mj/{self.id}.png" if finished and self.picture else None,
            actions=self.actions if finished else (),
        )


class Upstream:
    """The image API at the level of its port. Its tasks outlive any process."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.tasks: list[Task] = []
        self.next_id = 90_000
        self.refusals: list[RemoteError] = []
        """Answers for the next submissions, instead of accepting."""
        self.swallow = 0
        """So many submissions are accepted while their answers are lost."""
        self.left: list[tuple[bytes, str, str, int]] = []
        """Files that were uploaded."""
        self.on_leave: list[RemoteError] = []
        self.list_trouble: RemoteError | None = None
        self.query_trouble: RemoteError | None = None
        self.unreadable: set[str] = set()
        """Tasks whose own answers say nothing that can be read."""
        self.forgotten: set[str] = set()
        self.oldest_first = False
        self.template: dict[str, Any] = {}
        self.reads: list[str] = []

    def accept(
        self, *, prompt: str, pool: Pool, action: str, webhook: str | None, **more: Any
    ) -> RemoteTaskId:
        """Take a submission in, or not."""
        if self.refusals:
            raise self.refusals.pop(0)
        self.next_id += 1
        self.tasks.append(
            Task(self.next_id, prompt, pool, action, webhook, self.clock.now(), **{**more, **self.template})
        )
        if self.swallow:
            self.swallow -= 1
            raise RemoteError(RemoteFault.UNCLEAR, "no answer")
        return RemoteTaskId(str(self.next_id))

    def task(self, task_id: str | None) -> Task:
        """A task by id."""
        return next(t for t in self.tasks if str(t.id) == task_id)


class Api:
    """One process's way to the upstream."""

    def __init__(self, upstream: Upstream, effects: Effects) -> None:
        self._upstream = upstream
        self._effects = effects

    async def imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, images: Sequence[str] = ()
    ) -> RemoteTaskId:
        async def call() -> RemoteTaskId:
            return self._upstream.accept(
                prompt=prompt, pool=pool, action="IMAGINE", webhook=webhook, images=tuple(images)
            )

        return await self._effects.around("POST imagine", call())

    async def act(
        self,
        *,
        task_id: RemoteTaskId,
        custom_id: str,
        pool: Pool,
        webhook: str | None,
        mask: str | None = None,
    ) -> RemoteTaskId:
        async def call() -> RemoteTaskId:
            prompt = self._upstream.task(task_id).prompt
            return self._upstream.accept(
                prompt=prompt,
                pool=pool,
                action="ACTION",
                webhook=webhook,
                custom_id=custom_id,
                parent=task_id,
                mask=mask,
            )

        return await self._effects.around("POST action", call())

    async def blend(
        self, *, images: Sequence[str], dimensions: Shape, pool: Pool, webhook: str | None
    ) -> RemoteTaskId:
        async def call() -> RemoteTaskId:
            return self._upstream.accept(
                prompt="",
                pool=pool,
                action="BLEND",
                webhook=webhook,
                images=tuple(images),
                dimensions=dimensions,
            )

        return await self._effects.around("POST blend", call())

    async def describe(self, *, image: str, pool: Pool, webhook: str | None) -> RemoteTaskId:
        async def call() -> RemoteTaskId:
            return self._upstream.accept(
                prompt="", pool=pool, action="DESCRIBE", webhook=webhook, images=(image,)
            )

        return await self._effects.around("POST describe", call())

    async def upload_input(self, data: bytes, *, filename: str, media_type: str, until: int) -> str:
        async def call() -> str:
            if self._upstream.on_leave:
                raise self._upstream.on_leave.pop(0)
            self._upstream.left.append((data, filename, media_type, until))
            return f"https://store.example/{len(self._upstream.left)}"

        return await self._effects.around("POST upload", call())

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        async def call() -> TaskSnapshot | None:
            self._upstream.reads.append("query")
            if self._upstream.query_trouble is not None:
                raise self._upstream.query_trouble
            if task_id in self._upstream.unreadable:
                raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no task")
            if task_id in self._upstream.forgotten:
                return None
            return self._upstream.task(task_id).seen(self._upstream.clock.now())

        return await self._effects.around("POST query", call())

    async def page(self, number: int, *, size: int) -> TaskPage:
        async def call() -> TaskPage:
            self._upstream.reads.append("page")
            if self._upstream.list_trouble is not None:
                raise self._upstream.list_trouble
            now = self._upstream.clock.now()
            tasks = [
                t
                for t in self._upstream.tasks
                if t.hidden_until <= now and str(t.id) not in self._upstream.forgotten
            ]
            if not self._upstream.oldest_first:
                tasks.reverse()
            shown = tasks[(number - 1) * size : number * size]
            return TaskPage(len(tasks), tuple(t.seen(now) for t in shown))

        return await self._effects.around("POST page", call())


@dataclass
class Message:
    """A message that people see."""

    id: int
    channel: int
    key: JobKey | None
    at: int
    versions: list[Showing] = field(default_factory=list)
    history: list[tuple[Showing, Picture | None]] = field(default_factory=list)
    """The same with what was seen on it each time."""
    picture: Picture | None = None
    deleted: bool = False

    @property
    def begun_ended(self) -> bool:
        """Whether it was posted to show an outcome: its nonce differs from that of a living job's card."""
        return bool(self.versions) and self.versions[0].job.is_terminal

    @property
    def last(self) -> Job:
        """The job as the message shows it now."""
        return self.versions[-1].job


class Discord:
    """What people see. It outlives any process."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.messages: list[Message] = []
        self.closed: dict[Route, str] = {}
        self.later: list[RetryLater | Exception] = []
        self.on_result: list[Exception] = []
        """Troubles for the next attempts to show an outcome."""
        self.on_preview: list[Exception] = []
        """The same for edits that carry a preview."""
        self.edits: list[tuple[int, JobKey]] = []
        self.handed: list[tuple[int, Text, Picture]] = []
        """What people were given in direct messages."""
        self.on_hand: list[Exception] = []
        self.whispered: list[tuple[Text, str]] = []
        self.placeholders: dict[int, int] = {}
        """Interactions that were shown “thinking…”, and the messages of that."""
        self.told: dict[int, str] = {}
        """What was said late, by interaction."""

    def defer(self) -> int:
        """The reply that an interaction's deferral makes."""
        message = Message(1000 + len(self.messages), CHANNEL, None, self.clock.now())
        self.messages.append(message)
        return message.id

    def of(self, key: JobKey) -> list[Message]:
        """The messages that show a job."""
        return [m for m in self.messages if m.key == key and not m.deleted]


class FakePublisher:
    """One process's way to Discord."""

    def __init__(self, discord: Discord, effects: Effects) -> None:
        self._discord = discord
        self._effects = effects

    async def show(self, showing: Showing, route: Route, *, picture: Picture | None) -> CardLocation:
        return await self._effects.around(f"show {route.value}", self._show(showing, route, picture))

    async def _show(self, showing: Showing, route: Route, picture: Picture | None) -> CardLocation:
        d, job = self._discord, showing.job
        if d.later:
            raise d.later.pop(0)
        if d.on_preview and picture is not None and not job.is_terminal:
            raise d.on_preview.pop(0)
        if d.on_result and job.is_terminal:
            raise d.on_result.pop(0)
        if route in d.closed:
            raise RouteClosed(d.closed[route])
        if route in {Route.REPLY, Route.EDIT}:
            message = next((m for m in d.messages if m.id == job.reply.message_id and not m.deleted), None)
            if message is None:
                raise RouteClosed("message_gone")
            d.edits.append((d.clock.now(), job.key))
        else:
            channel = CHANNEL if route is Route.POST else 999
            message = next(
                (
                    m
                    for m in d.of(job.key)
                    if (m.channel, m.begun_ended) == (channel, job.is_terminal)
                    and d.clock.now() - m.at < 180_000
                ),
                None,
            )
            if message is None:
                message = Message(1000 + len(d.messages), channel, job.key, d.clock.now())
                d.messages.append(message)
        message.key = job.key
        message.versions.append(showing)
        if not job.is_terminal or picture is not None:
            message.picture = picture
        elif message.picture is not None and message.picture.filename.startswith(PREVIEW_NAME):
            message.picture = None
        message.history.append((showing, message.picture))
        return CardLocation(message.channel, message.id, d.clock.now())

    async def find(self, job: Job) -> CardLocation | None:
        async def call() -> CardLocation | None:
            for message in self._discord.of(job.key):
                if message.id != job.reply.message_id:
                    return CardLocation(message.channel, message.id, message.at)
            return None

        return await self._effects.around("find", call())

    async def send_dm(
        self, user_id: int, words: Text, *, locale: str, job: Job, picture: Picture, nonce: str
    ) -> None:
        async def call() -> None:
            if self._discord.on_hand:
                raise self._discord.on_hand.pop(0)
            self._discord.handed.append((user_id, words, picture))

        assert locale
        assert nonce
        assert job.key
        await self._effects.around("hand", call())

    async def send_ephemeral(self, reply: ReplyTarget, words: Text, *, locale: str) -> None:
        async def call() -> None:
            if reply.token is None or reply.token_until <= self._discord.clock.now():
                raise RouteClosed("no_token")
            self._discord.whispered.append((words, locale))

        await self._effects.around("whisper", call())

    async def picture_url(self, channel_id: int, message_id: int) -> str | None:
        async def call() -> str | None:
            (found,) = [m for m in self._discord.messages if (m.channel, m.id) == (channel_id, message_id)]
            return None if found.picture is None else f"https://cdn.example/{found.picture.filename}"

        return await self._effects.around(f"pictured {message_id}", call())

    async def picture_urls(self, channel_id: int, message_id: int) -> Mapping[int, str]:
        async def call() -> Mapping[int, str]:
            (found,) = [m for m in self._discord.messages if (m.channel, m.id) == (channel_id, message_id)]
            shown = () if found.picture is None else (found.picture, *found.picture.more)
            return {one.number: f"https://cdn.example/{one.filename}" for one in shown}

        return await self._effects.around(f"pictures of {message_id}", call())

    async def take_down(self, channel_id: int, message_id: int) -> None:
        async def call() -> None:
            found = [m for m in self._discord.messages if (m.channel, m.id) == (channel_id, message_id)]
            if not found or found[0].deleted:
                raise RouteClosed("message_gone")
            found[0].deleted = True

        await self._effects.around("take down", call())


class FakeAnswers:
    """One process's way to say words late. A placeholder goes by its interaction here."""

    def __init__(self, discord: Discord, effects: Effects) -> None:
        self._discord = discord
        self._effects = effects

    async def answer(self, open_: OpenAnswer, words: Text) -> None:
        async def call() -> None:
            d = self._discord
            if d.later:
                raise d.later.pop(0)
            if open_.token is None or open_.interaction_id not in d.placeholders:
                raise RouteClosed("message_gone")
            d.told[open_.interaction_id] = words.id

        await self._effects.around("answer", call())

    async def post(self, open_: OpenAnswer, words: Text) -> None:
        async def call() -> None:
            if Route.POST in self._discord.closed:
                raise RouteClosed(self._discord.closed[Route.POST])
            self._discord.told[open_.interaction_id] = words.id

        await self._effects.around("post words", call())


class FakePictures:
    """Gives a picture, or trouble."""

    def __init__(self, effects: Effects, world: Harness) -> None:
        self._effects = effects
        self._world = world

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        self._world.fetches.append((storage_key, discord_url, limit))
        if (
            self._world.picture_takes
        ):  # outside the effect: nobody waits for it to be done without time passing
            await self._world.clock.pause(self._world.picture_takes)

        async def call() -> Picture:
            trouble = self._world.address_troubles.get(discord_url or "", self._world.picture_trouble)
            if trouble is not None:
                raise trouble
            self._world.pictures_left -= 1
            if self._world.pictures_left < 0:
                raise RetryLater("gone")
            if self._world.painted is not None:
                return self._world.painted
            return Picture(b"x" * min(limit, 1000), "easel.png", "image/png", 8, 8)

        return await self._effects.around("GET picture", call())

    async def fitted(self, data: bytes, *, limit: int) -> Picture:
        """What is here already."""
        assert limit
        return Picture(data, f"{data.decode().replace(' ', '-')}.png", "image/png", 8, 8)

    async def fetch_preview(self, address: str, *, limit: int) -> Picture:
        """Part of a picture."""
        if self._world.preview_takes:
            await self._world.clock.pause(self._world.preview_takes)

        async def call() -> Picture:
            assert limit <= 1024 * 1024
            if self._world.preview_trouble is not None:
                raise self._world.preview_trouble
            name = address.rpartition("/")[2]
            return Picture(address.encode(), f"{PREVIEW_NAME}{name}", "image/webp", 8, 8)

        return await self._effects.around("GET preview", call())


class FakeReader:
    """Takes every file for a PNG, unless the test has another opinion of it."""

    def __init__(self) -> None:
        self.opinions: dict[bytes, CheckedPicture | UserError] = {}

    async def check(self, data: bytes, *, name: str) -> CheckedPicture:  # noqa: ARG002 - the port gives it
        opinion = self.opinions.get(data, CheckedPicture(data, "image/png", reduced=False))
        if isinstance(opinion, UserError):
            raise opinion
        return opinion


class Meters:
    """Keeps what was counted."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        key = name + "".join(f" {k}={v}" for k, v in sorted(labels.items()))
        self.counts[key] = self.counts.get(key, 0) + n

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        self.count(f"{name}.observed", 1, **labels)
        assert value >= 0


class WatchedStore:
    """The real store, with a point to die at before and after each of its transactions."""

    def __init__(self, inner: Any, effects: Effects) -> None:
        self._inner = inner
        self._effects = effects
        self.trouble: Exception | None = None
        self.trouble_for: Collection[str] = ()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self.trouble is not None and name in self.trouble_for:
                raise self.trouble
            return await self._effects.around(f"db {name}", method(*args, **kwargs))

        return call


class WatchedJournal:
    """The real journal, with a point to die at before and after whatever changes it."""

    def __init__(self, inner: FileAnswerJournal, effects: Effects) -> None:
        self._inner = inner
        self._effects = effects

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)

        def call(*args: Any) -> Any:
            self._effects.point(f"journal {name} ⟨")
            result = method(*args)
            self._effects.point(f"journal {name} ⟩")
            return result

        return method if name == "left" else call


class Names:
    """Predictable names."""

    def __init__(self) -> None:
        self._last = 0

    def key(self) -> JobKey:
        return key_from_bits(self._next())

    def token(self) -> str:
        return f"token-{self._next():020d}"

    def _next(self) -> int:
        self._last += 1
        return self._last


def kept_back(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """The jobs whose delivery was given up, by the log, and why."""
    said = [vars(record) for record in caplog.records if record.message == "delivery_kept"]
    return [(fields["job"], fields["reason"]) for fields in said]


class Harness:
    """Boots, drives and kills processes of the bot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "easel.db"
        self.url = migrated(self.file)
        self.clock = ManualClock()
        self.upstream = Upstream(self.clock)
        self.discord = Discord(self.clock)
        self.effects = Effects()
        self.meters = Meters()
        self.names = Names()
        self.reader = FakeReader()
        self.fetches: list[tuple[str | None, str | None, int]] = []
        self.picture_trouble: Exception | None = None
        self.address_troubles: dict[str, Exception] = {}
        """Those of single addresses."""
        self.picture_takes = 0.0
        """Seconds that a fetch hangs before it gives anything."""
        self.painted: Picture | None = None
        """What every fetch gives, where a test looks at pixels."""
        self.pictures_left = 10**9
        self.preview_trouble: Exception | None = None
        self.preview_takes = 0.0
        self.rules: dict[Pool, Allowance] = {Pool.NORMAL: UNLIMITED, Pool.FAST: UNLIMITED}
        self.default_pool = Pool.NORMAL
        self.max_running = 3
        self.webhook: Callable[[str], str | None] = lambda _token: None
        self.webhooks = False
        self.video = False
        self.editor_link: EditorLink = no_editor
        self.roster = Roster()
        self.roster.open.add(GUILD)
        self.accounts: tuple[str, ...] = ("default",)
        self.windows: Any = None
        """The windows of a server that opens any (tests/faults/windows.py)."""
        self.way_to: Callable[[str], Any] = lambda _account: Api(self.upstream, self.effects)
        self.through: Callable[[Any, Any, Any], Any] = lambda pictures, _store, _publisher: pictures
        """What stands before the pictures, where a test has an engine (tests/services/engine.py)."""
        self.more_ports: dict[str, Any] = {}
        self.more_terms: dict[str, Any] = {}
        self.owner = "first"
        self.journaled = False
        """Whether open answers stand in a file first, as they do where the database is one."""
        self._journals: list[FileAnswerJournal] = []
        self._loop: object = None
        self._in_threads = 0
        self._interactions = itertools.count(5000)
        self._storage: AbstractAsyncContextManager[Any] | None = None
        self._run: asyncio.Task[None] | None = None

    # -- processes ---------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open storage and put the services together, without starting the worker."""
        self._watched_loop()
        self._storage = open_storage(self.url, migrate=True)
        self._opened = await self._storage.__aenter__()
        self.store = WatchedStore(self._opened.jobs, self.effects)
        self.publisher = FakePublisher(self.discord, self.effects)
        journal = self._journal() if self.journaled else None
        self.services: Services = build(
            Ports(
                store=self.store,  # type: ignore[arg-type]  # it answers every method of the port
                archive=self._opened.archive,
                accounts={a: self.way_to(a) for a in self.accounts},
                pictures=self.through(FakePictures(self.effects, self), self.store, self.publisher),
                masks=PillowMasks(),
                reader=self.reader,
                publisher=self.publisher,
                clock=self.clock,
                metrics=self.meters,
                policy=DeploymentPolicy(self.rules, self.default_pool),
                directory=self.roster,
                guilds=self._opened.guilds,
                people=self._opened.people,
                personal_items=self._opened.personal_items,
                tenants=self._opened.tenants,
                answers=WatchedStore(self._opened.answers, self.effects),  # type: ignore[arg-type]  # as above
                answer_writer=FakeAnswers(self.discord, self.effects),
                answer_journal=journal,
                help_books=WatchedStore(self._opened.help_books, self.effects),  # type: ignore[arg-type]  # as above
                **self.more_ports,
            ),
            Terms(
                owner=self.owner,
                max_running=self.max_running,
                webhook_address=self.webhook,
                webhooks=self.webhooks,
                video=self.video,
                editor_link=self.editor_link,
                naming=self.names,
                chance=lambda: 0.0,
                **self.more_terms,
            ),
        )

    def _journal(self) -> WatchedJournal:
        return WatchedJournal(self.a_journal(), self.effects)

    def a_journal(self) -> FileAnswerJournal:
        """A process's own, which counts as living for as long as it does at its start."""
        made = FileAnswerJournal(self.file)
        made.keep(self.clock.now(), self.clock.now() + LEASE_MS)
        self._journals.append(made)
        return made

    async def boot(self) -> None:
        """Start a process."""
        await self.open()
        self._run = asyncio.create_task(self.services.worker.run(), name="worker")

    async def kill(self) -> None:
        """End the process the hard way: no goodbye, no lease given back."""
        self.effects.dead = True
        if self._run is not None:
            self._run.cancel()
            with suppress(asyncio.CancelledError, BaseExceptionGroup):
                await self._run
            self._run = None
        await self.close()
        self.effects = Effects()

    async def close_run(self) -> None:
        """Stop a second process in good order."""
        await self.services.worker.stop(within=60)
        if self._run is not None:
            await self._run
        await self.close()

    async def close(self) -> None:
        """Close storage."""
        if self._storage is not None:
            await self._storage.__aexit__(None, None, None)
            self._storage = None
        for (
            journal
        ) in self._journals:  # their processes hold the files no more, and have written no word of that
            if journal._file is not None:
                journal._file.close()
        self._journals.clear()

    async def reboot(self, *, after_ms: int = 0) -> None:
        """Kill and start again under another owner's name."""
        await self.kill()
        self.clock.move_to(self.clock.now() + after_ms)
        self.owner += "'"
        await self.boot()

    @property
    def died(self) -> bool:
        """Whether the process has hit its point of death."""
        return self.effects.dead or (self._run is not None and self._run.done())

    # -- time --------------------------------------------------------------------------------------------

    async def calm(self) -> None:
        """Let everything happen that can happen without time passing.

        Where the loop has nothing to do but to come back here, nobody can: turning it any further only costs. Threads,
        and others who wait for calm as well, are given a number of turns.
        """
        ready = self._watched_loop()
        quiet = 0
        seen = -1
        while quiet < 25 and not self.died:
            busy = self.effects.in_flight > 0 or self._opened.database.running > 0
            count = len(self.effects.names)
            quiet = 0 if busy or count != seen else quiet + 1
            seen = count
            await asyncio.sleep(0.0005 if busy else 0)
            if not (ready or self._in_threads or self.effects.in_flight or self._opened.database.running):
                return

    def _watched_loop(self) -> Collection[object]:
        """What the loop has to do next (private: it has no public name); work in its threads is counted from now on."""
        loop: Any = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            begin = loop.run_in_executor

            def counted(*work: Any) -> asyncio.Future[Any]:
                self._in_threads += 1
                begun: asyncio.Future[Any] = begin(*work)
                begun.add_done_callback(lambda _: self._back())
                return begun

            loop.run_in_executor = counted
        ready: Collection[object] = loop._ready
        return ready

    def _back(self) -> None:
        self._in_threads -= 1

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, from one waiter to the next."""
        end = self.clock.now() + int(seconds * 1000)
        await self.calm()
        while not self.died:
            due = self.clock.next_due()
            if due is None or due > end:
                break
            self.clock.move_to(due)
            await self.calm()
        self.clock.move_to(end)
        await self.calm()

    async def until(self, condition: Callable[[], Awaitable[bool] | bool], *, within: float = 3600) -> None:
        """Let time pass until something is true."""
        end = self.clock.now() + int(within * 1000)
        while self.clock.now() < end and not self.died:
            await self.calm()
            answer = condition()
            if answer if isinstance(answer, bool) else await answer:
                return
            due = self.clock.next_due()
            self.clock.move_to(min(due or end, end))
        if self.died:
            raise Crash("while waiting")
        raise AssertionError(f"it did not become true within {within} s")

    # -- people ------------------------------------------------------------------------------------------

    def asker(self, *, user: int = 1, interaction: int | None = None, message: int | None = None) -> Asker:
        """Somebody's interaction, deferred."""
        now = self.clock.now()
        return Asker(
            user_id=user,
            user_name=f"user{user}",
            locale="en-US",
            guild_locale="en-US",
            interaction_id=interaction or next(self._interactions),
            reply=ReplyTarget(
                channel_id=CHANNEL,
                guild_id=GUILD,
                application_id=APPLICATION,
                token=f"interaction-token-{now}",
                token_until=now + 15 * 60_000,
                message_id=message or self.discord.defer(),
                message_at=now,
            ),
        )

    async def one_running(self, *, waiting: Sequence[int]) -> tuple[Job, list[Job]]:
        """A job that runs where there is one place, and one of each of these people that waits behind it."""
        self.max_running = 1
        await self.reboot()
        running = await self.imagine()
        await self.calm()
        queued = [await self.imagine(user=user) for user in waiting]
        await self.calm()
        return running, queued

    async def imagine(
        self,
        prompt: str = "a paper fox",
        *,
        pool: Pool | None = None,
        user: int = 1,
        asker: Asker | None = None,
    ) -> Job:
        """Type /imagine."""
        begun: StartedJob = await self.services.imagine.begin(
            asker or self.asker(user=user), PromptOptions(prompt=prompt), pool
        )
        return begun.job

    async def press(
        self, parent: Job, position: int = 0, *, user: int = 1, asker: Asker | None = None
    ) -> Any:
        """Press a button."""
        return await self.services.presses.press(
            asker or self.asker(user=user),
            parent.key,
            position,
            channel_id=CHANNEL,
            message_id=parent.reply.message_id or 0,
        )

    async def job(self, key: JobKey) -> Job:
        """A job's row."""
        found: Job | None = await self.store._inner.get(key)
        assert found is not None
        return found

    async def all_jobs(self) -> list[Job]:
        """Every row."""
        keys = await self._opened.database.read(
            lambda c: c.execute(select(tables.jobs.c.key)).scalars().all()
        )
        return [await self.job(JobKey(key)) for key in keys]

    async def forget_inputs(self, job: Job) -> None:
        """Have what goes along with a job vanish."""
        gone = tables.inputs.delete().where(tables.inputs.c.job_key == job.key)
        await self._opened.database.write(lambda c: c.execute(gone).rowcount)

    async def ledger(self) -> list[tuple[str, str]]:
        """Every entry of the books: job and kind."""
        entries = select(tables.ledger.c.job_key, tables.ledger.c.kind)
        rows = await self._opened.database.read(lambda c: c.execute(entries).all())
        return [(row.job_key, row.kind) for row in rows]

    async def ended(self, job: Job, *, within: float = 3600) -> Job:
        """Let time pass until a job is delivered."""

        async def delivered() -> bool:
            return (await self.job(job.key)).is_delivered

        await self.until(delivered, within=within)
        return await self.job(job.key)

    async def finished_grid(self, **kwargs: Any) -> Job:
        """A delivered grid to press on."""
        job = await self.ended(await self.imagine(**kwargs))
        assert job.state is JobState.SUCCEEDED
        return job

    def claimed(self, job: Job) -> Job:
        """A job as this process would hold it (for steps tested one by one)."""
        return replace(job, owner=self.owner, fence=job.fence)


async def worlds(folder: Path) -> AsyncIterator[Harness]:
    """A world per test, closed whatever happened."""
    world = Harness(folder)
    yield world
    await world.kill()
