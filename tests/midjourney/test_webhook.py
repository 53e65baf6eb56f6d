"""Webhook addresses and the hints in bodies.
Never here: the receiver."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.tasks import RemoteTaskId, TaskStatus
from bot.midjourney.ohmygpt.webhook import LONGEST_BODY, WebhookHint, read_hint, webhook_address
from tests.midjourney.test_envelope import json_values
from tests.midjourney.test_wire import FINISHED

HINT = WebhookHint(RemoteTaskId("90210"), TaskStatus.SUCCESS)


@pytest.mark.parametrize("posted", [FINISHED, {"data": FINISHED}, {"statusCode": 200, "data": FINISHED}])
def test_a_task_is_found_at_top_level_or_inside_data(posted: object) -> None:
    assert read_hint(json.dumps(posted).encode()) == HINT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b"<html>",
        b"\xff",
        b"{}",
        b'{"data":[]}',
        b'{"taskId":0}',
        b"[" * 99_999,
        b'{"data":5}',
    ],
)
def test_anything_else_is_no_hint(body: bytes) -> None:
    assert read_hint(body) is None


def test_a_huge_body_is_not_even_parsed() -> None:
    body = json.dumps(FINISHED | {"padding": "x" * LONGEST_BODY}).encode()

    assert read_hint(body) is None


@given(
    st.binary()
    | json_values.map(lambda value: json.dumps({"taskId": 5, "status": value, "data": value}).encode())
)
@settings(deadline=None)
def test_it_never_raises(body: bytes) -> None:
    hint = read_hint(body)

    assert hint is None or hint.task_id


@pytest.mark.parametrize("public_url", ["https://bot.example", "https://bot.example/"])
def test_the_address_names_the_token(public_url: str) -> None:
    assert webhook_address(public_url, "a/b") == "https://bot.example/hook/a%2Fb"


@pytest.mark.parametrize("public_url", [None, ""])
def test_without_a_public_address_no_webhook_is_asked_for(public_url: str | None) -> None:
    assert webhook_address(public_url, "token") is None
