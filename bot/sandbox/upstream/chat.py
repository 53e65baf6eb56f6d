"""Chat models as OpenAI's published API has them: canned, but they mean something, and they misbehave on demand.
Never here: keys, and troubles of the wire (those are planned for every endpoint)."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from bot.sandbox.upstream.answers import ApiResponse, Refusal
from bot.sandbox.upstream.faults import Fault

if TYPE_CHECKING:
    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.submissions import Ask

MODELS = ("gpt-4o-mini", "gpt-4o", "claude-3-5-haiku")
ENDPOINT = "chat"
STYLES = (
    "golden hour light, shallow depth of field, rich texture",
    "soft morning mist, wide composition, muted colours",
    "dramatic side light, intricate detail, film grain",
)
_SENTENCES = {
    "雪の中の狐": "a fox in the snow",
    "紙で折った狐": "a fox folded from paper",
    "月の下の城": "a castle under the moon",
    "雪中的狐狸": "a fox in the snow",
    "月光下的城堡": "a castle in the moonlight",
    "눈 속의 여우": "a fox in the snow",
    "ein fuchs im schnee": "a fox in the snow",
    "un renard dans la neige": "a fox in the snow",
    "un zorro en la nieve": "a fox in the snow",
}
_WORDS = {
    "狐": "fox", "雪": "snow", "城": "castle", "月": "moon", "猫": "cat", "森": "forest", "海": "sea",
    "fuchs": "fox", "schnee": "snow", "schloss": "castle", "mond": "moon", "katze": "cat", "wald": "forest",
    "renard": "fox", "neige": "snow", "château": "castle", "lune": "moon", "chat": "cat", "forêt": "forest",
    "zorro": "fox", "nieve": "snow", "castillo": "castle", "luna": "moon", "gato": "cat", "bosque": "forest",
}  # fmt: skip
_numbers = itertools.count(1)


def complete(service: Service, ask: Ask) -> ApiResponse:
    """Answer the last message."""
    model, messages = ask.fields.get("model"), ask.fields.get("messages")
    if model not in MODELS:
        raise Refusal(404, f"The model `{model}` does not exist", errorType="model_not_found")
    if not isinstance(messages, list) or not all(_is_message(one) for one in messages) or not messages:
        raise Refusal(400, "messages must be a list of messages")
    told = " ".join(one["content"] for one in messages[:-1])
    lines = messages[-1]["content"].splitlines()
    does = translate if "translate" in told else improve
    honest = "\n".join(does(line) for line in lines)
    content = _spoilt(service, honest)
    words = sum(len(one["content"].split()) for one in messages)
    return ApiResponse(
        {
            "id": f"chatcmpl-{next(_numbers)}",
            "object": "chat.completion",
            "model": model,
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": words, "completion_tokens": len(honest.split())},
        }
    )


def improve(line: str) -> str:
    """Add words of style, the same for the same line."""
    return f"{line.rstrip(' ,.')}, {STYLES[sum(map(ord, line)) % len(STYLES)]}"


def translate(line: str) -> str:
    """A sentence that is known, or what is known of its words; English stays."""
    known = _SENTENCES.get(line.strip().casefold())
    if known is not None:
        return known
    found = [
        english
        for word, english in _WORDS.items()
        if re.search(rf"(?<![a-z]){word}(?![a-z])", line.casefold())
    ]
    if found:
        return ", ".join(f"a {word}" for word in found)
    return line if line.isascii() else "a picture"


def _spoilt(service: Service, honest: str) -> Any:
    answers: dict[Fault, Any] = {
        Fault.CHAT_PROSE: f"I thought about it.\n\n{honest}\n\nLet me know if you want another one!",
        Fault.CHAT_LEAD: f"Sure! Here is your prompt: “{honest}”",
        Fault.CHAT_FENCE: f"```text\n{honest}\n```",
        Fault.CHAT_FOREIGN: "<prompt>Лиса на снегу, мягкий свет</prompt>",
        Fault.CHAT_PARAMETER: f"<prompt>{honest} ::3 https://evil.example/x.png --ar 9:16 --turbo</prompt>",
        Fault.CHAT_NOTHING: "",
        Fault.CHAT_DECLINES: "I'm sorry, but I can't help with that.",
        Fault.CHAT_PARTS: [
            {"type": "text", "text": f"<prompt>{honest}"},
            {"type": "text", "text": "</prompt>"},
        ],
    }
    for fault, answer in answers.items():
        if service.faults.draw_named(fault, endpoint=ENDPOINT) is not None:
            return answer
    said = service.faults.draw_named(Fault.CHAT_SAYS, endpoint=ENDPOINT)
    return f"<prompt>{honest}</prompt>" if said is None else said.reason or ""


def _is_message(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("content"), str)
