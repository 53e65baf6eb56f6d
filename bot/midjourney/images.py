"""`HttpPictures`: the Pictures port. Fetches a result from allowed hosts only, within bounds of time and memory.
Never here: codecs, the list of hosts, and addresses with their signatures in a log."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from bot.domain.party import Shared
from bot.domain.ports import PREVIEW_NAME, Picture, unguarded
from bot.errors import RetryLater, RouteClosed
from bot.midjourney.addresses import (
    STORAGE_ORIGIN,
    AllowedHosts,
    Source,
    checked_origin,
    entry_for,
    plan_sources,
)
from bot.midjourney.decoding import decoded
from bot.midjourney.resize import MOST_PIXELS, DoesNotFit, NotAPicture, TooManyPixels, fit
from bot.midjourney.source_health import SourceHealth
from bot.midjourney.transport import read_up_to, send

if TYPE_CHECKING:
    from bot.domain.ports import Guard, Metrics

log = logging.getLogger(__name__)

WSRV_ORIGIN: Final = "https://wsrv.nl"
MOST_REDIRECTS: Final = 3
TYPED: Final = ("typed", "wsrv_typed")
"""Sources that somebody names: they say nothing of the others' health, and lead to public hosts alone, and a proxy to itself."""
PREVIEW_SECONDS: Final = 10.0
PREVIEW_BYTES: Final = 8 * 1024 * 1024
PREVIEW_PIXELS: Final = 8_000_000
PREVIEWS: Final = 2
"""Previews fetched or decoded at the same time, beside the places that results have."""
SOURCES_METRIC: Final = "picture_sources"
"""Counted per attempt, labels `source` and `outcome` (`ok`, or a code)."""
ADDRESSES: Final = 1_024
"""Of stored files, kept as they were spelled: a card is drawn many times, and reading an address costs a third of that."""
MOST_LOGGED: Final = 64
"""Foreign hosts that the log names; a server that names more makes them up."""
BYTES_METRIC: Final = "picture_bytes"
"""Observed per picture: its size as fetched."""


@dataclass(frozen=True, slots=True)
class PictureSettings:
    """Where pictures come from, and the bounds of fetching one."""

    storage: str = STORAGE_ORIGIN
    wsrv: str | None = WSRV_ORIGIN
    """None goes without it."""
    hosts: tuple[str, ...] = ()
    """More hosts that results may come from: `host`, `host:port` or `http://host:port` (design §8, `IMAGE_HOSTS`)."""
    seconds: float = 30.0
    """For one source, redirects included."""
    most_bytes: int = 64 * 1024 * 1024
    most_pixels: int = MOST_PIXELS
    downloads: int = 4
    """Downloads at the same time from one host of a source: a hanging one holds up none of the others."""
    at_once: int = 2
    """Pictures decoded at the same time: what bounds memory."""

    @property
    def allowed(self) -> AllowedHosts:
        """The hosts that results may come from. Raises `StartupError` for an entry that cannot be read."""
        wsrv = [] if self.wsrv is None else [checked_origin(self.wsrv, "WSRV_ORIGIN")]
        return AllowedHosts(
            origins=[checked_origin(self.storage, "EASEL_API_STORAGE"), *wsrv], hosts=self.hosts
        )


class _SourceFailed(Exception):
    """One source gave nothing; `code` is for logs, `final` says that asking again would change nothing."""

    def __init__(self, code: str, *, final: bool = False, ill: bool = False) -> None:
        """`ill`: it was the source's own fault, and not this one picture's."""
        super().__init__(code)
        self.foreign: str | None = None
        self.code = code
        self.final = final
        self.ill = ill


class HttpPictures:
    """Implements `Pictures`. The client belongs to whoever opened it (`HttpClients.pictures`)."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: PictureSettings,
        *,
        guard: Guard = unguarded,
        metrics: Metrics | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._guard = guard
        self._metrics = metrics
        self._storage = checked_origin(settings.storage, "EASEL_API_STORAGE")
        self._wsrv = None if settings.wsrv is None else checked_origin(settings.wsrv, "WSRV_ORIGIN")
        self._hosts = settings.allowed
        # What the owner named may be reached from here alone: nobody else's addresses lead there.
        self._public = AllowedHosts()
        # By the sources that somebody names; a proxy may lead from one of its own addresses to another.
        self._typed = {
            TYPED[0]: self._public,
            TYPED[1]: AllowedHosts(origins=() if self._wsrv is None else [self._wsrv]),
        }
        self._told: set[str] = set()
        self._address = lru_cache(maxsize=ADDRESSES)(self._planned)
        self._downloads: defaultdict[str, Shared] = defaultdict(lambda: Shared(settings.downloads))
        self._decoders = Shared(settings.at_once)
        self._previews = asyncio.Semaphore(PREVIEWS)
        self._health = SourceHealth()

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        """Try each source in order and fit the bytes to `limit`.

        Raises `RouteClosed` with the reason `no_picture`, `host_not_allowed`, `too_many_bytes`, `too_many_pixels`,
        `picture_too_large` or `animation_too_large` if no source ever will; else `RetryLater`.
        """
        plan = plan_sources(
            storage_key=storage_key,
            discord_url=discord_url,
            storage=self._storage,
            wsrv=self._wsrv,
            hosts=self._hosts,
        )
        self._log_foreign(*plan.foreign)
        if not plan.sources:
            raise RouteClosed("host_not_allowed" if plan.refused else "no_picture")
        failures: list[_SourceFailed] = []
        for source in plan.sources:
            try:
                picture = await self._guard(self._obtain(source, limit), f"picture: {source.name}")
            except DoesNotFit as good_but_large:
                self._note(source, good_but_large.code)
                raise RouteClosed(good_but_large.code) from good_but_large
            except _SourceFailed as failed:
                self._note(source, failed.code)
                self._log_foreign(failed.foreign)
                failures.append(failed)
            else:
                self._note(source, "ok")
                return picture
        if all(failed.final for failed in failures):
            raise RouteClosed(failures[0].code)
        raise RetryLater(
            "picture_unavailable: " + ", ".join(dict.fromkeys(failed.code for failed in failures))
        )

    async def fetch_address(self, address: str, *, limit: int) -> Picture:
        """Fetch a picture from wherever somebody says that it lies. Raises as `fetch`.

        From all but the public hosts it comes through wsrv.nl, a public proxy for pictures: what this machine alone
        can reach is out of reach, though results come from there, and whatever redirects there.
        """
        direct = self._public.check(address)
        url = direct
        if url is None and self._wsrv is not None:
            url = self._hosts.check(f"{self._wsrv}/?url={quote(address, safe='')}")
        if url is None:
            raise RouteClosed("host_not_allowed")
        source = Source(TYPED[0] if direct is not None else TYPED[1], url)
        try:
            picture = await self._guard(self._obtain(source, limit), f"picture: {source.name}")
        except (DoesNotFit, _SourceFailed) as failed:
            self._note(source, failed.code)
            raise RouteClosed(failed.code) from failed
        self._note(source, "ok")
        return picture

    async def fitted(self, data: bytes, *, limit: int) -> Picture:
        """Fit bytes that are here already to `limit`. Raises `RouteClosed` if they never will."""
        try:
            return await self._decoded(data, limit, None)
        except (DoesNotFit, _SourceFailed) as failed:
            raise RouteClosed(failed.code) from failed

    async def fetch_preview(self, address: str, *, limit: int) -> Picture:
        """Fetch what is shown of a running task (`PreviewPictures`): nothing that goes wrong here tells of a source's health."""
        url = self._hosts.check(address)
        if url is None:
            self._log_foreign(entry_for(address))
            raise RouteClosed("host_not_allowed")
        try:
            async with self._previews, asyncio.timeout(PREVIEW_SECONDS):
                data = await self._guard(self._download(url, self._hosts, PREVIEW_BYTES), "picture: preview")
                most = min(self._settings.most_pixels, PREVIEW_PIXELS)
                fitted = await decoded(data, lambda: fit(data, limit, most_pixels=most))
        except TimeoutError as late:
            raise RouteClosed("timed_out") from late
        except (DoesNotFit, _SourceFailed) as failed:
            raise RouteClosed(failed.code) from failed
        except (NotAPicture, TooManyPixels) as odd:
            raise RouteClosed("not_a_picture") from odd
        if not fitted.format.media_type.startswith("image/"):
            raise RouteClosed("not_a_picture")
        return Picture(
            data=fitted.data,
            filename=f"{PREVIEW_NAME}{hashlib.sha256(fitted.data).hexdigest()[:10]}.{fitted.format.extension}",
            media_type=fitted.format.media_type,
            width=fitted.width,
            height=fitted.height,
        )

    def address(self, storage_key: str | None) -> str | None:
        """Where a stored file lies for all to see; None if nowhere, or at a host that is not shown to people."""
        return self._address(storage_key)

    def _planned(self, storage_key: str | None) -> str | None:
        plan = plan_sources(
            storage_key=storage_key, discord_url=None, storage=self._storage, wsrv=None, hosts=self._hosts
        )
        return plan.sources[0].public if plan.sources else None

    def _log_foreign(self, *foreign: str | None) -> None:
        """Name a host that the service's pictures lie at and that is not allowed, once, with the setting for it."""
        for host in foreign:
            if host is not None and host not in self._told and len(self._told) < MOST_LOGGED:
                self._told.add(host)
                log.warning(
                    "picture_host_not_allowed",
                    extra={"host": host, "cure": f"if you trust it, add {host} to EASEL_IMAGE_HOSTS"},
                )

    def _note(self, source: Source, outcome: str) -> None:
        if outcome != "ok":
            log.info(
                "picture_source_failed",
                extra={"source": source.name, "host": source.url.host, "reason": outcome},
            )
        if self._metrics is not None:
            self._metrics.count(SOURCES_METRIC, source=source.name, outcome=outcome)

    async def _obtain(self, source: Source, limit: int) -> Picture:
        data = await self._asked(source)
        if self._metrics is not None:
            self._metrics.observe(BYTES_METRIC, float(len(data)))
        return await self._decoded(data, limit, source.public)

    async def _decoded(self, data: bytes, limit: int, public: str | None) -> Picture:
        async with self._decoders.hold():
            try:
                most = self._settings.most_pixels
                fitted = await decoded(data, lambda: fit(data, limit, most_pixels=most))
            except NotAPicture as broken:
                raise _SourceFailed("not_a_picture") from broken
            except TooManyPixels as bomb:
                raise _SourceFailed("too_many_pixels", final=True) from bomb
        return Picture(
            data=fitted.data,
            filename=f"easel-{hashlib.sha256(fitted.data).hexdigest()[:10]}.{fitted.format.extension}",
            media_type=fitted.format.media_type,
            width=fitted.width,
            height=fitted.height,
            reduced=fitted.reduced,
            source=public,
        )

    async def _asked(self, source: Source) -> bytes:
        """Download it in its host's own slots; a host that keeps failing is passed over at once, and no other with it."""
        # What people type names any host there is: those are not remembered apart.
        place = source.name if source.name in TYPED else f"{source.name} {source.url.netloc.decode()}"
        async with self._downloads[place].hold():
            if not self._health.may_ask(place):
                raise _SourceFailed("skipped")
            try:
                data = await self._download(source.url, self._typed.get(source.name, self._hosts))
            except _SourceFailed as failed:
                if failed.ill and source.name not in TYPED:
                    self._health.failed(place)
                else:
                    self._health.went_well(place)
                raise
            self._health.went_well(place)
            return data

    async def _download(self, url: httpx.URL, hosts: AllowedHosts, most_bytes: int | None = None) -> bytes:
        """Follow redirects by hand, each hop checked against an allow-list."""
        try:
            async with asyncio.timeout(self._settings.seconds):
                for _ in range(MOST_REDIRECTS + 1):
                    response = await send(self._client, self._request(url), seconds=self._settings.seconds)
                    try:
                        if not response.has_redirect_location:
                            return await self._body(response, most_bytes or self._settings.most_bytes)
                        url = self._next(url, response.headers["location"], hosts)
                    finally:
                        await response.aclose()
        except TimeoutError as error:
            raise _SourceFailed("timed_out", ill=True) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            # ValueError: a Location so odd that it cannot be joined.
            raise _SourceFailed(f"broken_connection_{type(error).__name__}", ill=True) from error
        raise _SourceFailed("too_many_redirects")

    def _request(self, url: httpx.URL) -> httpx.Request:
        # Pictures are compressed already.
        headers = {
            "Accept": "image/png,image/webp,image/*;q=0.8,video/mp4;q=0.8",
            "Accept-Encoding": "identity",
        }
        return self._client.build_request("GET", url, headers=headers)

    def _next(self, url: httpx.URL, location: str, hosts: AllowedHosts) -> httpx.URL:
        there = url.join(location)
        checked = hosts.check(there)
        if checked is None:
            refused = _SourceFailed("host_not_allowed", final=True)
            refused.foreign = entry_for(there)
            raise refused
        return checked

    async def _body(self, response: httpx.Response, most_bytes: int) -> bytes:
        if response.status_code != httpx.codes.OK:
            status = response.status_code
            raise _SourceFailed(f"http_{status}", ill=status >= httpx.codes.INTERNAL_SERVER_ERROR)
        return await read_up_to(response, most_bytes, lambda: _SourceFailed("too_many_bytes", final=True))
