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


def capability_lines(able: Capabilities | None, localize: Localize) -> Iterable[str]:
    """Name the server, list its abilities, and warn of what it does not keep."""
    if able is None:
        yield localize(text("pool.able_unknown"))
        return
    server = text("able.server", name=NAMES.get(able.server, able.server.value))
    if able.server is ServerKind.RESELLER:
        server = text("able.other_server")
    yield localize(text("pool.able", server=server, abilities=listed(list(_abilities(able)))))
    if not able.keeps_pool:
        yield localize(text("pool.able_strays"))
    if able.lookup is Lookup.NEVER and not able.pages:
        yield localize(text("pool.able_gives_up"))


def _abilities(able: Capabilities) -> Iterable[Text]:
    region = text("able.region_words") if able.region_words else text("able.region")
    can = (
        (able.buttons, text("able.buttons")),
        (able.region_mask, region),
        (able.custom_zoom, text("able.custom_zoom")),
        (able.remix, text("able.remix")),
        (able.shorten, text("able.shorten")),
        (able.seed, text("able.seed")),
        (able.cancel is not Cancel.NONE, text("able.cancel")),
        (able.video, text("able.video")),
    )
    return [name for is_able, name in can if is_able] or [text("able.none")]
