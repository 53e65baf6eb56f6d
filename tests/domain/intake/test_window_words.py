"""What may be written into a window, and which buttons have one.
Never here: sending it (tests/services/worker/test_windows.py), and the window itself (tests/e2e/test_windows.py)."""

from __future__ import annotations

import pytest

from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.domain.intake.window_words import (
    ZOOM_RULE,
    WindowKind,
    WindowWords,
    as_filled_in,
    read_words,
    read_zoom,
    split_zoom,
    window_of_action,
    with_zoom,
)
from bot.domain.tasks import RemoteAction
from bot.errors import UserError

UUID = "11111111-2222-4333-8444-555555555555"
ZOOM, REGION, REROLL, VARIATION, PAN, SUBTLE, UPSCALE = ACTIONS = (
    f"MJ::CustomZoom::{UUID}",
    f"MJ::Inpaint::1::{UUID}::SOLO",
    f"MJ::JOB::reroll::0::{UUID}::SOLO",
    f"MJ::JOB::variation::2::{UUID}",
    f"MJ::JOB::pan_left::1::{UUID}::SOLO",
    f"MJ::JOB::low_variation::1::{UUID}::SOLO",
    f"MJ::JOB::upsample::1::{UUID}",
)


def kinds(server: ServerKind, *custom_ids: str) -> list[WindowKind | None]:
    actions = [RemoteAction(custom_id, "", "") for custom_id in custom_ids]
    return [window_of_action(actions, n, BY_SERVER[server]) for n in range(len(actions))]


@pytest.mark.parametrize(
    ("server", "windows"),
    [
        (ServerKind.OHMYGPT, [None] * 7),
        (ServerKind.NOVI, [None] * 7),
        (ServerKind.PLUS, [WindowKind.ZOOM, WindowKind.REGION, *[None] * 5]),
        (ServerKind.NEW_API, [WindowKind.ZOOM, WindowKind.REGION, *[None] * 5]),
        (ServerKind.TRUEAI, [WindowKind.ZOOM, WindowKind.REGION, *[WindowKind.WORDS] * 4, None]),
    ],
)
def test_an_account_decides_which_buttons_open_a_window(
    server: ServerKind, windows: list[WindowKind | None]
) -> None:
    assert kinds(server, *ACTIONS) == windows


def test_a_grid_of_clips_is_rerolled_without_words() -> None:
    clip = f"MJ::JOB::video_virtual_upscale::1::{UUID}"

    assert kinds(ServerKind.TRUEAI, clip, REROLL) == [None, None]


def test_there_is_no_window_where_there_is_no_button() -> None:
    able = BY_SERVER[ServerKind.TRUEAI]

    assert window_of_action([], 0, able) is None
    assert window_of_action([RemoteAction(ZOOM, "", "")], -1, able) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2", "2"),
        ("1", "1"),
        ("1.0", "1"),
        ("1,4", "1.4"),
        (" 1.75 ", "1.75"),
        ("1.5\n", "1.5"),
        ("\t1.5\t", "1.5"),
        ("1.5x, ", "1.5"),
        ("1.5 .", "1.5"),
        ("\u00d71.5", "1.5"),
        ("1.5x", "1.5"),
        ("\uff11\uff0e\uff15", "1.5"),
        ("1.5,", "1.5"),
        ("1.5\u3002", "1.5"),
    ],
)
def test_a_factor_is_read_as_people_write_it(typed: str, read: str) -> None:
    assert read_zoom(typed) == read


@pytest.mark.parametrize("typed", ["", "0", "0.99", "2.01", "3", "-1", "1.4.2", "far", "nan", "1e0", "٢"])
def test_a_factor_outside_of_the_limits_is_refused(typed: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_zoom(typed)

    assert refusal.value.text.id == "prompt.bad_value"
    assert refusal.value.text.args["name"] == "zoom"


@pytest.mark.parametrize(
    ("typed", "prompt", "zoom"),
    [
        ("a fox", "a fox", "1.5"),
        ("a fox --ar 1:1 --zoom 1.2", "a fox --ar 1:1", "1.2"),
        ("a fox —zoom 1,2 --v 7", "a fox --v 7", "1.2"),
        ("a fox --zoom1.2", "a fox", "1.2"),
        ("a fox --zoom\uff1a\uff11\uff0e\uff12", "a fox", "1.2"),
        ("--zoom 1.2, a fox", "a fox", "1.2"),
        ("--zoom 1.2", None, "1.2"),
        ("a fox,--zoom 1.2", "a fox,", "1.2"),
        ("a fox--zoom 1.2", "a fox", "1.2"),
        ("a fox\u2014zoom 1,2", "a fox", "1.2"),
        ("狐狸\u2014\u2014zoom\uff1a1.2", "狐狸", "1.2"),
        ("a fox -- zoom 1.2", "a fox", "1.2"),
        ("a fox - -zoom \uff11\uff0c\uff12", "a fox", "1.2"),
        ("a fox \u2014 zoom 1.2x --ar 1:1", "a fox --ar 1:1", "1.2"),
        ("a fox \uff0d\uff0d\uff5a\uff4f\uff4f\uff4d 1.2", "a fox", "1.2"),
        ("a fox \u30fc\u30fczoom 1.2", "a fox", "1.2"),
        ("a fox --z\u00adoom 1.2", "a fox", "1.2"),
        ("a fox --zoom1.2--ar 1:1", "a fox --ar 1:1", "1.2"),
        ("a fox --zoom 1.2,blue", "a fox blue", "1.2"),
        ("a fox --zoom 1.4 --zoom 1.2", "a fox", "1.2"),
        ("**a fox --zoom 1.2**", "a fox", "1.2"),
        ('/imagine prompt: "a fox --zoom 1.2"', "a fox", "1.2"),
        ("a fox \u2014 zoom 24 mm lens", "a fox \u2014 zoom 24 mm lens", "1.5"),
        ("a slow\u2014zoom in", "a slow\u2014zoom in", "1.5"),
        ("a photo \u2014 zoom 2 lens", "a photo \u2014 zoom 2 lens", "1.5"),
        ("a super\u2013zoom 2 camera", "a super\u2013zoom 2 camera", "1.5"),
        ("https://a.example/x--zoom2 a fox", "https://a.example/x--zoom2 a fox", "1.5"),
        ("", None, "1.5"),
        ("  ", None, "1.5"),
    ],
)
def test_a_zoom_among_the_words_counts_more_than_the_field(typed: str, prompt: str | None, zoom: str) -> None:
    assert read_words(typed, zoom="1.5") == WindowWords(prompt=prompt, zoom=zoom)


@pytest.mark.parametrize(
    "typed", ["a fox --zoom", "a fox --zoom, blue", "a fox \u2014zoom --ar 1:1", "a --zoom 1.2 --zoom"]
)
def test_a_zoom_without_a_factor_is_told_what_it_takes(typed: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_words(typed, zoom="1.5")

    assert refusal.value.text.id == "prompt.missing_value"
    assert refusal.value.text.args["rule"] == ZOOM_RULE


def test_a_factor_out_of_reach_is_quoted_as_it_was_written() -> None:
    for typed, quoted in (
        ("a fox --zoom 2.5", "2.5"),
        ("a fox --zoom -1", "-1"),
        ("**a fox --zoom 3**", "3"),
    ):
        with pytest.raises(UserError) as refusal:
            read_words(typed, zoom="1.5")
        assert refusal.value.text.args["value"] == quoted


@pytest.mark.parametrize("dashes", ["-" * 3_999, "- " * 2_000, "\u2014 " * 2_000])
def test_as_many_dashes_as_anybody_can_type_are_no_zoom(dashes: str) -> None:
    assert split_zoom(f"{dashes}zoo") == (f"{dashes}zoo", None)


def test_without_a_field_for_it_a_zoom_is_no_parameter() -> None:
    with pytest.raises(UserError) as refusal:
        read_words("a fox --zoom 1.5")

    assert refusal.value.text.id.startswith("prompt.unknown_parameter")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("a fox --video", "prompt.no_video_here"),
        ("a {red, blue} fox", "prompt.permutation"),
        ("a fox --repeat 3", "prompt.several_jobs"),
        ("x" * 4_001, "prompt.too_long"),
    ],
)
def test_words_are_checked_as_in_a_prompt(typed: str, why: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_words(typed)

    assert refusal.value.text.id == why


def test_an_own_option_set_may_stand_among_the_words() -> None:
    sets = (("mine", "--ar 3:2"),)

    assert read_words("a fox \u2014mine", sets=sets) == WindowWords(prompt="a fox --ar 3:2")
    assert read_words("a fox --mine --zoom 1.2", zoom="2", sets=sets).prompt == "a fox --ar 3:2"


def test_a_speed_among_the_words_changes_no_pool_and_is_told() -> None:
    assert read_words("a fox --turbo") == WindowWords(prompt="a fox", notes=("note.speed_flag_removed",))


def test_what_was_split_goes_together_again() -> None:
    assert split_zoom("a fox --zoom 1.4") == ("a fox", "1.4")
    assert split_zoom("a fox in a zoom lens") == ("a fox in a zoom lens", None)
    assert with_zoom("a fox --zoom 2", "1.4") == "a fox --zoom 1.4"
    assert with_zoom("", "1.4") == "--zoom 1.4"
    assert with_zoom("a fox", None) == "a fox"


@pytest.mark.parametrize(
    ("typed", "field", "words", "factor"),
    [
        ("a fox --zoom 1.5 --aspekt 1:1", "2", "a fox --aspekt 1:1", "1.5"),
        ("a fox --zoom 2.5", "2", "a fox", "2.5"),
        ("a fox --aspekt 1:1", "1.5 x", "a fox --aspekt 1:1", "1.5x"),
        ("a fox", "-1", "a fox", "-1"),
        ("a fox --zoom", "2", "a fox", "2"),
        ("**a fox --zoom 1.5**", "2", "a fox", "1.5"),
        ("**a fox --aspekt 1:1**", "2", "**a fox --aspekt 1:1**", "2"),
        ("a fox", "", "a fox", ""),
    ],
)
def test_what_was_refused_is_opened_as_it_would_have_counted(
    typed: str, field: str, words: str, factor: str
) -> None:
    assert split_zoom(as_filled_in(typed, field)) == (words, factor)


def test_what_was_refused_without_a_factor_is_kept_as_it_is() -> None:
    assert as_filled_in("a fox --zoom 3", None) == "a fox --zoom 3"
