"""`MjProxyApi`: the ImageApi port over the family's HTTP, and what the family can do besides (family §1, §3, §5).
Never here: retries of paid calls, decisions about jobs, and the key in any repr, log or error."""

from __future__ import annotations

import asyncio
import base64
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from bot.domain.answers import TagSearchResult, WindowOpen
from bot.domain.capabilities import Lookup
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy import account, answers, readings, requests
from bot.midjourney.mjproxy.routes import ROOT, of_task
from bot.midjourney.mjproxy.sending import Way
from bot.midjourney.mjproxy.submitting import ProxySettings, Submitting
from bot.midjourney.transport import MAX_ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bot.domain.inputs import Shape
    from bot.domain.pools import Pool
    from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
    from bot.midjourney.calls import Reader

__all__ = ["MjProxyApi", "ProxySettings"]

T = TypeVar("T")
_LARGEST_PAGE: Final = 100
_EVERY_TASK: Final = Way("GET", f"{ROOT}/task/list")


class MjProxyApi(Submitting):
    """Implements `ImageApi` and `WindowApi`. Every method raises `RemoteError` and nothing else on trouble."""

    # -- ImageApi ----------------------------------------------------------------------------------------------------

    async def imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, images: Sequence[str] = ()
    ) -> RemoteTaskId:
        """Begin a chain, without a tag."""
        answer = await self.submit_imagine(prompt=prompt, pool=pool, webhook=webhook, tag=None, images=images)
        return answer.task_id

    async def act(
        self,
        *,
        task_id: RemoteTaskId,
        custom_id: str,
        pool: Pool,
        webhook: str | None,
        mask: str | None = None,
    ) -> RemoteTaskId:
        """Press a button; with a mask, its window is filled at once with the words that the window shows.

        If the second call is lost, the error is UNCLEAR and the window is left alone: that costs nothing. A caller
        that stores the window's id between the two uses `press` and `fill`.
        """
        answer = await self.press(task_id=task_id, custom_id=custom_id, pool=pool, webhook=webhook, tag=None)
        if mask is None or not isinstance(answer, WindowOpen):
            return answer.task_id
        words = answer.prompt or await self._words_of(answer.task_id, task_id)
        filled = await self.fill(
            window=answer.task_id, prompt=words, mask=mask, pool=pool, webhook=webhook, tag=None
        )
        return filled.task_id

    async def _words_of(self, *tasks: RemoteTaskId) -> str:
        for task_id in tasks:
            seen = await self.query(task_id)
            if seen is not None and (seen.prompt or seen.final_prompt):
                return seen.prompt or seen.final_prompt or ""
        raise RemoteError(
            RemoteFault.REFUSED, "the window needs words, and the server knows none of the picture"
        )

    async def blend(
        self, *, images: Sequence[str], dimensions: Shape, pool: Pool, webhook: str | None
    ) -> RemoteTaskId:
        """Mix two to five pictures, without a tag."""
        answer = await self.submit_blend(
            images=images, dimensions=dimensions, pool=pool, webhook=webhook, tag=None
        )
        return answer.task_id

    async def describe(self, *, image: str, pool: Pool, webhook: str | None) -> RemoteTaskId:
        """Ask for prompts, without a tag."""
        answer = await self.submit_describe(image=image, pool=pool, webhook=webhook, tag=None)
        return answer.task_id

    async def upload_input(self, data: bytes, *, filename: str, media_type: str, until: int) -> str:
        """Leave a picture in the server's Discord; for how long, nobody promises. Owners may forbid it."""
        del filename, until
        await self._learn_first()
        self.need(self.capabilities.upload, "this server keeps no files")
        picture = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
        return await self._out.call(
            "mj_upload",
            Way("POST", f"{ROOT}/submit/upload-discord-images", requests.Upload(images=(picture,)).as_json()),
            answers.read_upload,
            seconds=self._settings.submit_seconds,
        )

    # -- reads -------------------------------------------------------------------------------------------------------

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        """Read one task; None if the server does not know it.

        Of a window that was filled a gateway has two rows, and shows by this path the first, which stands still until
        the other has ended (family §5.4): there the list, which has both, is asked.
        """
        if self.capabilities.batch and self.capabilities.server.is_gateway:
            try:
                return (await self.query_many([task_id])).get(task_id)
            except RemoteError as error:
                if error.fault not in {RemoteFault.UNCLEAR, RemoteFault.REFUSED}:
                    raise  # another path would be answered the same
        seen = await self._read(
            "mj_fetch", Way("GET", ROOT + of_task(task_id, "fetch")), self._based(readings.read_one)
        )
        if seen is not None and seen.task_id != task_id:
            # Nobody may be shown somebody else's picture because a cache on the way mixed two answers up.
            raise RemoteError(RemoteFault.UNCLEAR, "the answer is about another task")
        return seen

    async def query_many(self, task_ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        """Read many tasks; one that the server does not know is missing. Where it has no lists, one by one."""
        wanted = tuple(dict.fromkeys(task_ids))
        if not self.capabilities.batch:
            seen = await asyncio.gather(*map(self.query, wanted))
            return {task.task_id: task for task in seen if task is not None}
        found: dict[RemoteTaskId, TaskSnapshot] = {}
        for first in range(0, len(wanted), requests.MOST_IDS):
            ids = wanted[first : first + requests.MOST_IDS]
            way = Way("POST", f"{ROOT}/task/list-by-condition", requests.Ids(ids=ids).as_json())
            for task in await self._read("mj_list", way, self._based(readings.read_many)):
                if task.task_id in ids:
                    found[task.task_id] = task
        return found

    async def page(self, number: int, *, size: int) -> TaskPage:
        """Read a page of the server's tasks, others' among them; gateways list none."""
        number, size = max(number, 1), min(max(size, 5), 20)
        self.need(self.capabilities.pages, "this server lists no tasks")
        if self.capabilities.lookup is Lookup.EXACT:
            return await self._page(requests.Query(number=number - 1, size=size))
        # A long list is not worth a page, as the next one would load it anew: only a tag is looked for in it.
        tasks = await self._read("mj_list_all", _EVERY_TASK, self._based(readings.read_many))
        return readings.cut_page(tasks, number, size)

    async def find(self, tag: str) -> TagSearchResult:
        """Look for the task that was submitted with a tag (family §3)."""
        await self._learn_first()
        match self.capabilities.lookup:
            case Lookup.EXACT:
                page = await self._page(requests.Query(size=_LARGEST_PAGE, state=tag))
                return readings.find_tag(page.tasks, tag, complete=True)
            case Lookup.SCAN:
                # One server shows the newest hundred of everybody, another only the newest at all (NOVI#239).
                return readings.find_tag(await self._bearing(tag), tag, complete=False)
            case Lookup.NEVER:
                return TagSearchResult(None, complete=False)

    async def _page(self, query: requests.Query) -> TaskPage:
        way = Way("POST", f"{ROOT}/task/query", query.as_json())
        return await self._read("mj_query", way, self._based(readings.read_page))

    async def _bearing(self, tag: str) -> tuple[TaskSnapshot, ...]:
        # One server gives all that it keeps, and one such list at a time is enough for the memory.
        async with self._listing:
            return await self._read(
                "mj_list_all",
                _EVERY_TASK,
                self._based(partial(readings.read_whole, tag=tag)),
                most=readings.LONGEST_LIST,
            )

    async def seed(self, task_id: RemoteTaskId) -> str | None:
        """A finished task's seed; None if the server has none to give. It may take a minute."""
        if not self.capabilities.seed:
            return None
        way = Way("GET", ROOT + of_task(task_id, "image-seed"))
        return await self._read("mj_seed", way, answers.read_seed, seconds=self._settings.seed_seconds)

    async def cancel(self, task_id: RemoteTaskId) -> bool:
        """Ask the server to stop following a task; whether it says that it did. Midjourney runs on, and is paid."""
        way = Way("POST", ROOT + of_task(task_id, "cancel"))
        return await self._read("mj_cancel", way, answers.read_cancelled)

    async def check(self) -> None:
        """Prove address and key by a call that costs nothing; the first time, learn what the server is."""
        if self.is_known:
            await self.prove()
        else:
            await self.learn()

    async def balance(self) -> account.Usage:
        """What a gateway's key has left; REFUSED where there is no such thing."""
        self.need(self.capabilities.balance, "this server knows no balance")
        return await self._read("mj_usage", Way("GET", "/api/usage/token"), account.read_usage)

    def _based(self, read: Callable[..., T]) -> Reader[T]:
        return partial(read, base=self._settings.url)

    async def _read(
        self, name: str, way: Way, read: Reader[T], *, seconds: float | None = None, most: int = MAX_ANSWER
    ) -> T:
        return await self._out.call(
            name, way, read, seconds=seconds or self._settings.query_seconds, budgeted=True, most=most
        )
