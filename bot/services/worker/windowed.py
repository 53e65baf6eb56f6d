"""Submissions to an account with windows and tags: which call a job is, and the call that fills the window it opened.
Never here: storing, what an error means for the row, and accounts without windows (`submission`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.failures import FailureKind
from bot.domain.inputs import FEWEST_BLENDED, InputRole, Shape, images_of, mask_of, sent_prompt
from bot.domain.intake.window_words import split_zoom, with_zoom
from bot.domain.jobs import JobKind
from bot.domain.settling import tag_of
from bot.domain.wording import links_at_head
from bot.errors import RemoteError, RemoteFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.answers import Accepted, Answer, WindowOpen
    from bot.domain.inputs import Input
    from bot.domain.jobs import Job
    from bot.domain.tasks import RemoteTaskId
    from bot.domain.window_ports import WindowApi


async def submit(
    api: WindowApi, job: Job, inputs: Sequence[Input], *, prompt: str, webhook: str | None
) -> Answer:
    """Make the job's first paid call; `prompt` is what an imagine or a shortening sends. Raises `RemoteError`."""
    tag, pool = tag_of(job), job.pool
    if job.press is not None:
        return await api.press(
            task_id=job.press.parent_task,
            custom_id=job.press.custom_id,
            pool=pool,
            webhook=webhook,
            tag=tag,
            remix=job.press.remix,
        )
    pictures = [image.data_url for image in images_of(inputs)]
    match job.kind:
        case JobKind.BLEND if len(pictures) >= FEWEST_BLENDED:
            return await api.submit_blend(
                images=pictures, dimensions=job.shape or Shape.SQUARE, pool=pool, webhook=webhook, tag=tag
            )
        case JobKind.DESCRIBE if pictures:
            return await api.submit_describe(image=pictures[0], pool=pool, webhook=webhook, tag=tag)
        case JobKind.SHORTEN:
            return await api.shorten(prompt=prompt, pool=pool, webhook=webhook, tag=tag)
        case JobKind.IMAGINE:
            inside = [image.data_url for image in images_of(inputs) if image.goes_inside]
            return await api.submit_imagine(prompt=prompt, pool=pool, webhook=webhook, tag=tag, images=inside)
        case _:
            raise RemoteError(RemoteFault.REFUSED, f"a {job.kind.value} job without what it is made of")


async def fill(
    api: WindowApi, job: Job, opened: WindowOpen, inputs: Sequence[Input], *, webhook: str | None
) -> Accepted:
    """Make the second paid call, once: the job's words behind its pictures' addresses, and its mask if it has one.

    A press alone opens a window, too, where Remix is on in the server's Discord account. It asked for nothing else than
    what stands there, which is more than our words where pictures go before them. Raises `RemoteError`.
    """
    mask, press = mask_of(inputs), job.press
    own = sent_prompt(job.prompt, inputs) if job.prompt else ""
    if press is not None and not (press.remix or press.zoom or mask):
        words = opened.prompt or own
    else:
        words = own or split_zoom(opened.prompt or "")[0]
        if own and press is not None and any(image.goes_inside for image in images_of(inputs)):
            words = await _behind_its_links(api, press.parent_task, opened, job.prompt, inputs)
    if not words and press is not None:
        words = await _words_of(api, press.parent_task)
    return await api.fill(
        window=opened.task_id,
        prompt=with_zoom(words, None if press is None else press.zoom),
        mask=None if mask is None else mask.data_url,
        pool=job.pool,
        webhook=webhook,
        tag=tag_of(job),
    )


async def _behind_its_links(
    api: WindowApi, parent: RemoteTaskId, opened: WindowOpen, prompt: str, inputs: Sequence[Input]
) -> str:
    """A prompt whose pictures have no address of ours, behind the links that the server wrote before the one above."""
    links = links_at_head(opened.prompt or "") or links_at_head(await _words_of(api, parent))
    if not links:
        raise RemoteError(RemoteFault.REFUSED, "no link to a picture above", kind=FailureKind.NO_ADDRESS)
    references = (image for image in images_of(inputs) if image.role is not InputRole.IMAGE)
    return " ".join([*links, sent_prompt(prompt, references)])


async def _words_of(api: WindowApi, task_id: RemoteTaskId) -> str:
    """The words of a task. Raises `RemoteError`, and none that says that the window may have been filled."""
    try:
        seen = (await api.query_many([task_id])).get(task_id)
    except RemoteError as error:
        if error.fault is not RemoteFault.UNCLEAR:
            raise
        raise RemoteError(RemoteFault.UNREACHED, error.message) from error
    return "" if seen is None else seen.prompt or seen.final_prompt or ""
