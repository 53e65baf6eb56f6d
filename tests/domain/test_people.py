"""Preferences lie under a prompt: what a command says wins, then a named set, the suffix, aspect and version.
Never here: where they are kept."""

from __future__ import annotations

import pytest

from bot.domain.intake.prompts import ComposedPrompt, PromptOptions, compose
from bot.domain.people import (
    NAME_LIMIT,
    OPTIONS_LIMIT,
    SETS_LIMIT,
    OptionSet,
    Preferences,
    laid,
    read_aspect,
    spelled_version,
)
from bot.errors import UserError
from bot.i18n import Catalogues
from bot.texts import text

SENTENCES = Catalogues.load(strict=True)
LIKES = Preferences(
    aspect="16:9",
    version="niji 6",
    suffix="in watercolour --stylize 300",
    sets=(OptionSet("wide", "--ar 21:9 --chaos 10"),),
)


def said(refused: pytest.ExceptionInfo[UserError]) -> str:
    return SENTENCES.render(refused.value.text, "en")


def composed(prompt: str, likes: Preferences, name: str | None = None, **options: object) -> str:
    asked = PromptOptions(prompt=prompt, under=likes.under(name), **options)  # type: ignore[arg-type]  # by name
    return compose(asked).prompt


def test_preferences_are_laid_under_a_prompt() -> None:
    assert composed("a fox", LIKES) == "a fox in watercolour --stylize 300 --ar 16:9 --niji 6"


def test_whatever_the_prompt_or_an_option_says_wins_over_them() -> None:
    assert composed("a fox --ar 1:1", LIKES, version="7", stylize=0) == (
        "a fox in watercolour --ar 1:1 --v 7 --stylize 0"
    )


def test_a_named_set_wins_over_the_other_preferences_and_loses_to_the_prompt() -> None:
    assert composed("a fox --chaos 5", LIKES, "WIDE ") == (
        "a fox in watercolour --chaos 5 --ar 21:9 --stylize 300 --niji 6"
    )


def test_what_was_composed_composes_to_itself_and_gathers_no_notes() -> None:
    once = compose(PromptOptions(prompt="a fox", under=LIKES.under()))

    assert once.notes == ()
    assert compose(PromptOptions(prompt=once.prompt)) == ComposedPrompt(once.prompt)
    assert compose(PromptOptions(prompt="a fox", under=Preferences().under())) == ComposedPrompt("a fox")


def test_a_suffix_alone_is_no_prompt() -> None:
    with pytest.raises(UserError) as refused:
        composed("--tile", LIKES)

    assert "empty" in said(refused)


def test_a_set_that_is_not_there_is_not_guessed() -> None:
    with pytest.raises(UserError) as refused:
        LIKES.under("square")
    with pytest.raises(UserError):
        LIKES.without_set("square")

    assert "no option set" in said(refused)


def test_sets_are_kept_cleaned_and_by_name() -> None:
    likes = LIKES.with_set("  Ink   lines ", "black ink —no text --AR 3 : 2 ".replace(" : ", ":"))
    again = likes.with_set("INK lines", "--tile")

    assert likes.sets == (OptionSet("Ink lines", "black ink --no text --ar 3:2"), *LIKES.sets)
    assert [one.name for one in again.sets] == ["INK lines", "wide"]
    assert again.without_set("ink lines").sets == LIKES.sets


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("", "--tile", f"1 to {NAME_LIMIT}"),
        ("n" * (NAME_LIMIT + 1), "--tile", f"1 to {NAME_LIMIT}"),
        ("a", " \u200b", "needs options"),
        ("a", "--ar wide", "`--ar`"),
        ("a", "--foo 3", "`--foo`"),
        ("a", "--turbo --stylize 300", "`--turbo`"),
        ("a", "--repeat 4 --stylize 300", "`--repeat`"),
        ("a", "--no-raw --stylize 300", "`--no-raw`"),
        ("a", "x" * (OPTIONS_LIMIT + 1), str(OPTIONS_LIMIT)),
    ],
)
def test_what_could_not_be_used_later_is_refused_now(name: str, options: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        LIKES.with_set(name, options)

    assert says in said(refused)


def test_there_are_as_many_sets_as_a_menu_holds() -> None:
    likes = Preferences(sets=tuple(OptionSet(f"s{n}", "--tile") for n in range(SETS_LIMIT)))

    with pytest.raises(UserError) as refused:
        likes.with_set("one more", "--tile")

    assert str(SETS_LIMIT) in said(refused)
    assert likes.with_set("s3", "--raw").find("S3") == OptionSet("s3", "--raw")


def test_single_preferences_are_read_as_a_command_reads_them() -> None:
    assert (read_aspect(" 16 : 9"), spelled_version("7"), spelled_version("niji 6")) == (
        "16:9",
        "--v 7",
        "--niji 6",
    )
    assert (laid(""), laid(" kodak  film --s 50 ")) == ("", "kodak film --s 50")
    for typed in ("wide", "0:0"):
        with pytest.raises(UserError):
            read_aspect(typed)
    with pytest.raises(UserError):
        spelled_version("99")


LINK = "https://a.example/1.png"


@pytest.mark.parametrize("typed", [f"in the style of {LINK}", f"{LINK} in the style of --s 50", LINK])
def test_a_link_among_own_words_brings_no_word_that_nobody_wrote(typed: str) -> None:
    assert LIKES.with_set("mine", typed).find("mine") == OptionSet("mine", laid(typed))
    assert laid(typed).split()[:2] == [LINK, "in"][: len(typed.split())]
    assert laid(laid(typed)) == laid(typed)


def test_what_earlier_versions_kept_with_such_a_word_is_laid_without_it() -> None:
    stored = f"{LINK} x in the style of"
    likes = Preferences(suffix=stored, sets=(OptionSet("mine", stored),))

    healed = f"{LINK} in the style of"
    assert likes.under("mine") == (healed, healed)
    assert likes.named() == (("mine", healed),)
    assert Preferences(suffix=f"x marks {LINK}").under() == (f"x marks {LINK}",)


def test_what_grows_too_long_as_it_is_spelled_out_is_refused() -> None:
    """It is shown in a field of so many characters, and could not be edited there any more."""
    typed = "x" * (OPTIONS_LIMIT - 8) + " —chaos5"

    assert len(laid(typed[8:])) <= OPTIONS_LIMIT
    with pytest.raises(UserError) as refused:
        laid(typed)
    assert refused.value.text == text("prefer.too_long", limit=OPTIONS_LIMIT, length=OPTIONS_LIMIT + 2)
