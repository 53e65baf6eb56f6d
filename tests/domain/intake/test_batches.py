"""Choices in braces and repeats are written out as Midjourney does, and counted before they are.
Never here: prices and beginning them (tests/services/intake/test_batches.py)."""

from __future__ import annotations

import pytest

from bot.domain.intake.batches import written_out
from bot.domain.intake.choices import count_of, expanded
from bot.domain.intake.prompts import PromptOptions
from bot.errors import UserError
from tests.fixtures.quickest import quickest_s


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("a fox", ["a fox"]),
        ("a {red, green} fox", ["a red fox", "a green fox"]),
        ("a {red, green} {fox, dog}", ["a red fox", "a red dog", "a green fox", "a green dog"]),
        ("a {red, {light, dark} green} fox", ["a red fox", "a light green fox", "a dark green fox"]),
        ("a {red\\, pink, green} fox", ["a red, pink fox", "a green fox"]),
        ("a fox --ar {3:2, 1:1}", ["a fox --ar 3:2", "a fox --ar 1:1"]),
        ("a fox {--s 50, --tile --s 9}", ["a fox --s 50", "a fox --tile --s 9"]),
        ("a {, red} fox", ["a fox", "a red fox"]),
        ("a {red} fox", ["a {red} fox"]),
        ("a \\{red, green\\} fox", ["a \\{red, green\\} fox"]),
        ("a {red, green fox", ["a {red, green fox"]),
        ("a red, green} fox", ["a red, green} fox"]),
        ("{赤，青}い狐", ["赤い狐", "青い狐"]),
        ("{赤、青}い狐", ["赤い狐", "青い狐"]),
        ("{赤\\、黒、青}い狐", ["赤、黒い狐", "青い狐"]),
        ("\uff5b红\uff0c蓝\uff5d狐狸", ["红狐狸", "蓝狐狸"]),
        ("\uff5b红\uff5d狐狸", ["\uff5b红\uff5d狐狸"]),
        (
            "https://x.example/{a,b}.png a {fox, dog}",
            ["https://x.example/{a,b}.png a fox", "https://x.example/{a,b}.png a dog"],
        ),
    ],
)
def test_choices_are_written_out_in_their_order(prompt: str, prompts: list[str]) -> None:
    assert expanded(prompt) == prompts
    assert count_of(prompt) == len(prompts)


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("{" * 4_000, 1),
        ("{," * 2_000, 1),
        ("{a," * 1_000 + "b" + "}" * 1_000, 1_001),
        ("{" * 1_990 + "{a,b}" + "}" * 1_990, 2),
    ],
)
def test_as_many_braces_as_anybody_can_type_are_counted_at_once(prompt: str, count: int) -> None:
    assert count_of(prompt) == count

    assert quickest_s(lambda: count_of(prompt)) < 0.3, "meanwhile nobody else is answered"


def sent(prompt: str, most: int = 40) -> list[str]:
    return [one.prompt for one in written_out(PromptOptions(prompt=prompt), most=most)]


def why_not(prompt: str, most: int) -> tuple[str, str | None]:
    with pytest.raises(UserError) as refused:
        sent(prompt, most)
    shown = refused.value.text.args.get("n")
    return refused.value.text.id, None if shown is None else str(shown)


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("a fox --repeat 3", ["a fox"] * 3),
        ("a fox --r 2 --ar 3:2", ["a fox --ar 3:2"] * 2),
        ("a fox —repeat 2", ["a fox"] * 2),
        ("a fox--r 2", ["a fox"] * 2),
        ("a fox --repeat 1", ["a fox"]),
        ("a {red, green} fox --repeat 2", ["a red fox", "a red fox", "a green fox", "a green fox"]),
        ("a fox --repeat {1, 2}", ["a fox"] * 3),
        ("{a --repeat 3, one} fox", ["a fox"] * 3 + ["one fox"]),
        ("a {red, green--fast} fox", ["a red fox", "a green fox"]),
    ],
)
def test_repeats_are_jobs_and_never_sent(prompt: str, prompts: list[str]) -> None:
    assert sent(prompt) == prompts


def test_more_than_is_allowed_is_refused_before_it_is_written_out() -> None:
    assert sent("a {b, c} fox --repeat 2", most=4)
    assert sent("{a --repeat 3, one} fox", most=4)
    assert why_not("a {b, c} fox --repeat 2", 3) == ("prompt.too_many_jobs", "4")
    assert why_not("a {b --repeat 3, c} fox --repeat 2", 3) == ("prompt.too_many_jobs", "4")
    assert why_not("a {b, c, d} fox", 2) == ("prompt.too_many_jobs", "3")
    assert why_not("{a,b}" * 40, 40) == ("prompt.too_many_jobs", "999+")
    assert why_not("a fox --repeat 2", 1) == ("prompt.several_off", None)
    assert why_not("a fox --repeat 41", 40) == ("prompt.bad_value", None)


def test_one_choice_that_cannot_be_sent_refuses_all() -> None:
    assert why_not("a fox --s {5, 5000}", 4)[0] == "prompt.bad_value"
