"""The reading endpoints: one task, lists, pages, seeds, cancel, a gateway's balance.
Never here: HTTP, and how a task is shown (`views`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.mjproxy.faults import ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.replies import Reply, no_such_path, refused, submitted
from bot.sandbox.mjproxy.views import rows, true_view, view
from bot.sandbox.upstream.tasks import Status

if TYPE_CHECKING:
    from bot.sandbox.mjproxy.records import Record
    from bot.sandbox.mjproxy.state import ProxyState
    from bot.sandbox.mjproxy.submitting import Visit

NEWEST = 100


class Reading:
    """Handlers of `/task/*`."""

    def __init__(self, proxy: ProxyState) -> None:
        self._proxy = proxy

    def one(self, visit: Visit, task_id: str) -> dict[str, Any]:
        """`/task/{id}/fetch`."""
        record = self._proxy.records.get(task_id)
        if record is None or (self._proxy.manners.gateway and record.account != visit.account):
            raise Reply(*self._proxy.manners.unknown_task)
        return rows(self._proxy, record, "fetch")[0]

    def by_ids(self, visit: Visit, name: str) -> list[dict[str, Any]]:
        """`list-by-condition` and `list-by-ids`: what is unknown is left out."""
        there = self._proxy.batch if name == "list-by-condition" else self._proxy.manners.by_ids
        if not there:
            raise no_such_path(f"/mj/task/{name}")
        found = [self._proxy.records.get(task_id) for task_id in visit.fields.get("ids") or []]
        shown = []
        for record in filter(None, reversed(found)):
            its_rows = rows(self._proxy, record, name)
            if self._proxy.faults.strikes(ProxyFault.TWO_ROWS, name):
                before = {"status": "MODAL", "progress": "0%", "imageUrl": "", "buttons": None}
                shown.append({**its_rows[-1], **before})
            shown += its_rows
        return shown

    def every(self, visit: Visit) -> list[dict[str, Any]]:
        """`/task/list`: everybody's, the newest first."""
        del visit
        if not self._proxy.manners.lists:
            raise no_such_path("/mj/task/list")
        newest = list(self._proxy.records)[::-1]
        if self._proxy.flavour is Flavour.TRUEAI:
            newest = newest[:NEWEST]
        return [view(self._proxy, record, "list") for record in newest]

    def page(self, visit: Visit) -> dict[str, Any]:
        """`/task/query`."""
        if not self._proxy.manners.pages:
            raise no_such_path("/mj/task/query")
        state = visit.fields.get("state")
        records = [r for r in reversed(list(self._proxy.records)) if state is None or r.state == state]
        number, size = int(visit.fields.get("pageNumber", 0)), int(visit.fields.get("pageSize", 10))
        shown = [view(self._proxy, r, "query") for r in records[number * size : (number + 1) * size]]
        return {"content": shown, "totalElements": len(records), "size": size, "number": number}

    def seed(self, visit: Visit, task_id: str) -> dict[str, Any]:
        """`/task/{id}/image-seed`."""
        del visit
        if not self._proxy.manners.seed:
            raise no_such_path(f"/mj/task/{task_id}/image-seed")
        record = self._proxy.records.get(task_id)
        if record is None:
            raise refused(3, "关联任务不存在或已失效", status=404)
        if record.task is None or self._proxy.service.book.state(record.task).status is not Status.SUCCESS:
            raise refused(4, "关联任务状态错误", status=400)
        record.seed_asked = True
        return submitted(1, "success", str(record.task.seed % 2**32))

    def cancel(self, visit: Visit, task_id: str) -> dict[str, Any]:
        """`/task/{id}/cancel`."""
        del visit
        if self._proxy.manners.admin_cancel:
            raise Reply(400, "演示模式,禁止操作")
        if not self._proxy.manners.cancel:
            raise no_such_path(f"/mj/task/{task_id}/cancel")
        record = self._proxy.records.get(task_id)
        if record is None:
            raise refused(3, "关联任务不存在或已失效")
        if true_view(self._proxy, record)["status"] not in {"SUCCESS", "FAILURE"}:
            record.cancelled = True
        return submitted(1, "成功")

    def usage(self, visit: Visit) -> dict[str, Any]:
        """A gateway's `/api/usage/token`."""
        if not self._proxy.manners.usage:
            raise no_such_path("/api/usage/token")
        left = self._proxy.service.accounts.balances[visit.account]
        data = {
            "total_granted": int(left),
            "total_used": 0,
            "total_available": int(left),
            "unlimited_quota": False,
        }
        return {"code": True, "message": "ok", "data": data}

    def picture_url(self, task_id: str) -> Record:
        """The record whose picture a gateway hands on."""
        record = self._proxy.records.get(task_id)
        if record is None or record.task is None:
            raise Reply(404, {"error": "midjourney_task_not_found"})
        return record
