"""Reading what is posted, within bounds of size and time.
Never here: what it means."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web


@asynccontextmanager
async def _patience(seconds: float) -> AsyncIterator[None]:
    """Raise `TimeoutError` for what does not come in time, or never will because whoever sends it went away."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except ConnectionError as gone:
        raise TimeoutError from gone


async def read_body(request: web.Request, *, most: int, seconds: float) -> bytes | None:
    """Read a body of acceptable size; None for a larger one, of which no more is read. Raises `TimeoutError`."""
    if (request.content_length or 0) > most:
        return None
    body = bytearray()
    async with _patience(seconds):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most:
                return None
    return bytes(body)


async def read_form(request: web.Request, *, most: int, seconds: float) -> dict[str, bytes] | None:
    """Read a form's fields by name, all of them together of acceptable size; None if they are larger.

    Raises `TimeoutError`, and ValueError for what is no form.
    """
    if (request.content_length or 0) > most:
        return None
    fields: dict[str, bytes] = {}
    size = 0
    async with _patience(seconds):
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise ValueError("a form within a form")  # noqa: TRY004 - it is what was posted that is wrong
            content = bytearray()
            while chunk := await part.read_chunk():
                size += len(chunk)
                if size > most:
                    return None
                content += chunk
            fields[part.name or ""] = bytes(content)
    return fields
