"""What kinds of job there are to be paid for, and what a server lets each of them cost.
Never here: money; a unit is whatever the moderators make of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.domain.actions import Family, classify
from bot.domain.intake.prompts import is_video
from bot.domain.jobs import JobKind
from bot.domain.pools import Pool  # noqa: TC001 - storage's codec reads the annotations when the program runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.jobs import Job

DEFAULT_PRICE: Final = 1


class Charge(StrEnum):
    """A kind of job, as far as its price is concerned."""

    IMAGINE = "imagine"
    UPSCALE = "upscale"
    """U1 to U4: one picture out of the grid."""
    UPSCALE_HD = "upscale_hd"
    """More pixels."""
    VARIATION = "variation"
    REROLL = "reroll"
    ZOOM = "zoom"
    PAN = "pan"
    VARY_REGION = "vary_region"
    BLEND = "blend"
    DESCRIBE = "describe"
    SHORTEN = "shorten"
    VIDEO = "video"
    DRAW = "draw"
    """A picture of the second engine, whatever it is made from."""
    HELP = "help"
    """A chat model improves or translates a prompt: no picture."""


PICTURES: Final = tuple(charge for charge in Charge if charge is not Charge.HELP)
"""What windows show: help with prompts is not there everywhere, and has its place in the commands."""
USUAL_PRICES: Final = MappingProxyType({Charge.HELP: 0})
"""Where it is not one unit: a question to a chat model costs a fraction of a picture."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a kind of job costs in a pool, in units."""

    pool: Pool
    charge: Charge
    units: int


_OF_KIND: Final = MappingProxyType(
    {
        JobKind.IMAGINE: Charge.IMAGINE,
        JobKind.BLEND: Charge.BLEND,
        JobKind.DESCRIBE: Charge.DESCRIBE,
        JobKind.SHORTEN: Charge.SHORTEN,
        JobKind.DRAW: Charge.DRAW,
    }
)
_OF_FAMILY: Final[Mapping[Family, Charge]] = MappingProxyType(
    {
        Family.UPSAMPLE: Charge.UPSCALE,
        Family.UPSCALE: Charge.UPSCALE_HD,
        Family.VARIATION: Charge.VARIATION,
        Family.VARY_SUBTLE: Charge.VARIATION,
        Family.VARY_STRONG: Charge.VARIATION,
        Family.REROLL: Charge.REROLL,
        Family.ZOOM_OUT: Charge.ZOOM,
        Family.MAKE_SQUARE: Charge.ZOOM,
        Family.CUSTOM_ZOOM: Charge.ZOOM,
        Family.PAN: Charge.PAN,
        Family.VARY_REGION: Charge.VARY_REGION,
        Family.DESCRIBE_AGAIN: Charge.DESCRIBE,
        Family.ANIMATE: Charge.VIDEO,
        Family.ANIMATE_MANUALLY: Charge.VIDEO,
        Family.TAKE_CLIP: Charge.VIDEO,
        Family.EXTEND: Charge.VIDEO,
        Family.DRAW_AGAIN: Charge.DRAW,
        Family.DRAW_VARIED: Charge.DRAW,
    }
)


def charge_of(job: Job, *, parent: Job | None = None) -> Charge:
    """What a job is paid as; a family without a price of its own makes pictures as `/imagine` does."""
    if job.press is None:
        charge = _OF_KIND.get(job.kind, Charge.IMAGINE)
        return charge_of_prompt(charge, job.prompt)
    family = classify(job.press.custom_id)
    clips = parent is not None and any(classify(a.custom_id) is Family.TAKE_CLIP for a in parent.actions)
    if clips and family is Family.REROLL:
        return Charge.VIDEO  # a grid of clips rerolls into another one
    return charge_of_family(family)


def charge_of_family(family: Family) -> Charge:
    """What an action is paid as under a picture."""
    return _OF_FAMILY.get(family, Charge.IMAGINE)


def charge_of_prompt(charge: Charge, prompt: str) -> Charge:
    """What a job is paid as with such a prompt: `--video` makes clips of what would be pictures."""
    return Charge.VIDEO if charge is Charge.IMAGINE and is_video(prompt) else charge


def price_of(prices: Iterable[Price], pool: Pool, charge: Charge) -> int:
    """Its units by a server's list, or the usual ones."""
    usual = USUAL_PRICES.get(charge, DEFAULT_PRICE)
    return next((p.units for p in prices if p.pool is pool and p.charge is charge), usual)
