"""The account's keys as the adapter makes, changes, lists and deletes them at the simulated service, faults and limits included.
Never here: which key is made for whom (services)."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from bot.domain.pools import Pool
from bot.domain.upstream_keys import PERMISSIONS, UpstreamKey, remark_of
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.ohmygpt.key_admin import (
    LISTING_EVERY_S,
    OhMyGptKeys,
    read_keys,
    read_membership,
    read_new_key,
)
from bot.midjourney.transport import open_clients
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from tests.fixtures.leaps import leap, leap_once_read, standing_still
from tests.midjourney.test_envelope import json_values
from tests.midjourney.test_wire import success

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REMARK = remark_of("studio", "abcd1234")


def later(days: float = 30) -> int:
    return int((time.time() + days * 86_400) * 1000)


@asynccontextmanager
async def office(**more: Any) -> AsyncIterator[tuple[OhMyGptKeys, MidjourneyApi, SimulatedUpstream]]:
    async with (
        SimulatedUpstream(manual=True, canvas=64, **more) as upstream,
        open_clients(trust_env=False) as clients,
    ):
        api = MidjourneyApi(clients, ApiSettings(key=SANDBOX_KEY, origin=upstream.origin))
        yield OhMyGptKeys(api.caller, SANDBOX_KEY), api, upstream


async def test_a_key_is_made_used_capped_disabled_and_deleted() -> None:
    async with office() as (keys, api, upstream):
        until = later()
        value = await keys.make_key(remark=REMARK, cap=7_000, expires_at=until)
        await api.with_key(value).imagine(prompt="a paper fox", pool=Pool.FAST, webhook=None)
        with pytest.raises(RemoteError) as spent:
            await api.with_key(value).imagine(prompt="another one", pool=Pool.FAST, webhook=None)
        made = next(key for key in await keys.keys() if key.key == value)
        await keys.change_key(replace(made, cap=Decimal(20_000)))
        await api.with_key(value).imagine(prompt="another one", pool=Pool.FAST, webhook=None)
        await keys.change_key(replace(made, is_disabled=True))
        with pytest.raises(RemoteError) as shut:
            await api.with_key(value).imagine(prompt="a third", pool=Pool.FAST, webhook=None)
        await keys.delete_key(value)
        with pytest.raises(RemoteError) as gone:
            await keys.delete_key(value)

        assert (made.subject, made.tag) == ("studio", "abcd1234")
        assert (made.used, made.cap) == (Decimal(6_800), Decimal(7_000))
        assert made.percent == 97
        assert (made.permissions, made.is_admin, made.is_disabled) == (PERMISSIONS, False, False)
        assert made.expires_at is not None
        assert abs(made.expires_at - until) < 1_000
        assert (spent.value.fault, shut.value.fault, gone.value.fault) == (
            RemoteFault.BALANCE,
            RemoteFault.KEY,
            RemoteFault.REFUSED,
        )
        assert len(upstream.tasks) == 2


async def test_the_list_is_asked_for_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    # The real one refuses within a second; it goes by the machine's clock, which is not put forward here.
    monkeypatch.setattr("bot.sandbox.upstream.keys.LISTING_EVERY_S", 0.0)
    async with office() as (keys, _, upstream):
        with standing_still():
            await keys.keys()
            for asked in (1, 2):
                again = asyncio.create_task(keys.keys())
                await leap_once_read(1.0)
                await leap_once_read(0.0)
                assert len(upstream.calls_to("get-api-tokens")) == asked
                leap(LISTING_EVERY_S - 1.0)
                await again

        told = [call.outcome for call in upstream.calls_to("get-api-tokens")]
        assert told == ["get api tokens success, count: 1"] * 3


async def test_a_list_that_somebody_else_asked_for_as_well_is_asked_for_once_more() -> None:
    async with office() as (keys, _, upstream):
        upstream.fault(Fault.RATE_LIMITED, endpoint="get-api-tokens")
        assert len(await keys.keys()) == 1
        upstream.fault(Fault.RATE_LIMITED, endpoint="get-api-tokens", times=2)
        with pytest.raises(RemoteError):
            await keys.keys()


async def test_a_made_key_survives_the_sandboxs_restart() -> None:
    async with office() as (keys, _, upstream), office() as (again, _, reborn):
        value = await keys.make_key(remark=REMARK, cap=7_000, expires_at=later())
        reborn.load(upstream.dump())

        assert value in {key.key for key in await again.keys()}


async def test_a_cap_of_nothing_never_leaves_the_house() -> None:
    async with office() as (keys, _, upstream):
        with pytest.raises(RemoteError):
            await keys.make_key(remark=REMARK, cap=0, expires_at=later())

        assert not upstream.calls


@pytest.mark.parametrize(
    ("fault", "means", "exists"),
    [
        (Fault.BAD_KEY, RemoteFault.KEY, False),
        (Fault.REFUSED, RemoteFault.REFUSED, False),
        (Fault.RATE_LIMITED, RemoteFault.THROTTLED, False),
        (Fault.HTML_502_BEFORE, RemoteFault.UNCLEAR, False),
        (Fault.HTML_502_AFTER, RemoteFault.UNCLEAR, True),
        (Fault.RESET_AFTER, RemoteFault.UNCLEAR, True),
        (Fault.HANG_AFTER, RemoteFault.UNCLEAR, True),
        (Fault.DATA_NULL, RemoteFault.UNCLEAR, True),
        (Fault.DATA_LIST, RemoteFault.UNCLEAR, True),
        (Fault.NOT_JSON, RemoteFault.UNCLEAR, True),
    ],
)
async def test_whatever_happens_to_a_making_its_meaning_is_told_and_nothing_is_made_twice(
    fault: Fault, means: RemoteFault, *, exists: bool
) -> None:
    async with office() as (keys, _, upstream):
        upstream.fault(fault, endpoint="new-api-token")
        with pytest.raises(RemoteError) as caught:
            await keys.make_key(remark=REMARK, cap=7_000, expires_at=later())

        assert caught.value.fault is means
        assert len(upstream.service.accounts.made) == exists
        assert len(upstream.calls_to("new-api-token")) == 1


@pytest.mark.parametrize("fault", [Fault.DATA_NULL, Fault.DATA_TEXT, Fault.NOT_JSON, Fault.EMPTY_BODY])
async def test_an_answer_without_a_list_is_no_empty_list(fault: Fault) -> None:
    async with office() as (keys, _, upstream):
        upstream.fault(fault, endpoint="get-api-tokens")
        with pytest.raises(RemoteError):
            await keys.keys()


async def test_the_membership_tells_its_end() -> None:
    async with office() as (keys, _, _upstream):
        end = await keys.membership_end()

    assert end is not None
    assert end > later(29)


@pytest.mark.parametrize(
    "data",
    [
        "2027-01-31T00:00:00Z",
        "2027-01-31",
        1_801_353_600_000,
        {"expire_at": "2027-01-31T00:00:00.000Z"},
        {"plan": "pro", "ends": 1_801_353_600_000},
    ],
)
def test_a_membership_is_read_from_each_shape_that_it_may_have(data: object) -> None:
    assert read_membership(200, {}, success(data)) == 1_801_353_600_000


@pytest.mark.parametrize("data", [None, "", "never", {}, {"plan": "free"}, [], True])
def test_a_membership_that_is_none_is_none(data: object) -> None:
    assert read_membership(200, {}, success(data)) is None


def test_a_key_of_the_list_may_lack_everything_else() -> None:
    (bare,) = read_keys(200, {}, success([{"key": "sk-one"}, {"remark": "no key"}, 5]))

    assert bare == UpstreamKey(key="sk-one")
    assert (bare.subject, bare.tag, bare.percent) == (None, "", None)
    assert "sk-one" not in repr(bare)


@pytest.mark.parametrize(
    "remark", ["", "my laptop", "Easel studio", "Easel STUDIO #abcd1234", "xEasel a #abcd1234"]
)
def test_only_our_own_remarks_make_a_key_ours(remark: str) -> None:
    assert UpstreamKey(key="k", remark=remark).subject is None


@given(json_values)
@settings(deadline=None)
def test_no_json_makes_a_reader_raise_anything_but_a_remote_error(data: object) -> None:
    for reader in (read_keys, read_new_key, read_membership):
        for body in (
            success(data),
            success([{"key": "sk-x", "max_fee": data, "permissions": data, "remark": data}]),
        ):
            try:
                repr(reader(200, {}, body)).encode()
            except RemoteError:
                continue
