"""A click on the page presses what was seen, though a picture came in above it.
Never here: the page in a browser (tests/browser)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from simcord.preview import _action_plans, _component_projection

from bot.sandbox.page_controls import told_by_custom_id

TEXT, GALLERY, ROW, CONTAINER = 10, 12, 1, 17


def card(*above: int) -> list[dict[str, Any]]:
    """A card's components as Discord numbers them: whatever stands above, and a row of four buttons."""
    row = {"type": ROW, "components": [{"type": 2, "style": 2, "custom_id": f"U{n}"} for n in range(1, 5)]}
    parts: list[dict[str, Any]] = [*({"type": kind} for kind in above), row]
    for number, part in enumerate([*parts, *row["components"]], start=2):  # type: ignore[misc]  # a row's are a list
        part["id"] = number
    return [{"type": CONTAINER, "id": 1, "components": parts}]


def test_a_click_that_was_on_its_way_when_the_picture_came_presses_what_was_seen() -> None:
    message: Any = SimpleNamespace(id=5, components=card(TEXT, TEXT))
    with told_by_custom_id():
        _component_projection._annotate_tree(message.components, "message:5")
        row = message.components[0]["components"][-1]
        seen = {button["custom_id"]: button["control_key"] for button in row["components"]}
        message.components = card(TEXT, GALLERY, TEXT)
        pressed = {
            face: _action_plans._find_scoped_component(message, key, types=(2,))["custom_id"]
            for face, key in seen.items()
        }

    assert pressed == {face: face for face in ("U1", "U2", "U3", "U4")}


def test_what_a_window_asks_for_keeps_its_place_for_a_name() -> None:
    asked = [{"type": 18, "component": {"type": 4, "custom_id": "words"}}]
    with told_by_custom_id():
        _component_projection._annotate_tree(asked, "modal:handle")

    assert asked[0]["component"]["control_key"] == "modal:handle:component:0.component"  # type: ignore[index]  # a field
