"""One installation of the bot: a database, settings, processes of the real program, and the two doubles around it.
Never here: expectations about a single feature; only what must hold whatever a test did (`judge`)."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot.sandbox.upstream import SANDBOX_KEY, Pace, SimulatedUpstream
from tests.fakes.discord_traffic import SLOW_MACHINE
from tests.fakes.discord_wire import FakeDiscord
from tests.fixtures.ports import free_port
from tests.fixtures.times import CALM
from tests.wire import program
from tests.wire.program import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from bot.sandbox.upstream import Call, Task
    from tests.fakes.discord_wire import Interaction, Message
    from tests.fakes.discord_world import Channel, User
    from tests.fixtures.postgres_reader import PostgresReader
    from tests.fixtures.times import Times

T = TypeVar("T")

FOLDED: Final = "➡️"
"""How a card begins whose result came as a message of its own."""
KEY: Final = re.compile(r"`([0-9a-z]{12})`")
"""A job's key, as its card's footer shows it."""
QUICK: Final = Pace(speed=30)
"""A NORMAL grid in 1.2 s, a FAST one in 0.7 s."""
START_S: Final = 60.0
SUBMITS: Final = ("imagine", "action", "blend", "describe")


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the database has it."""

    key: str
    state: str
    pool: str
    prompt: str
    task_id: str | None
    parent: str | None
    press_custom_id: str | None
    press_label: str | None
    user_id: int
    interaction_id: int
    failure_kind: str | None
    route: str | None
    delivered_at: int | None
    message_id: int | None
    owner: str | None
    created_at: int

    @property
    def delivered(self) -> bool:
        """Whether people were shown its outcome, or it is kept for them."""
        return self.delivered_at is not None

    @property
    def asked(self) -> tuple[str, str | None, str | None]:
        """What was asked upstream: no two jobs of these tests ask the same."""
        return self.prompt, self.parent, self.press_custom_id


_COLUMNS: Final = ", ".join(Row.__dataclass_fields__)


@dataclass(eq=False)
class Installation:
    """The bot's installation. Open it with `open_house`; it ends every process that it began."""

    fake: FakeDiscord
    upstream: SimulatedUpstream
    folder: Path
    environ: dict[str, str]
    programs: list[Program] = field(default_factory=list)
    """Processes of the bot."""
    verbs: list[Program] = field(default_factory=list)
    """Other things that `easel` was asked to do beside it."""
    postgres: PostgresReader | None = None
    """Set where the database is no SQLite file."""
    database_name: str = "easel.db"
    times: Times = field(default_factory=dict)
    """Times of ours that its processes have otherwise; none in most tests."""

    # -- processes -----------------------------------------------------------------------------------------

    def begin(self, *, whole: bool = False, **settings: str) -> Program:
        """Begin a process, with `NAME="value"` for `EASEL_NAME`; an empty value unsets it."""
        environ = self.environ | {f"EASEL_{name}": value for name, value in settings.items()}
        log = self.folder / f"easel-{len(self.programs) + 1}.log"
        log.touch()
        if whole:
            assert not self.times, "the whole command has the program's own times"
            begun = program.whole(environ, self.folder, log)
        else:
            begun = program.forked(environ, self.folder, log, times={**CALM, **self.times})
        self.programs.append(begun)
        return begun

    def verb(self, *words: str) -> Program:
        """Begin another verb of the program, beside the bot."""
        log = self.folder / f"verb-{len(self.verbs) + 1}.log"
        log.touch()
        begun = program.forked(self.environ, self.folder, log, verb=words, times=CALM)
        self.verbs.append(begun)
        return begun

    async def start(self, *, whole: bool = False, **settings: str) -> Program:
        """Begin a process and wait until it is connected to Discord."""
        shards = len(self.fake.identified)
        begun = self.begin(whole=whole, **settings)
        await self._connected(begun, shards + 1)
        return begun

    async def _connected(self, begun: Program, identified: int) -> None:
        ready = asyncio.ensure_future(
            self.fake.until(lambda: len(self.fake.identified) >= identified, START_S)
        )
        while not ready.done() and begun.running:
            await asyncio.wait([ready], timeout=0.2)
        if not ready.done():
            ready.cancel()
            raise AssertionError(f"it ended with {begun.code} before it was connected\n{begun.tail}")
        await ready

    async def stop(self, running: Program, *, within: float = 12.0) -> int:
        """Ask a process to stop and wait for it; its exit status."""
        running.tell(signal.SIGTERM)
        code = await running.ended(within * SLOW_MACHINE)
        await self._left()
        return code

    async def kill(self, running: Program) -> None:
        """`kill -9`; returns when Discord has noticed."""
        running.tell(signal.SIGKILL)
        await running.ended(5 * SLOW_MACHINE)
        await self._left()

    async def _left(self) -> None:
        alive = sum(one.running for one in self.programs)
        await self.fake.until(lambda: len(self.fake.socket.connected) <= alive)

    # -- people --------------------------------------------------------------------------------------------

    async def imagine(
        self,
        prompt: str,
        *,
        user: User | None = None,
        channel: Channel | None = None,
        **options: Any,
    ) -> Interaction:
        """Somebody types `/imagine`."""
        return await self.fake.slash("imagine", {"prompt": prompt, **options}, user=user, channel=channel)

    async def card(self, interaction: Interaction, *, within: float = 25.0) -> Message:
        """The answer's message once it shows a picture and buttons."""

        def finished() -> Message | None:
            message = interaction.message()
            return message if message is not None and message.shown and message.buttons else None

        return await self.fake.until(finished, within)

    async def grid(self, prompt: str, **options: Any) -> Message:
        """A finished grid."""
        return await self.card(await self.imagine(prompt, **options))

    async def says(self, interaction: Interaction, words: str, *, within: float = 25.0) -> Message:
        """The answer's message once it says something."""

        def said() -> Message | None:
            message = interaction.message()
            return message if message is not None and words in message.text else None

        return await self.fake.until(said, within)

    # -- eyes ----------------------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """Every accepted job, the oldest first."""
        return [Row(*row) for row in self.fetch(f"SELECT {_COLUMNS} FROM jobs ORDER BY created_at, key")]  # noqa: S608 - our own names

    def fetch(self, query: str) -> Sequence[Sequence[Any]]:
        """Ask the database, on a connection of its own; nothing if it is not there yet."""
        if self.postgres is not None:
            return self.postgres.fetch(query)
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(query).fetchall()

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / self.database_name

    def shown(self, key: str) -> list[Message]:
        """Every message, wherever it stands, that is a card of this job now; a folded one only leads to it."""
        places = list(self.fake.world.channels.values())
        everywhere = (message for place in places for message in self.fake.messages(place))
        cards = (message for message in everywhere if key in KEY.findall(message.text))
        return [card for card in cards if not card.text.startswith(FOLDED)]

    @property
    def submissions(self) -> list[Call]:
        """Every call that could have cost something, accepted or not."""
        return [call for call in self.upstream.calls if call.endpoint in SUBMITS]

    @property
    def accepted(self) -> list[Task]:
        """What was paid for."""
        return self.upstream.tasks

    async def settled(self, *, within: float = 30.0) -> list[Row]:
        """Wait until every accepted job has been delivered; the rows."""

        def all_delivered() -> list[Row] | None:
            rows = self.rows()
            return rows if all(row.delivered for row in rows) else None

        # The last of several jobs takes seconds: looking at all rows twenty times in each was a third of such a test.
        return await eventually(all_delivered, within, lambda: f"undelivered jobs\n{self.rows()}", every=0.25)

    def row(self, interaction: Interaction) -> Row | None:
        """The job that an interaction began, if it was accepted."""
        return next((row for row in self.rows() if row.interaction_id == interaction.id), None)

    async def accepted_row(self, interaction: Interaction) -> Row:
        """The job that an interaction began, once it is stored."""
        return await eventually(lambda: self.row(interaction), 10, lambda: "no job was stored")

    async def delivered(self, interaction: Interaction, *, within: float = 30.0) -> Row:
        """The job that an interaction began, once it counts as delivered."""

        def found() -> Row | None:
            row = self.row(interaction)
            return row if row is not None and row.delivered else None

        return await eventually(found, within, lambda: f"undelivered: {self.row(interaction)}")

    def fate(self, row: Row) -> tuple[int, int]:
        """Whether the job is lost (undelivered, or not to be seen), and how often too much it was shown or sent."""
        cards = [card for card in self.shown(row.key) if has_ended(card)]
        seen = row.route == "kept" or bool(cards)
        tasks = [task for task in self.accepted if row.task_id == str(task.id)]
        lost = not row.delivered or not seen or (row.state == "succeeded" and not tasks)
        return int(lost), max(0, len(cards) - 1) + len(doubled(self.accepted))

    # -- what always holds ---------------------------------------------------------------------------------

    def judge(self) -> None:
        """Discord's document rejected no request, and nothing was paid for twice."""
        assert self.fake.findings == []
        assert doubled(self.accepted) == []

    async def close(self) -> None:
        """End every process by its own id, and print what a failure needs."""
        for one in (*self.programs, *self.verbs):
            one.tell(signal.SIGKILL)
            await one.ended(5)
            print(f"-- {one.log.name}, exit status {one.code}\n{one.tail}")  # noqa: T201 - pytest shows it on failure


def has_ended(card: Message) -> bool:
    """Whether it shows an outcome: only progress says since when."""
    return not card.loading and "<t:" not in card.text


def doubled(tasks: list[Task]) -> list[tuple[str | None, int | None, str | None]]:
    """What was submitted more than once: a prompt, or a button of a task."""
    asked = [(None if task.custom_id else task.prompt, task.parent, task.custom_id) for task in tasks]
    return [one for one in set(asked) if asked.count(one) > 1]


async def eventually(
    look: Callable[[], T | None], within: float, explain: Callable[[], str], *, every: float = 0.05
) -> T:
    """The first true value of something that tells nobody when it changes, such as a file of another process."""
    end = time.monotonic() + within * SLOW_MACHINE
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {within:g} s: {explain()}"
        await asyncio.sleep(every)
    return seen


def environment(fake: FakeDiscord, folder: Path) -> dict[str, str]:
    """The environment of the bot's processes but for the image API: nothing of this machine's own settings gets in."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
    (folder / "no-secrets").mkdir(exist_ok=True)
    environ |= {
        "PYTHONPATH": str(ROOT),
        "EASEL_SECRETS_DIR": str(folder / "no-secrets"),
        "EASEL_DISCORD_TOKEN": fake.token,
        "EASEL_DISCORD_API": fake.api,
        "EASEL_DISCORD_GATEWAY": fake.gateway,
        "EASEL_DATABASE": f"sqlite+aiosqlite:///{(folder / 'easel.db').as_posix()}",
        "EASEL_DEFAULT_RULES": "NORMAL=unlimited,FAST=unlimited",
        "EASEL_MAX_RUNNING": "100",
        "EASEL_SERVERS": "open",
        "EASEL_SERVER_CEILING": "unlimited",
        "EASEL_READS_PER_SECOND": "50",
        "EASEL_LOG_FORMAT": "json",
    }
    return environ


def furnish(
    fake: FakeDiscord, upstream: SimulatedUpstream, folder: Path, *, webhooks: bool
) -> dict[str, str]:
    """The whole environment, with OhMyGPT's API."""
    environ = environment(fake, folder) | {
        "EASEL_OHMYGPT_KEY": next(iter(upstream.service.settings.keys or [SANDBOX_KEY])),
        "EASEL_OHMYGPT_ORIGIN": upstream.origin,
        "EASEL_OHMYGPT_STORAGE": upstream.storage,
        "EASEL_WSRV_ORIGIN": upstream.wsrv,
        "EASEL_IMAGE_HOSTS": upstream.host,
    }
    if webhooks:
        port = free_port()
        environ |= {
            "EASEL_WEB_LISTEN": f"127.0.0.1:{port}",
            "EASEL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
    return environ


@asynccontextmanager
async def open_house(
    folder: Path,
    *,
    webhooks: bool = False,
    token: str = "fake.token.of-the-bot",
    times: Times | None = None,
    **upstream_options: Any,
) -> AsyncIterator[Installation]:
    """Both doubles and an installation between them, judged at the end; further options are the simulated API's."""
    options: dict[str, Any] = {"pace": QUICK, "canvas": 64} | upstream_options
    async with FakeDiscord(token=token) as fake, SimulatedUpstream(**options) as upstream:
        environ = furnish(fake, upstream, folder, webhooks=webhooks)
        house = Installation(fake, upstream, folder, environ, times=times or {})
        try:
            yield house
            house.judge()
        finally:
            await house.close()
