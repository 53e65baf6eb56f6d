"""Prompts in a frame, answers of chat models, and what counts as English.
Never here: asking anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intake.english import is_english
from bot.domain.intake.prompt_frame import framed, put_back
from bot.domain.intake.prompt_help import Help, UnusableAnswer, asked_words, instructions_for, read_answer
from bot.domain.intake.prompt_parts import parameters_of
from bot.domain.intake.prompts import PromptOptions, compose
from bot.errors import UserError

LINKS = st.lists(st.sampled_from(["https://a.example/x.png", "https://b.example/y--fast.jpg"]), max_size=2)
WORDS = st.lists(
    st.sampled_from(["fox", "snow", "雪の中の狐", "café", "a,", "(soft)", "3d"]), min_size=1, max_size=4
).map(" ".join)
WEIGHTS = st.sampled_from(["::2", "::-.5", "::", "::1.25"])
TAILS = st.lists(
    st.sampled_from(
        ["--ar 3:2", "--v 7", "--no 赤, blue", "--sref https://c.example/z.png::2", "--tile", "--seed 7"]
    ),
    max_size=4,
    unique=True,
).map(" ".join)


@st.composite
def prompts(draw: st.DrawFn) -> str:
    parts = [*draw(LINKS)]
    body = draw(WORDS)
    for _ in range(draw(st.integers(0, 3))):
        body += f"{draw(WEIGHTS)} {draw(WORDS)}"
    return compose(PromptOptions(prompt=" ".join([*parts, body, draw(TAILS)]))).prompt


@given(prompts(), st.booleans())
def test_a_frame_around_its_own_words_is_the_prompt(prompt: str, unwanted: bool) -> None:  # noqa: FBT001 - hypothesis passes it by place
    frame = framed(prompt, unwanted=unwanted)

    assert frame.around(frame.runs) == prompt
    assert len(frame.fixed) == len(frame.runs) + 1


@given(prompts(), st.text(max_size=200), st.sampled_from(Help))
def test_links_weights_and_parameters_survive_any_answer(prompt: str, answer: str, what: Help) -> None:
    frame = framed(prompt, unwanted=what is Help.TRANSLATE)
    read = read_answer(what, frame, answer)

    if isinstance(read, UnusableAnswer):
        return
    fixed = [p for p in parameters_of(prompt) if not p.startswith("--no ")]
    assert [p for p in parameters_of(read) if not p.startswith("--no ")] == fixed
    again = framed(read, unwanted=what is Help.TRANSLATE)
    assert [part.strip() for part in again.fixed] == [part.strip() for part in frame.fixed]
    assert compose(PromptOptions(prompt=read)).prompt == read


@given(
    prompts(),
    st.lists(
        st.sampled_from(
            [
                "a red fox",
                "--ar 9:16",
                "—v 6",
                "::5",
                "https://evil.example/x",
                "--turbo",
                "{a, b}",
                "--nonsense",
            ]
        ),
        max_size=6,
    ).map(" ".join),
)
def test_nothing_that_is_invented_gets_in(prompt: str, invented: str) -> None:
    frame = framed(prompt)
    put = put_back(frame, (f"a red fox {invented}",) * len(frame.runs))

    assert put is not None
    assert parameters_of(put) == parameters_of(prompt)
    assert put.count("evil.example") == 0
    assert put.count("::5") == 0


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("<prompt>a red fox</prompt>", "a red fox --ar 3:2"),
        ("<think>hm <prompt>no</prompt></think>\n<prompt>\na red fox\n</prompt>", "a red fox --ar 3:2"),
        ("Sure! Here is your prompt: “a red fox”", "a red fox --ar 3:2"),
        ("Here's the improved prompt:\n\na red fox", "a red fox --ar 3:2"),
        ("```text\na red fox\n```", "a red fox --ar 3:2"),
        ("**Prompt:** a red fox", "a red fox --ar 3:2"),
        ('"a red fox"', "a red fox --ar 3:2"),
        ("1. a red fox", "a red fox --ar 3:2"),
        ("<prompt>a red fox --ar 9:16 --v 6</prompt>", "a red fox --ar 3:2"),
        ("", UnusableAnswer.EMPTY),
        ("<prompt>  </prompt>", UnusableAnswer.EMPTY),
        ("--ar 9:16", UnusableAnswer.EMPTY),
        ("I'm sorry, but I can't help with that.", UnusableAnswer.DECLINED),
        ("I thought about it.\n\na red fox\n\nLet me know!", UnusableAnswer.PROSE),
        ("<prompt>Лиса на снегу</prompt>", UnusableAnswer.LANGUAGE),
    ],
)
def test_an_answer_is_read_as_people_read_it(answer: str, read: str | UnusableAnswer) -> None:
    found = read_answer(Help.IMPROVE, framed("a fox --ar 3:2"), answer)

    assert found == read


def test_each_part_between_weights_is_a_line_of_its_own() -> None:
    frame = framed("雪::2 狐::-1 --no 車 --v 7", unwanted=True)

    assert asked_words(frame) == "雪\n狐\n車"
    assert "3 line(s)" in instructions_for(Help.TRANSLATE, frame)
    answer = "<prompt>snow\nfox\ncars</prompt>"
    assert read_answer(Help.TRANSLATE, frame, answer) == "snow::2 fox::-1 --no cars --v 7"
    assert isinstance(read_answer(Help.TRANSLATE, frame, "<prompt>snow and fox</prompt>"), UnusableAnswer)


def test_a_translation_has_to_be_english_and_an_improvement_may_stay_as_it_was() -> None:
    frame = framed("雪の中の狐")

    assert read_answer(Help.IMPROVE, frame, "<prompt>雪の中の赤い狐</prompt>") == "雪の中の赤い狐"
    assert read_answer(Help.TRANSLATE, frame, "<prompt>雪の中の赤い狐</prompt>") is UnusableAnswer.LANGUAGE


@pytest.mark.parametrize(
    "words",
    [
        "a fox in the snow",
        "castle, sunset",
        "café in Paris",
        "naïve art of a fox",
        "portrait",
        "8k, cinematic",
    ],
)
def test_english_is_left_alone(words: str) -> None:
    assert is_english(words)


@pytest.mark.parametrize(
    "words",
    [
        "雪の中の狐",
        "눈 속의 여우",
        "лиса на снегу",
        "ein Fuchs im Schnee",
        "un renard dans la neige",
        "un zorro en la nieve",
        "una volpe nella neve",
        "Straße bei Nacht",
    ],
)
def test_other_languages_are_seen(words: str) -> None:
    assert not is_english(words)


def test_a_prompt_that_composes_to_nothing_is_no_frame() -> None:
    with pytest.raises(UserError):
        compose(PromptOptions(prompt="--ar 3:2"))
    assert framed("https://a.example/1 https://b.example/2 --ar 3:2").runs == ()


def test_more_words_than_a_prompt_may_have_are_of_no_use() -> None:
    frame = framed("a fox --ar 3:2")

    assert read_answer(Help.IMPROVE, frame, f"<prompt>{'fox ' * 2_500}</prompt>") is UnusableAnswer.EMPTY


def test_as_many_words_go_back_as_came_out() -> None:
    frame = framed("a fox::2 snow::1")

    assert put_back(frame, ("an owl",)) is None
    assert put_back(frame, ("an owl", "ice")) == "an owl::2 ice::1"
