"""The simulated server as a program: it says where it is, plays its flavour, and stops when it is told to.
Never here: what the flavours do (the client's tests ask them all)."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import pytest

from bot.sandbox.mjproxy import Flavour, ProxyFault
from bot.sandbox.mjproxy.faults import read_proxy_fault
from bot.sandbox.mjproxy.records import RecordBook
from bot.sandbox.mjproxy.workshop import shortened


@pytest.mark.parametrize("flavour", [Flavour.PLUS, Flavour.NEW_API])
async def test_it_runs_alone_on_loopback(flavour: Flavour) -> None:
    words = (
        sys.executable,
        "-m",
        "bot.sandbox.mjproxy",
        "--flavour",
        flavour.value,
        "--fault",
        "no-account:1",
    )
    program = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        assert program.stdout is not None
        origin = (await asyncio.wait_for(program.stdout.readline(), 60)).decode().strip()
        headers = {"mj-api-secret": "sk-sandbox"}
        async with aiohttp.ClientSession(origin, headers=headers) as session:
            codes = []
            for _ in range(2):
                async with session.post("/mj/submit/imagine", json={"prompt": "a fox"}) as answer:
                    codes.append((await answer.json())["code"])
            async with session.get("/mj/task/0/fetch") as unknown:
                status = unknown.status
    finally:
        program.terminate()
        code = await asyncio.wait_for(program.wait(), 30)
    assert codes == [3, 1]
    assert status == (400 if flavour is Flavour.NEW_API else 200)
    assert code == 0


async def test_a_fault_that_nobody_knows_is_said() -> None:
    words = (sys.executable, "-m", "bot.sandbox.mjproxy", "--fault", "nonsense")
    program = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode == 2
    assert b"nonsense" in said


def test_faults_are_spelled_as_the_other_stand_ins_are() -> None:
    read = read_proxy_fault("taken-400:2/imagine")
    assert read is not None
    assert (read.fault, read.left, read.endpoint) == (ProxyFault.TAKEN_400, 2, "imagine")
    assert read_proxy_fault("reset-after") is None
    assert all(fault.about for fault in ProxyFault)


def test_ids_are_sixteen_digits_none_twice_and_some_begin_with_zero() -> None:
    book = RecordBook()
    ids = [book.next_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert {len(written) for written in ids} == {16}
    assert any(written.startswith("0") for written in ids)


def test_a_prompt_is_shortened_in_five_steps() -> None:
    lines = shortened("one two three four five six seven eight nine ten").split("## Shortened prompts\n")[1]
    lengths = [len(line.split()) - 1 for line in lines.split("\n\n")]
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) == 5
