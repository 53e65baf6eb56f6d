"""An order of the second engine: made of a job's row and what goes along with it, and what its answer makes of the row.
Never here: writing rows, and reading prompts (that is `bot.domain.intake.drawing`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.inputs import Input, InputRole, images_of
from bot.domain.intake.drawing import DRAWN, Drawing, actions_of, ordered
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.jobs import Job
    from bot.domain.tasks import RemoteAction
    from bot.services.accounts.accounts import Accounts


async def draw(
    accounts: Accounts, job: Job, inputs: Sequence[Input]
) -> tuple[tuple[Input, ...], tuple[RemoteAction, ...], int]:
    """Make the one paid call; returns what it brought, what can be pressed under it, and the units of what came.

    Raises `RemoteError`.
    """
    api = await accounts.reach(job.account)
    engine = api.engine if isinstance(api, Drawing) else None
    if engine is None:
        raise RemoteError(RemoteFault.KEY, "this account draws with no second engine any more")
    images = [(one.data, one.media_type) for one in images_of(inputs)]
    order = ordered(job.prompt, engine.model)
    drawn = await engine.draw(order, images=images)
    brought = tuple(
        Input(one.data, one.media_type, f"drawn-{number}", InputRole.RESULT, source_url=one.address)
        for number, one in enumerate(drawn, 1)
    )
    return brought, actions_of(engine.model, len(brought)), job.units * len(brought) // order.number


def ended(job: Job, actions: tuple[RemoteAction, ...], now: int, *, units: int) -> Job:
    """The job with its result, which is kept under its own key, at the price of what came."""
    task_id = RemoteTaskId(f"draw-{job.key}")
    seen = TaskSnapshot(task_id, TaskStatus.SUCCESS, storage_key=f"{DRAWN}{job.key}", actions=actions)
    return replace(job, units=units).submitted(task_id, now).observed(seen, now)
