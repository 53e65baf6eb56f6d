"""What a job takes along besides words: pictures to blend, to describe or to start from, and the mask of a region.
Never here: reading picture files, and where the bytes are kept."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, Self

from bot.domain.intake.prompt_parts import with_reference
from bot.errors import UserError
from bot.texts import Inert, text

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BLENDED: Final = 5
FEWEST_BLENDED: Final = 2
"""Pictures that one blend takes (contract §1.3)."""
"""Pictures in one prompt: as many options as `/imagine` has for them (design §6)."""
UPLOAD_LIFE_MS: Final = 6 * 3_600_000
"""How long an uploaded picture stays public. At least one hour (contract §5.5); a job waits half a day at most, and
one that waited longer than this is uploaded anew."""
UPLOAD_MARGIN_MS: Final = 3_600_000
"""With less time than this left, a picture is uploaded again before its job is sent."""
NAME_LIMIT: Final = 60
MEGABYTE: Final = 1024 * 1024
MOST_GIVEN_BYTES: Final = 20 * MEGABYTE
"""A file that somebody gives: twice what a phone's picture has."""
MOST_SENT_BYTES: Final = 2 * MEGABYTE
"""A picture as it is sent: five of them, in base64, stay below 14 MB."""
LONGEST_SIDE: Final = 2048
"""Pixels of a picture as it is sent: what Midjourney itself makes at most in one piece."""
INPUT_LIFE_MS: Final = 7 * 24 * 3_600_000
"""How long inputs are kept after their job has ended: for Describe again, and for Remix of a prompt with pictures."""
_SIGNED_UNTIL: Final = re.compile(
    r"//(?:cdn|media)\.discordapp\.(?:com|net)/.*[?&]ex=([0-9a-f]{1,10})(?:&|$)"
)
"""Until when a link of Discord's works, in seconds."""


class InputRole(StrEnum):
    """What an input is for."""

    IMAGE = "image"
    """A picture to start from."""
    STYLE = "style"
    """A style reference: `--sref`."""
    CHARACTER = "character"
    """A character reference: `--cref`."""
    OMNI = "omni"
    """An omni reference: `--oref`."""
    MASK = "mask"
    RESULT = "result"
    """A picture that came of the job: what the second engine drew has no other place."""


REFERENCES: Final = MappingProxyType(
    {InputRole.STYLE: "sref", InputRole.CHARACTER: "cref", InputRole.OMNI: "oref"}
)
"""The parameter that each reference is sent as."""


class Shape(StrEnum):
    """The form of a blend (contract §1.3), by upstream's own words."""

    PORTRAIT = "PORTRAIT"
    """2:3"""
    SQUARE = "SQUARE"
    """1:1"""
    LANDSCAPE = "LANDSCAPE"
    """3:2"""


@dataclass(frozen=True, slots=True)
class Input:
    """One picture that goes along with a job, checked and ready to be sent."""

    data: bytes = field(repr=False)
    media_type: str
    """What the bytes really are, such as `image/png`: never what somebody called them."""
    filename: str
    role: InputRole = InputRole.IMAGE
    source_url: str | None = None
    """Where the member's own file lies on Discord: signed, good for about a day."""
    address: str | None = None
    """Where upstream can fetch it, once it was uploaded for a prompt."""
    address_until: int = 0
    """Until when it lies there; without an address, when it was settled that the picture itself goes along."""

    @property
    def is_settled(self) -> bool:
        """Whether it is written down how upstream gets it: a prompt with it may have been sent."""
        return bool(self.address or self.address_until)

    @property
    def goes_inside(self) -> bool:
        """Whether a prompt takes the picture itself along: no address of it can be sent."""
        return self.role is InputRole.IMAGE and self.address is None

    @property
    def data_url(self) -> str:
        """The picture as the API takes it in a body (contract §1.3, §1.4)."""
        return f"data:{self.media_type};base64,{b64encode(self.data).decode('ascii')}"

    def is_public(self, now: int) -> bool:
        """Whether its address will still be good when upstream comes to fetch it."""
        return self.address is not None and now + UPLOAD_MARGIN_MS < self.address_until

    def at_its_source(self, now: int, until: int) -> Self | None:
        """The same at the member's own link, until `until` at most; None if it has none, or one that has expired."""
        signed = _SIGNED_UNTIL.search(self.source_url or "")
        ends = until if signed is None else min(until, int(signed[1], 16) * 1000)
        if self.source_url is None or ends <= now:
            return None
        return replace(self, address=self.source_url, address_until=ends)

    def inside(self, now: int) -> Self:
        """The same without an address, settled."""
        return replace(self, address=None, address_until=now)


class SourcePicture(Protocol):
    """A picture that somebody points at, before anybody looked into it."""

    @property
    def filename(self) -> str:
        """What somebody called it."""

    @property
    def size(self) -> int | None:
        """Its bytes, if they are known before it is read."""

    @property
    def url(self) -> str | None:
        """Where it lies, if upstream could fetch it there."""

    async def read(self) -> bytes:
        """Fetch it. Raises `UserError` if it is gone, or cannot be had just now."""


@dataclass(frozen=True, slots=True)
class AssignedPicture:
    """A picture that somebody gave with what it is for."""

    given: SourcePicture
    role: InputRole

    @property
    def filename(self) -> str:
        """As it was given."""
        return self.given.filename

    @property
    def size(self) -> int | None:
        """As it was given."""
        return self.given.size

    @property
    def url(self) -> str | None:
        """As it was given."""
        return self.given.url

    async def read(self) -> bytes:
        """As it was given."""
        return await self.given.read()


def role_of(given: SourcePicture) -> InputRole:
    """What a picture is for; a picture to start from where nothing was said."""
    return given.role if isinstance(given, AssignedPicture) else InputRole.IMAGE


@dataclass(frozen=True, slots=True)
class CheckedPicture:
    """A picture that was looked into: whole, still, and small enough to be sent."""

    data: bytes = field(repr=False)
    media_type: str
    reduced: bool
    """Whether it was made smaller."""
    given_type: str | None = None
    """What the file was before it was written anew; None: the same."""


class PictureReader(Protocol):
    """Looks into files that people give."""

    async def check(self, data: bytes, *, name: str) -> CheckedPicture:
        """Make sure that it is a still picture, by its bytes; a large one is made smaller.

        Raises `UserError` with one sentence that names the file: empty, no picture, broken, animated, or unfolding
        into more than we give it.
        """


def weigh(given: SourcePicture) -> None:
    """Raise `UserError` for what cannot be taken by its size alone: before anything is fetched."""
    if given.size == 0:
        raise UserError(text("picture.empty", name=displayed_name(given.filename)))
    if given.size is not None and given.size > MOST_GIVEN_BYTES:
        limit = MOST_GIVEN_BYTES // MEGABYTE
        raise UserError(text("picture.too_large", name=displayed_name(given.filename), limit=limit))


def displayed_name(filename: str) -> Inert:
    """A file's name as a sentence may repeat it: cut, and without anything that Discord would render."""
    kept = re.sub(r"[^\w .()+-]|_(?=_)|(?<=//)", "", filename).strip()
    kept = kept if len(kept) <= NAME_LIMIT else f"{kept[: NAME_LIMIT - 1]}…"
    return Inert(kept.replace("_", "\\_") or "?")


def images_of(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """The pictures among them, references too, in their order."""
    return tuple(one for one in inputs if one.role not in {InputRole.MASK, InputRole.RESULT})


def results_of(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """The pictures that came of the job, in their order."""
    return tuple(one for one in inputs if one.role is InputRole.RESULT)


def mask_of(inputs: Iterable[Input]) -> Input | None:
    """The mask among them."""
    return next((one for one in inputs if one.role is InputRole.MASK), None)


def sent_prompt(prompt: str, inputs: Iterable[Input]) -> str:
    """The prompt with its pictures' addresses as upstream wants them: at the head (contract §1.1), references behind."""
    images = images_of(inputs)
    for role, name in REFERENCES.items():
        addresses = " ".join(one.address for one in images if one.role is role and one.address)
        if addresses:
            prompt = with_reference(prompt, name, addresses)
    return " ".join([*(one.address for one in images if one.role is InputRole.IMAGE and one.address), prompt])
