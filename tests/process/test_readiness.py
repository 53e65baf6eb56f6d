"""A shard counts as connected while its socket is open and its heartbeats are answered.
Never here: the connection of the real program (tests/wire)."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from bot.readiness import SILENCE_S, _is_heard


@pytest.mark.parametrize(
    ("opened", "silent_s", "heard"),
    [
        (True, 0.0, True),
        (True, 41.0, True),
        (True, 41.25 + SILENCE_S + 1, False),
        (False, 0.0, False),
    ],
)
def test_a_line_that_went_dead_shows_within_a_minute(opened: bool, silent_s: float, heard: bool) -> None:  # noqa: FBT001 - rows of the table
    beat = SimpleNamespace(_last_recv=time.perf_counter() - silent_s, interval=41.25)

    assert _is_heard(SimpleNamespace(open=opened, _keep_alive=beat)) is heard
    assert 41.25 + SILENCE_S < 60


def test_a_shard_without_a_socket_or_before_its_first_beat_is_judged_by_what_there_is() -> None:
    assert not _is_heard(None)
    assert _is_heard(SimpleNamespace(open=True, _keep_alive=None))
