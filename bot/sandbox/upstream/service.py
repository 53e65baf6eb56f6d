"""The service as one object: its settings, its tasks, its money, its stores; and the links that lead to its pictures.
Never here: HTTP handlers."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

from bot.sandbox.upstream.accounts import Accounts, Key
from bot.sandbox.upstream.assets import AssetBook
from bot.sandbox.upstream.book import TaskBook
from bot.sandbox.upstream.buttons import Links
from bot.sandbox.upstream.calls import CallLog
from bot.sandbox.upstream.faults import FaultPlan
from bot.sandbox.upstream.files import FileStore
from bot.sandbox.upstream.pictures.plan import Form
from bot.sandbox.upstream.prompts import BANNED_WORDS
from bot.sandbox.upstream.tasks import Pace, Status, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bot.sandbox.upstream.calls import Call

LINK_LIFETIME = 24 * 3600
"""Discord's signed links live about a day."""

_JOB = re.compile(r"(?P<job>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_grid_(?P<percent>\d+))?\.\w+$")
_SECRET = b"made up for a service that is made up"


class ListOrder(StrEnum):
    """How the paged list is sorted; the real order is not documented (contract §1.6)."""

    NEWEST_FIRST = "newest-first"
    OLDEST_FIRST = "oldest-first"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about the service that its documents leave open, and a few comforts."""

    keys: Mapping[str, Key] | None = None
    """Bearer keys; by default one, `sk-sandbox`, that may do everything."""
    clock: Callable[[], float] = time.time
    pace: Pace = field(default_factory=Pace)
    slots: int | None = None
    """Tasks running at once per pool; None is no limit."""
    room: int = 10
    """Tasks waiting per pool before the next is refused."""
    order: ListOrder = ListOrder.NEWEST_FIRST
    links: Links = Links.ABSENT
    previews: bool = False
    """Whether a running task already shows a blurred picture (contract §8 no. 10)."""
    remix: bool = False
    """Whether the upstream account is in Remix mode: V, reroll, vary and pan end in MODAL."""
    banned: Collection[str] = BANNED_WORDS
    refuse_banned: bool = False
    """Whether a banned word is refused at submit instead of failing the task."""
    wrap_webhooks: bool = False
    """Whether webhooks carry the task inside `data` (contract §8 no. 21)."""
    manual: bool = False
    """Whether tasks move only by hand."""
    canvas: int = 1024
    """The side of a square picture, in pixels; tests take less."""
    cache_bytes: int = 64 * 1024 * 1024
    seed: int = 7
    remember_calls: int = 100_000
    on_call: Callable[[Call], None] | None = None


class Service:
    """State shared by all handlers. Nothing here blocks or awaits."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.dice = Random(settings.seed)  # noqa: S311 - repeatable chance for a simulation
        self.accounts = Accounts() if settings.keys is None else Accounts(settings.keys)
        self.book = TaskBook(
            clock=settings.clock,
            pace=settings.pace,
            slots=settings.slots,
            room=settings.room,
            manual=settings.manual,
        )
        self.assets = AssetBook()
        self.files = FileStore(settings.clock)
        self.faults = FaultPlan(Random(settings.seed + 1))  # noqa: S311 - repeatable chance for a simulation
        self.log = CallLog(remember=settings.remember_calls, on_call=settings.on_call)
        self.origin = ""

    @property
    def host(self) -> str:
        """`address:port`."""
        return urlsplit(self.origin).netloc

    def new_job(self) -> str:
        """A fresh uuid, as Midjourney puts into its customIds."""
        return str(UUID(int=self.dice.getrandbits(128), version=4))

    # -- links ---------------------------------------------------------------------------------------------------

    def picture_links(self, task: Task, status: Status, percent: int) -> tuple[str | None, str | None]:
        """ImageDcUrl and imageS3Url of a task as it stands (contract §4)."""
        if task.picture is None:
            return None, None
        if status is Status.SUCCESS:
            return self._signed(task, ""), self._store_key(task)
        if status is Status.IN_PROGRESS and percent > 0 and self.settings.previews:
            return self._signed(task, f"_grid_{percent}"), None
        return None, None

    def _signed(self, task: Task, suffix: str) -> str:
        number = int(task.job.replace("-", "")[:14], 16)
        slug = re.sub(r"[^a-z0-9]+", "_", (task.prompt or task.action).lower()).strip("_")[:40] or "picture"
        kind = "webp" if suffix else _extension(task)
        path = f"/attachments/{10**18 + number % 10**17}/{11 * 10**17 + number}/easel_{slug}_{task.job}{suffix}.{kind}"
        issued = int(task.finished if task.finished is not None else task.submitted)
        expires = issued + LINK_LIFETIME
        return f"{self.origin}{path}?ex={expires:x}&is={issued:x}&hm={_signature(path, expires, issued)}&"

    def _store_key(self, task: Task) -> str:
        day = time.strftime("%Y/%m/%d", time.gmtime(task.submitted))
        return f"mj/{day}/{task.job}.{_extension(task)}"

    def check_signature(self, path: str, query: Mapping[str, str]) -> bool:
        """Whether a link to the stand-in of Discord's CDN is genuine and has not expired."""
        try:
            expires, issued = int(query["ex"], 16), int(query["is"], 16)
        except (KeyError, ValueError):
            return False
        genuine = hmac.compare_digest(query.get("hm", ""), _signature(path, expires, issued))
        return genuine and self.settings.clock() < expires

    def task_of_path(self, path: str) -> tuple[Task, int | None] | None:
        """The task whose picture a path names, and the percent if it is a preview."""
        match = _JOB.search(path)
        task = self.book.by_job(match["job"]) if match else None
        if match is None or task is None or task.picture is None:
            return None
        return task, int(match["percent"]) if match["percent"] else None

    def own_path(self, url: str) -> tuple[str, dict[str, str]] | None:
        """Path and query of a link to this service; None for any other, which is never fetched."""
        split = urlsplit(url)
        if split.scheme != "http" or split.netloc != self.host:
            return None
        return split.path, {name: values[0] for name, values in parse_qs(split.query).items()}

    def public_file(self, file_id: str) -> str:
        """The public link of an uploaded file (contract §5.5)."""
        return f"{self.origin}/api/v1/f/pub/{quote(file_id)}"


def _extension(task: Task) -> str:
    if task.picture is None or task.picture.form in {Form.REEL, Form.CLIP} or task.picture.factor > 1:
        return "webp"
    return "png"


def _signature(path: str, expires: int, issued: int) -> str:
    return hmac.new(_SECRET, f"{path}:{expires:x}:{issued:x}".encode(), hashlib.sha256).hexdigest()
