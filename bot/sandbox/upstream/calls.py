"""What reached the service: every call with its decoded body, and what became of it.
Never here: secrets in full, or pictures in full."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_TEXT = 2000
BASE64_SHOWN = 48
_SHOWN_FIELDS = ("taskId", "type", "customId", "prompt", "dimensions")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `task_id` is the accepted task, `outcome` what the caller saw, in a few words."""

    at: float
    method: str
    path: str
    endpoint: str
    params: Mapping[str, str]
    body: Mapping[str, Any]
    key_tail: str
    outcome: str
    status: int = 200
    task_id: int | None = None
    fault: str | None = None

    @property
    def line(self) -> str:
        """`POST /action taskId=90210 type=NORMAL customId=… → 90214`."""
        said = [f"{name}={shorten(self.body[name], 60)}" for name in _SHOWN_FIELDS if self.body.get(name)]
        said += [f"{name}={shorten(value, 60)}" for name, value in self.params.items()]
        return " ".join([self.method, f"/{self.endpoint}", *said, "→", self.outcome])

    def as_json(self) -> dict[str, Any]:
        """For the control endpoint."""
        return {
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "endpoint": self.endpoint,
            "params": dict(self.params),
            "body": dict(self.body),
            "outcome": self.outcome,
            "status": self.status,
            "taskId": self.task_id,
            "fault": self.fault,
        }


def shorten(value: Any, limit: int) -> str:
    """One line of at most so many characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def cut_base64(value: Any, *, inside_base64: bool = False) -> Any:
    """The body with every picture cut to its beginning and length."""
    if isinstance(value, dict):
        return {
            name: cut_base64(item, inside_base64=name.startswith("base64")) for name, item in value.items()
        }
    if isinstance(value, list):
        return [cut_base64(item, inside_base64=inside_base64) for item in value]
    if (
        isinstance(value, str)
        and (inside_base64 or value.startswith("data:"))
        and len(value) > 2 * BASE64_SHOWN
    ):
        return f"{value[:BASE64_SHOWN]}… ({len(value)} characters)"
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return value


class CallLog:
    """The calls in order; old ones make room, the counts stay."""

    def __init__(self, *, remember: int, on_call: Callable[[Call], None] | None) -> None:
        self.calls: list[Call] = []
        self.counts: Counter[str] = Counter()
        self._remember = remember
        self._on_call = on_call

    def add(self, call: Call) -> None:
        """Record a call and tell whoever listens."""
        self.calls.append(call)
        self.counts[call.endpoint] += 1
        if len(self.calls) > self._remember:
            del self.calls[: self._remember // 4 or 1]
        if self._on_call is not None:
            self._on_call(call)
