"""The family's refusals as a table: which words, by which server, mean what for a caller (family §0.5, §8).
Never here: I/O, and the order in which an answer's status, code and words are asked (`answers`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.domain.failures import LONGEST_JUDGED, FailureKind
from bot.errors import RemoteFault


@dataclass(frozen=True, slots=True)
class Row:
    """One line: if the words are in the answer, that is what it means."""

    words: re.Pattern[str]
    fault: RemoteFault
    kind: FailureKind | None
    """None where the fault says all."""
    source: str
    """Where these words come from."""
    wait: float | None = None
    """Seconds before it is worth asking again."""


def _row(
    words: str, fault: RemoteFault, kind: FailureKind | None, source: str, *, wait: float | None = None
) -> Row:
    return Row(re.compile(words, re.IGNORECASE), fault, kind, source, wait)


NO_SUCH_SPEED: Final = re.compile(r"无效的加速模式|invalid speed mode", re.IGNORECASE)
"""By these words a gateway refuses a path prefix that means nothing."""
_ACCOUNT_WAIT: Final = 60.0
"""A proxy without a free account often has one a minute later (NOVI#252)."""
_KEY, _BALANCE, _THROTTLED, _UNCLEAR, _REFUSED = (
    RemoteFault.KEY,
    RemoteFault.BALANCE,
    RemoteFault.THROTTLED,
    RemoteFault.UNCLEAR,
    RemoteFault.REFUSED,
)
_K: Final = FailureKind

# Read from the top: what may have been accepted comes first, then narrow sentences before wide ones. Prompts can be
# echoed in an answer, hence whole phrases. NOVI, PLUS, TRUEAI, NEWAPI and ONEHUB are the programs whose sources and
# documents the contract cites; TRUEAI-2 is TRUEAI's exception filter, which answers with `success: false`.
TABLE: Final[tuple[Row, ...]] = (
    # The gateway's call to the proxy broke, or it could not keep what it got: the proxy may well be working.
    _row(r"do_request_failed", _UNCLEAR, None, "NEWAPI, HTTP 400, code 5"),
    _row(r"read_response_body_failed", _UNCLEAR, None, "NEWAPI, HTTP 400, code 5"),
    _row(r"unmarshal_response_body_failed", _UNCLEAR, None, "NEWAPI, HTTP 400, code 5"),
    _row(r"empty_response_body", _UNCLEAR, None, "NEWAPI, HTTP 400, code 5"),
    _row(r"close_\w{1,40}_failed", _UNCLEAR, None, "NEWAPI, HTTP 400, code 5"),
    _row(r"insert_midjourney_task_failed", _UNCLEAR, None, "NEWAPI, HTTP 400, code 4"),
    _row(r"copy_response_body_failed", _UNCLEAR, None, "NEWAPI, HTTP 400, code 4"),
    _row(r"提交失败.系统异常", _UNCLEAR, None, "TRUEAI, code 9: the row was deleted, the queue perhaps not"),
    _row(r"提交\w{1,40}任务异常", _UNCLEAR, None, "TRUEAI, code 4"),
    _row(r"操作失败", _UNCLEAR, None, "TRUEAI-2, HTTP 500, and as a task's reason"),
    # Who pays.
    _row(
        r"无效的令牌|该令牌(?:已过期|已禁用|状态不可用)|invalid token",
        _KEY,
        _K.KEY,
        "NEWAPI, error format, 401/403",
    ),
    _row(r"账号已禁用", _KEY, _K.KEY, "TRUEAI, 401 as text"),
    _row(r"Authorization header missing", _KEY, _K.KEY, "TRUEAI, 401 as text"),
    _row(r"未登录|您无权限访问", _KEY, _K.KEY, "TRUEAI, 403"),
    _row(r"演示模式", _REFUSED, _K.KEY, "TRUEAI, HTTP 400 as text: only its administrator may"),
    _row(r"quota_not_enough", _BALANCE, _K.BALANCE, "NEWAPI, HTTP 400 or 403, code 4"),
    _row(
        r"(?:用户|令牌)?(?:剩余)?额度\s*(?:不足|已用尽|用完)|令牌额度|TokenStatusExhausted"
        r"|(?:user|token) quota is (?:not enough|exhausted)|pre_consume_token_quota_failed",
        _BALANCE,
        _K.BALANCE,
        "NEWAPI, error format, 401/403",
    ),
    _row(
        r"余额不足|insufficient[ _](?:user[ _])?(?:quota|balance|credits?|funds?)",
        _BALANCE,
        _K.BALANCE,
        "resellers",
    ),
    _row(r"(?:今日|总|访客今日)绘图次数已达上限", _BALANCE, _K.BALANCE, "TRUEAI-2, until the next day"),
    # Nothing was taken for want of a place.
    _row(r"队列已满|队列数已达上限", _THROTTLED, _K.QUEUE_FULL, "TRUEAI, code 9; TRUEAI-2"),
    _row(r"并发数已达上限", _THROTTLED, _K.QUEUE_FULL, "TRUEAI-2"),
    _row(r"负载已饱和", _THROTTLED, _K.QUEUE_FULL, "NEWAPI, HTTP 429, code 30"),
    _row(
        # Not where it says that it looked for another channel: the first may have taken the job.
        r"无可用渠道|no available channel|的可用渠道失败(?!.{0,2}retry)|failed to get available channels? .*\(distributor\)",
        _THROTTLED,
        _K.ACCOUNT,
        "NEWAPI, error format, 503, before anything is sent on",
        wait=_ACCOUNT_WAIT,
    ),
    _row(r"queue (?:is )?full|too many requests|rate.?limit", _THROTTLED, _K.QUEUE_FULL, "resellers"),
    # The server's own Midjourney accounts.
    _row(r"账号已被临时封锁", _REFUSED, _K.ACCOUNT, "TRUEAI: our user there was barred for prompts"),
    _row(r"该任务所属渠道已被禁用", _REFUSED, _K.ACCOUNT, "NEWAPI, HTTP 400: the parent's channel is off"),
    _row(
        r"无可用的账号实例|no available (?:account|instance)",
        _THROTTLED,
        _K.ACCOUNT,
        "NOVI, PLUS, TRUEAI, code 3",
        wait=_ACCOUNT_WAIT,
    ),
    _row(
        r"账号不可用\s*[:\uff1a]|实例不存在或不可用|实例不可用",
        _THROTTLED,
        _K.ACCOUNT,
        "NOVI, TRUEAI, code 3",
        wait=_ACCOUNT_WAIT,
    ),
    _row(r"账号不可用", _KEY, _K.KEY, "TRUEAI, 403 as text: our user there is switched off"),
    _row(r"get_channel_info_failed", _THROTTLED, _K.ACCOUNT, "NEWAPI, HTTP 400", wait=_ACCOUNT_WAIT),
    _row(r"服务暂不可用.请联系管理员", _THROTTLED, _K.ACCOUNT, "TRUEAI", wait=_ACCOUNT_WAIT),
    # Words that are not allowed.
    _row(
        r"敏感词|违禁|banned[ _]?word|banned prompt",
        _REFUSED,
        _K.BANNED_PROMPT,
        "NOVI, PLUS, TRUEAI, code 24",
    ),
    # Pictures.
    _row(
        r"base64格式错误|链接格式错误|图片参数错误|2.5张图片|dimensions参数错误",
        _REFUSED,
        _K.INVALID_IMAGE,
        "NOVI, TRUEAI, code 4",
    ),
    _row(r"禁止上传", _REFUSED, _K.INVALID_IMAGE, "TRUEAI, code 4: the owner takes no uploads"),
    _row(r"上传失败|上传图片到discord失败", _REFUSED, _K.INVALID_IMAGE, "NOVI, PLUS, TRUEAI, code 9"),
    # The parent.
    _row(
        r"关联任务不存在或已失效|目标任务不存在|未找到父级任务",
        _REFUSED,
        _K.GONE,
        "NOVI, PLUS, TRUEAI, code 3 or HTTP 404",
    ),
    _row(r"\btask_(?:not?|no_?t?)_found\b", _REFUSED, _K.GONE, "NEWAPI, ONEHUB, HTTP 400, code 4"),
    _row(
        r"关联任务状态错误|task_status_not_success", _REFUSED, _K.UNKNOWN, "TRUEAI, code 4; NEWAPI, HTTP 400"
    ),
    # What was asked.
    _row(
        r"bind_request_body_failed|prompt_is_required|custom_id_is_required|index_parse_failed|task_id_is_required|invalid_request",
        _REFUSED,
        _K.UNKNOWN,
        "NEWAPI, HTTP 400, code 4: before anything is sent on",
    ),
    _row(
        r"价格(?:未|尚未由管理员)配置|price not (?:set|configured)|not been priced by the administrator",
        _REFUSED,
        _K.UNKNOWN,
        "NEWAPI, HTTP 400, code 4: before anything is sent on",
    ),
    _row(
        r"unknown_action:",
        _REFUSED,
        _K.UNKNOWN,
        "NEWAPI, ONEHUB, HTTP 400: a button that gateways do not sell",
    ),
    _row(
        r"未知的\s*Action\s*类型|该任务不支持重新生成|关联任务不允许执行变化|当前账号不支持|无效的\s*PicReader\s*索引",
        _REFUSED,
        _K.UNKNOWN,
        "TRUEAI, code 4",
    ),
    Row(NO_SUCH_SPEED, _REFUSED, _K.UNKNOWN, "ONEHUB and its English forks, HTTP 400, code 4"),
    _row(r"视频功能未启用", _REFUSED, _K.UNKNOWN, "TRUEAI, code 4"),
    _row(r"prompt\s*不能为空", _REFUSED, _K.INVALID_PROMPT, "NOVI, PLUS, TRUEAI, code 4"),
    _row(
        r"(?:State|NotifyHook)参数过长", _REFUSED, _K.UNKNOWN, "TRUEAI-2: ours are shorter, so a bug of ours"
    ),
    _row(r"未找到\s*seed", _REFUSED, _K.UNKNOWN, "TRUEAI, code 3, of a seed"),
    _row(
        r"参数错误|不能为空|格式错误|\bis required\b",
        _REFUSED,
        _K.UNKNOWN,
        "NOVI, PLUS, TRUEAI, code 4: checked before the queue",
    ),
)
"""The first row that matches counts. What none knows is for `answers` to judge by status and code."""


def look_up(words: str) -> Row | None:
    """The row for an answer's words, as far as they are judged."""
    words = words[:LONGEST_JUDGED]
    return next((row for row in TABLE if row.words.search(words)), None)
