"""Whether a server of the `/mj` family answers where OhMyGPT's API was expected.
Never here: which of its programs it is, and the key, which is no other service's business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.client import MjProxyApi, ProxySettings
from bot.midjourney.mjproxy.probing import NOBODY

if TYPE_CHECKING:
    from bot.midjourney.transport import HttpClients


async def looks_like_the_family(clients: HttpClients, url: str) -> bool:
    """Ask the family's free call with nobody's key: a list or a wrong key is an answer that only the family has.

    Ask only where OhMyGPT's own call failed: a server that refuses every key everywhere tells nothing by it.
    """
    try:
        await MjProxyApi(clients, ProxySettings(key=NOBODY, url=url)).prove()
    except RemoteError as error:
        return error.fault is RemoteFault.KEY
    return True
