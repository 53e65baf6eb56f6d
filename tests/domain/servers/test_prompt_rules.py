"""What a server adds to prompts and what it does not allow in them: the nearest place decides, and nothing twice.
Never here: who is told (tests/services/servers/test_prompt_policy.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intake.prompts import PROMPT_LIMIT, PromptOptions, compose
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.servers.prompt_rules import (
    DEFAULTS_LIMIT,
    NOTE_ADDED,
    KindRule,
    ParameterLimit,
    PromptAddition,
    check_parameters,
    check_references,
    defaults_in,
    is_allowed,
    key_of,
    name_of,
    put_in,
    read_defaults,
    read_most,
    read_suffix,
    shaped,
    shaped_for,
)
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.texts import Text

SERVER, CATEGORY, CHANNEL = 1, 2, 3
PLACES = (CHANNEL, CATEGORY, SERVER)
HERE = (
    PromptAddition(SERVER, "--ar 3:2 --s 200", "watercolor"),
    PromptAddition(CHANNEL, "--ar 1:1"),
    PromptAddition(99, "--tile", "never"),
)


def refusal(limits: list[ParameterLimit], prompt: str, additions: tuple[PromptAddition, ...] = ()) -> str:
    with pytest.raises(UserError) as refused:
        check_parameters(prompt, limits, additions, PLACES)
    return refused.value.text.id


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [
        ("a fox", "a fox, watercolor --ar 1:1 --s 200"),
        ("a fox --aspect 16:9 --seed 1", "a fox, watercolor --aspect 16:9 --seed 1 --s 200"),
        ("a fox in Watercolor. --s 0 --ar 2:1", "a fox in Watercolor. --s 0 --ar 2:1"),
        ("a fox --style raw", "a fox, watercolor --style raw --ar 1:1 --s 200"),
    ],
)
def test_a_prompt_gets_what_it_has_not_and_the_nearest_place_decides(prompt: str, sent: str) -> None:
    added = shaped(prompt, HERE, PLACES)

    assert added.prompt == sent
    assert added.notes == (() if sent == prompt else (NOTE_ADDED,))


@given(st.text(alphabet="abc xyz,.äß-裸", min_size=1, max_size=60))
def test_what_was_added_is_not_added_again(words: str) -> None:
    try:
        prompt = compose(PromptOptions(prompt=words)).prompt
    except UserError:
        return

    once = shaped(prompt, HERE, PLACES).prompt

    assert shaped(once, HERE, PLACES).prompt == once
    assert compose(PromptOptions(prompt=once)).prompt == once


@pytest.mark.parametrize(
    ("stored", "added"),
    [
        ("https://a.example/1.png x in the style of", "a fox, in the style of"),
        ("https://a.example/1.png https://b.example/2.png x in ink", "a fox, in ink"),
        ("https://a.example/1.png x", "a fox, in watercolor"),
        ("x marks the spot", "a fox, x marks the spot"),
    ],
)
@pytest.mark.parametrize("pool", Pool)
def test_a_suffix_that_was_stored_with_a_link_adds_its_words_and_adds_them_once(
    stored: str, added: str, pool: Pool
) -> None:
    here = (PromptAddition(CHANNEL, suffix=stored), PromptAddition(SERVER, suffix="in watercolor"))

    once = shaped_for(pool, "a fox", (), here, PLACES).prompt

    assert once == added
    assert shaped_for(pool, once, (), here, PLACES).prompt == once


@pytest.mark.parametrize(
    ("words", "suffix", "ended"),
    [
        ("the heart", "art", False),
        ("a car that is smart", "art", False),
        ("fox in thin ink", "in ink", False),
        ("a room of 1935mm", "35mm", False),
        ("modern Art.", "art", True),
        ("art", "art", True),
        ("folk-art", "art", True),
        ("一只狐狸水墨", "水墨", True),
        ("a fox", "...", True),
    ],
)
@pytest.mark.parametrize("pool", [Pool.NORMAL, Pool.DRAW])
def test_a_suffix_is_there_already_only_where_it_does_not_begin_within_a_word(
    words: str, suffix: str, pool: Pool, *, ended: bool
) -> None:
    here = (PromptAddition(SERVER, suffix=suffix),)
    sent = words if ended else f"{words}, {suffix}"

    once = shaped_for(pool, words, (), here, PLACES).prompt

    assert once == sent
    assert shaped_for(pool, once, (), here, PLACES).prompt == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("an old house--painted blue --p", "an old house--painted blue, watercolor --p --ar 1:1 --s 200"),
        ("a well--raw-edged bag --raw", "a well--raw-edged bag, watercolor --raw --ar 1:1 --s 200"),
    ],
)
def test_words_that_hold_a_parameters_letters_are_kept_whole(typed: str, sent: str) -> None:
    assert shaped(compose(PromptOptions(prompt=typed)).prompt, HERE, PLACES).prompt == sent


def test_nothing_is_added_where_nothing_was_decided_or_beyond_what_fits() -> None:
    assert shaped("a fox", (), PLACES).prompt == "a fox"
    with pytest.raises(UserError, match=r"prompt\.too_long"):
        shaped("x" * PROMPT_LIMIT, HERE, PLACES)


def test_defaults_of_several_places_add_up() -> None:
    assert defaults_in(HERE, PLACES) == {"aspect": "--ar 1:1", "stylize": "--s 200"}
    assert defaults_in(HERE, (SERVER,)) == {"aspect": "--ar 3:2", "stylize": "--s 200"}


def test_a_denied_parameter_is_refused_under_any_of_its_names_and_elsewhere_allowed() -> None:
    limits = [ParameterLimit(SERVER, "version", allowed=False)]

    assert refusal(limits, "a fox --v 7") == "refused.parameter"
    assert refusal(limits, "a fox --niji 6") == "refused.parameter"
    check_parameters("a fox --tile", limits, (), PLACES)
    here = [*limits, ParameterLimit(CHANNEL, "version")]
    check_parameters("a fox --v 7", here, (), PLACES)
    check_parameters("a fox --v 7", limits, (), (77, 78))


@pytest.mark.parametrize(("value", "may"), [(49, True), (50, True), (51, False)])
def test_a_number_may_be_as_large_as_the_server_says(value: int, *, may: bool) -> None:
    limits = [ParameterLimit(SERVER, "chaos", most=50)]

    if may:
        check_parameters(f"a fox --c {value}", limits, (), PLACES)
    else:
        assert refusal(limits, f"a fox --c {value}") == "refused.parameter_most"


def test_a_default_that_members_may_not_choose_is_fixed() -> None:
    limits = [ParameterLimit(SERVER, "version", allowed=False)]
    additions = (PromptAddition(SERVER, "--v 7"),)

    check_parameters("a fox --v 7", limits, additions, PLACES)
    assert refusal(limits, "a fox --v 6", additions) == "refused.parameter_fixed"


@pytest.mark.parametrize(
    ("fixed", "same", "other"),
    [
        ("--s 250", "--stylize 250", "--stylize 300"),
        ("--ar 16:9", "--aspect 16:9", "--aspect 9:16"),
        ("--style raw", "--raw", "--style cute"),
        ("--raw", "--style RAW", None),
        ("--niji 6", "--niji 6", "--v 6"),
        ("--hd", "--hd", "--sd"),
        ("--stealth", "--stealth", "--public"),
    ],
)
def test_what_the_server_sets_may_be_chosen_under_any_of_its_names(
    fixed: str, same: str, other: str | None
) -> None:
    additions = (PromptAddition(SERVER, fixed),)
    limits = [
        ParameterLimit(SERVER, key, allowed=False)
        for key in ("stylize", "aspect", "raw", "style", "version", "definition", "privacy")
    ]

    check_parameters(f"a fox {same}", limits, additions, PLACES)
    if other is not None:
        assert refusal(limits, f"a fox {other}", additions).startswith("refused.parameter")


def test_a_picture_that_is_sent_as_a_parameter_is_held_to_the_same_limits() -> None:
    limits = [ParameterLimit(SERVER, "sref", allowed=False), ParameterLimit(CHANNEL, "sref")]
    with pytest.raises(UserError) as refused:
        check_references(["oref", "sref"], limits, (CATEGORY, SERVER))

    assert refused.value.text == text("refused.parameter", name="sref")
    check_references(["oref", "sref"], limits, PLACES)


@pytest.mark.parametrize(
    ("prompt", "theirs"),
    [
        ("a fox --ar 1:1", "a fox "),
        ("a fox", "a fox"),
        ("a fox --ar 1:1 --s 200 --tile", "a fox  --tile"),
        ("a fox --ar 3:2 --s 2000", "a fox  --s 2000 --ar 3:2"),
        ("for the engine --ar 1:1 --whatever it --reads", "for the engine  --reads --whatever it"),
    ],
)
def test_what_the_server_adds_to_the_letter_is_nothing_that_a_member_put_in(prompt: str, theirs: str) -> None:
    assert put_in(prompt, HERE, PLACES) == theirs


def test_style_raw_goes_by_the_name_of_raw() -> None:
    assert refusal([ParameterLimit(SERVER, "raw", allowed=False)], "a fox --style raw") == "refused.parameter"


@pytest.mark.parametrize(
    ("rules", "may"),
    [
        ([], True),
        ([KindRule(SERVER, Charge.VIDEO, allowed=False)], False),
        ([KindRule(SERVER, Charge.PAN, allowed=False)], True),
        (
            [KindRule(SERVER, Charge.VIDEO, allowed=False), KindRule(CATEGORY, Charge.VIDEO, allowed=True)],
            True,
        ),
        ([KindRule(99, Charge.VIDEO, allowed=False)], True),
    ],
)
def test_kinds_of_job_are_allowed_by_the_nearest_place(rules: list[KindRule], *, may: bool) -> None:
    assert is_allowed(rules, Charge.VIDEO, PLACES) is may


@pytest.mark.parametrize(
    ("typed", "key"), [("chaos", "chaos"), ("--C", "chaos"), (" --aspect ", "aspect"), ("niji", "version")]
)
def test_a_parameter_is_known_by_any_of_its_names(typed: str, key: str) -> None:
    assert key_of(typed) == key
    assert key_of(name_of(key)) == key


@pytest.mark.parametrize(
    ("typed", "said"),
    [("choas", "settings.no_such_parameter_near"), ("qqqqq", "settings.no_such_parameter")],
)
def test_an_unknown_parameter_is_refused_with_the_nearest_name(typed: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        key_of(typed)


def test_only_numbers_within_a_parameters_range_can_be_the_most() -> None:
    assert read_most("chaos", "50") == 50
    with pytest.raises(UserError, match=r"settings\.not_numbered"):
        read_most("tile", "1")
    with pytest.raises(UserError, match=r"prompt\.bad_value"):
        read_most("chaos", "101")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("--AR 3x2 —chaos 10", "--AR 3:2 --chaos 10"),
        ("", ""),
        ("  ", ""),
        ("--no text, logos", "--no text, logos"),
    ],
)
def test_defaults_are_spelled_as_prompts_are(typed: str, kept: str) -> None:
    assert read_defaults(typed).lower() == kept.lower()


@pytest.mark.parametrize("typed", ["a fox --ar 3:2", "fox"])
def test_defaults_are_parameters_alone(typed: str) -> None:
    with pytest.raises(UserError, match=r"settings\.defaults_only"):
        read_defaults(typed)


@pytest.mark.parametrize("read", [read_defaults, read_suffix])
@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("--fast", text("prompt.speed_kept", name="fast")),
        ("\u2014relax --ar 3:2", text("prompt.speed_kept", name="relax")),
        ("--r 4", text("prompt.several_jobs", name="r")),
        ("--no-tile --ar 3:2", text("prompt.unknown_parameter", name="no-tile")),
    ],
)
def test_a_speed_several_jobs_and_what_is_off_are_refused_and_not_dropped_from_what_is_added(
    read: Callable[[str], str], typed: str, why: Text
) -> None:
    with pytest.raises(UserError) as refused:
        read(typed)

    assert refused.value.text == why


@pytest.mark.parametrize(("typed", "kept"), [(", in  watercolor ", "in watercolor"), ("", "")])
def test_a_suffix_is_words(typed: str, kept: str) -> None:
    assert read_suffix(typed) == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ink --tile", "settings.suffix_only"),
        ("x" * 301, "settings.too_long"),
        ("in the style of https://a.example/1.png", "settings.suffix_link"),
        ("<https://a.example/1.png>", "settings.suffix_link"),
        ("in { {red}, blue, green}", "prompt.permutation"),
    ],
)
def test_a_suffix_is_words_alone_and_not_too_many(typed: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_suffix(typed)


def test_a_prompt_and_a_suffix_make_no_choice_together() -> None:
    added = (PromptAddition(0, suffix="pale, blue}"),)

    with pytest.raises(UserError, match=r"prompt\.permutation"):
        shaped("a {red fox", added, (0,))


@pytest.mark.parametrize("suffix", ["画风{写实、细腻}", "style {oil\uff0cink}", "\uff5bink, oil\uff5d"])
def test_a_suffix_with_wide_braces_or_commas_is_words_that_are_added_once(suffix: str) -> None:
    added = (PromptAddition(0, suffix=suffix),)

    once = shaped("a fox", added, (0,)).prompt

    assert once == f"a fox, {suffix}"
    assert shaped(once, added, (0,)).prompt == once
    assert read_suffix(suffix) == suffix


def test_a_default_with_wide_commas_in_braces_is_words() -> None:
    added = (PromptAddition(0, "--no {红、蓝}"),)

    assert shaped("a fox", added, (0,)).prompt == "a fox --no {红、蓝}"


def test_defaults_that_grow_too_long_as_they_are_spelled_out_are_refused() -> None:
    """The window of the panel would cut them, and what was cut would be gone when it is sent."""
    codes = " ".join(str(10**8 + n) for n in range(25))
    typed = (
        f"--sref {codes}"[:260].rstrip() + " \u2014chaos5\u2014weird5\u2014stylize5\u2014quality2\u2014iw2"
    )

    assert len(typed) <= DEFAULTS_LIMIT
    with pytest.raises(UserError) as refused:
        read_defaults(typed)
    assert refused.value.text.id == "settings.too_long"
