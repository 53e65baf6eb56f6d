"""Reading request bodies: JSON, urlencoded and multipart, with the spellings clients really use (contract §0.3).
Never here: what the fields mean to an endpoint."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from bot.sandbox.upstream.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATA_URL = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,", re.ASCII)


async def read_body(request: web.Request) -> dict[str, Any]:
    """The body's fields; a repeated field becomes a list, an uploaded file stays bytes."""
    kind = request.content_type
    if kind == "multipart/form-data":
        return _collect([item async for item in _parts(request)])
    if kind == "application/x-www-form-urlencoded":
        posted = await request.post()
        return _collect((name, value) for name, value in posted.items() if isinstance(value, str))
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        read = json.loads(raw)
    except ValueError:
        raise Refusal(400, "the body is not JSON") from None
    if not isinstance(read, dict):
        raise Refusal(400, "the body must be an object")
    return read


async def _parts(request: web.Request) -> Any:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise Refusal(400, "a part of the body has no name")
        content = bytes(await part.read(decode=True))
        yield part.name, content if part.filename is not None else content.decode("utf-8", "replace")


def _collect(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in items:
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def text(fields: dict[str, Any], name: str) -> str | None:
    """A field as text; numbers count as text, anything else as absent."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def task_id(fields: dict[str, Any]) -> int:
    """The taskId, written as a number or as digits (contract §8 no. 5)."""
    written = text(fields, "taskId")
    if written is None or not re.fullmatch(r"\s*\d{1,15}\s*", written):
        raise Refusal(400, "taskId is required")
    return int(written)


def text_list(fields: dict[str, Any], name: str) -> list[str]:
    """A list: an array, a repeated field, or an array written as text."""
    value = fields.get(name)
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal(400, f"{name} is not an array") from None
    if value is None or value == "":
        return []
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in listed):
        raise Refusal(400, f"{name} must hold texts")
    return listed


def from_base64(written: str, *, bare: bool = False) -> bytes:
    """The bytes of a data URL, or of bare base64 where that is allowed; raises ValueError."""
    match = _DATA_URL.match(written)
    if match is None and not bare:
        raise ValueError("not a data URL")
    payload = re.sub(r"\s+", "", written[match.end() :] if match else written)
    try:
        return base64.b64decode(payload, validate=True)
    except binascii.Error as broken:
        raise ValueError("not base64") from broken
