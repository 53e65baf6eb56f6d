"""The envelope of every answer, and the refusal that becomes one (contract §0.4).
Never here: when to refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Refusal(Exception):
    """The service says no: HTTP 200, with this statusCode and message in the body."""

    def __init__(self, status_code: int, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.message = message
        self.extra = extra


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A success: what `data` and `message` will be; `task_id` if a task was accepted."""

    data: Any
    message: str = "Success"
    task_id: int | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The body that goes out."""

    status_code: int
    message: str
    data: Any = None
    extra: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The three documented fields, and what some refusals add."""
        return {"statusCode": self.status_code, "message": self.message, "data": self.data, **self.extra}
