"""How log lines look: fields, levels, the job's key, line breaks.
Never here: secrets (test_secrets_stay_inside.py)."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from bot.log import setup

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def lines() -> Callable[[], list[dict[str, Any]]]:
    """Give a reader of the JSON lines that a real set-up has written."""
    out = io.StringIO()
    setup(style="json", stream=out)
    return lambda: [json.loads(line) for line in out.getvalue().splitlines()]


def test_ours_and_a_librarys_lines_have_the_same_fields(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.stdlib.get_logger("bot.services.worker.tracker").info("job_submitted", pool="FAST", tries=2)
    logging.getLogger("discord.client").warning("shard %s is slow", 3)

    ours, theirs = lines()
    assert (ours["event"], ours["level"], ours["logger"]) == (
        "job_submitted",
        "info",
        "bot.services.worker.tracker",
    )
    assert (ours["pool"], ours["tries"]) == ("FAST", 2)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == (
        "shard 3 is slow",
        "warning",
        "discord.client",
    )
    assert ours["timestamp"].endswith("Z")
    assert theirs["timestamp"].endswith("Z")


def test_what_the_standard_library_calls_extra_are_fields(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("bot.services.worker.tracker").info(
        "job_ended", extra={"job": "k1", "state": "failed", "n": 3}
    )

    (line,) = lines()
    assert (line["event"], line["state"], line["n"]) == ("job_ended", "failed", 3)
    assert line["job"] == "k1"


def test_debug_is_off_unless_it_is_asked_for(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.stdlib.get_logger("easel").debug("page_read")
    logging.getLogger("library").debug("noise")

    assert lines() == []


def test_a_line_break_in_a_name_cannot_forge_a_line() -> None:
    out = io.StringIO()
    setup(stream=out)

    structlog.stdlib.get_logger("easel").info("pressed", user="Eve\n2026-01-01 [error] all is lost\x1b[2J")

    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()
    assert "Eve␊2026" in out.getvalue()


def test_an_exception_keeps_its_traceback(lines: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        int("no such row")
    except ValueError:
        structlog.stdlib.get_logger("easel").exception("read_failed")

    (line,) = lines()
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("invalid literal for int() with base 10: 'no such row'")


def test_what_nobody_caught_is_a_log_line_too(lines: Callable[[], list[dict[str, Any]]]) -> None:
    error = LookupError("no such row")

    sys.excepthook(LookupError, error, None)

    (line,) = lines()
    assert (line["event"], line["level"]) == ("program_broke", "critical")
    assert "LookupError: no such row" in line["exception"]


def test_an_interrupt_is_no_error(
    lines: Callable[[], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert lines() == []
    assert capsys.readouterr().err == "interrupted\n"


def test_setting_up_again_replaces_the_earlier_one(lines: Callable[[], list[dict[str, Any]]]) -> None:
    out = io.StringIO()

    handler = setup(style="json", stream=out)
    logging.getLogger("library").warning("once")
    logging.getLogger().removeHandler(handler)

    assert lines() == []
    assert len(out.getvalue().splitlines()) == 1
