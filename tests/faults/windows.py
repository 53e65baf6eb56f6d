"""A server of the family at the level of its port, for walks of deaths: windows, tags, and what was filled how often.
Never here: the wire, and the walks themselves (deaths)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from typing_extensions import override

from bot.domain.answers import Accepted, TagSearchResult, WindowOpen
from bot.domain.capabilities import BY_SERVER, Capabilities, ServerKind
from bot.domain.intake.masks import Cells
from bot.domain.intake.window_words import WindowWords
from bot.domain.ports import Picture
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.masks import PillowMasks
from tests.midjourney.drawing import still
from tests.services.harness import GRID, UUID, Api

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.answers import Answer
    from bot.domain.jobs import Job
    from bot.domain.pools import Pool
    from tests.services.harness import Effects, Harness, Upstream

ZOOM, REGION, VARIATION = 9, 10, 5
"""Where the buttons stand under the grid of these walks."""
ACTIONS = (
    *GRID,
    RemoteAction(f"MJ::CustomZoom::{UUID}", "Custom Zoom", "🔍"),
    RemoteAction(f"MJ::Inpaint::1::{UUID}::SOLO", "Vary (Region)", "🖌️"),
)
SHORTER = "## Important tokens\n**fox** ~~a~~\n\n## Shortened prompts\n1️⃣ paper fox\n\n2️⃣ fox"
WORDS = WindowWords(prompt="an owl in the snow --ar 3:2")
ZOOMED = WindowWords(prompt="an owl in the snow", zoom="1.4")


@dataclass(slots=True)
class Window:
    """A window that a press opened; until it is filled it costs nothing."""

    id: RemoteTaskId
    custom_id: str
    parent: RemoteTaskId
    tag: str | None
    remix: bool
    fills: list[tuple[str, str | None]] = field(default_factory=list)
    """The words and the mask of each call that filled it: one at most, or it is paid twice."""


class Windows:
    """All of them, and the tags of all tasks. They outlive any process."""

    def __init__(self) -> None:
        self.all: dict[RemoteTaskId, Window] = {}
        self.tags: dict[str, RemoteTaskId] = {}
        self.remix_is_on = False
        """Whether the server's own account has Remix on: then a press alone opens one."""


class FamilyApi(Api):
    """One process's way to a server with windows; every call has a place to die before and after it."""

    def __init__(self, upstream: Upstream, effects: Effects, windows: Windows) -> None:
        super().__init__(upstream, effects)
        self._windows = windows

    @property
    def capabilities(self) -> Capabilities:
        return BY_SERVER[ServerKind.TRUEAI]

    async def press(self, *, task_id: RemoteTaskId, custom_id: str, pool: Pool, **more: Any) -> Answer:
        async def call() -> Answer:
            remix, tag = bool(more["remix"]) or self._windows.remix_is_on, more["tag"]
            if not remix and not custom_id.startswith(("MJ::CustomZoom", "MJ::Inpaint")):
                return Accepted(self._take(custom_id, pool, tag, prompt=self._upstream.task(task_id).prompt))
            self._upstream.next_id += 1
            window = Window(RemoteTaskId(str(self._upstream.next_id)), custom_id, task_id, tag, remix)
            self._windows.all[window.id] = window
            self._windows.tags[tag] = window.id
            return WindowOpen(window.id)

        return await self._effects.around("POST press", call())

    async def fill(
        self, *, window: RemoteTaskId, prompt: str, mask: str | None, pool: Pool, **_: Any
    ) -> Accepted:
        async def call() -> Accepted:
            opened = self._windows.all[window]
            opened.fills.append((prompt, mask))
            self._take(opened.custom_id, pool, None, prompt=prompt)
            self._upstream.tasks[-1].id = int(window)  # the window becomes the task
            return Accepted(window)

        return await self._effects.around("POST fill", call())

    async def submit_imagine(self, *, prompt: str, pool: Pool, tag: str | None, **_: Any) -> Answer:
        async def call() -> Answer:
            return Accepted(self._take(None, pool, tag, prompt=prompt))

        return await self._effects.around("POST imagine", call())

    async def shorten(self, *, prompt: str, pool: Pool, tag: str | None, **_: Any) -> Answer:
        async def call() -> Answer:
            return Accepted(self._take(None, pool, tag, prompt=prompt, action="SHORTEN"))

        return await self._effects.around("POST shorten", call())

    def _take(
        self, custom_id: str | None, pool: Pool, tag: str | None, *, prompt: str, action: str = "ACTION"
    ) -> RemoteTaskId:
        template = dict(self._upstream.template)
        if action == "SHORTEN":
            self._upstream.template = {**template, "actions": (), "picture": False, "description": SHORTER}
        task_id = self._upstream.accept(
            prompt=prompt, pool=pool, action=action, webhook=None, custom_id=custom_id
        )
        self._upstream.template = template
        if tag is not None:
            self._windows.tags[tag] = task_id
        return task_id

    @override
    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        return (await self.query_many([task_id])).get(task_id)

    async def query_many(self, task_ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        async def call() -> dict[RemoteTaskId, TaskSnapshot]:
            return {task_id: self._seen(task_id) for task_id in task_ids}

        return await self._effects.around("POST query", call())

    def _seen(self, task_id: RemoteTaskId) -> TaskSnapshot:
        window = self._windows.all.get(task_id)
        if window is not None and not window.fills:
            return TaskSnapshot(task_id, TaskStatus.MODAL)
        seen = self._upstream.task(task_id).seen(self._upstream.clock.now())
        return TaskSnapshot(
            task_id,
            seen.status,
            prompt=seen.prompt,
            progress=seen.progress,
            discord_url=seen.discord_url,
            actions=seen.actions,
            final_prompt=seen.prompt,
        )

    async def find(self, tag: str) -> TagSearchResult:
        async def call() -> TagSearchResult:
            found = self._windows.tags.get(tag)
            return TagSearchResult(None if found is None else self._seen(found), complete=True)

        return await self._effects.around("POST find", call())

    async def check(self) -> None:
        """It answers."""

    async def _never(self, **_: Any) -> NoReturn:
        raise AssertionError("no walk does that")

    submit_blend = submit_describe = animate = seed = cancel = _never


class FilelessApi(FamilyApi):
    """A server of the family that keeps no files: a prompt takes its pictures along."""

    @property
    @override
    def capabilities(self) -> Capabilities:
        return BY_SERVER[ServerKind.NOVI]

    @override
    async def upload_input(self, data: bytes, *, filename: str, media_type: str, until: int) -> str:
        raise RemoteError(RemoteFault.REFUSED, "this server keeps no files")


def furnish(world: Harness, api: type[FamilyApi] = FamilyApi) -> None:
    """Have the world's one account be at such a server, with the windows that it had before."""
    world.windows = world.windows or Windows()
    world.way_to = lambda _account: api(world.upstream, world.effects, world.windows)
    world.painted = Picture(still(size=(37, 41)), "fox.png", "image/png", 37, 41)
    world.upstream.template["actions"] = ACTIONS


def fills_of(world: Harness) -> list[int]:
    """How often each window was filled."""
    return [len(window.fills) for window in world.windows.all.values()] if world.windows else []


async def custom_zoom(world: Harness) -> None:
    """Custom Zoom with a factor and words."""
    await _pressed(world, ZOOM, ZOOMED)


async def remix(world: Harness) -> None:
    """V2 with other words (Remix)."""
    await _pressed(world, VARIATION + 1, WORDS)


async def unasked(world: Harness) -> None:
    """V2 as it stands, at a server whose account has Remix on."""
    assert world.windows is not None
    world.windows.remix_is_on = True
    await world.press(await grid_of(world), VARIATION + 1)


async def region_with_words(world: Harness) -> None:
    """Vary (Region) with words."""
    grid = await grid_of(world)
    mask = await PillowMasks().from_cells(37, 41, Cells(6))
    await world.services.regions.repaint(
        world.asker(), grid.key, REGION, mask, channel_id=0, message_id=0, words=WORDS
    )


async def shorten(world: Harness) -> None:
    """/shorten to the shorter prompts."""
    await world.services.shortening.begin(world.asker(), "a very small paper fox", None)


async def grid_of(world: Harness) -> Job:
    """The grid that the walks start from."""
    return next(job for job in await world.all_jobs() if job.press is None)


async def _pressed(world: Harness, position: int, words: WindowWords) -> None:
    grid = await grid_of(world)
    await world.services.presses.press(
        world.asker(), grid.key, position, channel_id=22, message_id=grid.reply.message_id or 0, words=words
    )
