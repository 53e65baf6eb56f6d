"""A chain of depth four with a Custom Zoom and a region with words at a proxy, written down as it was heard on both sides.
Never here: what may go wrong on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.mjproxy.flavours import Flavour
from tests.e2e.test_proxy import proxied
from tests.e2e.test_regions import REGION, choose, painted, picker
from tests.e2e.test_windows import ZOOM, defaults, send
from tests.faults.report import folder

if TYPE_CHECKING:
    from pathlib import Path

    from bot.sandbox.mjproxy.server import SimulatedProxy
    from tests.e2e.seen import Card

SHOWN = 96
"""Characters of a value."""


class Transcript:
    """What people did and saw, and between it what went over the wire."""

    def __init__(self, proxy: SimulatedProxy) -> None:
        self._proxy = proxy
        self._heard = 0
        self.lines = ["# A chain at a proxy of the `/mj` family", ""]

    def step(self, did: str) -> None:
        self._wire()
        self.lines += ["", f"## {did}", ""]

    def saw(self, card: Card) -> None:
        self._wire()
        self.lines += [
            "",
            *(f"> {line}" for line in card.words.splitlines()),
            f"> {' · '.join(card.buttons)}",
        ]

    def window(self, fields: dict[str, str]) -> None:
        self.lines += [f"* the window begins with {name} `{value}`" for name, value in fields.items()]

    def _wire(self) -> None:
        for call in self._proxy.calls[self._heard :]:
            if call.endpoint in {"imagine", "action", "modal"}:
                body = ", ".join(f"{name}: {_cut(value)}" for name, value in sorted(call.body.items()))
                self.lines.append(f"* `POST {call.path}` {body} → {call.outcome}")
        self._heard = len(self._proxy.calls)


def _cut(value: Any) -> str:
    words = str(value)
    return f"`{words if len(words) <= SHOWN else words[:SHOWN] + '…'}`"


async def test_a_chain_of_depth_four_is_written_down(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.TRUEAI) as (world, proxy):
        told = Transcript(proxy)
        told.step("/imagine a paper fox --ar 3:2 --v 7")
        grid = await world.grid("a paper fox --ar 3:2 --v 7")
        told.saw(grid)

        told.step("U2")
        single = await world.child(grid, "U2")
        told.saw(single)

        told.step("Custom Zoom, 1.4, with other words")
        window = await world.press(single, ZOOM)
        told.window(defaults(window))
        zoomed = await world.finished(
            await send(world, window, zoom="1.4", prompt="a paper fox in a forest --ar 16:9 --v 7")
        )
        told.saw(zoomed)

        told.step("U1")
        large = await world.child(zoomed, "U1")
        told.saw(large)

        told.step("Vary (Region), squares A1 and B1, with words")
        opened = await world.press(large, REGION)
        await choose(world, opened, "A1", "B1")
        window = await world.press(picker(opened), "Repaint with words…")
        told.window(defaults(window))
        repainted = await painted(world, await send(world, window, prompt="a red moon --ar 16:9 --v 7"))
        told.saw(repainted)

        jobs = [
            await world.app.services.jobs.store.get(key) for key in _keys(repainted, large, zoomed, single)
        ]
        assert [job.press is not None for job in jobs if job is not None] == [True] * 4
        assert len({job.root for job in jobs if job is not None}) == 1
        assert [job.prompt for job in jobs if job is not None] == [
            "a red moon --ar 16:9 --v 7",
            "a paper fox in a forest --ar 16:9 --v 7",
            "a paper fox in a forest --ar 16:9 --v 7",
            "a paper fox --ar 3:2 --v 7",
        ]
        assert (proxy.counts["modal"], proxy.paid, proxy.broken_rules) == (2, 5, [])
        told.step("What was paid")
        told.lines.append(f"{proxy.paid} tasks; rules that the client broke: {len(proxy.broken_rules)}.")
    (folder() / "proxy-chain.md").write_text("\n".join(told.lines) + "\n", encoding="utf-8")


def _keys(*cards: Card) -> list[Any]:
    return [card.words.rpartition("`")[0].rpartition("`")[2] for card in cards]
