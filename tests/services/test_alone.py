"""What a process does that has no client, no mail and no settings of servers: it refuses, logs, and keeps to the deployment's rules.
Never here: servers with settings (test_policy.py)."""

from __future__ import annotations

import logging
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.pools import UNLIMITED, Pool
from bot.domain.prices import Charge
from bot.domain.servers.membership import NoDirectory
from bot.domain.tenancy import KnownServer
from bot.domain.upstream_keys import UpstreamKey
from bot.errors import RetryLater, StorageTrouble
from bot.services.accounts.limit_notices import notices_of_key
from bot.services.accounts.owner_policy import NoMail
from bot.services.admission.terms import DeploymentPolicy, Request
from bot.services.worker.news import News
from bot.texts import text
from tests.domain.builders import NOW, a_job
from tests.services.server_harness import refusal

if TYPE_CHECKING:
    from tests.services.harness import Harness


async def test_nobody_is_let_in_where_discord_cannot_be_asked() -> None:
    with pytest.raises(RetryLater):
        await NoDirectory().find(1, 2, None)


async def test_an_owner_without_mail_finds_it_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert await NoMail().notify(text("log.balance_low"), once="balance/1")
        assert await NoMail().ask(KnownServer(guild_id=7), again=False)

    assert [record.message for record in caplog.records] == ["owner_not_told", "owner_not_asked"]


async def test_the_deployments_rules_are_the_same_for_every_server(world: Harness) -> None:
    policy = DeploymentPolicy({Pool.FAST: UNLIMITED}, Pool.NORMAL)
    asker = world.asker()
    fast, normal = (Request(pool=pool, charge=Charge.IMAGINE) for pool in (Pool.FAST, Pool.NORMAL))

    assert await policy.default_pool(asker) is Pool.FAST
    assert (await policy.admit(asker, fast)).allowance == UNLIMITED
    await policy.check(asker, fast)
    assert await refusal(policy.admit(asker, normal)) == await refusal(policy.check(asker, normal))
    assert (await refusal(policy.check(asker, normal))).id == "refused.pool_off"


async def test_where_nobodys_choice_can_be_read_a_result_comes_as_an_edit() -> None:
    async def broken(*_: Any) -> Any:
        raise StorageTrouble("the disk is full")

    parts: Any = {"people": SimpleNamespace(preferences=broken), "settings": None}

    assert not await News(**parts, usual=0).is_news(a_job(), 10**9)


@pytest.mark.parametrize(
    ("used", "cap", "marks"),
    [
        (10, 100, set()),
        (90, 100, {"nearly@100"}),
        (100, 100, {"whole@100", "nearly@100"}),
        (100, None, set()),
        (None, 100, set()),
    ],
)
def test_a_keys_cap_is_told_when_it_is_nearly_reached(
    used: int | None, cap: int | None, marks: set[str]
) -> None:
    known_used, known_cap = (None if n is None else Decimal(n) for n in (used, cap))
    key = UpstreamKey(key="sk-1", remark="", used=known_used, cap=known_cap)

    assert notices_of_key(key, NOW).keys() == marks
