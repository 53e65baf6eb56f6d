"""Favourites: pictures that somebody wants to find again, their own and others' of the same server.
Never here: rows, and the list as it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.jobs import JobState
from bot.errors import UserError
from bot.services.admission.authorization import Operation
from bot.services.history.jobs import PAGE, History
from bot.texts import Text, text

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.domain.personal_items import PersonalItems
    from bot.domain.ports import Clock
    from bot.services.admission.viewer import Viewer
    from bot.services.history.jobs import Jobs


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Favourites:
    """Adds, takes away, and lists."""

    jobs: Jobs
    store: PersonalItems
    clock: Clock

    async def toggle(self, viewer: Viewer, key: JobKey) -> Text:
        """Add a picture to the viewer's favourites, or take it away; says which. Raises `UserError`."""
        job = await self.jobs.get_authorized(viewer, key, Operation.FAVOURITE)
        if job.state is not JobState.SUCCEEDED:
            raise UserError(text("favourite.no_picture", key=key))
        added = await self.store.toggle_favourite(viewer.user_id, key, job.home, self.clock.now())
        return text("favourite.added" if added else "favourite.removed")

    async def history(self, viewer: Viewer, number: int) -> History:
        """Read a page of the viewer's favourites here; past the end, the last page."""
        if viewer.guild_id is None:
            raise UserError(text("refused.server_only"))
        user_id, guild_id = viewer.user_id, viewer.guild_id
        page = await self.store.favourites(user_id, guild_id, skip=number * PAGE, limit=PAGE)
        pages = max(1, -(-page.total // PAGE))
        if number >= pages:
            number = pages - 1
            page = await self.store.favourites(user_id, guild_id, skip=number * PAGE, limit=PAGE)
        return History(page, number, pages)
