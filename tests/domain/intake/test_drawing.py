"""How a `/draw` prompt is read: its options, what of Midjourney's is taken out of it, and that it reads to itself.
Never here: sending."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.actions import Family, classify, lay_out
from bot.domain.engine_models import EngineModel, engine_model
from bot.domain.intake.drawing import (
    NOTE_ASPECT,
    NOTE_PARAMETERS,
    Order,
    actions_of,
    number_of,
    ordered,
    read_order,
    varied,
    with_suffix,
    words_of_order,
)
from bot.errors import UserError
from bot.texts import Inert


def model(name: str = "gpt-image-1.5") -> EngineModel:
    found = engine_model(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["gpt-image-1", "gpt-image-2.5-flare", "dall-e-3"])
def test_a_model_of_the_known_families_is_known(name: str) -> None:
    assert model(name).name == name


@pytest.mark.parametrize("name", ["dall-e-2", "gpt-4o", "gpt-image-", "midjourney", "gpt-image-1/../x", ""])
def test_any_other_is_not(name: str) -> None:
    assert engine_model(name) is None


def test_options_win_over_the_same_in_the_text() -> None:
    order = read_order("a fox --size 1024x1536 --number 2", model(), size="1536x1024", number=3)
    assert (order.size, order.number) == ("1536x1024", 3)


@pytest.mark.parametrize(
    ("prompt", "order"),
    [
        ("a fox", Order("a fox")),
        ("a fox --size 1024x1024", Order("a fox", "1024x1024")),
        ("a fox --size 1536\u00d71024", Order("a fox", "1536x1024")),
        ("a fox —size 1536x1024", Order("a fox", "1536x1024")),
        ("a fox --n 2 --q high", Order("a fox", None, "high", 2)),
        ("--number 2 a fox --quality=low", Order("a fox", None, "low", 2)),
        ("a fox --size auto --quality auto --number 1", Order("a fox")),
        ("a fox --ar 16:9", Order("a fox", "1536x1024", notes=(NOTE_ASPECT,))),
        ("a fox --ar 9:16 --v 7", Order("a fox", "1024x1536", notes=(NOTE_ASPECT, NOTE_PARAMETERS))),
        ("a fox --ar 1:1 --size 1536x1024", Order("a fox", "1536x1024")),
        ("a fox --stylize 200 --chaos 5", Order("a fox", notes=(NOTE_PARAMETERS,))),
        ("a fox --q 2", Order("a fox", notes=(NOTE_PARAMETERS,))),
        ("a fox --fast", Order("a fox", notes=(NOTE_PARAMETERS,))),
        ("a fox --repeat 4", Order("a fox", notes=(NOTE_PARAMETERS,))),
        ("a fox --r 1", Order("a fox")),
        ("https://e.example/a.png a fox", Order("a fox", notes=(NOTE_PARAMETERS,))),
    ],
)
def test_a_prompt_is_read_into_one_order(prompt: str, order: Order) -> None:
    assert read_order(prompt, model()) == order


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        ("--ar 3:2", "draw.no_words"),
        ("https://e.example/a.png", "draw.no_words"),
        ("a fox --size 512x512", "draw.bad_size"),
        ("a fox --quality hd", "draw.bad_quality"),
        ("a fox --number 5", "draw.bad_number"),
        ("a fox --number 0", "draw.bad_number"),
        ("a fox --number many", "draw.bad_number"),
        ("a fox --number ²", "draw.bad_number"),
        ("a fox --number 00010", "draw.bad_number"),
        ("a fox --chaso 3", "prompt.unknown_parameter_near"),
    ],
)
def test_what_the_model_does_not_take_is_one_sentence(prompt: str, why: str) -> None:
    with pytest.raises(UserError) as caught:
        read_order(prompt, model())
    assert caught.value.text.id == why


@pytest.mark.parametrize("option", ["size", "quality", "number"])
def test_what_the_model_does_not_take_is_repeated_without_markup(option: str) -> None:
    with pytest.raises(UserError) as caught:
        read_order(f"a fox --{option} **x**", model())

    assert caught.value.text.args["typed"] == Inert(r"\*\*x\*\*")
    assert isinstance(caught.value.text.args["typed"], Inert)


def test_the_older_model_has_sizes_and_qualities_of_its_own_and_draws_one() -> None:
    older = model("dall-e-3")
    assert read_order("a fox --ar 16:9 --quality hd", older).size == "1792x1024"
    assert actions_of(older, 1) == actions_of(older, 1)[:1]
    with pytest.raises(UserError):
        read_order("a fox", older, number=2)


@given(
    st.text("abc é狐-:,.", max_size=30),
    st.sampled_from([None, "1024x1024", "1536x1024", "auto"]),
    st.sampled_from([None, "low", "high"]),
    st.integers(1, 4),
)
def test_an_order_reads_to_itself_as_its_job_carries_it(
    words: str, size: str | None, quality: str | None, number: int
) -> None:
    try:
        order = read_order(f"fox {words}", model(), size=size, quality=quality, number=number)
    except UserError:
        return
    again = read_order(order.prompt, model())
    assert (again.words, again.size, again.quality, again.number) == (
        order.words,
        order.size,
        order.quality,
        order.number,
    )
    sent = ordered(order.prompt, model())
    assert (sent.words, sent.size, sent.quality, sent.number) == (
        order.words,
        order.size,
        order.quality,
        order.number,
    )
    assert number_of(order.prompt) == number
    assert words_of_order(order.prompt) == order.words


def test_an_order_of_another_model_falls_to_what_this_one_takes() -> None:
    assert ordered("a fox --size 1536x1024 --quality high --number 4", model("dall-e-3")) == Order("a fox")


def test_a_servers_words_come_behind_the_members_and_before_the_options() -> None:
    assert with_suffix("a fox --size 1024x1024", "in ink") == "a fox, in ink --size 1024x1024"
    assert with_suffix("a fox, in ink --size 1024x1024", "in ink") == "a fox, in ink --size 1024x1024"
    assert with_suffix("a fox", "") == "a fox"


def test_its_actions_are_families_of_their_own_and_say_which_picture_they_vary() -> None:
    actions = actions_of(model(), 3)
    assert [classify(one.custom_id) for one in actions] == [
        Family.DRAW_AGAIN,
        *[Family.DRAW_VARIED] * 3,
    ]
    assert [varied(one.custom_id) for one in actions] == [None, 1, 2, 3]
    assert [button.title for row in lay_out(actions).rows for button in row] == [
        "Again",
        "Vary 1",
        "Vary 2",
        "Vary 3",
    ]
