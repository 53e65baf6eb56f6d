"""What the panel says of who pays: how each account answers, what it has left, what things cost, the server's own key.
Never here: buttons, modals and changes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.accounts import is_own
from bot.errors import RemoteFault
from bot.texts import Localize, Text, text
from bot.ui.kit.escape import quoted
from bot.ui.pools.capabilities import capability_lines
from bot.ui.pools.wording import bar, pool_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.balances import Priced
    from bot.domain.pools import Pool
    from bot.services.accounts.own_keys import KeyState
    from bot.services.accounts.status import Condition
    from bot.services.wiring import Services


SLOW_MS: Final = 2_000
RATES_SHOWN: Final = 8
RATE_LIMIT: Final = 80
OWNERS: Final = frozenset({RemoteFault.KEY, RemoteFault.BALANCE})
"""What whoever owns the account has to mend."""


@dataclass(frozen=True, slots=True)
class Payer:
    """An account that new pictures of a server draw on."""

    pools: Sequence[Pool]
    """For pictures of these."""
    is_own: bool
    condition: Condition


async def read_payers(services: Services, guild_id: int, *, to_owner: bool) -> tuple[Payer, ...]:
    """Look at every account that a server draws on: one, as a rule. What the owner has, and pays, is told to them alone."""
    accounts = await services.accounts.of_server(guild_id)
    seen = await asyncio.gather(*(services.upstream.look(name) for name in accounts))
    return tuple(
        Payer(
            pools,
            is_own(name),
            condition if to_owner else _for_moderators(condition, own=is_own(name)),
        )
        for (name, pools), condition in zip(accounts.items(), seen, strict=True)
    )


def _for_moderators(condition: Condition, *, own: bool) -> Condition:
    """What the owner has is theirs alone to see, also behind a key that they made for a server."""
    if not own:
        return replace(condition, credits_left=None, rates=(), key=None, membership_end=None)
    return condition if condition.key is None else replace(condition, credits_left=None, rates=())


def payer_lines(payers: Sequence[Payer], localize: Localize, *, most: int = RATES_SHOWN) -> Iterable[str]:
    """How each account does; with several, each says for which pool it is.

    Of its price list so many entries are shown at most; 0: there is no room for any of the details.
    """
    for payer in payers:
        said = _answers(payer)
        if len(payers) > 1:
            said = text("pool.upstream_for", pool=pool_name(payer.pools[0]), said=said)
        yield localize(said)
        details = list(_details(payer.condition, localize, most))
        yield from details if most else ["-# " + localize(text("audit.more", n=len(details)))]


def _details(condition: Condition, localize: Localize, most: int) -> Iterable[str]:
    """What an account has left, what things cost there, and what it can do."""
    yield from _limit_lines(condition, localize)
    if condition.credits_left is not None:
        yield localize(text("pool.balance", n=condition.credits_left))
    if condition.rates:
        yield "-# " + localize(text("pool.rates", prices=_prices(condition.rates, min(most, RATES_SHOWN))))
    yield from capability_lines(condition.capabilities, localize)


def _limit_lines(condition: Condition, localize: Localize) -> Iterable[str]:
    """What was spent of the key's cap, and what ends when."""
    key = condition.key
    if key is not None:
        if key.used is not None and key.cap is not None and key.percent is not None:
            drawn = bar(min(int(key.used), int(key.cap)), int(key.cap))
            yield localize(
                text("pool.key_spent", bar=drawn, used=int(key.used), limit=int(key.cap), percent=key.percent)
            )
        if key.is_disabled:
            yield "⚠️ " + localize(text("pool.key_disabled"))
        if key.expires_at is not None:
            yield "-# " + localize(text("pool.key_ends", until=key.expires_at // 1_000))
    if condition.membership_end is not None:
        yield "-# " + localize(text("pool.membership_ends", until=condition.membership_end // 1_000))


def _answers(payer: Payer) -> Text:
    seen = payer.condition
    if seen.fault is not None:
        own = payer.is_own and seen.fault in OWNERS
        return text(f"pool.upstream.{'own_' if own else ''}{seen.fault.value}")
    kind = "pool.upstream_slow" if seen.latency_ms >= SLOW_MS else "pool.upstream_well"
    if seen.read_at is None:
        return text(kind, latency=seen.latency_ms)
    return text("pool.upstream_read", said=text(kind, latency=seen.latency_ms), at=seen.read_at // 1_000)


def _prices(rates: Sequence[Priced], most: int) -> str:
    """Upstream's own words, for its price list has no shape that anybody promised (contract §5.2)."""
    listed = [quoted(f"{rate.name} {rate.text}", RATE_LIMIT) for rate in rates[:most]]
    return "; ".join([*listed, "…"] if len(rates) > most else listed)


def key_lines(state: KeyState, localize: Localize) -> Iterable[str]:
    """What moderators may know of the server's own key: never any part of it."""
    key = state.key
    if not state.offered:
        yield localize(text("own_key.title", state=text("own_key.state_off")))
        yield localize(text("own_key.off" if key is None else "own_key.off_resting"))
        return
    if key is None:
        yield localize(text("own_key.title", state=text("own_key.state_none")))
        yield localize(text("own_key.about"))
        return
    yield localize(text("own_key.title", state=text("own_key.state_set")))
    if not state.readable:
        yield "⚠️ " + localize(text("own_key.unreadable"))
    when: dict[str, int] = {"at": key.at // 1_000, "tested": key.tested_at // 1_000}
    yield localize(
        text("own_key.set_by", user=str(key.by), **when) if key.by else text("own_key.set_by_owner", **when)
    )
    yield "-# " + localize(text("own_key.effect"))
