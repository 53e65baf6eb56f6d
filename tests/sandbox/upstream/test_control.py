"""Steering from outside the process: the control endpoint, and the service as a program of its own.
Never here: what the faults do."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.sandbox.upstream.client import MJ

if TYPE_CHECKING:
    from tests.sandbox.upstream.client import Client


async def test_faults_can_be_planned_seen_and_lifted_over_http(client: Client) -> None:
    plan = await client.http.post(
        "/control/fault", json={"fault": "refused/imagine", "times": 2, "reason": "not now"}
    )
    answer = await client.post("imagine", prompt="a fox")
    state = (await client.http.get("/control/state")).json()
    lifted = await client.http.delete("/control/fault", params={"fault": "refused"})

    assert plan.status_code == 201
    assert (answer["statusCode"], answer["message"]) == (400, "not now")
    assert [(fault["fault"], fault["left"], fault["hits"]) for fault in state["faults"]] == [
        ("refused", 1, 1)
    ]
    assert "hang-after" in state["known"]
    assert lifted.json() == {"faults": []}


@pytest.mark.parametrize("body", [{}, {"fault": "earthquake"}, {"fault": "refused", "times": "x"}])
async def test_a_plan_that_makes_no_sense_is_answered_with_400(client: Client, body: dict[str, str]) -> None:
    assert (await client.http.post("/control/fault", json=body)).status_code == 400


async def test_tasks_can_be_moved_and_counted_over_http(client: Client) -> None:
    await client.http.post("/control/time", json={"do": "pause"})
    one, two = await client.imagine(), await client.imagine()

    moved = await client.http.post("/control/task", json={"taskId": one, "do": "progress", "percent": 46})
    await client.http.post("/control/task", json={"taskId": one, "do": "finish"})
    await client.http.post("/control/task", json={"taskId": two, "do": "fail", "reason": "no"})
    missing = await client.http.post("/control/task", json={"taskId": 1, "do": "finish"})
    state = (await client.http.get("/control/state")).json()
    calls = (await client.http.get("/control/calls")).json()

    assert moved.json()["progress"] == "46%"
    assert [(task["taskId"], task["status"]) for task in state["tasks"]] == [
        (one, "SUCCESS"),
        (two, "FAILURE"),
    ]
    assert (missing.status_code, state["manual"], len(state["charges"])) == (400, True, 2)
    assert [(call["endpoint"], call["taskId"]) for call in calls["calls"]] == [
        ("imagine", one),
        ("imagine", two),
    ]


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
async def test_a_web_page_cannot_steer_the_service(client: Client, headers: dict[str, str]) -> None:
    answer = await client.http.post("/control/fault", json={"fault": "refused"}, headers=headers)

    assert answer.status_code == 403


@pytest.mark.wire
async def test_it_runs_as_a_program_that_says_its_origin_first_and_ends_on_sigterm() -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox.upstream", "--speed", "400", "--canvas", "160", "--fault", "refused:1/imagine",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    origin = (await program.stdout.readline()).decode().strip()

    async with httpx.AsyncClient(
        base_url=origin, headers={"Authorization": "Bearer sk-sandbox"}, timeout=60, trust_env=False
    ) as http:
        body = {"model": "midjourney", "prompt": "a fox"}
        codes = [(await http.post(f"{MJ}imagine", json=body)).json()["statusCode"] for _ in range(2)]
    program.send_signal(signal.SIGTERM)
    rest, errors = await program.communicate()

    assert codes == [400, 200]
    assert (program.returncode, errors) == (0, b"")
    assert "POST /imagine" in rest.decode()


@pytest.mark.wire
async def test_a_misspelled_fault_ends_the_program_with_the_list_of_faults() -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox.upstream", "--fault", "earthquake",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip

    _, errors = await program.communicate()

    assert program.returncode == 2
    assert "hang-after" in errors.decode()
