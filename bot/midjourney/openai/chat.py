"""`POST /v1/chat/completions`: one question to a chat model and its words, over the room's HTTP clients (contract §5.6).
Never here: what is asked, repeating a paid call, and what the words are good for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.envelope import clean, open_envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from bot.midjourney.ohmygpt.caller import Caller

PATH: Final = "/v1/chat/completions"
MODELS: Final = "/v1/models"
ENDPOINT: Final = "chat"
"""Its name in the meters."""


class OpenAiChat:
    """The `ChatApi` of bot.domain.intake.prompt_help."""

    def __init__(self, caller: Caller, key: str) -> None:
        self._caller = caller
        self._key = key

    async def chat(self, model: str, *, instructions: str, words: str, seconds: float) -> str:
        """See the port. A connection of its own, as every paid call has."""

        def build() -> httpx.Request:
            body = {
                "model": model,
                "messages": [
                    {"role": "system", "content": instructions},
                    {"role": "user", "content": words},
                ],
                "stream": False,
            }
            return self._caller.build("POST", PATH, key=self._key, json=body)

        return await self._caller.call(
            ENDPOINT, build, read_words, client=self._caller.clients.paid, seconds=seconds
        )

    async def models(self) -> frozenset[str]:
        """The models that the key may use, which costs nothing. Raises `RemoteError`, also where nobody lists them."""
        return await self._caller.call(
            "models", lambda: self._caller.build("GET", MODELS, key=self._key), read_models
        )


def read_words(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Read what the model said; an answer without words is an empty one. Raises `RemoteError`."""
    read = _success(status, body, "choices")
    if read is None:
        open_envelope(status, headers, body)
        raise RemoteError(RemoteFault.UNCLEAR, "accepted, but the answer holds no words")
    first = read["choices"][0] if read["choices"] else None
    message = first.get("message") if isinstance(first, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):  # some models answer in parts
        content = "".join(part["text"] for part in content if isinstance(part, dict) and _is_text(part))
    return clean(content) if isinstance(content, str) else ""


def read_models(status: int, headers: Mapping[str, str], body: bytes) -> frozenset[str]:
    """Read the list of models. Raises `RemoteError`."""
    read = _success(status, body, "data")
    if read is None:
        open_envelope(status, headers, body)
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no list of models")
    return frozenset(
        one["id"] for one in read["data"] if isinstance(one, dict) and isinstance(one.get("id"), str)
    )


def _success(status: int, body: bytes, name: str) -> dict[str, Any] | None:
    """The object of a success with a list of that name; None: it is something else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    well = 200 <= status < 300 and isinstance(read, dict) and isinstance(read.get(name), list)  # noqa: PLR2004 - the 2xx class
    return read if well else None


def _is_text(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("text"), str)
