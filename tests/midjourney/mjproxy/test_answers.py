"""Answers to paid calls and the table of refusals: every row, every code, every format, and what no table knows.
Never here: HTTP."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.answers import Accepted, Answer, ExistingTask, WindowOpen
from bot.domain.failures import LONGEST_JUDGED, FailureKind, failure_of
from bot.domain.tasks import RemoteTaskId, TaskStatus
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.account import read_usage
from bot.midjourney.mjproxy.answers import (
    read_cancelled,
    read_filled,
    read_seed,
    read_submission,
    read_upload,
)
from bot.midjourney.mjproxy.refusals import TABLE, look_up
from tests.midjourney.test_envelope import json_values

ID = "0767225600123456"

# One true sentence for each row of the table, in its order; where a server wraps it in more words, so does this.
SENTENCES = (
    "do_request_failed",
    "read_response_body_failed",
    "unmarshal_response_body_failed",
    "empty_response_body",
    "close_response_body_failed",
    "insert_midjourney_task_failed",
    "copy_response_body_failed",
    "提交失败\uff0c系统异常",
    "提交Imagine任务异常",
    "操作失败\uff0c请稍后重试",
    "无效的令牌 (request id: 1)",
    "账号已禁用",
    "Authorization header missing.",
    "未登录",
    "演示模式\uff0c禁止操作",
    "quota_not_enough",
    "用户额度不足, 剩余额度: ¥0.01",
    "余额不足",
    "今日绘图次数已达上限",
    "提交失败\uff0c队列已满\uff0c请稍后尝试",
    "并发数已达上限",
    "当前分组负载已饱和\uff0c请稍后再试\uff0c或升级账户以提升服务质量。",
    "当前分组 default 下对于模型 mj_imagine 无可用渠道",
    "queue is full",
    "账号已被临时封锁\uff0c请勿使用违规词作图",
    "该任务所属渠道已被禁用",
    "无可用的账号实例",
    "账号不可用: 1234",
    "账号不可用",
    "get_channel_info_failed",
    "服务暂不可用\uff0c请联系管理员",
    "可能包含敏感词",
    "base64格式错误",
    "禁止上传",
    "上传图片到discord失败",
    "关联任务不存在或已失效",
    "task_no_found 1234",
    "task_status_not_success",
    "bind_request_body_failed",
    "模型 mj_imagine 倍率或价格未配置; Model mj_imagine ratio or price not set",
    "模型 mj_video 的价格尚未由管理员配置; Model mj_video has not been priced by the administrator yet.",
    "Model mj_video price not configured. Go to System Settings",
    "unknown_action:MJ::BOOKMARK::x",
    "未知的 Action 类型",
    "无效的加速模式",
    "Invalid speed mode",
    "视频功能未启用",
    "prompt不能为空",
    "State参数过长",
    "未找到 seed",
    "dimensions 参数错误",
)


def said(status: int, body: object) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_submission(status, {}, raw)


def error_of(status: int, body: object, headers: dict[str, str] | None = None) -> RemoteError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(RemoteError) as caught:
        read_submission(status, headers or {}, raw)
    return caught.value


# -- accepted ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"code": 1, "description": "提交成功", "result": ID}, Accepted(RemoteTaskId(ID))),
        ({"code": 1, "result": "task_9fA-1"}, Accepted(RemoteTaskId("task_9fA-1"))),
        ({"code": 1, "result": 1767225600123456}, Accepted(RemoteTaskId("1767225600123456"))),
        ({"code": "1", "result": ID}, Accepted(RemoteTaskId(ID))),
        ({"code": 22, "result": ID, "properties": {"numberOfQueues": 2}}, Accepted(RemoteTaskId(ID), 2)),
        ({"code": 22, "result": ID, "properties": None}, Accepted(RemoteTaskId(ID))),
        ({"code": 22, "result": ID, "properties": {"numberOfQueues": -1}}, Accepted(RemoteTaskId(ID))),
        (
            {"code": 21, "result": ID, "properties": {"status": "SUCCESS", "imageUrl": "x"}},
            ExistingTask(RemoteTaskId(ID), TaskStatus.SUCCESS),
        ),
        (
            {"code": 1, "result": ID, "properties": {"status": "IN_PROGRESS", "imageUrl": None}},
            ExistingTask(RemoteTaskId(ID), TaskStatus.IN_PROGRESS),
        ),
        (
            {"code": 1, "description": "任务已存在", "result": ID, "properties": {"status": "SUCCESS"}},
            ExistingTask(RemoteTaskId(ID), TaskStatus.SUCCESS),
        ),
        (
            {"code": 1, "description": "任务已存在", "result": ID},
            ExistingTask(RemoteTaskId(ID), TaskStatus.NOT_START),
        ),
        ({"code": 1, "result": ID, "properties": {"status": "SUBMITTED"}}, Accepted(RemoteTaskId(ID))),
        (
            {"code": 1, "result": ID, "properties": {"status": "MODAL", "imageUrl": "", "remix": True}},
            WindowOpen(RemoteTaskId(ID)),
        ),
        (
            {"code": 21, "result": ID, "properties": {"finalPrompt": "a fox", "remix": True}},
            WindowOpen(RemoteTaskId(ID), "a fox"),
        ),
        ({"code": 21, "result": ID, "properties": {"finalPrompt": ""}}, WindowOpen(RemoteTaskId(ID))),
        ({"code": 21, "description": "窗口等待", "result": ID}, WindowOpen(RemoteTaskId(ID))),
        (
            {"code": 1, "description": "Waiting for window confirm", "result": ID},
            WindowOpen(RemoteTaskId(ID)),
        ),
        ({"code": 1, "result": ID, "properties": {"remix": True}}, WindowOpen(RemoteTaskId(ID))),
    ],
)
def test_an_accepted_call_says_what_it_became(body: dict[str, Any], answer: Answer) -> None:
    assert said(200, body) == answer


@pytest.mark.parametrize("code", [1, 21, 22])
@pytest.mark.parametrize(
    "result", [None, "", "0", 0, "null", True, [], ["1"], {}, "1,2", "a b", "x" * 65, "ä", 1.5]
)
def test_accepted_without_a_usable_id_is_unclear(code: int, result: object) -> None:
    assert error_of(200, {"code": code, "result": result}).fault is RemoteFault.UNCLEAR


@pytest.mark.parametrize("status", [400, 404, 500, 302])
def test_a_success_inside_a_failure_is_unclear(status: int) -> None:
    assert error_of(status, {"code": 1, "result": ID}).fault is RemoteFault.UNCLEAR


@pytest.mark.parametrize(
    ("body", "task_id"),
    [
        ({"code": 1, "result": ID}, ID),
        ({"code": 22, "result": "task_2"}, "task_2"),
        ({"code": 21, "result": ID, "properties": {"status": "IN_PROGRESS"}}, ID),
    ],
)
def test_a_filled_window_gives_the_id_to_follow(body: dict[str, Any], task_id: str) -> None:
    assert read_filled(200, {}, json.dumps(body).encode()).task_id == task_id


@pytest.mark.parametrize("properties", [{"status": "MODAL"}, {"remix": True}])
def test_a_filled_window_that_still_waits_is_unclear(properties: dict[str, Any]) -> None:
    body = {"code": 21, "result": ID, "properties": properties}
    with pytest.raises(RemoteError) as caught:
        read_filled(200, {}, json.dumps(body).encode())
    assert caught.value.fault is RemoteFault.UNCLEAR


# -- the table ---------------------------------------------------------------------------------------------------------


def test_every_row_has_a_sentence_and_a_source() -> None:
    # Two rows share their sentence's beginning; each is told apart below.
    spoken = [look_up(sentence) for sentence in SENTENCES]
    assert None not in spoken
    assert [row for row in TABLE if row not in spoken and row.source != "TRUEAI, 403"] == []
    assert all(row.source for row in TABLE)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_row_decides_whatever_the_code(sentence: str) -> None:
    row = look_up(sentence)
    assert row is not None
    for status, code in ((200, 3), (200, 4), (200, 9), (400, 4), (400, 5)):
        error = error_of(status, {"code": code, "description": sentence})
        assert (error.fault, error.kind) == (row.fault, row.kind), (sentence, status, code)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_row_is_found_in_all_four_formats(sentence: str) -> None:
    row = look_up(sentence)
    assert row is not None
    formats: tuple[object, ...] = (
        {"code": 9, "description": sentence, "type": "upstream_error"},
        {"success": False, "code": -1, "message": sentence},
        {"error": {"message": sentence, "type": "new_api_error"}},
        sentence.encode(),
    )
    for body in formats:
        assert error_of(400, body).fault is row.fault


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_refusal_inside_a_crash_is_not_believed(sentence: str) -> None:
    row = look_up(sentence)
    assert row is not None
    fault = error_of(500, {"success": False, "code": -1, "message": sentence}).fault
    assert fault is (RemoteFault.UNCLEAR if row.fault is RemoteFault.REFUSED else row.fault)


def test_no_row_is_looked_for_beyond_the_beginning_of_an_answers_words() -> None:
    assert look_up("a" * LONGEST_JUDGED + "队列已满") is None
    assert look_up("提交" + "a" * 41 + "任务异常") is None


@pytest.mark.parametrize(
    ("status", "body", "fault", "kind"),
    [
        # What the code alone says.
        (200, {"code": 23, "description": "?", "result": ID}, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (200, {"code": 24, "description": "?"}, RemoteFault.REFUSED, FailureKind.BANNED_PROMPT),
        (429, {"code": 30, "description": "?"}, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (400, {"code": 5, "description": "?"}, RemoteFault.UNCLEAR, None),
        (200, {"code": 3, "description": "?"}, RemoteFault.REFUSED, FailureKind.UNKNOWN),
        (404, {"code": 3, "description": "?"}, RemoteFault.REFUSED, FailureKind.UNKNOWN),
        # What nobody knows may have been accepted.
        (
            503,
            {"error": {"message": "获取分组 vip 下模型 mj_imagine 的可用渠道失败\uff08distributor\uff09: x"}},
            RemoteFault.THROTTLED,
            FailureKind.ACCOUNT,
        ),
        (
            503,
            {
                "error": {
                    "message": "Failed to get available channel for model a under group b (distributor): x"
                }
            },
            RemoteFault.THROTTLED,
            FailureKind.ACCOUNT,
        ),
        (
            503,
            {"error": {"message": "获取分组 vip 下模型 a 的可用渠道失败\uff08retry\uff09: x"}},
            RemoteFault.UNCLEAR,
            None,
        ),
        (200, {"code": 4, "description": "?"}, RemoteFault.UNCLEAR, None),
        (400, {"code": 4, "description": "?"}, RemoteFault.UNCLEAR, None),
        (200, {"code": 9, "description": "?"}, RemoteFault.UNCLEAR, None),
        (200, {"code": 77, "description": "?"}, RemoteFault.UNCLEAR, None),
        (200, {"success": False, "code": -1, "message": "?"}, RemoteFault.UNCLEAR, None),
        (500, {"success": False, "code": -1, "message": "?"}, RemoteFault.UNCLEAR, None),
        (200, {"success": True}, RemoteFault.UNCLEAR, None),
        (200, {}, RemoteFault.UNCLEAR, None),
        (200, [], RemoteFault.UNCLEAR, None),
        (200, b"", RemoteFault.UNCLEAR, None),
        (204, b"", RemoteFault.UNCLEAR, None),
        (200, b"<html><body>502</body></html>", RemoteFault.UNCLEAR, None),
        (502, b"<html>", RemoteFault.UNCLEAR, None),
        (503, b"", RemoteFault.UNCLEAR, None),
        (408, {"error": {"message": "?"}}, RemoteFault.UNCLEAR, None),
        (499, b"", RemoteFault.UNCLEAR, None),
        (400, b"?", RemoteFault.UNCLEAR, None),
        (400, {"error": {"message": "?", "type": "upstream_error"}}, RemoteFault.UNCLEAR, None),
        # What no handler saw.
        (
            404,
            {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/mj"},
            RemoteFault.REFUSED,
            None,
        ),
        (405, b"", RemoteFault.REFUSED, None),
        (302, b"", RemoteFault.REFUSED, None),
        (400, {"error": {"message": "?", "type": "new_api_error"}}, RemoteFault.REFUSED, None),
        (413, b"<html>", RemoteFault.REFUSED, None),
        # Who pays.
        (401, b"", RemoteFault.KEY, FailureKind.KEY),
        (401, {"error": {"message": "?"}}, RemoteFault.KEY, FailureKind.KEY),
        (401, {"error": {"message": "无效的令牌"}}, RemoteFault.KEY, FailureKind.KEY),
        (401, {"error": {"message": "queue full"}}, RemoteFault.KEY, FailureKind.KEY),
        (
            401,
            {"error": {"message": "该令牌额度已用尽 TokenStatusExhausted[sk-abc***xyz]"}},
            RemoteFault.BALANCE,
            FailureKind.BALANCE,
        ),
        (
            401,
            {"error": {"message": "This token quota is exhausted TokenStatusExhausted[sk-abc***xyz]"}},
            RemoteFault.BALANCE,
            FailureKind.BALANCE,
        ),
        (
            403,
            {"error": {"message": "token quota is not enough, token remain quota: $0.1, need quota: $0.2"}},
            RemoteFault.BALANCE,
            FailureKind.BALANCE,
        ),
        (
            403,
            {"error": {"message": "?", "code": "pre_consume_token_quota_failed"}},
            RemoteFault.BALANCE,
            FailureKind.BALANCE,
        ),
        (403, {"success": False, "message": "?"}, RemoteFault.KEY, None),
        (403, b"", RemoteFault.REFUSED, FailureKind.ACCOUNT),
        (402, b"", RemoteFault.BALANCE, None),
        (429, b"", RemoteFault.THROTTLED, None),
        (429, {"code": 9, "description": "今日绘图次数已达上限"}, RemoteFault.BALANCE, FailureKind.BALANCE),
    ],
)
def test_what_the_words_do_not_say_status_and_code_do(
    status: int, body: object, fault: RemoteFault, kind: FailureKind | None
) -> None:
    error = error_of(status, body)
    assert (error.fault, error.kind) == (fault, kind)


def test_no_free_account_is_not_an_unknown_task() -> None:
    busy = error_of(200, {"code": 3, "description": "无可用的账号实例"})
    gone = error_of(200, {"code": 3, "description": "关联任务不存在或已失效"})
    other = error_of(200, {"code": 3, "description": "找不到"})
    assert (busy.fault, busy.retry_after) == (RemoteFault.THROTTLED, 60.0)
    assert [failure_of(error).kind for error in (busy, gone, other)] == [
        FailureKind.ACCOUNT,
        FailureKind.GONE,
        FailureKind.UNKNOWN,
    ]
    assert failure_of(other).words == "找不到"


def test_a_servers_own_wait_wins() -> None:
    body = {"code": 3, "description": "无可用的账号实例"}
    assert error_of(200, body, {"Retry-After": "7"}).retry_after == 7
    assert error_of(503, b"", {"Retry-After": "7"}).fault is RemoteFault.THROTTLED
    assert error_of(799, b"").message == "HTTP 799"


def test_a_prompt_that_is_echoed_does_not_decide() -> None:
    body = {"code": 9, "description": "提交失败\uff0c系统异常 a full queue, 余额不足, 禁止上传"}
    assert error_of(200, body).fault is RemoteFault.UNCLEAR


# -- the other answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"code": 24, "description": "可能包含敏感词\uff0c多次提交将导致账号封禁"}),
        (
            200,
            {
                "code": 4,
                "description": "Banned prompt detected. Repeated attempts will get your account banned.",
            },
        ),
        (400, {"error": {"message": "This violates our content policy. Account suspended if repeated"}}),
    ],
)
def test_a_refused_prompt_that_warns_of_a_ban_is_told_as_a_refused_prompt(status: int, body: object) -> None:
    error = error_of(status, body)

    assert error.fault is RemoteFault.REFUSED
    assert failure_of(error).kind is FailureKind.BANNED_PROMPT


def test_an_upload_gives_its_address() -> None:
    body = {"code": 1, "result": ["https://cdn.example/a.png"]}
    assert read_upload(200, {}, json.dumps(body).encode()) == "https://cdn.example/a.png"
    results: tuple[object, ...] = ([], None, [5], ["ftp://x"], {})
    for result in results:
        with pytest.raises(RemoteError, match="no address"):
            read_upload(200, {}, json.dumps({"code": 1, "result": result}).encode())


@pytest.mark.parametrize(
    ("status", "body", "seed"),
    [
        (200, {"code": 1, "result": "2846193057"}, "2846193057"),
        (200, {"code": 1, "result": 5}, "5"),
        (200, {"code": 1, "seed": "77"}, "77"),
        (200, {"code": 1, "result": "soon"}, None),
        (200, {"code": 1, "result": True}, None),
        (200, {"code": 3, "description": "未找到 seed"}, None),
        (404, {"code": 3, "description": "关联任务不存在或已失效"}, None),
        (404, {"timestamp": 1, "status": 404, "error": "Not Found"}, None),
    ],
)
def test_a_seed_is_digits_or_nothing(status: int, body: object, seed: str | None) -> None:
    assert read_seed(status, {}, json.dumps(body).encode()) == seed


def test_trouble_with_a_seed_or_a_cancel_is_trouble() -> None:
    for read in (read_seed, read_cancelled):
        with pytest.raises(RemoteError) as caught:
            read(401, {}, b"")
        assert caught.value.fault is RemoteFault.KEY


@pytest.mark.parametrize(
    ("status", "body", "real"),
    [
        (200, b'{"code":1,"description":"ok"}', True),
        (200, b"", False),
        (400, "演示模式\uff0c禁止操作".encode(), False),
        (404, b"", False),
        (500, b"", False),
    ],
)
def test_a_cancel_is_real_only_if_it_is_said(status: int, body: bytes, *, real: bool) -> None:
    assert read_cancelled(status, {}, body) is real


def test_a_balance_may_be_without_limit_and_must_be_there() -> None:
    def usage(data: object) -> bytes:
        return json.dumps({"code": True, "data": data}).encode()

    unlimited = read_usage(200, {}, usage({"unlimited_quota": True, "total_used": 5}))
    assert unlimited.available is None
    assert int(unlimited.used) == 5
    with pytest.raises(RemoteError, match="no balance"):
        read_usage(200, {}, usage({}))
    with pytest.raises(RemoteError):
        read_usage(404, {}, b"")


# -- anything ----------------------------------------------------------------------------------------------------------

NAMES = ("code", "description", "result", "properties", "success", "message", "error", "type", "statusCode")


@given(
    st.integers(100, 999),
    st.binary()
    | json_values.map(lambda v: json.dumps(v).encode())
    | st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, json_values)).map(
        lambda v: json.dumps(v).encode()
    ),
)
@settings(deadline=None)
def test_nothing_makes_a_reader_raise_anything_but_a_remote_error(status: int, body: bytes) -> None:
    for read in (read_submission, read_filled, read_upload, read_seed, read_cancelled, read_usage):
        with suppress(RemoteError):
            read(status, {}, body)


@given(st.text())
def test_what_is_quoted_is_short(words: str) -> None:
    assert len(error_of(200, {"code": 9, "description": words * 100}).message) <= 500


@given(st.integers(1, 64).flatmap(lambda n: st.text("0123456789abcXYZ_-.:~", min_size=n, max_size=n)))
@settings(deadline=None)
def test_an_id_comes_back_as_it_was_sent(task_id: str) -> None:
    if task_id != "0":
        assert said(200, {"code": 1, "result": task_id}) == Accepted(RemoteTaskId(task_id))


@given(st.integers(400, 599), st.sampled_from([4, 5, 9, -1]), st.text(max_size=40))
@settings(deadline=None)
def test_words_that_nobody_knows_never_look_like_a_sure_refusal(status: int, code: int, words: str) -> None:
    error = error_of(status, {"code": code, "description": words})
    if look_up(words) is None and status not in {401, 402, 403, 429}:
        assert error.fault is RemoteFault.UNCLEAR
