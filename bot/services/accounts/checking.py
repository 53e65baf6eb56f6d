"""Whether an account of the image API answers and takes its key, by the cheapest question that it knows.
Never here: what becomes of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

if TYPE_CHECKING:
    from bot.domain.ports import Readings

SMALLEST_PAGE: Final = 5


@runtime_checkable
class Checkable(Protocol):
    """An account with a question of its own for it: not every server lists tasks."""

    async def check(self) -> None:
        """Prove address and key by a call that costs nothing. Raises `RemoteError`."""


async def check(api: Readings) -> None:
    """Ask it; raises `RemoteError` if there is no good answer."""
    if isinstance(api, Checkable):
        await api.check()
    else:
        await api.page(1, size=SMALLEST_PAGE)
