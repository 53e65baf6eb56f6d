"""Shortened prompts as Midjourney writes them.
Never here: asking for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intake.shortening import MOST_SHORTENED, Shortened, read_shortened
from bot.domain.jobs import JobKind
from bot.domain.task_words import LONGEST_WORDS, words_of
from bot.domain.tasks import TaskStatus
from tests.domain.builders import seen

KEYCAP = "\ufe0f\u20e3"
WRITTEN = (
    "## Important tokens\n**a fox** in ~~the very deep~~ **snow**\n\n## Shortened prompts\n"
    f"1{KEYCAP} a fox in the snow\n\n2{KEYCAP} fox, snow\n\n3{KEYCAP} fox\n\n4{KEYCAP} snow\n\n5{KEYCAP} f"
)


def test_five_prompts_and_the_words_that_counted() -> None:
    assert read_shortened(WRITTEN) == Shortened(
        prompts=("a fox in the snow", "fox, snow", "fox", "snow", "f"),
        strong=("a fox", "snow"),
        weak=("the very deep",),
    )


def test_less_than_that_is_read_as_far_as_it_goes() -> None:
    assert read_shortened(None) == Shortened(())
    assert read_shortened("## Important tokens\n**a**") == Shortened((), strong=("a",))
    assert read_shortened(f"## Shortened prompts\n1{KEYCAP} a fox").prompts == ("a fox",)
    assert read_shortened(f"1{KEYCAP} a fox\n2{KEYCAP} fox").prompts == ("a fox", "fox")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"final_prompt": WRITTEN, "prompt": "/shorten a fox"}, WRITTEN),
        ({"prompt": "a fox, as it was typed", "description": WRITTEN}, WRITTEN),
        ({"prompt": "/shorten a fox", "description": "1 a fox"}, "1 a fox"),
        ({"prompt": "/shorten a fox"}, None),
    ],
)
def test_the_shorter_prompts_are_found_in_whichever_field_a_server_writes_them(
    fields: dict[str, str], told: str | None
) -> None:
    assert words_of(JobKind.SHORTEN, seen(TaskStatus.SUCCESS, **fields)) == told


def test_a_heading_stands_on_one_line() -> None:
    assert read_shortened(f"\r\n ##  Shortened prompts : \r\n1{KEYCAP} a fox").prompts == ("a fox",)
    assert read_shortened(f"Important tokens\n#\n\nShortened prompts\n1{KEYCAP} a fox").prompts == ("a fox",)
    assert read_shortened("#\n\nImportant tokens\n**a**").strong == ()


@pytest.mark.parametrize("kind", [JobKind.SHORTEN, JobKind.DESCRIBE])
def test_texts_are_kept_as_far_as_midjourney_would_write_them(kind: JobKind) -> None:
    long = "a fox\n" * LONGEST_WORDS

    assert words_of(kind, seen(TaskStatus.SUCCESS, prompt=long)) == long[:LONGEST_WORDS]


@given(st.text())
def test_any_text_gives_at_most_five(words: str) -> None:
    assert len(read_shortened(words).prompts) <= MOST_SHORTENED
