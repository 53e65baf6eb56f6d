"""Our dataclasses are the standard library's, in all that can be seen of them.
Never here: what any of them holds."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import Any

import pytest
from typing_extensions import override

from bot.domain.records import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """Several fields, of each kind."""

    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list, compare=False)
    d: str = field(default="d", repr=False)
    e: int = field(default=0, hash=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """The same."""

    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list, compare=False)
    d: str = field(default="d", repr=False)
    e: int = field(default=0, hash=False)


@pytest.mark.parametrize("one", [Ours, Theirs])
def test_it_compares_hashes_and_shows_as_the_standard_librarys_does(one: Any) -> None:
    assert one(1) == one(1, c=[2])
    assert one(1) != one(2)
    assert one(1) != one(1, e=1)
    assert hash(one(1)) == hash(one(1, e=1)) == hash((1, "b", "d"))
    assert repr(one(1, c=[3])) == f"{one.__name__}(a=1, b='b', c=[3], e=0)"
    assert one(1).__eq__(object()) is NotImplemented
    assert one(1) != (Theirs if one is Ours else Ours)(1)
    assert dataclasses.replace(one(1), a=5) == one(5)
    assert [f.name for f in dataclasses.fields(one)] == ["a", "b", "c", "d", "e"]
    assert copy.deepcopy(one(1)) == pickle.loads(pickle.dumps(one(1))) == one(1)  # noqa: S301 - made here
    assert one.__match_args__ == ("a", "b", "c", "d", "e")
    assert not hasattr(one(1), "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one(1).a = 2


def test_one_that_can_change_has_no_hash() -> None:
    @dataclass
    class Changing:
        a: int

    changing = Changing(1)
    changing.a = 2
    assert changing == Changing(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(changing)


def test_a_class_keeps_its_own_methods_and_may_ask_for_anything_else() -> None:
    @dataclass(frozen=True)
    class Own:
        a: int

        @override
        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, order=True)
    class Ordered:
        a: int

    @dataclass(frozen=True, slots=True)
    class Heir(Ours):
        f: int = 6

    @dataclass(frozen=True, slots=True)
    class Nothing:
        pass

    assert repr(Own(1)) == "own"
    assert (Own(1), hash(Own(1))) == (Own(1), hash((1,)))
    assert Ordered(1) < Ordered(2)
    assert Heir(1) != Ours(1)
    assert Heir(1, f=7) != Heir(1)
    assert repr(Heir(1)).endswith("e=0, f=6)")
    assert (Nothing(), hash(Nothing())) == (Nothing(), hash(()))
