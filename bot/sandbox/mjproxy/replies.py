"""The four ways in which servers of the family answer.
Never here: when to answer how."""

from __future__ import annotations

from typing import Any

from aiohttp import web

PAGE = "<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"


class Reply(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: dict[str, Any] | str) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body

    def response(self) -> web.Response:
        """As HTTP."""
        return respond(self.body, self.status)


def respond(body: Any, status: int = 200) -> web.Response:
    """JSON, or a plain text."""
    if isinstance(body, str):
        return web.Response(text=body, status=status)
    return web.json_response(body, status=status)


def submitted(code: int, description: str, result: Any = None, **properties: Any) -> dict[str, Any]:
    """The submit format."""
    return {"code": code, "description": description, "result": result, "properties": properties}


def refused(code: int, description: str, *, status: int = 200, **properties: Any) -> Reply:
    """A refusal in the submit format."""
    return Reply(status, submitted(code, description, None, **properties))


def exception(message: str, *, status: int = 200) -> Reply:
    """One proxy's exceptions."""
    return Reply(status, {"success": False, "code": -1, "message": message, "timestamp": 1_767_225_600})


def no_such_path(path: str) -> Reply:
    """What Spring says of a path it does not have."""
    return Reply(
        404, {"timestamp": "2030-01-05T10:00:00.000Z", "status": 404, "error": "Not Found", "path": path}
    )
