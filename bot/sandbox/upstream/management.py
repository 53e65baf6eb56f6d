"""Balance, rates, membership and file upload (contract §5).
Never here: Midjourney tasks, HTTP answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.sandbox.upstream import bodies
from bot.sandbox.upstream.accounts import price
from bot.sandbox.upstream.answers import ApiResponse, Refusal
from bot.sandbox.upstream.files import StoredFile
from bot.sandbox.upstream.submissions import POOLS
from bot.sandbox.upstream.tasks import Kind, iso

if TYPE_CHECKING:
    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.submissions import Ask

MEMBER_FOR = 30 * 24 * 3600
LARGEST_FILE = 25 * 1024 * 1024
PURPOSES = range(6)


def balance(service: Service, ask: Ask) -> ApiResponse:
    """Credits as decimal texts."""
    left = service.accounts.balances[ask.account]
    return ApiResponse({"balance": f"{left:.2f}", "free_balance": "0.00"}, "get user balance success")


def rates(service: Service, ask: Ask) -> ApiResponse:
    """Prices; the real shape is not documented, this one is ours (contract §5.2)."""
    del service, ask
    names = {Kind.GRID: "imagine", Kind.SINGLE: "upscale", Kind.TEXT: "describe", Kind.REEL: "video"}
    listed = [
        {
            "model": f"midjourney-{name}",
            "type": pool.value,
            "price": str(price(pool, kind)),
            "unit": "credits",
        }
        for kind, name in names.items()
        for pool in POOLS
    ]
    return ApiResponse({"rates": listed})


def membership(service: Service, ask: Ask) -> ApiResponse:
    """When the membership ends; the real shape is not documented (contract §5.3)."""
    del ask
    return ApiResponse(iso(service.book.now + MEMBER_FOR))


def upload(service: Service, ask: Ask) -> ApiResponse:
    """Keep a file (contract §5.5)."""
    content = _content(ask.fields)
    filename = bodies.text(ask.fields, "filename")
    purpose = bodies.text(ask.fields, "purpose")
    if not filename:
        raise Refusal(400, "filename is required")
    if purpose is None or not purpose.isdigit() or int(purpose) not in PURPOSES:
        raise Refusal(400, "purpose must be 0 to 5")
    tags = ask.fields.get("tags", [])
    stored = StoredFile(
        content,
        filename,
        int(purpose),
        public=bodies.text(ask.fields, "is_public") == "true",
        expires=_moment(bodies.text(ask.fields, "expires_at")),
        tags=tuple(tags) if isinstance(tags, list) else (str(tags),),
    )
    return ApiResponse({"fileUniqueID": service.files.add(stored)}, "File Upload Success")


def _content(fields: dict[str, Any]) -> bytes:
    content = fields.get("file")
    if not isinstance(content, bytes) or not content:
        raise Refusal(400, "file is required")
    if len(content) > LARGEST_FILE:
        raise Refusal(400, "file is too large")
    return content


def _moment(written: str | None) -> float | None:
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Refusal(400, "expires_at must be an ISO time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
