"""The page that `easel sandbox` serves, with all that hangs on it, for the length of a block.
Never here: how pages live (`pages`), and what is on them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import simcord

from bot.errors import StartupError
from bot.sandbox.page_controls import told_by_custom_id
from bot.sandbox.page_extras import Extras
from bot.sandbox.page_limits import quick
from bot.sandbox.page_pictures import Pictures, pictures_of_other_messages
from bot.sandbox.pages import Pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from simcord.preview import Preview

    from bot.sandbox.stage import Place


@asynccontextmanager
async def live_page(
    env: simcord.Env,
    place: Place,
    *,
    port: int,
    timezone: str,
    fetch: Callable[[str], Awaitable[bytes | None]],
) -> AsyncIterator[Preview]:
    """Serve the channel's page, and others when they are asked for; the wall clock drives the stage for as long.

    `fetch` has the bytes behind a link of the simulated API's. Raises `StartupError`.
    """
    with quick(), told_by_custom_id(), pictures_of_other_messages():
        pictures = Pictures(fetch)
        pages = Pages(env, timezone=timezone, pictures=pictures)
        pages.answer = Extras(pages, place).answer
        try:
            page = await pages.serve(place.channel, place.people, port=port)
        except simcord.SetupError as error:
            if isinstance(error.__cause__, OSError):
                raise StartupError(
                    f"Port {port} is taken: stop what listens there, or choose another with --port."
                ) from None
            raise StartupError(f"The sandbox's page cannot be served: {error}") from None
        try:
            running = [
                asyncio.create_task(pages.pass_time(), name="stage clock"),
                asyncio.create_task(pictures.run(), name="stage pictures"),
            ]
            try:
                yield page
            finally:
                for task in running:
                    task.cancel()
                for task in running:
                    with suppress(asyncio.CancelledError):
                        await task
        finally:
            await pages.close()
