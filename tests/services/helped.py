"""A moderated server whose owner named a chat model: asked over loopback by the real client, with a point to die on either side.
Never here: assertions; tests judge."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import TOKEN_LIFE_MS
from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.openai.chat import OpenAiChat
from bot.midjourney.transport import open_clients
from bot.sandbox.upstream import SANDBOX_KEY, SimulatedUpstream
from bot.services.admission.viewer import Viewer
from bot.storage.tables import ledger
from tests.services.harness import GUILD, Harness
from tests.services.server_harness import ADA, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.ports import ImageApi
    from bot.services.admission.asker import Asker
    from bot.services.intake.improving import Improved

MODEL: Final = "gpt-4o-mini"
PRICE: Final = 3
"""What a question costs on the servers of these tests."""
GERMAN, ENGLISH = "ein Fuchs im Schnee", "a fox in the snow"
ME: Final = Viewer(user_id=1, guild_id=GUILD, manages=False)


class WatchedChat:
    """The real way to the model."""

    def __init__(self, world: Harness, inner: OpenAiChat) -> None:
        self._world = world
        self._inner = inner

    async def chat(self, model: str, *, instructions: str, words: str, seconds: float) -> str:
        call = self._inner.chat(model, instructions=instructions, words=words, seconds=seconds)
        return await self._world.effects.around("POST chat", call)


@dataclass
class Room:
    """Room for the cards of one press; every card's asker is the one who pressed."""

    world: Harness
    pressed: int = 4242
    user: int = 1
    shut_again: list[Asker] = field(default_factory=list)

    async def open(self) -> Asker:
        return self.world.asker(user=self.user, interaction=self.pressed)

    async def shut(self, asker: Asker) -> None:
        self.shut_again.append(asker)


class Helped:
    """The server, the model, and what people do with it."""

    def __init__(self, server: Server, model: SimulatedUpstream) -> None:
        self.server = server
        self.world = server.world
        self.model = model

    @property
    def asked(self) -> int:
        """How often the model was asked."""
        return len(self.model.calls_to("chat"))

    async def translating(self, *, on: bool = True) -> None:
        """Moderators have prompts sent in English, and say what that costs."""
        await self.server.guilds.set_values(GUILD, ADA, "translate", {"on": on})
        await self.price(PRICE)

    async def price(self, units: int) -> None:
        """What a question costs."""
        await self.server.guilds.set_price(GUILD, ADA, Pool.NORMAL, Charge.HELP, units)

    async def improved(self, prompt: str = "a paper fox", *, asker: Asker | None = None) -> Improved:
        """Type /imagine with “improve”."""
        options = PromptOptions(prompt=prompt)
        return await self.world.services.improving.typed(asker or self.server.asker(), options, None, None)

    async def spent(self, user: int = 1) -> int:
        """What somebody's allowance is used up by."""
        query = select(func.coalesce(func.sum(ledger.c.units), 0)).where(ledger.c.user_id == user)
        total: int = await self.world._opened.database.read(lambda cn: cn.execute(query).scalar_one())
        return total

    async def drawn(self) -> int:
        """What the owner's count has of this server today."""
        return (await self.world.services.owner_policy.view(GUILD)).used.today

    async def questions(self) -> list[str]:
        """The books of questions, in order."""
        return [kind for _key, kind in await self.world.ledger() if kind.startswith("help")]

    async def thinks(self, asker: Asker, kind: AnswerKind = AnswerKind.PUBLIC) -> None:
        """Somebody is shown “thinking…”, which is on disk first."""
        now = self.world.clock.now()
        answer = OpenAnswer(
            interaction_id=asker.interaction_id,
            application_id=asker.reply.application_id,
            token=asker.reply.token,
            token_until=now + TOKEN_LIFE_MS,
            channel_id=asker.reply.channel_id,
            guild_id=asker.server,
            user_id=asker.user_id,
            locale=asker.locale,
            kind=kind,
            at=now,
        )
        await self.world.services.answers.open(answer)
        self.world.discord.placeholders[asker.interaction_id] = 0


def furnish(world: Harness, api: MidjourneyApi) -> None:
    """Give a world a chat model behind its accounts' own key, before it opens."""

    def chat_of(_api: ImageApi) -> WatchedChat:
        return WatchedChat(world, OpenAiChat(api.caller, api.key))

    world.more_ports["chat_of"] = chat_of
    world.more_terms["helper_model"] = MODEL


@asynccontextmanager
async def open_model() -> AsyncIterator[tuple[SimulatedUpstream, MidjourneyApi]]:
    """The simulated API on loopback, and the client that asks it."""
    async with SimulatedUpstream() as model, open_clients(trust_env=False) as clients:
        yield model, MidjourneyApi(clients, ApiSettings(key=SANDBOX_KEY, origin=model.origin))


@asynccontextmanager
async def open_helped(folder: Path) -> AsyncIterator[Helped]:
    """A server whose process sends nothing by itself."""
    async with open_model() as (model, api):
        world = Harness(folder)
        furnish(world, api)
        await world.open()
        server = Server(world)
        await server.open()
        try:
            yield Helped(server, model)
        finally:
            await server.close()
            await world.kill()
