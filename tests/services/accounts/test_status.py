"""Looking at the image API: what is wrong with it is said, and asking often costs one reading.
Never here: how moderators see it (tests/ui/pools/test_panels.py)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.accounts import status as upstream
from bot.services.accounts.status import BELIEVED_MS, AccountStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.ports import Clock
    from bot.services.accounts.accounts import Accounts
    from bot.services.accounts.status import Condition
    from bot.services.accounts.upstream_keys import UpstreamKeys
    from bot.services.worker.tracker import Tracker


@dataclass
class Hands:
    """A clock that is turned by hand."""

    at: int = 1_000_000

    def now(self) -> int:
        return self.at


@dataclass
class Far:
    """An image API that takes its time, or fails."""

    clock: Hands = field(default_factory=Hands)
    takes_ms: int = 120
    trouble: Exception | None = None
    poor: Exception | None = None
    silent: bool = False
    asked: int = 0

    async def page(self, number: int, *, size: int) -> None:
        assert (number, size) == (1, 5)
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        self.clock.at += self.takes_ms
        if self.trouble is not None:
            raise self.trouble

    async def balance(self) -> Any:
        if self.poor is not None:
            raise self.poor
        return SimpleNamespace(total=Decimal("99.9"))

    async def rates(self) -> Any:
        if self.poor is not None:
            raise self.poor
        return [SimpleNamespace(name="imagine", text="9")]


@dataclass
class CheckedPicture(Far):
    """An image API that lists no tasks, but says whether it is there."""

    checks: int = 0

    async def check(self) -> None:
        self.checks += 1


@dataclass
class OneAccount:
    """Accounts: the one there is, and who may count its money."""

    far: Far
    with_purse: bool

    async def reach(self, name: str) -> Far:
        assert name == "studio"
        return self.far

    async def balance_api(self, name: str) -> Far | None:
        assert name == "studio"
        return self.far if self.with_purse else None


@dataclass
class NoKeys:
    """There is no admin key, or it is of no use."""

    trouble: Exception | None = None

    async def of_account(self, account: str) -> None:
        assert account == "studio"
        if self.trouble is not None:
            raise self.trouble


class Looking:
    """An upstream that is asked for one account."""

    def __init__(self, far: Far, *, with_purse: bool, followed: bool) -> None:
        tracker = SimpleNamespace(last_reading_at=77)
        self._upstream = AccountStatus(
            accounts=cast("Accounts", OneAccount(far, with_purse)),
            upstream_keys=cast("UpstreamKeys", NoKeys()),
            clock=cast("Clock", far.clock),
            trackers=cast("Mapping[str, Tracker]", {"studio": tracker} if followed else {}),
        )

    async def look(self) -> Condition:
        return await self._upstream.look("studio")


def look_at(far: Far, *, with_purse: bool = True, followed: bool = True) -> Looking:
    return Looking(far, with_purse=with_purse, followed=followed)


async def test_it_says_how_fast_it_answers_and_what_is_left() -> None:
    seen = await look_at(Far()).look()

    assert (seen.fault, seen.latency_ms, seen.read_at, seen.credits_left) == (None, 120, 77, 99)
    assert [rate.text for rate in seen.rates] == ["9"]
    assert (await look_at(Far(), followed=False).look()).read_at is None


async def test_without_a_key_for_it_nobody_asks_for_the_balance() -> None:
    seen = await look_at(Far(), with_purse=False).look()

    assert (seen.credits_left, seen.rates) == (None, ())


async def test_what_is_wrong_is_said_and_a_balance_that_cannot_be_read_is_left_out() -> None:
    far = Far(trouble=RemoteError(RemoteFault.KEY, "no"), poor=RemoteError(RemoteFault.KEY, "no"))

    seen = await look_at(far).look()

    assert seen.fault is RemoteFault.KEY
    assert (seen.credits_left, seen.rates) == (None, ())


async def test_a_server_with_a_question_of_its_own_is_asked_that_one() -> None:
    far = CheckedPicture()

    assert (await look_at(far).look()).fault is None
    assert (far.checks, far.asked) == (1, 0)


@pytest.mark.parametrize(
    "trouble", [RemoteError(RemoteFault.KEY, "no"), StorageTrouble("locked"), TimeoutError()]
)
async def test_limits_of_a_key_that_cannot_be_read_are_left_out(trouble: Exception) -> None:
    looking = look_at(Far())
    looking._upstream.upstream_keys = cast("UpstreamKeys", NoKeys(trouble))

    seen = await looking.look()

    assert (seen.fault, seen.key, seen.membership_end) == (None, None, None)


async def test_silence_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "PATIENCE_S", 0.01)

    assert (await look_at(Far(silent=True)).look()).fault is RemoteFault.UNREACHED


async def test_a_look_is_believed_for_a_moment_and_not_longer() -> None:
    far = Far()
    looking = look_at(far)

    await looking.look()
    await looking.look()
    assert far.asked == 1

    far.clock.at += BELIEVED_MS
    await looking.look()
    assert far.asked == 2


async def test_of_many_accounts_the_oldest_looks_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "REMEMBERED", 1)
    far = Far()
    looking = look_at(far)
    looking._upstream._seen["guild:1:1"] = await looking.look()

    far.clock.at += BELIEVED_MS
    await looking.look()

    assert list(looking._upstream._seen) == ["studio"]
