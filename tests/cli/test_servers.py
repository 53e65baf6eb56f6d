"""`easel servers`: what the owner decides of a server is told at once, and stands when it is listed.
Never here: what a decision means for jobs (tests/services)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bot.cli.program import cli
from bot.services.presence import APPLICATION
from bot.storage import open_storage
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from pathlib import Path

SERVER = "123456789012345678"


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = migrated(tmp_path / "easel.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_DATABASE", url)
    monkeypatch.setenv("EASEL_SERVER_CEILING", "9/90/2/5")
    return url


def servers(*words: str) -> str:
    result = CliRunner().invoke(cli, ["servers", *words])
    return f"{result.exit_code} {result.output}"


def test_a_server_is_let_in_limited_and_shut_out(database: str) -> None:
    assert servers("list").startswith("0 No server is known yet")

    let_in = servers("let-in", SERVER)
    assert let_in.startswith(f"0 {SERVER}  let in  (never seen)  owner ?")
    assert "ceiling 9/90/2/5" in let_in
    assert "ceiling 1/2/3/4" in servers("ceiling", SERVER, "1/2/3/4")
    assert "ceiling 9/90/2/5" in servers("ceiling", SERVER, "usual")
    assert servers("shut-out", SERVER).startswith(f"0 {SERVER}  shut out")

    asyncio.run(seen_and_left(database))
    assert f"{SERVER}  shut out, the bot has left  Reef?  owner 7" in servers("list")


async def seen_and_left(database: str) -> None:
    async with open_storage(database, migrate=False) as storage:
        await storage.tenants.note(int(SERVER), name="Reef\x1b", owner_id=7, ours=False)
        await storage.tenants.left(int(SERVER), at=1)


def test_what_is_no_ceiling_is_one_sentence() -> None:
    said = servers("ceiling", SERVER, "many")

    assert said.startswith("78 A ceiling must read per-day/per-month/at-once/waiting")
    assert said.count("\n") == 1
    assert "No server is known yet" in servers("list")


def test_a_change_of_application_that_was_meant_is_remembered(database: str) -> None:
    for _ in range(2):
        assert servers("application", "4711").startswith("0 The servers are application 4711's now.")

    assert asyncio.run(remembered(database)) == "4711"


async def remembered(database: str) -> str | None:
    async with open_storage(database, migrate=False) as storage:
        return await storage.meta.get(APPLICATION)


@pytest.mark.parametrize("typed", [str(2**63), "1_000", "\uff11\uff12", "+5", "0"])
def test_what_is_no_id_of_a_server_is_named_and_nothing_is_noted(typed: str) -> None:
    said = servers("let-in", typed)

    assert said.startswith("2 ")
    assert "Copy Server ID" in said
    assert servers("list").startswith("0 No server is known yet")
