"""Catalogues: a sentence is found, fits its arguments, and falls back without surprises.
Never here: what the sentences say, and what every language must hold (tests/i18n)."""

from __future__ import annotations

from importlib import resources

import pytest
from babel.numbers import format_decimal

from bot.i18n import Catalogues, UnknownText
from bot.texts import text

ENGLISH = """
msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "greet"
msgstr "Hello {who}"

msgid "ahead"
msgid_plural "ahead"
msgstr[0] "{n} job ahead"
msgstr[1] "{n} jobs ahead"

msgid "many"
msgstr "{n} of {limit}"

msgid "reach"
msgstr "{who.__class__}"

msgid "drawn"
msgstr "{who!r}"

msgid "padded"
msgstr "{who:>9}"

msgid "when"
msgstr "<t:{at}:R> for <@{who}> and {at}"

msgid "only_english"
msgstr "only here"
"""
GERMAN = """
msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "greet"
msgstr "Hallo {who}"

msgid "ahead"
msgid_plural "ahead"
msgstr[0] "{n} Auftrag davor"
msgstr[1] "{n} Aufträge davor"

msgid "many"
msgstr "{n} von {limit}"
"""


def catalogues(*, strict: bool = True, **more: str) -> Catalogues:
    return Catalogues({"en": ENGLISH, "de": GERMAN, **more}, strict=strict)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Hello Ada"),
        ("en-US", "Hello Ada"),
        ("de", "Hallo Ada"),
        ("de-AT", "Hallo Ada"),
        ("xx", "Hello Ada"),
    ],
)
def test_a_sentence_comes_in_the_nearest_language(locale: str, said: str) -> None:
    assert catalogues().render(text("greet", who="Ada"), locale) == said


def test_a_country_s_own_words_come_before_its_language_s() -> None:
    house = catalogues(de_CH='msgid "greet"\nmsgstr "Grüezi {who}"')

    assert house.render(text("greet", who="Ada"), "de-CH") == "Grüezi Ada"
    assert house.render(text("ahead", n=2), "de-CH") == "2 Aufträge davor"


def test_a_sentence_that_a_language_lacks_comes_in_english() -> None:
    assert catalogues().render(text("only_english"), "de") == "only here"


def test_traditional_chinese_does_not_fall_back_to_simplified() -> None:
    house = catalogues(zh='msgid "greet"\nmsgstr "你好 {who}"')

    assert house.render(text("greet", who="Ada"), "zh-CN") == "你好 Ada"
    assert house.render(text("greet", who="Ada"), "zh-TW") == "Hello Ada"


def test_norwegian_goes_by_the_name_that_gettext_knows() -> None:
    assert (
        catalogues(nb='msgid "greet"\nmsgstr "Hei {who}"').render(text("greet", who="Ada"), "no") == "Hei Ada"
    )


@pytest.mark.parametrize(("n", "said"), [(1, "1 job ahead"), (0, "0 jobs ahead"), (1200, "1,200 jobs ahead")])
def test_the_plural_follows_n(n: int, said: str) -> None:
    assert catalogues().render(text("ahead", n=n), "en") == said


def test_an_argument_n_needs_no_plural_forms() -> None:
    assert catalogues().render(text("many", n=1, limit=5000), "de") == "1 von 5.000"


@pytest.mark.parametrize("language", Catalogues.load().languages)
@pytest.mark.parametrize("number", [0, 7, 42, 999, 1000, 1234567, -5, 0.5, 1234.5])
def test_a_number_is_written_as_its_language_writes_it(language: str, number: float) -> None:
    house = Catalogues({"en": ENGLISH, language: 'msgid "greet"\nmsgstr "{who}"'}, strict=True)

    assert house.render(text("greet", who=number), language) == format_decimal(number, locale=language)


def test_a_text_as_an_argument_is_said_in_the_same_language() -> None:
    assert catalogues().render(text("greet", who=text("ahead", n=2)), "de") == "Hallo 2 Aufträge davor"


def test_digits_inside_discord_s_markup_stay_as_they_are() -> None:
    said = catalogues().render(text("when", at=1767225600, who=175928847299117063), "en")

    assert said == "<t:1767225600:R> for <@175928847299117063> and 1,767,225,600"


def test_braces_in_an_argument_mean_nothing() -> None:
    assert catalogues().render(text("greet", who="{n} {0} {who}"), "en") == "Hello {n} {0} {who}"


@pytest.mark.parametrize("id_", ["nobody.said.this", "greet", "reach", "drawn", "padded"])
def test_a_sentence_that_cannot_be_said_is_found_in_tests_and_named_in_production(id_: str) -> None:
    unfit = text(id_, other="x") if id_ == "greet" else text(id_, who="x")

    with pytest.raises(UnknownText):
        catalogues().render(unfit, "en")
    assert catalogues(strict=False).render(unfit, "de") == id_


def test_a_broken_catalogue_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="“fr”"):
        catalogues(fr="this is no catalogue").read_all()
    with pytest.raises(ValueError, match="“en”"):
        Catalogues({"de": GERMAN})


def test_the_english_catalogue_names_each_sentence_once() -> None:
    source = resources.files("bot").joinpath("locales", "en", "LC_MESSAGES", "easel.po").read_text("utf-8")
    ids = [line for line in source.splitlines() if line.startswith("msgid ") and line != 'msgid ""']

    assert sorted(ids) == sorted(set(ids))


def test_the_package_s_own_catalogues_can_be_read() -> None:
    house = Catalogues.load(strict=True)
    house.read_all()

    assert house.render(text("pool.FAST"), "de") == "⚡ FAST"
