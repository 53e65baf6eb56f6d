"""What a server of the family is asked about one job: its seed, once for all who wait, and to take it out of its queue.
Never here: who may ask (test_jobs.py), and the wire (tests/midjourney)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from bot.domain.capabilities import BY_SERVER, Cancel, Capabilities, ServerKind
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.tasks import TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.history.upstream_requests import NOTHING_FOR_MS, UpstreamRequests
from tests.domain.builders import TASK, a_job
from tests.services.harness import ManualClock
from tests.services.worker.test_windows import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable

ABLE = replace(BY_SERVER[ServerKind.PLUS], seed=True, cancel=Cancel.FORGET)


class Server(Proxy):
    """A server with one picture."""

    def __init__(self, capabilities: Capabilities = ABLE) -> None:
        super().__init__([])
        self.capabilities = capabilities
        self.tells: str | RemoteError | None = "4711"
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.takes = True
        self.dropped: list[str] = []

    @override
    async def seed(self, _task_id: str) -> str | None:  # type: ignore[override]  # the part that tests need
        self.asked += 1
        await self.gate.wait()
        if isinstance(self.tells, RemoteError):
            raise self.tells
        return self.tells

    @override
    async def cancel(self, task_id: str) -> bool:  # type: ignore[override]  # as above
        self.dropped.append(task_id)
        return self.takes


class Desk:
    """The service between a server and a store."""

    def __init__(self, api: Any) -> None:
        self.api, self.clock = api, ManualClock()
        self.kept: list[str] = []
        self.trouble: StorageTrouble | None = None
        self.lost: StorageTrouble | None = None
        parts: Any = {"store": SimpleNamespace(keep_seed=self.keep_seed), "accounts": self}
        self.asks = UpstreamRequests(**parts, clock=self.clock)

    async def find(self, _name: str) -> Any:
        if self.lost is not None:
            raise self.lost
        return self.api

    async def keep_seed(self, _key: str, seed: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.kept.append(seed)


def picture(**more: Any) -> Job:
    return a_job(**{"state": JobState.SUCCEEDED, "task_id": TASK, **more})


async def test_all_who_wait_share_one_question_and_whoever_leaves_takes_no_answer_away() -> None:
    api = Server()
    desk = Desk(api)
    api.gate.clear()
    waiting = [asyncio.create_task(desk.asks.seed(picture())) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting[0].cancel()
    api.gate.set()

    assert await asyncio.gather(*waiting[1:]) == ["4711", "4711"]
    assert (api.asked, desk.kept) == (1, ["4711"])


async def test_a_seed_that_could_not_be_kept_is_told_all_the_same() -> None:
    desk = Desk(Server())
    desk.trouble = StorageTrouble("the disk is full")

    assert await desk.asks.seed(picture()) == "4711"


async def test_a_server_without_a_seed_is_left_in_peace_for_a_while_and_trouble_is_not_remembered() -> None:
    api = Server()
    desk = Desk(api)
    api.tells = RemoteError(RemoteFault.UNREACHED, "502")
    assert await desk.asks.seed(picture()) is None
    api.tells = None
    assert [await desk.asks.seed(picture()) for _ in range(3)] == [None] * 3
    assert api.asked == 2

    desk.clock.move_to(desk.clock.now() + NOTHING_FOR_MS + 1)
    api.tells = "5"
    assert await desk.asks.seed(picture()) == "5"


@pytest.mark.parametrize(
    ("job", "able", "told"),
    [
        (picture(prompt="a fox --seed 7"), False, "7"),
        (picture(task_id=None), True, None),
        (picture(), False, None),
    ],
)
async def test_what_is_known_or_cannot_be_asked_costs_no_question(
    job: Job, *, able: bool, told: str | None
) -> None:
    api = Server(replace(ABLE, seed=able))

    assert await Desk(api).asks.seed(job) == told
    assert api.asked == 0


@pytest.mark.parametrize(
    ("job", "able", "tells"),
    [
        (picture(), True, True),
        (picture(), False, False),
        (picture(kind=JobKind.DESCRIBE), True, False),
        (picture(unwanted=True), True, False),
        (a_job(), True, False),
    ],
)
async def test_the_seed_is_offered_where_it_can_be_had(job: Job, *, able: bool, tells: bool) -> None:
    assert await Desk(Server(replace(ABLE, seed=able))).asks.provides_seed(job) is tells


async def test_without_its_account_there_is_no_seed_and_no_trouble() -> None:
    desk = Desk(Server())
    desk.lost = StorageTrouble("the disk is full")

    assert not await desk.asks.provides_seed(picture())
    assert await desk.asks.seed(picture()) is None


def waits(status: TaskStatus = TaskStatus.NOT_START, started_at: int | None = None) -> Callable[[Desk], None]:
    def change(desk: Desk) -> None:
        desk.api.tasks[TASK] = TaskSnapshot(TASK, status, started_at=started_at)

    return change


def refuses(desk: Desk) -> None:
    waits()(desk)
    desk.api.takes = False


def lost(desk: Desk) -> None:
    waits()(desk)
    desk.lost = StorageTrouble("the disk is full")


def unable(desk: Desk) -> None:
    waits()(desk)
    desk.api.capabilities = replace(ABLE, cancel=Cancel.NONE)


@pytest.mark.parametrize(
    ("state", "change", "dropped"),
    [
        (JobState.SUBMITTED, waits(), True),
        (JobState.SUBMITTED, waits(TaskStatus.IN_PROGRESS), False),
        (JobState.SUBMITTED, waits(started_at=5), False),
        (JobState.SUBMITTED, lambda _desk: None, False),
        (JobState.SUBMITTED, refuses, False),
        (JobState.SUBMITTED, lost, False),
        (JobState.SUBMITTED, unable, False),
        (JobState.RUNNING, waits(), False),
    ],
)
async def test_only_what_nobody_works_on_yet_is_taken_out_of_the_servers_queue(
    state: JobState, change: Callable[[Desk], None], *, dropped: bool
) -> None:
    desk = Desk(Server())
    change(desk)

    assert await desk.asks.drop(picture(state=state)) is dropped
