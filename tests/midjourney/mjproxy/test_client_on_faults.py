"""The family's client against everything that its simulated servers do wrong: what it believes, and what it never sends.
Never here: the wire alone (`test_answers`, `test_tasks`)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from bot.domain.answers import Accepted, ExistingTask, WindowOpen
from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.domain.failures import FailureKind
from bot.domain.pools import Pool
from bot.domain.tasks import RemoteTaskId, TaskStatus
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.client import MjProxyApi, ProxySettings
from bot.midjourney.transport import MAX_ANSWER, open_clients
from bot.sandbox.mjproxy import Flavour, ProxyFault
from bot.sandbox.upstream import Fault, SimulatedUpstream
from tests.fixtures.leaps import leap_in_silence
from tests.midjourney.mjproxy.proxies import GATEWAYS, api_and_proxy, mask_url

NORMAL: dict[str, Any] = {"pool": Pool.NORMAL, "webhook": None}


@pytest.mark.parametrize(
    ("fault", "expected", "kind"),
    [
        (ProxyFault.WRONG_KEY, RemoteFault.KEY, FailureKind.KEY),
        (ProxyFault.WRONG_PATH, RemoteFault.REFUSED, None),
        (ProxyFault.NO_ACCOUNT, RemoteFault.THROTTLED, FailureKind.ACCOUNT),
        (ProxyFault.QUEUE_FULL, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (ProxyFault.OVERLOADED, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (ProxyFault.BANNED_WORD, RemoteFault.REFUSED, FailureKind.BANNED_PROMPT),
        (ProxyFault.NO_QUOTA, RemoteFault.BALANCE, FailureKind.BALANCE),
        (ProxyFault.BLACKLISTED, RemoteFault.REFUSED, FailureKind.ACCOUNT),
        (ProxyFault.WEB_PAGE, RemoteFault.UNCLEAR, None),
        (ProxyFault.OTHER_KIND, RemoteFault.UNCLEAR, None),
        (Fault.RATE_LIMITED, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (Fault.UNAVAILABLE, RemoteFault.THROTTLED, None),
        (Fault.SERVER_ERROR, RemoteFault.UNCLEAR, None),
        (Fault.HTML_502_BEFORE, RemoteFault.UNCLEAR, None),
        (Fault.RESET_BEFORE, RemoteFault.UNCLEAR, None),
    ],
)
@pytest.mark.parametrize("flavour", [Flavour.PLUS, Flavour.TRUEAI, Flavour.NEW_API])
async def test_what_was_not_taken_says_so_where_it_can_be_known(
    flavour: Flavour, fault: ProxyFault | Fault, expected: RemoteFault, kind: FailureKind | None
) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        proxy.fault(fault)
        with pytest.raises(RemoteError) as refused:
            await api.submit_imagine(prompt="a fox", tag="t", **NORMAL)
        assert (refused.value.fault, refused.value.kind) == (expected, kind)
        assert proxy.paid == 0
        assert len(proxy.calls) == 1, "nothing paid is repeated here"


@pytest.mark.parametrize(
    "fault",
    [
        ProxyFault.TAKEN_400,
        ProxyFault.TAKEN_NO_ROW,
        ProxyFault.TAKEN_500,
        ProxyFault.NO_RESULT,
        Fault.RESET_AFTER,
        Fault.HTML_502_AFTER,
        Fault.EMPTY_BODY,
        Fault.NOT_JSON,
    ],
)
@pytest.mark.parametrize("flavour", [Flavour.PLUS, Flavour.TRUEAI, Flavour.NEW_API])
async def test_what_may_have_been_taken_is_unclear_and_is_found_by_its_tag(
    flavour: Flavour, fault: ProxyFault | Fault
) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        proxy.fault(fault)
        with pytest.raises(RemoteError) as lost:
            await api.submit_imagine(prompt="a fox", tag="the-tag", **NORMAL)
        assert lost.value.fault is RemoteFault.UNCLEAR
        assert proxy.paid == 1
        found = await api.find("the-tag")
        expected = flavour not in GATEWAYS and fault is not ProxyFault.TAKEN_NO_ROW
        assert (found.task is not None) is expected


async def test_a_lost_job_is_found_in_the_long_list_of_a_busy_server() -> None:
    kept = [
        {"id": f"{number}", "prompt": "a fox" * 300, "state": f"tag-{number}"} for number in range(1, 3001)
    ]
    body = json.dumps(kept).encode()
    assert len(body) > MAX_ANSWER

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/mj/task/list"
        return httpx.Response(200, stream=httpx.ByteStream(body))

    settings = ProxySettings(
        key="k", url="https://mj.example", capabilities=BY_SERVER[ServerKind.NOVI], reads_per_second=100
    )
    async with open_clients(trust_env=False, transport=httpx.MockTransport(answer)) as clients:
        api = MjProxyApi(clients, settings)
        found = await asyncio.gather(*(api.find(tag) for tag in ("tag-1", "tag-3000", "tag-3001")))
        with pytest.raises(RemoteError, match="too long"):  # each page would load all of it anew
            await api.page(1, size=20)

    ids = [finding.task.task_id if finding.task is not None else None for finding in found]
    assert ids == ["1", "3000", None]
    assert not any(finding.complete for finding in found)


async def test_a_silent_server_is_unclear_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    leap_in_silence(monkeypatch, 40)
    async with api_and_proxy(submit_seconds=40) as (api, proxy):
        proxy.fault(Fault.HANG_AFTER)
        with pytest.raises(RemoteError) as lost:
            await api.imagine(prompt="a fox", **NORMAL)
        assert lost.value.fault is RemoteFault.UNCLEAR
        assert proxy.paid == 1


async def test_a_server_that_is_away_was_not_reached() -> None:
    async with api_and_proxy(url="http://127.0.0.1:9") as (api, _):
        for call in (api.imagine(prompt="a fox", **NORMAL), api.check(), api.probe()):
            with pytest.raises(RemoteError) as away:
                await call
            assert away.value.fault is RemoteFault.UNREACHED


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (ProxyFault.WRONG_PATH, "address or its path is wrong"),
        (ProxyFault.WEB_PAGE, "web page"),
        (ProxyFault.OTHER_KIND, "OhMyGPT"),
    ],
)
async def test_a_check_says_what_is_wrong_with_the_address(fault: ProxyFault, sentence: str) -> None:
    async with api_and_proxy() as (api, proxy):
        proxy.fault(fault, times=None)
        with pytest.raises(RemoteError, match=sentence) as refused:
            await api.check()
        assert refused.value.fault is RemoteFault.REFUSED


async def test_a_look_at_a_server_of_the_other_kind_or_of_none() -> None:
    async with api_and_proxy() as (api, proxy):
        proxy.fault(ProxyFault.WEB_PAGE, times=None)
        look = await api.probe()
        assert (look.server, look.capabilities) == (None, None)


async def test_ohmygpt_is_recognised_and_not_shown_the_key() -> None:
    async with SimulatedUpstream() as upstream, api_and_proxy(url=upstream.origin) as (api, _):
        with pytest.raises(RemoteError, match="OhMyGPT") as refused:
            await api.check()
        look = await api.probe()
        assert refused.value.fault is RemoteFault.REFUSED
        assert look.server is ServerKind.OHMYGPT
        assert [call.key_tail for call in upstream.calls_to("query")] == [""]


async def test_an_earlier_task_is_an_answer_of_its_own() -> None:
    async with api_and_proxy(Flavour.PLUS) as (api, proxy):
        first = await api.submit_imagine(prompt="a fox", tag=None, **NORMAL)
        proxy.fault(ProxyFault.EXISTS)
        again = await api.submit_imagine(prompt="a fox", tag=None, **NORMAL)
        proxy.fault(ProxyFault.REUSED_ID)
        reused = await api.submit_imagine(prompt="a fox", tag=None, **NORMAL)
        assert again == ExistingTask(first.task_id, TaskStatus.SUCCESS)
        assert reused == Accepted(first.task_id)
        assert proxy.paid == 1


# -- windows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (ProxyFault.STILL_MODAL, TaskStatus.MODAL, None),
        (ProxyFault.WINDOW_DIES, TaskStatus.FAILURE, "任务提交超时"),
    ],
)
async def test_a_filled_window_that_stays_or_dies_is_read_as_it_is(
    fault: ProxyFault, status: TaskStatus, reason: str | None
) -> None:
    async with api_and_proxy() as (api, proxy):
        window = await open_modal(api, proxy)
        proxy.fault(fault)
        filled = await api.fill(
            window=window.task_id, prompt="a fox --zoom 1.5", mask=None, tag="t", **NORMAL
        )
        seen = await api.query(filled.task_id)
        assert seen is not None
        assert (seen.status, seen.fail_reason) == (status, reason)


async def test_a_window_that_the_server_lost_is_gone_and_nothing_was_paid() -> None:
    async with api_and_proxy() as (api, proxy):
        window = await open_modal(api, proxy)
        paid = proxy.paid
        proxy.fault(ProxyFault.WINDOW_GONE)
        with pytest.raises(RemoteError) as gone:
            await api.fill(window=window.task_id, prompt="a fox", mask=None, tag="t", **NORMAL)
        assert (gone.value.fault, gone.value.kind) == (RemoteFault.REFUSED, FailureKind.GONE)
        assert proxy.paid == paid


async def test_the_result_of_a_window_is_followed_under_its_new_id() -> None:
    async with api_and_proxy() as (api, proxy):
        window = await open_modal(api, proxy)
        proxy.fault(ProxyFault.NEW_ID)
        filled = await api.fill(window=window.task_id, prompt="a fox", mask=None, tag="t", **NORMAL)
        assert filled.task_id != window.task_id
        proxy.finish(filled.task_id)
        seen = await api.query(filled.task_id)
        assert seen is not None
        assert seen.status is TaskStatus.SUCCESS


async def test_a_lost_answer_to_a_window_is_settled_by_reading_the_window() -> None:
    async with api_and_proxy() as (api, proxy):
        window = await open_modal(api, proxy)
        before = await api.query(window.task_id)
        proxy.fault(Fault.RESET_AFTER, endpoint="modal")
        with pytest.raises(RemoteError) as lost:
            await api.fill(window=window.task_id, prompt="a fox", mask=None, tag="t", **NORMAL)
        after = await api.query(window.task_id)
        assert lost.value.fault is RemoteFault.UNCLEAR
        assert before is not None
        assert after is not None
        assert (before.status, after.status) == (TaskStatus.MODAL, TaskStatus.NOT_START)


async def test_a_second_answer_to_a_window_is_a_second_paid_job_which_the_server_does_not_prevent() -> None:
    async with api_and_proxy() as (api, proxy):
        window = await open_modal(api, proxy)
        paid = proxy.paid
        for _ in range(2):
            await api.fill(window=window.task_id, prompt="a fox", mask=None, tag="t", **NORMAL)
        assert proxy.paid == paid + 2
        assert proxy.broken_rules == [f"the window {window.task_id} was answered twice"]


async def test_the_old_port_never_fills_a_window_twice() -> None:
    async with api_and_proxy() as (api, proxy):
        picture, custom_ids = await single(api, proxy)
        proxy.fault(ProxyFault.TAKEN_500, endpoint="modal")
        with pytest.raises(RemoteError) as lost:
            await api.act(task_id=picture, custom_id=custom_ids["Vary (Region)"], mask=mask_url(), **NORMAL)
        assert lost.value.fault is RemoteFault.UNCLEAR
        assert proxy.counts["modal"] == 1
        assert not proxy.broken_rules


# -- what is shown -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [ProxyFault.TAG_CHANGED, ProxyFault.TAG_LOST])
async def test_a_tag_that_comes_back_changed_is_not_ours(fault: ProxyFault) -> None:
    async with api_and_proxy() as (api, proxy):
        await api.submit_imagine(prompt="a fox", tag="mine", **NORMAL)
        proxy.fault(fault)
        finding = await api.find("mine")
        assert (finding.task, finding.complete) == (None, False)


@pytest.mark.parametrize(
    ("fault", "inside"),
    [(ProxyFault.RELATIVE_IMAGE, True), (ProxyFault.LOCAL_IMAGE, False), (ProxyFault.FOREIGN_IMAGE, False)],
)
async def test_a_picture_is_looked_for_at_the_configured_address_or_left_where_it_is(
    fault: ProxyFault,
    *,
    inside: bool,
) -> None:
    async with api_and_proxy() as (api, proxy):
        task_id = await api.imagine(prompt="a fox", **NORMAL)
        proxy.finish(task_id)
        proxy.fault(fault)
        seen = await api.query(task_id)
        assert seen is not None
        assert seen.discord_url is not None
        assert seen.discord_url.startswith(proxy.origin) is inside


async def test_a_gateway_that_believes_to_be_on_localhost_is_asked_where_it_is() -> None:
    async with api_and_proxy(Flavour.NEW_API) as (api, proxy):
        task_id = await api.imagine(prompt="a fox", **NORMAL)
        proxy.finish(task_id)
        seen = await api.query(task_id)
        assert seen is not None
        assert seen.discord_url == f"{proxy.origin}/mj/image/{task_id}"


async def test_of_two_rows_the_more_advanced_counts() -> None:
    async with api_and_proxy(Flavour.NEW_API) as (api, proxy):
        task_id = await api.imagine(prompt="a fox", **NORMAL)
        proxy.finish(task_id)
        proxy.fault(ProxyFault.TWO_ROWS)
        seen = await api.query_many([task_id])
        assert seen[task_id].status is TaskStatus.SUCCESS


@pytest.mark.parametrize("flavour", GATEWAYS)
@pytest.mark.parametrize("seconds_between_polls", [0.0, 15.0])
async def test_a_window_that_was_filled_at_a_gateway_is_read_by_its_second_row(
    flavour: Flavour, seconds_between_polls: float
) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        picture, custom_ids = await single(api, proxy)
        proxy.state.lag = seconds_between_polls
        window = await api.press(task_id=picture, custom_id=custom_ids["Custom Zoom"], tag="t", **NORMAL)
        filled = await api.fill(window=window.task_id, prompt="a fox", mask=None, tag="t", **NORMAL)
        waiting = await api.query(filled.task_id)
        proxy.state.lag = 0.0
        proxy.progress(filled.task_id, 46)
        running = await api.query(filled.task_id)
        proxy.fault(Fault.NOT_JSON, endpoint="list-by-condition")
        by_its_path = await api.query(filled.task_id)
        proxy.finish(filled.task_id)
        ended = await api.query(filled.task_id)

    assert waiting is not None
    assert running is not None
    assert by_its_path is not None
    assert ended is not None
    assert waiting.status is TaskStatus.NOT_START
    assert (running.status, running.progress) == (TaskStatus.IN_PROGRESS, 46)
    assert by_its_path.status in {TaskStatus.MODAL, TaskStatus.NOT_START}
    assert ended.status is TaskStatus.SUCCESS


async def test_a_gateway_that_refuses_the_key_for_lists_is_not_asked_by_another_path() -> None:
    async with api_and_proxy(Flavour.NEW_API) as (api, proxy):
        task_id = await api.imagine(prompt="a fox", **NORMAL)
        proxy.fault(ProxyFault.WRONG_KEY, endpoint="list-by-condition")
        with pytest.raises(RemoteError) as refused:
            await api.query(task_id)
        assert (refused.value.fault, proxy.counts["fetch"]) == (RemoteFault.KEY, 0)


@pytest.mark.parametrize("flavour", list(Flavour))
async def test_a_task_that_the_server_forgot_is_unknown_and_no_error(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        task_id = await api.imagine(prompt="a fox", **NORMAL)
        proxy.forget(task_id)
        assert await api.query(task_id) is None
        assert await api.query_many([task_id]) == {}


@pytest.mark.parametrize("flavour", [Flavour.PLUS, Flavour.TRUEAI, *GATEWAYS])
async def test_a_button_of_a_forgotten_task_is_gone(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        picture, custom_ids = await single(api, proxy)
        proxy.forget(picture)
        with pytest.raises(RemoteError) as gone:
            await api.press(task_id=picture, custom_id=custom_ids["Vary (Subtle)"], tag=None, **NORMAL)
        assert (gone.value.fault, gone.value.kind) == (RemoteFault.REFUSED, FailureKind.GONE)


async def test_a_gateway_does_not_sell_every_button() -> None:
    async with api_and_proxy(Flavour.ONE_HUB) as (api, proxy):
        picture, _ = await single(api, proxy)
        with pytest.raises(RemoteError, match="unknown_action") as refused:
            await api.press(
                task_id=picture, custom_id="MJ::JOB::animate_high::1::x::SOLO", tag=None, **NORMAL
            )
        assert refused.value.fault is RemoteFault.REFUSED


async def test_a_parent_that_still_runs_is_no_parent_yet() -> None:
    async with api_and_proxy() as (api, _):
        running = await api.imagine(prompt="a fox", **NORMAL)
        with pytest.raises(RemoteError, match="关联任务状态错误") as early:
            await api.press(task_id=running, custom_id="MJ::JOB::upsample::1::x", tag=None, **NORMAL)
        assert (early.value.fault, early.value.kind) == (RemoteFault.REFUSED, FailureKind.UNKNOWN)


async def test_an_answer_about_another_task_is_not_shown() -> None:
    async with api_and_proxy() as (api, proxy):
        mine = await api.imagine(prompt="a fox", **NORMAL)
        other = await api.imagine(prompt="a cat", **NORMAL)
        proxy.state.records.get(mine).id = other  # type: ignore[union-attr]  # a cache that mixed two answers up
        with pytest.raises(RemoteError, match="another task"):
            await api.query(mine)


async def test_a_task_that_stays_at_nothing_and_one_that_ran_elsewhere_are_told() -> None:
    async with api_and_proxy(Flavour.PLUS) as (api, proxy):
        proxy.fault(ProxyFault.ZERO_PERCENT)
        stuck = await api.imagine(prompt="a fox", **NORMAL)
        proxy.progress(stuck, 46)
        proxy.fault(ProxyFault.OTHER_SPEED)
        drifted = await api.imagine(prompt="a fox", **NORMAL)
        proxy.finish(drifted)
        seen, fast = await api.query(stuck), await api.query(drifted)
        assert seen is not None
        assert fast is not None
        assert (seen.status, seen.progress) == (TaskStatus.IN_PROGRESS, 0)
        assert fast.ran_at is not None
        assert fast.ran_at.value == "FAST"


async def test_a_failure_reads_the_same_with_brackets_and_without() -> None:
    for flavour in (Flavour.PLUS, Flavour.TRUEAI):
        async with api_and_proxy(flavour) as (api, proxy):
            task_id = await api.imagine(prompt="a fox --ar 0:3", **NORMAL)
            proxy.finish(task_id)
            seen = await api.query(task_id)
            assert seen is not None
            assert seen.has_failed
            assert seen.fail_reason is not None
            assert seen.fail_reason.startswith("[") is (flavour is Flavour.PLUS)


# -- parts -------------------------------------------------------------------------------------------------------------


async def single(api: Any, proxy: Any) -> tuple[RemoteTaskId, dict[str, str]]:
    """One picture taken out of its grid, and its buttons by label."""
    grid = await api.imagine(prompt="a fox", **NORMAL)
    proxy.finish(grid)
    seen = await api.query(grid)
    one = await api.act(task_id=grid, custom_id=seen.actions[0].custom_id, **NORMAL)
    proxy.finish(one)
    seen = await api.query(one)
    return one, {action.label: action.custom_id for action in seen.actions}


async def open_modal(api: Any, proxy: Any) -> WindowOpen:
    """Custom Zoom's window, open."""
    one, custom_ids = await single(api, proxy)
    window = await api.press(task_id=one, custom_id=custom_ids["Custom Zoom"], tag="t", **NORMAL)
    assert isinstance(window, WindowOpen)
    return window
