"""What a click on SimCord's page presses: the control that a person saw, though its message has changed meanwhile.
Never here: what a press does. All names are SimCord 3.2.1's private ones."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from simcord.preview import _action_plans, _component_projection

from bot.sandbox.page_limits import instead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def told_by_custom_id() -> Iterator[None]:
    """Tell the controls of a message by their custom_ids, as Discord does, for the length of the block.

    SimCord tells them by their places among all components, and takes a click that was on its way when a message was
    edited: a picture that came in above its buttons made U1 of U2.
    """
    drawn, pressed = _component_projection._control_key, _action_plans._component_key  # noqa: SLF001 - private, as said above

    def key_drawn(scope: str, component: Mapping[str, Any], path: str) -> str | None:
        return _by_custom_id(drawn(scope, component, path), component)

    def key_pressed(component: Mapping[str, Any], path: str, message_id: int) -> str | None:
        return _by_custom_id(pressed(component, path, message_id), component)

    with ExitStack() as stack:
        stack.enter_context(instead(_component_projection, "_control_key", key_drawn))
        stack.enter_context(instead(_action_plans, "_component_key", key_pressed))
        yield


def _by_custom_id(key: str | None, component: Mapping[str, Any]) -> str | None:
    """The key of a message's control; a modal's are left as they are."""
    custom_id = component.get("custom_id")
    if key is None or not key.startswith("message:") or not isinstance(custom_id, str):
        return key
    where, _, _ = key.rpartition(":")
    return f"{where}:{custom_id}"
