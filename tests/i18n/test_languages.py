"""Every language says everything, with the arguments and the markup of English, within Discord's limits.
Never here: whether it says it well."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import pytest

from bot.texts import Text
from tests.i18n.catalogues import NAMES, SOURCE, Entry, entries, merged, nplurals, path_of, spelled
from tests.i18n.places import filled, limit_of
from tests.ui.client_harness import CATALOGUES

ENGLISH: Final = entries(SOURCE)
LANGUAGES: Final = sorted(name for name in NAMES if path_of(name).is_file())

ARGUMENT: Final = re.compile(r"\{(\w+)\}")
MARKUP: Final = re.compile(
    r"<[^<>\s]+>|`[^`]*`|\*\*|~~|\[(?:percent|x|y)\]|\]\(\{\w+\}\)|(?<![\w/])/[a-z]+(?![a-z])"
)
"""What Discord reads: mentions and times, code, bold, struck out, links; and the names of commands."""
LINE: Final = re.compile(r"^(?:#{1,3} |-# |> |\* |- )?", re.MULTILINE)
"""What makes a line a headline, small, a quotation, or an entry of a list."""
SIGN: Final = re.compile(r"^[\u203c-\u2bff\U0001f000-\U0001faff\ufe0f]+(?=\s)")
"""An emoji in front."""
STRAIGHT: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff][,;?!:](?!\d)")
"""Half-width punctuation behind a Chinese or Japanese character."""


def arguments(form: str) -> set[str]:
    return set(ARGUMENT.findall(form))


def markup(form: str) -> Counter[str]:
    return Counter(MARKUP.findall(form))


def beginnings(form: str) -> tuple[list[str], str]:
    """How its lines begin, and the sign in front."""
    sign = SIGN.match(form)
    return LINE.findall(form), "" if sign is None else sign[0].strip()


def pairs(language: str) -> list[tuple[Entry, Entry]]:
    """Each sentence beside its English one."""
    return [(ENGLISH[id_], said) for id_, said in entries(language).items() if id_ in ENGLISH]


def off(findings: list[str]) -> str:
    return "\n" + "\n".join(findings)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_everything_and_nothing_else(language: str) -> None:
    said = entries(language)

    assert sorted(set(ENGLISH) - set(said)) == [], "python -m tests.i18n.merge … --missing tells what"
    assert sorted(set(said) - set(ENGLISH)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_empty_or_uncertain_or_of_an_older_english_sentence(language: str) -> None:
    wrong = [
        said.id
        for english, said in pairs(language)
        if said.fuzzy or not all(form.strip() for form in said.forms) or said.source != english.forms
    ]

    assert not wrong, off(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_is_in_its_fixed_form(language: str) -> None:
    written = path_of(language).read_text(encoding="utf-8")

    assert written == spelled(language, merged(language, {})), f"run python -m tests.i18n.merge {language}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_has_the_forms_that_the_language_knows(language: str) -> None:
    wrong = [
        said.id
        for english, said in pairs(language)
        if said.plural != english.plural or len(said.forms) != (nplurals(language) if english.plural else 1)
    ]

    assert not wrong, off(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_arguments_are_those_of_english(language: str) -> None:
    """The last form is for most numbers; the others, as in English, may leave the number itself out."""
    wrong = []
    for english, said in pairs(language):
        needed = arguments(english.forms[-1])
        *others, last = said.forms
        if arguments(last) != needed:
            wrong.append(f"{said.id}: {last}")
        wrong += [f"{said.id}: {form}" for form in others if arguments(form) not in (needed, needed - {"n"})]

    assert not wrong, off(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_markup_is_kept(language: str) -> None:
    wrong = [
        f"{said.id}: {form}"
        for english, said in pairs(language)
        for form in said.forms
        if markup(form) != markup(english.forms[-1])
    ]

    assert not wrong, off(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_begin_as_they_do_in_english(language: str) -> None:
    wrong = [
        f"{said.id}: {form}"
        for english, said in pairs(language)
        for form in said.forms
        if beginnings(form) != beginnings(english.forms[-1]) or form != form.strip() or "  " in form
    ]

    assert not wrong, off(wrong)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language in {"ja", "zh_CN"}])
def test_punctuation_is_as_wide_as_the_characters(language: str) -> None:
    wrong = [
        f"{e.id}: {form}" for e in entries(language).values() for form in e.forms if STRAIGHT.search(form)
    ]

    assert not wrong, off(wrong)


@pytest.mark.parametrize("language", [SOURCE, *LANGUAGES])
def test_every_sentence_fits_into_its_place(language: str) -> None:
    wrong = [
        f"{entry.id}: {len(filled(form))} of {limit_of(entry.id)}: {form}"
        for entry in entries(language).values()
        for form in entry.forms
        if len(filled(form)) > limit_of(entry.id)
    ]

    assert not wrong, off(wrong)


def test_every_language_is_one_that_the_program_speaks() -> None:
    assert sorted(CATALOGUES.languages) == sorted([SOURCE, *LANGUAGES])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_every_number_finds_a_form(language: str, n: int) -> None:
    """Catalogues say it themselves: each sentence with a plural, for numbers that choose different forms."""
    for entry in entries(language).values():
        if entry.plural:
            args = {name: (n if name == "n" else "x") for name in set().union(*map(arguments, entry.forms))}
            assert CATALOGUES.render(Text(entry.id, args | {"n": n}), language)


@pytest.mark.parametrize("language", [SOURCE, *LANGUAGES])
@pytest.mark.parametrize(
    "id_", ["pool.window.number_hint", "pool.no_number", "pool.must_be_number", "welcome.per_day_hint"]
)
def test_a_word_that_people_may_type_is_named_as_it_is_read(language: str, id_: str) -> None:
    said = entries(language)

    assert said["pool.unlimited"].forms[0] in said[id_].forms[0]


def test_french_does_not_break_a_line_before_its_high_punctuation() -> None:
    wrong = [
        f"{e.id}: {form}"
        for e in entries("fr").values()
        for form in e.forms
        if re.search(r" [:;!?»](?!\w)|« ", form)
    ]

    assert not wrong, off(wrong)
