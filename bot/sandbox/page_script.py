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
    server = page._server  # noqa: SLF001 - private: SimCord's page cannot be extended otherwise
    static = server._static  # noqa: SLF001 - private, as said above
    script = files("bot.sandbox").joinpath("page.js").read_text(encoding="utf-8")

    async def serve(request: Any) -> Any:
        if request.path == PATH:
            return web.Response(
                text=script,
                content_type="application/javascript",
                headers=server._SECURITY_HEADERS,  # noqa: SLF001 - private, as said above
            )
        response = await static(request)
        if request.path == "/":
            response.text = response.text.replace("</head>", f'<script src="{PATH}"></script></head>')
        return response

    server._static = serve  # type: ignore[method-assign]  # as above  # noqa: SLF001 - private, as said above
    server._STATIC_FILES = {**server._STATIC_FILES, PATH: ""}  # type: ignore[misc]  # as above  # noqa: SLF001 - private, as said above
