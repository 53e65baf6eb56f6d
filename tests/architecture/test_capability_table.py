"""The capability table of *Which API?* is what `bot/domain/capabilities.py` says of each kind of server.
Never here: what a server really answers (tests/midjourney/mjproxy)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain.capabilities import BY_SERVER, Cancel, Lookup, ServerKind, Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.capabilities import Capabilities

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "which-api.md"
NO: Final = "\N{EN DASH}"
HEADS: Final = {
    ServerKind.OHMYGPT: "OhMyGPT",
    ServerKind.NOVI: "novicezk",
    ServerKind.PLUS: "plus",
    ServerKind.TRUEAI: "trueai",
    ServerKind.NEW_API: "new-api",
    ServerKind.ONE_HUB: "one-hub",
    ServerKind.RESELLER: "other resellers",
}
LOOKUPS: Final = {
    Lookup.NEVER: "**never**",
    Lookup.SCAN: "by its tag, if the list shows it",
    Lookup.EXACT: "by its tag, exactly",
}
WINDOWS: Final = {
    Windows.NONE: NO,
    Windows.ZOOM_AND_REGION: "Custom Zoom, region",
    Windows.ALL: "any",
}


def mark(*, there: bool) -> str:
    return "✔" if there else NO


def lookup(kind: Capabilities) -> str:
    # OhMyGPT knows no tags: its list is read for prompt and time (bot/domain/settling.py).
    return "by prompt and time" if kind.pages and not kind.tag else LOOKUPS[kind.lookup]


def reading(kind: Capabilities) -> str:
    return "pages" if kind.pages and not kind.batch else mark(there=kind.batch)


def uploads(kind: Capabilities) -> str:
    return "charged" if kind.upload and kind.server.is_gateway else mark(there=kind.upload)


def balance(kind: Capabilities) -> str:
    return "with `EASEL_API_ADMIN_KEY`" if kind.server is ServerKind.OHMYGPT else mark(there=kind.balance)


ROWS: Final[dict[str, Callable[[Capabilities], str]]] = {
    "pools": lambda kind: ", ".join(pool.value for pool in kind.pools),
    "buttons under pictures": lambda kind: mark(there=kind.buttons),
    "windows that a press may open": lambda kind: WINDOWS[kind.windows],
    "Vary (Region)": lambda kind: mark(there=kind.region_mask),
    "Vary (Region) with other words": lambda kind: mark(there=kind.region_words),
    "Custom Zoom": lambda kind: mark(there=kind.custom_zoom),
    "Remix under V, reroll and pan": lambda kind: mark(there=kind.remix),
    "`/shorten`": lambda kind: mark(there=kind.shorten),
    "seed in \N{INFORMATION SOURCE}\ufe0f Info": lambda kind: mark(there=kind.seed),
    "cancel at the server": lambda kind: mark(there=kind.cancel is not Cancel.NONE),
    "many tasks read in one call": reading,
    "a lost answer is found again": lookup,
    "webhooks": lambda kind: mark(there=kind.webhook),
    "pictures kept for prompts": uploads,
    "clips asked for by themselves": lambda kind: mark(there=kind.video),
    "balance of the key": balance,
    "a chain keeps its pool": lambda kind: "✔" if kind.keeps_pool else "**not by itself**",
}


def capability_table() -> str:
    """As it stands on the page."""
    kinds = [BY_SERVER[server] for server in HEADS]
    lines = ["| | " + " | ".join(HEADS.values()) + " |", "|---" * (len(HEADS) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(map(say, kinds)) + " |" for name, say in ROWS.items()]
    return "\n".join(lines) + "\n"


def test_the_page_has_the_table_of_every_kind_of_server() -> None:
    assert set(HEADS) == set(ServerKind) == set(BY_SERVER)
    assert f"\n\n{capability_table()}\n" in PAGE.read_text(encoding="utf-8"), capability_table()
