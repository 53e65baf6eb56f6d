"""`easel servers` decides on the database alone, with no secret and no network.
Never here: what letting in means."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from bot.cli.program import cli
from bot.storage import migrate

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_owner_lets_in_limits_and_shuts_out_at_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path / 'easel.db'}"
    asyncio.run(migrate(address))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_DATABASE", address)

    def say(*words: str) -> str:
        result = CliRunner().invoke(cli, ["servers", *words])
        return f"{result.exit_code} {result.output}"

    assert "No server is known yet" in say("list")
    assert "0 11  let in" in say("let-in", "11")
    assert "ceiling 5/unlimited/1/2" in say("ceiling", "11", "5/unlimited/1/2")
    assert "11  let in  (never seen)" in say("list")
    assert "0 11  shut out" in say("shut-out", "11")
    assert "ceiling 300/3000/3/50" in say("ceiling", "11", "usual")
    assert say("ceiling", "11", "many").startswith("78 A ceiling must read")
