"""Each check of readiness, with what it rests on broken in turn.
Never here: the connection of the real program (tests/wire)."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from typing_extensions import override

from bot.errors import RemoteError, RemoteFault, StartupError, StorageTrouble
from bot.metrics import Meters
from bot.process import App
from bot.readiness import SILENCE_S, Readiness, _is_heard
from tests.process.clock import Idle


@pytest.mark.parametrize(
    ("opened", "silent_s", "heard"),
    [
        (True, 0.0, True),
        (True, 41.0, True),
        (True, 41.25 + SILENCE_S + 1, False),
        (False, 0.0, False),
    ],
)
def test_a_line_that_went_dead_shows_within_a_minute(opened: bool, silent_s: float, heard: bool) -> None:  # noqa: FBT001 - rows of the table
    beat = SimpleNamespace(_last_recv=time.perf_counter() - silent_s, interval=41.25)

    assert _is_heard(SimpleNamespace(open=opened, _keep_alive=beat)) is heard
    assert 41.25 + SILENCE_S < 60


def test_a_shard_without_a_socket_or_before_its_first_beat_is_judged_by_what_there_is() -> None:
    assert not _is_heard(None)
    assert _is_heard(SimpleNamespace(open=True, _keep_alive=None))


def readiness(
    *, role: str = "all", trouble: str | None = None, api: Any = None, clock: Any = None
) -> Readiness:
    async def check() -> None:
        if trouble is not None:
            raise StorageTrouble(trouble)

    return Readiness(
        role=role,
        bot=cast("Any", SimpleNamespace(shards={}, guilds=[])),
        storage=cast("Any", SimpleNamespace(check=check, database=SimpleNamespace(on_trouble=None))),
        services=cast("Any", None),
        api=api,
        clock=clock or Idle(),
        meters=Meters(),
        starts=cast("Any", SimpleNamespace(waiting=None)),
        file=Path("easel.db"),
    )


async def test_a_full_disk_shows_before_small_writes_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=1 << 30))
    assert await readiness().database() is None
    assert await readiness(trouble="the database is read-only").database() == "the database is read-only"

    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=1 << 20))
    assert await readiness().database() == "the disk of the database is full"


class Api:
    """Answers with what it is told to, then for ever with the last; the test ends after some pauses."""

    def __init__(self, *answers: RemoteFault | None) -> None:
        self.answers = list(answers)

    async def page(self, _number: int, *, size: int) -> Any:
        assert size == 5
        fault = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if fault is not None:
            raise RemoteError(fault, "so it says")
        return SimpleNamespace(total=3)


class Ending(Idle):
    """Lets ten pauses pass."""

    @override
    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        if len(self.pauses) == 10:
            raise asyncio.CancelledError
        return await super().pause(seconds, wake)


async def test_upstreams_trouble_is_told_once_per_state(caplog: pytest.LogCaptureFixture) -> None:
    down, busy = RemoteFault.UNREACHED, RemoteFault.THROTTLED
    watched = readiness(api=Api(down, down, down, busy, None, None, down, down, None), clock=Ending())
    assert await watched.upstream() == "no answer yet"

    with caplog.at_level(logging.INFO), suppress(asyncio.CancelledError):
        await watched.watch_upstream()

    told = [(record.getMessage(), record.levelname) for record in caplog.records]
    away, back = ("upstream_not_ready", "WARNING"), ("upstream_ready", "INFO")
    assert told == [away, away, back, away, back]
    assert await watched.upstream() is None
    assert await readiness(role="gateway").upstream() is None


async def test_a_key_that_was_never_taken_ends_the_program_and_one_that_was_does_not() -> None:
    with pytest.raises(StartupError, match="EASEL_OHMYGPT_KEY") as refused:
        await readiness(api=Api(RemoteFault.KEY), clock=Ending()).watch_upstream()
    assert refused.value.status == 78

    with suppress(asyncio.CancelledError):
        await readiness(api=Api(None, RemoteFault.KEY), clock=Ending()).watch_upstream()
    with suppress(asyncio.CancelledError):
        slips = Api(RemoteFault.KEY, RemoteFault.KEY, RemoteFault.UNCLEAR, None)
        await readiness(api=slips, clock=Ending()).watch_upstream()


@pytest.mark.parametrize(("status", "ends"), [(401, True), (503, False)])
async def test_a_process_without_a_gateway_notices_a_revoked_token(status: int, ends: bool) -> None:  # noqa: FBT001 - rows of the table
    async def application_info() -> None:
        raise discord.HTTPException(cast("Any", SimpleNamespace(status=status, reason="no")), "no")

    app: Any = SimpleNamespace(
        clock=Ending(), stopping=asyncio.Event(), bot=SimpleNamespace(application_info=application_info)
    )
    with pytest.raises(StartupError if ends else asyncio.CancelledError):
        await App._ask_for_token(app)


async def test_a_process_at_the_gateway_has_the_application_s_team_looked_at_now_and_then() -> None:
    told: list[str] = []
    app: Any = SimpleNamespace(clock=Ending(), bot=SimpleNamespace(dispatch=told.append))

    with pytest.raises(asyncio.CancelledError):
        await App._look_at_owners(app)

    assert set(told) == {"owners_due"}
