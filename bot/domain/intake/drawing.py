"""What the second engine is asked for: a `/draw` prompt read into one order, its own actions, and its port.
Never here: which models there are, HTTP, and rules of servers about words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from bot.domain.engine_models import MOST_DRAWN
from bot.domain.intake.copied import unwrapped
from bot.domain.intake.dashes import is_inside, with_hyphens
from bot.domain.intake.prompt_parts import shown, taken_apart
from bot.domain.tasks import RemoteAction
from bot.domain.wording import clean, without_speed_flags
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.engine_models import EngineModel

MOST_KEPT_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one drawn picture as it is kept; a larger one is written anew to fit."""
DRAWN: Final = "drawn:"
"""What a storage key begins with whose pictures are kept beside the job's row."""
AGAIN_ID: Final = "EASEL::DRAW::again"
VARY_ID: Final = "EASEL::DRAW::vary::"

NOTE_PARAMETERS: Final = "note.draw_parameters"
NOTE_ASPECT: Final = "note.draw_aspect"

_OPTION: Final = re.compile(
    r"(?<!\S)--(?P<name>size|quality|q|number|n)(?:\s*=\s*|\s+)(?P<value>[^\s,;]+)", re.IGNORECASE
)
_DASHES: Final = re.compile(r"(?<!\S)[\u2012-\u2015](?=(?:size|quality|number|q|n)\b)")


@dataclass(frozen=True, slots=True)
class Order:
    """One paid call, in our words."""

    words: str
    size: str | None = None
    """None: the model's own default."""
    quality: str | None = None
    number: int = 1
    notes: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """As a job carries it, and as one would type it; it reads to the same order again."""
        given = (("size", self.size), ("quality", self.quality), ("number", self.number))
        options = [f"--{name} {value}" for name, value in given if value and value != 1]
        return " ".join([self.words, *options])


def read_order(
    prompt: str,
    model: EngineModel,
    *,
    size: str | None = None,
    quality: str | None = None,
    number: int | None = None,
) -> Order:
    """Read a prompt and the options of the command, which win over the same in the text.

    Midjourney's parameters and addresses mean nothing to the engine: they are taken out, and `--ar` becomes the
    nearest size. Raises `UserError` with one sentence: no words, or a value that the model does not take.
    """
    typed: dict[str, str] = {}
    own = _DASHES.sub("--", unwrapped(clean(prompt)))
    rest, speed = without_speed_flags(with_hyphens(_OPTION.sub(lambda match: _kept_back(match, typed), own)))
    parts = taken_apart(rest)
    words = " ".join(parts.words).strip()
    if not words:
        raise UserError(text("draw.no_words", engine=model.name))
    aspect = parts.given.get("aspect")
    notes: list[str] = []
    wanted = size or typed.get("size")
    if wanted is None and aspect is not None:
        wanted = _nearest(aspect.value, model.sizes)
        notes += [NOTE_ASPECT] if wanted else []
    foreign = speed or parts.links or parts.repeat > 1 or parts.given.keys() - {"aspect"}
    if foreign or "foreign" in typed:
        notes.append(NOTE_PARAMETERS)
    order = Order(
        words,
        _one_of("size", wanted, model.sizes, model),
        _one_of("quality", quality or typed.get("quality"), model.qualities, model),
        _number(typed.get("number") if number is None else str(number), model),
        tuple(notes),
    )
    return replace(order, size=_said(order.size, model.sizes), quality=_said(order.quality, model.qualities))


def ordered(prompt: str, model: EngineModel) -> Order:
    """The order of a job's prompt. An option that another model wrote, and this one does not take, falls to the default."""
    options = {_name_of(match["name"]): match["value"].lower() for match in _OPTION.finditer(prompt)}
    words = " ".join(_OPTION.sub(" ", prompt).split())
    size, quality, number = options.get("size"), options.get("quality"), options.get("number", "1")
    return Order(
        words,
        size if size in model.sizes else None,
        quality if quality in model.qualities else None,
        min(int(number), model.most) if number.isdecimal() and int(number) else 1,
    )


def with_suffix(prompt: str, suffix: str) -> str:
    """A job's prompt with a server's words behind its own; adding twice adds nothing."""
    found = _OPTION.search(prompt)
    words, options = (prompt, "") if found is None else (prompt[: found.start()], prompt[found.start() :])
    words = words.rstrip()
    if not suffix or ends_with(words, suffix):
        return prompt
    return f"{words}, {suffix} {options}".rstrip()


def ends_with(words: str, suffix: str) -> bool:
    """Whether a prompt's words end with these: in any capitals, with any full stop, and not within a word."""
    mine, theirs = (one.casefold().rstrip(" .,") for one in (words, suffix))
    before = mine.removesuffix(theirs)
    return mine.endswith(theirs) and not (theirs and is_inside(before[-1:]))


def words_of_order(prompt: str) -> str:
    """The words alone, for who takes them elsewhere."""
    return " ".join(_OPTION.sub(" ", prompt).split())


def number_of(prompt: str) -> int:
    """How many pictures a job's prompt asks for."""
    found = [m["value"] for m in _OPTION.finditer(prompt) if _name_of(m["name"]) == "number"]
    return min(int(found[-1]), MOST_DRAWN) if found and found[-1].isdecimal() and int(found[-1]) else 1


def actions_of(model: EngineModel, pictures: int) -> tuple[RemoteAction, ...]:
    """The engine's own actions under so many pictures."""
    varying = range(1, pictures + 1) if model.pictures else ()
    single = pictures == 1
    return (
        RemoteAction(AGAIN_ID, "Again", "🔄"),
        *(RemoteAction(f"{VARY_ID}{n}", "Vary" if single else f"Vary {n}", "🪄") for n in varying),
    )


def varied(custom_id: str) -> int | None:
    """Which picture an action varies, counted from 1; None for any other action."""
    number = custom_id.removeprefix(VARY_ID)
    return int(number) if custom_id.startswith(VARY_ID) and number.isdigit() else None


def _kept_back(match: re.Match[str], typed: dict[str, str]) -> str:
    name, value = _name_of(match["name"]), match["value"].lower()
    if name == "quality" and re.fullmatch(r"\.?[0-9][0-9.]*", value):
        typed["foreign"] = value  # Midjourney's `--q 2`
    else:
        typed[name] = value
    return " "


def _name_of(spelled: str) -> str:
    return {"n": "number", "q": "quality"}.get(spelled.lower(), spelled.lower())


def _one_of(name: str, value: str | None, known: Sequence[str], model: EngineModel) -> str | None:
    if value is None:
        return None
    spelled = value.strip().lower().replace("\u00d7", "x")
    if spelled not in known:
        raise UserError(
            text(f"draw.bad_{name}", engine=model.name, known=", ".join(known), typed=shown(value))
        )
    return spelled


def _number(value: str | None, model: EngineModel) -> int:
    if value is None:
        return 1
    if not re.fullmatch(r"\d{1,4}", value) or not 1 <= int(value) <= model.most:
        raise UserError(text("draw.bad_number", engine=model.name, most=model.most, typed=shown(value)))
    return int(value)


def _said(value: str | None, known: Sequence[str]) -> str | None:
    """The default goes without saying."""
    return None if value == known[0] else value


def _nearest(aspect: str, sizes: Iterable[str]) -> str | None:
    """The size whose sides stand to each other most nearly like that; what was read as an aspect is two numbers."""
    width, _, height = aspect.partition(":")
    wanted = int(width) / int(height)

    def off(size: str) -> float:
        across, _, down = size.partition("x")
        ratio = int(across) / int(down)
        return max(ratio, wanted) / min(ratio, wanted)

    return min((size for size in sizes if "x" in size), key=off, default=None)


# -- the port ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """One picture of an answer: its bytes, or where it lies for an hour."""

    data: bytes
    media_type: str
    address: str | None = None


class Engine(Protocol):
    """An image model behind a key. It raises `RemoteError` and nothing else on trouble."""

    @property
    def model(self) -> EngineModel:
        """What it is."""

    @property
    def is_refused(self) -> bool:
        """Whether the service said a moment ago that the key may not draw: then nobody is let begin an order."""

    async def draw(
        self, order: Order, *, images: Sequence[tuple[bytes, str]] = ()
    ) -> tuple[DrawnPicture, ...]:
        """Make pictures, one at least: one paid call, whose answer is the result. It may take minutes.

        `images` are pictures to start from with their types. No such call is ever repeated when it is UNCLEAR: the
        service has no list in which it could be looked for.
        """


class ListedEngine(Engine, Protocol):
    """An engine whose service lists what a key may use."""

    async def offered(self) -> bool:
        """Whether the key may use it, by that list; costs nothing. Raises `RemoteError`."""


@runtime_checkable
class Drawing(Protocol):
    """An account whose key may open an engine too."""

    @property
    def engine(self) -> Engine | None:
        """None where its owner named no model."""
