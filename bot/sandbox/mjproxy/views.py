"""A record as its server shows it: the family's task object, a gateway's lazy copy of it, and the faults of showing.
Never here: HTTP, and what happens to a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.mjproxy.faults import ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.workshop import KEYCAPS
from bot.sandbox.upstream.tasks import State, Status

if TYPE_CHECKING:
    from bot.sandbox.mjproxy.records import Record
    from bot.sandbox.mjproxy.state import ProxyState
    from bot.sandbox.upstream.tasks import Task

_SHOWN = {Status.FAILED: "FAILURE"}
_ENDED = frozenset({"SUCCESS", "FAILURE", "CANCEL"})


def true_view(proxy: ProxyState, record: Record) -> dict[str, Any]:
    """The task object as a proxy has it."""
    status, percent = _standing(proxy, record)
    task = record.task
    failed = status in {"FAILURE", "CANCEL"}
    done = status == "SUCCESS"
    started = task.started if task is not None and status not in {"NOT_START", "MODAL"} else None
    finished = task.finished if task is not None and (done or failed) else None
    shown: dict[str, Any] = {
        "id": record.id,
        "action": record.action,
        "status": status,
        "progress": "" if failed else f"{percent}%",
        "prompt": _prompt(record, done=done),
        "promptEn": _prompt(record, done=done),
        "description": "Waiting for window confirm" if status == "MODAL" else f"/{record.action.lower()}",
        "state": record.state,
        "submitTime": _ms(record.created),
        "startTime": _ms(started),
        "finishTime": _ms(finished),
        "imageUrl": _picture(proxy, record, status, percent),
        "failReason": _reason(proxy, record) if failed else None,
        "properties": _properties(record, done=done),
        "buttons": _buttons(proxy, record) if done else [],
    }
    if proxy.flavour is Flavour.NOVI:
        del shown["buttons"]
    if proxy.flavour is Flavour.TRUEAI:
        seed = str(task.seed) if task is not None and record.seed_asked else None
        shown |= {
            "botType": "MID_JOURNEY",
            "parentId": record.parent.id if record.parent else None,
            "seed": seed,
        }
        shown |= {
            "mode": _mode(record) if done else record.asked,
            "requestMode": record.asked,
            "clientIp": "127.0.0.1",
        }
    return shown


def view(proxy: ProxyState, record: Record, endpoint: str) -> dict[str, Any]:
    """The task object as this request gets to see it."""
    shown = _copied(proxy, record) if proxy.manners.gateway else true_view(proxy, record)
    for fault, changes in _DISTORTIONS.items():
        if fault in _OF_PICTURES and not shown["imageUrl"]:
            continue
        if proxy.faults.strikes(fault, endpoint):
            shown |= {name: value(shown) if callable(value) else value for name, value in changes.items()}
    return shown


def rows(proxy: ProxyState, record: Record, endpoint: str) -> list[dict[str, Any]]:
    """Every row with its id, the oldest first: a gateway makes a second one when a window is filled.

    It brings only the last unfinished one up to date, so the first stands still until the second has ended.
    """
    now = view(proxy, record, endpoint)
    if record.unfilled is None:
        return [now]
    return [now if now["status"] in _ENDED else record.unfilled, now]


def second_row(proxy: ProxyState, record: Record) -> None:
    """A gateway's window is being filled: what it shows of it so far stays as it is, and a new row begins."""
    if proxy.manners.gateway and record.unfilled is None:
        record.unfilled = _copied(proxy, record)
        record.copy, record.copied = None, proxy.service.book.now


def _local(shown: dict[str, Any]) -> str:
    return f"http://localhost:3000/pictures/{shown['id']}.png"


_DISTORTIONS: dict[ProxyFault, dict[str, Any]] = {
    ProxyFault.TAG_CHANGED: {"state": lambda shown: f"{shown['state']}::1"},
    ProxyFault.TAG_LOST: {"state": ""},
    ProxyFault.RELATIVE_IMAGE: {"imageUrl": lambda shown: f"/mj/image/{shown['id']}"},
    ProxyFault.LOCAL_IMAGE: {"imageUrl": _local},
    ProxyFault.FOREIGN_IMAGE: {"imageUrl": "https://pictures.example.net/grid.png"},
}
_OF_PICTURES = frozenset({ProxyFault.RELATIVE_IMAGE, ProxyFault.LOCAL_IMAGE, ProxyFault.FOREIGN_IMAGE})


def _standing(proxy: ProxyState, record: Record) -> tuple[str, int]:
    task = record.task
    if record.cancelled:
        return "CANCEL", 0
    if record.dead is not None:
        return "FAILURE", 0
    if task is None or record.still_modal:
        return "MODAL", 0
    state: State = proxy.service.book.state(task)
    if "zero" in record.quirks and state.status is Status.IN_PROGRESS:
        return "IN_PROGRESS", 0
    if task.started is None and state.status is Status.SUBMITTED:
        return "NOT_START", 0  # no worker took it from the queue yet
    return _SHOWN.get(state.status, state.status.value), state.percent


def _prompt(record: Record, *, done: bool) -> str | None:
    answer = record.task.answer if record.task is not None and done else None
    return answer if answer is not None and record.action == "DESCRIBE" else record.prompt


def _properties(record: Record, *, done: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {"notifyHook": record.hook} if record.hook else {}
    if not done or record.task is None:
        return kept
    final = record.task.answer or f"{record.prompt or ''} --v 7 --{record.ran.lower()}".strip()
    return {**kept, "finalPrompt": final}


def _mode(record: Record) -> str:
    """Read from the flags of what Midjourney printed; words have none, whatever they were made at."""
    return record.ran if record.task is None or record.task.answer is None else "FAST"


def _reason(proxy: ProxyState, record: Record) -> str | None:
    if record.cancelled:
        return "取消任务"
    reason = record.dead or (record.task.fail_reason if record.task is not None else None) or "Failure"
    if proxy.flavour is Flavour.TRUEAI and reason.startswith("["):
        title, _, words = reason[1:].partition("] ")
        return f"{title}, {words}"
    return reason


def _picture(proxy: ProxyState, record: Record, status: str, percent: int) -> str | None:
    task = record.task
    if task is None or task.picture is None or status not in {"SUCCESS", "IN_PROGRESS"}:
        return None
    address, _ = proxy.service.picture_links(task, Status(status), percent)
    if address is not None and proxy.flavour is Flavour.NEW_API:
        # Its owner never set the address, which the program's default is for.
        return f"{proxy.server_address}/mj/image/{record.id}"
    return address


def _buttons(proxy: ProxyState, record: Record) -> list[dict[str, Any]]:
    task: Task | None = record.task
    if task is None:
        return []
    if record.action == "SHORTEN":
        pairs = [(f"MJ::Job::PromptAnalyzer::{n}", "", cap) for n, cap in enumerate(KEYCAPS, 1)]
    else:
        pairs = [(b.custom_id, b.label, b.emoji) for b in task.buttons() if b.custom_id is not None]
    del proxy
    return [
        {"customId": custom_id, "emoji": emoji, "label": label, "type": 2, "style": 2}
        for custom_id, label, emoji in pairs
    ]


def _copied(proxy: ProxyState, record: Record) -> dict[str, Any]:
    """A gateway's row: as of its last poll, and nearly empty before the first."""
    now = proxy.service.book.now
    if record.copied == 0.0:
        record.copied = record.created
    if now - record.copied >= proxy.lag:
        record.copy, record.copied = true_view(proxy, record), now
    if record.copy is None:
        empty = {
            "status": "",
            "progress": "0%",
            "startTime": 0,
            "finishTime": 0,
            "imageUrl": "",
            "failReason": "",
        }
        shown = {**true_view(proxy, record), **empty, "state": "", "buttons": None, "properties": None}
    else:
        shown = dict(record.copy)
    kept = shown.get("properties") or {}
    shown["properties"] = {name: kept[name] for name in ("finalPrompt",) if name in kept}
    shown |= {name: shown[name] or 0 for name in ("startTime", "finishTime")}
    shown |= {name: shown[name] or "" for name in ("imageUrl", "failReason")}
    return shown


def _ms(moment: float | None) -> int | None:
    return None if moment is None else int(moment * 1000)
