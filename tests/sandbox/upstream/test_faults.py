"""Every fault on demand does what its sentence says, once, and where it was asked to.
Never here: how a bot copes with it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from bot.sandbox.upstream import Fault, Scope, SimulatedUpstream, read_fault
from tests.fixtures.leaps import leap_in_silence
from tests.sandbox.upstream.client import MJ, Client, FakeClock

BODY = {"model": "midjourney", "prompt": "a paper fox", "type": "FAST"}


async def submit(client: Client, patience: float | httpx.Timeout = 20) -> httpx.Response:
    return await client.http.post(f"{MJ}imagine", json=BODY, timeout=patience)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.BAD_KEY, 200, 401),
        (Fault.NO_BALANCE, 200, 402),
        (Fault.REFUSED, 200, 400),
        (Fault.RATE_LIMITED, 429, 429),
        (Fault.SERVER_ERROR, 500, 500),
        (Fault.UNAVAILABLE, 503, 503),
    ],
)
async def test_a_refusal_on_demand_accepts_nothing_and_strikes_once(
    client: Client, fault: Fault, status: int, code: int
) -> None:
    planned = client.upstream.fault(fault)

    refused, accepted = await submit(client), await submit(client)

    assert (refused.status_code, refused.json()["statusCode"], refused.json()["data"]) == (status, code, None)
    assert ("Retry-After" in refused.headers) is (status in {429, 503})
    assert accepted.json()["statusCode"] == 200
    assert (len(client.upstream.tasks), planned.hits) == (1, 1)


@pytest.mark.parametrize(("fault", "accepted"), [(Fault.HTML_502_BEFORE, 0), (Fault.HTML_502_AFTER, 1)])
async def test_a_proxys_page_may_come_before_or_after_acceptance(
    client: Client, fault: Fault, accepted: int
) -> None:
    client.upstream.fault(fault)

    answer = await submit(client)

    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (502, "text/html")
    assert len(client.upstream.tasks) == accepted


@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        (Fault.HANG_BEFORE, httpx.ReadTimeout, 0),
        (Fault.HANG_AFTER, httpx.ReadTimeout, 1),
        (Fault.RESET_BEFORE, httpx.NetworkError, 0),
        (Fault.RESET_AFTER, httpx.NetworkError, 1),
    ],
)
async def test_silence_and_resets_may_come_before_or_after_acceptance(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    error: type[Exception],
    accepted: int,
) -> None:
    leap_in_silence(monkeypatch, 20)
    client.upstream.fault(fault)

    with pytest.raises(error):
        await submit(client, patience=20)

    assert len(client.upstream.tasks) == accepted
    assert [call.task_id is not None for call in client.upstream.calls] == [bool(accepted)]


@pytest.mark.parametrize(
    ("fault", "data"),
    [(Fault.DATA_ZERO, 0), (Fault.DATA_NULL, None), (Fault.DATA_TEXT, "x"), (Fault.DATA_LIST, [])],
)
async def test_data_may_have_the_wrong_type_though_the_task_exists(
    client: Client, fault: Fault, data: object
) -> None:
    client.upstream.fault(fault)

    answer = (await submit(client)).json()

    assert (answer["statusCode"], answer["data"]) == (200, data)
    assert len(client.upstream.tasks) == 1


@pytest.mark.parametrize("fault", [Fault.NOT_JSON, Fault.EMPTY_BODY])
async def test_the_body_may_be_no_json(client: Client, fault: Fault) -> None:
    client.upstream.fault(fault)

    answer = await submit(client)

    with pytest.raises(ValueError, match="Expecting"):
        answer.json()
    assert answer.status_code == 200


async def test_a_slow_answer_is_late_but_right(client: Client) -> None:
    client.upstream.fault(Fault.SLOW, seconds=10)

    with pytest.raises(httpx.ReadTimeout):
        await submit(client, httpx.Timeout(20, read=0.05))
    answer = await submit(client)

    assert answer.json()["statusCode"] == 200


async def test_the_list_can_be_unavailable_while_single_queries_work(client: Client) -> None:
    task_id = await client.imagine()
    client.upstream.fault(Fault.LIST_UNAVAILABLE, times=None)

    listed = await client.post("query-mj-tasks?page=1")

    assert listed["statusCode"] == 500
    assert (await client.query(task_id))["taskId"] == task_id


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.STUCK_NOT_START, "NOT_START"),
        (Fault.STUCK_IN_PROGRESS, "IN_PROGRESS"),
        (Fault.MODAL, "MODAL"),
        (Fault.FAILS, "FAILURE"),
        (Fault.FAILED_SPELLING, "FAILED"),
        (Fault.QUEUE_FULL, "FAILURE"),
        (Fault.CREDITS_EXHAUSTED, "FAILURE"),
        (Fault.CHINESE_REASON, "FAILURE"),
    ],
)
async def test_a_task_can_end_badly_or_never(client: Client, fault: Fault, status: str) -> None:
    client.upstream.fault(fault)

    doomed, healthy = await client.imagine(), await client.imagine()
    task = await client.finished(doomed)

    assert task["status"] == status
    assert bool(task["failReason"]) is status.startswith("FAIL")
    assert (await client.query(healthy))["status"] == "SUCCESS"


async def test_a_failure_carries_the_given_reason(client: Client) -> None:
    client.upstream.fault(Fault.FAILS, reason="[Blocked] no")

    task = await client.grid()

    assert task["failReason"] == "[Blocked] no"


async def test_the_picture_may_be_missing_for_some_queries_after_success(client: Client) -> None:
    task_id = await client.imagine()
    client.upstream.fault(Fault.NO_PICTURE, times=2)
    running = await client.query(task_id)

    shown = [(await client.finished(task_id))["imageDcUrl"] is None for _ in range(3)]

    assert running["status"] == "NOT_START"
    assert shown == [True, True, False]


@pytest.mark.parametrize(
    ("fault", "field", "value"),
    [
        (Fault.NO_STORE_KEY, "imageS3Url", None),
        (Fault.ACTIONS_NULL, "actions", None),
        (Fault.UNKNOWN_STATUS, "status", "PONDERING"),
        (Fault.BACKWARDS, "status", "NOT_START"),
        (Fault.NULL_FIELDS, "taskType", None),
        (Fault.EXTRA_FIELDS, "mode", 7),
    ],
)
async def test_a_task_may_be_shown_oddly_once(
    client: Client, fault: Fault, field: str, value: object
) -> None:
    grid = await client.grid()
    client.upstream.fault(fault)

    odd, right = await client.query(grid["taskId"]), await client.query(grid["taskId"])

    assert odd[field] == value
    assert right == grid


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.PICTURE_404, 404), (Fault.PICTURE_403, 403), (Fault.PICTURE_500, 500)]
)
async def test_a_picture_may_be_refused(client: Client, fault: Fault, status: int) -> None:
    grid = await client.grid()
    client.upstream.fault(fault)

    refused, given = await client.http.get(grid["imageDcUrl"]), await client.http.get(grid["imageDcUrl"])

    assert (refused.status_code, given.status_code) == (status, 200)


async def test_a_picture_may_redirect_to_a_foreign_host_or_be_a_page(client: Client) -> None:
    grid = await client.grid()
    client.upstream.fault(Fault.PICTURE_REDIRECT)
    client.upstream.fault(Fault.PICTURE_NOT_AN_IMAGE)

    moved, page = await client.http.get(grid["imageDcUrl"]), await client.http.get(grid["imageDcUrl"])

    assert (moved.status_code, httpx.URL(moved.headers["location"]).host) == (302, "203.0.113.9")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")


async def test_a_picture_may_never_end(client: Client) -> None:
    grid = await client.grid()
    client.upstream.fault(Fault.PICTURE_TOO_LARGE)

    received = 0
    async with client.http.stream("GET", grid["imageDcUrl"]) as answer:
        async for chunk in answer.aiter_raw():
            received += len(chunk)
            if received > 3_000_000:
                break

    assert received > 3_000_000
    assert int(answer.headers["content-length"]) > 500_000_000


async def test_a_picture_may_stop_half_way(client: Client) -> None:
    grid = await client.grid()
    client.upstream.fault(Fault.PICTURE_HANGS)

    with pytest.raises(httpx.ReadTimeout):
        await client.http.get(grid["imageDcUrl"], timeout=httpx.Timeout(20, read=0.3))


async def test_a_picture_may_come_in_drips_but_whole(client: Client) -> None:
    grid = await client.grid()
    whole = await client.upstream.picture(grid["taskId"])
    client.upstream.fault(Fault.PICTURE_SLOW, seconds=0.1)

    dripped = await client.http.get(grid["imageDcUrl"])

    assert dripped.content == whole


async def test_a_fault_can_be_kept_to_one_endpoint_and_begin_later(client: Client) -> None:
    client.upstream.fault(Fault.SERVER_ERROR, endpoint="query", skip=1)
    task_id = await client.imagine()

    statuses = [
        (await client.http.post(f"{MJ}query", json={"model": "midjourney", "taskId": task_id})).status_code
        for _ in range(3)
    ]

    assert statuses == [200, 500, 200]


async def test_a_fault_with_a_chance_strikes_sometimes(client: Client) -> None:
    planned = client.upstream.fault(Fault.REFUSED, times=None, chance=0.5)

    for _ in range(60):
        await submit(client)

    assert 15 < planned.hits < 45
    assert len(client.upstream.tasks) == 60 - planned.hits


async def test_lifted_faults_strike_no_more(client: Client) -> None:
    client.upstream.fault(Fault.REFUSED, times=None)
    client.upstream.fault(Fault.BAD_KEY, times=None)

    client.upstream.lift(Fault.REFUSED)
    first = (await submit(client)).json()["statusCode"]
    client.upstream.lift()
    second = (await submit(client)).json()["statusCode"]

    assert (first, second) == (401, 200)


@pytest.mark.parametrize(
    ("spelled", "left", "chance", "endpoint"),
    [
        ("bad-key", None, 1.0, None),
        ("bad-key:3", 3, 1.0, None),
        ("bad-key:always@0.25", None, 0.25, None),
        ("bad-key:1@.5/query-mj-tasks", 1, 0.5, "query-mj-tasks"),
    ],
)
def test_faults_can_be_spelled_on_a_command_line(
    spelled: str, left: int | None, chance: float, endpoint: str | None
) -> None:
    planned = read_fault(spelled)

    assert (planned.fault, planned.left, planned.chance, planned.endpoint) == (
        Fault.BAD_KEY,
        left,
        chance,
        endpoint,
    )


def test_an_unknown_fault_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="hang-after"):
        read_fault("earthquake")


def test_every_fault_has_a_sentence_and_a_scope() -> None:
    assert all(fault.about and isinstance(fault.scope, Scope) for fault in Fault)


# -- looking in, and moving tasks by hand ------------------------------------------------------------------------


async def test_calls_are_recorded_with_body_outcome_and_without_secrets(client: Client) -> None:
    long = "data:image/png;base64," + "A" * 5000

    await client.post("imagine", prompt="a fox", type="NORMAL")
    await client.post("describe", base64=long)

    first, second = client.upstream.calls
    task_id = client.upstream.tasks[0].id
    assert (first.endpoint, first.task_id, first.outcome, first.key_tail) == (
        "imagine",
        task_id,
        str(task_id),
        "dbox",
    )
    assert first.line == f"POST /imagine type=NORMAL prompt=a fox → {task_id}"
    assert len(second.body["base64"]) < 100
    assert second.outcome.startswith("400")
    assert "sk-sandbox" not in repr(client.upstream.calls)


async def test_each_accepted_submission_is_one_task_whatever_the_answer_was(client: Client) -> None:
    client.upstream.fault(Fault.RESET_AFTER)
    client.upstream.fault(Fault.HTML_502_BEFORE, skip=1)

    with pytest.raises(httpx.NetworkError):
        await submit(client)
    await submit(client)
    await submit(client)

    assert len(client.upstream.calls_to("imagine")) == 3
    assert len(client.upstream.tasks) == len(client.upstream.charges) == 2


async def test_tasks_can_be_moved_by_hand(client: Client, clock: FakeClock) -> None:
    client.upstream.pause()
    one, two = await client.imagine(), await client.imagine()
    clock.pass_by(1000)
    frozen = await client.query(one)

    client.upstream.progress(one, 33)
    running = await client.query(one)
    client.upstream.finish(one)
    client.upstream.fail(two, "[Blocked] no")
    ended, failed = await client.query(one), await client.query(two)

    assert frozen["status"] == "NOT_START"
    assert (running["status"], running["progress"]) == ("IN_PROGRESS", "33%")
    assert (ended["status"], len(ended["actions"])) == ("SUCCESS", 10)
    assert (failed["status"], failed["failReason"]) == ("FAILURE", "[Blocked] no")


async def test_time_goes_on_after_a_pause_as_if_it_had_not_been(client: Client, clock: FakeClock) -> None:
    task_id = await client.imagine(type="FAST")
    clock.pass_by(11)
    before = await client.query(task_id)

    client.upstream.pause()
    clock.pass_by(500)
    during = await client.query(task_id)
    client.upstream.resume()
    after = await client.query(task_id)
    clock.pass_by(11)
    done = await client.query(task_id)

    assert before == during
    assert (after["status"], after["progress"]) == (before["status"], before["progress"])
    assert done["status"] == "SUCCESS"


async def test_closing_the_service_lets_go_of_requests_that_hang(clock: FakeClock) -> None:
    arrived = asyncio.Event()
    async with AsyncExitStack() as outlives:
        async with SimulatedUpstream(clock=clock, on_call=lambda _: arrived.set()) as upstream:
            client = await outlives.enter_async_context(Client(upstream, clock))
            upstream.fault(Fault.HANG_AFTER)
            hanging = asyncio.create_task(submit(client))
            await arrived.wait()

        with pytest.raises(httpx.TransportError):
            await hanging
