"""What another version of the program wrote into a row's JSON and this one does not know: it is written back as it was.
Never here: rows, and what the known fields mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def with_unknown(stored: Any, written: Any, identity: Sequence[str] = ()) -> Any:
    """What is to be written, with the fields that only the stored value has; entries of a list are known by `identity`."""
    if isinstance(stored, dict) and isinstance(written, dict):
        kept = {name: value for name, value in stored.items() if name not in written}
        return {name: with_unknown(stored.get(name), value) for name, value in written.items()} | kept
    if identity and isinstance(stored, list) and isinstance(written, list):
        known = {_named(item, identity): item for item in stored if isinstance(item, dict)}
        return [with_unknown(known.get(_named(item, identity)), item) for item in written]
    return written


def _named(item: Mapping[str, Any], identity: Sequence[str]) -> tuple[Any, ...]:
    return tuple(str(item.get(name)) for name in identity)
