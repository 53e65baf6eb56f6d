"""What nobody here knows a server's buttons by is told once: the next version is written from that line.
Never here: that such buttons are hidden (tests/domain/test_actions.py)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.domain.tasks import RemoteAction
from bot.services.worker import unknown_buttons
from tests.services.harness import GRID, UUID

if TYPE_CHECKING:
    import pytest

    from tests.services.harness import Harness

LOGGER = "bot.services.worker.unknown_buttons"


def hologram(number: int, kind: str = "hologram") -> RemoteAction:
    return RemoteAction(f"MJ::JOB::{kind}::{number}::{UUID}", f"H{number}", "")


def patterns(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(line)["pattern"] for line in caplog.records if line.message == "unknown_button"]


async def test_an_unknown_button_is_told_once_by_its_pattern_alone(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    world.upstream.template["actions"] = (*GRID, hologram(1), hologram(2), hologram(1, "sculpture"))

    for user in (1, 2):
        await world.finished_grid(prompt="a secret fox", user=user)

    assert patterns(caplog) == ["MJ::JOB::hologram::{n}::{u}", "MJ::JOB::sculpture::{n}::{u}"]
    assert not any(
        UUID in line.getMessage() or "fox" in str(vars(line))
        for line in caplog.records
        if line.name == LOGGER
    )


async def test_known_buttons_are_no_news(world: Harness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)

    await world.finished_grid()

    assert patterns(caplog) == []


async def test_a_server_that_makes_buttons_up_fills_no_log(
    world: Harness, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    monkeypatch.setattr(unknown_buttons, "MOST", 3)
    world.upstream.template["actions"] = tuple(hologram(1, "x" * n) for n in range(1, 9))

    await world.finished_grid()

    assert len(patterns(caplog)) == 3
