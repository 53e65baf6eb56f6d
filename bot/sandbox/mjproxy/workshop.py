"""Making the family's tasks out of the shared ones: presses, filled windows, shortened prompts.
Never here: HTTP answers, and which server allows what."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from typing_extensions import override

from bot.sandbox.upstream import bodies
from bot.sandbox.upstream.answers import ApiResponse, Refusal
from bot.sandbox.upstream.buttons import Family, read_press
from bot.sandbox.upstream.pictures.plan import (
    Form,
    Picture,
    Repainted,
    Scene,
    Single,
    Wider,
    first_frame,
    ratio_of,
    scene_under,
    vary,
)
from bot.sandbox.upstream.pictures.size import size_of
from bot.sandbox.upstream.presses import STRENGTHS, derive, press
from bot.sandbox.upstream.prompts import read_prompt
from bot.sandbox.upstream.submissions import Ask, Submissions
from bot.sandbox.upstream.tasks import Ending, Kind, Pool, Task

if TYPE_CHECKING:
    from bot.sandbox.upstream.buttons import Press

POOLS = {"RELAX": Pool.NORMAL, "FAST": Pool.FAST, "TURBO": Pool.TURBO}
MASK_PREFIX = "data:image/png;base64,"
_ZOOM = re.compile(r"\s--zoom\s+(\S+)")
KEYCAPS = tuple(f"{n}\ufe0f\u20e3" for n in range(1, 6))


@dataclass(frozen=True, slots=True)
class FamilyAsk(Ask):
    """A request of the family, with the speed that was decided on."""

    speed: str = "FAST"

    @property
    @override
    def pool(self) -> Pool:
        """The shared task's pool."""
        return POOLS[self.speed]

    @property
    @override
    def webhook(self) -> str | None:
        """Where to post changes."""
        return bodies.text(self.fields, "notifyHook") or None


class Workshop(Submissions):
    """What the other stand-in accepts, and what only this family can do."""

    async def press(self, ask: FamilyAsk, parent: Task, custom_id: str) -> ApiResponse:
        """Press a button that opens no window."""
        asked = read_press(custom_id)
        if asked is None:
            raise Refusal(400, "unknown action")
        outcome = self._outcome(parent, custom_id, None)
        task = self._follow(ask, parent, custom_id, outcome.kind, outcome.action, parent.prompt)
        again = press(self._service.book, parent, asked, seed=task.seed, mask=None, remix=False)
        task.picture, task.source = again.picture, parent.source
        return await self._describe(task) if task.kind is Kind.TEXT else self._accept(task)

    async def filled(
        self, ask: FamilyAsk, parent: Task, custom_id: str, prompt: str, mask: str | None
    ) -> ApiResponse:
        """What an answered window makes: the words and the mask as they were given."""
        asked = read_press(custom_id)
        written, zoom = _take_zoom(prompt)
        read = read_prompt(written, banned=self._service.settings.banned)
        task = self._follow(ask, parent, custom_id, Kind.GRID, _action(asked), prompt)
        trouble = read.problem
        four: list[Single]
        if asked is not None and asked.family is Family.MODAL and custom_id.startswith("MJ::CustomZoom::"):
            if not 1.0 <= zoom <= 2.0:  # noqa: PLR2004 - Midjourney's own limits
                trouble = trouble or "[Invalid parameter] --zoom must be between 1 and 2"
            ratio = read.aspect[0] / read.aspect[1] if "--ar" in written else None
            four = [
                _zoomed(single, zoom, ratio, derive(task.seed, n), read.words) for n, single in _four(parent)
            ]
        elif asked is not None and asked.family is Family.REGION:
            asset, wrong = await self._painted(parent, mask)
            trouble = trouble or wrong
            four = [
                Repainted(single, asset, derive(task.seed, n), read.words) if asset else single
                for n, single in _four(parent)
            ]
        elif asked is not None and asked.family in {Family.VARIATION, Family.VARY}:
            chosen = _singles(parent)[min(asked.index, len(_singles(parent))) - 1]
            four = [
                _reworded(vary(chosen, derive(task.seed, n), STRENGTHS[asked.detail]), read.words)
                for n in range(4)
            ]
        else:
            frame = first_frame(read.aspect)
            four = [Scene(words=read.words, seed=derive(task.seed, n), frame=frame) for n in range(4)]
        task.picture = Picture(Form.GRID, tuple(four))
        if trouble is not None:
            task.ending, task.fail_reason = Ending.FAILURE, trouble
        return self._accept(task)

    async def shorten(self, ask: FamilyAsk) -> ApiResponse:
        """A prompt to its important words, and five shorter ones."""
        prompt = bodies.text(ask.fields, "prompt") or ""
        if not prompt.strip():
            raise Refusal(400, "prompt is required")
        task = self._new_task(ask, ask.pool, Kind.TEXT, "SHORTEN", prompt, f"/shorten {prompt}")
        task.answer = shortened(prompt)
        return self._accept(task)

    def _follow(
        self, ask: FamilyAsk, parent: Task, custom_id: str, kind: Kind, action: str, prompt: str | None
    ) -> Task:
        task = self._new_task(ask, ask.pool, kind, action, prompt, f"/{action.lower()} {parent.id}")
        task.parent, task.custom_id, task.version = parent.id, custom_id, parent.version
        task.seed = derive(parent.seed, task.id)
        return task

    async def _painted(self, parent: Task, mask: str | None) -> tuple[str | None, str | None]:
        if not mask:
            return None, "[Invalid parameter] a region needs a mask"
        size = size_of(ratio_of(_singles(parent)[0]), self._service.settings.canvas)
        try:
            content = bodies.from_base64(mask)
            return await asyncio.to_thread(self._service.assets.add_mask, content, size), None
        except ValueError as trouble:
            return None, f"[Invalid parameter] mask: {trouble}"


def shortened(prompt: str) -> str:
    """What Midjourney prints about a prompt: its tokens, and five shorter prompts, each with its keycap."""
    words = prompt.split()
    marked = " ".join(
        f"**{word}**" if n % 3 == 0 else f"~~{word}~~" if n % 3 == 1 else word for n, word in enumerate(words)
    )
    shorter = [" ".join(words[: max(1, round(len(words) * share))]) for share in (0.9, 0.7, 0.5, 0.35, 0.2)]
    lines = "\n\n".join(f"{cap} {line}" for cap, line in zip(KEYCAPS, shorter, strict=True))
    return f"## Important tokens\n{marked}\n\n## Shortened prompts\n{lines}"


def _action(asked: Press | None) -> str:
    words = {Family.REGION: "INPAINT", Family.MODAL: "ZOOM", Family.REROLL: "REROLL", Family.PAN: "PAN"}
    return words.get(asked.family, "VARIATION") if asked is not None else "IMAGINE"


def _take_zoom(prompt: str) -> tuple[str, float]:
    match = _ZOOM.search(f" {prompt}")
    if match is None:
        return prompt, 2.0
    try:
        zoom = float(match[1])
    except ValueError:
        zoom = 0.0
    return _ZOOM.sub("", f" {prompt}").strip(), zoom


def _singles(parent: Task) -> tuple[Single, ...]:
    if parent.picture is None:
        raise Refusal(400, "the related task has no picture")
    return parent.picture.singles


def _four(parent: Task) -> list[tuple[int, Single]]:
    return [(n, _singles(parent)[0]) for n in range(4)]


def _zoomed(single: Single, zoom: float, ratio: float | None, seed: int, words: str) -> Wider:
    """The picture in the middle of a larger one, which may have another shape and be made of other words."""
    own = ratio_of(single)
    wanted = own if ratio is None else ratio
    high = max(zoom, zoom * own / wanted)
    wide = wanted * high / own
    left, top = (wide - 1) / 2 / wide, (high - 1) / 2 / high
    scene = scene_under(single)
    other = words if scene is not None and words and words != scene.words else None
    return Wider(single, (left, top, left + 1 / wide, top + 1 / high), seed, other)


def _reworded(single: Single, words: str) -> Single:
    return replace(single, words=words) if isinstance(single, Scene) and words else single
