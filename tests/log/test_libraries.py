"""What libraries log about outages and migrations is short.
Never here: what we log ourselves."""

from __future__ import annotations

import io
import json
import logging

import pytest

from bot import log


@pytest.fixture
def stream() -> io.StringIO:
    out = io.StringIO()
    log.setup(style="json", stream=out)
    return out


@pytest.mark.parametrize(
    ("name", "line", "arguments"),
    [
        ("discord.client", "Attempting a reconnect in %.2fs", (2.5,)),
        ("discord.shard", "Attempting a reconnect for shard ID %s in %.2fs", (0, 2.5)),
    ],
)
def test_an_outage_is_a_line_and_no_traceback(
    stream: io.StringIO, name: str, line: str, arguments: tuple[float, ...]
) -> None:
    try:
        raise ConnectionRefusedError("111")  # noqa: TRY301 - what is caught is what is tested
    except ConnectionRefusedError:
        logging.getLogger(name).exception(line, *arguments)

    (told,) = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert told["level"] == "warning"
    assert "ConnectionRefusedError" in told["event"]
    assert "2.50s" in told["event"]
    assert "exception" not in told


def test_other_errors_of_the_library_keep_their_traceback(stream: io.StringIO) -> None:
    try:
        raise LookupError("a bug")  # noqa: TRY301 - as above
    except LookupError:
        logging.getLogger("discord.client").exception("Ignoring exception in %s", "on_ready")

    assert "LookupError" in json.loads(stream.getvalue())["exception"]


def test_migrations_are_told_by_us_alone(stream: io.StringIO) -> None:
    logging.getLogger("alembic.runtime.migration").info("Context impl SQLiteImpl.")

    assert stream.getvalue() == ""
