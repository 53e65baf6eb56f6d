"""`easel setup` against both doubles: wrong answers are told and asked again, right ones are written for nobody else to read.
Never here: the doctor, and the bot that is started at the end."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from bot import app, config, env_file, setup_checks
from bot.cli.program import cli
from bot.domain.costs import parse_money
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path


ANSWERED: Final = ("EASEL_DISCORD_TOKEN", "EASEL_API_KEY", "EASEL_MASTER_KEY")
"""What the bot that starts at the end finds in its environment."""


class Place(NamedTuple):
    """Both doubles, an empty folder, and an environment that leads to them."""

    fake: FakeDiscord
    upstream: SimulatedUpstream
    folder: Path
    environ: dict[str, str]


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.chdir(tmp_path)
    async with FakeDiscord(oracle=False) as fake, SimulatedUpstream(canvas=64) as upstream:
        environ = {
            "EASEL_DISCORD_API": fake.api,
            "EASEL_OHMYGPT_ORIGIN": upstream.origin,
            "EASEL_OHMYGPT_STORAGE": upstream.origin,
        }
        yield Place(fake, upstream, tmp_path, environ)


async def setup(
    place: Place,
    *arguments: str,
    start: str | None = "--no-start",
    answers: tuple[str, ...] = (),
    more: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run the verb in a thread: it has a loop of its own, and asks the doubles; exit status and everything it said."""
    foreign = dict.fromkeys([*(name for name in os.environ if name.startswith("EASEL_")), *ANSWERED])
    result = await asyncio.to_thread(
        CliRunner().invoke,
        cli,
        ["setup", *filter(None, [start]), *arguments],
        input="".join(f"{answer}\n" for answer in answers),
        env={**foreign, **place.environ, **(more or {})},
    )
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    return result.exit_code, result.output


async def test_wrong_answers_are_asked_again_and_right_ones_are_written(place: Place) -> None:
    status, said = await setup(
        place,
        answers=("another.token.entirely", f"Bot {place.fake.token}", "sk-wrong-key", f'"{SANDBOX_KEY}"'),
    )

    assert status == 0, said
    assert "Discord refused" in said
    assert "refuses this key" in said
    assert f"client_id={place.fake.application_id}" in said
    assert "permissions=274878008320" in said
    assert f"It is on {place.fake.guild.name}" in said
    assert "credits" in said
    assert "NORMAL" in said
    assert not any(secret in said for secret in (place.fake.token, SANDBOX_KEY, "sk-wrong-key"))
    path = place.folder / ".env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = env_file.read(path)
    settings = config.load({**place.environ, **written})
    assert settings.discord_token.get_secret_value() == place.fake.token
    assert settings.api_key.get_secret_value() == SANDBOX_KEY
    Fernet(settings.master_key[0].get_secret_value())
    assert [entry.name for entry in place.folder.iterdir()] == [".env"]


async def test_it_waits_until_the_bot_is_invited(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_checks, "LOOK_EVERY_S", 0.05)
    for guild in list(place.fake.world.guilds.values()):
        place.fake.remove_guild(guild)
    running = asyncio.create_task(setup(place, answers=(place.fake.token, SANDBOX_KEY)))
    await place.fake.until(lambda: place.fake.calls("GET", "/users/@me/guilds"), 40)
    assert not (place.folder / ".env").exists()

    place.fake.add_guild("Reef")
    status, said = await running

    assert status == 0, said
    assert "It is on Reef" in said


async def test_a_script_needs_no_terminal_and_asks_nothing(place: Place) -> None:
    given = {"EASEL_DISCORD_TOKEN": place.fake.token, "EASEL_OHMYGPT_KEY": SANDBOX_KEY}

    status, said = await setup(place, "--no-input", "--env-file", "easel.env", more=given)

    assert status == 0, said
    written = env_file.read(place.folder / "easel.env")
    assert {name: written[name] for name in given} == given


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[config.Settings]:
    """With what the bot was started."""
    starts: list[config.Settings] = []

    async def run(settings: config.Settings) -> None:
        starts.append(settings)

    monkeypatch.setattr(app, "run", run)
    return starts


async def test_at_the_end_the_bot_starts_with_what_was_written(
    place: Place, started: list[config.Settings]
) -> None:
    more = {"EASEL_MAX_RUNING": "3"}

    status, said = await setup(place, start="--start", answers=(place.fake.token, SANDBOX_KEY), more=more)

    assert status == 0, said
    assert "type /imagine" in said
    assert "EASEL_MAX_RUNING" in said
    (settings,) = started
    assert settings.discord_token.get_secret_value() == place.fake.token
    assert settings.master_key


async def test_at_the_end_the_bot_starts_with_what_was_tried_whatever_the_folder_says(
    place: Place, started: list[config.Settings]
) -> None:
    (place.folder / ".env").write_text("EASEL_DATABASE=sqlite:///other.db\nEASEL_MAX_RUNNING=9\n")
    (place.folder / "my.env").write_text("EASEL_DATABASE=sqlite:///mine.db\n")
    more = {"EASEL_OHMYGPT_KEY": "sk-old-and-wrong"}

    status, said = await setup(
        place,
        *("--env-file", "my.env"),
        start="--start",
        answers=(place.fake.token, SANDBOX_KEY),
        more=more,
    )

    assert status == 0, said
    (settings,) = started
    assert settings.api_key.get_secret_value() == SANDBOX_KEY
    assert settings.database == "sqlite+aiosqlite:///mine.db"
    assert settings.max_running != 9
    assert f"ln -s {place.folder}/my.env .env" in said


async def test_what_was_refused_and_stands_in_the_environment_is_to_be_removed_there(place: Place) -> None:
    stale = {"EASEL_DISCORD_TOKEN": "another.token.entirely", "EASEL_OHMYGPT_KEY": "sk-old-and-wrong"}

    status, said = await setup(place, answers=(place.fake.token, SANDBOX_KEY), more=stale)
    well, after = await setup(place, more=env_file.read(place.folder / ".env"))

    assert (status, well) == (0, 0), said
    for name in stale:
        assert f"{name} in the environment goes before .env and was refused: remove it there." in said
    assert "in the environment" not in after


async def test_what_lies_in_the_secrets_directory_is_neither_asked_for_nor_made_anew(
    place: Place, started: list[config.Settings]
) -> None:
    secrets = place.folder / "secrets"
    secrets.mkdir()
    master = Fernet.generate_key().decode()
    for name, value in (
        ("easel_discord_token", place.fake.token),
        ("easel_api_key", SANDBOX_KEY),
        ("easel_master_key", master),
    ):
        (secrets / name).write_text(f"{value}\n")

    status, said = await setup(place, "--no-input", start="--start", more={"EASEL_SECRETS_DIR": str(secrets)})

    assert status == 0, said
    assert "EASEL_MASTER_KEY" not in env_file.read(place.folder / ".env")
    (settings,) = started
    assert settings.master_key[0].get_secret_value() == master


async def test_answers_from_a_pipe_start_nothing_and_that_is_no_failure(
    place: Place, started: list[config.Settings]
) -> None:
    status, said = await setup(place, start=None, answers=(place.fake.token, SANDBOX_KEY))

    assert (status, started) == (0, []), said
    assert f"Start it with `easel run` in {place.folder};" in said


async def test_a_file_of_another_name_comes_with_the_way_to_load_it_as_it_was_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, elsewhere = place.folder / "my easel.env", place.folder / "elsewhere"
    file.write_text("EASEL_CREDIT_VALUE=10 USD\n")

    status, said = await setup(place, "--env-file", file.name, answers=(place.fake.token, SANDBOX_KEY))

    assert status == 0, said
    (link,) = re.findall(r"`(ln .+?)`", said)
    elsewhere.mkdir()
    subprocess.run(["/bin/sh", "-euc", link], cwd=elsewhere, check=True)  # noqa: ASYNC221, S603 - what was said is typed
    monkeypatch.chdir(elsewhere)
    for name in ANSWERED:
        monkeypatch.delenv(name, raising=False)
    settings = config.load()
    assert settings.discord_token.get_secret_value() == place.fake.token
    assert str(settings.credit_value) == str(parse_money("10 USD"))


async def test_a_file_with_an_old_name_keeps_it_and_says_each_thing_once(place: Place) -> None:
    file = place.folder / "easel.env"
    file.write_text(f"EASEL_OHMYGPT_KEY={SANDBOX_KEY}\n")

    given = {"EASEL_DISCORD_TOKEN": place.fake.token}
    status, said = await setup(place, "--no-input", "--env-file", "easel.env", more=given)

    assert status == 0, said
    written = env_file.read(file)
    assert written["EASEL_OHMYGPT_KEY"] == SANDBOX_KEY
    assert "EASEL_API_KEY" not in written


@pytest.mark.parametrize(("missing", "status"), [("EASEL_DISCORD_TOKEN", 78), ("EASEL_OHMYGPT_KEY", 78)])
async def test_a_script_that_gives_too_little_is_told_what(place: Place, missing: str, status: int) -> None:
    given = {"EASEL_DISCORD_TOKEN": place.fake.token, "EASEL_OHMYGPT_KEY": SANDBOX_KEY}
    del given[missing]

    assert (await setup(place, "--no-input", more=given))[0] == status
    code, said = await setup(place, "--no-input", more=given | {missing: "sk-wrong.wrong.wrong"})

    assert code == status
    assert "Traceback" not in said
    assert not (place.folder / ".env").exists()


async def test_a_file_that_cannot_be_looked_at_is_one_sentence(place: Place, shut: Path) -> None:
    status, said = await setup(place, "--no-input", "--env-file", str(shut / ".env"))

    assert (status, "the right to enter its directory" in said) == (78, True)


async def test_an_image_api_that_is_away_is_no_fault_of_the_key(place: Place) -> None:
    place.upstream.fault(Fault.UNAVAILABLE, times=None, endpoint="query-mj-tasks")

    status, said = await setup(place, answers=(place.fake.token, SANDBOX_KEY, "sk-asked-once-more"))

    assert status == 75, said
    assert said.count("cannot be asked now") == 1


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [("ohmygpt", "/v1", "EASEL_API_URL with its path"), ("mj-proxy", "/mj", "EASEL_API_KIND")],
)
async def test_an_address_where_no_image_api_answers_is_the_owners_to_mend_and_no_fault_of_the_key(
    place: Place, kind: str, path: str, said: str
) -> None:
    more = {"EASEL_API_KIND": kind, "EASEL_OHMYGPT_ORIGIN": f"{place.upstream.origin}{path}"}

    status, told = await setup(
        place, answers=(place.fake.token, SANDBOX_KEY, "sk-asked-once-more"), more=more
    )

    assert status == 78, told
    assert said in told
    assert "✖" not in told
    assert not (place.folder / ".env").exists()


async def test_an_account_without_credit_is_the_owners_to_mend(place: Place) -> None:
    place.upstream.fault(Fault.NO_BALANCE, times=None, endpoint="query-mj-tasks")

    given = {"EASEL_DISCORD_TOKEN": place.fake.token, "EASEL_OHMYGPT_KEY": SANDBOX_KEY}

    status, said = await setup(place, "--no-input", more=given)

    assert (status, "top the account up" in said) == (78, True), said


async def test_a_key_that_is_wrong_costs_no_second_question_about_the_token(place: Place) -> None:
    more = {"EASEL_DISCORD_TOKEN": place.fake.token, "EASEL_OHMYGPT_KEY": "not copied alone"}

    status, said = await setup(place, answers=(SANDBOX_KEY,), more=more)

    assert status == 0, said


async def test_another_setting_that_is_wrong_is_said_before_anybody_is_asked(place: Place) -> None:
    more = {"EASEL_MAX_RUNNING": "lots", "EASEL_DISCORD_TOKEN": "so is this, but it is asked for"}

    status, said = await setup(place, answers=(place.fake.token, SANDBOX_KEY), more=more)

    assert status == 78
    assert said.splitlines() == [
        "EASEL_MAX_RUNNING is wrong: it should be a valid integer, unable to parse string as an integer"
    ]
    assert place.fake.calls("GET", "/users/@me") == []


async def test_again_it_keeps_what_stands_in_the_file_and_makes_no_second_master_key(place: Place) -> None:
    await setup(place, answers=(place.fake.token, SANDBOX_KEY))
    path = place.folder / ".env"
    before = env_file.read(path)
    path.write_text("# my own note\nEASEL_MAX_RUNNING=7\n" + path.read_text())

    status, said = await setup(place)

    assert status == 0, said
    text = path.read_text()
    assert text.startswith("# my own note\nEASEL_MAX_RUNNING=7\n")
    assert env_file.read(path) == before | {"EASEL_MAX_RUNNING": "7"}
    assert text.count("EASEL_MASTER_KEY") == 1


def test_what_is_written_is_read_again_whatever_it_holds(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    values = {"A": "plain-1.2_3=", "B": "with 'quotes' and \\ and # and $HOME", "C": 'ünïcode "x"'}
    path.write_text("export A=old\nA=older\nKEEP=1\n")

    env_file.write(path, values)

    assert env_file.read(path) == values | {"KEEP": "1"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_one_and_what_it_leads_to_keeps_its_owner(tmp_path: Path) -> None:
    somebody = 12_345 if os.geteuid() == 0 else os.geteuid()
    shared = tmp_path / "shared"
    shared.mkdir()
    real, link = shared / "easel.env", tmp_path / ".env"
    real.write_text("KEEP=1\n")
    os.chown(real, somebody, -1)
    link.symlink_to(real)

    env_file.write(link, {"A": "new"})

    assert link.readlink() == real
    assert env_file.read(real) == {"KEEP": "1", "A": "new"}
    assert (real.stat().st_uid, stat.S_IMODE(real.stat().st_mode)) == (somebody, 0o600)
    assert [path.name for path in shared.iterdir()] == ["easel.env"]


def test_a_file_that_windows_notepad_wrote_gets_no_second_line_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=old\nKEEP=1\n", encoding="utf-8-sig")

    env_file.write(path, {"A": "new"})

    assert path.read_text("utf-8") == "A=new\nKEEP=1\n"
    assert env_file.read(path) == {"A": "new", "KEEP": "1"}
