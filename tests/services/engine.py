"""A second engine for tests of services: it draws words, remembers every order, and refuses or is silent on demand.
Never here: expectations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.capabilities import OHMYGPT
from bot.domain.engine_models import engine_model
from bot.domain.intake.drawing import DrawnPicture
from bot.domain.pools import UNLIMITED, Pool
from bot.errors import RemoteError, RemoteFault
from bot.services.history.drawn_pictures import DrawnPictures
from tests.services.harness import Api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.capabilities import Capabilities
    from bot.domain.engine_models import EngineModel
    from bot.domain.intake.drawing import Order
    from tests.services.harness import Effects, Harness, Upstream

MODEL = "gpt-image-1.5"


class Studio:
    """What the engine did; it outlives any process."""

    def __init__(self, model: str = MODEL) -> None:
        found = engine_model(model)
        assert found is not None
        self.model = found
        self.orders: list[tuple[Order, tuple[bytes, ...]]] = []
        """Every order that was paid for, with the pictures that it started from."""
        self.refusals: list[RemoteError] = []
        self.is_refused = False
        self.swallow = 0
        """So many orders are drawn while their answers are lost."""
        self.most: int | None = None
        """So many pictures it brings at most, whatever is ordered."""
        self.addresses: list[str] = []
        """Where the next pictures lie, instead of being in the answer."""


class Engine:
    """One process's way to it."""

    def __init__(self, studio: Studio, effects: Effects) -> None:
        self._studio = studio
        self._effects = effects

    @property
    def model(self) -> EngineModel:
        return self._studio.model

    @property
    def is_refused(self) -> bool:
        return self._studio.is_refused

    async def draw(
        self, order: Order, *, images: Sequence[tuple[bytes, str]] = ()
    ) -> tuple[DrawnPicture, ...]:
        async def call() -> tuple[DrawnPicture, ...]:
            studio = self._studio
            if studio.refusals:
                raise studio.refusals.pop(0)
            studio.orders.append((order, tuple(data for data, _ in images)))
            if studio.swallow:
                studio.swallow -= 1
                raise RemoteError(RemoteFault.UNCLEAR, "no answer")
            numbers = range(1, min(order.number, studio.most or order.number) + 1)
            if studio.addresses:
                return tuple(DrawnPicture(b"", "", studio.addresses.pop(0)) for _ in numbers)
            made = len(studio.orders)
            return tuple(DrawnPicture(f"drawn {made} {n}".encode(), "image/png") for n in numbers)

        return await self._effects.around("POST draw", call())


class Drawing(Api):
    """An account whose key opens the engine too."""

    def __init__(self, upstream: Upstream, effects: Effects, studio: Studio) -> None:
        super().__init__(upstream, effects)
        self.engine = Engine(studio, effects)

    @property
    def capabilities(self) -> Capabilities:
        return replace(OHMYGPT, engine=self.engine.model)


def furnish(world: Harness, model: str = MODEL) -> Studio:
    """Give a world an engine, before it boots."""
    studio = Studio(model)
    world.way_to = lambda _account: Drawing(world.upstream, world.effects, studio)
    world.through = DrawnPictures
    world.rules = {**world.rules, Pool.DRAW: UNLIMITED}
    return studio
