"""What the image API behind a server can do, in words for moderators.
Never here: finding that out, and what `easel doctor` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.capabilities import Cancel, Lookup, ServerKind
from bot.texts import Localize, Text, listed, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.capabilities import Capabilities

NAMES: Final = {ServerKind.OHMYGPT: "OhMyGPT"}


def capability_lines(capabilities: Capabilities | None, localize: Localize) -> Iterable[str]:
    """Name the server, list its abilities, and warn of what it does not keep."""
    if capabilities is None:
        yield localize(text("pool.able_unknown"))
        return
    server = text("able.server", name=NAMES.get(capabilities.server, capabilities.server.value))
    if capabilities.server is ServerKind.RESELLER:
        server = text("able.other_server")
    yield localize(text("pool.able", server=server, abilities=listed(list(_capability_names(capabilities)))))
    if not capabilities.keeps_pool:
        yield localize(text("pool.able_strays"))
    if capabilities.lookup is Lookup.NEVER and not capabilities.pages:
        yield localize(text("pool.able_gives_up"))


def _capability_names(capabilities: Capabilities) -> Iterable[Text]:
    region = text("able.region_words") if capabilities.region_words else text("able.region")
    can = (
        (capabilities.buttons, text("able.buttons")),
        (capabilities.region_mask, region),
        (capabilities.custom_zoom, text("able.custom_zoom")),
        (capabilities.remix, text("able.remix")),
        (capabilities.shorten, text("able.shorten")),
        (capabilities.seed, text("able.seed")),
        (capabilities.cancel is not Cancel.NONE, text("able.cancel")),
        (capabilities.video, text("able.video")),
    )
    return [name for is_able, name in can if is_able] or [text("able.none")]
