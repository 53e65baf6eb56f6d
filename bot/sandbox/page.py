"""The stage's page in the browser, made live: time passes, what changed is shown, and no click is lost to that.
Never here: the world on the page. SimCord 3.2.1's private seams that are used are named where they are."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import simcord

from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from simcord.preview import Preview

    from bot.sandbox.stage import Place

log = logging.getLogger(__name__)

TICK_S: Final = 0.2
"""How often time passes on the stage; the page asks twice a second."""
LEAP_S: Final = 5.0
"""At most so much time passes in one tick: a laptop that slept catches up step by step."""


@asynccontextmanager
async def live_page(env: simcord.Env, place: Place, *, port: int, timezone: str) -> AsyncIterator[Preview]:
    """Serve the page, and let the wall clock drive the stage for as long. Raises `StartupError`."""
    preview = env.preview(
        place.channel,
        viewers=[place.member, place.moderator],
        layout="channel",
        port=port,
        timezone=timezone,
    )
    try:
        with env.time_context():
            await preview.__aenter__()
    except simcord.SetupError as error:
        if isinstance(error.__cause__, OSError):
            raise StartupError(
                f"Port {port} is taken: stop what listens there, or choose another with --port."
            ) from None
        raise StartupError(f"The sandbox's page cannot be served: {error}") from None
    try:
        turns = _take_turns(preview)
        clockwork = asyncio.create_task(_pass_time(env, preview, turns), name="stage clock")
        try:
            yield preview
        finally:
            clockwork.cancel()
            with suppress(asyncio.CancelledError):
                await clockwork
    finally:
        await preview.close()


def _take_turns(preview: Preview) -> asyncio.Lock:
    """Let actions on the page and the passing of time exclude each other.

    Without it, an action that meets a tick is refused, and one on a page that a tick has just written anew is
    called stale. Who clicked saw that page, or one whose buttons are the same by their ids.
    """
    turns = asyncio.Lock()
    act = preview._action  # noqa: SLF001 - private: SimCord has no public hook around an action

    async def action(context: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        async with turns:
            page = preview._pages.get(context or "")  # noqa: SLF001 - private: where a page's revision is
            if page is not None and isinstance(body, dict) and "published_revision" in body:
                body = {**body, "published_revision": page.revision}
            # Else what happens now is shown as of the last tick: “in 1 second”.
            preview._advance_presentation_time()  # noqa: SLF001 - private: only a refresh does it by itself
            return await act(context, body)

    preview._action = action  # type: ignore[method-assign, assignment]  # noqa: SLF001 - as above
    return turns


async def _pass_time(env: simcord.Env, preview: Preview, turns: asyncio.Lock) -> None:
    seen = -1
    while True:
        await asyncio.sleep(TICK_S)
        async with turns:
            try:
                behind = time.time() - env.now().timestamp()
                await env.advance_time(min(LEAP_S, max(0.0, behind)))
                happened = len(env.http_requests)
                if happened != seen:
                    await preview.refresh()
                    seen = happened
            except (simcord.SetupError, TimeoutError) as late:
                # The bot was busy for longer than SimCord waits; the next tick goes on where this one stopped.
                log.debug("tick_late", extra={"reason": str(late)})
