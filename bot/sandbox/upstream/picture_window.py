"""Handing out pictures over HTTP, honestly or as the planned faults have it; every fetch is recorded.
Never here: finding or drawing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.upstream.calls import Call
from bot.sandbox.upstream.faults import Scope
from bot.sandbox.upstream.gallery import NotThere

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.upstream.faults import PlannedFault
    from bot.sandbox.upstream.gallery import Drawn, Gallery
    from bot.sandbox.upstream.misbehaviour import Misbehaviour
    from bot.sandbox.upstream.service import Service


class PictureWindow:
    """Serves what the gallery draws."""

    def __init__(self, service: Service, gallery: Gallery, misbehaviour: Misbehaviour) -> None:
        self._service = service
        self._gallery = gallery
        self._misbehaviour = misbehaviour

    def serve(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler of one kind of address: `store`, `cdn`, `file` or `wsrv`."""

        async def handler(request: web.Request) -> web.StreamResponse:
            return await self._serve(name, request)

        return handler

    async def _serve(self, name: str, request: web.Request) -> web.StreamResponse:
        try:
            if name == "wsrv":
                drawn = await self._gallery.resize(request.query)
            else:
                drawn = await self._gallery.fetch(request.path, request.query)
        except NotThere as missing:
            self._record(name, request, missing.status, missing.words, None)
            return web.Response(status=missing.status, text=missing.words)
        planned = self._service.faults.draw(Scope.PICTURE, endpoint=name)
        told = f"{drawn.content_type} {len(drawn.content)} bytes"
        self._record(name, request, 200, told, planned)
        if planned is not None:
            return await self._misbehaviour.picture(request, planned, drawn.content, drawn.content_type)
        return _picture_response(drawn)

    def _record(
        self, name: str, request: web.Request, status: int, told: str, planned: PlannedFault | None
    ) -> None:
        fault = planned.fault.value if planned else None
        self._service.log.add(
            Call(
                at=self._service.settings.clock(),
                method=request.method,
                path=request.path,
                endpoint=name,
                params=dict(request.query),
                body={},
                key_tail="",
                outcome=f"{told}, but {fault}" if fault else told,
                status=status,
                fault=fault,
            )
        )


def _picture_response(drawn: Drawn) -> web.Response:
    return web.Response(
        body=drawn.content,
        content_type=drawn.content_type,
        headers={"Cache-Control": "public, max-age=31536000"},
    )
