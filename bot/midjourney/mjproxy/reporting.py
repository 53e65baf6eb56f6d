"""What an operator reads about a server of the family: which program it looks like, its key, and what it can do.
Never here: I/O, and sentences for members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.capabilities import Cancel, Lookup, ServerKind, Windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.capabilities import Capabilities
    from bot.midjourney.mjproxy.probing import ProbeResult

_LOOKUPS: Final = {
    Lookup.NEVER: "never: a submission whose answer is lost is given up",
    Lookup.SCAN: "in a list that may be too short",
    Lookup.EXACT: "exactly, by its tag",
}


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the report."""

    name: str
    fine: bool
    words: str


def report(look: ProbeResult) -> Iterator[ReportLine]:
    """Say what was found, the kind first; a server of the wrong kind ends it."""
    capabilities = look.capabilities
    if look.server is None or capabilities is None:
        yield ReportLine(
            "kind of API",
            fine=False,
            words="nothing of the /mj family answers there: check the address and its path",
        )
        return
    if look.server is ServerKind.OHMYGPT:
        yield ReportLine(
            "kind of API", fine=False, words="this looks like OhMyGPT's own API: choose the kind ohmygpt"
        )
        return
    yield ReportLine("kind of API", fine=True, words=f"looks like {look.server.value}")
    if look.takes_any_key:
        yield ReportLine(
            "key",
            fine=False,
            words="the server takes any key (guest mode, or no secret is set): that it works proves nothing, and "
            "whoever finds the address can draw there",
        )
    yield ReportLine("speeds", fine=True, words=", ".join(sorted(capabilities.speeds)))
    if not capabilities.keeps_pool:
        yield ReportLine(
            "speeds of chains",
            fine=False,
            words="what is made from a picture may run at another speed: give each account there one fixed speed, or "
            "each pool a key of its own",
        )
    yield ReportLine("can do", fine=True, words=", ".join(capability_words(capabilities)) or "pictures only")
    yield ReportLine(
        "lost answers",
        fine=capabilities.lookup is not Lookup.NEVER,
        words=f"found again {_LOOKUPS[capabilities.lookup]}",
    )


def capability_words(capabilities: Capabilities) -> tuple[str, ...]:
    """What an account can do, in words, in a fixed order."""
    listed = (
        ("buttons", capabilities.buttons),
        ("custom zoom", capabilities.custom_zoom),
        ("region with words", capabilities.region_words),
        ("remix", capabilities.remix),
        ("shorten", capabilities.shorten),
        ("seeds", capabilities.seed),
        ("cancel (it only stops listening)", capabilities.cancel is Cancel.FORGET),
        ("reading many at once", capabilities.batch),
        ("webhooks", capabilities.webhook),
        ("uploads", capabilities.upload),
        ("video", capabilities.video),
        ("balance", capabilities.balance),
        ("every window", capabilities.windows is Windows.ALL),
    )
    return tuple(name for name, can in listed if can)
