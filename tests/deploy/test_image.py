"""The image, built as the Dockerfile says and run, without a daemon and without a registry: on a base made from Debian's packages.
Never here: the compose file (test_containers), and the published base, which a registry hands out.

It downloads some hundred megabytes, so it is asked for: `EASEL_BUILD_IMAGE=1 pytest tests/deploy/test_image.py`, as root, with
Debian's packages buildah and debootstrap.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from bot.sandbox.upstream import SANDBOX_KEY, Pace, SimulatedUpstream
from tests.fakes.discord_wire import FakeDiscord
from tests.fixtures.ports import free_port
from tests.wire.installation import eventually

if TYPE_CHECKING:
    from tests.fakes.discord_wire import Message

TOP: Final = Path(__file__).resolve().parents[2]
TOOLS: Final = ("buildah", "debootstrap")
PACKAGES: Final = "python3,python3-venv,python3-pip,ca-certificates"
MISSING: Final = [tool for tool in TOOLS if shutil.which(tool) is None]

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("EASEL_BUILD_IMAGE") != "1", reason="downloads much: EASEL_BUILD_IMAGE=1 asks for it"
    ),
    pytest.mark.skipif(bool(MISSING), reason=f"not here: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a file system is made by root alone"),
    pytest.mark.timeout(1_200),
]


@dataclass(eq=False)
class Yard:
    """Where images are kept for the length of a test."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return ("buildah", "--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run", *arguments)

    async def begin(self, *arguments: str) -> asyncio.subprocess.Process:
        """Begin one of buildah's verbs."""
        own = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
        return await asyncio.create_subprocess_exec(
            *self._command(*arguments),
            cwd=TOP,
            env=os.environ | own,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def does(self, *arguments: str) -> str:
        """One of buildah's verbs to its end; what it said."""
        process = await self.begin(*arguments)
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()[-4_000:]
        return said.decode().strip()

    async def base(self) -> str:
        """A stand-in for python:slim: Debian with Python, and `python` and `pip` on the path."""
        there = self.folder / "base"
        process = await asyncio.create_subprocess_exec(
            *("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(there)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await process.wait() == 0
        (there / "usr/bin/python").symlink_to("python3")
        for mark in there.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
            mark.unlink()
        container = await self.does("from", "scratch")
        await self.does("copy", "--quiet", container, str(there), "/")
        await self.does("config", "--env", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", container)
        await self.does("commit", "--quiet", container, "localhost/base")
        return "localhost/base"

    async def image(self, base: str) -> str:
        """The Dockerfile's image on that base."""
        certificates = "/etc/ssl/certs:/etc/ssl/certs:ro"
        names = "/etc/resolv.conf:/etc/resolv.conf:ro"
        await self.does(
            *(
                "build",
                "--format",
                "docker",
                "--network",
                "host",
                "--volume",
                certificates,
                "--volume",
                names,
            ),
            *("--build-arg", f"BASE={base}", "--file", "deploy/Dockerfile", "--tag", "localhost/easel", "."),
        )
        return await self.does("from", "localhost/easel")


def inside(mark: str) -> int | None:
    """The process id of the bot whose environment holds this."""
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            ours = command.endswith(b"easel\0run\0") and b"buildah" not in command
            if ours and mark.encode() in (entry / "environ").read_bytes():
                return int(entry.name)
        except OSError:
            continue
    return None


async def test_the_image_is_built_and_makes_a_picture_as_nobody_in_particular(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    container = await yard.image(await yard.base())

    assert (await yard.does("run", container, "--", "easel", "--version")).startswith("easel ")
    assert "uid=10001(easel)" in await yard.does("run", container, "--", "id")
    tried = "touch /opt/easel/x 2>/dev/null && echo open; touch /data/x && rm /data/x && echo data"
    assert await yard.does("run", container, "--", "sh", "-c", tried) == "data"

    async with FakeDiscord() as fake, SimulatedUpstream(canvas=64, pace=Pace(speed=30)) as upstream:
        port = free_port()
        environ = {
            "EASEL_DISCORD_TOKEN": fake.token,
            "EASEL_DISCORD_API": fake.api,
            "EASEL_DISCORD_GATEWAY": fake.gateway,
            "EASEL_API_KEY": SANDBOX_KEY,
            "EASEL_API_URL": upstream.origin,
            "EASEL_API_STORAGE": upstream.storage,
            "EASEL_IMAGE_HOSTS": upstream.host,
            "EASEL_SERVERS": "open",
            "EASEL_WEB_LISTEN": f":{port}",
        }
        given = [word for name, value in environ.items() for word in ("--env", f"{name}={value}")]
        await yard.does("run", *given, container, "--", "easel", "doctor")
        running = await yard.begin("run", *given, container, "--", "easel", "run")
        try:
            await fake.until(lambda: fake.identified, 60)
            asked = await fake.slash("imagine", {"prompt": "a paper fox"})

            def card() -> Message | None:
                message = asked.message()
                return message if message is not None and message.shown and message.buttons else None

            assert (await fake.until(card, 60)).buttons[0].label == "U1"
            ask = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/readyz', timeout=60).status)"
            assert await yard.does("run", container, "--", "python", "-c", ask) == "200"
            bot = await eventually(lambda: inside(fake.api), 10, lambda: "it runs nowhere")
            os.kill(bot, signal.SIGTERM)
            said, _ = await asyncio.wait_for(running.communicate(), 60)
        finally:
            if running.returncode is None:
                running.kill()
        assert running.returncode == 0
        assert '"stopped"' in said.decode()
