"""What a death would leave at each effect of one walk: the database's files, the clock, and what upstream and Discord hold.
Never here: which deaths are worth trying, and what must have become of them (deaths).

A process that dies takes its memory along, so a walk need not be walked again to die at its next effect: the next process
begins with what stood outside at that moment. Where nothing changed between two effects, both deaths leave the same, and one
trial proves both. This needs transactions of which none is half done at any effect (tests/faults/conftest.py)."""

from __future__ import annotations

import asyncio
import io
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from tests.services.harness import Harness, ManualClock

if TYPE_CHECKING:
    from pathlib import Path

FILES: Final = ("easel.db", "easel.db-wal")


@dataclass(frozen=True, slots=True)
class Moment:
    """Two that are equal leave the next process the same."""

    files: tuple[bytes, ...]
    notes: bytes

    def restore(self, folder: Path) -> Harness:
        """A world that was left like this, in which no process runs yet."""
        folder.mkdir()
        for name, content in zip(FILES, self.files, strict=True):
            (folder / name).write_bytes(content)
        world = Harness(folder)
        notes = pickle.loads(self.notes)  # noqa: S301 - our own, a moment ago
        world.owner, world.clock, world.upstream, world.discord, world.names, world.windows = notes
        return world


class Reel:
    """The moments of a walk from here on, one for each of its effects."""

    def __init__(self, world: Harness) -> None:
        self._world = world
        self._moments: list[Moment] = []
        self._alone: list[bool] = []
        self._walker = asyncio.current_task()
        self._walkers: list[bool] = []
        world.effects.on_point = self._keep

    def alone(self, number: int) -> Moment | None:
        """What a death at this effect leaves; None if another was under way then, and would yet have come to its end."""
        return self._moments[number] if self._alone[number] else None

    def is_walkers(self, number: int) -> bool:
        """Whether it is an effect of the walk itself, and not of the worker beside it."""
        return self._walkers[number]

    def _keep(self) -> None:
        world = self._world
        notes = io.BytesIO()
        _Notes(notes).dump(
            (world.owner, world.clock, world.upstream, world.discord, world.names, world.windows)
        )
        files = tuple((world.folder / name).read_bytes() for name in FILES)
        if self._moments and self._moments[-1].files == files:  # most effects write nothing: keep it once
            files = self._moments[-1].files
        self._moments.append(Moment(files, notes.getvalue()))
        self._alone.append(world.effects.in_flight == 1)
        self._walkers.append(asyncio.current_task() is self._walker)


class _Notes(pickle.Pickler):
    @override
    def reducer_override(self, value: object) -> Any:
        if isinstance(value, ManualClock):  # whoever waits for its hand dies with the process
            return ManualClock, (value._now,), {"_set_by": value._set_by}
        if isinstance(value, BaseException):  # an answer yet to be given; its class asks for more than `args`
            return type(value).__new__, (type(value), *value.args), value.__dict__
        return NotImplemented
