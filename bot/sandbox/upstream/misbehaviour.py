"""Carrying out the faults of an exchange: odd answers, silence, resets, odd pictures.
Never here: when they strike."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.upstream.answers import Envelope
from bot.sandbox.upstream.faults import Fault

if TYPE_CHECKING:
    from bot.sandbox.upstream.faults import PlannedFault

HTML_502 = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
HTML_PAGE = "<!doctype html><html><body><h1>Not a picture</h1></body></html>"
FOREIGN = "http://203.0.113.9/picture.png"
"""An address reserved for documentation: nobody answers there."""
ENDLESS = 1024 * 1024 * 1024
CHUNK = b"\0" * 65536
DRIPS = 8

_ENVELOPES = {
    Fault.BAD_KEY: (200, Envelope(401, "Unauthorized: the api key is not valid")),
    Fault.NO_BALANCE: (
        200,
        Envelope(402, "the balance is not sufficient", extra={"errorType": "insufficient_balance_error"}),
    ),
    Fault.RATE_LIMITED: (429, Envelope(429, "too many requests")),
    Fault.REFUSED: (200, Envelope(400, "the request was refused")),
    Fault.SERVER_ERROR: (500, Envelope(500, "internal server error")),
    Fault.UNAVAILABLE: (503, Envelope(503, "service unavailable")),
    Fault.LIST_UNAVAILABLE: (200, Envelope(500, "the task list is not available")),
}
_ODD_DATA: dict[Fault, Any] = {
    Fault.DATA_ZERO: 0,
    Fault.DATA_NULL: None,
    Fault.DATA_TEXT: "x",
    Fault.DATA_LIST: [],
}
SILENT = frozenset({Fault.HANG_BEFORE, Fault.HANG_AFTER})
RESETS = frozenset({Fault.RESET_BEFORE, Fault.RESET_AFTER})


def respond(envelope: Envelope, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An envelope as an HTTP answer."""
    return web.json_response(envelope.as_json(), status=status, headers=headers)


class Misbehaviour:
    """Performs a fault on an exchange; everything that waits ends when the server closes."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    async def answer(
        self, request: web.Request, planned: PlannedFault, honest: web.Response | None
    ) -> web.StreamResponse:
        """What goes out instead of, or after, the honest answer."""
        fault = planned.fault
        if fault in SILENT:
            await self.closing.wait()
            return abort(request)
        if fault in RESETS:
            return abort(request)
        if fault is Fault.SLOW and honest is not None:
            await self.pause(planned.seconds)
            return honest
        if fault in {Fault.HTML_502_BEFORE, Fault.HTML_502_AFTER}:
            return web.Response(status=502, text=HTML_502, content_type="text/html")
        if fault is Fault.NOT_JSON:
            return web.Response(text="Success: {", content_type="application/json")
        if fault is Fault.EMPTY_BODY:
            return web.Response()
        if fault in _ODD_DATA:
            return respond(Envelope(200, "Success", _ODD_DATA[fault]))
        status, envelope = _ENVELOPES[fault]
        if planned.reason is not None:
            envelope = Envelope(envelope.status_code, planned.reason, extra=envelope.extra)
        headers = {"Retry-After": f"{planned.seconds:g}"} if status in {429, 503} else None
        return respond(envelope, status, headers)

    async def picture(
        self, request: web.Request, planned: PlannedFault, content: bytes, content_type: str
    ) -> web.StreamResponse:
        """A picture that does not come as it should."""
        fault = planned.fault
        if fault is Fault.PICTURE_404:
            return web.Response(status=404, text="This content is no longer available.")
        if fault is Fault.PICTURE_403:
            return web.Response(status=403, text="forbidden")
        if fault is Fault.PICTURE_500:
            return web.Response(status=500, text="internal server error")
        if fault is Fault.PICTURE_REDIRECT:
            return web.Response(status=302, headers={"Location": FOREIGN})
        if fault is Fault.PICTURE_NOT_AN_IMAGE:
            return web.Response(text=HTML_PAGE, content_type="text/html")
        length = ENDLESS if fault is Fault.PICTURE_TOO_LARGE else len(content)
        streamed = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(length)})
        await streamed.prepare(request)
        try:
            await self._stream(streamed, planned, content)
        except ConnectionError:
            return streamed
        return abort(request) if fault is not Fault.PICTURE_SLOW else streamed

    async def _stream(self, streamed: web.StreamResponse, planned: PlannedFault, content: bytes) -> None:
        if planned.fault is Fault.PICTURE_TOO_LARGE:
            await streamed.write(content)
            for _ in range(ENDLESS // len(CHUNK)):
                if self.closing.is_set():
                    return
                await streamed.write(CHUNK)
            return
        if planned.fault is Fault.PICTURE_HANGS:
            await streamed.write(content[: len(content) // 2])
            await self.closing.wait()
            return
        drip = max(1, -(-len(content) // DRIPS))
        for start in range(0, len(content), drip):
            await streamed.write(content[start : start + drip])
            await self.pause(planned.seconds / DRIPS)
        await streamed.write_eof()

    async def pause(self, seconds: float) -> None:
        """Wait in real time, at most until the server closes."""
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return


def abort(request: web.Request) -> web.Response:
    """Cut the connection: the other side sees a reset."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response(text=json.dumps(None))
