"""The four ways to start a task: imagine, action, blend, describe (contract §1.1-1.4). Each is refused or accepted whole.
Never here: HTTP answers, or what a press produces."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.upstream import bodies
from bot.sandbox.upstream.accounts import Charge, price
from bot.sandbox.upstream.answers import ApiResponse, Refusal
from bot.sandbox.upstream.book import QueueFull
from bot.sandbox.upstream.buttons import Family, read_press
from bot.sandbox.upstream.faults import REASONS, Fault, Scope
from bot.sandbox.upstream.pictures.describe import describe_picture
from bot.sandbox.upstream.pictures.plan import Blend, Form, Picture, Scene, first_frame, ratio_of
from bot.sandbox.upstream.pictures.size import size_of
from bot.sandbox.upstream.presses import Outcome, derive, press
from bot.sandbox.upstream.prompts import Version, banned_word_problem, read_prompt
from bot.sandbox.upstream.tasks import Ending, Kind, Pool, Status, Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.upstream.service import Service

BLEND_ASPECTS = {"PORTRAIT": (2, 3), "SQUARE": (1, 1), "LANDSCAPE": (3, 2)}
POOLS = (Pool.NORMAL, Pool.FAST)
"""What this service sells."""
FEWEST_BLENDED, MOST_BLENDED = 2, 5
MOST_REFERENCES = 5


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that was admitted: who asks, and the fields of the body."""

    account: str
    endpoint: str
    fields: dict[str, Any]
    key: str = field(default="", repr=False)

    @property
    def pool(self) -> Pool:
        """The pool asked for; FAST if none is named (contract §1)."""
        written = bodies.text(self.fields, "type") or Pool.FAST.value
        if written not in POOLS:
            raise Refusal(400, "type must be NORMAL or FAST")
        return Pool(written)

    @property
    def webhook(self) -> str | None:
        """Where to post changes."""
        return bodies.text(self.fields, "webhook") or None


class Submissions:
    """Turns an ask into an accepted task, or refuses it."""

    def __init__(
        self,
        service: Service,
        fetch_own: Callable[[str], Awaitable[bytes | None]],
        on_accept: Callable[[Task], None],
    ) -> None:
        self._service = service
        self._fetch_own = fetch_own
        self._on_accept = on_accept

    async def imagine(self, ask: Ask) -> ApiResponse:
        """Text to a grid of four."""
        text = bodies.text(ask.fields, "prompt")
        if not text or not text.strip():
            raise Refusal(400, "prompt is required")
        settings = self._service.settings
        if settings.refuse_banned and (problem := banned_word_problem(text, settings.banned)):
            raise Refusal(400, problem)
        pool, prompt = ask.pool, read_prompt(text, banned=settings.banned)
        problem = prompt.problem
        tint: list[str] = []
        for link in prompt.links:
            if self._service.own_path(link) is not None:
                asset = await self._asset(await self._fetch_own(link))
                problem = problem or (
                    None if asset else f"[Invalid link] Could not fetch the picture: {link}"
                )
                tint += [asset] if asset else []
        for written in bodies.text_list(ask.fields, "base64Array")[:MOST_REFERENCES]:
            tint.append(await self._given_picture(written, "base64Array"))
        task = self._new_task(ask, pool, Kind.GRID, "IMAGINE", text, f"/imagine {text}")
        task.version = prompt.version
        task.seed = prompt.seed if prompt.seed is not None else derive(self._service.settings.seed, task.id)
        seed = derive(task.seed, prompt.words)
        scenes = tuple(
            Scene(
                words=prompt.words,
                seed=derive(seed, number),
                frame=first_frame(prompt.aspect),
                look=prompt.version.spelled,
                tint=tuple(tint),
            )
            for number in range(4)
        )
        task.picture = Picture(Form.GRID, scenes)
        if problem is not None:
            task.ending, task.fail_reason = Ending.FAILURE, problem
        return self._accept(task, ask.key)

    async def blend(self, ask: Ask) -> ApiResponse:
        """Two to five pictures to a grid of four."""
        written = bodies.text_list(ask.fields, "base64Array")
        if not FEWEST_BLENDED <= len(written) <= MOST_BLENDED:
            raise Refusal(400, "base64Array must hold 2 to 5 pictures")
        dimensions = bodies.text(ask.fields, "dimensions") or "SQUARE"
        if dimensions not in BLEND_ASPECTS:
            raise Refusal(400, "dimensions must be PORTRAIT, SQUARE or LANDSCAPE")
        pool = ask.pool
        assets = tuple([await self._given_picture(item, "base64Array") for item in written])
        task = self._new_task(
            ask, pool, Kind.GRID, "BLEND", None, f"/blend {len(assets)} pictures {dimensions}"
        )
        task.seed = derive(self._service.settings.seed, task.id)
        width, height = BLEND_ASPECTS[dimensions]
        blends = tuple(Blend(assets, derive(task.seed, number), width / height) for number in range(4))
        task.picture = Picture(Form.GRID, blends)
        return self._accept(task, ask.key)

    async def describe(self, ask: Ask) -> ApiResponse:
        """A picture to four prompts."""
        written = bodies.text(ask.fields, "base64")
        if not written:
            raise Refusal(400, "base64 is required")
        pool = ask.pool
        source = await self._given_picture(written, "base64")
        task = self._new_task(ask, pool, Kind.TEXT, "DESCRIBE", None, "/describe")
        task.seed = derive(self._service.settings.seed, task.id)
        task.source = source
        return await self._describe(task, ask.key)

    async def action(self, ask: Ask) -> ApiResponse:
        """Press a button of a finished task (contract §1.2)."""
        service = self._service
        number, custom_id = bodies.task_id(ask.fields), bodies.text(ask.fields, "customId")
        parent = service.book.get(number)
        if parent is None or parent.account != ask.account:
            raise Refusal(400, f"the related task {number} does not exist or has expired")
        if service.book.state(parent).status is not Status.SUCCESS:
            raise Refusal(400, f"the related task {number} is in the wrong state")
        if not custom_id or custom_id not in {button.custom_id for button in parent.buttons()}:
            raise Refusal(400, f"customId is not one of the actions of task {number}")
        pool = ask.pool
        if pool is not parent.pool:
            raise Refusal(
                400, f"task {number} belongs to the {parent.pool.value} pool: type must be the same"
            )
        mask, trouble = await self._mask(ask, parent, custom_id)
        outcome = self._outcome(parent, custom_id, mask)
        task = self._new_task(ask, pool, outcome.kind, outcome.action, parent.prompt, outcome.description)
        task.parent, task.custom_id, task.version = parent.id, custom_id, parent.version
        task.seed, task.picture, task.ending = derive(parent.seed, task.id), outcome.picture, outcome.ending
        if outcome.picture is not None:
            # The outcome was planned before the task had its number: plan it again with the task's own seed.
            task.picture = self._outcome(parent, custom_id, mask, seed=task.seed).picture
        task.source = parent.source
        if trouble is not None:
            task.ending, task.fail_reason = Ending.FAILURE, trouble
        return await self._describe(task, ask.key) if task.kind is Kind.TEXT else self._accept(task, ask.key)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _outcome(self, parent: Task, custom_id: str, mask: str | None, *, seed: int = 0) -> Outcome:
        asked = read_press(custom_id)
        if asked is None:
            raise Refusal(400, "unknown action type")
        return press(
            self._service.book, parent, asked, seed=seed, mask=mask, remix=self._service.settings.remix
        )

    async def _mask(self, ask: Ask, parent: Task, custom_id: str) -> tuple[str | None, str | None]:
        """The mask's asset, and what is wrong with it; only a repaint looks at it."""
        asked = read_press(custom_id)
        if asked is None or asked.family is not Family.REGION or parent.picture is None:
            return None, None
        written = bodies.text(ask.fields, "base64Mask")
        if not written:
            return None, "[Invalid parameter] base64Mask is required to vary a region"
        size = size_of(ratio_of(parent.picture.singles[0]), self._service.settings.canvas)
        try:
            content = bodies.from_base64(written, bare=True)
            return await asyncio.to_thread(self._service.assets.add_mask, content, size), None
        except ValueError as trouble:
            return None, f"[Invalid parameter] base64Mask: {trouble}"

    async def _given_picture(self, written: str, name: str) -> str:
        try:
            content = bodies.from_base64(written)
        except ValueError as trouble:
            raise Refusal(400, f"{name} must hold data URLs: {trouble}") from trouble
        asset = await self._asset(content)
        if asset is None:
            raise Refusal(400, f"{name}: this is no picture that can be read")
        return asset

    async def _asset(self, content: bytes | None) -> str | None:
        if content is None:
            return None
        try:
            return await asyncio.to_thread(self._service.assets.add_picture, content)
        except ValueError:
            return None

    async def _describe(self, task: Task, key: str = "") -> ApiResponse:
        source = self._service.assets.all[task.source or ""]
        task.answer = await asyncio.to_thread(describe_picture, source, task.seed)
        return self._accept(task, key)

    def _new_task(
        self, ask: Ask, pool: Pool, kind: Kind, action: str, prompt: str | None, description: str
    ) -> Task:
        service = self._service
        try:
            service.book.check_room(pool)
        except QueueFull:
            raise Refusal(400, "queue full: too many tasks are waiting, please try again later") from None
        service.accounts.check(ask.account, ask.key, price(pool, kind))
        return Task(
            id=service.book.next_id(),
            account=ask.account,
            pool=pool,
            kind=kind,
            action=action,
            prompt=prompt,
            description=description,
            job=service.new_job(),
            submitted=service.book.now,
            seconds=service.settings.pace.seconds(pool, kind),
            version=Version(),
            webhook=ask.webhook,
        )

    def _accept(self, task: Task, key: str = "") -> ApiResponse:
        service = self._service
        planned = service.faults.draw(Scope.TASK, endpoint=_endpoint(task), task=task.id)
        if planned is not None:
            _doom(task, planned.fault, planned.reason)
        task.submitted = service.book.now
        service.book.accept(task)
        charge = Charge(task.id, task.account, task.pool, price(task.pool, task.kind))
        service.accounts.charge(charge, key, service.settings.clock())
        self._on_accept(task)
        return ApiResponse(task.id, task_id=task.id)


def _endpoint(task: Task) -> str:
    return "action" if task.custom_id is not None else task.action.lower()


def _doom(task: Task, fault: Fault, reason: str | None) -> None:
    if fault is Fault.STUCK_NOT_START:
        task.ending = Ending.NEVER_STARTS
    elif fault is Fault.STUCK_IN_PROGRESS:
        task.ending = Ending.NEVER_ENDS
    elif fault is Fault.MODAL:
        task.ending = Ending.MODAL
    else:
        task.ending, task.fail_reason = Ending.FAILURE, reason or REASONS[fault]
        task.failed_as = Status.FAILED if fault is Fault.FAILED_SPELLING else Status.FAILURE
