"""Reading what is posted, within bounds of size and time.
Never here: what it means."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web


async def read_body(request: web.Request, *, most: int, seconds: float) -> bytes | None:
    """Read a body of acceptable size; None for a larger one, of which no more is read. Raises `TimeoutError`."""
    if (request.content_length or 0) > most:
        return None
    body = bytearray()
    async with asyncio.timeout(seconds):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most:
                return None
    return bytes(body)
