"""A steady crowd in virtual time: the real services and a real database, with so many jobs always upstream.
Never here: figures; what happened is kept, and the measurements judge it."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from typing_extensions import override

import tests.services.harness
from bot.domain.answers import Accepted
from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
from bot.midjourney.mjproxy.requests import MOST_IDS
from bot.services.wiring import build
from tests.services.harness import Api, FakePublisher, Harness, Upstream

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from bot.domain.jobs import Route
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.ports import CardLocation, Picture, Showing
    from bot.services.process import Ports, Terms
    from bot.services.wiring import Services
    from tests.services.harness import Discord, Effects, ManualClock, Task

ANSWER_MS: Final = 250
"""How long the image API takes to answer."""
SHORTEST_S, LONGEST_S = 20.0, 90.0
"""Between these, evenly, lies how long a task takes."""
HOOKS_AT: Final = (0.1, 0.3, 0.55, 0.8)
"""At these shares of its time a task posts its progress; and at its end."""
HOOK_MS: Final = 100
"""How long a post takes to arrive."""


class BusyUpstream(Upstream):
    """The image API with tasks that take different times; thousands of them cost it little."""

    def __init__(self, clock: ManualClock, dice: random.Random) -> None:
        super().__init__(clock)
        self._dice = dice
        self._by_id: dict[str, Task] = {}
        self.ends: list[int] = []
        """A heap of the moments at which tasks end."""
        self.hooks: list[tuple[int, str, bool]] = []
        """A heap of posts to come: when, to which address, and whether they tell the end."""

    @override
    def accept(
        self, *, prompt: str, pool: Pool, action: str, webhook: str | None, **more: Any
    ) -> RemoteTaskId:
        more["seconds"] = self._dice.uniform(SHORTEST_S, LONGEST_S)
        task_id = super().accept(prompt=prompt, pool=pool, action=action, webhook=webhook, **more)
        task = self.tasks[-1]
        self._by_id[task_id] = task
        heapq.heappush(self.ends, _end_of(task))
        if webhook is not None:
            for share in HOOKS_AT:
                heapq.heappush(
                    self.hooks, (task.at + int(share * task.seconds * 1000) + HOOK_MS, webhook, False)
                )
            heapq.heappush(self.hooks, (_end_of(task) + HOOK_MS, webhook, True))
        return task_id

    @override
    def task(self, task_id: str | None) -> Task:
        return self._by_id[task_id or ""]

    def forget(self, before: int) -> None:
        """Forget tasks and readings that ended earlier."""
        self.reads.clear()
        self.tasks[:] = [task for task in self.tasks if _end_of(task) >= before]
        here = {str(task.id) for task in self.tasks}
        self._by_id = {key: task for key, task in self._by_id.items() if key in here}


def _end_of(task: Task) -> int:
    return task.at + int(task.seconds * 1000)


class DistantApi(Api):
    """The way to that API: each call takes its time, and readings keep to a budget, as `MidjourneyApi`'s do."""

    def __init__(
        self, upstream: BusyUpstream, effects: Effects, clock: ManualClock, *, reads_per_second: float
    ) -> None:
        super().__init__(upstream, effects)
        self._there = upstream
        self._clock = clock
        self._apart_ms = 1000 / reads_per_second
        self._next: float = 0

    @override
    async def imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, images: Sequence[str] = ()
    ) -> RemoteTaskId:
        task_id = await super().imagine(prompt=prompt, pool=pool, webhook=webhook, images=images)
        await self._clock.pause(ANSWER_MS / 1000)
        return task_id

    @override
    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        await self._turn()
        seen = await super().query(task_id)
        await self._clock.pause(ANSWER_MS / 1000)
        return seen

    @override
    async def page(self, number: int, *, size: int) -> TaskPage:
        await self._turn()
        tasks, now = self._there.tasks, self._clock.now()
        self._there.reads.append("page")
        end = len(tasks) - (number - 1) * size
        shown = tasks[max(0, end - size) : max(0, end)]
        page = TaskPage(len(tasks), tuple(task.seen(now) for task in reversed(shown)))
        await self._clock.pause(ANSWER_MS / 1000)
        return page

    async def _turn(self) -> None:
        now = self._clock.now()
        mine = max(float(now), self._next)
        self._next = mine + self._apart_ms
        if mine > now:
            await self._clock.pause((mine - now) / 1000)


class FamilyApi(DistantApi):
    """The way to a server of the `/mj` family: many tasks are read by their ids in one call, or each by itself.

    What is submitted goes through the methods that both kinds have; a window is not part of these measurements.
    """

    def __init__(self, *given: Any, server: ServerKind, lists: bool, **more: Any) -> None:
        super().__init__(*given, **more)
        self.capabilities = replace(BY_SERVER[server], batch=lists)

    async def submit_imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, tag: str | None, images: Sequence[str] = ()
    ) -> Accepted:
        """Begin a chain."""
        del tag
        return Accepted(await self.imagine(prompt=prompt, pool=pool, webhook=webhook, images=images))

    async def query_many(self, task_ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        """Read many: one call of the family's list takes `MOST_IDS` ids."""
        found: dict[RemoteTaskId, TaskSnapshot] = {}
        wanted = list(task_ids)
        for first in range(0, len(wanted), MOST_IDS):
            await self._turn()
            self._there.reads.append("batch")
            now = self._clock.now()
            found |= {one: self._there.task(one).seen(now) for one in wanted[first : first + MOST_IDS]}
            await self._clock.pause(ANSWER_MS / 1000)
        return found

    async def _unused(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a crowd submits pictures and reads them, and nothing else")

    submit_blend = submit_describe = shorten = animate = press = fill = find = seed = cancel = check = _unused


class NotingPublisher(FakePublisher):
    """Notes when each outcome was shown."""

    def __init__(self, discord: Discord, effects: Effects) -> None:
        super().__init__(discord, effects)
        self.outcomes: dict[JobKey, int] = {}

    @override
    async def show(self, showing: Showing, route: Route, *, picture: Picture | None) -> CardLocation:
        shown = await super().show(showing, route, picture=picture)
        if showing.job.is_terminal:
            self.outcomes[showing.job.key] = shown.at
        return shown


@dataclass(frozen=True, slots=True)
class Stretch:
    """What happened while we measured."""

    live: float
    """Jobs upstream, on average."""
    finished: int
    seconds: float
    """How long we watched."""
    pages: int
    queries: int
    batches: int
    """Calls that read many tasks by their ids."""
    naive_reads: int
    """What asking for each task alone every 5 s would have cost for the same tasks."""
    lags: tuple[float, ...]
    """Seconds from each task's end to its outcome being shown."""

    @property
    def reads(self) -> int:
        """Readings of every kind."""
        return self.pages + self.queries + self.batches


class Crowd(Harness):
    """People who always have `size` pictures in the making upstream."""

    def __init__(
        self,
        folder: Path,
        *,
        size: int,
        webhooks: bool,
        reads_per_second: float = 4.0,
        seed: int = 1,
        server: ServerKind = ServerKind.OHMYGPT,
        lists: bool = False,
    ) -> None:
        super().__init__(folder)
        self._server, self._lists = server, lists
        self.dice = random.Random(seed)  # noqa: S311 - repeatable chance for a simulation
        self.size = size
        self.webhooks = webhooks
        self.max_running = 10 * size
        self.busy = BusyUpstream(self.clock, self.dice)
        self.upstream = self.busy
        self._reads_per_second = reads_per_second
        self._begun = self._ended = 0
        self._users = itertools.count(1)

    @override
    async def open(self) -> None:
        """Open storage and put the services together around the busy upstream."""
        with patch.object(tests.services.harness, "build", self._build):
            await super().open()

    def _build(self, ports: Ports, terms: Terms, **more: Any) -> Services:
        self.noting = NotingPublisher(self.discord, self.effects)
        api = self._api()
        return build(
            replace(ports, accounts={"default": api}, publisher=self.noting),
            replace(
                terms,
                webhook_address=(lambda token: token) if self.webhooks else (lambda _token: None),
                reads_per_second=self._reads_per_second,
                chance=self.dice.random,
            ),
            **more,
        )

    def _api(self) -> DistantApi:
        pace = self._reads_per_second
        if self._server is ServerKind.OHMYGPT:
            return DistantApi(self.busy, self.effects, self.clock, reads_per_second=pace)
        return FamilyApi(
            self.busy,
            self.effects,
            self.clock,
            reads_per_second=pace,
            server=self._server,
            lists=self._lists,
        )

    async def measure(self, *, warm_s: float, for_s: float) -> Stretch:
        """Let the crowd settle, then watch it."""
        await self._live(warm_s)
        before_reads = self._reads()
        before, begun_at = set(self.noting.outcomes), self.clock.now()
        await self._live(for_s)
        pages, queries, batches = (now - then for now, then in zip(self._reads(), before_reads, strict=True))
        finished = [key for key in self.noting.outcomes if key not in before]
        tasks = [self.busy.task((await self.job(key)).task_id) for key in finished]
        ends = (self.noting.outcomes[key] - _end_of(task) for key, task in zip(finished, tasks, strict=True))
        return Stretch(
            live=self._alive_between(begun_at, self.clock.now()),
            finished=len(finished),
            seconds=for_s,
            pages=pages,
            queries=queries,
            batches=batches,
            naive_reads=sum(int(task.seconds // 5) + 1 for task in tasks),
            lags=tuple(lag / 1000 for lag in ends),
        )

    def _alive_between(self, start: int, end: int) -> float:
        spans = (min(end, _end_of(t)) - max(start, t.at) for t in self.busy.tasks)
        return sum(max(0, span) for span in spans) / (end - start)

    def _reads(self) -> tuple[int, int, int]:
        reads = self.busy.reads
        return reads.count("page"), reads.count("query"), reads.count("batch")

    async def _live(self, seconds: float) -> None:
        """Let time pass, replacing each picture that is done with a new one."""
        end = self.clock.now() + int(seconds * 1000)
        while self.clock.now() < end:
            while self.busy.ends and self.busy.ends[0] <= self.clock.now():
                heapq.heappop(self.busy.ends)
                self._ended += 1
            while self._begun - self._ended < self.size:
                await self._begin()
            await self.calm()
            hooks = self.busy.hooks
            ends = self.busy.ends
            moments = (self.clock.next_due(), hooks[0][0] if hooks else None, ends[0] if ends else None, end)
            self.clock.move_to(min(m for m in moments if m is not None))
            while hooks and hooks[0][0] <= self.clock.now():
                _, token, ended = heapq.heappop(hooks)
                key = await self.store.by_webhook_token(token)
                if key is not None:
                    self.services.worker.receive_webhook(key, ended=ended)
        await self.calm()

    async def _begin(self) -> None:
        self._begun += 1
        number = next(self._users)
        asker = self.asker(user=number)
        reply = replace(asker.reply, channel_id=number % 97)
        await self.imagine(f"prompt {number}", asker=replace(asker, reply=reply))
