"""Webhooks: every change is posted once, to this machine only, and can go wrong on demand.
Never here: what a receiver does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientTimeout, web

from bot.sandbox.upstream import Fault, SimulatedUpstream, webhooks
from tests.sandbox.upstream.client import Client, FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A post that comes late on a full machine comes all the same."""
    monkeypatch.setattr(webhooks, "PATIENCE", ClientTimeout(total=100))


class Receiver:
    """Keeps every posted body."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        return web.Response(status=500)

    @property
    def states(self) -> list[str]:
        return [f"{body['status']} {body['progress']}" for body in self.bodies]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    taking = Receiver()
    application = web.Application()
    application.router.add_post("/hook/{token}", taking.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook/4f1c"
    yield taking
    await runner.cleanup()


async def live_through(client: Client, clock: FakeClock, webhook: str) -> int:
    """Submit with a webhook and let the whole life pass, flushing at each step."""
    task_id = await client.imagine(type="FAST", webhook=webhook)
    for _ in range(60):
        clock.pass_by(0.5)
        await client.upstream.flush_webhooks()
    return task_id


ALL = [
    "SUBMITTED 0%",
    "IN_PROGRESS 0%",
    "IN_PROGRESS 15%",
    "IN_PROGRESS 46%",
    "IN_PROGRESS 78%",
    "SUCCESS 100%",
]


async def test_every_change_is_posted_once_at_top_level(
    client: Client, clock: FakeClock, receiver: Receiver
) -> None:
    task_id = await live_through(client, clock, receiver.url)

    assert receiver.states == ALL
    assert receiver.bodies[-1] == await client.query(task_id)
    assert receiver.bodies[-1]["webhookUrl"] == receiver.url


async def test_changes_are_noticed_without_being_asked_for(
    client: Client, clock: FakeClock, receiver: Receiver
) -> None:
    await client.imagine(webhook=receiver.url)
    clock.pass_by(500)

    while not client.upstream.webhooks_sent:
        await client.post("query-mj-tasks?page=1")
    await client.upstream.flush_webhooks()

    assert receiver.states == ["SUCCESS 100%"]


async def test_the_task_can_be_wrapped_in_data(clock: FakeClock, receiver: Receiver) -> None:
    async with (
        SimulatedUpstream(clock=clock, wrap_webhooks=True, canvas=160) as upstream,
        Client(upstream, clock) as client,
    ):
        task_id = await live_through(client, clock, receiver.url)

    assert receiver.bodies[-1]["statusCode"] == 200
    assert receiver.bodies[-1]["data"]["taskId"] == task_id


@pytest.mark.parametrize(
    "url", ["http://203.0.113.9/hook", "http://example.com/hook", "ftp://127.0.0.1/", "nonsense"]
)
async def test_other_machines_are_never_posted_to(client: Client, clock: FakeClock, url: str) -> None:
    task_id = await live_through(client, clock, url)

    assert client.upstream.webhooks_sent == []
    assert (await client.query(task_id))["webhookUrl"] == url


async def test_a_webhook_can_be_lost(client: Client, clock: FakeClock, receiver: Receiver) -> None:
    client.upstream.fault(Fault.WEBHOOK_LOST, skip=5)

    await live_through(client, clock, receiver.url)

    assert receiver.states == ALL[:-1]


async def test_a_webhook_can_come_twice(client: Client, clock: FakeClock, receiver: Receiver) -> None:
    client.upstream.fault(Fault.WEBHOOK_TWICE, skip=5)

    await live_through(client, clock, receiver.url)

    assert receiver.states == [*ALL, ALL[-1]]


async def test_webhooks_can_overtake_one_another(
    client: Client, clock: FakeClock, receiver: Receiver
) -> None:
    client.upstream.fault(Fault.WEBHOOK_REORDERED, skip=4)

    await live_through(client, clock, receiver.url)

    assert receiver.states == [*ALL[:4], ALL[5], ALL[4]]


async def test_a_forged_success_can_come_besides(
    client: Client, clock: FakeClock, receiver: Receiver
) -> None:
    client.upstream.fault(Fault.WEBHOOK_FORGED)

    await live_through(client, clock, receiver.url)

    assert receiver.states == ["SUCCESS 100%", *ALL]
    assert not receiver.bodies[0]["imageDcUrl"].startswith(client.upstream.origin)
