"""SimCord's page made lighter: it asks for thirty megabytes of fonts before it is ready, eight families, whatever is on it.
Never here: what is on it, but for the size of the sandbox's pictures."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from simcord import preview
from simcord.preview._server import PreviewServer

if TYPE_CHECKING:
    import pytest

CANVAS: Final = 384
"""The side of a square picture, half as long as in the sandbox that people start."""
STATIC: Final = Path(preview.__file__).with_name("static")
SERVE: Final = PreviewServer._static
HEAVY: Final = {
    'src: url("/fonts/noto-color-emoji': 'src: local("Noto Color Emoji"), url("/fonts/noto-color-emoji',
    'src: url("/fonts/noto-sans-sc': 'src: local("Noto Sans CJK SC"), url("/fonts/noto-sans-sc',
}
"""Twenty-three megabytes that stand on most machines under another name; where they do not, they are fetched as ever."""
DEMANDED: Final = {"Promise.all(FONT_REQUIREMENTS.map(": "Promise.all(FONT_REQUIREMENTS.slice(0, 1).map("}
"""Of what the page fetches in any case, the first. Others come when a word needs them, and a picture waits for those."""
CHANGED: Final = {"/preview.css": HEAVY, "/presentation.js": DEMANDED}


def use_light_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, for a test. A page then costs its renderer half of the processor's time."""
    monkeypatch.setattr(PreviewServer, "_static", _serve)


def lighten_the_sandbox() -> None:
    """In this process, which is about to be one."""
    from bot.sandbox import run  # noqa: PLC0415 - only a sandbox needs it

    run.CANVAS = CANVAS  # type: ignore[misc]  # final for everybody else
    mock.patch.object(PreviewServer, "_static", _serve).start()


async def _serve(server: PreviewServer, request: Any) -> Any:
    answer = await SERVE(server, request)
    if request.path in CHANGED:
        answer.text = _lightened(request.path)
    return answer


@lru_cache
def _lightened(path: str) -> str:
    text = (STATIC / path[1:]).read_text(encoding="utf-8")
    for old, new in CHANGED[path].items():
        assert old in text, f"SimCord's {path} is another now: {old}"
        text = text.replace(old, new)
    return text
