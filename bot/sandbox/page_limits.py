"""What keeps SimCord's page quick when there are many messages: it draws all of them anew at each change.
Never here: what is drawn. All names are SimCord 3.2.1's private ones."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from simcord.preview import _action_plans, _markdown, _pages, _queries, _snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

SHOWN: Final = 25
"""Messages on the page at once; “Load earlier messages” leads to the others. SimCord's own number is 50. It lays a window of this
size around a message so that 24 stand before it: with fewer the message itself would not be in it."""
STEP: Final = 12
"""How far “Load earlier messages” goes; SimCord's own number is 25, which would not move a window of 25 at all."""
WORDS: Final = 8192
"""Buttons' and menus' words of which it is remembered how they are drawn."""


@contextmanager
def quick() -> Iterator[None]:
    """Bound what a change costs, for the length of the block."""
    navigate, tokens = _queries._message_navigation, _markdown.markdown_tokens  # noqa: SLF001 - private, as said above

    def of_the_last(preview: Any, page: Any, visible: Sequence[Any]) -> Any:
        """The list beside the channel: its last messages, unless somebody searches in all."""
        return navigate(preview, page, list(visible) if page.navigation_query else list(visible[-SHOWN:]))

    @lru_cache(maxsize=WORDS)
    def drawn(value: str, profile: str) -> list[dict[str, Any]]:
        return tokens(value, profile)

    def remembered(value: Any, profile: str = "message", *, context: Any = None) -> list[dict[str, Any]]:
        """Words that refer to nothing are read once: SimCord builds a parser for each."""
        if context is None and isinstance(value, str):
            return deepcopy(drawn(value, profile))
        return tokens(value, profile, context=context)

    with ExitStack() as stack:
        for module in (_pages, _snapshot, _action_plans):
            stack.enter_context(instead(module, "HISTORY_WINDOW_SIZE", SHOWN))
        for module in (_pages, _action_plans):
            stack.enter_context(instead(module, "HISTORY_STEP", STEP))
        stack.enter_context(instead(_snapshot, "_message_navigation", of_the_last))
        for module in (_queries, _snapshot):
            stack.enter_context(instead(module, "markdown_tokens", remembered))
        yield


@contextmanager
def instead(module: ModuleType, name: str, value: Any) -> Iterator[None]:
    """Another value for a name of a module, for the length of the block."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
