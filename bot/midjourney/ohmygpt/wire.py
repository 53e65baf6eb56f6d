"""The wire of the Midjourney endpoints: request bodies out, task ids and snapshots in (contract §1, §2).
Never here: I/O, clocks, retries; the envelope and its faults are `envelope`'s."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.domain.inputs import FEWEST_BLENDED, MOST_BLENDED, Shape
from bot.domain.pools import USUAL_POOLS, Pool
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskPage, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.envelope import clean, open_envelope, whole_number
from bot.midjourney.ohmygpt.remote_actions import read_actions, word, word_if_any

if TYPE_CHECKING:
    from collections.abc import Mapping

# -- out ---------------------------------------------------------------------------------------------------------------


class RequestBody(BaseModel):
    """What every body carries: upstream checks the key's permission against `model` (contract §0.2)."""

    # Checkers are built when a body is first made: a start sends none, and no server gets all kinds.
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)

    model: Literal["midjourney"] = "midjourney"

    def fields(self) -> dict[str, Any]:
        """The body by upstream's names; what was not given is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def as_json(self) -> bytes:
        """The body as JSON, which the service advises (contract §0.3)."""
        return _to_json(self.fields()).encode("utf-8", "replace")

    def as_form(self) -> bytes:
        """The body as a form; an array becomes a JSON array literal, as in the documentation (contract §0.3)."""
        fields = {name: v if isinstance(v, str) else _to_json(v) for name, v in self.fields().items()}
        return urlencode(fields, errors="replace").encode()


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _sold(pool: Pool) -> Pool:
    if pool not in USUAL_POOLS:
        raise ValueError(f"this account has no {pool.value} jobs")
    return pool


class Submission(RequestBody):
    """A paid call. `type` has no default: upstream's own is the dear pool (contract §1)."""

    type: Annotated[Pool, AfterValidator(_sold)]
    webhook: str | None = None


class ImagineRequest(Submission):
    """Contract §1.1."""

    prompt: Annotated[str, BeforeValidator(clean)]
    images: tuple[str, ...] | None = Field(default=None, alias="base64Array")


class ActionRequest(Submission):
    """Contract §1.2: `custom_id` verbatim, the id as text."""

    task_id: str = Field(alias="taskId")
    custom_id: str = Field(alias="customId")
    mask: str | None = Field(default=None, alias="base64Mask")


class BlendRequest(Submission):
    """Contract §1.3: two to five pictures, and always a shape."""

    images: tuple[str, ...] = Field(alias="base64Array", min_length=FEWEST_BLENDED, max_length=MOST_BLENDED)
    dimensions: Shape


class DescribeRequest(Submission):
    """Contract §1.4: one data URL."""

    image: str = Field(alias="base64")


class QueryRequest(RequestBody):
    """Contract §1.5."""

    task_id: str = Field(alias="taskId")


class PageRequest(RequestBody):
    """Contract §1.6; number and size go into the address."""


# -- in ----------------------------------------------------------------------------------------------------------------


def _pool(value: object) -> Pool | None:
    written = (word(value) or "").upper()
    return next((pool for pool in USUAL_POOLS if pool.value == written), None)


def _status(value: object) -> TaskStatus:
    written = (word(value) or "").upper()
    written = {"FAILED": "FAILURE", "CANCELLED": "CANCEL", "CANCELED": "CANCEL"}.get(written, written)
    try:
        return TaskStatus(written)
    except ValueError:
        return TaskStatus.UNKNOWN


def _percent(value: object) -> int | None:
    """`"46%"`, `"46"`, 46 and 46.5 are 46; an empty text and anything else is no progress (contract §2.1)."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([0-9]{1,9})(?:\.[0-9]*)?\s*%?\s*", value, re.ASCII)
        number: float | None = int(match[1]) if match else None
    else:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is None or (isinstance(number, float) and math.isnan(number)):
        return None
    return int(min(max(number, 0), 100))


_YEAR_2001_MS: Final = 978_307_200_000
_LATEST_MS: Final = 253_402_300_799_999  # the last millisecond of the year 9999


def read_time(value: object) -> int | None:
    """ISO 8601 (UTC if it names no zone), or milliseconds as the family's other services write them."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value.strip())
            aware = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
            return round((aware - datetime.fromtimestamp(0, UTC)).total_seconds() * 1000)
        except (ValueError, OverflowError):
            pass
    number = whole_number(value)
    return number if number is not None and _YEAR_2001_MS <= number <= _LATEST_MS else None


def _task_id(value: object) -> RemoteTaskId | None:
    """A positive integer, as number or digits; 0 means that there is none (contract §0.4)."""
    number = whole_number(value)
    return RemoteTaskId(str(number)) if number is not None and 0 < number < 10**19 else None


Word = Annotated[str | None, BeforeValidator(word)]
WordIfAny = Annotated[str | None, BeforeValidator(word_if_any)]


class Task(BaseModel):
    """A task object as lenient as contract §2.1 asks: only `taskId` must be there, nothing else can be wrong."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    taskId: Annotated[str, BeforeValidator(_task_id)]  # noqa: N815 - upstream's names, so that aliases need no table
    status: Annotated[TaskStatus, BeforeValidator(_status)] = TaskStatus.UNKNOWN
    taskType: Annotated[Pool | None, BeforeValidator(_pool)] = None  # noqa: N815 - upstream's name
    action: Word = None
    progress: Annotated[int | None, BeforeValidator(_percent)] = None
    prompt: Word = None
    description: Word = None
    failReason: WordIfAny = None  # noqa: N815 - upstream's name
    submitTime: Annotated[int | None, BeforeValidator(read_time)] = None  # noqa: N815 - upstream's name
    webhookUrl: Word = None  # noqa: N815 - upstream's name
    imageDcUrl: WordIfAny = None  # noqa: N815 - upstream's name
    imageS3Url: WordIfAny = None  # noqa: N815 - upstream's name
    actions: Annotated[tuple[RemoteAction, ...], BeforeValidator(read_actions)] = ()

    def snapshot(self) -> TaskSnapshot:
        """The same in our words."""
        return TaskSnapshot(
            task_id=RemoteTaskId(self.taskId),
            status=self.status,
            pool=self.taskType,
            action=self.action,
            progress=self.progress,
            prompt=self.prompt,
            description=self.description,
            fail_reason=self.failReason,
            submitted_at=self.submitTime,
            webhook_url=self.webhookUrl,
            discord_url=self.imageDcUrl,
            storage_key=self.imageS3Url,
            actions=self.actions,
        )


def read_object(data: object) -> TaskSnapshot | None:
    """Read one task object; None if it has no usable id."""
    try:
        return Task.model_validate(data).snapshot()
    except ValidationError:
        return None


def read_submission(status: int, headers: Mapping[str, str], body: bytes) -> RemoteTaskId:
    """Read the answer to a paid call: its task id, or a `RemoteError` as `open_envelope` explains."""
    data = open_envelope(status, headers, body)
    # Two servers of the family answer with the task object instead of its id; the id in it is as good.
    task_id = _task_id(data.get("taskId") if isinstance(data, dict) else data)
    if task_id is None:
        raise RemoteError(RemoteFault.UNCLEAR, "accepted, but the answer holds no task id")
    return task_id


# Its shape is not documented (contract §1.5), so it must say "task" besides "not found": a framework's answer
# "Cannot POST …" to a wrong origin must not make us believe that a paid task is gone.
_UNKNOWN_TASK: Final = re.compile(
    r"\btask\b[^.]{0,40}\b(?:not found|not exists?|missing|expired|unknown)\b|\b(?:unknown|no such)\b[^.]{0,10}\btask"
    r"|\bdoes not know\b[^.]{0,20}\btask|(?:任务|任務).{0,12}(?:不存在|未找到|找不到|过期|過期|失效)",
    re.IGNORECASE,
)


def read_task(status: int, headers: Mapping[str, str], body: bytes) -> TaskSnapshot | None:
    """Read the answer to a query; None if the service says that it does not know the task."""
    try:
        data = open_envelope(status, headers, body)
    except RemoteError as error:
        if error.fault is RemoteFault.REFUSED and _UNKNOWN_TASK.search(error.message):
            return None
        raise
    if data is None:
        return None
    snapshot = read_object(data)
    if snapshot is None:
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no task")
    return snapshot


def read_page(status: int, headers: Mapping[str, str], body: bytes) -> TaskPage:
    """Read a page of tasks. An entry without an id is left out; a page without a list is an error.

    To take the latter for an empty page would mean "that job was never accepted", and end in paying twice.
    """
    data = open_envelope(status, headers, body)
    listed = data if isinstance(data, list) else data.get("tasks") if isinstance(data, dict) else None
    total = (whole_number(data.get("total")) if isinstance(data, dict) else None) or 0
    if listed is None and isinstance(data, dict) and "tasks" in data and total == 0:
        listed = []
    if not isinstance(listed, list):
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no list of tasks")
    tasks = tuple(snapshot for entry in listed if (snapshot := read_object(entry)) is not None)
    return TaskPage(total=max(total, len(tasks)), tasks=tasks)
