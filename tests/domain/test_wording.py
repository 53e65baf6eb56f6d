"""What somebody else wrote in a sentence of ours: the same signs, which mean nothing to Discord.
Never here: what is shown by itself (tests/ui/kit), and prompts."""

from __future__ import annotations

import pytest

from bot.domain.intake.prompt_parts import shown
from bot.domain.wording import inert


@pytest.mark.parametrize(
    ("typed", "escaped"),
    [
        ("[x](https://a.b)", r"\[x\]\(https\://a.b\)"),
        ("**a** _b_ ~~c~~ ||d||", r"\*\*a\*\* \_b\_ \~\~c\~\~ \|\|d\|\|"),
        ("<@1> <#2> `e` \\", r"\<\@1\> \<\#2\> \`e\` \\"),
        ("16:9", "16:9"),
    ],
)
def test_a_moderators_words_and_a_typed_value_lose_their_meaning_in_the_same_way(
    typed: str, escaped: str
) -> None:
    assert inert(typed) == shown(typed) == escaped
