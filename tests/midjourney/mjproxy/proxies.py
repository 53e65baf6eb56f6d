"""A simulated server of the family with a client in front of it, and pictures to send.
Never here: tests."""

from __future__ import annotations

import base64
import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from PIL import Image

from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.midjourney.mjproxy.client import MjProxyApi, ProxySettings
from bot.midjourney.transport import open_clients
from bot.sandbox.mjproxy import Flavour, SimulatedProxy
from bot.sandbox.upstream import SANDBOX_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KINDS = {
    Flavour.NOVI: ServerKind.NOVI,
    Flavour.PLUS: ServerKind.PLUS,
    Flavour.TRUEAI: ServerKind.TRUEAI,
    Flavour.NEW_API: ServerKind.NEW_API,
    Flavour.ONE_HUB: ServerKind.ONE_HUB,
}
PROXIES = (Flavour.PLUS, Flavour.TRUEAI)
GATEWAYS = (Flavour.NEW_API, Flavour.ONE_HUB)
CANVAS = 64


@asynccontextmanager
async def api_and_proxy(
    flavour: Flavour = Flavour.TRUEAI, *, server: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[tuple[MjProxyApi, SimulatedProxy]]:
    """A client of the server's own kind; `server` holds options of the server, the rest is the client's."""
    options = {"manual": True, "canvas": CANVAS, **(server or {})}
    async with SimulatedProxy(flavour, **options) as proxy, open_clients(trust_env=False) as clients:
        given: dict[str, Any] = {
            "key": SANDBOX_KEY,
            "url": proxy.origin,
            "capabilities": BY_SERVER[KINDS[flavour]],
            "reads_per_second": 1000,
        }
        yield MjProxyApi(clients, ProxySettings(**(given | settings))), proxy


def picture_url(colour: str = "teal") -> str:
    """A small picture as a data URL."""
    written = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def mask_url(side: int = CANVAS) -> str:
    """A mask of the upper half."""
    mask = Image.new("RGB", (side, side), "black")
    mask.paste("white", (0, 0, side, side // 2))
    written = io.BytesIO()
    mask.save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()
