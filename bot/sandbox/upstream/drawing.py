"""The images API of the simulated service: `/v1/images/generations`, `/v1/images/edits` and the list of models.
Never here: Midjourney's endpoints, and their envelope."""

from __future__ import annotations

import asyncio
import base64
import io
import os
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from PIL import Image

from bot.sandbox.upstream.accounts import Permission
from bot.sandbox.upstream.answers import Refusal
from bot.sandbox.upstream.bodies import read_body
from bot.sandbox.upstream.calls import Call, cut_base64
from bot.sandbox.upstream.chat import MODELS as CHAT_MODELS
from bot.sandbox.upstream.desk import key_tail
from bot.sandbox.upstream.faults import Fault, Scope
from bot.sandbox.upstream.files import StoredFile
from bot.sandbox.upstream.gallery import PUBLIC_PREFIX
from bot.sandbox.upstream.misbehaviour import HTML_PAGE
from bot.sandbox.upstream.pictures.plan import Form, Picture, Scene, first_frame
from bot.sandbox.upstream.pictures.studio import draw
from bot.sandbox.upstream.presses import derive
from bot.sandbox.upstream.prompts import banned_word_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.upstream.faults import PlannedFault
    from bot.sandbox.upstream.misbehaviour import Misbehaviour
    from bot.sandbox.upstream.service import Service

SIZES: Final = {
    "dall-e-3": ("1024x1024", "1792x1024", "1024x1792"),
    "gpt-image": ("auto", "1024x1024", "1536x1024", "1024x1536"),
}
QUALITIES: Final = {"dall-e-3": ("standard", "hd"), "gpt-image": ("auto", "low", "medium", "high")}
CREDITS: Final = Decimal(1360)
"""Of one picture; ours, like the prices of Midjourney's."""
MODELS: Final = ("gpt-image-1.5", "gpt-image-1", "dall-e-3")
_ERRORS: Final[Mapping[Fault, tuple[int, str, str, str]]] = {
    Fault.DRAW_REFUSED: (
        400,
        "moderation_blocked",
        "image_generation_user_error",
        "Your request was rejected by the safety system.",
    ),
    Fault.DRAW_FORBIDDEN: (403, "model_not_allowed", "permission_error", "This key may not use this model."),
    Fault.DRAW_BAD_KEY: (401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided."),
    Fault.DRAW_LIMITED: (429, "rate_limit_exceeded", "rate_limit_error", "Too many pictures this minute."),
    Fault.DRAW_CAP: (429, "insufficient_quota", "insufficient_quota", "The quota of this key is used up."),
}


@dataclass(frozen=True, slots=True)
class DrawCall:
    """One call that was paid for."""

    fields: Mapping[str, Any]
    account: str
    pictures: tuple[bytes, ...]
    """What it started from."""
    drawn: tuple[bytes, ...]


class _Error(Exception):
    def __init__(self, status: int, code: str, kind: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.body = {"error": {"message": words, "type": kind, "param": None, "code": code}}


class DrawingDesk:
    """Serves the endpoints, honestly or as the planned faults have it."""

    def __init__(self, service: Service, misbehaviour: Misbehaviour, drawn: list[DrawCall]) -> None:
        self._service = service
        self._misbehaviour = misbehaviour
        self._drawn = drawn

    def routes(self) -> list[web.RouteDef]:
        """What to add to the application."""
        return [
            web.post("/v1/images/generations", self._generations),
            web.post("/v1/images/edits", self._edits),
            web.get("/v1/models", self._models),
        ]

    async def _generations(self, request: web.Request) -> web.StreamResponse:
        return await self._serve("draw", request)

    async def _edits(self, request: web.Request) -> web.StreamResponse:
        return await self._serve("draw-edit", request)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        try:
            self._admit(request)
        except _Error as error:
            self._record("models", request, {}, str(error), status=error.status)
            return web.json_response(error.body, status=error.status)
        self._record("models", request, {}, "Success")
        return web.json_response(
            {"object": "list", "data": [{"id": name, "object": "model"} for name in (*MODELS, *CHAT_MODELS)]}
        )

    async def _serve(self, endpoint: str, request: web.Request) -> web.StreamResponse:
        fields: dict[str, Any] = {}
        try:
            fields = await read_body(request)
            planned = self._service.faults.draw(Scope.BEFORE, endpoint=endpoint)
            if planned is not None:
                self._record(endpoint, request, fields, planned.fault.value)
                return await self._misbehaviour.answer(request, planned, None)
            planned = self._service.faults.draw(Scope.DRAW, endpoint=endpoint)
            call = await self._paid(endpoint, request, fields, planned)
        except Refusal as refusal:
            self._record(endpoint, request, fields, refusal.message, status=400)
            return web.json_response(
                _Error(400, "invalid_request", "invalid_request_error", refusal.message).body, status=400
            )
        except _Error as error:
            self._record(endpoint, request, fields, str(error), status=error.status)
            return web.json_response(error.body, status=error.status)
        self._drawn.append(call)
        fault = None if planned is None else planned.fault
        self._record(
            endpoint, request, fields, f"{len(call.drawn)} drawn" + (f", but {fault}" if fault else "")
        )
        answer = self._answer(call, fault)
        after = self._service.faults.draw(Scope.AFTER, endpoint=endpoint)
        if after is not None:
            return await self._misbehaviour.answer(request, after, answer)
        return answer

    def _answer(self, call: DrawCall, fault: Fault | None) -> web.Response:
        if fault is Fault.DRAW_HTML:
            return web.Response(text=HTML_PAGE, content_type="text/html")
        if fault is Fault.DRAW_NOTHING:
            return web.json_response({"created": 1, "data": []})
        data = [
            {"url": self._address(one)}
            if fault is Fault.DRAW_ADDRESS
            else {"b64_json": base64.b64encode(_huge(one) if fault is Fault.DRAW_HUGE else one).decode()}
            for one in call.drawn
        ]
        return web.json_response({"created": int(self._service.settings.clock()), "data": data})

    async def _paid(
        self,
        endpoint: str,
        request: web.Request,
        fields: Mapping[str, Any],
        planned: PlannedFault | None,
    ) -> DrawCall:
        if planned is not None and planned.fault in _ERRORS:
            status, code, kind, words = _ERRORS[planned.fault]
            raise _Error(status, code, kind, planned.reason or words)
        account, key = self._admit(request)
        model, prompt = str(fields.get("model", "")), str(fields.get("prompt", "")).strip()
        family = "dall-e-3" if model == "dall-e-3" else "gpt-image"
        if model not in MODELS:
            raise _Error(
                404, "model_not_found", "invalid_request_error", f"The model {model} does not exist."
            )
        if not prompt:
            raise _Error(400, "missing_required_parameter", "invalid_request_error", "prompt is required")
        size, quality = (str(fields.get(name, "auto")) for name in ("size", "quality"))
        number = int(fields.get("n", 1))
        known = {"size": SIZES[family], "quality": QUALITIES[family]}
        for name, value in (("size", size), ("quality", quality)):
            if name in fields and value not in known[name]:
                raise _Error(
                    400, "invalid_value", "invalid_request_error", f"Invalid value for {name}: {value}"
                )
        if not 1 <= number <= (1 if family == "dall-e-3" else 10):
            raise _Error(400, "invalid_value", "invalid_request_error", f"Invalid value for n: {number}")
        if family != "dall-e-3" and "response_format" in fields:
            raise _Error(
                400, "unknown_parameter", "invalid_request_error", "Unknown parameter: 'response_format'."
            )
        given = _given(fields)
        if endpoint == "draw-edit" and (not given or family == "dall-e-3"):
            raise _Error(400, "invalid_request", "invalid_request_error", "image is required")
        if (problem := banned_word_problem(prompt, self._service.settings.banned)) is not None:
            raise _Error(400, "content_policy_violation", "image_generation_user_error", problem)
        cost = CREDITS * number
        try:
            self._service.accounts.check(account, key, cost)
        except Refusal as refusal:
            raise _Error(402, "insufficient_quota", "insufficient_quota", refusal.message) from None
        drawn = await asyncio.to_thread(self._draw, prompt, size, number, given)
        self._service.accounts.pay(account, key, cost, self._service.settings.clock())
        return DrawCall(dict(fields), account, given, drawn)

    def _draw(self, prompt: str, size: str, number: int, given: tuple[bytes, ...]) -> tuple[bytes, ...]:
        across, _, down = (size if "x" in size else "1024x1024").partition("x")
        tint = tuple(self._service.assets.add_picture(one) for one in given)
        seed = derive(self._service.settings.seed, f"{prompt} {len(self._drawn)}")
        frame = first_frame((int(across), int(down)))
        return tuple(
            draw(
                Picture(
                    Form.SINGLE,
                    (Scene(words=prompt, seed=derive(seed, one), frame=frame, look="drawn", tint=tint),),
                ),
                canvas=self._service.settings.canvas,
                assets=self._service.assets.all,
                title=prompt,
            )
            for one in range(number)
        )

    def _admit(self, request: web.Request) -> tuple[str, str]:
        try:
            return self._service.accounts.admit(
                request.headers.get("Authorization", ""),
                Permission.MIDJOURNEY,
                self._service.settings.clock(),
            )
        except Refusal as refusal:
            raise _Error(401, "invalid_api_key", "invalid_request_error", refusal.message) from None

    def _address(self, content: bytes) -> str:
        stored = StoredFile(
            content, "drawn.png", 3, public=True, expires=self._service.settings.clock() + 3600
        )
        return f"{self._service.origin}{PUBLIC_PREFIX}{self._service.files.add(stored)}"

    def _record(
        self,
        endpoint: str,
        request: web.Request,
        fields: Mapping[str, Any],
        outcome: str,
        *,
        status: int = 200,
    ) -> None:
        self._service.log.add(
            Call(
                at=self._service.settings.clock(),
                method=request.method,
                path=request.path,
                endpoint=endpoint,
                params=dict(request.query),
                body=cut_base64(dict(fields)),
                key_tail=key_tail(request.headers.get("Authorization", "").rpartition(" ")[2]),
                outcome=outcome,
                status=status,
            )
        )


def _given(fields: Mapping[str, Any]) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for name in ("image", "image[]"):
        value = fields.get(name)
        found += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, bytes)]
    return tuple(found)


def _huge(content: bytes) -> bytes:
    """The same picture as a PNG of 20 MB: noise does not compress."""
    side = 2688
    noise = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
    noise.paste(Image.open(io.BytesIO(content)).convert("RGB"), (0, 0))
    written = io.BytesIO()
    noise.save(written, "PNG", compress_level=1)
    return written.getvalue()
