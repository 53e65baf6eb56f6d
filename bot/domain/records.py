"""`dataclass` as in the standard library, for a program with hundreds: comparing, hashing and showing are shared, not compiled for each.
Never here: what any of them holds."""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - all that a type checker need know of it
else:

    def dataclass(cls: type | None = None, /, **asked: bool) -> Any:
        """Make a dataclass: half of what that takes before Python 3.13 is compiling `__eq__`, `__hash__` and `__repr__`."""
        return _made(cls, asked) if cls is not None else lambda decorated: _made(decorated, asked)


__all__ = ["dataclass"]

_SHARED: Final = frozenset({"__eq__", "__hash__", "__repr__"})
_USUAL: Final = frozenset({"frozen", "slots", "kw_only"})


def _made(cls: type, asked: dict[str, bool]) -> Any:
    if not _SHARED.isdisjoint(vars(cls)) or not asked.keys() <= _USUAL:
        return dataclasses.dataclass(**asked)(cls)
    made: Any = dataclasses.dataclass(eq=False, repr=False, **asked)(cls)
    fields = dataclasses.fields(made)
    compared = _values([field.name for field in fields if field.compare])
    hashed = _values(
        [field.name for field in fields if (field.compare if field.hash is None else field.hash)]
    )
    shown = [field.name for field in fields if field.repr]

    def same(self: object, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    made.__eq__ = same
    made.__hash__ = (lambda self: hash(hashed(self))) if asked.get("frozen") else None
    made.__repr__ = lambda self: (
        f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
    )
    return made


def _values(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)
