"""The submit endpoints: each is refused or accepted whole, and every rule that a client breaks is written down.
Never here: HTTP, and readings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.sandbox.mjproxy.faults import ProxyFault
from bot.sandbox.mjproxy.flavours import SPEEDS, Flavour
from bot.sandbox.mjproxy.records import Record
from bot.sandbox.mjproxy.replies import exception, no_such_path, refused, submitted
from bot.sandbox.mjproxy.views import second_row
from bot.sandbox.mjproxy.workshop import MASK_PREFIX, POOLS, FamilyAsk
from bot.sandbox.upstream import bodies
from bot.sandbox.upstream.answers import ApiResponse, Refusal
from bot.sandbox.upstream.buttons import Family, read_press
from bot.sandbox.upstream.files import StoredFile
from bot.sandbox.upstream.tasks import Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.mjproxy.replies import Reply
    from bot.sandbox.mjproxy.state import ProxyState
    from bot.sandbox.mjproxy.workshop import Workshop
    from bot.sandbox.upstream.tasks import Task

LONGEST_STATE, LONGEST_HOOK = 255, 2000
TIME_OUT = "任务提交超时"
_SPEED_FLAG = re.compile(r"--(?:relax|fast|turbo)\b")
_MAY_REMIX = frozenset({Family.VARIATION, Family.REROLL, Family.VARY, Family.PAN})
_SOLD_BY_GATEWAYS = re.compile(
    r"::(?:\w*upsample\w*|\w*variation|pan_\w+|reroll)::|MJ::(?:Outpaint|CustomZoom|Inpaint)::"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks for what: the account, the key and the path's prefix."""

    account: str
    key: str
    prefix: str | None
    endpoint: str
    fields: dict[str, Any]


class Submitting:
    """Handlers of `/submit/*`; each gives the answer's body, and the record that it made."""

    def __init__(self, proxy: ProxyState, workshop: Workshop) -> None:
        self._proxy = proxy
        self._workshop = workshop
        plain = {"imagine": workshop.imagine, "blend": workshop.blend, "describe": workshop.describe}
        self._plain: dict[str, Callable[[Any], Awaitable[ApiResponse]]] = dict(plain)
        if proxy.manners.shorten:
            self._plain["shorten"] = workshop.shorten

    async def serve(self, visit: Visit) -> tuple[dict[str, Any], Record | None]:
        """Accept a submission; raises `Reply`."""
        self._check_rules(visit)
        if visit.endpoint in self._plain:
            return await self._begin(visit)
        if visit.endpoint == "action" and self._proxy.manners.buttons:
            return await self._act(visit)
        if visit.endpoint == "modal" and self._proxy.manners.windows:
            return await self._fill(visit)
        if visit.endpoint == "upload-discord-images":
            return self._upload(visit), None
        raise no_such_path(f"/mj/submit/{visit.endpoint}")

    def _check_rules(self, visit: Visit) -> None:
        fields, broken = visit.fields, self._proxy.broken_rules
        account_filter = fields.get("accountFilter") or {}
        if len(account_filter.get("modes") or []) > 1:
            broken.append("two modes in one filter")
        if "tools" in fields:
            broken.append("tools were sent")
        if _SPEED_FLAG.search(str(fields.get("prompt") or "")):
            broken.append("a speed flag in the prompt")
        mask = fields.get("maskBase64")
        if mask is not None and not str(mask).startswith(MASK_PREFIX):
            broken.append("a mask with another prefix")
        if len(str(fields.get("state") or "")) > LONGEST_STATE:
            raise exception("State参数过长")
        if len(str(fields.get("notifyHook") or "")) > LONGEST_HOOK:
            raise exception("NotifyHook参数过长")

    # -- roots -------------------------------------------------------------------------------------------------------

    async def _begin(self, visit: Visit) -> tuple[dict[str, Any], Record]:
        record = self._record(visit, visit.endpoint.upper(), None)
        record.prompt = bodies.text(visit.fields, "prompt")
        if record.prompt is None and visit.endpoint in {"imagine", "shorten"}:
            raise refused(4, "prompt不能为空")
        if visit.endpoint == "imagine" and visit.fields.get("base64Array"):
            record.prompt = " ".join([*self._uploaded(visit), record.prompt or ""])
            visit = replace(visit, fields={**visit.fields, "prompt": record.prompt})
        return await self._run(visit, record, self._plain[visit.endpoint], None)

    # -- follow-ups --------------------------------------------------------------------------------------------------

    async def _act(self, visit: Visit) -> tuple[dict[str, Any], Record]:
        parent, custom_id = self._parent(visit), bodies.text(visit.fields, "customId") or ""
        asked = read_press(custom_id)
        if self._proxy.manners.gateway and not _SOLD_BY_GATEWAYS.search(custom_id):
            raise refused(4, f"unknown_action:{custom_id}", status=400)
        if asked is None or (self._proxy.flavour is Flavour.TRUEAI and asked.family is Family.BOOKMARK):
            raise refused(4, "未知的 Action 类型")
        known = {button.custom_id for button in parent.buttons()}
        if custom_id not in known and not custom_id.startswith("MJ::Job::PromptAnalyzer::"):
            raise refused(4, "参数错误: customId")
        of = self._proxy.records.of_task(parent)
        record = self._record(visit, asked.family.value.upper(), of)
        record.custom_id, record.prompt = custom_id, of.prompt if of is not None else None
        wants_remix = visit.fields.get("enableRemix") is True and self._proxy.flavour is Flavour.TRUEAI
        remix = (self._proxy.remix or wants_remix) and asked.family in _MAY_REMIX
        if asked.family in {Family.MODAL, Family.REGION} or remix:
            return self._open(record, asked.family, custom_id, parent)
        return await self._run(visit, record, lambda ask: self._workshop.press(ask, parent, custom_id), of)

    def _open(
        self, record: Record, family: Family, custom_id: str, parent: Task
    ) -> tuple[dict[str, Any], Record]:
        """Open a window; nothing runs, and nothing is paid."""
        record.shown_prompt = _line_of(parent, custom_id) or record.prompt or ""
        self._proxy.records.add(record)
        shown = (
            "" if family is Family.REGION and self._proxy.flavour is Flavour.TRUEAI else record.shown_prompt
        )
        kept = family is Family.REGION or custom_id.startswith("MJ::CustomZoom::")
        code = 21 if kept or not self._proxy.manners.gateway else 1
        return submitted(code, "Waiting for window confirm", record.id, finalPrompt=shown, remix=True), record

    async def _fill(self, visit: Visit) -> tuple[dict[str, Any], Record]:
        proxy = self._proxy
        record = proxy.records.get(visit.fields.get("taskId"))
        if record is None or proxy.faults.strikes(ProxyFault.WINDOW_GONE, "modal"):
            raise self._unknown("关联任务不存在或已失效")
        record.fills += 1
        if record.fills > 1:
            proxy.broken_rules.append(f"the window {record.id} was answered twice")
        parent = record.parent.task if record.parent is not None else None
        prompt = bodies.text(visit.fields, "prompt") or record.shown_prompt
        if parent is None or not prompt:
            raise refused(4, "prompt不能为空")
        mask = bodies.text(visit.fields, "maskBase64")
        custom_id = record.custom_id or ""
        if proxy.faults.strikes(ProxyFault.NEW_ID, "modal"):
            older, record = record, self._record(visit, record.action, record.parent)
            record.custom_id, record.state = older.custom_id, older.state
        else:
            second_row(proxy, record)
        record.prompt = prompt
        made = await self._run(
            visit,
            record,
            lambda ask: self._workshop.filled(ask, parent, custom_id, prompt, mask),
            record.parent,
        )
        if proxy.faults.strikes(ProxyFault.WINDOW_DIES, "modal"):
            record.dead = TIME_OUT
        record.still_modal = proxy.faults.strikes(ProxyFault.STILL_MODAL, "modal")
        return made

    # -- parts -------------------------------------------------------------------------------------------------------

    async def _run(
        self,
        visit: Visit,
        record: Record,
        does: Callable[[Any], Awaitable[ApiResponse]],
        parent: Record | None,
    ) -> tuple[dict[str, Any], Record]:
        """Accept the shared task behind a record."""
        proxy, modes = self._proxy, self._modes(visit)
        asked = visit.prefix.removeprefix("mj-").upper() if visit.prefix else next(iter(modes), None)
        record.asked = asked if asked in SPEEDS else None
        record.ran = proxy.speed(key=visit.key, prefix=visit.prefix, modes=modes, parent=parent)
        if proxy.faults.strikes(ProxyFault.OTHER_SPEED, visit.endpoint):
            record.ran = "FAST" if record.ran != "FAST" else "TURBO"
        fields = dict(visit.fields)
        if record.hook is None:
            fields.pop("notifyHook", None)
        else:
            fields["notifyHook"] = record.hook
        before = proxy.service.book.waiting(POOLS[record.ran])
        try:
            answer = await does(FamilyAsk(visit.account, visit.endpoint, fields, speed=record.ran))
        except Refusal as refusal:
            raise self._translated(refusal) from refusal
        task = proxy.service.book.get(answer.task_id or 0)
        if task is not None:
            proxy.records.tie(record, task)
        proxy.records.add(record)
        if proxy.faults.strikes(ProxyFault.ZERO_PERCENT, visit.endpoint):
            record.quirks.add("zero")
        if proxy.faults.strikes(ProxyFault.FORGOTTEN, visit.endpoint):
            record.forgotten = True
        if before and not proxy.manners.gateway:
            words = f"排队中,前面还有{before}个任务"
            return submitted(22, words, record.id, numberOfQueues=before), record
        return submitted(1, "提交成功", record.id), record

    def _record(self, visit: Visit, action: str, parent: Record | None) -> Record:
        proxy = self._proxy
        hook = bodies.text(visit.fields, "notifyHook") if proxy.manners.webhooks else None
        return Record(
            id=proxy.records.next_id(),
            account=visit.account,
            action=action,
            state=bodies.text(visit.fields, "state") or "",
            hook=hook,
            asked=None,
            ran="FAST",
            created=proxy.service.book.now,
            parent=parent,
        )

    def _modes(self, visit: Visit) -> list[str]:
        given = (visit.fields.get("accountFilter") or {}).get("modes") or []
        return [str(mode) for mode in given]

    def _parent(self, visit: Visit) -> Task:
        record = self._proxy.records.get(visit.fields.get("taskId"))
        if record is None or record.task is None:
            raise self._unknown("关联任务不存在或已失效")
        if self._proxy.service.book.state(record.task).status is not Status.SUCCESS:
            gateway = self._proxy.manners.gateway
            raise refused(
                4,
                "task_status_not_success" if gateway else "关联任务状态错误",
                status=400 if gateway else 200,
            )
        return record.task

    def _unknown(self, words: str) -> Reply:
        if self._proxy.manners.gateway:
            return refused(4, "task_not_found", status=400)
        return refused(3, words, status=404 if self._proxy.flavour is Flavour.TRUEAI else 200)

    def _translated(self, refusal: Refusal) -> Reply:
        """The shared service's refusals in the family's words."""
        words = refusal.message
        if "queue full" in words:
            return queue_full(self._proxy)
        if refusal.status_code == 402:  # noqa: PLR2004 - no balance
            return refused(4, "quota_not_enough", status=400 if self._proxy.manners.gateway else 200)
        if "banned" in words.lower():
            return refused(24, "可能包含敏感词", bannedWord=words)
        if "base64" in words:
            return refused(4, "base64格式错误")
        return refused(4, f"参数错误: {words}")

    def _upload(self, visit: Visit) -> dict[str, Any]:
        return submitted(1, "success", self._uploaded(visit))

    def _uploaded(self, visit: Visit) -> list[str]:
        if not self._proxy.uploads:
            raise refused(4, "禁止上传")
        addresses = []
        for written in bodies.text_list(visit.fields, "base64Array"):
            try:
                content = bodies.from_base64(written)
            except ValueError:
                raise refused(4, "base64格式错误") from None
            stored = StoredFile(content, "picture.png", 0, public=True, expires=None)
            file_id = self._proxy.service.files.add(stored)
            addresses.append(self._proxy.service.public_file(file_id))
        return addresses


def queue_full(proxy: ProxyState) -> Reply:
    """How this flavour says that it has no place."""
    if proxy.manners.filter_exceptions:
        return refused(9, "提交失败,队列已满,请稍后尝试")
    return refused(23, "队列已满,请稍后尝试")


def _line_of(parent: Task, custom_id: str) -> str | None:
    """The line of a description, or of a shortening, that a button stands for."""
    match = re.fullmatch(r"MJ::Job::(?:PicReader|PromptAnalyzer)::([1-5])", custom_id)
    if match is None or parent.answer is None:
        return None
    lines = re.findall(r"(?m)^\d\ufe0f\u20e3 (.+)$", parent.answer)
    return lines[int(match[1]) - 1] if int(match[1]) <= len(lines) else None
