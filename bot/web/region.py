"""The mask editor over HTTP: the page, its picture, its files, and the one post that begins a job.
Never here: what a link is good for, what a mask must be (the services say), and how the page works (`pages/`)."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import structlog
from aiohttp import web

from bot.domain.party import CURRENT_PARTY, Shared
from bot.errors import StorageTrouble, UserError
from bot.services.intake.region_links import LinkGone
from bot.texts import text
from bot.web.bodies import read_body, read_form
from bot.web.plain import plain
from bot.web.region_page import RegionPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.ports import Clock, Metrics
    from bot.domain.region_links import RegionLink
    from bot.i18n import Catalogues
    from bot.services.intake.mask_editor import MaskEditor
    from bot.texts import Text

log = structlog.stdlib.get_logger(__name__)

LARGEST_MASK: Final = 4 * 1024 * 1024
"""Two colours of the largest picture take a tenth of it."""
AT_ONCE: Final = 16
"""Pages, pictures and jobs being made, for people with a good link; and, apart from them, masks in memory, each of
`LARGEST_MASK` at most: whoever sends theirs slowly keeps nobody from the rest."""
OF_PARTY: Final = 4
"""Of either, for one server."""
OF_PERSON: Final = 2
"""Requests that one person has in hand, by however many links; more wait. So others of the same server have the rest."""
IN_LINE: Final = 8
"""Requests of one person that wait; more are sent away."""
LOOKED_UP: Final = 4
"""Tokens looked up at the same time. Whoever has none that is good costs a look, and takes no place of those who have."""
PNG: Final = b"\x89PNG\r\n\x1a\n"
FOREVER: Final = "public, max-age=31536000, immutable"
CLOSED: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""On every answer: the link is all that tells who somebody is, so it is kept from caches, other sites and searches."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)\b")


class _Said(Exception):
    """The answer to a request is a sentence."""

    def __init__(self, status: int, said: Text, outcome: str) -> None:
        super().__init__(said.id)
        self.status = status
        self.said = said
        self.outcome = outcome
        """For the meter."""


class RegionPages:
    """Answers everything below `/region/`."""

    def __init__(
        self,
        *,
        mask_editor: MaskEditor,
        catalogues: Catalogues,
        public_url: str,
        clock: Clock,
        metrics: Metrics,
        body_seconds: float = 30.0,
        at_once: int = AT_ONCE,
    ) -> None:
        self._mask_editor = mask_editor
        self._catalogues = catalogues
        self._page = RegionPage(catalogues)
        address = urlsplit(public_url)
        self._origin = f"{address.scheme}://{address.netloc}".lower()
        self._clock = clock
        self._metrics = metrics
        self._body_seconds = body_seconds
        self._looking = asyncio.Semaphore(LOOKED_UP)
        self._places = Shared(at_once, each=OF_PARTY)
        self._masks = Shared(at_once, each=OF_PARTY)
        self._of_person: WeakValueDictionary[int, Shared] = WeakValueDictionary()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/region/assets/{version}/{name}", self.answer_asset)
        router.add_get("/region/{token}", self.answer_page)
        router.add_get("/region/{token}/picture", self.answer_picture)
        router.add_post("/region/{token}", self.answer_mask)

    # -- answers -----------------------------------------------------------------------------------------

    async def answer_asset(self, request: web.Request) -> web.Response:
        """`GET /region/assets/{version}/{name}`; a page of an older program finds the new files under its old name."""
        asset = self._page.assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(headers=CLOSED)
        known = request.match_info["version"] == self._page.version
        return web.Response(
            body=asset.body,
            content_type=asset.media_type,
            charset="utf-8",
            headers=CLOSED | ({"Cache-Control": FOREVER} if known else {}),
        )

    async def answer_page(self, request: web.Request) -> web.Response:
        """`GET /region/{token}`."""

        async def answer(link: RegionLink) -> web.Response:
            async with self._places.hold():
                canvas = await self._mask_editor.canvas(link)
            page = self._page.editor(link.locale, canvas, request.match_info["token"])
            return web.Response(text=page, content_type="text/html", headers=CLOSED)

        return await self._answered(request, answer, self._notice)

    async def answer_picture(self, request: web.Request) -> web.Response:
        """`GET /region/{token}/picture`."""

        async def answer(link: RegionLink) -> web.Response:
            async with self._places.hold():
                picture = await self._mask_editor.picture(link)
            return web.Response(body=picture, content_type="image/webp", headers=CLOSED)

        return await self._answered(request, answer, self._notice)

    async def answer_mask(self, request: web.Request) -> web.Response:
        """`POST /region/{token}`: a PNG, or a form with one and with words, from the page itself."""

        async def answer(link: RegionLink) -> web.Response:
            self._check_sender(request)
            async with self._masks.hold():
                sent = await self._mask(request)
                async with self._places.hold():
                    job = await self._mask_editor.submit(link, *sent)
            self._metrics.count("regions_sent", outcome="begun")
            return self._json(200, text("region.page.sent", key=job.key), link.locale)

        return await self._answered(request, answer, self._json)

    # -- what is said instead ------------------------------------------------------------------------------

    async def _answered(
        self,
        request: web.Request,
        answer: Callable[[RegionLink], Awaitable[web.Response]],
        localize: Callable[[int, Text, str], web.Response],
    ) -> web.Response:
        """Answer for an open link; whatever is in the way becomes one sentence."""
        locale = self._accepted_language(request)
        try:
            token = _token(request)
            async with self._looking:
                if request.transport is None:  # a flood that hangs up leaves no line behind
                    return web.Response(headers=CLOSED)
                # Who posts again may only have lost the answer.
                link = await self._mask_editor.open(token, used=request.method == "POST")
            locale = link.locale
            CURRENT_PARTY.set(link.guild_id or link.user_id)
            async with self._ration(link).hold():
                return await answer(link)
        except LinkGone as gone:
            locale = gone.locale or locale
            instead = _Said(410, text("region.page.gone"), "gone")
        except _Said as said:
            instead = said
        except UserError as refusal:
            instead = _Said(422, refusal.text, "refused")
        except StorageTrouble as trouble:
            instead = _Said(503, text(trouble.said), "trouble")
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("region_request_failed", reference=reference)
            instead = _Said(500, text("trouble.bug", reference=reference), "bug")
        if request.method == "POST":
            self._metrics.count("regions_sent", outcome=instead.outcome)
        return localize(instead.status, instead.said, locale)

    def _ration(self, link: RegionLink) -> Shared:
        """What a link's person may have in hand, for as long as they have anything."""
        ration = self._of_person.setdefault(link.user_id, Shared(OF_PERSON))
        if ration.waiting >= IN_LINE:
            raise _Said(503, text("region.page.busy"), "busy")
        return ration

    def _notice(self, status: int, said: Text, locale: str) -> web.Response:
        page = self._page.notice(locale, self._plain(said, locale))
        return web.Response(status=status, text=page, content_type="text/html", headers=CLOSED)

    def _json(self, status: int, said: Text, locale: str) -> web.Response:
        response = web.json_response({"said": self._plain(said, locale)}, status=status, headers=CLOSED)
        if status in {408, 413}:
            response.force_close()  # the rest of the body is not waited for
        return response

    def _plain(self, said: Text, locale: str) -> str:
        return plain(self._catalogues.render(said, locale), locale, self._clock.now())

    def _accepted_language(self, request: web.Request) -> str:
        """What the browser asks for, for links that are not known (any more)."""
        for wish in request.headers.get("Accept-Language", "").split(",")[:10]:
            found = _LANGUAGE.match(wish)
            if found and (found[1].lower().startswith("en") or self._catalogues.speaks(found[1])):
                return found[1]
        return "en"

    # -- the post ------------------------------------------------------------------------------------------

    def _check_sender(self, request: web.Request) -> None:
        """Only the page itself may post: not another site that was told the link. Browsers say who does."""
        site = request.headers.get("Sec-Fetch-Site")
        same = (
            request.headers.get("Origin", "").lower() == self._origin
            if site is None
            else site == "same-origin"
        )
        if not same:
            raise _Said(403, text("region.page.foreign"), "foreign")

    async def _mask(self, request: web.Request) -> tuple[bytes, str | None]:
        """The mask, and the words beside it where the page asks for any."""
        form = request.content_type == "multipart/form-data"
        if not form and request.content_type != "image/png":
            raise _Said(415, text("region.page.no_png"), "no_png")
        read = read_form if form else read_body
        try:
            body = await read(request, most=LARGEST_MASK, seconds=self._body_seconds)
        except TimeoutError:
            raise _Said(408, text("region.page.slow"), "slow") from None
        except ValueError:
            raise _Said(415, text("region.page.no_png"), "no_png") from None
        if body is None:
            raise _Said(413, text("region.page.too_large"), "too_large")
        fields = {"mask": body} if isinstance(body, bytes) else body
        mask, words = fields.get("mask", b""), fields.get("words")
        if not mask.startswith(PNG):
            raise _Said(415, text("region.page.no_png"), "no_png")
        return mask, None if words is None else words.decode(errors="replace")


def _token(request: web.Request) -> str:
    token = request.match_info["token"]
    if not _TOKEN.fullmatch(token):
        raise LinkGone(None)
    return token
