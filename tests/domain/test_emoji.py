"""One emoji is told from none, from several and from a lookalike.
Never here: which emoji a button has."""

from __future__ import annotations

import pytest

from bot.domain.emoji import as_emoji


@pytest.mark.parametrize(
    "emoji",
    ["🔄", "❤️", "❤", "⬅️", "1️⃣", "#⃣", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩‍👩‍👧", "👍🏽", "🧑🏽‍🎨", "🏳️‍🌈", "🪄", "🫠", "🎞️", "🖌️"],
)
def test_an_emoji_of_any_make_is_taken(emoji: str) -> None:
    assert as_emoji(f" {emoji}") == emoji


@pytest.mark.parametrize(
    "text", ["", "upscale_1", "✓", "1", "a", "🔄🔄", "🇩", "\u200d", "\ufe0f", "<:x:1>", "→", "🔄x", "🏴󠁧󠁢"]
)
def test_what_discord_would_refuse_is_not(text: str) -> None:
    assert as_emoji(text) is None
