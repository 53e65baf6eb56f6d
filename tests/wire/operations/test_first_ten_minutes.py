"""A stranger's first minutes, from an empty folder to a bot that has greeted its server: in a terminal, and by a script.
Never here: single answers of `easel setup` and `easel doctor` (tests/cli, tests/doctor)."""

from __future__ import annotations

import os
import signal
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

from bot.sandbox.upstream import SANDBOX_KEY, SimulatedUpstream
from tests.fakes.discord_wire import FakeDiscord
from tests.faults.report import folder as artefacts
from tests.wire import program
from tests.wire.installation import eventually
from tests.wire.program import ROOT
from tests.wire.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.fakes.discord_world import Channel, Guild
    from tests.wire.program import Program

pytestmark = pytest.mark.wire

TOKEN: Final = "MTA0.GabcdE.the-right-token-of-the-bot"
WRONG_TOKEN: Final = "MTA0.GabcdE.of-another-bot"
WRONG_KEY: Final = "sk-of-somebody-else"
SECRETS: Final = (TOKEN, WRONG_TOKEN, SANDBOX_KEY, WRONG_KEY)


@dataclass(eq=False)
class Stranger:
    """Somebody with a token, a key, and an empty folder."""

    fake: FakeDiscord
    upstream: SimulatedUpstream
    folder: Path
    environ: dict[str, str]
    transcript: list[str] = field(default_factory=list)
    terminals: list[Terminal] = field(default_factory=list)
    scripted: list[Program] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    async def types(self, *command: str) -> Terminal:
        """Type a command of the program's into a terminal."""
        terminal = await Terminal.open(*command, folder=self.folder, environ=self.environ)
        self.terminals.append(terminal)
        return terminal

    async def sees(self, *command: str) -> tuple[int, str]:
        """A command that asks nothing: its status, and what it shows."""
        terminal = await self.types(*command)
        status = await terminal.ended()
        self.note(command, terminal.shown, status)
        return status, terminal.shown

    async def scripts(self, *command: str, **settings: str) -> tuple[int, str]:
        """A command without any terminal, with `NAME="value"` for `EASEL_NAME`."""
        begun = self.begins(*command, **settings)
        status = await begun.ended(60)
        self.note(command, begun.output, status)
        return status, begun.output

    def begins(self, *command: str, **settings: str) -> Program:
        """Begin such a command."""
        given = {f"EASEL_{name}": value for name, value in settings.items()}
        log = self.folder.parent / f"script-{len(self.scripted) + 1}.log"
        log.touch()
        self.scripted.append(program.forked(self.environ | given, self.folder, log, verb=command))
        return self.scripted[-1]

    def note(self, command: tuple[str, ...], shown: str, status: int) -> None:
        """Keep what was seen for the transcript."""
        self.transcript += [f"$ easel {' '.join(command)}", shown.strip(), f"(exit status {status})", ""]

    def keep(self, name: str) -> None:
        """Write the transcript down. No secret may stand in it."""
        words = "\n".join(self.transcript)
        assert not any(secret in words for secret in SECRETS)
        assert "Traceback" not in words
        took = f"From the empty folder to here: {time.monotonic() - self.began:.0f} s, typing not counted.\n"
        (artefacts() / name).write_text(words + took, encoding="utf-8")

    def invited(self) -> Guild:
        """Somebody opens the link and picks their server."""
        reef = self.fake.add_guild("Reef")
        self.fake.add_channel("general", reef)
        return reef


@pytest.fixture
async def stranger(tmp_path: Path) -> AsyncIterator[Stranger]:
    async with FakeDiscord(token=TOKEN) as fake, SimulatedUpstream(canvas=64) as upstream:
        fake.remove_guild(fake.guild)
        own = tmp_path / "easel"
        own.mkdir()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")} | {
            "PYTHONPATH": str(ROOT),
            "EASEL_SECRETS_DIR": str(tmp_path),
            "EASEL_DISCORD_API": fake.api,
            "EASEL_DISCORD_GATEWAY": fake.gateway,
            "EASEL_API_URL": upstream.origin,
            "EASEL_API_STORAGE": upstream.storage,
        }
        somebody = Stranger(fake, upstream, own, environ)
        yield somebody
        for terminal in somebody.terminals:
            await terminal.close()
        for begun in somebody.scripted:
            begun.tell(signal.SIGKILL)
            await begun.ended(5)
        assert fake.findings == []


def complaints(shown: str) -> list[str]:
    """Every line that says what is wrong."""
    return [line for line in shown.splitlines() if line.startswith("✖")]


def cards(stranger: Stranger, channel: Channel) -> list[str]:
    """What the bot wrote there."""
    return [message.text for message in stranger.fake.messages(channel)]


@pytest.mark.timeout(300)
async def test_a_stranger_at_a_terminal_gets_from_an_empty_folder_to_a_bot_that_says_hello(
    stranger: Stranger,
) -> None:
    for command in ("run", "doctor"):
        status, shown = await stranger.sees(command)
        assert status == (78 if command == "run" else 1)
        assert "easel setup" in shown
    assert list(stranger.folder.iterdir()) == []

    setup = await stranger.types("setup")
    await setup.reads("portal, Bot)")
    await setup.types_hidden(WRONG_TOKEN)
    refused = await setup.reads("portal, Bot)")
    assert complaints(refused) == [
        "✖ Discord refused EASEL_DISCORD_TOKEN: copy it again from the Bot page of the developer portal."
    ]
    await setup.types_hidden(TOKEN)
    invitation = await setup.reads("Waiting")
    assert f"client_id={stranger.fake.application_id}" in invitation
    reef = stranger.invited()
    await setup.reads("It is on Reef")
    await setup.reads("Midjourney permission (stays hidden):")
    await setup.types_hidden(WRONG_KEY)
    refused = await setup.reads("Midjourney permission (stays hidden):")
    assert complaints(refused) == [
        "✖ The image API refuses this key: make one with the Midjourney permission."
    ]
    await setup.types_hidden(SANDBOX_KEY)
    told = await setup.reads("Start the bot now?")
    assert "credits" in told
    assert "NORMAL" in told
    assert stat.S_IMODE((stranger.folder / ".env").stat().st_mode) == 0o600
    setup.types("")
    await setup.reads("started ")
    (channel,) = reef.channels

    (card,) = await eventually(lambda: cards(stranger, channel), 30, lambda: setup.shown)
    assert "`/imagine` makes a picture" in card
    status = await setup.interrupt()
    stranger.note(("setup",), setup.shown, status)
    assert status == 0
    stranger.transcript += ["In #general of Reef stands:", card, ""]

    status, shown = await stranger.sees("doctor")
    assert (status, complaints(shown)) == (0, [])
    running = await stranger.types("run")
    await running.reads("started ")
    assert await running.interrupt() == 0
    stranger.note(("run",), running.shown, 0)
    assert len(cards(stranger, channel)) == 1
    stranger.keep("first-ten-minutes.txt")


@pytest.mark.timeout(300)
async def test_a_script_without_a_terminal_gets_there_with_the_same_sentences(stranger: Stranger) -> None:
    reef = stranger.invited()

    tries = [
        await stranger.scripts("setup", "--no-input", "--no-start", DISCORD_TOKEN=token, API_KEY=key)
        for token, key in ((WRONG_TOKEN, SANDBOX_KEY), (TOKEN, WRONG_KEY), (TOKEN, SANDBOX_KEY))
    ]

    assert [status for status, _ in tries] == [78, 78, 0]
    wrong_token, wrong_key, right = (said.strip().splitlines() for _, said in tries)
    assert len(wrong_token) == 1
    assert "EASEL_DISCORD_TOKEN" in wrong_token[0]
    assert "key" in wrong_key[-1]
    assert any("It is on Reef" in line for line in right)
    status, said = await stranger.scripts("doctor", "--json")
    assert (status, '"ok": true' in said) == (0, True)
    running = stranger.begins("run")
    await eventually(lambda: "started " in running.output, 60, lambda: running.tail)
    (channel,) = reef.channels
    await eventually(lambda: cards(stranger, channel), 30, lambda: running.tail)
    running.tell(signal.SIGINT)
    status = await running.ended(30)
    stranger.note(("run",), running.output, status)
    assert status == 0
    stranger.keep("first-ten-minutes-scripted.txt")
