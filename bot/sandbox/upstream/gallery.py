"""The pictures' side of the service: object store, the stand-ins for Discord's CDN and wsrv, public files (contract §4).
Never here: the API's envelope."""

from __future__ import annotations

import asyncio
import io
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from bot.sandbox.upstream.assets import open_picture
from bot.sandbox.upstream.pictures.studio import draw
from bot.sandbox.upstream.tasks import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.tasks import Task

STORE_PREFIX = "/api/v1/content/mj-generated/"
PUBLIC_PREFIX = "/api/v1/f/pub/"
CDN_PREFIX = "/attachments/"
LARGEST_SIDE = 4096
_OUTPUTS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Bytes of a picture and their true type."""

    content: bytes
    content_type: str


class NotThere(Exception):
    """No picture for this address: an HTTP status and a few words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Gallery:
    """Draws at the first fetch, one picture at a time, and keeps the latest within a cap of bytes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._drawn: OrderedDict[tuple[int, int | None], Drawn] = OrderedDict()
        self._brush = asyncio.Lock()

    async def fetch(self, path: str, query: Mapping[str, str]) -> Drawn:
        """The picture behind one of the service's own addresses; raises NotThere."""
        if path.startswith(PUBLIC_PREFIX):
            stored = self._service.files.public(path.removeprefix(PUBLIC_PREFIX))
            if stored is None:
                raise NotThere(404, "no such file")
            return Drawn(stored.content, _sniff(stored.content))
        if path.startswith(CDN_PREFIX) and not self._service.check_signature(path, query):
            raise NotThere(404, "This content is no longer available.")
        if not path.startswith((CDN_PREFIX, STORE_PREFIX)):
            raise NotThere(404, "no such picture")
        found = self._service.task_of_path(path)
        if found is None:
            raise NotThere(404, "no such picture")
        task, percent = found
        self._service.book.advance()
        if percent is None and self._service.book.state(task).status is not Status.SUCCESS:
            raise NotThere(404, "no such picture")
        return await self._draw(task, percent)

    async def fetch_own(self, url: str) -> bytes | None:
        """The bytes behind a link if it leads to this very service; nothing else is ever fetched."""
        own = self._service.own_path(url)
        if own is None:
            return None
        try:
            return (await self.fetch(*own)).content
        except NotThere:
            return None

    async def resize(self, params: Mapping[str, str]) -> Drawn:
        """The stand-in for wsrv: one of the service's own pictures, smaller and in another format."""
        url = params.get("url", "")
        if not url:
            raise NotThere(400, "the parameter url is missing")
        content = await self.fetch_own(url)
        if content is None:
            raise NotThere(404, "the requested URL could not be fetched")
        output = params.get("output", "")
        width, height, quality = (
            _whole(params, names) for names in (("w", "width"), ("h", "height"), ("q", "quality"))
        )
        if output and output not in _OUTPUTS:
            raise NotThere(400, "unknown output")
        return await asyncio.to_thread(_reencode, content, output, width, height, quality or 80)

    async def _draw(self, task: Task, percent: int | None) -> Drawn:
        key = (task.id, percent)
        async with self._brush:
            if key not in self._drawn:
                self._drawn[key] = await asyncio.to_thread(self._draw_now, task, percent)
                self._make_room()
            self._drawn.move_to_end(key)
            return self._drawn[key]

    def _draw_now(self, task: Task, percent: int | None) -> Drawn:
        if task.picture is None:
            raise NotThere(404, "no such picture")
        content = draw(
            task.picture,
            canvas=self._service.settings.canvas,
            assets=self._service.assets.all,
            title=task.prompt or task.description,
            percent=percent,
        )
        return Drawn(content, _sniff(content))

    def _make_room(self) -> None:
        while len(self._drawn) > 1 and sum(len(drawn.content) for drawn in self._drawn.values()) > self._cap:
            self._drawn.popitem(last=False)

    @property
    def _cap(self) -> int:
        return self._service.settings.cache_bytes


def _whole(params: Mapping[str, str], names: tuple[str, str]) -> int | None:
    written = next((params[name] for name in names if params.get(name)), None)
    if written is None:
        return None
    if not written.isdigit() or not 0 < int(written) <= LARGEST_SIDE:
        raise NotThere(400, f"{names[0]} is out of range")
    return int(written)


def _reencode(content: bytes, output: str, width: int | None, height: int | None, quality: int) -> Drawn:
    try:
        picture = open_picture(content)
    except ValueError:
        raise NotThere(404, "the file is not an image that can be read") from None
    kind = _OUTPUTS.get(output) or (picture.format or "PNG")
    factor = min(
        (width / picture.width) if width else (height / picture.height if height else 1.0),
        (height / picture.height) if height else (width / picture.width if width else 1.0),
    )
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    smaller = (
        picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        if factor != 1
        else picture.convert("RGB")
    )
    written = io.BytesIO()
    options: dict[str, Any] = {} if kind == "PNG" else {"quality": min(quality, 100)}
    smaller.save(written, kind, **options)
    return Drawn(written.getvalue(), f"image/{kind.lower()}")


def _sniff(content: bytes) -> str:
    if content.startswith(b"\x89PNG"):
        return "image/png"
    if content.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "image/gif" if content.startswith(b"GIF8") else "application/octet-stream"
