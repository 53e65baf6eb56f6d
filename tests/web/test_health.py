"""What readiness leaves in the log: each state once, and a start that is still under way not at all.
Never here: the pages over HTTP (test_server)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from bot.web.health import Health

if TYPE_CHECKING:
    import pytest


async def test_each_state_of_readiness_is_logged_once_and_a_start_under_way_is_no_trouble(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway, database = (
        iter(["not connected", *[None] * 7]),
        iter([*[None] * 2, "full", "full", "full", *[None] * 3]),
    )
    engine = iter([*[None] * 4, "no reading for 301 s", *[None] * 3])

    async def ask(answers: Any) -> str | None:
        return cast("str | None", next(answers))

    health = Health(
        alive={},
        ready={
            "gateway": lambda: ask(gateway),
            "database": lambda: ask(database),
            "engine": lambda: ask(engine),
        },
    )
    with caplog.at_level(logging.INFO):
        for _ in range(8):
            await health.answer_ready(cast("Any", None))

    told = [(record.levelname, record.getMessage(), vars(record).get("reason")) for record in caplog.records]
    assert told == [
        ("WARNING", "not_ready", "database: full"),
        ("WARNING", "not_ready", "database: full; engine: no reading for 301 s"),
        ("INFO", "ready_again", None),
    ]
