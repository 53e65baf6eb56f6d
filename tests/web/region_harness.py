"""The mask editor on a real web server with real links in a real database; what lies behind it is played.
Never here: tests."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from bot.domain.jobs import Job, ReplyTarget
from bot.domain.keys import JobKey
from bot.domain.ports import CardLocation, Picture
from bot.i18n import Catalogues
from bot.midjourney.screens import PillowScreens
from bot.services.admission.asker import Asker
from bot.services.intake.mask_editor import MaskEditor
from bot.services.intake.press import Pressed, PressOutcome
from bot.services.intake.region_links import RegionLinks
from bot.storage.opening import open_storage
from bot.web.health import Health
from bot.web.region import RegionPages
from bot.web.server import serve
from tests.fixtures.ports import free_port
from tests.fixtures.sqlite import migrated
from tests.storage.making import FREE, NOON, child, job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.intake.window_words import WindowWords
    from bot.domain.jobs import Route
    from bot.domain.ports import Showing
    from bot.services.admission.authorization import Operation
    from bot.storage.opening import Storage

TOKEN = "token-of-a-link-to-the-editor-01"
SIZE = (1200, 800)
PARENT = job(key=JobKey("0parent0pict"), storage_key="2025/a.png")
ASKER = Asker(
    user_id=7,
    user_name="Ada",
    locale="en-GB",
    guild_locale="de",
    interaction_id=4711,
    reply=ReplyTarget(
        channel_id=22,
        guild_id=11,
        application_id=33,
        token="interaction-token-of-ada",
        token_until=NOON + 900_000,
        message_id=555,
        message_at=NOON,
    ),
    role_ids=frozenset({5, 3}),
    joined_at=NOON - 1,
    channel_parents=(44,),
    is_moderator=True,
)


@lru_cache
def drawn(size: tuple[int, int] = SIZE) -> bytes:
    """A picture that looks like something."""
    image = Image.new("RGB", size, "#7fb2d9")
    pen = ImageDraw.Draw(image)
    across, down = size
    pen.rectangle((0, down * 0.62, across, down), fill="#4f7d4a")
    pen.ellipse((across * 0.68, down * 0.08, across * 0.82, down * 0.29), fill="#f6d466")
    for n, shade in enumerate(("#8a94a6", "#6d7890", "#98a3b3")):
        left = across * (0.06 + 0.27 * n)
        pen.polygon(
            [(left, down * 0.64), (left + across * 0.2, down * 0.22), (left + across * 0.4, down * 0.64)],
            fill=shade,
        )
    pen.rectangle((across * 0.42, down * 0.56, across * 0.56, down * 0.78), fill="#b5543c")
    pen.polygon(
        [(across * 0.4, down * 0.57), (across * 0.49, down * 0.44), (across * 0.58, down * 0.57)],
        fill="#7b2f23",
    )
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


@dataclass
class Clock:
    """Time as the test sets it."""

    at: int = NOON

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self.at

    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """Wait for news."""
        assert seconds > 1
        assert wake is not None
        return await wake.wait()


@dataclass
class Draft:
    """What is painted on."""

    job: Job
    width: int
    height: int
    words: str | None = None


@dataclass
class Room:
    """The server's address, and what was done behind it."""

    storage: Storage
    clock: Clock = field(default_factory=Clock)
    size: tuple[int, int] = SIZE
    address: str = ""
    links: RegionLinks = field(init=False)
    masks: list[bytes] = field(default_factory=list)
    prompt: str | None = None
    """The picture's, where words are taken beside the mask."""
    words: list[WindowWords | None] = field(default_factory=list)
    begun: list[Job] = field(default_factory=list)
    posted: list[tuple[Showing, Route]] = field(default_factory=list)
    shown: asyncio.Event = field(default_factory=asyncio.Event)
    """A card was posted."""
    counted: list[str] = field(default_factory=list)
    fetched: int = 0
    trouble: Exception | None = None
    """Raised instead of beginning a job, or of bringing the picture."""
    others: Job | None = None
    """The job that the button has already."""
    hold: asyncio.Event | None = None
    """Beginning a job waits for it."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Beginning a job was asked for."""

    # -- the ports -----------------------------------------------------------------------------------------

    async def draft(self, asker: Asker, key: JobKey, position: int, _operation: Operation) -> Draft:
        """Know the picture."""
        if self.trouble is not None:
            raise self.trouble
        assert (asker.user_name, key, position) == ("Ada", PARENT.key, 3)
        return Draft(PARENT, *self.size, self.prompt)

    async def repaint(
        self,
        asker: Asker,
        key: JobKey,
        position: int,
        mask: bytes,
        *,
        channel_id: int,
        message_id: int,
        operation: Operation,
        words: WindowWords | None = None,
    ) -> Pressed:
        """Begin one job for an interaction."""
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble is not None:
            raise self.trouble
        assert (key, position, channel_id, message_id) == (PARENT.key, 3, 22, 0)
        assert operation.value == "editor"
        self.masks.append(mask)
        self.words.append(words)
        if self.others is not None:
            return Pressed(self.others, PressOutcome.RUNNING)
        if not self.begun:
            begun = child(PARENT, 3, interaction_id=asker.interaction_id, reply=asker.reply, user_id=7)
            self.begun.append(begun)
            await self.storage.jobs.insert(begun, FREE)
            return Pressed(self.begun[0], PressOutcome.STARTED)
        return Pressed(self.begun[0], PressOutcome.RUNNING)

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        """Bring the picture."""
        assert (storage_key, discord_url) == (PARENT.storage_key, None)
        assert limit > 10_000_000
        self.fetched += 1
        return Picture(drawn(self.size), "a.png", "image/png", *self.size)

    async def show(self, showing: Showing, route: Route, *, picture: Picture | None) -> CardLocation:
        """Post a card."""
        assert picture is None
        self.posted.append((showing, route))
        self.shown.set()
        return CardLocation(22, 900, self.clock.now())

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        """Remember one."""
        assert (name, n) == ("regions_sent", 1)
        self.counted.append(labels["outcome"])

    # -- the way in ----------------------------------------------------------------------------------------

    async def link(self, **changes: Any) -> str:
        """A fresh link's address."""
        made = await self.links.make(replace(ASKER, **changes), PARENT.key, 3)
        assert made is not None
        return made


@asynccontextmanager
async def opened_room(
    directory: Path,
    *,
    size: tuple[int, int] = SIZE,
    body_seconds: float = 60.0,
    at_once: int = 16,
) -> AsyncIterator[Room]:
    """Open a server that is reached at `room.address`."""
    async with open_storage(migrated(directory / "easel.db"), migrate=True) as storage:
        room = Room(storage, size=size)
        port = free_port()
        room.address = f"http://127.0.0.1:{port}"
        tokens = iter([TOKEN, *(f"another-token-for-the-editor-{n:03}" for n in range(99))])
        room.links = RegionLinks(
            store=storage.region_links,
            clock=room.clock,
            token=lambda: next(tokens),
            public_url=room.address,
        )
        mask_editor = MaskEditor(
            links=room.links,
            regions=room,  # type: ignore[arg-type]  # what it must be is tested with the services
            store=storage.jobs,
            pictures=room,
            screens=PillowScreens(),
            publisher=room,  # type: ignore[arg-type]  # only new cards are shown here
            clock=room.clock,
            show=lambda _job: None,
        )
        pages = RegionPages(
            mask_editor=mask_editor,
            catalogues=Catalogues.load(strict=True),
            public_url=room.address,
            clock=room.clock,
            metrics=room,  # type: ignore[arg-type]  # nothing here takes time worth measuring
            body_seconds=body_seconds,
            at_once=at_once,
        )
        async with serve(
            host="127.0.0.1",
            port=port,
            health=Health(alive={}, ready={}),
            metrics_page=_no_metrics,
            hook=None,
            region=pages,
            stop_seconds=0.1,
        ):
            posting = asyncio.create_task(mask_editor.run())
            yield room
            posting.cancel()
            await asyncio.wait([posting])


async def _no_metrics() -> bytes:
    return b""
