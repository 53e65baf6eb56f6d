"""The second engine: OpenAI's images API on the same key and origin, spoken over the room's own HTTP clients.
Never here: retries of paid calls, decisions about jobs, and words of people in a log."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from bot.domain.failures import FailureKind, read_failure
from bot.domain.intake.drawing import MOST_KEPT_BYTES, DrawnPicture
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.decoding import decoded
from bot.midjourney.ohmygpt.envelope import open_envelope, quote
from bot.midjourney.openai.chat import read_models
from bot.midjourney.resize import MOST_PIXELS, DoesNotFit, NotAPicture, TooManyPixels, fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import httpx

    from bot.domain.engine_models import EngineModel
    from bot.domain.intake.drawing import Order
    from bot.midjourney.ohmygpt.caller import Caller

GENERATIONS: Final = "/v1/images/generations"
EDITS: Final = "/v1/images/edits"
MODELS: Final = "/v1/models"
DRAW_SECONDS: Final = 240.0
"""A picture of high quality takes up to two minutes by OpenAI's guide, and four of them come in one answer."""
REFUSED_S: Final = 600.0
"""A key that may not draw is let try again this often; a refused call costs nothing."""
MOST_ANSWER: Final = 128 * 1024 * 1024
"""Four pictures of 20 MB in base64, and room."""
EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_REFUSED: Final = frozenset(
    {
        "content_policy_violation",
        "content_moderation",
        "moderation_blocked",
        "content_filter",
        "image_safety",
    }
)
"""Codes by which a prompt, or what came of it, is refused for what it shows."""
_USUAL_ALPHABET: Final = str.maketrans("-_", "+/")
_NO_MODEL: Final = frozenset({"model_not_found", "model_not_available"})
_QUOTA: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_user_quota"})


@dataclass(slots=True)
class ImagesApi:
    """Implements `Engine` for one key."""

    caller: Caller
    key: str = field(repr=False)
    model: EngineModel
    seconds: float = DRAW_SECONDS
    _refused_until: float = 0.0
    """So long nobody is let try a key that was just refused."""

    @property
    def is_refused(self) -> bool:
        """See the port."""
        return monotonic() < self._refused_until

    async def draw(
        self, order: Order, *, images: Sequence[tuple[bytes, str]] = ()
    ) -> tuple[DrawnPicture, ...]:
        """See the port. Pictures to start from go to the endpoint of edits, as files."""
        if images and not self.model.pictures:
            raise RemoteError(RemoteFault.REFUSED, f"{self.model.name} takes no pictures")
        endpoint, request = (EDITS, self._edit(order, images)) if images else (GENERATIONS, self._new(order))
        try:
            body = await self.caller.call(
                "draw_edit" if images else "draw",
                lambda: request,
                _checked,
                client=self.caller.clients.paid,
                seconds=self.seconds,
                most=MOST_ANSWER,
            )
        except RemoteError as error:
            if error.fault is RemoteFault.KEY:
                self._refused_until = monotonic() + REFUSED_S
            raise
        found = [picture for one in await asyncio.to_thread(_items, body) if (picture := await _made(one))]
        if not found:
            raise RemoteError(RemoteFault.REFUSED, f"{endpoint}: no picture", kind=FailureKind.NO_PICTURE)
        return tuple(found[: order.number])

    async def offered(self) -> bool:
        """Whether the key's list of models names it; costs nothing. Raises `RemoteError`."""
        return await self.caller.call(
            "models", lambda: self.caller.build("GET", MODELS, key=self.key), self._is_listed
        )

    def _new(self, order: Order) -> httpx.Request:
        return self.caller.build(
            "POST", GENERATIONS, key=self.key, json={**self._fields(order), "n": order.number}
        )

    def _edit(self, order: Order, images: Sequence[tuple[bytes, str]]) -> httpx.Request:
        # One picture goes under the name that every server of the family reads, several under the list's.
        name = "image" if len(images) == 1 else "image[]"
        files = [
            (name, (f"picture-{number}.{EXTENSIONS.get(kind, 'png')}", data, kind))
            for number, (data, kind) in enumerate(images, 1)
        ]
        fields = {**self._fields(order), "n": str(order.number)}
        return self.caller.build("POST", EDITS, key=self.key, data=fields, files=files)

    def _fields(self, order: Order) -> dict[str, Any]:
        fields: dict[str, Any] = {"model": self.model.name, "prompt": order.words}
        if order.size is not None:
            fields["size"] = order.size
        if order.quality is not None:
            fields["quality"] = order.quality
        if not self.model.name.startswith("gpt-image-"):
            fields["response_format"] = (
                "b64_json"  # those answer with addresses otherwise; gpt-image-* never does
            )
        return fields

    def _is_listed(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        return self.model.name in read_models(status, headers, body)


def _checked(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """The body of a success, or the fault that an answer stands for. A 2xx that is no JSON may have been paid."""
    if 200 <= status < 300 and body.removeprefix(BOM_UTF8).lstrip()[:1] == b"{":  # noqa: PLR2004 - the class of successes
        return body
    if 200 <= status < 300:  # noqa: PLR2004 - as above
        raise RemoteError(RemoteFault.UNCLEAR, f"HTTP {status}, and the body is not the service's JSON")
    code, words = _error_of(body)
    if code in _REFUSED:
        raise RemoteError(RemoteFault.REFUSED, quote(words), kind=FailureKind.BANNED_PROMPT)
    if code in _QUOTA:
        raise RemoteError(RemoteFault.BALANCE, quote(words))
    if code in _NO_MODEL:
        raise RemoteError(RemoteFault.KEY, quote(words))
    try:
        open_envelope(status, headers, body)
    except RemoteError as error:
        if error.fault is not RemoteFault.REFUSED:
            raise
        raise RemoteError(error.fault, error.message, kind=_kind_of(error.message)) from None
    raise RemoteError(RemoteFault.UNCLEAR, f"HTTP {status}")


def _kind_of(words: str) -> FailureKind:
    """Refusals for what a picture would show come without a code too; of the rest its words are quoted."""
    about = read_failure(words).kind
    shown = {FailureKind.BANNED_PROMPT, FailureKind.OUTPUT_FILTERED}
    return FailureKind.BANNED_PROMPT if about in shown else FailureKind.UNKNOWN


def _error_of(body: bytes) -> tuple[str, str]:
    """Code and words of an error as OpenAI shapes it."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    error = read.get("error") if isinstance(read, dict) else None
    if not isinstance(error, dict):
        return "", ""
    code, kind, words = (error.get(name) for name in ("code", "type", "message"))
    known = next((str(one) for one in (code, kind) if str(one) in _REFUSED | _QUOTA | _NO_MODEL), str(code))
    return known, words if isinstance(words, str) else ""


def _items(body: bytes) -> list[DrawnPicture]:
    """What an answer brought, as it is. Raises `RemoteError`: it was paid for, and cannot be read."""
    try:
        answer = json.loads(body)
        if _error_of(body)[0] and not answer.get("data"):  # some write an empty error beside what they drew
            _checked(400, {}, body)
        data = answer.get("data")
        if "statusCode" in answer or not isinstance(data, list):
            # A refusal inside a success, as the service's other endpoints have it, or all of it inside an envelope.
            data = open_envelope(200, {}, body)
        return list(_read(data["data"] if isinstance(data, dict) else data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RemoteError(
            RemoteFault.UNCLEAR, f"the answer is no list of pictures ({error!r})"[:200]
        ) from None


def _read(entries: Any) -> Iterator[DrawnPicture]:
    listed = [
        entry for entry in entries if isinstance(entry, dict)
    ]  # null stands for one that was filtered out
    if not listed and any(entry is not None for entry in entries):
        raise TypeError("no objects")
    for entry in listed:
        written, address = entry.get("b64_json"), entry.get("url")
        if not written and isinstance(address, str) and address.startswith("data:"):
            written = address
        if isinstance(written, str) and written:
            try:
                yield DrawnPicture(_decoded(written), "")
            except ValueError:  # binascii's own errors are such
                continue
        elif isinstance(address, str) and address.startswith(("https://", "http://")):
            yield DrawnPicture(b"", "", address)


def _decoded(written: str) -> bytes:
    """The bytes of base64 in either alphabet, padded or not, also as a data URL. Raises `ValueError`."""
    _, _, bare = written.rpartition(",")
    bare = "".join(bare.translate(_USUAL_ALPHABET).split()).rstrip("=")
    return b64decode(bare + "=" * (-len(bare) % 4))


async def _made(found: DrawnPicture) -> DrawnPicture | None:
    """A picture as it is kept: whole, still a picture, and of bearable size; None for bytes that are none."""
    if found.address is not None:
        return found
    try:
        fitted = await decoded(found.data, lambda: fit(found.data, MOST_KEPT_BYTES, most_pixels=MOST_PIXELS))
    except (NotAPicture, TooManyPixels, DoesNotFit):
        return None
    return DrawnPicture(fitted.data, fitted.format.media_type)
