"""What people have done on the stage so far, as the database, the simulated Discord and the simulated API have it.
Never here: what of it the tour asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from simcord.components import walk_components

from bot.domain.actions import Family, classify
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.stage import GUILD_ID
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import simcord
    from simcord.backend.models import Message

    from bot.domain.jobs import Job
    from bot.domain.servers.moderation import WordRule
    from bot.process import App
    from bot.sandbox.stage import Place
    from bot.sandbox.upstream.loopback import LoopbackServer

AT_MOST: Final = 200
"""Jobs of one person that are looked at."""
CONTROLS: Final = frozenset({2, 3, 5, 6, 7, 8})
"""Discord's types of what can be pressed or chosen from."""
PANEL: Final = 4
"""So many controls make an answer to /mod or /pool a panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything since the tour began."""

    jobs: Sequence[Job] = ()
    """Everybody's, oldest first."""
    rules: Sequence[WordRule] = ()
    refused: bool = False
    """Whether the log channel tells of a refused prompt."""
    pings: int = 0
    """Pictures in the channel that called somebody."""
    copies: int = 0
    """Pictures in direct messages."""
    commands: frozenset[str] = frozenset()
    """First words of the commands that were answered."""
    panel: bool = False


@dataclass(slots=True, kw_only=True)
class Witness:
    """Looks, and tells what one job came to."""

    app: App
    env: simcord.Env
    place: Place
    upstream: LoopbackServer
    _since: int = field(init=False, default=0)
    _rules: frozenset[WordRule] = field(init=False, default=frozenset())

    async def begin(self) -> None:
        """What was before does not count: a kept database may know of other days."""
        self._since = self.app.clock.now()
        self._rules = frozenset((await self.app.services.guilds.settings(GUILD_ID)).words)

    async def look(self) -> Scene:
        """Everything since `begin`."""
        settings = await self.app.services.guilds.settings(GUILD_ID)
        jobs: list[Job] = []
        for person in self.place.people:
            page = await self.app.storage.archive.page(person.id, GUILD_ID, skip=0, limit=AT_MOST)
            jobs += [job for job in page.jobs if job.created_at >= self._since]
        here = list(self._messages(self.place.channel.id))
        direct = [m for p in self.place.people for m in self._messages(p.user.dm_channel.id)]
        answered = [m for m in (*here, *direct) if m.interaction_metadata is not None]
        return Scene(
            jobs=sorted(jobs, key=lambda job: (job.created_at, job.key)),
            rules=[rule for rule in settings.words if rule not in self._rules],
            refused=any(
                self._tells_of_refusal(m, settings.locale) for m in self._messages(self.place.log.id)
            ),
            pings=sum(bool(m.ping_user_ids and m.attachments) for m in here),
            copies=sum(bool(m.attachments) for m in direct),
            commands=frozenset(str((m.interaction_metadata or {}).get("name")) for m in answered),
            panel=any(_is_panel(m) for m in answered),
        )

    def call_of(self, job: Job) -> str | None:
        """The line of the call that began it upstream."""
        return next(
            (
                call.line
                for call in self.upstream.calls
                if job.task_id is not None and call.method == "POST" and call.line.endswith(str(job.task_id))
            ),
            None,
        )

    def credits_of(self, job: Job) -> int | None:
        """What the simulated API took for it."""
        if job.task_id is None:
            return None
        if isinstance(self.upstream, SimulatedProxy):
            record = self.upstream.state.records.get(str(job.task_id))
            number = record.task.id if record is not None and record.task is not None else None
        else:
            number = int(job.task_id)
        charges = self.upstream.service.accounts.charges
        return next((int(charge.credits) for charge in charges if charge.task_id == number), None)

    def _messages(self, channel: int) -> Iterator[Message]:
        """The bot's own, since the tour began."""
        backend = self.env.backend
        return (m for m in backend.messages.get(channel, {}).values() if m.author_id == backend.bot_user.id)

    def _tells_of_refusal(self, message: Message, locale: str | None) -> bool:
        catalogues = self.app.bot.catalogues
        said = " ".join(_words(message))
        return any(
            catalogues.render(text("log.refused", user=person.id, why="\0"), locale or "en").partition("\0")[
                0
            ]
            in said
            for person in self.place.people
        )


def family_of(job: Job) -> Family | None:
    """What a press asked for; None for a root."""
    return None if job.press is None else classify(job.press.custom_id)


def _components(message: Message) -> Iterator[dict[str, Any]]:
    yield from walk_components(message.components)


def _words(message: Message) -> Iterator[str]:
    yield message.content
    yield from (str(part["content"]) for part in _components(message) if "content" in part)


def _is_panel(message: Message) -> bool:
    by = (message.interaction_metadata or {}).get("name")
    return (
        by in {"mod", "pool"} and sum(part.get("type") in CONTROLS for part in _components(message)) >= PANEL
    )
