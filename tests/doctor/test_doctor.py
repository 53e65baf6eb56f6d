"""What the doctor finds: a healthy house, and each part ill by itself, with a sentence that says what to do.
Never here: how the command line prints it."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from bot import config, doctor, doctor_discord
from bot.cli.program import cli
from bot.client import Easel
from bot.domain.servers.access import ChannelPolicy
from bot.domain.servers.guilds import Actor
from bot.domain.servers.moderation import Match, WordRule
from bot.i18n import Catalogues
from bot.metrics import NoMetrics
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from bot.storage import open_storage
from bot.storage.vault import FernetVault
from bot.unread_rules import warn_of_unread_rules
from bot.web.health import Health
from bot.web.hook import Hook
from bot.web.server import serve
from tests.fakes.discord_wire import FakeDiscord, Permission
from tests.fixtures.ports import free_port
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.keys import JobKey
    from bot.domain.servers.guilds import GuildSettings


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
                "EASEL_OHMYGPT_STORAGE": upstream.origin,
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
        "version",
        "settings",
        "database",
        "disk",
        "servers' keys",
        "word rules",
        "clock",
        "Discord",
        "commands",
        "servers",
        "image API",
        "picture store",
        "balance",
        "keys with caps",
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


async def test_an_address_with_a_wrong_path_is_named_and_that_of_an_account_as_well(place: Place) -> None:
    wrong = f"{place.upstream.origin}/v1"
    found = await findings(
        place, EASEL_OHMYGPT_ORIGIN=wrong, EASEL_ACCOUNTS=f"studio=ohmygpt:{wrong}|{SANDBOX_KEY}"
    )

    assert "check EASEL_API_URL with its path, and the kind in EASEL_API_KIND" in found["image API"].words
    assert "check EASEL_ACCOUNTS as studio" in found["image API (studio)"].words


async def test_a_balance_that_cannot_be_read_is_its_own_finding(place: Place) -> None:
    place.upstream.fault(Fault.BAD_KEY, times=None, endpoint="balance")

    found = await findings(place)

    assert found["image API"].fine
    assert not found["balance"].fine


async def test_without_an_admin_key_nobody_asks_for_the_balance(place: Place) -> None:
    del place.environ["EASEL_OHMYGPT_ADMIN_KEY"]

    found = await findings(place)
    assert "balance" not in found
    assert "keys with caps" not in found


async def test_keys_with_caps_are_counted_and_a_key_that_may_not_manage_them_is_told(place: Place) -> None:
    counted = (await findings(place))["keys with caps"]
    assert counted.fine
    assert "0 made here; for servers they need EASEL_MASTER_KEY" in counted.words
    place.upstream.fault(Fault.BAD_KEY, times=None, endpoint="get-api-tokens")

    found = (await findings(place))["keys with caps"]

    assert not found.fine
    assert "EASEL_API_ADMIN_KEY the management permission" in found.words


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


async def test_a_database_that_cannot_even_be_looked_for_is_a_finding(place: Place) -> None:
    found = (await findings(place, EASEL_DATABASE=f"sqlite:///{'x' * 300}.db"))["database"]

    assert (found.fine, "cannot be looked at" in found.words) == (False, True)


async def test_a_slip_in_the_databases_address_is_a_finding(place: Place) -> None:
    found = await findings(place, EASEL_DATABASE="postgresql://easel:pass-word@localhost:54x/db")

    assert not found["database"].fine
    assert "cannot be read" in found["database"].words
    assert not any("pass-word" in finding.words for finding in found.values())


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

    hook = Hook(read_hint=lambda _body: None, find_job=nobody, on_hint=ignore, metrics=NoMetrics())
    health = Health(alive={}, ready={})
    async with serve(host="127.0.0.1", port=0, health=health, metrics_page=no_page, hook=hook) as port:
        found = await findings(
            place, EASEL_PUBLIC_URL=f"http://127.0.0.1:{port}", EASEL_WEB_LISTEN="127.0.0.1:0"
        )

    assert found["webhooks"].fine


def test_the_command_prints_a_line_each_and_fails_if_one_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(_settings: object, _environ: object) -> AsyncIterator[doctor.Finding]:
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


async def test_expressions_that_this_installation_does_not_understand_are_counted_and_not_shown(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = tuple(WordRule(Match.REGEX, f"(?={word})") for word in ("gore", "blood"))
    rules = {7: (*stored, WordRule(Match.WORD, "gore")), 8: stored[:1], 9: (WordRule(Match.REGEX, "go+re"),)}
    async with open_storage(place.environ["EASEL_DATABASE"], migrate=False) as storage:
        for guild_id, words in rules.items():

            def write(settings: GuildSettings, words: tuple[WordRule, ...] = words) -> GuildSettings:
                return replace(settings, words=words)

            await storage.guilds.settings.change(guild_id, write, actor=Actor(1, "Ada"), at=1)
        for reads_all, most in ((True, 9), (False, 9), (False, 1)):  # RE2 reads all that was ever taken
            with monkeypatch.context() as patch:
                patch.setattr("bot.unread_rules.READS_ALL", reads_all)
                patch.setattr("bot.unread_rules.MOST", most)
                await warn_of_unread_rules(storage)

    found = (await findings(place))["word rules"]

    assert not found.fine
    assert "3 expressions on 2 servers find nothing here: install the extra `re2`" in found.words
    told = [record for record in caplog.records if record.getMessage() == "word_rules_find_nothing"]
    assert [(one.levelname, one.__dict__["rules"], one.__dict__["servers"]) for one in told] == [
        ("WARNING", 3, 2),
        ("WARNING", 1, 1),
    ]
    assert "gore" not in found.words + str([record.__dict__ for record in caplog.records])


async def test_before_the_first_start_there_is_no_database_and_the_doctor_makes_none(
    place: Place, tmp_path: Path
) -> None:
    for name in ("none.db", "empty.db"):
        path = tmp_path / name
        if name == "empty.db":
            path.touch()
        found = await findings(
            place,
            EASEL_DATABASE=f"sqlite+aiosqlite:///{path}",
            EASEL_MASTER_KEY=Fernet.generate_key().decode(),
        )

        assert all(finding.fine for finding in found.values()), found
        assert "easel run" in found["database"].words
        assert (path.exists(), path.exists() and path.stat().st_size) == (name == "empty.db", 0)
        assert not path.with_name(f"{name}-wal").exists()


@pytest.mark.parametrize("place_of", ["folder", "file"])
async def test_a_database_that_this_user_may_not_make_or_migrate_is_named(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place_of: str
) -> None:
    path = tmp_path / "new.db"
    path.touch()
    closed = path if place_of == "file" else tmp_path
    allowed = os.access
    # Whoever this user is: root may write everywhere.
    monkeypatch.setattr(os, "access", lambda where, rights: where != closed and allowed(where, rights))

    found = (await findings(place, EASEL_DATABASE=f"sqlite+aiosqlite:///{path}"))["database"]

    assert not found.fine
    assert "the right to write the file and its directory" in found.words


async def test_a_setting_that_no_account_heeds_is_named(place: Place) -> None:
    said = (await findings(place, EASEL_API_KIND="mj-proxy", EASEL_FORM_ENCODING="true"))["settings"]

    assert not said.fine
    assert said.words.startswith("EASEL_FORM_ENCODING does nothing: no account is at OhMyGPT's API")


async def test_a_misspelt_setting_is_named_and_kubernetes_own_are_not(place: Place) -> None:
    settings = config.load(place.environ)

    async def spelling(**environ: str) -> doctor.Finding:
        found = [finding async for finding in doctor.examine(settings, environ)]
        return next(finding for finding in found if finding.name == "settings")

    wrong = await spelling(EASEL_MAX_RUNING="3")
    assert not wrong.fine
    assert "EASEL_MAX_RUNNING" in wrong.words
    assert (await spelling(EASEL_SERVICE_HOST="10.0.0.1", EASEL_PORT_8080_TCP_PROTO="tcp")).fine


async def test_each_channel_where_something_is_missing_is_named(place: Place) -> None:
    place.fake.forbid(Permission.ATTACH_FILES)

    found = (await findings(place))["servers"]

    assert not found.fine
    assert "Attach Files in #" in found.words
    assert found.words.count("#") == 1


async def test_channels_that_are_closed_to_pictures_need_no_permission(place: Place) -> None:
    other = place.fake.add_channel("talk")
    place.fake.forbid(Permission.ATTACH_FILES, other)
    assert not (await findings(place))["servers"].fine
    async with open_storage(place.environ["EASEL_DATABASE"], migrate=False) as storage:
        guild_id = place.fake.guild.id
        closed = ChannelPolicy(denied=(other.id,))
        await storage.guilds.settings.change(
            guild_id, lambda settings: replace(settings, channels=closed), actor=Actor(1, "Ada"), at=1
        )

    assert (await findings(place))["servers"].fine


async def test_of_many_servers_it_is_said_how_many_were_looked_at(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_discord, "MOST_SERVERS", 1)
    assert "looked at" not in (await findings(place))["servers"].words
    place.fake.add_guild("Reef")

    found = (await findings(place))["servers"]

    assert "2 servers, of which the first 1 were looked at" in found.words


async def test_a_bot_on_no_server_is_given_its_link(place: Place) -> None:
    for guild in list(place.fake.world.guilds.values()):
        place.fake.remove_guild(guild)

    found = (await findings(place))["servers"]

    assert not found.fine
    assert f"client_id={place.fake.application_id}" in found.words
    assert "permissions=274878008320" in found.words


async def test_commands_that_discord_knows_otherwise_are_noticed(place: Place) -> None:
    fresh = (await findings(place))["commands"]
    place.fake._rest.commands.overwrite(None, [{"name": "imagine", "description": "as it was", "type": 1}])
    old = (await findings(place))["commands"]
    bot = Easel(catalogues=Catalogues.load(), meta=doctor_discord._NoMeta(), sync_commands=True, helps=False)
    async with bot:
        await bot.login(place.fake.token)
    told = (await findings(place))["commands"]

    assert "none yet" in fresh.words
    assert not old.fine
    assert "easel sync" in old.words
    assert told.fine
    assert "Discord knows all" in told.words


async def test_the_owners_server_is_looked_for_where_it_is_named(place: Place) -> None:
    named = str(place.fake.guild.id)
    fresh = (await findings(place, EASEL_OWNER_GUILD=named))["owner's server"]
    place.fake._rest.commands.overwrite(
        place.fake.guild.id, [{"name": "ops", "description": "The owner's", "type": 1}]
    )
    told = (await findings(place, EASEL_OWNER_GUILD=named))["owner's server"]
    wrong = (await findings(place, EASEL_OWNER_GUILD="123456789012345678"))["owner's server"]

    assert (fresh.fine, told.fine, wrong.fine) == (True, True, False)
    assert "`easel run` tells Discord" in fresh.words
    assert told.words == "has /ops"
    assert "123456789012345678, which EASEL_OWNER_GUILD names: check the id" in wrong.words


async def test_a_clock_that_is_wrong_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_discord, "time", lambda: time.time() - 95)

    found = (await findings(place))["clock"]

    assert not found.fine
    assert "s behind" in found.words


async def test_a_picture_store_that_is_away_or_broken_is_named(place: Place) -> None:
    found = (await findings(place, EASEL_OHMYGPT_STORAGE="http://127.0.0.1:9"))["picture store"]

    assert not found.fine
    assert "EASEL_API_STORAGE" in found.words


async def test_each_account_of_the_owner_is_tried(place: Place) -> None:
    found = await findings(place, EASEL_ACCOUNTS="studio=sk-nobody-knows-it")

    assert found["image API"].fine
    assert not found["image API (studio)"].fine
    assert "studio" in found["image API (studio)"].words


async def test_a_port_may_be_free_or_easels_or_somebody_elses(place: Place) -> None:
    free = (await findings(place, EASEL_WEB_LISTEN="127.0.0.1:0"))["port"]
    port = free_port()
    taken = place.upstream.origin.rpartition(":")[2]
    theirs = (await findings(place, EASEL_HEALTH_LISTEN=f"127.0.0.1:{taken}"))["port"]

    async def no_page() -> bytes:
        return b""

    health = Health(alive={}, ready={})
    async with serve(host="127.0.0.1", port=port, health=health, metrics_page=no_page, hook=None):
        ours = (await findings(place, EASEL_WEB_LISTEN=f"127.0.0.1:{port}"))["port"]

    assert (free.fine, theirs.fine, ours.fine) == (True, False, True)
    assert "EASEL_HEALTH_LISTEN" in theirs.words
    assert "running Easel" in ours.words


def test_programs_read_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one(_settings: object, _environ: object) -> AsyncIterator[doctor.Finding]:
        yield doctor.Finding("disk", fine=False, words="“full”")

    monkeypatch.setattr(doctor, "examine", one)
    monkeypatch.setattr(config, "load", lambda: None)

    result = CliRunner().invoke(cli, ["doctor", "--json"])

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "ok": False,
        "findings": [{"name": "disk", "ok": False, "words": "“full”"}],
    }


def test_settings_that_cannot_be_read_are_findings_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EASEL_DISCORD_TOKEN", raising=False)

    result = CliRunner().invoke(cli, ["doctor"])

    assert result.exit_code == 1
    assert "✖ settings EASEL_DISCORD_TOKEN is not set" in result.output


@pytest.mark.parametrize(
    ("more", "fine", "said"),
    [
        ({"EASEL_ENGINE_MODEL": "gpt-image-1.5"}, True, "may use gpt-image-1.5"),
        ({"EASEL_ENGINE_MODEL": "gpt-image-99"}, False, "does not name gpt-image-99"),
        (
            {"EASEL_ENGINE_MODEL": "gpt-image-1.5", "EASEL_DEFAULT_RULES": "NORMAL=5/1/1"},
            False,
            "names no DRAW",
        ),
    ],
)
async def test_the_second_engine_is_looked_for_in_the_keys_list_of_models(
    place: Place, more: dict[str, str], said: str, *, fine: bool
) -> None:
    found = (await findings(place, **more))["second engine"]

    assert found.fine is fine
    assert said in found.words
    assert not place.upstream.drawn


async def test_a_chat_model_is_looked_up_at_its_address_however_it_is_written(place: Place) -> None:
    named = {"EASEL_HELPER_MODEL": "gpt-4o-mini", "EASEL_HELPER_KEY": SANDBOX_KEY}
    written = await findings(place, EASEL_HELPER_URL=f"{place.upstream.origin}/v1/chat/completions", **named)
    wrong = await findings(place, EASEL_HELPER_URL=f"{place.upstream.origin}/chat", **named)

    assert written["prompt helper"].words == "gpt-4o-mini may be used"
    assert "neither it nor its address was looked up" in wrong["prompt helper"].words


async def test_without_a_second_engine_nothing_is_said_of_one(place: Place) -> None:
    assert "second engine" not in await findings(place)
