"""The service's rules, seen by a foreign client: envelope, keys, bodies, statuses, pools, refusals.
Never here: pictures, faults."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.upstream import Key, ListOrder, Pace, Permission, SimulatedUpstream
from tests.sandbox.upstream.client import MJ, Client, FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = [
    "taskId", "taskType", "status", "action", "progress", "description", "prompt", "failReason", "submitTime",
    "startTime", "finishTime", "webhookUrl", "imageDcUrl", "imageS3Url", "actions",
]  # fmt: skip


async def test_ids_are_positive_integers_that_count_up(client: Client) -> None:
    first, second = await client.imagine(), await client.imagine()

    assert 0 < first < second


async def test_a_task_has_exactly_the_fifteen_documented_fields(client: Client) -> None:
    task_id = await client.imagine()

    fresh, done = await client.query(task_id), await client.finished(task_id)

    assert list(fresh) == list(done) == FIELDS


async def test_a_task_passes_through_every_status_in_order(client: Client, clock: FakeClock) -> None:
    task_id = await client.imagine(type="FAST")

    seen: list[tuple[str, str]] = []
    for _ in range(240):
        task = await client.query(task_id)
        state = (task["status"], task["progress"])
        seen += [] if seen and seen[-1] == state else [state]
        clock.pass_by(0.1)

    assert seen == [
        ("NOT_START", "0%"),
        ("SUBMITTED", "0%"),
        ("IN_PROGRESS", "0%"),
        ("IN_PROGRESS", "15%"),
        ("IN_PROGRESS", "46%"),
        ("IN_PROGRESS", "78%"),
        ("SUCCESS", "100%"),
    ]


async def test_times_are_iso_with_milliseconds_and_null_where_nothing_happened_yet(
    client: Client, clock: FakeClock
) -> None:
    task_id = await client.imagine()

    fresh = await client.query(task_id)
    clock.pass_by(5)
    running = await client.query(task_id)
    done = await client.finished(task_id)

    iso = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    assert iso.fullmatch(fresh["submitTime"])
    assert (fresh["startTime"], fresh["finishTime"], fresh["failReason"], fresh["webhookUrl"]) == (None,) * 4
    assert iso.fullmatch(running["startTime"])
    assert running["finishTime"] is None
    assert iso.fullmatch(done["finishTime"])
    assert done["submitTime"] < done["startTime"] < done["finishTime"]


async def test_actions_and_pictures_come_only_with_success(client: Client, clock: FakeClock) -> None:
    task_id = await client.imagine()
    clock.pass_by(20)

    running = await client.query(task_id)
    done = await client.finished(task_id)

    assert (running["actions"], running["imageDcUrl"], running["imageS3Url"]) == ([], None, None)
    assert len(done["actions"]) == 10
    assert done["imageDcUrl"].startswith(client.upstream.origin)
    assert not done["imageS3Url"].startswith("http")


@pytest.mark.parametrize("encoding", ["json", "data", "files"])
async def test_json_urlencoded_and_multipart_bodies_are_all_read(client: Client, encoding: str) -> None:
    fields = {"model": "midjourney", "type": "NORMAL", "prompt": "a paper fox"}
    sent: dict[str, Any] = {
        encoding: {name: (None, value) for name, value in fields.items()} if encoding == "files" else fields
    }

    answer = (await client.http.post(f"{MJ}imagine", **sent)).json()

    assert answer["statusCode"] == 200
    assert client.upstream.view(answer["data"])["prompt"] == "a paper fox"


async def test_task_ids_are_read_as_text_and_as_numbers(client: Client) -> None:
    task_id = await client.imagine()

    answers = [await client.post("query", taskId=task_id), await client.post("query", taskId=str(task_id))]
    form = await client.http.post(f"{MJ}query", data={"model": "midjourney", "taskId": task_id})

    assert [answer["data"]["taskId"] for answer in (*answers, form.json())] == [task_id] * 3


async def test_the_pool_is_fast_unless_normal_is_named(client: Client) -> None:
    unnamed = await client.query(await client.imagine())
    named = await client.query(await client.imagine(type="NORMAL"))
    wrong = await client.post("imagine", prompt="a fox", type="TURBO")

    assert (unnamed["taskType"], named["taskType"]) == ("FAST", "NORMAL")
    assert (wrong["statusCode"], wrong["data"]) == (400, None)


async def test_any_model_but_midjourney_is_refused(client: Client) -> None:
    response = await client.http.post(f"{MJ}imagine", json={"prompt": "a fox", "model": "dall-e"})

    assert (response.status_code, response.json()["statusCode"]) == (200, 400)
    assert client.upstream.tasks == []


async def test_a_bad_key_is_refused_in_the_body_with_http_200(
    upstream: SimulatedUpstream, clock: FakeClock
) -> None:
    async with Client(upstream, clock, key="sk-wrong") as stranger:
        response = await stranger.http.post(f"{MJ}imagine", json={"model": "midjourney", "prompt": "a fox"})

    assert response.status_code == 200
    assert (response.json()["statusCode"], response.json()["data"]) == (401, None)
    assert upstream.tasks == []


async def test_a_key_does_only_what_its_permissions_say(clock: FakeClock) -> None:
    keys: Mapping[str, Key] = {
        "sk-draw": Key(frozenset({Permission.MIDJOURNEY})),
        "sk-admin": Key(frozenset({Permission.ADMIN})),
    }
    async with (
        SimulatedUpstream(clock=clock, keys=keys) as upstream,
        Client(upstream, clock, "sk-draw") as drawer,
        Client(upstream, clock, "sk-admin") as admin,
    ):
        drawn = await drawer.post("imagine", prompt="a fox")
        peeked = (await drawer.http.post("/api/v1/user/admin/balance")).json()
        refused = await admin.post("imagine", prompt="a fox")
        seen = (await admin.http.post("/api/v1/user/admin/balance")).json()

    codes = [answer["statusCode"] for answer in (drawn, peeked, refused, seen)]
    assert codes == [200, 401, 401, 200]


async def test_a_key_of_another_account_sees_none_of_the_tasks(clock: FakeClock) -> None:
    keys = {"sk-one": Key(account="one"), "sk-two": Key(account="two")}
    async with (
        SimulatedUpstream(clock=clock, keys=keys) as upstream,
        Client(upstream, clock, "sk-one") as one,
        Client(upstream, clock, "sk-two") as two,
    ):
        task_id = await one.imagine()
        queried = await two.post("query", taskId=task_id)
        listed = await two.post("query-mj-tasks?page=1")

    assert queried["statusCode"] == 400
    assert listed["data"] == {"total": 0, "tasks": []}


async def test_an_unknown_task_is_refused(client: Client) -> None:
    queried = await client.post("query", taskId="12345")
    pressed = await client.post("action", taskId="12345", customId="MJ::JOB::upsample::1::x")

    assert [(answer["statusCode"], answer["data"]) for answer in (queried, pressed)] == [(400, None)] * 2


async def test_a_press_on_a_task_that_is_not_finished_is_refused(client: Client) -> None:
    grid = await client.grid()
    custom_id = grid["actions"][0]["customId"]
    running = await client.imagine(type="FAST")

    answer = await client.post("action", taskId=running, customId=custom_id, type="FAST")

    assert answer["statusCode"] == 400
    assert "state" in answer["message"]


async def test_only_the_parents_own_buttons_can_be_pressed(client: Client) -> None:
    first, second = await client.grid(), await client.grid()
    foreign = second["actions"][0]["customId"]

    answer = await client.post("action", taskId=first["taskId"], customId=foreign, type="FAST")

    assert answer["statusCode"] == 400
    assert len(client.upstream.tasks) == 2


@pytest.mark.parametrize(
    ("parent_pool", "named"), [("NORMAL", {}), ("NORMAL", {"type": "FAST"}), ("FAST", {"type": "NORMAL"})]
)
async def test_a_press_in_the_other_pool_is_refused(
    client: Client, parent_pool: str, named: dict[str, str]
) -> None:
    grid = await client.grid(type=parent_pool)

    answer = await client.post(
        "action", taskId=grid["taskId"], customId=grid["actions"][0]["customId"], **named
    )

    assert answer["statusCode"] == 400
    assert parent_pool in answer["message"]


async def test_a_press_makes_a_new_task_and_leaves_its_parent_alone(client: Client) -> None:
    grid = await client.grid(type="NORMAL")

    child = await client.press(grid, "U2")

    assert child["taskId"] > grid["taskId"]
    assert (child["action"], child["taskType"], child["prompt"]) == ("UPSCALE", "NORMAL", grid["prompt"])
    assert await client.query(grid["taskId"]) == grid


async def test_pages_hold_the_accounts_tasks_newest_first(client: Client) -> None:
    ids = [await client.imagine() for _ in range(7)]

    first = await client.post("query-mj-tasks?page=1&pageSize=5")
    second = await client.post("query-mj-tasks?page=2&pageSize=5")
    beyond = await client.post("query-mj-tasks?page=3&pageSize=5")

    pages = [[task["taskId"] for task in page["data"]["tasks"]] for page in (first, second, beyond)]
    assert pages == [ids[:1:-1], ids[1::-1], []]
    assert first["data"]["total"] == 7
    assert list(first["data"]["tasks"][0]) == FIELDS


@pytest.mark.parametrize("order", [ListOrder.OLDEST_FIRST, ListOrder.SHUFFLED])
async def test_pages_can_come_in_other_orders(clock: FakeClock, order: ListOrder) -> None:
    async with SimulatedUpstream(clock=clock, order=order) as upstream, Client(upstream, clock) as client:
        ids = [await client.imagine() for _ in range(12)]
        page = await client.post("query-mj-tasks?page=1&pageSize=12")

    listed = [task["taskId"] for task in page["data"]["tasks"]]
    assert sorted(listed) == ids
    assert (listed == ids) is (order is ListOrder.OLDEST_FIRST)


@pytest.mark.parametrize("params", ["", "page=0", "page=1&pageSize=4", "page=1&pageSize=21", "page=x"])
async def test_pages_out_of_range_are_refused(client: Client, params: str) -> None:
    answer = await client.post(f"query-mj-tasks?{params}")

    assert answer["statusCode"] == 400


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("a scene of gore", "[Banned prompt detected]"),
        ("a fox --sparkle 3", "[Invalid parameter]"),
        ("a fox --ar 0:2", "[Invalid parameter]"),
        ("a fox --ar wide", "[Invalid parameter]"),
        ("a fox --ar 1:99", "[Invalid parameter]"),
        ("a fox --stylize 5000", "[Invalid parameter]"),
        ("--ar 3:2", "[Invalid prompt]"),
    ],
)
async def test_a_prompt_that_cannot_run_fails_as_a_task(client: Client, prompt: str, title: str) -> None:
    task = await client.grid(prompt)

    assert task["status"] == "FAILURE"
    assert task["failReason"].startswith(title)
    assert (task["progress"], task["actions"], task["imageDcUrl"]) == ("", [], None)


async def test_banned_words_can_be_refused_at_submit_instead(clock: FakeClock) -> None:
    async with (
        SimulatedUpstream(clock=clock, refuse_banned=True) as upstream,
        Client(upstream, clock) as client,
    ):
        answer = await client.post("imagine", prompt="a scene of gore")

    assert answer["statusCode"] == 400
    assert "Banned prompt" in answer["message"]
    assert upstream.tasks == []


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox --ar 16:9 --v 6.1 --s 250 --raw",
        "a fox \u2014ar 2:3",
        "a fox --niji 6 --no cars",
        "a fox --fast --relax --turbo",
    ],
)
async def test_known_parameters_pass(client: Client, prompt: str) -> None:
    assert (await client.grid(prompt))["status"] == "SUCCESS"


async def test_a_pool_runs_three_at_once_and_refuses_when_its_queue_is_full(clock: FakeClock) -> None:
    async with (
        SimulatedUpstream(clock=clock, slots=3, room=2, pace=Pace(fast=10)) as upstream,
        Client(upstream, clock) as client,
    ):
        ids = [await client.imagine(type="FAST") for _ in range(3)]
        clock.pass_by(2)
        ids += [await client.imagine(type="FAST") for _ in range(2)]
        refused = await client.post("imagine", prompt="a fox", type="FAST")
        other_pool = await client.post("imagine", prompt="a fox", type="NORMAL")
        clock.pass_by(3)
        early = [(await client.query(task_id))["status"] for task_id in ids]
        clock.pass_by(8)
        late = [(await client.query(task_id))["status"] for task_id in ids]

    assert (refused["statusCode"], other_pool["statusCode"]) == (400, 200)
    assert "queue full" in refused["message"]
    assert early == ["IN_PROGRESS"] * 3 + ["SUBMITTED"] * 2
    assert late == ["SUCCESS"] * 3 + ["IN_PROGRESS"] * 2


async def test_every_accepted_submission_is_charged_once_and_the_balance_goes_down(client: Client) -> None:
    before = (await client.http.post("/api/v1/user/admin/balance")).json()
    grid = await client.grid(type="NORMAL")
    await client.press(grid, "U1")
    await client.post("imagine", prompt="")

    after = (await client.http.post("/api/v1/user/admin/balance")).json()

    assert before["message"] == "get user balance success"
    spent = float(before["data"]["balance"]) - float(after["data"]["balance"])
    assert [charge.task_id for charge in client.upstream.charges] == [
        task.id for task in client.upstream.tasks
    ]
    assert spent == float(sum(charge.credits for charge in client.upstream.charges)) > 0


async def test_an_empty_balance_refuses_submissions_with_402(client: Client) -> None:
    client.upstream.service.accounts.balances["main"] *= 0

    answer = await client.post("imagine", prompt="a fox")

    assert (answer["statusCode"], answer["errorType"]) == (402, "insufficient_balance_error")
    assert client.upstream.tasks == []


async def test_rates_and_membership_answer_an_admin(client: Client) -> None:
    rates = (await client.http.get("/api/v1/pay/model-rates")).json()
    member = (await client.http.post("/api/v1/user/admin/get-membership-expire-date", json={})).json()

    assert "midjourney" in json.dumps(rates["data"])
    assert member["data"].endswith("Z")


async def test_an_unknown_address_of_the_api_answers_404(client: Client) -> None:
    response = await client.http.post(f"{MJ}modal", json={})

    assert (response.status_code, response.json()["statusCode"]) == (404, 404)


async def test_the_service_survives_a_restart_by_dump_and_load(client: Client, clock: FakeClock) -> None:
    grid = await client.grid("a ship --ar 3:2")
    before = await client.picture(grid)
    running = await client.imagine()
    dumped = json.loads(json.dumps(client.upstream.dump()))

    async with SimulatedUpstream(clock=clock, canvas=160) as reborn:
        reborn.load(dumped)
        async with Client(reborn, clock) as again:
            same = await again.query(grid["taskId"])
            after = await again.picture(same)
            newer = await again.imagine()
            ended = await again.finished(running)

    assert same["actions"] == grid["actions"]
    assert after.tobytes() == before.tobytes()
    assert newer > running
    assert ended["status"] == "SUCCESS"
