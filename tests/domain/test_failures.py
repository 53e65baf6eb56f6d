"""Upstream's words are understood in both languages, quoted where that helps, and each kind has its sentences.
Never here: how a failure is drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.failures import (
    LONGEST_JUDGED,
    QUOTED,
    WORDS_LIMIT,
    Failure,
    FailureKind,
    failure_of,
    is_queue_full,
    read_failure,
)
from bot.errors import RemoteError, RemoteFault
from bot.i18n import Catalogues
from bot.texts import text

K = FailureKind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("[Invalid parameter] Unrecognized parameter(s): `--foo`", K.INVALID_PARAMETER),
        ("Your request was rejected by the safety system.", K.BANNED_PROMPT),
        ("[Invalid prompt] The prompt is odd", K.INVALID_PROMPT),
        ("[Invalid link] Could not fetch the image", K.INVALID_IMAGE),
        ("[Banned prompt detected] The word `gore` is not allowed", K.BANNED_PROMPT),
        ("[Request cancelled due to output filters] …", K.OUTPUT_FILTERED),
        ("[Queue full] Your job queue is full.", K.QUEUE_FULL),
        ("[Credits exhausted] You have used up your fast hours.", K.ACCOUNT),
        ("[Pending mod message] please read", K.ACCOUNT),
        ("[Blocked] You have been blocked", K.ACCOUNT),
        ("[Plan Cancelled]", K.ACCOUNT),
        ("[Subscription required] …", K.ACCOUNT),
        ("[Subscription paused] …", K.ACCOUNT),
        ("[Action needed to continue] …", K.NEEDS_INPUT),
        ("【Invalid parameter】 坏", K.INVALID_PARAMETER),
        ("Failed to process your command :(", K.UNKNOWN),
        ("[Something new] the sky fell", K.UNKNOWN),
        ("[Something new] queue full", K.QUEUE_FULL),
        ("queue is full, try again", K.QUEUE_FULL),
        ("队列已满\uff0c请稍后尝试", K.QUEUE_FULL),
        ("提交失败\uff0c排队人数已满", K.QUEUE_FULL),
        ("可能包含敏感词", K.BANNED_PROMPT),
        ("提示词违禁", K.BANNED_PROMPT),
        ("contains a sensitive word", K.BANNED_PROMPT),
        ("参数错误", K.INVALID_PARAMETER),
        ("无效参数 --foo", K.INVALID_PARAMETER),
        ("提示词不能为空", K.INVALID_PROMPT),
        ("垫图链接无法访问", K.INVALID_IMAGE),
        ("余额不足\uff0c请充值", K.BALANCE),
        ("insufficient_balance_error", K.BALANCE),
        ("无可用的账号实例", K.ACCOUNT),
        ("账号已被封禁", K.ACCOUNT),
        ("账号因违规已被封禁", K.ACCOUNT),
        ("Your account was suspended for violating content policy", K.ACCOUNT),
        ("Account blocked by moderation", K.ACCOUNT),
        ("User has been banned", K.ACCOUNT),
        ("Banned word: user banned", K.BANNED_PROMPT),
        ("The prompt 'user banned' is against community standards", K.BANNED_PROMPT),
        ("Account suspended for breaking our content policy", K.ACCOUNT),
        ("Sensitive word detected, you are permanently banned", K.ACCOUNT),
        ("违规内容\uff0c账号已被系统封禁", K.ACCOUNT),
        ("账号会话已过期\uff0c请联系管理员", K.ACCOUNT),
        ("Midjourney账号会话过期\uff0c请重新登录", K.ACCOUNT),
        ("用戶會話已被停用", K.ACCOUNT),
        ("您的行为导致账号已被封禁", K.ACCOUNT),
        ("您的行为导致账号目前已被封禁", K.ACCOUNT),
        ("您的行為導致帳號已被封禁", K.ACCOUNT),
        ("违规操作导致用户已被禁用", K.ACCOUNT),
        ("账号异常\uff0c将自动禁用", K.ACCOUNT),
        ("账号异常\uff0c将自动禁用\uff0c请稍后再试", K.ACCOUNT),
        ("账号将自动暂停", K.ACCOUNT),
        ("用户将被停用", K.ACCOUNT),
        ("Multiple violations: your account is blocked", K.ACCOUNT),
        ("After review, your account is banned", K.ACCOUNT),
        ("Repeated abuse detected, user is banned", K.ACCOUNT),
        ("Please contact support if needed, your account is suspended", K.ACCOUNT),
        ("Request failed after 3 retries: account disabled", K.ACCOUNT),
        ("Multiple failed logins, account suspended", K.ACCOUNT),
        ("Can not continue, account suspended", K.ACCOUNT),
        ("You can not continue because your account is suspended", K.ACCOUNT),
        ("Failed to get task because the account is disabled", K.ACCOUNT),
        ("Could not get a session since the account is suspended", K.ACCOUNT),
        ("Jobs may fail because your account is banned", K.ACCOUNT),
        ("User can only view pictures, the user is restricted", K.ACCOUNT),
        ("Your API key or your account is disabled", K.ACCOUNT),
        ("The task can't run as the user is banned", K.ACCOUNT),
        ("Please try again, account disabled", K.ACCOUNT),
        ("Unable to submit until you pay: account suspended", K.ACCOUNT),
        ("You may write to us, your account is suspended", K.ACCOUNT),
        ("令牌无效", K.KEY),
        ("Unauthorized", K.KEY),
        ("关联任务不存在或已失效", K.GONE),
        ("the related task 5 does not exist or has expired", K.GONE),
        ("等待弹窗确认", K.NEEDS_INPUT),
        # as public proxies say it (see the comment at the signs)
        ("提交失败\uff0c队列已满\uff0c请稍后重试", K.QUEUE_FULL),
        ("Submission failed, queue is full, please try again later", K.QUEUE_FULL),
        ("当前分组上游负载已饱和\uff0c请稍后再试", K.QUEUE_FULL),
        ("账号已被临时封锁\uff0c请勿使用违规词作图", K.BANNED_PROMPT),
        ("sensitive_words_detected", K.BANNED_PROMPT),
        ("base64格式错误", K.INVALID_IMAGE),
        ("垫图base64重复", K.INVALID_IMAGE),
        ("上传图片到discord失败", K.INVALID_IMAGE),
        ("dimensions参数错误", K.INVALID_PARAMETER),
        ("prompt不能为空", K.INVALID_PROMPT),
        ("账号不可用或accountFilter设置错误", K.ACCOUNT),
        ("帐户已过期", K.ACCOUNT),
        ("账户会员已过期", K.ACCOUNT),
        ("用户会员已停用", K.ACCOUNT),
        ("请求失败\uff0c禁用账号", K.ACCOUNT),
        ("No available account instance", K.ACCOUNT),
        ("实例不可用", K.ACCOUNT),
        ("今日绘图次数已达上限", K.ACCOUNT),
        ("用户额度不足, 剩余额度: 0", K.BALANCE),
        ("预扣费额度失败", K.BALANCE),
        ("账户余额不足", K.BALANCE),
        ("quota_not_enough", K.BALANCE),
        ("该令牌状态不可用", K.KEY),
        ("无效的令牌", K.KEY),
        ("不支持的动作", K.NEEDS_INPUT),
        ("关联动作不存在", K.GONE),
        ("关联任务状态错误", K.GONE),
        ("任务不存在或已失效", K.GONE),
        ("提示词包含敏感内容\uff0c请修改后重试", K.BANNED_PROMPT),
        ("可能包含敏感信息", K.BANNED_PROMPT),
        ("内容审核未通过", K.BANNED_PROMPT),
        ("未通过内容安全审核", K.BANNED_PROMPT),
        ("内容不合规", K.BANNED_PROMPT),
        ("Your prompt contains sensitive content", K.BANNED_PROMPT),
        ("content_policy_violation", K.BANNED_PROMPT),
        ("This request violates our content policy", K.BANNED_PROMPT),
        ("might be against our community standards", K.BANNED_PROMPT),
        ("inappropriate content detected", K.BANNED_PROMPT),
        ("[Sorry! Our AI moderators feel your prompt might be against our standards]", K.BANNED_PROMPT),
        ("[Action needed to continue] Our AI moderator is unsure about this prompt", K.BANNED_PROMPT),
        ("Action needed to continue, Our AI moderator thinks this is against our rules", K.BANNED_PROMPT),
        ("[Action needed to continue] Please confirm your settings", K.NEEDS_INPUT),
        ("生成的图片包含敏感内容", K.OUTPUT_FILTERED),
        ("输出内容未通过审核", K.OUTPUT_FILTERED),
        ("The generated image was moderated", K.OUTPUT_FILTERED),
        ("You are being rate limited.", K.QUEUE_FULL),
        ("rate_limit_exceeded", K.QUEUE_FULL),
        ("[Slow down!] Please slow down", K.QUEUE_FULL),
        ("请求过于频繁\uff0c请稍后再试", K.QUEUE_FULL),
        ("操作太频繁", K.QUEUE_FULL),
        ("请求频率超过限制", K.QUEUE_FULL),
        ("已触发限流", K.QUEUE_FULL),
        ("case-sensitive option", K.UNKNOWN),
        ("任务超时", K.SERVER_TIMED_OUT),
        ("执行超时 5 分钟", K.SERVER_TIMED_OUT),
        ("任务提交超时", K.SERVER_TIMED_OUT),
        ("超时\uff0c未找到消息", K.SERVER_TIMED_OUT),
        ("上游任务超时\uff08超过1小时\uff09", K.SERVER_TIMED_OUT),
        ("取消任务", K.SERVER_CANCELLED),
        ("主动取消任务", K.SERVER_CANCELLED),
        ("强制取消", K.SERVER_CANCELLED),
        ("删除任务", K.SERVER_CANCELLED),
        ("任务已被取消", K.SERVER_CANCELLED),
        ("CANCEL", K.SERVER_CANCELLED),
        ("cancelled", K.SERVER_CANCELLED),
        ("取消", K.UNKNOWN),
        ("提交失败\uff0c系统异常", K.UNKNOWN),
        ("[Internal Server Error] timeout", K.UNKNOWN),
        ("execution timed out", K.UNKNOWN),
        ("服务器内部错误", K.UNKNOWN),
        ("", K.UNKNOWN),
        ("FAILURE", K.UNKNOWN),
    ],
)
def test_the_reason_is_understood(words: str, kind: FailureKind) -> None:
    assert read_failure(words).kind is kind
    assert is_queue_full(words) == (kind is K.QUEUE_FULL)


@pytest.mark.parametrize(
    "words",
    [
        "Banned prompt detected. Repeated attempts will get your account banned.",
        "Banned prompt detected. Your account may get permanently banned",
        "Prompt contains a banned word; users who repeat this get their account blocked",
        "Prompt contains a banned word. If you go on, your account is suspended",
        "Prompt contains a banned word, your account is suspended if you repeat it",
        "This prompt violates our community standards. Account suspended if repeated",
        "The content was flagged by moderation: user blocked words",
        "Banned word 'x' by user is blocked by moderators",
        "Sensitive word detected. Do not try this again or you are banned",
        "可能包含敏感词\uff0c多次提交将导致账号封禁",
        "提示词包含敏感词\uff0c多次违规账号将被封禁",
        "检测到违禁词\uff0c继续使用会导致账号被封",
        "内容审核未通过\uff0c账号多次违规会被封号",
        "包含敏感词\uff0c用户多次提交封号",
    ],
)
def test_a_refused_prompt_that_warns_of_a_ban_is_a_refused_prompt(words: str) -> None:
    assert read_failure(words).kind is K.BANNED_PROMPT


@pytest.mark.parametrize(
    "words",
    [
        "Your prompt is not allowed. Repeated attempts will get your account banned.",
        "This is against our rules. Repeated attempts will get your account banned.",
        "This is not allowed, repeated attempts may see your account banned",
        "This is not allowed: you risk your account suspended",
        "This is not allowed. Do not try this again or you are banned",
        "Not allowed. If you go on, your account is suspended",
        "Not allowed, if you go on, your account is suspended",
        "Not allowed, your account is suspended if you repeat it",
        "Write to us if your account is suspended",
        "提示词不被允许\uff0c多次提交将导致账号封禁",
        "提示词不被允许\uff0c多次提交账号会被封禁",
        "提示词不被允许\uff0c账号将被封禁",
        "多次提交将导致账号封禁\uff0c已记录",
        "继续提交账号将被封禁",
        "继续提交用户将被禁用",
        "如果再次提交\uff0c账号将被封禁",
        "账号将被封禁\uff0c若再次提交",
    ],
)
def test_a_ban_that_is_only_threatened_is_no_ban(words: str) -> None:
    assert read_failure(words) == Failure(K.UNKNOWN, words)


def test_only_the_title_decides_because_the_words_may_repeat_the_prompt() -> None:
    assert not is_queue_full("[Invalid parameter] `--foo queue full` is unknown")
    assert not is_queue_full("Failed to draw “a queue full of cats”")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("频率", "限制"),
        ("链接", "失败"),
        ("参数", "错误"),
        ("prompt", "无效"),
        ("账号", "不可用"),
        ("时长", "用尽"),
        ("次数", "达上限"),
        ("次数达", "上限"),
        ("quota", "insufficient"),
        ("余额", "不足"),
        ("扣费", "失败"),
        ("令牌", "无效"),
        ("等待", "窗口"),
        ("任务", "不存在"),
    ],
)
def test_what_stands_far_apart_is_not_taken_for_one_sentence(first: str, last: str) -> None:
    assert read_failure(f"{first} … {last}").kind is not K.UNKNOWN
    assert read_failure(f"{first}{' a fox' * 20}{last}").kind is K.UNKNOWN


def test_a_reason_is_judged_no_further_than_its_beginning() -> None:
    told = read_failure("a" * LONGEST_JUDGED + " queue full")

    assert told.kind is K.UNKNOWN
    assert told.words is not None
    assert read_failure("a" * (LONGEST_JUDGED - 11) + " queue full").kind is K.QUEUE_FULL


@pytest.mark.parametrize("words", ["FAILURE", " failed. ", "null", "", "\u200b\n"])
def test_words_that_say_nothing_are_not_quoted(words: str) -> None:
    assert read_failure(words) == Failure(K.UNKNOWN)


def test_words_are_kept_where_they_help_on_one_line_and_cut() -> None:
    told = read_failure("[Invalid parameter]\n\n `--foo`\tis\u202e unknown")
    long = read_failure("something " * 100)

    assert told.words == "[Invalid parameter] `--foo` is unknown"
    assert long.words is not None
    assert len(long.words) == WORDS_LIMIT
    assert long.words.endswith("…")
    assert read_failure("[Blocked] account 12 of …").words is None


@given(st.text(max_size=600))
def test_any_text_gives_a_failure_that_is_short_and_on_one_line(words: str) -> None:
    failure = read_failure(words)

    assert failure.words is None or (failure.kind in QUOTED and 0 < len(failure.words) <= WORDS_LIMIT)
    assert (
        failure.words is None
        or failure.words.isprintable()
        or failure.words == " ".join(failure.words.split())
    )


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (RemoteFault.KEY, K.KEY),
        (RemoteFault.BALANCE, K.BALANCE),
        (RemoteFault.THROTTLED, K.QUEUE_FULL),
        (RemoteFault.UNREACHED, K.UNREACHABLE),
        (RemoteFault.UNCLEAR, K.LOST),
        (RemoteFault.REFUSED, K.BANNED_PROMPT),
    ],
)
def test_a_refused_call_is_told_by_its_fault_and_a_refusal_by_its_words(
    fault: RemoteFault, kind: FailureKind
) -> None:
    assert failure_of(RemoteError(fault, "可能包含敏感词")).kind is kind


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_kind_says_why_and_what_to_do_next(kind: FailureKind) -> None:
    catalogues = Catalogues.load(strict=True)

    for said in (Failure(kind).text, text(f"advice.{kind}")):
        assert catalogues.render(said, "en") != said.id


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Invalid parameter, --ar 0:3 is out of range", FailureKind.INVALID_PARAMETER),
        ("Banned prompt, the word `gore` is not allowed", FailureKind.BANNED_PROMPT),
        ("Queue full, please wait for a job to finish first", FailureKind.QUEUE_FULL),
        ("Blocked", FailureKind.ACCOUNT),
        ("Plan Cancelled", FailureKind.ACCOUNT),
        ("Pending mod message", FailureKind.ACCOUNT),
        ("任务失败\uff0c请重试", FailureKind.ACCOUNT),
        ("blocked by nothing, really", FailureKind.UNKNOWN),
        ("blocked streets", FailureKind.UNKNOWN),
    ],
)
def test_a_title_may_stand_without_brackets(reason: str, kind: FailureKind) -> None:
    assert read_failure(reason).kind is kind


def test_what_the_adapter_knows_wins_over_the_words() -> None:
    gone = RemoteError(RemoteFault.REFUSED, "queue full", kind=FailureKind.GONE)
    unknown = RemoteError(RemoteFault.REFUSED, "the related\ntask expired", kind=FailureKind.UNKNOWN)
    assert failure_of(gone) == Failure(FailureKind.GONE)
    assert failure_of(unknown) == Failure(FailureKind.UNKNOWN, "the related task expired")
