"""`easel keys` from a server's key to its cap, against the simulated service; the transcript is kept as an artefact.
Never here: what breaks on the way (tests/services/accounts/test_upstream_keys.py)."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from bot.cli.program import cli
from bot.domain.pools import Pool
from bot.errors import RemoteError
from bot.midjourney.ohmygpt.client import ApiSettings
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from bot.sandbox.upstream.accounts import Key, Permission
from bot.storage import open_storage
from bot.storage.vault import FernetVault
from tests.architecture.ground import ROOT
from tests.fixtures.apis import open_api
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

SERVER = "123456789012345678"
DRAWS_ONLY = "sk-draws-only"


class Service:
    """The simulated service in a loop of its own: the command line has one of its own, too."""

    def __init__(self, upstream: SimulatedUpstream) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self.upstream = upstream

    async def last(self) -> None:
        """Go on until it is ended."""
        await self._over.wait()

    def end(self) -> None:
        """End it, from another thread."""
        self._loop.call_soon_threadsafe(self._over.set)

    def do(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something beside the service."""

        async def done() -> Any:
            return await work()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(60)


@contextmanager
def played() -> Iterator[Service]:
    ready: Future[Service] = Future()

    async def play() -> None:
        keys = {SANDBOX_KEY: Key(), DRAWS_ONLY: Key(frozenset({Permission.MIDJOURNEY}))}
        async with SimulatedUpstream(manual=True, canvas=64, keys=keys) as upstream:
            service = Service(upstream)
            ready.set_result(service)
            await service.last()

    thread = threading.Thread(target=lambda: asyncio.run(play()), daemon=True)
    thread.start()
    service = ready.result(30)
    try:
        yield service
    finally:
        service.end()
        thread.join(30)


class Shell:
    """The command line, with all that it said."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.transcript: list[str] = []

    def say(self, *words: str, answer: str | None = None, columns: int = 110) -> str:
        result = CliRunner().invoke(
            cli, ["keys", *words], input=answer, env={"COLUMNS": str(columns), "TERM": "dumb"}
        )
        self.transcript.append(
            f"$ easel keys {' '.join(words)}\n{result.output.rstrip()}\n[{result.exit_code}]"
        )
        return f"{result.exit_code} {result.output}"

    def draw(self, key: str) -> None:
        """A picture for 6,800 credits."""

        async def work() -> None:
            async with open_api(ApiSettings(key=key, origin=self.service.upstream.origin)) as api:
                await api.imagine(prompt="a paper fox", pool=Pool.FAST, webhook=None)

        self.service.do(work)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    with played() as service:
        for name, value in {
            "EASEL_DATABASE": migrated(tmp_path / "easel.db"),
            "EASEL_DISCORD_TOKEN": "a.b.c",
            "EASEL_API_KEY": SANDBOX_KEY,
            "EASEL_API_ADMIN_KEY": SANDBOX_KEY,
            "EASEL_API_URL": service.upstream.origin,
            "EASEL_API_STORAGE": service.upstream.origin,
            "EASEL_MASTER_KEY": Fernet.generate_key().decode(),
        }.items():
            monkeypatch.setenv(name, value)
        yield Shell(service)


def stored(tmp_path: Path) -> list[str]:
    """The servers' keys as the bot would open them."""

    async def work() -> list[str]:
        vault = FernetVault([os.environ["EASEL_MASTER_KEY"]])
        async with open_storage(f"sqlite+aiosqlite:///{tmp_path / 'easel.db'}", migrate=False) as storage:
            return [
                str(vault.open(key.account.guild_id, key.sealed)) for key in await storage.guilds.keys.every()
            ]

    return asyncio.run(work())


def test_a_servers_key_from_its_making_to_its_cap(shell: Shell, tmp_path: Path) -> None:
    assert "No key was made here yet" in shell.say("list")
    made = shell.say("create", SERVER, "--cap", "14000", "--until", "30d")
    assert made.startswith("0")
    assert "that server's own key now" in made
    (key,) = stored(tmp_path)
    assert list(shell.service.upstream.service.accounts.made) == [key]

    shell.draw(key)
    listed = json.loads(shell.say("list", "--json").partition(" ")[2])
    assert [(k["for"], k["used"], k["percent"], k["in_use"]) for k in listed["keys"]] == [
        (SERVER, "6800.00", 48, True)
    ]
    assert listed["others"] == 2
    shell.draw(key)
    with pytest.raises(RemoteError, match="quota"):
        shell.draw(key)
    assert "97" in shell.say("list")
    assert "48" in shell.say("cap", SERVER, "28000")
    shell.draw(key)
    assert "disabled" in shell.say("disable", SERVER)
    with pytest.raises(RemoteError, match="not valid"):
        shell.draw(key)
    assert "in use" in shell.say("enable", SERVER)
    assert "Aborted" in shell.say("delete", SERVER, answer="n\n")
    assert stored(tmp_path) == [key]
    assert "is deleted" in shell.say("delete", SERVER, answer="y\n")
    assert shell.service.upstream.service.accounts.made == {}
    assert "No key was made here yet" in shell.say("list")

    transcript = "\n\n".join(shell.transcript)
    assert "sk-" not in transcript
    folder = Path(os.environ.get("EASEL_ARTEFACTS") or ROOT / "artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "keys-transcript.txt").write_text(transcript + "\n", encoding="utf-8")


def test_a_servers_id_and_a_keys_tag_are_whole_in_a_narrow_window(shell: Shell) -> None:
    made = shell.say("create", SERVER, "--cap", "14000", "--until", "2199-01-31", columns=40)
    tag = json.loads(shell.say("list", "--json")[2:])["keys"][0]["tag"]

    listed = shell.say("list", columns=40)

    line = f"{SERVER}  in use  {tag}  spent 0 of 14,000 (0 %)  ends 2199-01-31 23:59 UTC\n"
    assert line in made
    assert line in listed


def test_an_accounts_key_is_printed_once(shell: Shell) -> None:
    made = shell.say("create", "studio", "--cap", "34000", "--until", "2199-01-31")
    (key,) = shell.service.upstream.service.accounts.made
    assert f"studio={key}" in made
    assert "studio" in (listed := shell.say("list"))
    assert "not in use" in listed
    again = shell.say("create", "studio", "--cap", "34000", "--until", "2199-01-31", "--json")
    assert again.startswith("78 There is a key for studio already")
    assert made.count(key) == 1
    assert key not in listed + again + shell.say("list", "--json") + shell.say("delete", "studio", "--yes")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((SERVER, "--cap", "0", "--until", "30d"), "78 A cap is a number of credits, 1 at least"),
        ((SERVER, "--cap", "5", "--until", "2020-01-01"), "78 That end has passed already"),
        ((SERVER, "--cap", "5", "--until", "soon"), "78 “soon” is no end"),
        (("a" * 40, "--cap", "5", "--until", "30d"), "has at most 32 characters"),
        (("Guest_a.b", "--cap", "5", "--until", "30d"), "78 “Guest_a.b” is"),
    ],
)
def test_what_cannot_be_is_one_sentence(shell: Shell, words: tuple[str, ...], said: str) -> None:
    told = shell.say("create", *words)

    assert said in told
    assert told.count("\n") == 1
    assert not shell.service.upstream.calls


def test_what_a_key_may_not_do_is_one_sentence_and_off(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_API_ADMIN_KEY", DRAWS_ONLY)
    assert shell.say("list").startswith("78 The key in EASEL_API_ADMIN_KEY may not manage keys")
    monkeypatch.delenv("EASEL_MASTER_KEY")
    assert "EASEL_MASTER_KEY" in shell.say("create", SERVER, "--cap", "5", "--until", "30d")
    monkeypatch.delenv("EASEL_API_ADMIN_KEY")
    assert shell.say("list").startswith("78 Keys cannot be managed here: set EASEL_API_ADMIN_KEY")


def test_a_program_reads_a_new_key_once_as_one_document(shell: Shell) -> None:
    made = json.loads(shell.say("create", "studio", "--cap", "34000", "--until", "30d", "--json")[2:])

    assert list(shell.service.upstream.service.accounts.made) == [made["key"]]
    (listed,) = json.loads(shell.say("list", "--json")[2:])["keys"]
    assert "key" not in listed
    assert {name: made[name] for name in ("for", "in_use", "percent")} == {
        "for": "studio",
        "in_use": False,
        "percent": 0,
    }
    assert listed["for"] == "studio"


def test_a_service_that_is_away_is_one_sentence(shell: Shell) -> None:
    shell.service.upstream.fault(Fault.UNAVAILABLE, times=None)

    told = shell.say("list")

    assert told.startswith("78 ")
    assert told.count("\n") == 1
