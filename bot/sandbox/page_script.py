"""Our own script on SimCord's page: a list of channels, and the menu under a right click.
Never here: what channels and menus do (`page_extras`)."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from simcord.preview import Preview

PATH: Final = "/easel.js"


def add_script(page: Preview) -> None:
    """Let a page that is not open yet serve the script, and load it before its own."""
    server = page._server  # SimCord's page cannot be extended otherwise
    static = server._static
    script = files("bot.sandbox").joinpath("page.js").read_text(encoding="utf-8")

    async def serve(request: Any) -> Any:
        if request.path == PATH:
            return web.Response(
                text=script,
                content_type="application/javascript",
                headers=server._SECURITY_HEADERS,
            )
        response = await static(request)
        if request.path == "/":
            response.text = response.text.replace("</head>", f'<script src="{PATH}"></script></head>')
        return response

    server._static = serve  # type: ignore[method-assign]  # SimCord offers no hook for it
    server._STATIC_FILES = {**server._STATIC_FILES, PATH: ""}  # type: ignore[misc]  # SimCord offers no hook for it
