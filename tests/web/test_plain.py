"""Discord's markup is spelled out on a page that knows none of it.
Never here: sentences."""

from __future__ import annotations

import pytest

from bot.web.plain import plain

NOW = 1_750_000_000_000


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("`/jobs show 0ab` finds **it**", "/jobs show 0ab finds it"),
        ("again <t:1750018000:R>", "again in 5 hours"),
        ("since <t:1749982000:R>", "since 5 hours ago"),
        ("until <t:1750018000:f>", "until 15 Jun 2025, 20:06:40 UTC"),
        ("until <t:1750018000>", "until 15 Jun 2025, 20:06:40 UTC"),
        ("by <@&123>, <@!4> and <@5> in <#678>", "by @…, @… and @… in #…"),
        ("type </imagine:99>", "type /imagine"),
        (r"no \*stars\* and \\ a < b", r"no *stars* and \ a < b"),
        (r"read \#rules\_and\_faq, ask with \`/ticket\`", "read #rules_and_faq, ask with `/ticket`"),
        (r"\*\*bold\*\* is **bold**", "**bold** is bold"),
        (r"\<t:1750018000:R\>, \<\@5\> and \</imagine:99>", "<t:1750018000:R>, <@5> and </imagine:99>"),
        (r"\\**a**", r"\a"),
    ],
)
def test_markup_becomes_words(marked: str, said: str) -> None:
    assert plain(marked, "en-GB", NOW) == said


@pytest.mark.parametrize(
    ("locale", "said"), [("de", "in 5 Stunden"), ("xx", "in 5 hours"), ("", "in 5 hours")]
)
def test_moments_are_spelled_in_the_persons_language(locale: str, said: str) -> None:
    assert plain("<t:1750018000:R>", locale, NOW) == said
