"""The stage's pages in the browser, made live: time passes, what changed is shown, and no click is lost to that.
Never here: the world on the pages. SimCord 3.2.1's private seams that are used are named where they are."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Final

import simcord

from bot.sandbox.page_script import add_script

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from simcord.builders import ChannelHandle
    from simcord.preview import Preview

    from bot.sandbox.page_pictures import Pictures

log = logging.getLogger(__name__)

TICK_S: Final = 0.2
"""How often time passes on the stage; a page asks twice a second."""
LEAP_S: Final = 5.0
"""At most so much time passes in one tick: a laptop that slept catches up step by step."""


class Pages:
    """A page for each channel that somebody looks at; SimCord shows one channel a page."""

    def __init__(self, env: simcord.Env, *, timezone: str, pictures: Pictures) -> None:
        self._env = env
        self._timezone = timezone
        self._pictures = pictures
        self._open: dict[int, Preview] = {}
        self._wanted: dict[int, int] = {}
        self.turns = asyncio.Lock()
        """Actions on a page and the passing of time exclude each other.

        Without it, an action that meets a tick is refused, and one on a page that a tick has just written anew is
        called stale. Who clicked saw that page, or one whose buttons are the same by their ids.
        """
        self.answer: Callable[[Preview, Any, Mapping[str, Any]], Awaitable[dict[str, Any]]] | None = None
        """Who answers what SimCord's page does not know: our own script asks it."""

    async def serve(self, channel: ChannelHandle, viewers: Sequence[Any], *, port: int = 0) -> Preview:
        """The page of a channel, opened at the first call. Raises `simcord.SetupError`."""
        self._forget_ended()
        if (found := self._open.get(channel.id)) is not None:
            return found
        main = self._env._preview  # noqa: SLF001 - private: SimCord allows one page, because operations must not overlap; ours take turns
        self._env._preview = None  # noqa: SLF001 - private, as said above
        try:
            page = self._env.preview(
                channel, viewers=viewers, layout="channel", port=port, timezone=self._timezone
            )
            page._explicit_assets = self._pictures  # noqa: SLF001 - private: the public way takes pictures only before the start
            page._action = self._taking_turns(page)  # type: ignore[method-assign]  # as above  # noqa: SLF001 - private: no public hook around an action
            page._open_page = self._as_wanted(page)  # type: ignore[method-assign]  # as above  # noqa: SLF001 - private: nor around who looks first
            add_script(page)
            with self._env.time_context():
                await page.__aenter__()
        finally:
            if main is not None:
                self._env._preview = main  # noqa: SLF001 - private, as said above
        # A page of Python's own, which nobody looks at: without it each change is drawn once less.
        page._pages.pop("python", None)  # noqa: SLF001 - private, as said above
        self._open[channel.id] = page
        return page

    def look_as(self, channel: ChannelHandle, viewer_id: int) -> None:
        """Whoever opens that channel's page next looks as this person."""
        self._wanted[channel.id] = viewer_id

    async def close(self) -> None:
        """Close every page."""
        for page in self._open.values():
            await page.close()

    def _as_wanted(self, page: Preview) -> Callable[..., Any]:
        opened = page._open_page  # noqa: SLF001 - private, as said above

        def open_page(viewer_id: Any = None, target_id: Any = None) -> Any:
            wanted = self._wanted.pop(page.channel.id, page.viewers[0].id) if viewer_id is None else viewer_id
            if target_id is None:  # else it begins where the first page did, far above what is new
                target_id = page._initial_target(page._viewer(wanted), page.channel.id)  # noqa: SLF001 - private, as said above
            return opened(wanted, target_id)

        return open_page

    def _taking_turns(self, page: Preview) -> Callable[..., Any]:
        act = page._action  # noqa: SLF001 - private, as said above

        async def action(context: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
            async with self.turns:
                looked_at = page._pages.get(context or "")  # noqa: SLF001 - private: where a page's revision is
                if looked_at is not None and isinstance(body, dict):
                    if str(body.get("kind", "")).startswith("easel-") and self.answer is not None:
                        return await self.answer(page, looked_at, body)
                    if "published_revision" in body:
                        body = {**body, "published_revision": looked_at.revision}
                # Else what happens now is shown as of the last tick: “in 1 second”.
                page._advance_presentation_time()  # noqa: SLF001 - private: only a refresh does it by itself
                return await act(context, body)

        return action

    async def show(self) -> None:
        """Draw what changed on every page that somebody looks at; pictures from elsewhere are fetched for it."""
        self._forget_ended()
        for page in tuple(self._open.values()):
            if page._pages:  # noqa: SLF001 - private, as said above
                await page.refresh()

    def _forget_ended(self) -> None:
        """Whose session somebody ended on the page itself; a tab opens it again."""
        self._open = {channel: page for channel, page in self._open.items() if not page._closed}  # noqa: SLF001 - private, as said above

    async def pass_time(self) -> None:
        """Let the wall clock drive the stage, for ever."""
        seen = -1
        while True:
            await asyncio.sleep(TICK_S)
            async with self.turns:
                try:
                    behind = time.time() - self._env.now().timestamp()
                    await self._env.advance_time(min(LEAP_S, max(0.0, behind)))
                    happened = len(self._env.http_requests)
                    if happened != seen or self._pictures.arrived:
                        self._pictures.arrived = False
                        await self.show()
                        seen = happened
                except (simcord.SetupError, TimeoutError) as late:
                    # The bot was busy for longer than SimCord waits; the next tick goes on where this one stopped.
                    log.debug("tick_late", extra={"reason": str(late)})
