"""Where a server of the `/mj` family says that its pictures lie, and the setting without which they are not fetched.
Never here: fetching one, and calls that cost anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.errors import RemoteError
from bot.finding import Finding
from bot.midjourney.addresses import entry_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.midjourney.addresses import AllowedHosts
    from bot.midjourney.mjproxy.client import MjProxyApi

NEWEST: Final = 20


async def examine_hosts(api: MjProxyApi, allowed: AllowedHosts, *, of: str) -> AsyncIterator[Finding]:
    """Look at the newest tasks, where the server lists them; a host that may not be asked is one finding."""
    try:
        await api.check()
        if not api.capabilities.pages:
            return
        page = await api.page(1, size=NEWEST)
    except RemoteError:  # told by the line about the API
        return
    addresses = [task.discord_url for task in page.tasks if task.discord_url]
    foreign = {entry_for(address) for address in addresses if allowed.check(address) is None} - {None}
    for entry in sorted(filter(None, foreign)):
        yield Finding(
            f"pictures{of}",
            fine=False,
            words=f"some lie at {entry} and are not fetched: if you trust it, add {entry} to EASEL_IMAGE_HOSTS",
        )
    if addresses and not foreign:
        yield Finding(f"pictures{of}", fine=True, words="the newest lie where they may be fetched from")
