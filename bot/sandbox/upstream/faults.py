"""Everything that can go wrong on demand: the names, and the plan that says when each strikes.
Never here: how a fault is carried out."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


class Scope(StrEnum):
    """The moment at which a fault strikes."""

    BEFORE = "before acceptance"
    AFTER = "after acceptance"
    TASK = "when a task is accepted"
    VIEW = "when a task is shown"
    DRAW = "when the second engine answers"
    PICTURE = "when a picture is fetched"
    WEBHOOK = "when a webhook is sent"
    CHAT = "when a chat model answers"


class Fault(StrEnum):
    """What can go wrong. `about` says it in a sentence, `scope` when it strikes."""

    about: str
    scope: Scope

    def __new__(cls, value: str, scope: Scope, about: str) -> Fault:  # noqa: PYI034 - StrEnum members are Fault
        """Carry the sentence and the scope on the member."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.about = about
        member.scope = scope
        return member

    BAD_KEY = "bad-key", Scope.BEFORE, "HTTP 200 with statusCode 401 in the body"
    NO_BALANCE = "no-balance", Scope.BEFORE, "statusCode 402, the balance does not suffice"
    RATE_LIMITED = "rate-limited", Scope.BEFORE, "HTTP 429 with Retry-After (seconds=2)"
    REFUSED = "refused", Scope.BEFORE, "statusCode 400 with a message (reason=…)"
    SERVER_ERROR = "server-error", Scope.BEFORE, "HTTP 500 with a JSON body"
    UNAVAILABLE = "unavailable", Scope.BEFORE, "HTTP 503 with Retry-After (seconds=2)"
    HTML_502_BEFORE = (
        "html-502-before",
        Scope.BEFORE,
        "a proxy's HTML page with HTTP 502; nothing was accepted",
    )
    HTML_502_AFTER = (
        "html-502-after",
        Scope.AFTER,
        "a proxy's HTML page with HTTP 502; the task exists all the same",
    )
    HANG_BEFORE = "hang-before", Scope.BEFORE, "no answer ever; nothing was accepted"
    HANG_AFTER = "hang-after", Scope.AFTER, "no answer ever; the task exists all the same"
    RESET_BEFORE = "reset-before", Scope.BEFORE, "the connection is reset; nothing was accepted"
    RESET_AFTER = "reset-after", Scope.AFTER, "the connection is reset; the task exists all the same"
    SLOW = "slow", Scope.AFTER, "the answer comes late (seconds=2)"
    DATA_ZERO = "data-zero", Scope.AFTER, "statusCode 200 with data 0"
    DATA_NULL = "data-null", Scope.AFTER, "statusCode 200 with data null"
    DATA_TEXT = "data-text", Scope.AFTER, "statusCode 200 with a text as data"
    DATA_LIST = "data-list", Scope.AFTER, "statusCode 200 with a list as data"
    NOT_JSON = "not-json", Scope.AFTER, "HTTP 200 with a body that is no JSON"
    EMPTY_BODY = "empty-body", Scope.AFTER, "HTTP 200 with nothing in it"
    LIST_UNAVAILABLE = "list-unavailable", Scope.BEFORE, "the paged task list answers statusCode 500"

    STUCK_NOT_START = "stuck-not-start", Scope.TASK, "the task never starts"
    STUCK_IN_PROGRESS = "stuck-in-progress", Scope.TASK, "the task runs for ever"
    MODAL = "modal", Scope.TASK, "the task waits for a form that nobody can fill"
    FAILS = "fails", Scope.TASK, "the task fails (reason=…)"
    FAILED_SPELLING = "failed-spelling", Scope.TASK, "the task fails, with the status FAILED"
    QUEUE_FULL = "queue-full", Scope.TASK, "the task fails: the queue is full"
    CREDITS_EXHAUSTED = "credits-exhausted", Scope.TASK, "the task fails: the upstream account has no credits"
    CHINESE_REASON = "chinese-reason", Scope.TASK, "the task fails with a reason in Chinese"

    NO_PICTURE = "no-picture", Scope.VIEW, "SUCCESS, but both picture fields are null"
    NO_STORE_KEY = "no-store-key", Scope.VIEW, "SUCCESS, but imageS3Url is null"
    ACTIONS_NULL = "actions-null", Scope.VIEW, "actions is null"
    UNKNOWN_STATUS = "unknown-status", Scope.VIEW, "a status nobody has heard of"
    BACKWARDS = "backwards", Scope.VIEW, "the status of a running or ended task is shown as NOT_START 0%"
    EXTRA_FIELDS = "extra-fields", Scope.VIEW, "unknown fields, in the task and in its actions"
    NULL_FIELDS = "null-fields", Scope.VIEW, "every field null but taskId, status and the pictures"

    PICTURE_404 = "picture-404", Scope.PICTURE, "the picture is not there"
    PICTURE_403 = "picture-403", Scope.PICTURE, "the picture is forbidden"
    PICTURE_500 = "picture-500", Scope.PICTURE, "the picture's server is broken"
    PICTURE_SLOW = "picture-slow", Scope.PICTURE, "the picture comes in drips (seconds=2)"
    PICTURE_HANGS = "picture-hangs", Scope.PICTURE, "half of the picture, then nothing"
    PICTURE_TOO_LARGE = "picture-too-large", Scope.PICTURE, "an endless body that calls itself a picture"
    PICTURE_REDIRECT = "picture-redirect", Scope.PICTURE, "a redirect to a foreign host"
    PICTURE_NOT_AN_IMAGE = "picture-not-an-image", Scope.PICTURE, "HTTP 200 with an HTML page"

    WEBHOOK_LOST = "webhook-lost", Scope.WEBHOOK, "a webhook is not sent"
    WEBHOOK_TWICE = "webhook-twice", Scope.WEBHOOK, "a webhook is sent twice"
    WEBHOOK_REORDERED = "webhook-reordered", Scope.WEBHOOK, "a webhook is sent after its successor"
    WEBHOOK_FORGED = (
        "webhook-forged",
        Scope.WEBHOOK,
        "a forged SUCCESS with a foreign picture is sent besides",
    )

    DRAW_REFUSED = (
        "draw-refused",
        Scope.DRAW,
        "the second engine refuses: moderation_blocked, nothing was paid",
    )
    DRAW_FORBIDDEN = "draw-forbidden", Scope.DRAW, "403: the key may not use the model"
    DRAW_BAD_KEY = "draw-bad-key", Scope.DRAW, "401: the key is not valid there"
    DRAW_LIMITED = "draw-limited", Scope.DRAW, "429: too many pictures a minute"
    DRAW_CAP = "draw-cap", Scope.DRAW, "429 insufficient_quota: the key's cap is reached"
    DRAW_HTML = "draw-html", Scope.DRAW, "200 with a page of HTML; it was paid all the same"
    DRAW_NOTHING = "draw-nothing", Scope.DRAW, "200 with an empty list; it was paid all the same"
    DRAW_ADDRESS = "draw-address", Scope.DRAW, "the answer has addresses instead of pictures"
    DRAW_HUGE = "draw-huge", Scope.DRAW, "each picture has 20 MB"
    CHAT_PROSE = "chat-prose", Scope.CHAT, "the chat model puts sentences around the prompt"
    CHAT_LEAD = (
        "chat-lead",
        Scope.CHAT,
        "the chat model begins with “Here is your prompt:”, in quotation marks",
    )
    CHAT_FENCE = "chat-fence", Scope.CHAT, "the chat model puts the prompt into a code block"
    CHAT_FOREIGN = "chat-foreign", Scope.CHAT, "the chat model answers in another language"
    CHAT_PARAMETER = "chat-parameter", Scope.CHAT, "the chat model invents a parameter, a weight and a link"
    CHAT_SAYS = "chat-says", Scope.CHAT, "the chat model says this (reason=…)"
    CHAT_NOTHING = "chat-nothing", Scope.CHAT, "the chat model says nothing"
    CHAT_DECLINES = "chat-declines", Scope.CHAT, "the chat model will not"
    CHAT_PARTS = "chat-parts", Scope.CHAT, "the chat model answers in parts"


FAULTS = {fault.value: fault for fault in Fault}

REASONS = {
    Fault.QUEUE_FULL: "[Queue full] Your job queue is full. Please wait for a job to finish first, then resubmit this one.",
    Fault.CREDITS_EXHAUSTED: "[Credits exhausted] You have used up your fast hours.",
    Fault.CHINESE_REASON: "任务执行失败:提示词包含敏感内容,请修改后重试",
    Fault.FAILS: "[Request cancelled due to output filters] The pictures did not pass the filters.",
    Fault.FAILED_SPELLING: "Failed to process your command",
}

SUBMITS = frozenset({"imagine", "action", "blend", "describe"})
ENDPOINT_GROUPS = {"submit": SUBMITS, "query": frozenset({"query", "query-mj-tasks"})}
"""Names that stand for several endpoints; any other filter is one endpoint's name."""

_DEFAULT_ENDPOINTS = {
    Fault.LIST_UNAVAILABLE: frozenset({"query-mj-tasks"}),
    **dict.fromkeys((Fault.HTML_502_AFTER, Fault.HANG_AFTER, Fault.RESET_AFTER), SUBMITS),
    **dict.fromkeys((Fault.NO_BALANCE,), SUBMITS),
}
_numbers = itertools.count(1)


@dataclass(slots=True, eq=False)
class PlannedFault:
    """A fault in the plan; it strikes while `left` is above zero or None."""

    fault: Fault
    left: int | None = 1
    chance: float = 1.0
    endpoint: str | None = None
    task: int | None = None
    skip: int = 0
    seconds: float = 2.0
    reason: str | None = None
    hits: int = 0
    number: int = field(default_factory=lambda: next(_numbers))

    def touches(self, endpoint: str | None, task: int | None) -> bool:
        """Whether it is meant for this endpoint and task."""
        if self.task is not None and task != self.task:
            return False
        if self.endpoint in {None, "query"} and self.fault.scope is Scope.VIEW:
            return self.endpoint is None or endpoint in ENDPOINT_GROUPS["query"]
        if self.endpoint is None:
            return endpoint in _DEFAULT_ENDPOINTS.get(self.fault, {endpoint})
        return endpoint in ENDPOINT_GROUPS.get(self.endpoint, {self.endpoint})

    def as_json(self) -> dict[str, Any]:
        """For the control endpoint."""
        return {
            "number": self.number,
            "fault": self.fault.value,
            "about": self.fault.about,
            "left": self.left,
            "chance": self.chance,
            "endpoint": self.endpoint,
            "task": self.task,
            "hits": self.hits,
        }


class FaultPlan:
    """The faults that are planned; the first that fits strikes."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._planned: list[PlannedFault] = []

    def __iter__(self) -> Iterator[PlannedFault]:
        return iter(self._planned)

    def add(self, planned: PlannedFault) -> PlannedFault:
        """Plan a fault."""
        self._planned.append(planned)
        return planned

    def lift(self, fault: Fault | None = None) -> None:
        """Forget the planned faults, or those of one name."""
        self._planned = [
            planned for planned in self._planned if fault is not None and planned.fault is not fault
        ]

    def draw(
        self, scope: Scope, *, endpoint: str | None = None, task: int | None = None
    ) -> PlannedFault | None:
        """The first fault of this scope that strikes now, if one does; it is used up by that."""
        fitting = [planned for planned in self._planned if planned.fault.scope is scope]
        return self._strike(fitting, endpoint, task)

    def draw_named(
        self, fault: Fault, *, endpoint: str | None = None, task: int | None = None
    ) -> PlannedFault | None:
        """This fault, if it strikes now: several may strike the same view."""
        fitting = [planned for planned in self._planned if planned.fault is fault]
        return self._strike(fitting, endpoint, task)

    def _strike(
        self, fitting: list[PlannedFault], endpoint: str | None, task: int | None
    ) -> PlannedFault | None:
        for planned in fitting:
            if planned.left == 0 or not planned.touches(endpoint, task):
                continue
            if planned.skip > 0:
                planned.skip -= 1
                continue
            if planned.chance < 1 and self._dice.random() >= planned.chance:
                continue
            planned.hits += 1
            if planned.left is not None:
                planned.left -= 1
            return planned
        return None


_SPELLING = re.compile(
    r"(?P<name>[a-z0-9-]+)(?::(?P<times>\d+|always))?(?:@(?P<chance>\d*\.?\d+))?(?:/(?P<endpoint>[a-z-]+))?"
)


def read_fault(spelled: str) -> PlannedFault:
    """Read `NAME[:TIMES][@CHANCE][/ENDPOINT]`; without TIMES it strikes always. Raises ValueError with a sentence."""
    match = _SPELLING.fullmatch(spelled.strip())
    if match is None or match["name"] not in FAULTS:
        known = ", ".join(fault.value for fault in Fault)
        raise ValueError(
            f"{spelled!r} is no fault. Write NAME[:TIMES][@CHANCE][/ENDPOINT] with one of: {known}"
        )
    times = None if match["times"] in {None, "always"} else int(match["times"])
    chance = float(match["chance"]) if match["chance"] else 1.0
    return PlannedFault(FAULTS[match["name"]], left=times, chance=chance, endpoint=match["endpoint"])
