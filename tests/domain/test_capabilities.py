"""What each kind of server can do, and how a pool becomes a speed.
Never here: asking a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.capabilities import BY_SERVER, Cancel, Lookup, ServerKind, Speed, Windows, speed_of
from bot.domain.engine_models import engine_model
from bot.domain.pools import MIDJOURNEY_POOLS, USUAL_POOLS, Pool


def test_normal_is_relax_and_every_pool_of_midjourneys_has_a_speed() -> None:
    assert speed_of(Pool.NORMAL) is Speed.RELAX
    assert speed_of(Pool.FAST) is Speed.FAST
    assert len({speed_of(pool) for pool in MIDJOURNEY_POOLS}) == len(MIDJOURNEY_POOLS)


@pytest.mark.parametrize("server", list(ServerKind))
def test_every_kind_of_server_has_its_row(server: ServerKind) -> None:
    able = BY_SERVER[server]
    assert able.server is server
    served = {pool for pool in MIDJOURNEY_POOLS if speed_of(pool) in able.speeds}
    assert set(able.pools) == served >= set(USUAL_POOLS)
    assert able.custom_zoom is able.region_words is (able.windows is not Windows.NONE)
    assert not able.remix or able.windows is Windows.ALL
    assert able.tag or able.lookup is Lookup.NEVER
    assert able.pages or able.lookup is Lookup.NEVER
    assert able.cancel is (Cancel.FORGET if server is ServerKind.PLUS else Cancel.NONE)


def test_ohmygpt_opens_no_windows_and_sells_no_turbo() -> None:
    able = BY_SERVER[ServerKind.OHMYGPT]
    assert not able.custom_zoom
    assert Speed.TURBO not in able.speeds
    assert able.keeps_pool


def test_an_owner_may_offer_less_and_never_more() -> None:
    able = BY_SERVER[ServerKind.NOVI].only([Speed.FAST, Speed.TURBO])
    assert able.speeds == {Speed.FAST}
    assert able.pools == (Pool.FAST,)


def test_an_engine_adds_its_pool_and_changes_nothing_else() -> None:
    model = engine_model("gpt-image-1.5")
    able = replace(BY_SERVER[ServerKind.OHMYGPT], engine=model)
    assert able.pools == (*USUAL_POOLS, Pool.DRAW)
    assert able.only([Speed.FAST]).pools == (Pool.FAST, Pool.DRAW)
