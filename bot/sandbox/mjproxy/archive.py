"""Writing a server's ids, windows and tasks to JSON and back, so that a sandbox survives a restart.
Never here: what is behind them, which the shared service writes itself."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from bot.sandbox.mjproxy.records import Record
from bot.sandbox.upstream import archive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.mjproxy.state import ProxyState
    from bot.sandbox.upstream.tasks import Task


def dump(proxy: ProxyState) -> dict[str, Any]:
    """Everything worth keeping; what the server forgot stays forgotten."""
    return {
        **archive.dump(proxy.service),
        "flavour": proxy.flavour.value,
        "given": proxy.records.given,
        "records": [_dump_record(record) for record in proxy.records],
    }


def load(proxy: ProxyState, dumped: Mapping[str, Any]) -> list[Task]:
    """Take in what `dump` wrote; gives the tasks that run again. Raises ValueError for another format or flavour."""
    if dumped.get("flavour") != proxy.flavour.value:
        raise ValueError("this was written by another kind of server")
    running = archive.load(proxy.service, dumped)
    tasks = {task.id: task for task in proxy.service.book.tasks}
    proxy.records.given = dumped["given"]
    records: dict[str, Record] = {}
    for entry in dumped["records"]:
        parent, task = records.get(entry["parent"]), tasks.get(entry["task"])
        record = Record(**{**entry, "parent": parent, "task": task, "quirks": set(entry["quirks"])})
        records[record.id] = record
        proxy.records.add(record)
    return running


def _dump_record(record: Record) -> dict[str, Any]:
    """Parents and tasks by their ids: a parent always stands before its children."""
    written = {field.name: getattr(record, field.name) for field in fields(record)}
    written["parent"] = record.parent.id if record.parent is not None else None
    written["task"] = record.task.id if record.task is not None else None
    written["quirks"] = sorted(record.quirks)
    return written
