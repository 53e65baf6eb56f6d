"""Word rules look at what somebody said: no name of a parameter and no number of one is a word.
Never here: how rules are read (test_moderation.py), and strikes (tests/services/servers/test_policy.py)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from bot.domain.intake.parameters import BY_NAME
from bot.domain.intake.prompts import PromptOptions, compose
from bot.domain.servers.moderation import Match, Verdict, WordAction, WordRule, examine
from bot.domain.servers.prompt_words import passages
from bot.errors import UserError


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a fox --seed 88 --raw --tile --ar 3:2 --v 7", ("a fox",)),
        ("a fox --no red dogs, 88 --style raw", ("a fox", "red dogs, 88")),
        ("a fox --niji --s 50", ("a fox",)),
        ("a fox --niji 6 --motion low --exp 5", ("a fox",)),
        (
            "a fox --sref 88 random https://a.example/88.png::2 --style cute",
            ("a fox", "https://a.example/88.png::2", "cute"),
        ),
        ("a fox --p abc123 88 --loop --end loop", ("a fox", "abc123")),
        ("a fox --size 1024x1024 --quality high --number 2", ("a fox",)),
        ("a fox --seed gore --raw gore, --unknown gore", ("a fox", "gore", "gore,", "unknown gore")),
        ("a fox --seed 8 gore", ("a fox", "gore")),
        ("--seed", ()),
        ("", ()),
    ],
)
def test_words_are_what_is_no_name_and_no_number(prompt: str, said: tuple[str, ...]) -> None:
    assert passages(prompt) == said


def rule(pattern: str, match: Match = Match.WORD, action: WordAction = WordAction.STRIKE) -> WordRule:
    return WordRule(match, pattern, action)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_no_rule_about_a_word_finds_the_name_of_a_parameter(name: str) -> None:
    read = []
    for value in ("", "1", "100", "3:2", "0.5", "low", "https://a.example/b.png", "abc1", "words"):
        with suppress(UserError):  # not what it takes
            read.append(compose(PromptOptions(prompt=f"a fox --{name} {value}")).prompt)

    assert [prompt for prompt in read if f"--{name}" in prompt]
    assert not [prompt for prompt in read if examine(prompt, [rule(name)]).found]


def test_words_in_parameters_are_found_and_no_phrase_reaches_from_one_into_another() -> None:
    prompt = "a fox in red --no dogs --style gory"

    assert examine(prompt, [rule("dogs")]).found
    assert examine(prompt, [rule("gor*")]).found
    assert not examine(prompt, [rule("red dogs", Match.PHRASE)]).found


def test_an_expression_sees_the_whole_prompt_and_what_is_allowed_is_so_in_both() -> None:
    prompt = "gore vidal --seed 88 --no gore"

    assert examine(prompt, [rule("--seed", Match.REGEX)]).found
    allowed = rule("gore vidal", Match.PHRASE, WordAction.ALLOW)
    assert examine("gore vidal --seed 88", [rule("gore"), rule("g.re", Match.REGEX), allowed]) == Verdict(
        allowed=examine("gore vidal", [allowed]).allowed
    )
    assert [f.words for f in examine(prompt, [rule("gore"), allowed]).found] == ["gore"]
