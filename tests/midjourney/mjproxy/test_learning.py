"""An adapter that asks its server which program it is before it pays for anything.
Never here: how programs are told apart (tests/doctor/test_kinds.py)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from typing_extensions import override

from bot.domain.capabilities import ServerKind
from bot.domain.pools import Pool
from bot.domain.tasks import RemoteTaskId
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.client import MjProxyApi, ProxySettings
from bot.midjourney.transport import open_clients
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.upstream import SANDBOX_KEY, SimulatedUpstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def asking(url: str, *, key: str = SANDBOX_KEY) -> AsyncIterator[MjProxyApi]:
    async with open_clients(trust_env=False) as clients:
        yield MjProxyApi(clients, ProxySettings(key=key, url=url, asks_server=True, reads_per_second=100))


@pytest.mark.parametrize(
    ("flavour", "server"), [(Flavour.NOVI, ServerKind.NOVI), (Flavour.TRUEAI, ServerKind.TRUEAI)]
)
async def test_the_first_paid_call_goes_by_the_path_that_this_server_knows(
    flavour: Flavour, server: ServerKind
) -> None:
    async with SimulatedProxy(flavour, manual=True) as proxy, asking(proxy.origin) as api:
        assert not api.is_known

        await api.imagine(prompt="a paper fox", pool=Pool.NORMAL, webhook=None)

        assert api.capabilities.server is server
        assert (proxy.paid, proxy.broken_rules) == (1, [])


async def test_a_server_is_asked_once() -> None:
    async with SimulatedProxy(Flavour.TRUEAI, manual=True) as proxy, asking(proxy.origin) as api:
        await api.check()
        asked = len(proxy.calls)

        await api.check()
        await api.imagine(prompt="a paper fox", pool=Pool.FAST, webhook=None)

        assert len(proxy.calls) == asked + 2


class Stumbling(httpx.AsyncBaseTransport):
    """Answers one path the first `times` with a status of its own, or not at all; all else is the server's."""

    def __init__(self, path: str, status: int | None, *, times: int = 1) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._path = path
        self._status = status
        self._left = times

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != self._path or not self._left:
            return await self._inner.handle_async_request(request)
        self._left -= 1
        if self._status is None:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(self._status, text="slow down")

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def stumbling(
    proxy: SimulatedProxy, path: str, status: int | None, *, times: int = 1
) -> AsyncIterator[MjProxyApi]:
    async with open_clients(trust_env=False, transport=Stumbling(path, status, times=times)) as clients:
        settings = ProxySettings(key=SANDBOX_KEY, url=proxy.origin, asks_server=True, reads_per_second=100)
        yield MjProxyApi(clients, settings)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that follow each other without a pause."""
    monkeypatch.setattr("bot.midjourney.mjproxy.looking._APART_S", 0.0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("status", [429, 502, 503, None])
@pytest.mark.parametrize(
    ("flavour", "path"),
    [
        (Flavour.NOVI, "/mj-relax/mj/task/0/fetch"),
        (Flavour.PLUS, "/mj/task/query"),
        (Flavour.TRUEAI, "/mj/task/0/fetch"),
        (Flavour.TRUEAI, "/mj/task/list-by-ids"),
        (Flavour.NEW_API, "/mj/task/0/fetch"),
        (Flavour.ONE_HUB, "/mj-odd/mj/task/0/fetch"),
    ],
)
async def test_a_question_that_a_server_could_not_answer_for_a_moment_is_asked_again_before_anything_is_paid(
    flavour: Flavour, path: str, status: int | None
) -> None:
    async with SimulatedProxy(flavour, manual=True) as proxy, stumbling(proxy, path, status) as api:
        with pytest.raises(RemoteError, match="which program it is") as unsaid:
            await api.imagine(prompt="a paper fox", pool=Pool.NORMAL, webhook=None)
        paid_before = proxy.paid
        asked = len(proxy.calls)
        await api.imagine(prompt="a paper fox", pool=Pool.NORMAL, webhook=None)

    assert (unsaid.value.fault, paid_before) == (RemoteFault.UNREACHED, 0)
    assert api.capabilities.server is ServerKind[flavour.name]
    assert (proxy.paid, proxy.broken_rules) == (1, [])
    assert len(proxy.calls) == asked + 3  # address and key, that one question, and the job


async def test_many_jobs_that_wait_for_the_answer_together_do_not_use_up_the_servers_time() -> None:
    path = "/mj/task/0/fetch"
    async with (
        SimulatedProxy(Flavour.NEW_API, manual=True) as proxy,
        stumbling(proxy, path, 503, times=60) as api,
    ):
        waiting = [api.imagine(prompt="a paper fox", pool=Pool.NORMAL, webhook=None) for _ in range(6)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert {one.fault for one in answers if isinstance(one, RemoteError)} == {RemoteFault.UNREACHED}
    assert (len(answers), proxy.paid, api.is_known) == (6, 0, False)


@pytest.mark.usefixtures("at_once")
async def test_a_question_that_is_never_answered_is_taken_as_it_is_in_the_end() -> None:
    async with (
        SimulatedProxy(Flavour.TRUEAI, manual=True) as proxy,
        stumbling(proxy, "/mj-odd/mj/task/0/fetch", 503, times=5) as api,
    ):
        for _ in range(4):
            with pytest.raises(RemoteError):
                await api.learn()
        await api.learn()

    assert api.is_known
    assert api.capabilities.server is ServerKind.TRUEAI


async def test_a_server_of_the_other_kind_gets_nothing_paid_and_is_named() -> None:
    async with SimulatedUpstream(manual=True) as upstream, asking(upstream.origin) as api:
        with pytest.raises(RemoteError, match="looks like OhMyGPT's") as refused:
            await api.imagine(prompt="a paper fox", pool=Pool.FAST, webhook=None)

        assert refused.value.fault is RemoteFault.UNREACHED
        assert not upstream.tasks


async def test_a_wrong_key_is_a_wrong_key_before_anything_is_asked() -> None:
    async with SimulatedProxy(Flavour.NOVI, manual=True) as proxy, asking(proxy.origin, key="wrong") as api:
        with pytest.raises(RemoteError) as refused:
            await api.check()

        assert refused.value.fault is RemoteFault.KEY
        assert not api.is_known


async def test_after_a_start_a_lost_answer_is_looked_for_as_this_server_can_be_asked() -> None:
    async with SimulatedProxy(Flavour.PLUS, manual=True) as proxy:
        async with asking(proxy.origin) as before:
            answer = await before.submit_imagine(prompt="a fox", pool=Pool.FAST, webhook=None, tag="ours")
        async with asking(proxy.origin) as api:
            finding = await api.find("ours")

    assert finding.task is not None
    assert finding.task.task_id == answer.task_id


async def test_a_server_that_cannot_be_asked_yet_says_nothing_of_what_is_looked_for() -> None:
    async with asking("http://127.0.0.1:9") as api:
        with pytest.raises(RemoteError):
            await api.find("ours")


async def test_the_first_paid_call_may_be_one_that_not_every_server_has() -> None:
    async with SimulatedProxy(Flavour.TRUEAI, manual=True) as proxy:
        async with asking(proxy.origin) as api:
            await api.shorten(prompt="a paper fox", pool=Pool.FAST, webhook=None, tag=None)
        async with asking(proxy.origin) as api:
            with pytest.raises(RemoteError) as refused:
                await api.press(
                    task_id=RemoteTaskId("1"),
                    custom_id="MJ::JOB::reroll::0::x::SOLO",
                    pool=Pool.FAST,
                    webhook=None,
                    tag=None,
                    remix=True,
                )

    assert "opens no window" not in refused.value.message
    assert proxy.paid == 1
