"""Writing the service's tasks, files and money to JSON and back, so that a sandbox survives a restart.
Never here: pictures, which are drawn again from their plans."""

from __future__ import annotations

from dataclasses import asdict, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bot.sandbox.upstream.accounts import Charge, MadeKey
from bot.sandbox.upstream.pictures.plan import from_json, to_json
from bot.sandbox.upstream.prompts import Version
from bot.sandbox.upstream.tasks import Ending, Kind, Pool, Status, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.upstream.service import Service

FORMAT = 1


def dump(service: Service) -> dict[str, Any]:
    """Everything worth keeping."""
    service.book.advance()
    return {
        "format": FORMAT,
        "tasks": [_dump_task(task) for task in service.book.tasks],
        "assets": service.assets.dump(),
        "files": service.files.dump(),
        "balances": {account: str(left) for account, left in service.accounts.balances.items()},
        "charges": [
            [charge.task_id, charge.account, charge.pool.value, str(charge.credits)]
            for charge in service.accounts.charges
        ],
        "keys": {value: _dump_key(key) for value, key in service.accounts.made.items()},
        "dice": _listed(service.dice.getstate()),
    }


def load(service: Service, dumped: Mapping[str, Any]) -> list[Task]:
    """Take in what `dump` wrote; gives the tasks that run again. Raises ValueError for another format."""
    if dumped.get("format") != FORMAT:
        raise ValueError("this was written by another version of the sandbox")
    service.assets.load(dumped["assets"])
    service.files.load(dumped["files"])
    service.accounts.balances.update({account: Decimal(left) for account, left in dumped["balances"].items()})
    service.accounts.charges.extend(
        Charge(number, account, Pool(pool), Decimal(cost))
        for number, account, pool, cost in dumped["charges"]
    )
    for value, entry in dumped.get("keys", {}).items():
        service.accounts.made[value] = _load_key(entry)
    version, state, gauss = dumped["dice"]
    service.dice.setstate((version, tuple(state), gauss))
    tasks = [_load_task(entry) for entry in dumped["tasks"]]
    service.book.restore(tasks)
    return [task for task in tasks if task.finished is None]


def _dump_key(key: MadeKey) -> dict[str, Any]:
    return {**asdict(key), "cap": str(key.cap), "used": str(key.used)}


def _load_key(entry: Mapping[str, Any]) -> MadeKey:
    read = dict(entry)
    read["cap"], read["used"] = Decimal(read["cap"]), Decimal(read["used"])
    read["permissions"] = tuple(read["permissions"])
    return MadeKey(**read)


def _dump_task(task: Task) -> dict[str, Any]:
    written = {field.name: getattr(task, field.name) for field in fields(task)}
    written["picture"] = to_json(task.picture) if task.picture is not None else None
    written["version"] = {"number": task.version.number, "niji": task.version.niji}
    return written


def _load_task(entry: Mapping[str, Any]) -> Task:
    read = dict(entry)
    read["picture"] = from_json(read["picture"]) if read["picture"] is not None else None
    read["version"] = Version(**read["version"])
    read["pool"], read["kind"] = Pool(read["pool"]), Kind(read["kind"])
    read["ending"], read["failed_as"] = Ending(read["ending"]), Status(read["failed_as"])
    return Task(**read)


def _listed(state: tuple[Any, ...]) -> list[Any]:
    return [list(part) if isinstance(part, tuple) else part for part in state]
