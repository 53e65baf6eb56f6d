"""Image models of the second engine, and what each takes by its own reference.
Never here: asking for pictures, and prompts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MOST_DRAWN: Final = 4
"""Pictures of one order: the service takes ten, a card shows four well, and each is paid."""
_MODEL: Final = re.compile(r"gpt-image-[a-z0-9.-]{1,40}|dall-e-3")


@dataclass(frozen=True, slots=True)
class EngineModel:
    """An image model, as far as its own reference says what it takes."""

    name: str
    sizes: tuple[str, ...]
    """Width by height in pixels, its own default first."""
    qualities: tuple[str, ...]
    """Its own default first."""
    most: int
    """Pictures of one order."""
    pictures: int
    """How many pictures it takes to start from; 0: none, and nothing can be varied."""


def engine_model(name: str) -> EngineModel | None:
    """What a model takes; None for a name of another family.

    From OpenAI's reference of createImage and createImageEdit (platform.openai.com/docs/api-reference/images): sizes
    and qualities that every model of the family takes, ten pictures of one call (one of dall-e-3), 16 to edit (none).
    """
    if not _MODEL.fullmatch(name):
        return None
    if name == "dall-e-3":
        return EngineModel(name, ("1024x1024", "1792x1024", "1024x1792"), ("standard", "hd"), 1, 0)
    sizes = ("auto", "1024x1024", "1536x1024", "1024x1536")
    return EngineModel(name, sizes, ("auto", "low", "medium", "high"), MOST_DRAWN, 16)
