"""What a job takes along besides words: pictures to blend, to describe or to start from, and the mask of a region.
Never here: reading picture files, and where the bytes are kept."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BLENDED: Final = 5
FEWEST_BLENDED: Final = 2
"""Pictures that one blend takes (contract §1.3)."""
MOST_PROMPT_IMAGES: Final = 3
"""Pictures in one prompt: as many options as `/imagine` has for them (design §6)."""
UPLOAD_LIFE_MS: Final = 6 * 3_600_000
"""How long an uploaded picture stays public. At least one hour (contract §5.5); a job waits half a day at most, and
one that waited longer than this is uploaded anew."""
UPLOAD_MARGIN_MS: Final = 3_600_000
"""With less time than this left, a picture is uploaded again before its job is sent."""
INPUT_LIFE_MS: Final = 7 * 24 * 3_600_000
"""How long inputs are kept after their job has ended: for Describe again, and for Remix of a prompt with pictures."""


class InputRole(StrEnum):
    """What an input is for."""

    IMAGE = "image"
    MASK = "mask"


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

    @property
    def data_url(self) -> str:
        """The picture as the API takes it in a body (contract §1.3, §1.4)."""
        return f"data:{self.media_type};base64,{b64encode(self.data).decode('ascii')}"

    def is_public(self, now: int) -> bool:
        """Whether its address will still be good when upstream comes to fetch it."""
        return self.address is not None and now + UPLOAD_MARGIN_MS < self.address_until


def images_of(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """The pictures among them, in their order."""
    return tuple(one for one in inputs if one.role is InputRole.IMAGE)


def mask_of(inputs: Iterable[Input]) -> Input | None:
    """The mask among them."""
    return next((one for one in inputs if one.role is InputRole.MASK), None)


def sent_prompt(prompt: str, inputs: Iterable[Input]) -> str:
    """The prompt with its pictures' addresses at the head, as upstream wants them (contract §1.1)."""
    addresses = [one.address for one in images_of(inputs) if one.address]
    return " ".join([*addresses, prompt])
