"""Repeatable chance: numbers from seeds and names, noise that has no edges, and the drift of variations.
Never here: pixels, colours."""

from __future__ import annotations

import math
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.upstream.pictures.plan import Drift

T = TypeVar("T")
MASK = 0xFFFFFFFF
NEW_CHOICE = 0.9
"""From this strength on a variation also makes other choices, not only other measures."""


@lru_cache(maxsize=65536)
def unit(seed: int, name: str) -> float:
    """A number from 0 to 1 that belongs to this seed and name."""
    digest = blake2b(f"{seed}/{name}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / (1 << 56)


def lattice(seed: int, x: int, y: int = 0) -> float:
    """A number from 0 to 1 for a point of an endless lattice; fast, as ridges ask for thousands."""
    value = (x * 0x9E3779B1 ^ y * 0x85EBCA77 ^ seed * 0xC2B2AE3D) & MASK
    value = ((value ^ value >> 15) * 0x2C1B3C6D) & MASK
    value = ((value ^ value >> 12) * 0x297A2D39) & MASK
    return (value ^ value >> 15) / (MASK + 1)


def wave(seed: int, x: float) -> float:
    """Smooth noise along a line, from 0 to 1."""
    cell = math.floor(x)
    part = x - cell
    part = part * part * (3 - 2 * part)
    return lattice(seed, cell) * (1 - part) + lattice(seed, cell + 1) * part


def ridge(seed: int, x: float, octaves: int, roughness: float = 0.5) -> float:
    """Noise with details on its details, from about -1 to 1."""
    total, weight, amount = 0.0, 0.0, 1.0
    for octave in range(octaves):
        total += amount * (wave(seed + octave * 131, x * (1 << octave)) * 2 - 1)
        weight += amount
        amount *= roughness
    return total / weight


class Dice:
    """The measures and choices of one scene: the seed's own, pulled towards those of each variation."""

    def __init__(self, seed: int, drift: Drift = ()) -> None:
        self.seed = seed
        self._drift = drift

    def at(self, name: str, low: float, high: float) -> float:
        """A measure between low and high."""
        value = unit(self.seed, name)
        for seed, strength in self._drift:
            value += (unit(seed, name) - value) * strength
        return low + (high - low) * value

    def pick(self, name: str, options: Sequence[T]) -> T:
        """One of the options; only a strong variation picks anew."""
        seed = self.seed
        for other, strength in self._drift:
            seed = other if strength >= NEW_CHOICE else seed
        return options[int(unit(seed, name) * len(options)) % len(options)]

    def chance(self, name: str, probability: float) -> bool:
        """True with this probability."""
        return self.pick(name, range(1000)) < probability * 1000

    def ridge(self, name: str, x: float, octaves: int, roughness: float = 0.5) -> float:
        """A ridge's height at x, from about -1 to 1."""
        value = ridge(_whole(self.seed, name), x, octaves, roughness)
        for seed, strength in self._drift:
            value += (ridge(_whole(seed, name), x, octaves, roughness) - value) * strength
        return value

    def child(self, name: str) -> Dice:
        """Dice for a part of the scene, with the same drift."""
        return Dice(
            _whole(self.seed, name), tuple((_whole(seed, name), strength) for seed, strength in self._drift)
        )


@lru_cache(maxsize=4096)
def _whole(seed: int, name: str) -> int:
    return int(unit(seed, name) * MASK)
