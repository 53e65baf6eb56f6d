"""A webhook's body is read whichever kind of API posted it.
Never here: each kind's own shapes (tests/midjourney)."""

from __future__ import annotations

import json

import pytest

from bot.domain.tasks import TaskStatus
from bot.midjourney.hints import read_hint


@pytest.mark.parametrize(
    "body",
    [
        {"taskId": "12", "status": "SUCCESS", "action": "IMAGINE"},
        {"id": "12", "status": "SUCCESS", "action": "IMAGINE", "buttons": []},
    ],
)
def test_both_kinds_say_that_a_task_ended(body: dict[str, object]) -> None:
    hint = read_hint(json.dumps(body).encode())

    assert hint is not None
    assert (hint.task_id, hint.status) == ("12", TaskStatus.SUCCESS)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"{", b'"x"', b'{"status": "SUCCESS"}'])
def test_anything_else_says_nothing(body: bytes) -> None:
    assert read_hint(body) is None
