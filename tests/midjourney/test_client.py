"""The adapter against the simulated API: what it sends, what it makes of every fault the service can serve.
Never here: broken bytes on the wire (`test_client_on_broken_wires`)."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from PIL import Image

from bot.domain.inputs import Shape
from bot.domain.pools import Pool
from bot.domain.tasks import RemoteTaskId, TaskStatus
from bot.errors import RemoteError, RemoteFault, StartupError
from bot.midjourney.calls import CALLS_METRIC, SECONDS_METRIC
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.transport import open_clients
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from tests.fixtures.apis import open_api
from tests.fixtures.leaps import leap_in_silence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from bot.domain.ports import ImageApi

T = TypeVar("T")


@asynccontextmanager
async def api_and_upstream(**settings: Any) -> AsyncIterator[tuple[MidjourneyApi, SimulatedUpstream]]:
    async with (
        SimulatedUpstream(manual=True, canvas=64) as upstream,
        open_clients(trust_env=False) as clients,
    ):
        given: dict[str, Any] = {
            "key": SANDBOX_KEY,
            "origin": upstream.origin,
            "storage": upstream.storage,
            "reads_per_second": 1000,
        }
        yield MidjourneyApi(clients, ApiSettings(**(given | settings))), upstream


def picture_url() -> str:
    written = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def test_it_is_an_image_api() -> None:
    def accepts(api: ImageApi) -> ImageApi:
        return api

    assert callable(accepts)
    assert accepts(MidjourneyApi.__new__(MidjourneyApi)) is not None


@pytest.mark.parametrize("form", [False, True])
async def test_a_chain_runs_from_prompt_to_upscale_in_its_pool(*, form: bool) -> None:
    async with api_and_upstream(form=form) as (api, upstream):
        grid = await api.imagine(prompt="a paper fox", pool=Pool.NORMAL, webhook=None, images=[picture_url()])
        upstream.finish(int(grid))
        seen = await api.query(grid)
        assert seen is not None
        single = await api.act(
            task_id=grid,
            custom_id=seen.actions[0].custom_id,
            pool=Pool.NORMAL,
            webhook="http://127.0.0.1:9/hook/x",
        )
        upstream.finish(int(single))
        upscaled = await api.query(single)

        assert (seen.task_id, seen.status, seen.pool, seen.prompt) == (
            grid,
            TaskStatus.SUCCESS,
            Pool.NORMAL,
            "a paper fox",
        )
        assert upscaled is not None
        assert (upscaled.action, upscaled.webhook_url) == ("UPSCALE", "http://127.0.0.1:9/hook/x")
        assert [task.pool for task in upstream.tasks] == ["NORMAL", "NORMAL"]


@pytest.mark.parametrize("form", [False, True])
async def test_blend_and_describe_are_accepted(*, form: bool) -> None:
    async with api_and_upstream(form=form) as (api, upstream):
        picture = picture_url()
        blend = await api.blend(
            images=[picture] * 3, dimensions=Shape.LANDSCAPE, pool=Pool.FAST, webhook=None
        )
        describe = await api.describe(image=picture, pool=Pool.NORMAL, webhook=None)

        assert [str(task.id) for task in upstream.tasks] == [blend, describe]
        assert [task.pool for task in upstream.tasks] == ["FAST", "NORMAL"]


async def test_a_blend_of_one_is_refused_before_anything_is_sent() -> None:
    async with api_and_upstream() as (api, upstream):
        with pytest.raises(RemoteError) as caught:
            await api.blend(images=[picture_url()], dimensions=Shape.SQUARE, pool=Pool.FAST, webhook=None)

        assert caught.value.fault is RemoteFault.REFUSED
        assert "base64" not in caught.value.message.replace("base64Array", "")
        assert upstream.calls == []


@pytest.mark.parametrize(("bare", "sent"), [(False, "data:image/png;base64,AAAA"), (True, "AAAA")])
async def test_a_mask_can_be_sent_with_or_without_its_prefix(*, bare: bool, sent: str) -> None:
    async with api_and_upstream(bare_mask=bare) as (api, upstream):
        with pytest.raises(RemoteError):
            await api.act(
                task_id=RemoteTaskId("5"),
                custom_id="MJ::Inpaint",
                pool=Pool.FAST,
                webhook=None,
                mask="data:image/png;base64,AAAA",
            )

        assert upstream.calls[0].body["base64Mask"] == sent


@pytest.mark.parametrize(
    ("fault", "expected", "accepted"),
    [
        (Fault.BAD_KEY, RemoteFault.KEY, 0),
        (Fault.NO_BALANCE, RemoteFault.BALANCE, 0),
        (Fault.RATE_LIMITED, RemoteFault.THROTTLED, 0),
        (Fault.UNAVAILABLE, RemoteFault.THROTTLED, 0),
        (Fault.REFUSED, RemoteFault.REFUSED, 0),
        (Fault.SERVER_ERROR, RemoteFault.UNCLEAR, 0),
        (Fault.HTML_502_BEFORE, RemoteFault.UNCLEAR, 0),
        (Fault.HTML_502_AFTER, RemoteFault.UNCLEAR, 1),
        (Fault.HANG_BEFORE, RemoteFault.UNCLEAR, 0),
        (Fault.HANG_AFTER, RemoteFault.UNCLEAR, 1),
        (Fault.RESET_BEFORE, RemoteFault.UNCLEAR, 0),
        (Fault.RESET_AFTER, RemoteFault.UNCLEAR, 1),
        (Fault.DATA_ZERO, RemoteFault.UNCLEAR, 1),
        (Fault.DATA_NULL, RemoteFault.UNCLEAR, 1),
        (Fault.DATA_TEXT, RemoteFault.UNCLEAR, 1),
        (Fault.DATA_LIST, RemoteFault.UNCLEAR, 1),
        (Fault.NOT_JSON, RemoteFault.UNCLEAR, 1),
        (Fault.EMPTY_BODY, RemoteFault.UNCLEAR, 1),
    ],
)
async def test_a_submission_that_may_have_been_accepted_is_never_called_safe_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, expected: RemoteFault, accepted: int
) -> None:
    leap_in_silence(monkeypatch, 40)
    async with api_and_upstream(submit_seconds=40) as (api, upstream):
        upstream.fault(fault, endpoint="imagine", times=None)

        with pytest.raises(RemoteError) as caught:
            await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

        assert caught.value.fault is expected
        assert len(upstream.calls_to("imagine")) == 1
        assert len(upstream.tasks) == accepted
        assert caught.value.retry_after == (2.0 if expected is RemoteFault.THROTTLED else None)


async def test_a_full_queue_is_told_apart_from_a_refusal() -> None:
    async with (
        SimulatedUpstream(manual=True, slots=0, room=0) as upstream,
        open_clients(trust_env=False) as clients,
    ):
        api = MidjourneyApi(clients, ApiSettings(key=SANDBOX_KEY, origin=upstream.origin))

        with pytest.raises(RemoteError) as caught:
            await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

        assert caught.value.fault is RemoteFault.THROTTLED


@pytest.mark.parametrize(
    "fault", [Fault.BAD_KEY, Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.HTML_502_BEFORE, Fault.HANG_BEFORE]
)
@pytest.mark.parametrize("read", ["query", "page"])
async def test_trouble_with_a_read_is_an_error_and_never_an_empty_answer(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, read: str
) -> None:
    leap_in_silence(monkeypatch, 10)
    async with api_and_upstream(query_seconds=10) as (api, upstream):
        task = await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)
        upstream.fault(fault, endpoint="query", times=None)
        upstream.fault(fault, endpoint="query-mj-tasks", times=None)

        with pytest.raises(RemoteError):
            await (api.query(task) if read == "query" else api.page(1, size=20))


async def test_an_unknown_task_is_none() -> None:
    async with api_and_upstream() as (api, _):
        assert await api.query(RemoteTaskId("12")) is None


async def test_pages_cover_all_tasks_and_odd_arguments_are_moved_into_range() -> None:
    async with api_and_upstream() as (api, upstream):
        ids = {await api.imagine(prompt=f"fox {n}", pool=Pool.FAST, webhook=None) for n in range(7)}

        first, second, odd = await api.page(1, size=5), await api.page(2, size=5), await api.page(-3, size=99)

        assert (first.total, len(first.tasks), len(second.tasks), len(odd.tasks)) == (7, 5, 2, 7)
        assert {task.task_id for task in (*first.tasks, *second.tasks)} == ids
        assert upstream.calls[-1].params == {"page": "1", "pageSize": "20"}


@pytest.mark.parametrize(
    "fault", [Fault.EXTRA_FIELDS, Fault.NULL_FIELDS, Fault.UNKNOWN_STATUS, Fault.ACTIONS_NULL]
)
async def test_odd_task_objects_are_read_all_the_same(fault: Fault) -> None:
    async with api_and_upstream() as (api, upstream):
        task = await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)
        upstream.finish(int(task))
        upstream.fault(fault, times=None)

        seen = await api.query(task)

        assert seen is not None
        assert seen.task_id == task


async def test_the_account_tells_balance_and_prices_and_keeps_files() -> None:
    async with api_and_upstream() as (api, upstream):
        balance = await api.balance()
        rates = await api.rates()
        uploaded = await api.upload(
            b"bytes",
            filename="fox \ud800.png",
            media_type="image/png",
            public=True,
            expires_at=datetime.now(UTC) + timedelta(hours=2),
        )

        assert balance.total == Decimal(3_400_000)
        assert any("midjourney" in rate.name for rate in rates)
        assert uploaded.address.startswith(f"{upstream.storage}/api/v1/f/pub/")


async def test_an_input_is_left_for_all_to_read_until_its_hour() -> None:
    async with api_and_upstream() as (api, upstream):
        until = round((datetime.now(UTC) + timedelta(hours=2)).timestamp() * 1_000)
        address = await api.upload_input(b"bytes", filename="fox.png", media_type="image/png", until=until)

        assert address.startswith(f"{upstream.storage}/api/v1/f/pub/")
        assert api.holds(SANDBOX_KEY)
        assert not api.holds("sk-somebody-else")


async def test_a_pool_that_is_not_sold_here_is_refused_before_anything_is_sent() -> None:
    async with api_and_upstream() as (api, upstream):
        with pytest.raises(RemoteError, match="no TURBO jobs") as caught:
            await api.imagine(prompt="a fox", pool=Pool.TURBO, webhook=None)

        assert caught.value.fault is RemoteFault.REFUSED
        assert upstream.calls == []


async def test_another_account_pays_with_its_own_key_over_the_same_clients() -> None:
    async with api_and_upstream() as (api, upstream):
        stranger = api.with_key("sk-somebody-else")

        with pytest.raises(RemoteError) as caught:
            await stranger.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)
        await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

        assert caught.value.fault is RemoteFault.KEY
        assert len(upstream.tasks) == 1


@pytest.mark.parametrize("key", ["", "sk two", "sk-ключ", "sk\r\nX-Evil: 1"])
async def test_a_key_that_no_header_can_carry_is_a_key_problem_and_not_shown(key: str) -> None:
    async with api_and_upstream(key=key) as (api, upstream):
        with pytest.raises(RemoteError) as caught:
            await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

        assert caught.value.fault is RemoteFault.KEY
        assert not key or key not in str(caught.value)
        assert upstream.calls == []


async def test_the_key_shows_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "sk-verysecret"
    settings = ApiSettings(key=secret, admin_key=secret)
    async with api_and_upstream(key=secret) as (api, _):
        with pytest.raises(RemoteError) as caught:
            await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

        shown = [repr(settings), str(settings), repr(api), repr(caught.value), repr(caught.value.__cause__)]
        assert not any("verysecret" in text for text in shown)
        assert "verysecret" not in caplog.text


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "api.ohmygpt.com",
        "ftp://x",
        "https://",
        "https://a:b@c",
        "https://x?y=1",
        "https://[x",
        "https://x:0",
        "https://a\\b",
        "https://x:99999",
    ],
)
async def test_an_origin_that_is_none_is_one_clear_sentence(origin: str) -> None:
    async with open_clients(trust_env=False) as clients:
        with pytest.raises(StartupError, match="EASEL_API_URL"):
            MidjourneyApi(clients, ApiSettings(key="sk-x", origin=origin))


async def test_a_trailing_slash_of_the_origin_is_dropped() -> None:
    async with SimulatedUpstream(manual=True) as upstream, open_clients(trust_env=False) as clients:
        api = MidjourneyApi(clients, ApiSettings(key=SANDBOX_KEY, origin=upstream.origin + "/"))

        await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

        assert upstream.calls[0].path == "/api/v1/ai/draw/mj/imagine"


class Meters:
    """Remembers what was counted and observed."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, dict[str, str]]] = []
        self.observed: list[tuple[str, float]] = []

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        assert n == 1
        self.counted.append((name, labels))

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        assert labels
        self.observed.append((name, value))


async def test_every_call_passes_the_guard_with_a_reason_and_is_metered() -> None:
    reasons: list[str] = []

    async def guard(awaitable: Awaitable[T], reason: str, /) -> T:
        reasons.append(reason)
        return await awaitable

    meters = Meters()
    async with SimulatedUpstream(manual=True) as upstream, open_clients(trust_env=False) as clients:
        settings = ApiSettings(key=SANDBOX_KEY, origin=upstream.origin)
        api = MidjourneyApi(clients, settings, guard=guard, metrics=meters)
        upstream.fault(Fault.RATE_LIMITED, endpoint="query")
        task = await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)
        with pytest.raises(RemoteError):
            await api.query(task)
        await api.page(1, size=5)
        await api.balance()

    endpoints = ["imagine", "query", "query-mj-tasks", "balance"]
    assert reasons == [f"image API: {name}" for name in endpoints]
    assert meters.counted == [
        (CALLS_METRIC, {"endpoint": name, "outcome": "throttled" if name == "query" else "ok"})
        for name in endpoints
    ]
    assert [name for name, _ in meters.observed] == [SECONDS_METRIC] * 4
    assert all(seconds >= 0 for _, seconds in meters.observed)


async def test_reads_keep_to_their_budget_and_submissions_do_not_wait_for_it() -> None:
    async with api_and_upstream(reads_per_second=2) as (api, upstream):
        task = await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)
        loop = asyncio.get_running_loop()
        began = loop.time()
        reads = [asyncio.create_task(api.query(task)) for _ in range(50)]
        await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
        await api.imagine(prompt="another fox", pool=Pool.FAST, webhook=None)

        assert len(upstream.calls_to("query")) <= 2 + 2 * (loop.time() - began)
        assert not all(read.done() for read in reads)
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)


async def test_cancelling_a_call_ends_it_and_passes_on() -> None:
    arrived = asyncio.Event()
    async with (
        SimulatedUpstream(on_call=lambda _: arrived.set()) as upstream,
        open_api(ApiSettings(key=SANDBOX_KEY, origin=upstream.origin)) as api,
    ):
        upstream.fault(Fault.HANG_AFTER, endpoint="imagine")
        call = asyncio.create_task(api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None))
        await arrived.wait()

        call.cancel()

        with pytest.raises(asyncio.CancelledError):
            await call
