"""People's own preferences: read through a short-lived cache, changed by themselves; their languages always in memory.
Never here: what a server's moderators decided, and what a preference does to a prompt (domain)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.people import Preferences, laid, read_aspect, spelled_version
from bot.domain.steady import Steady
from bot.errors import StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.people import PreferenceStore
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock

log = logging.getLogger(__name__)

CACHED_MS: Final = 5_000
CACHED_PEOPLE: Final = 10_000
LANGUAGES_EVERY_S: Final = 30
"""How long another process may go on speaking somebody's old language."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class People:
    """Preferences of everybody. A change holds at once in this process, and within seconds in all others."""

    store: PreferenceStore
    clock: Clock
    _cache: TTLCache[int, Preferences, int] = field(init=False)
    _languages: dict[int, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._cache = TTLCache(CACHED_PEOPLE, CACHED_MS, Steady(self.clock))

    # -- reading -----------------------------------------------------------------------------------------

    def language(self, user_id: int) -> str | None:
        """The language that somebody chose; from memory alone, so that every answer may ask."""
        return self._languages.get(user_id)

    async def run(self) -> None:
        """Keep the languages fresh, until cancelled."""
        while True:
            await self.refresh()
            await self.clock.pause(LANGUAGES_EVERY_S)

    async def refresh(self) -> None:
        """Read everybody's language; in trouble the old ones stay."""
        before = dict(self._languages)
        try:
            read = dict(await self.store.languages())
        except StorageTrouble as trouble:
            log.warning("languages_not_read", extra={"reason": str(trouble)})
            return
        if self._languages != before:
            self._take_over_changes(before, read)
        self._languages = read

    def _take_over_changes(self, before: dict[int, str], read: dict[int, str]) -> None:
        """What was chosen here while others' were read is newer than what was read."""
        for user_id in before.keys() | self._languages.keys():
            now = self._languages.get(user_id)
            if now != before.get(user_id):
                read.pop(user_id, None)
                read |= {} if now is None else {user_id: now}

    async def preferences(self, user_id: int) -> Preferences:
        """Somebody's preferences, a few seconds old at most. Raises `StorageTrouble`."""
        kept = self._cache.get(user_id)
        if kept is not None:
            return kept
        read = await self.store.preferences(user_id)
        kept = self._cache.get(user_id)  # changed meanwhile: what was read is older
        return self._keep(user_id, read) if kept is None else kept

    # -- changing: each returns what holds now ------------------------------------------------------------

    async def prefer_pool(self, user_id: int, pool: Pool | None) -> Preferences:
        """Choose the pool of commands that name none; None: the server's default."""
        return await self._change(user_id, lambda p: replace(p, pool=pool))

    async def prefer_aspect(self, user_id: int, typed: str | None) -> Preferences:
        """Choose an aspect ratio; raises `UserError` for what is none."""
        aspect = read_aspect(typed) if typed else None
        return await self._change(user_id, lambda p: replace(p, aspect=aspect))

    async def prefer_version(self, user_id: int, version: str | None) -> Preferences:
        """Choose a model; raises `UserError` for what is none."""
        if version:
            spelled_version(version)
        return await self._change(user_id, lambda p: replace(p, version=version or None))

    async def prefer_suffix(self, user_id: int, typed: str) -> Preferences:
        """Choose what stands behind every prompt; raises `UserError` for what could not be sent."""
        suffix = laid(typed)
        return await self._change(user_id, lambda p: replace(p, suffix=suffix))

    async def prefer_language(self, user_id: int, language: str | None) -> Preferences:
        """Choose a language; None: Discord's."""
        return await self._change(user_id, lambda p: replace(p, language=language))

    async def prefer_news(self, user_id: int, after: int | None) -> Preferences:
        """Choose after how many seconds a result comes as a new message; `NEVER`, or None: as the server says."""
        return await self._change(user_id, lambda p: replace(p, news_after=after))

    async def toggle_copies(self, user_id: int) -> Preferences:
        """The same for a button that does not say which: the other way round than is stored."""
        return await self._change(user_id, lambda p: replace(p, copies=not p.copies, copies_refused=False))

    async def toggle_remix(self, user_id: int) -> Preferences:
        """Have V, reroll and pan ask for other words first, or not: the other way round than is stored."""
        return await self._change(user_id, lambda p: replace(p, remix=not p.remix))

    async def prefer_translation(self, user_id: int, *, on: bool | None) -> Preferences:
        """Have prompts sent in English or not; None: as the server says."""
        return await self._change(user_id, lambda p: replace(p, translate=on))

    async def stop_copies(self, user_id: int) -> Preferences:
        """They take no direct messages from us: stop, and remember why."""
        return await self._change(user_id, lambda p: replace(p, copies=False, copies_refused=True))

    async def keep_set(
        self, user_id: int, name: str, options: str, *, instead: str | None = None
    ) -> Preferences:
        """Keep options under a name, perhaps `instead` of another set; raises `UserError` as `Preferences.with_set`."""

        def change(known: Preferences) -> Preferences:
            others = known if instead is None or known.find(instead) is None else known.without_set(instead)
            return others.with_set(name, options)

        return await self._change(user_id, change)

    async def drop_set(self, user_id: int, name: str) -> Preferences:
        """Drop a set; raises `UserError` if there is none."""
        return await self._change(user_id, lambda p: p.without_set(name))

    async def forget(self, user_id: int) -> Preferences:
        """Forget all that is somebody's own."""
        await self.store.forget(user_id)
        return self._keep(user_id, Preferences())

    async def _change(self, user_id: int, change: Callable[[Preferences], Preferences]) -> Preferences:
        return self._keep(user_id, await self.store.change(user_id, change, at=self.clock.now()))

    def _keep(self, user_id: int, preferences: Preferences) -> Preferences:
        self._cache[user_id] = preferences
        if preferences.language is None:
            self._languages.pop(user_id, None)
        else:
            self._languages[user_id] = preferences.language
        return preferences
