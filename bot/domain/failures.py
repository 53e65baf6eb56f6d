"""Why a job brought no picture: kinds of failure, and how upstream's words are read.
Never here: sentences for people; each kind names its sentence in the catalogues."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.errors import RemoteError, RemoteFault
from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS_LIMIT: Final = 300
"""Characters of upstream's words that are kept."""
LONGEST_JUDGED: Final = 4_000
"""Characters of upstream's words that are read for what a refusal means."""


class FailureKind(StrEnum):
    """Reasons that people are told apart, each with its own way forward (contract §1.8)."""

    INVALID_PARAMETER = "invalid_parameter"
    INVALID_PROMPT = "invalid_prompt"
    INVALID_IMAGE = "invalid_image"
    BANNED_PROMPT = "banned_prompt"
    OUTPUT_FILTERED = "output_filtered"
    QUEUE_FULL = "queue_full"
    KEY = "key"
    """Our key is refused: the owner must act."""
    BALANCE = "balance"
    """The account has no credit: the owner must act."""
    ACCOUNT = "account"
    """The upstream account itself is blocked, paused or out of hours."""
    UNREACHABLE = "unreachable"
    """The service could not be reached for longer than we are willing to keep a person waiting."""
    TIMED_OUT = "timed_out"
    """Nothing changed for too long. We go on looking, and a late picture is still delivered."""
    SERVER_TIMED_OUT = "server_timed_out"
    """The image server's own time limit: final there, though Midjourney may have made it, and been paid."""
    SERVER_CANCELLED = "server_cancelled"
    """Whoever runs the image server cancelled it."""
    NEEDS_INPUT = "needs_input"
    """Upstream waits for a window that its API has no way to fill."""
    UNFILLED = "unfilled"
    """The window that was opened for it was gone before it could be filled: nothing ran."""
    LOST = "lost"
    """We cannot tell whether the call arrived; it was not repeated."""
    GONE = "gone"
    """The service no longer knows the task (or its parent)."""
    NO_PICTURE = "no_picture"
    """Upstream said success and showed nothing."""
    NO_ADDRESS = "no_address"
    """A picture of the prompt could not be handed over: nobody took the file, and no link to it works."""
    UNKNOWN = "unknown"
    """Anything else: upstream's words are quoted."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why, and upstream's own words where they help (to be quoted safely: escaped, cut, no mentions)."""

    kind: FailureKind
    words: str | None = None

    @property
    def text(self) -> Text:
        """The sentence that says why."""
        return text(f"failure.{self.kind.value}")


QUOTED: Final = frozenset(
    {
        FailureKind.UNKNOWN,
        FailureKind.INVALID_PARAMETER,
        FailureKind.INVALID_PROMPT,
        FailureKind.INVALID_IMAGE,
        FailureKind.BANNED_PROMPT,
        FailureKind.OUTPUT_FILTERED,
    }
)
"""Kinds for which upstream's own words help; those of the others could tell of accounts and keys."""

MENDED_BY_WORDS: Final = frozenset(
    {
        FailureKind.INVALID_PARAMETER,
        FailureKind.INVALID_PROMPT,
        FailureKind.BANNED_PROMPT,
        FailureKind.OUTPUT_FILTERED,
    }
)
"""Kinds for which another prompt may well succeed."""

MENDED_BY_TIME: Final = frozenset(
    {
        FailureKind.QUEUE_FULL,
        FailureKind.UNREACHABLE,
        FailureKind.TIMED_OUT,
        FailureKind.SERVER_TIMED_OUT,
        FailureKind.SERVER_CANCELLED,
        FailureKind.UNFILLED,
        FailureKind.LOST,
        FailureKind.NO_PICTURE,
        FailureKind.OUTPUT_FILTERED,
        FailureKind.UNKNOWN,
    }
)
"""Kinds for which the same may well succeed when it is sent once more."""

# Midjourney's titles come in brackets before its words (contract §1.8), and only the title decides then: the words
# may repeat the member's prompt. Without a known title the whole text is searched, the first line that matches wins.
_TITLES: Final[Mapping[str, FailureKind]] = MappingProxyType(
    {
        "invalid parameter": FailureKind.INVALID_PARAMETER,
        "invalid prompt": FailureKind.INVALID_PROMPT,
        "empty prompt": FailureKind.INVALID_PROMPT,
        "invalid link": FailureKind.INVALID_IMAGE,
        "invalid image": FailureKind.INVALID_IMAGE,
        "banned prompt": FailureKind.BANNED_PROMPT,
        "sorry! our ai moderator": FailureKind.BANNED_PROMPT,
        "request cancelled due to": FailureKind.OUTPUT_FILTERED,
        "image denied": FailureKind.OUTPUT_FILTERED,
        "queue full": FailureKind.QUEUE_FULL,
        "credits exhausted": FailureKind.ACCOUNT,
        "pending mod message": FailureKind.ACCOUNT,
        "blocked": FailureKind.ACCOUNT,
        "plan cancelled": FailureKind.ACCOUNT,
        "subscription": FailureKind.ACCOUNT,
        "action needed": FailureKind.NEEDS_INPUT,
    }
)
_THREATENED_ZH: Final = r"[导導]致|再(?![试試])|多次|[继繼][续續]|如果|若|提示[词詞]"
"""Beside these, what will be (将) is a threat; a ban that is announced without them is told as one."""
# Chinese wordings come from the public proxies that answer in the same shapes: NOVICEZK and PLUS (SubmitController,
# DiscordInstance), TRUEAI (SubmitController, DiscordInstance: daily limit, instance, ban), and from the gateways that
# sell them on (new-api: load, quota, token). OhMyGPT's own texts are not known (contract §1.8). TRUEAI replaces
# "Credits exhausted" by 任务失败 with 请重试.
_FULL: Final = (
    r"queue (?:is |was )?full(?! of)|too many (?:jobs|tasks)|队列已?满|排队(?:人数)?已?满|负载已?饱和"
)
"""There was no place: nothing was taken. A rate limit may also end what was taken, at a picture's host."""
_SIGNS: Final[tuple[tuple[FailureKind, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            FailureKind.QUEUE_FULL,
            (
                rf"{_FULL}|too many requests"
                r"|rate[ _-]?limit(?:s|ed|ing)?(?![a-z])|\bslow down\b|(?:请求|操作|访问|提交|调用)(?:过于|太过?|过)?(?:频繁|太快|过快)"
                r"|频率.{0,80}(?:限制|过高|超)|(?:被|触发|已)限流"
            ),
        ),
        (
            FailureKind.OUTPUT_FILTERED,
            (
                r"output filter|cancell?ed due to|图片?(?:违规|被拒)"
                r"|(?:generated|output|result(?:ing)?) (?:image|picture|content).{0,40}(?:sensitive|moderat|unsafe|nsfw|violat|filter)"
                r"|(?:生成|输出|结果).{0,8}(?:敏感|违规|不合规|审核|被拒)"
            ),
        ),
        (
            FailureKind.BANNED_PROMPT,
            (
                r"banned (?:prompt|word)|moderat(?:or|ion)|community (?:standards|guidelines)|违禁|敏感|违规|不合规|不良信息"
                r"|sensitive[ _-]?(?:word|content|information|material|text|prompt|topic)|contains? (?:\w+ )?sensitive"
                r"|(?:content|usage|safety)[ _-]polic(?:y|ies)|policy[ _]violation|safety system|inappropriate (?:content|prompt|word)"
                r"|(?:内容|提示词|文本|安全)?审核(?:未|不|没有?)通过|未通过.{0,6}审核|(?:涉黄|色情|暴力|涉政)"
            ),
        ),
        (
            FailureKind.INVALID_IMAGE,
            (
                r"invalid (?:link|image|url)|could not (?:fetch|download|load) (?:the )?(?:image|picture)"
                r"|(?:图片|图像|链接|垫图|base64).{0,80}(?:无效|错误|失败|无法|重复|不能为空)|无效的?(?:图片|链接)"
            ),
        ),
        (
            FailureKind.INVALID_PARAMETER,
            r"invalid (?:parameter|value provided)|unrecogni[sz]ed parameter|参数.{0,80}(?:错误|无效|有误|不支持)|无效的?参数",
        ),
        (
            FailureKind.INVALID_PROMPT,
            r"(?:invalid|empty) prompt|prompt (?:is |can ?not be )?empty|(?:提示词|prompt).{0,80}(?:无效|错误|为空)",
        ),
        (
            FailureKind.ACCOUNT,
            (
                r"credits? exhausted|subscription (?:required|paused|expired)|plan cancell?ed|pending mod message"
                r"|no available (?:account|instance)|(?:(?<!导致)[账帐][号户]|[账帐][号户](?=[^\uff0c封禁停]{0,6}已))"
                r"(?:(?!会(?![员话])|将|可能).){0,80}(?:封|禁|不可用|暂停|过期)"
                rf"|^(?!.*(?:{_THREATENED_ZH})).*[账帐][号户](?:(?!会(?![员话])|可能).){{0,80}}(?:封|禁|不可用|暂停|过期)"
                r"|任务失败.请重试|(?:无|没有)可用的?[账帐][号户]|禁用[账帐][号户]|实例不可用|(?:时长|快速).{0,80}(?:用尽|用完|耗尽)|次数.{0,20}达.{0,20}上限"
            ),
        ),
        (
            FailureKind.BALANCE,
            (
                r"insufficient[_ ](?:user[_ ])?(?:balance|quota|funds|credits?)|(?:balance|quota).{0,80}(?:insufficient|not[ _]enough)"
                r"|(?:余额|额度|配额|积分).{0,80}(?:不足|用尽|用完|耗尽)|扣费.{0,80}失败|欠费"
            ),
        ),
        (
            FailureKind.KEY,
            (
                r"unauthori[sz]ed|(?:invalid|wrong|expired|disabled) (?:api[ _-]?)?(?:key|token)"
                r"|(?:令牌|密钥|key).{0,80}(?:无效|错误|过期|禁用|不可用|没有)|无效的?(?:令牌|密钥)|(?:没有|无)权限|未授权"
            ),
        ),
        (
            FailureKind.NEEDS_INPUT,
            r"action needed|waiting for (?:the )?window|等待.{0,80}(?:弹窗|窗口|确认)|不支持的动作",
        ),
        (
            FailureKind.GONE,
            (
                r"task (?:not found|(?:is )?missing|(?:has )?expired|does not exist)|related task|no such task"
                r"|(?:任务|关联动作).{0,80}(?:不存在|已?过期|已?失效|找不到|状态错误)"
            ),
        ),
        (FailureKind.SERVER_TIMED_OUT, r"(?:任务|执行|提交|排队|等待).{0,4}超时|超时.{0,3}未找到消息"),
        (
            FailureKind.SERVER_CANCELLED,
            r"(?:取消|删除)了?任务|强制取消|任务.{0,4}被?(?:取消|删除)|^cancel(?:l?ed)?[.!]?$",
        ),
    )
)
_FULL_SIGN: Final = re.compile(_FULL, re.IGNORECASE)
_ABOUT_THE_PROMPT: Final = re.compile(
    r"\bprompt|\bbanned (?:word|content)|\b(?:words?|content)\b[^.]{0,24}\bbanned\b|敏感|违禁|違禁|提示词|提示詞",
    re.IGNORECASE,
)
_WHO: Final = (
    r"(?<!\bby )\b(?:account|user|key|token|ip(?: address)?)\s(?:(?=\S{0,40}[\d*#'\"])\S{1,40}\s)?\s*"
)
_HOW: Final = r"(?:(?:been|currently|temporarily|permanently)\s){0,3}"
_BARRED: Final = r"(?:banned|suspended|blocked|disabled|deactivated|restricted|terminated|frozen)\b"
_NEW_PART: Final = r"(?:,|\b(?:because|since|but)\b)"
_UNTHREATENED: Final = (
    rf"(?:^|[.!?;:])(?:(?!\s*if\b)(?:(?!{_NEW_PART})[^.!?;:])*{_NEW_PART})*(?:(?!{_NEW_PART}|\b(?:risk|avoid|if|or you|or else|otherwise"
    r"|(?:gets?|getting|have|having|see)\s(?:(?:your|their|the|this|any|an?)\s)?(?:account|user|key|token|ip)"
    r"|(?:will|would|may|might|can|could)(?!\s(?:not|no longer|only)\b|['\u2019]t))\b)[^.!?;:])*?"
)
"""The beginning of a sentence whose last part does not say that somebody would be banned, nor one before it if when."""
_UNTHREATENED_BESIDE: Final = (
    r"(?:^|[.!?;])(?:(?!\b(?:will|would|may|might|can|could|gets?|getting|risk|avoid|if|or|otherwise|until|after|again|repeat\w*"
    r"|continu\w*|multiple)\b)[^.!?;])*?"
)
"""The same beside words about the prompt, where far more is a threat: nowhere in the sentence."""
_NOT_YET: Final = r"(?!\s+(?:if|unless)\b)"
_BANNED_EN: Final = (
    rf"{_WHO}(?:has|have|was)\s{_HOW}{_BARRED}|\byou (?:were|have been) {_HOW}(?:banned|suspended)\b"
)
_BANNED_NOW_EN: Final = (
    rf"\byou are {_HOW}(?:banned|suspended)\b|\b(?:banned|suspended) (?:account|user)\b|{_WHO}"
)
# 封锁 is one proxy's pause over the last prompts (TRUEAI), which other words do mend.
_WHO_ZH: Final = r"(?:[账帐賬帳][号户號戶]|用户|用戶|令牌|密钥|密鑰|\bIP)"
_OTHERWISE_ZH: Final = r"提示|内容|內容|词|詞|会(?![员话])|會(?![員話])|再|可能"
_BETWEEN_ZH: Final = rf"(?:(?!{_OTHERWISE_ZH}|[将將])[^\uff0c\u3002,.])"
_ANNOUNCED_ZH: Final = (
    rf"^(?!.*(?:{_THREATENED_ZH})).*{_WHO_ZH}(?:(?!{_OTHERWISE_ZH})[^\uff0c\u3002,.]){{0,8}}"
)
_BARRED_ZH: Final = r"(?:封(?!锁)|禁用|停用|冻结|凍結)"
_BARRED_ALREADY_ZH: Final = rf"{_WHO_ZH}{_BETWEEN_ZH}{{0,8}}已{_BETWEEN_ZH}{{0,6}}{_BARRED_ZH}"
_SHUT_OUT: Final = re.compile(
    rf"{_BANNED_EN}|{_UNTHREATENED}(?:{_BANNED_NOW_EN}(?:is\s)?{_HOW}{_BARRED}){_NOT_YET}"
    rf"|(?<![导導]致){_WHO_ZH}{_BETWEEN_ZH}{{0,8}}{_BARRED_ZH}|{_BARRED_ALREADY_ZH}|{_ANNOUNCED_ZH}{_BARRED_ZH}",
    re.IGNORECASE | re.DOTALL,
)
_SHUT_OUT_ALREADY: Final = re.compile(
    rf"{_BANNED_EN}|{_UNTHREATENED_BESIDE}(?:{_BANNED_NOW_EN}"
    rf"(?:is\s{_HOW}{_BARRED}|{_HOW}{_BARRED}\s(?=(?:by|for|due|because)\b))){_NOT_YET}"
    rf"|{_BARRED_ALREADY_ZH}",
    re.IGNORECASE,
)
"""Beside words about the prompt: there a ban as such is mostly one that is threatened, or one of words."""
_ECHOED: Final = re.compile(
    r"(?<!\w)'.+'(?!\w)|\".+\"|`.+`|“.+”|\u2018.+\u2019|「.+」|『.+』|«.+»"
    r"|(?:\b(?:banned|blocked|forbidden|sensitive|prohibited) (?:prompt|words?|content)|违禁|違禁|敏感)[^:\uff1a\]】]{0,24}[:\uff1a\]】].+",
    re.IGNORECASE | re.DOTALL,
)
"""As far as the last mark: a prompt may hold some itself."""
_MODERATED: Final = re.compile(
    r"moderator|moderation|community (?:standards|guidelines)|against our|审核|敏感|违规", re.IGNORECASE
)
"""Below "Action needed": it is the words that the AI moderator doubts, and no window that could be filled in."""
_ALONE: Final = frozenset({"blocked", "plan cancelled", "pending mod message"})
"""Titles that stand quite alone as the whole reason; longer texts are searched instead."""
_BARE: Final = frozenset({"", "failure", "failed", "fail", "cancel", "cancelled", "canceled", "null", "none"})
"""Words of upstream that say nothing."""
_TITLE: Final = re.compile(r"\s*[\[【]([^\]】]+)[\]】]")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\s\u200b\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")

_BY_FAULT: Final[Mapping[RemoteFault, FailureKind]] = MappingProxyType(
    {
        RemoteFault.KEY: FailureKind.KEY,
        RemoteFault.BALANCE: FailureKind.BALANCE,
        RemoteFault.THROTTLED: FailureKind.QUEUE_FULL,
        RemoteFault.UNREACHED: FailureKind.UNREACHABLE,
        RemoteFault.UNCLEAR: FailureKind.LOST,
    }
)


def read_failure(fail_reason: str) -> Failure:
    """Understand upstream's words; its own time limit is never `TIMED_OUT`, which means that we go on looking."""
    words = _one_line(fail_reason[:LONGEST_JUDGED])
    kind = _by_title(words) or _by_signs(words)
    if kind is FailureKind.NEEDS_INPUT and _MODERATED.search(words):
        kind = FailureKind.BANNED_PROMPT
    return Failure(kind, _words_for(kind, words))


def failure_of(error: RemoteError) -> Failure:
    """Why a refused call ends its job. A throttled or unreached call only ends it after many tries."""
    if error.kind is not None:
        known = FailureKind(error.kind)
        return Failure(known, _words_for(known, _one_line(error.message)))
    kind = _BY_FAULT.get(error.fault)
    return read_failure(error.message) if kind is None else Failure(kind)


def is_queue_full(reason: str) -> bool:
    """Whether upstream had no place: the job goes back into our queue instead of failing (contract §8 row 19)."""
    return read_failure(reason).kind is FailureKind.QUEUE_FULL


def had_no_place(reason: str) -> bool:
    """Whether a queue was full, by Midjourney's title or in other words, so that nothing was taken: no mere rate limit."""
    words = _one_line(reason[:LONGEST_JUDGED])
    title = _by_title(words)
    return title is FailureKind.QUEUE_FULL or (title is None and _FULL_SIGN.search(words) is not None)


def as_it_stands(fail_reason: str) -> Failure:
    """Upstream's words where they cannot mean what they would otherwise."""
    words = _one_line(fail_reason[:LONGEST_JUDGED])
    return Failure(FailureKind.UNKNOWN, _words_for(FailureKind.UNKNOWN, words))


def speaks_of_the_prompt(words: str) -> bool:
    """Whether a refusal names the prompt or its words, whatever it says of them."""
    return _ABOUT_THE_PROMPT.search(words) is not None


def is_shut_out(words: str, *, beside_the_prompt: bool) -> bool:
    """Whether it is the account, its user, key or address that is banned, and not what was asked for.

    A refusal of a prompt may warn of a ban, too: beside words about the prompt it must have come already.
    """
    return (_SHUT_OUT_ALREADY if beside_the_prompt else _SHUT_OUT).search(words) is not None


def without_echoes(words: str) -> str:
    """Upstream's words without those that may be the member's own: what is quoted, and what follows “banned word:”."""
    return _ECHOED.sub("", words[:LONGEST_JUDGED])


def _one_line(words: str) -> str:
    return " ".join(_UNSEEN.sub(" ", words).split())


def _words_for(kind: FailureKind, words: str) -> str | None:
    """The words, if they help with this kind of failure and say anything."""
    quotable = kind in QUOTED and words.strip(" .!").lower() not in _BARE
    return _cut(words) if quotable else None


def _by_title(words: str) -> FailureKind | None:
    match = _TITLE.match(words)
    if match is not None:
        title = match[1].strip().lower()
        return next((kind for known, kind in _TITLES.items() if title.startswith(known)), None)
    # One proxy writes its titles without brackets, with a comma after them or quite alone.
    title, comma, _ = words.lower().partition(", ")
    return _TITLES.get(title) if comma or words.lower() in _ALONE else None


def _by_signs(words: str) -> FailureKind:
    kind = next((kind for kind, sign in _SIGNS if sign.search(words)), FailureKind.UNKNOWN)
    if kind not in {FailureKind.BANNED_PROMPT, FailureKind.UNKNOWN}:
        return kind
    of_the_prompt = kind is FailureKind.BANNED_PROMPT or speaks_of_the_prompt(words)
    return (
        FailureKind.ACCOUNT if is_shut_out(without_echoes(words), beside_the_prompt=of_the_prompt) else kind
    )


def _cut(words: str) -> str:
    return words if len(words) <= WORDS_LIMIT else words[: WORDS_LIMIT - 1] + "…"
