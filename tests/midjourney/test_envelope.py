"""What an answer means: success, or which fault.
Never here: what endpoints put into `data`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.envelope import (
    LONGEST_MESSAGE,
    LONGEST_WAIT,
    open_envelope,
    retry_after,
    whole_number,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def fault_of(status: int, body: object, headers: dict[str, str] | None = None) -> RemoteFault:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(RemoteError) as caught:
        open_envelope(status, headers or {}, raw)
    return caught.value.fault


def said(code: Any, message: str = "no", **more: Any) -> dict[str, Any]:
    return {"statusCode": code, "message": message, "data": None, **more}


@pytest.mark.parametrize("status", [200, 201, 299])
@pytest.mark.parametrize("code", [200, "200", 200.0])
def test_a_success_is_2xx_with_statuscode_200(status: int, code: object) -> None:
    assert open_envelope(status, {}, json.dumps({"statusCode": code, "data": 7}).encode()) == 7


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>502 Bad Gateway</body></html>",
        b'{"statusCode":200,"message":"Success","da',
        b"[1, 2]",
        b'"Success"',
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"statusCode": ' + b"9" * 10_000 + b"}",
        b"{}",
        b'{"message":"Success","data":5}',
        b'{"code":200,"message":"Success","data":5}',
        b'{"statusCode":true,"data":5}',
        b'{"statusCode":500,"message":"internal error"}',
        b'{"code":-1,"message":"something"}',
        b'{"statusCode":408,"message":"time-out"}',
    ],
)
def test_http_200_without_a_clear_word_is_unclear(body: bytes) -> None:
    assert fault_of(200, body) is RemoteFault.UNCLEAR


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524, 599])
@pytest.mark.parametrize(
    "body", [b"", b"<html>", said(500), said(400, "bad parameter"), said(401), said(200), {"error": "boom"}]
)
def test_5xx_is_unclear_whatever_the_body_says_of_itself(status: int, body: object) -> None:
    assert fault_of(status, body) is RemoteFault.UNCLEAR


def test_yes_in_the_body_under_an_http_error_is_unclear() -> None:
    assert fault_of(400, {"statusCode": 200, "data": 90210}) is RemoteFault.UNCLEAR


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (429, b"", {}),
        (429, b"<html>", {"Retry-After": "3"}),
        (429, said(400), {}),
        (200, said(429), {}),
        (503, b"<html>", {"retry-after": "3"}),
        (503, said(503), {"RETRY-AFTER": "3"}),
        (200, said(400, "queue full, please try again later"), {}),
        (200, said(400, "The job queue is full"), {}),
        (200, said(500, "Too many tasks"), {}),
        (200, said(400, "queue full, the prompt 'a dog's day' was not taken"), {}),
        (200, said(400, "当前队列已满,请稍后再试"), {}),
        (200, said(400, "排队人数已满"), {}),
        (200, said(400, "请求过于频繁"), {}),
        (200, {"code": 23, "description": "队列已满"}, {}),
    ],
)
def test_a_full_queue_or_a_throttle_took_nothing(status: int, body: object, headers: dict[str, str]) -> None:
    assert fault_of(status, body, headers) is RemoteFault.THROTTLED


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, said(401)),
        (200, said("401")),
        (200, said(403)),
        (200, {"code": 401, "message": "who are you"}),
        (401, b""),
        (403, b"<html>"),
        (401, said(401, "insufficient balance scope")),
        (401, {"error": {"message": "no such key"}}),
        (200, said(400, "no", errorType="oauth_invalid_token_error")),
        (200, said(400, "Invalid API key")),
        (400, said(400, 'Upstream said: "invalid token"')),
        (401, said(401, "the prompt was not read")),
        (200, said(400, "无效的令牌")),
        (403, said(403, "Your account has been banned")),
        (200, said(403, "User has been banned")),
        (200, said(400, "User 'fox' has been blocked; the prompt was not read")),
        (403, said(403, "This API key has been banned, contact support")),
        (403, {"message": "token banned"}),
        (403, said(403, "Your account was suspended for violating content policy")),
        (403, said(403, "You have been banned for violating our content policy")),
        (403, said(403, "Account blocked by moderation")),
        (403, said(403, "账号因违规已被封禁")),
        (400, said(400, "您的行为导致账号已被封禁")),
        (400, said(400, "违规操作导致用户已被禁用")),
        (400, said(400, "用户将被禁用")),
        (400, said(400, "Multiple violations: your account is blocked")),
        (400, said(400, "After review, your account is banned")),
        (400, said(400, "Repeated abuse detected, user is banned")),
        (400, said(400, "Please contact support if needed, your account is suspended")),
        (200, said(403, "API key is invalid for sensitive operations")),
        (403, said(403, "Access denied: your IP is not on the list. Sensitive endpoint")),
        (200, said(400, "Invalid token, prompt rejected")),
        (403, said(403, "invalid api key; prompt ignored")),
    ],
)
def test_a_bad_key_is_told_apart(status: int, body: object) -> None:
    assert fault_of(status, body) is RemoteFault.KEY


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, said(402)),
        (402, b""),
        (200, {"code": 402, "message": "pay"}),
        (200, said(400, "Your balance is too low")),
        (200, said(400, "Insufficient credits")),
        (200, said(400, "insufficient_user_quota")),
        (403, said(403, "user quota is not enough")),
        (200, said(500, "余额不足,请充值")),
        (200, said(400, "用户额度不足")),
        (200, said(400, "please check your balance")),
        (200, said(400, "Insufficient balance: your prompt was not sent")),
        (200, said(400, "余额不足\uff0c提示词未提交")),
        (200, said(403, "User quota is not enough; prompt not charged")),
        (403, said(403, "insufficient balance to run this prompt")),
        (200, said(402, "the balance is not sufficient", errorType="insufficient_balance_error")),
    ],
)
def test_an_empty_account_is_told_apart(status: int, body: object) -> None:
    assert fault_of(status, body) is RemoteFault.BALANCE


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, said(400, "type must be NORMAL or FAST")),
        (400, said(400)),
        (422, said(422)),
        (200, {"code": 400, "message": "bad"}),
        (400, {"code": "bad_request", "message": "bad"}),
        (404, b"<html>"),
        (413, b"<html>Request Entity Too Large</html>"),
        (301, b""),
        (200, said(400, "the prompt holds a banned word: balance")),
        (200, said(400, "参数错误: 余额")),
        (400, {"error": {"message": "The prompt 'a door sign: invalid token' is not allowed"}}),
        (400, {"error": {"message": "The prompt 'a road sign: rate limit ahead' is not allowed"}}),
        (200, said(400, "Banned prompt: a broke robot out of credits")),
        (200, said(400, "提示词“令牌无效”不合规")),
        (400, said(400, 'The prompt "a sign "insufficient balance" above" is not allowed')),
        (403, said(403, "Banned prompt detected: invalid token, user banned")),
        (403, said(403, "[Banned prompt detected] out of credits")),
        (403, said(403, "违禁词\uff1a余额不足")),
        (403, said(403, "The content of your request is banned")),
        (403, said(403, "The user prompt was blocked")),
        (403, said(403, "用户提示词已被封禁")),
        (
            200,
            said(400, "Banned prompt detected. Repeated attempts will get your account banned."),
        ),
        (403, said(403, "This prompt is not allowed. Account suspended if repeated")),
        (200, said(400, "可能包含敏感词\uff0c多次提交将导致账号封禁")),
        (403, said(403, "提示词不被允许\uff0c多次违规账号将被封禁")),
        (200, said(400, "This is not allowed. Repeated attempts will get your account banned.")),
        (403, {"error": {"message": "Your prompt was flagged", "type": "invalid_request_error"}}),
        (
            403,
            {"error": {"message": "Rejected by our content moderation system", "code": "content_moderation"}},
        ),
        (403, {"error": {"message": "Your request was rejected by the safety system."}}),
    ],
)
def test_a_no_is_a_refusal(status: int, body: object) -> None:
    assert fault_of(status, body) is RemoteFault.REFUSED


@pytest.mark.parametrize("status", [400, 408, 302, 303, 418, 499, 100, 0, 999])
def test_a_page_instead_of_an_envelope_is_unclear_unless_the_proxy_says_it_stopped_it(status: int) -> None:
    assert fault_of(status, b"<html>hello</html>") is RemoteFault.UNCLEAR


@given(st.integers(0, 999), st.binary() | json_values.map(lambda v: json.dumps(v).encode()))
@settings(deadline=None)
def test_no_bytes_make_it_raise_anything_but_a_remote_error(status: int, body: bytes) -> None:
    with pytest.raises(RemoteError):
        open_envelope(status if not 200 <= status < 300 else 500, {}, body)


@given(
    st.integers(200, 599),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("statusCode", "code", "message", "error", "data", "errorType", "msg"), json_values
        ),
    ),
)
@settings(deadline=None)
def test_no_odd_envelope_makes_it_raise_anything_but_a_remote_error(
    status: int, envelope: dict[str, Any]
) -> None:
    raw = json.dumps(envelope).encode()
    try:
        open_envelope(status, {"Retry-After": "soon"}, raw)
    except RemoteError as error:
        message = error.message
    else:
        return

    assert 0 < len(message.encode()) <= 4 * LONGEST_MESSAGE


def test_the_words_are_upstreams_on_one_line_and_cut() -> None:
    with pytest.raises(RemoteError) as caught:
        open_envelope(200, {}, json.dumps(said(400, "two\nlines \ud800 \x00 " + "x" * 9999)).encode())

    assert caught.value.message.startswith("two lines ? ")
    assert len(caught.value.message) == LONGEST_MESSAGE


def test_without_words_the_http_status_is_named() -> None:
    with pytest.raises(RemoteError, match="HTTP 502 Bad Gateway"):
        open_envelope(502, {}, b"<html>")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"Retry-After": "999999"}, LONGEST_WAIT),
        ({"Retry-After": "-4"}, None),
        ({"Retry-After": "1e9"}, None),
        ({"Retry-After": "\u0667"}, None),
        ({"Retry-After": "Sat, 05 Jan 2030 10:00:09 GMT"}, None),
        ({"Retry-After": "Sat, 05 Jan 2030 10:00:09 GMT", "Date": "Sat, 05 Jan 2030 10:00:00 GMT"}, 9.0),
        ({"Retry-After": "Sat, 05 Jan 2030 09:00:00 GMT", "Date": "Sat, 05 Jan 2030 10:00:00 GMT"}, 0.0),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@given(st.text(), st.text())
def test_no_retry_after_makes_it_raise(written: str, date: str) -> None:
    seconds = retry_after({"Retry-After": written, "Date": date})

    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        (5.0, 5),
        (5.5, None),
        (True, None),
        ("\u0665", None),
        ("5_0", None),
        (float("nan"), None),
        (float("inf"), None),
        ("9" * 5000, None),
        (None, None),
        ([], None),
    ],
)
def test_a_whole_number_is_an_int_or_ascii_digits(value: object, number: int | None) -> None:
    assert whole_number(value) == number
