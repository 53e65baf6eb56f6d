"""Verbs that keep and move data, as an operator types them; starts that import no more than they need.
Never here: how copies are made (tests/storage)."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import main
from bot.cli.program import cli
from bot.sandbox.upstream import Fault
from bot.storage import migrate, open_storage
from bot.storage.backup import verify
from tests.cli.verbs import easel
from tests.fixtures.ports import free_port


def test_it_says_its_version() -> None:
    assert easel("--version") == (0, f"easel {metadata.version('easel-bot')}\n")


def test_a_copy_is_taken_and_put_back_without_token_or_key(folder: Path) -> None:
    assert easel("migrate")[0] == 0

    status, said = easel("backup", "copy.db")
    assert status == 0
    assert "0 jobs" in said
    assert verify(folder / "copy.db") == 0
    status, said = easel("backup", ".")
    assert status == 0, said
    assert list(folder.glob("easel-2*.db"))
    status, said = easel("backup", "copy.db")
    assert (status, "exists already" in said) == (78, True)

    (folder / "easel.db").write_bytes(b"broken")
    assert CliRunner().invoke(cli, ["restore", "copy.db"], input="n\n").exit_code == 1
    assert (folder / "easel.db").read_bytes() == b"broken"
    status, said = easel("restore", "copy.db", "--yes")
    assert status == 0, said
    assert list(folder.glob("easel.db.*.replaced"))


def test_a_copy_goes_where_a_link_leads(folder: Path) -> None:
    assert easel("migrate")[0] == 0
    (folder / "disk").mkdir()
    (folder / "copy.db").symlink_to("disk/today.db")

    status, said = easel("backup", "copy.db")

    assert status == 0, said
    assert (folder / "copy.db").is_symlink()
    assert verify(folder / "disk" / "today.db") == 0


async def test_a_database_in_use_is_copied(folder: Path) -> None:
    await migrate("sqlite+aiosqlite:///easel.db")
    async with open_storage("sqlite+aiosqlite:///easel.db", migrate=False) as storage:
        await storage.check()
        here = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bot", "backup", "copy.db"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=False,
        )
        assert here.returncode == 0, here.stderr


def test_everything_is_copied_into_another_database(folder: Path) -> None:
    easel("migrate")

    status, said = easel("copy", "sqlite:///easel.db", "sqlite:///other.db")

    assert status == 0, said
    assert "jobs" in said
    assert verify(folder / "other.db") == 0
    assert easel("copy", "sqlite:///easel.db", "mysql://x")[0] == 78


@pytest.mark.parametrize(
    "words",
    [
        ("servers", "list"),
        ("keys", "list"),
        ("backup", "copy.db"),
        ("restore", "--restored", "--yes"),
        ("copy", "sqlite:///easel.db", "sqlite:///other.db"),
    ],
    ids=" ".join,
)
def test_where_no_database_is_yet_a_verb_says_so_and_makes_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", f"MTIz.Gabcde.{'0' * 38}")
    monkeypatch.setenv("EASEL_API_KEY", "sk-abcdef123456")

    status, said = easel(*words)

    assert status == 78
    assert f"There is no database at {folder}/easel.db yet" in said
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "typed",
    [
        "localhost:54x/db",
        "localhost:/db",
        "one:1,two:2/db",
        "[::1/db",
        "two..dots/db",
        "localhost/db?foo=1",
        "localhost/db?sslmode=foo",
        "localhost/db?statement_cache_size=0",
        "localhost/db?plugin=foo",
    ],
)
@pytest.mark.parametrize(
    "verb", ["run", "migrate", "backup copy.db", "servers list", "copy sqlite:///easel.db {}"]
)
def test_a_slip_in_an_address_is_one_sentence_that_shows_no_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, verb: str
) -> None:
    easel("migrate")
    address = f"postgresql://easel:pass-word@{typed}"
    for name, value in (
        ("EASEL_DATABASE", address),
        ("EASEL_DISCORD_TOKEN", f"MTIz.Gabcde.{'0' * 38}"),
        ("EASEL_API_KEY", "sk-abcdef123456"),
    ):
        monkeypatch.setenv(name, value)

    status, said = easel(*verb.format(address).split())

    assert status == 78
    assert "address" in said
    assert "pass-word" not in said
    assert [path.name for path in folder.iterdir()] == ["easel.db"]


@pytest.mark.parametrize(
    "verb", ["run", "migrate", "servers list", "backup copy.db", "restore copy.db", "sync"]
)
def test_a_folder_that_this_user_may_not_enter_is_one_sentence(
    folder: Path, shut: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    easel("migrate")
    easel("backup", "copy.db")
    for name, value in (
        ("EASEL_DATABASE", f"sqlite:///{shut}/easel.db"),
        ("EASEL_DISCORD_TOKEN", f"MTIz.Gabcde.{'0' * 38}"),
        ("EASEL_API_KEY", "sk-abcdef123456"),
    ):
        monkeypatch.setenv(name, value)

    status, said = easel(*verb.replace("backup copy.db", "backup other.db").split())

    assert (status, "the right to" in said) == (78, True), said
    assert {path.name for path in folder.iterdir()} == {"easel.db", "copy.db", "shut"}


@pytest.mark.parametrize(
    "where", ["shut", "shut/copy.db", "easel.db/copy.db", "x" * 300, "shut/deep/copy.db"]
)
@pytest.mark.usefixtures("shut")
def test_a_copy_that_can_go_nowhere_is_one_sentence(where: str) -> None:
    easel("migrate")
    Path("shut").chmod(0o000)

    status, said = easel("backup", where)

    assert status == 78, said
    assert "cannot be" in said


def test_a_start_from_a_folder_that_this_user_may_not_enter_takes_its_settings_from_elsewhere(
    folder: Path, shut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_DATABASE", f"sqlite:///{folder}/easel.db")
    monkeypatch.chdir(shut)

    status, said = easel("migrate")

    assert status == 0, said
    assert (folder / "easel.db").exists()


HEAVY = (
    *("alembic", "simcord", "bot.sandbox", "bot.doctor", "bot.cli.program"),
    *(
        "typer",
        "click",
        "rich",
        "pygments",
        "prometheus_client",
        "http.server",
        "cryptography",
        "aiohttp.web",
    ),
    *("sqlalchemy.orm", "sqlalchemy.ext.asyncio", "sqlalchemy.dialects.postgresql", "asyncpg", "aiosqlite"),
    *(
        "babel.messages",
        "bot.midjourney.mjproxy.client",
        "bot.midjourney.openai.images",
        "bot.midjourney.hints",
    ),
)
"""What a start of the bot needs in none, or not in most deployments."""


def test_what_a_verb_does_not_need_is_not_imported() -> None:
    start = (
        "import sys; import bot.__main__; from bot.cli.run import import_plainly; import_plainly(); "
        "import bot.app, bot.config, cogs.imagine, cogs.moderation; from bot.metrics import Meters; Meters(shown=False); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    light = (
        "import sys; import bot.cli.program; "
        "print([name for name in ('discord', 'sqlalchemy', 'httpx', 'aiohttp') if name in sys.modules])"
    )
    for code in (start, light):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
        assert done.stdout == "[]\n"


@pytest.mark.usefixtures("folder")
def test_a_start_that_reads_no_command_line_ends_as_any_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = easel("run")
    monkeypatch.setattr("sys.argv", ["easel", "run"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert (ended.value.code, capsys.readouterr().err) == expected
    assert expected[0] == 78


@pytest.mark.parametrize("verb", ["run", "doctor"])
def test_who_interrupts_it_while_it_still_reads_its_modules_is_shown_no_traceback(verb: str) -> None:
    interrupted = (
        "import sys\nclass Finder:\n def find_spec(self, name, *rest):\n"
        "  if name == 'bot.config': raise KeyboardInterrupt\n"
        f"sys.meta_path.insert(0, Finder()); sys.argv = ['easel', '{verb}']\nfrom bot.__main__ import main\nmain()"
    )

    ended = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    assert (ended.returncode, ended.stdout) == (130, "")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.usefixtures("folder")
def test_an_old_terminal_breaks_no_verb(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.argv", ["easel", "doctor"])
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding, write_through=True))

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert b"? settings EASEL_DISCORD_TOKEN is not set" in written.getvalue()


@pytest.mark.usefixtures("folder")
def test_a_collector_of_json_reads_why_the_bot_did_not_start() -> None:
    Path(".env").write_text("EASEL_LOG_FORMAT='json'\n")

    status, said = easel("run")

    assert status == 78
    lines = [json.loads(line) for line in said.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("not_started", "critical")]
    assert "EASEL_DISCORD_TOKEN is not set" in lines[0]["reason"]


@pytest.mark.parametrize("verb", ["run", "sync", "servers list"])
@pytest.mark.usefixtures("folder")
def test_a_file_of_settings_that_is_no_text_is_one_sentence(verb: str) -> None:
    Path(".env").write_bytes(b"EASEL_LOG_FORMAT=\xff\xfe\n")

    status, said = easel(*verb.split())

    assert status == 78
    assert ".env" in said


def test_a_copy_that_cannot_go_into_a_server_costs_nothing_and_says_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    easel("migrate")
    easel("backup", "copy.db")
    monkeypatch.setenv("EASEL_DATABASE", f"postgresql://easel@127.0.0.1:{free_port()}/easel")

    status, said = easel("restore", "copy.db", "--yes")

    assert (status, "the server does not answer" in said) == (75, True)
    assert {file.name for file in folder.iterdir()} == {"easel.db", "copy.db"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("no.db", "cannot be read"), ("x.txt", "no database"), ("old.db", "of another program")],
)
@pytest.mark.parametrize("url", ["sqlite:///easel.db", "postgresql://easel@127.0.0.1:1/easel"])
def test_a_file_that_is_no_copy_is_said_before_anybody_is_asked_to_replace_anything(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str, url: str
) -> None:
    easel("migrate")
    (folder / "x.txt").write_text("hello")
    with closing(sqlite3.connect(folder / "old.db")) as other:
        other.execute("CREATE TABLE notes (words TEXT)")
    monkeypatch.setenv("EASEL_DATABASE", url)

    ended = CliRunner().invoke(cli, ["restore", name], input="y\n")

    assert (ended.exit_code, said in ended.output) == (78, True), ended.output
    assert "Replace" not in ended.output


def test_what_other_tools_put_back_is_settled_where_it_is(folder: Path) -> None:
    easel("migrate")
    assert CliRunner().invoke(cli, ["restore", "--restored"], input="n\n").exit_code == 1

    status, said = easel("restore", "--restored", "--yes")

    assert (status, said) == (
        0,
        "0 jobs waited in the copy: they are looked for at the next start, and never sent again.\n",
    )
    assert [file.name for file in folder.iterdir()] == ["easel.db"]


@pytest.mark.parametrize(
    ("verb", "status", "said"),
    [("setup", 78, "nobody to ask"), ("restore copy.db", 1, "Aborted"), ("restore --restored", 1, "Aborted")],
)
def test_where_standard_input_is_closed_nobody_answers(
    folder: Path, verb: str, status: int, said: str
) -> None:
    easel("migrate")
    easel("backup", "copy.db")

    ended = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", f"exec {sys.executable} -m bot {verb} <&-"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, said in ended.stderr) == (status, True), ended.stderr


@pytest.mark.parametrize("words", [(), ("copy.db", "--restored")], ids=["neither", "both"])
@pytest.mark.usefixtures("folder")
def test_a_file_or_a_database_that_is_back_already_is_what_restore_asks_for(words: tuple[str, ...]) -> None:
    status, said = easel("restore", *words)

    assert status == 2
    assert "say --restored" in said


def test_who_is_in_another_folder_than_the_bots_is_told_where_the_copy_went(folder: Path) -> None:
    easel("migrate")
    assert f"{folder}/copy.db holds everything" in easel("backup", "copy.db")[1]
    Path("easel.db").unlink()

    status, said = easel("restore", "copy.db")

    assert status == 0
    assert f"{folder}/easel.db holds 0 jobs again.\nNo database was there before" in said


def test_each_trouble_that_the_sandbox_can_make_is_named() -> None:
    status, said = easel("sandbox", "--fault", "help")

    assert status == 0
    assert {fault.value for fault in Fault} <= set(said.split())
