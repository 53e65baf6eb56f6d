"""What the doctor finds: a healthy house, and each part ill by itself, with a sentence that says what to do.
Never here: how the command line prints it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from bot import config, doctor
from bot.__main__ import cli
from bot.domain.guilds import Actor
from bot.metrics import Silent
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from bot.storage import open_storage
from bot.storage.vault import FernetVault
from bot.web.health import Health
from bot.web.hook import Hook
from bot.web.server import serve
from tests.fakes.discord_wire import FakeDiscord
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.keys import JobKey


class Place(NamedTuple):
    """Both doubles and an environment that leads to them."""

    fake: FakeDiscord
    upstream: SimulatedUpstream
    environ: dict[str, str]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    url = migrated(tmp_path / "easel.db")
    async with FakeDiscord(oracle=False) as fake, SimulatedUpstream(canvas=64) as upstream:
        yield Place(
            fake,
            upstream,
            {
                "EASEL_DISCORD_TOKEN": fake.token,
                "EASEL_OHMYGPT_KEY": SANDBOX_KEY,
                "EASEL_OHMYGPT_ADMIN_KEY": SANDBOX_KEY,
                "EASEL_DISCORD_API": fake.api,
                "EASEL_DISCORD_GATEWAY": fake.gateway,
                "EASEL_OHMYGPT_ORIGIN": upstream.origin,
                "EASEL_DATABASE": url,
            },
        )


async def findings(place: Place, **changes: str) -> dict[str, doctor.Finding]:
    settings = config.load({**place.environ, **changes})
    return {finding.name: finding async for finding in doctor.examine(settings)}


async def test_a_healthy_house_is_fine_in_every_part(place: Place) -> None:
    found = await findings(place)

    assert all(finding.fine for finding in found.values()), found
    assert list(found) == [
        "database",
        "disk",
        "servers' keys",
        "Discord",
        "image API",
        "balance",
        "webhooks",
    ]


async def test_a_wrong_token_is_named_and_not_shown(place: Place) -> None:
    found = (await findings(place, EASEL_DISCORD_TOKEN="another.token.entirely"))["Discord"]

    assert not found.fine
    assert "EASEL_DISCORD_TOKEN" in found.words
    assert "another" not in found.words


async def test_a_discord_that_is_away_is_named(place: Place) -> None:
    found = (await findings(place, EASEL_DISCORD_API="http://127.0.0.1:9/api/v10"))["Discord"]

    assert not found.fine
    assert "EASEL_DISCORD_API" in found.words


@pytest.mark.parametrize(
    ("fault", "advice"), [(Fault.BAD_KEY, "Midjourney permission"), (Fault.NO_BALANCE, "top the account up")]
)
async def test_what_is_wrong_with_the_key_or_the_account_comes_with_advice(
    place: Place, fault: Fault, advice: str
) -> None:
    place.upstream.fault(fault, times=None, endpoint="query-mj-tasks")

    found = (await findings(place))["image API"]

    assert not found.fine
    assert advice in found.words


async def test_a_balance_that_cannot_be_read_is_its_own_finding(place: Place) -> None:
    place.upstream.fault(Fault.BAD_KEY, times=None, endpoint="balance")

    found = await findings(place)

    assert found["image API"].fine
    assert not found["balance"].fine


async def test_without_an_admin_key_nobody_asks_for_the_balance(place: Place) -> None:
    del place.environ["EASEL_OHMYGPT_ADMIN_KEY"]

    assert "balance" not in await findings(place)


async def test_a_database_that_cannot_be_used_is_named(place: Place, tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this is no database, " * 100)

    found = (await findings(place, EASEL_DATABASE=f"sqlite+aiosqlite:///{tmp_path / 'broken.db'}"))[
        "database"
    ]

    assert not found.fine
    assert "SQL" not in found.words.replace("SQLite", "")


async def test_a_disk_that_is_nearly_full_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=1024))

    found = (await findings(place))["disk"]

    assert not found.fine
    assert "make room" in found.words


async def test_a_folder_that_cannot_be_looked_at_is_named(place: Place, tmp_path: Path) -> None:
    found = await findings(place, EASEL_DATABASE=f"sqlite+aiosqlite:///{tmp_path}/nowhere/at/all.db")

    assert not found["disk"].fine
    assert not found["database"].fine


async def test_a_database_elsewhere_needs_no_disk_here(place: Place) -> None:
    settings = config.load({**place.environ, "EASEL_DATABASE": "postgresql+asyncpg://a@127.0.0.1:9/b"})

    assert doctor._disk(settings).fine


async def test_a_public_address_that_leads_nowhere_is_named(place: Place) -> None:
    found = await findings(place, EASEL_PUBLIC_URL="http://127.0.0.1:9", EASEL_WEB_LISTEN="127.0.0.1:0")

    assert not found["webhooks"].fine
    assert "EASEL_WEB_LISTEN" in found["webhooks"].words


async def test_a_public_address_that_leads_to_something_else_is_named(place: Place) -> None:
    found = await findings(place, EASEL_PUBLIC_URL=place.upstream.origin, EASEL_WEB_LISTEN="127.0.0.1:0")

    assert not found["webhooks"].fine
    assert "204" in found["webhooks"].words


async def test_a_public_address_that_leads_to_the_receiver_is_fine(place: Place) -> None:
    async def nobody(_token: str) -> JobKey | None:
        return None

    async def ignore(_key: JobKey, _ended: bool) -> None:  # noqa: FBT001 - the hook's own signature
        raise AssertionError("no job has the doctor's token")

    async def no_page() -> bytes:
        return b""

    hook = Hook(read_hint=lambda _body: None, find_job=nobody, on_hint=ignore, metrics=Silent())
    health = Health(alive={}, ready={})
    async with serve(host="127.0.0.1", port=0, health=health, metrics_page=no_page, hook=hook) as port:
        found = await findings(
            place, EASEL_PUBLIC_URL=f"http://127.0.0.1:{port}", EASEL_WEB_LISTEN="127.0.0.1:0"
        )

    assert found["webhooks"].fine


def test_the_command_prints_a_line_each_and_fails_if_one_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(_settings: object) -> AsyncIterator[doctor.Finding]:
        yield doctor.Finding("database", fine=True, words="can be read [and] written")
        yield doctor.Finding("Discord", fine=False, words="cannot be reached")

    monkeypatch.setattr(doctor, "examine", two)
    monkeypatch.setattr(config, "load", lambda: None)

    result = CliRunner().invoke(cli, ["doctor"])

    assert result.exit_code == 1
    assert "✔ database can be read [and] written" in result.output
    assert "✖ Discord cannot be reached" in result.output


async def test_servers_keys_are_tried_with_the_master_keys(place: Place) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    async with open_storage(place.environ["EASEL_DATABASE"], migrate=False) as storage:
        sealed = FernetVault([old]).seal(7, "sk-secret")
        await storage.guilds.keys.replace(7, sealed, instead_of=None, actor=Actor(1, "Ada"), at=1)

    off = (await findings(place))["servers' keys"]
    fine = (await findings(place, EASEL_MASTER_KEY=f"{new},{old}", EASEL_SERVER_KEYS="off"))["servers' keys"]
    shut = (await findings(place, EASEL_MASTER_KEY=new))["servers' keys"]

    assert (off.fine, fine.fine, shut.fine) == (True, True, False)
    assert fine.words == "switched off by EASEL_SERVER_KEYS; 1 stored, all can be opened"
    assert "1 of 1" in shut.words
    assert new not in shut.words


async def test_servers_keys_wait_for_a_database(place: Place, tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this is no database, " * 100)
    found = await findings(
        place,
        EASEL_DATABASE=f"sqlite+aiosqlite:///{tmp_path / 'broken.db'}",
        EASEL_MASTER_KEY=Fernet.generate_key().decode(),
    )

    assert not found["servers' keys"].fine
