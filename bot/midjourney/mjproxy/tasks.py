"""Task objects of the family, read as leniently as they differ: one, a list, or a page (family §2, §3).
Never here: I/O, and answers to submissions (`answers`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from bot.domain.capabilities import Speed
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from bot.midjourney.mjproxy.prompts import speed_in
from bot.midjourney.ohmygpt.envelope import whole_number
from bot.midjourney.ohmygpt.remote_actions import read_actions, word, word_if_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ID: Final = re.compile(r"[!-+\--~]{1,64}")
"""Printable ASCII without a comma, which joins several ids in one answer."""
_NO_ID: Final = frozenset({"0", "null", "none", "undefined"})
_YEAR_2001_MS: Final = 978_307_200_000
_LATEST_MS: Final = 253_402_300_799_999
_PROXIED: Final = re.compile(r"/mj/image/[^/?#]+(?:\?[^#]*)?$")
"""A gateway's own copy of a picture. It names its address as its owner set it, and that is localhost until then."""
_RANKS: Final[Mapping[TaskStatus, int]] = {
    TaskStatus.SUCCESS: 3,
    TaskStatus.FAILURE: 3,
    TaskStatus.CANCEL: 3,
    TaskStatus.IN_PROGRESS: 2,
    TaskStatus.UNKNOWN: 1,
    TaskStatus.SUBMITTED: 1,
    # Beside another row, it is the one from before the window was filled, which nobody brings up to date.
    TaskStatus.MODAL: -1,
}
_TEXTS: Final = frozenset({"DESCRIBE", "SHORTEN"})


def read_id(value: object) -> RemoteTaskId | None:
    """An id as the opaque text that it is: leading zeros and letters are part of it (family §1.12)."""
    if isinstance(value, int) and not isinstance(value, bool):
        # Documents print ids as numbers, and some resellers send them so.
        value = str(value)
    if not isinstance(value, str):
        return None
    written = value.strip()
    return RemoteTaskId(written) if _ID.fullmatch(written) and written.lower() not in _NO_ID else None


def read_status(value: object) -> TaskStatus:
    """A status; nothing at all is a gateway's row that it has not filled yet, a new word still runs."""
    written = (word(value) or "").upper()
    written = {"": "NOT_START", "FAILED": "FAILURE", "CANCELLED": "CANCEL"}.get(written, written)
    try:
        return TaskStatus(written)
    except ValueError:
        return TaskStatus.UNKNOWN


def read_task(value: object, *, base: str) -> TaskSnapshot | None:
    """Read one task object; None if it has no usable id. `base` is the configured address, for its pictures."""
    if not isinstance(value, dict):
        return None
    task_id = read_id(value.get("mj_id")) or read_id(value.get("id")) or read_id(value.get("taskId"))
    if task_id is None:
        return None
    kept = value.get("properties")
    properties = kept if isinstance(kept, dict) else {}
    final = word(properties.get("finalPrompt"))
    is_text = (word(value.get("action")) or "").upper() in _TEXTS
    return TaskSnapshot(
        task_id=task_id,
        status=read_status(value.get("status")),
        action=word(value.get("action")),
        progress=_percent(value.get("progress")),
        # A description's lines stand where other tasks have what Midjourney printed (family §2.6).
        prompt=(final if is_text and final else None) or word(value.get("prompt")),
        description=word(value.get("description")),
        fail_reason=word_if_any(value.get("failReason")),
        submitted_at=_time(value.get("submitTime")),
        webhook_url=word(properties.get("notifyHook")),
        discord_url=placed(word_if_any(value.get("imageUrl")), base=base),
        actions=read_actions(value.get("buttons")),
        tag=word(value.get("state")),
        final_prompt=final,
        ran_at=_speed(value.get("mode"), final),
        started_at=_time(value.get("startTime")),
        seed=_digits(value.get("seed")),
    )


def read_tasks(listed: Iterable[object], *, base: str) -> tuple[TaskSnapshot, ...]:
    """Read a list: entries without an id are left out, and of two with one id the more advanced counts.

    A gateway makes a second row when a window is filled, and may give both (family §5.4).
    """
    found: dict[RemoteTaskId, TaskSnapshot] = {}
    for entry in listed:
        task = read_task(entry, base=base)
        if task is not None and (task.task_id not in found or _rank(task) > _rank(found[task.task_id])):
            found[task.task_id] = task
    return tuple(found.values())


def placed(address: str | None, *, base: str) -> str | None:
    """Where a picture really is: a gateway's copy is at the configured address, a relative one too (family §9)."""
    if address is None:
        return None
    copy = _PROXIED.search(address)
    if copy is not None:
        return base + copy[0]
    try:
        relative = not urlsplit(address).netloc
        return urljoin(f"{base}/", address.lstrip("/")) if relative else address
    except ValueError:
        return None


def _rank(task: TaskSnapshot) -> int:
    return _RANKS.get(task.status, 0)


def _percent(value: object) -> int | None:
    written = value if isinstance(value, str) else f"{value}" if type(value) in {int, float} else ""
    match = re.fullmatch(r"\s*([0-9]{1,9})(?:\.[0-9]*)?\s*%?\s*", written, re.ASCII)
    return min(int(match[1]), 100) if match else None


def _time(value: object) -> int | None:
    """Milliseconds; 0 is a gateway's "not yet"."""
    number = whole_number(value)
    return number if number is not None and _YEAR_2001_MS <= number <= _LATEST_MS else None


def _digits(value: object) -> str | None:
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else word(value)
    return written if written is not None and re.fullmatch(r"[0-9]{1,20}", written) else None


def _speed(mode: object, final_prompt: str | None) -> Speed | None:
    written = (word(mode) or "").upper() or (speed_in(final_prompt) if final_prompt else None) or ""
    try:
        return Speed(written)
    except ValueError:
        return None
