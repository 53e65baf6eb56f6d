"""How a task is shown: its fields now, with the faults that strike when it is shown.
Never here: HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.upstream.buttons import entries
from bot.sandbox.upstream.faults import Fault, Scope
from bot.sandbox.upstream.tasks import Status, task_fields

if TYPE_CHECKING:
    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.tasks import Task

_KEPT_WHEN_NULL = frozenset({"taskId", "status", "imageDcUrl", "imageS3Url"})


def plain_view(service: Service, task: Task) -> dict[str, Any]:
    """The fifteen fields as they truly are now."""
    state = service.book.state(task)
    dc_url, s3_key = service.picture_links(task, state.status, state.percent)
    done = state.status is Status.SUCCESS
    actions = entries(task.buttons(), service.settings.links) if done else []
    return task_fields(task, state, actions=actions, dc_url=dc_url, s3_key=s3_key)


def faulty_view(service: Service, task: Task, endpoint: str) -> dict[str, Any]:
    """The fields as this request gets to see them."""
    shown = plain_view(service, task)
    for fault in _applicable(shown):
        planned = service.faults.draw_named(fault, endpoint=endpoint, task=task.id)
        if planned is not None:
            _distort(shown, fault)
    return shown


def _applicable(shown: dict[str, Any]) -> list[Fault]:
    """Faults of the view that would change something: a plan is not used up in vain."""
    always = [fault for fault in Fault if fault.scope is Scope.VIEW]
    if shown["status"] != Status.SUCCESS or shown["imageDcUrl"] is None:
        always = [fault for fault in always if fault not in {Fault.NO_PICTURE, Fault.NO_STORE_KEY}]
    if not shown["actions"]:
        always.remove(Fault.ACTIONS_NULL)
    if shown["status"] == Status.NOT_START:
        always.remove(Fault.BACKWARDS)
    return always


def _distort(shown: dict[str, Any], fault: Fault) -> None:
    if fault is Fault.NO_PICTURE:
        shown.update(imageDcUrl=None, imageS3Url=None)
    elif fault is Fault.NO_STORE_KEY:
        shown["imageS3Url"] = None
    elif fault is Fault.ACTIONS_NULL:
        shown["actions"] = None
    elif fault is Fault.UNKNOWN_STATUS:
        shown["status"] = "PONDERING"
    elif fault is Fault.BACKWARDS:
        shown.update(status="NOT_START", progress="0%", finishTime=None, failReason=None, actions=[])
        shown.update(imageDcUrl=None, imageS3Url=None)
    elif fault is Fault.EXTRA_FIELDS:
        shown.update(properties={"finalPrompt": shown["prompt"]}, nonce="1", buttons=[], mode=7)
        shown["actions"] = [{**entry, "type": 2, "style": 2} for entry in shown["actions"] or []]
    else:
        shown.update({name: None for name in shown if name not in _KEPT_WHEN_NULL})
