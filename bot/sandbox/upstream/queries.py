"""Reading tasks: one by id, or the account's pages (contract §1.5, §1.6).
Never here: HTTP answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.sandbox.upstream import bodies
from bot.sandbox.upstream.answers import ApiResponse, Refusal
from bot.sandbox.upstream.service import ListOrder
from bot.sandbox.upstream.views import faulty_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.submissions import Ask
    from bot.sandbox.upstream.tasks import Task

SMALLEST_PAGE, LARGEST_PAGE, USUAL_PAGE = 5, 20, 12


def query(service: Service, ask: Ask) -> ApiResponse:
    """One task of the account."""
    number = bodies.task_id(ask.fields)
    task = service.book.get(number)
    if task is None or task.account != ask.account:
        raise Refusal(400, f"task {number} does not exist")
    return ApiResponse(faulty_view(service, task, ask.endpoint))


def query_page(service: Service, ask: Ask, params: Mapping[str, str]) -> ApiResponse:
    """A page of all the account's tasks."""
    page = _integer(params, "page", None)
    size = _integer(params, "pageSize", USUAL_PAGE)
    if page < 1:
        raise Refusal(400, "page must be 1 or more")
    if not SMALLEST_PAGE <= size <= LARGEST_PAGE:
        raise Refusal(400, "pageSize must be 5 to 20")
    service.book.advance()
    tasks = _ordered(service, [task for task in service.book.tasks if task.account == ask.account])
    shown = tasks[(page - 1) * size : page * size]
    return ApiResponse(
        {"total": len(tasks), "tasks": [faulty_view(service, task, ask.endpoint) for task in shown]}
    )


def _ordered(service: Service, tasks: list[Task]) -> list[Task]:
    order = service.settings.order
    if order is ListOrder.NEWEST_FIRST:
        tasks.reverse()
    elif order is ListOrder.SHUFFLED:
        service.dice.shuffle(tasks)
    return tasks


def _integer(params: Mapping[str, str], name: str, usual: int | None) -> int:
    written = params.get(name)
    if written is None and usual is not None:
        return usual
    if written is None or not re.fullmatch(r"-?\d{1,9}", written):
        raise Refusal(400, f"{name} must be an integer")
    return int(written)
