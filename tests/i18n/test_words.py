"""Words that were found wrong, quantities as people read them, and names of languages: what a native notices first.
Never here: whether a catalogue is complete and fits its places."""

from __future__ import annotations

import re
from typing import Final

import pytest
from babel.numbers import format_decimal

from bot.domain.servers.guilds import SECTIONS
from bot.services.intake.region import picture_gone
from bot.texts import Text, text
from bot.ui.kit.languages import name_of
from tests.architecture.ground import ROOT
from tests.i18n.catalogues import NAMES, SOURCE, Entry, entries
from tests.ui.client_harness import CATALOGUES

LANGUAGES: Final = [SOURCE, *sorted(NAMES)]
QUANTITIES: Final = (0, 1, 2, 5, 21)
WRONG: Final[dict[str, str]] = {
    "en": r"\bjobs?\b|\baddress(?:es)? in prompts|behind every prompt|whether members may|what was said of"
    r"|take away|\bnone are taken|nevertheless|\bbegins? anew|try another button|\bis no \w+ (?:that|number)",
    "de": r"Auftr[aä]g|Vorlieben|\bgehen trotzdem|Buttons,? die gehen|\bFormat und\b|Bildermachen|Adressen in Prompts"
    r"|gescheitert|angehalten|\bKn[oö]pf|\bCredits?\b",
    "fr": r"\b[Tt]rava(?:il|ux)\b|[Cc]lé propre|minuit à \{|\bmarche(?:nt)?\b|[Aa]dresses? dans les prompts"
    r"|\b[Ff]actur|\bdécompt|^Dessiné\b",
    "es": r"\b[Tt]areas?\b(?! de Midjourney)|\bvídeo|[Dd]irecciones en los prompts|vuestr|favoritos|^Dibujado\b",
    "ja": r"ジョブ|後置き|パラメータ(?!ー)|待ち行列|は消費され|画像は消費|アドレスを使え|ますか。|私[のから]|も消費され|消費分",
    "ko": r"을\(를\)|이\(가\)|은\(는\)|으로\(로\)|단위(?!\))|작업 키|프롬프트의 주소",
    "zh_CN": r"屏蔽|单位|账户|抹除|图像服务|(?<!Midjourney )任务|\d ?个图片|额度数",
}
"""Of each language: literal translations, a second word for a thing that has one (docs/translating.md), Discord's other word."""
CODE: Final = re.compile(r"`[^`]*`|\(/[^)]*\)|\{(?!zone)\w+\}")
PLAIN_ENDINGS: Final = re.compile(r"(?:(?<!ま)する|(?<![まで])した|である|だ|られる|せる)。")
"""Japanese sentences in the plain form, where です and ます are spoken."""
ONE: Final[dict[str, frozenset[int]]] = {
    "en": frozenset({1}),
    "de": frozenset({1}),
    "es": frozenset({1}),
    "fr": frozenset({0, 1}),
}
"""The numbers of which a language speaks in the singular; others have one form."""
AMOUNTS: Final[dict[str, tuple[str, str]]] = {
    "en": ("1 hour", "{n} hours"),
    "de": ("{n} Stunde", "{n} Stunden"),
    "es": ("{n} hora", "{n} horas"),
    "fr": ("{n} heure", "{n} heures"),
    "ja": ("{n}時間", "{n}時間"),
    "ko": ("{n}시간", "{n}시간"),
    "zh_CN": ("{n} 小时", "{n} 小时"),
}
MANY: Final[dict[str, str]] = {
    "en": r"units|days|hours|minutes|seconds|strikes|pictures|members|credits|rules|messages",
    "de": r"Einheiten|Tagen?|Stunden|Sekunden|Verwarnungen|Bildern?|Mitglieder|Guthabenpunkten?|Regeln|Meldungen",
    "es": r"unidades|días|horas|segundos|avisos|imágenes|miembros|créditos|reglas|mensajes",
    "fr": r"unités|jours|heures|secondes|avertissements|images|membres|crédits|règles|messages",
}
"""Plurals that no 1 stands before."""
UNCOUNTED: Final = frozenset({"describe.number"})
"""Numbers that count nothing."""


def sentences(language: str) -> list[tuple[str, str]]:
    return [(e.id, form) for e in entries(language).values() for form in e.forms]


def arguments(entry: Entry) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", "".join(entry.forms)))


def said(entry: Entry, language: str, n: int) -> str:
    others = dict.fromkeys(arguments(entry), "x")
    return CATALOGUES.render(Text(entry.id, others | {"n": n}), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_has_a_word_that_was_found_wrong(language: str) -> None:
    wrong = re.compile(WRONG[language], re.IGNORECASE if language == SOURCE else 0)

    found = [f"{id_}: {form}" for id_, form in sentences(language) if wrong.search(CODE.sub("", form))]

    assert found == []


TWO_POOLS = re.compile(
    r"\bboth (?:follow|pools)|\bthe other pool\b|^Pause both\b|\btwo pools\b", re.IGNORECASE
)
"""What is wrong wherever a server may have more of them."""


def test_no_page_speaks_as_if_there_were_two_pools() -> None:
    found = [
        f"{page.name}: {said[0]}"
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for said in TWO_POOLS.finditer(page.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_who_speaks_of_two_pools_has_a_sentence_for_more() -> None:
    english = entries(SOURCE)

    lacking = [
        id_
        for id_, form in sentences(SOURCE)
        if TWO_POOLS.search(form) and f"{id_.removesuffix('_all')}_every" not in english
    ]

    assert lacking == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_that_sends_to_a_button_says_its_label(language: str) -> None:
    said = CATALOGUES.render(picture_gone("KEY").text, language)

    assert "KEY" in said
    assert CATALOGUES.render(text("button.remix"), language) in said


def test_japanese_keeps_one_register() -> None:
    assert [f"{id_}: {form}" for id_, form in sentences("ja") if PLAIN_ENDINGS.search(form)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("n", QUANTITIES)
def test_every_sentence_with_a_plural_takes_the_form_of_its_number(language: str, n: int) -> None:
    written = format_decimal(n, locale=language)

    for entry in entries(language).values():
        if not entry.plural:
            continue
        form = entry.forms[0 if n in ONE.get(language, frozenset(QUANTITIES)) else -1]
        expected = re.sub(r"\{(\w+)\}", lambda match: written if match[1] == "n" else "x", form)
        assert said(entry, language, n) == expected, entry.id


@pytest.mark.parametrize("language", sorted(MANY))
@pytest.mark.parametrize("n", [0, 1])
def test_no_plural_stands_behind_a_number_that_has_the_singular(language: str, n: int) -> None:
    if n not in ONE[language]:
        pytest.skip("has the plural")
    wrong = re.compile(rf"(?<![\d.,]){n}\**\s+(?:{MANY[language]})\b")

    shown = [said(e, language, n) for e in entries(language).values() if "n" in arguments(e)]

    assert [sentence for sentence in shown if wrong.search(sentence)] == []


@pytest.mark.parametrize("language", sorted(MANY))
def test_a_number_before_a_noun_has_forms_or_is_a_label(language: str) -> None:
    """`{count} strikes` cannot be right for 1 and 2: a count is a sentence with forms, inside or instead."""
    wrong = re.compile(rf"\{{(?!bar|limit|low|high|length|fewest|most)(\w+)\}}\**\s+(?:{MANY[language]})\b")

    found = [
        f"{e.id}: {form}"
        for e in entries(language).values()
        for form in e.forms
        if (match := wrong.search(form)) and not (e.plural and match[1] == "n")
    ]

    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_amount_reads_as_people_say_it(language: str) -> None:
    one, many = AMOUNTS[language]

    for n in QUANTITIES:
        form = one if n in ONE.get(language, frozenset()) else many
        assert CATALOGUES.render(text("amount.hours", n=n), language) == form.format(n=n)


@pytest.mark.parametrize("language", LANGUAGES)
def test_amounts_stand_in_their_sentences(language: str) -> None:
    for count, days, hours in ((1, 1, 1), (3, 30, 24)):
        parts = {
            "count": text("amount.strikes", n=count),
            "days": text("amount.days", n=days),
            "hours": text("amount.hours", n=hours),
        }
        sentence = CATALOGUES.render(text("mod.strikes", **parts), language)
        assert all(CATALOGUES.render(part, language) in sentence for part in parts.values())


@pytest.mark.parametrize(
    ("language", "reader", "name"),
    [
        ("zh_CN", None, "简体中文"),
        ("zh_CN", "zh-CN", "简体中文"),
        ("zh_CN", "en-US", "Simplified Chinese"),
        ("zh_CN", "fr", "Chinois simplifié"),
        ("zh_CN", "de", "Chinesisch (vereinfacht)"),
        ("zh_CN", "ja", "簡体中国語"),
        ("zh_CN", "ko", "중국어(간체)"),
        ("zh_CN", "zh-TW", "簡體中文"),
        ("zh_CN", "tlh", "简体中文"),
        ("zh_TW", None, "繁體中文"),
        ("de", None, "Deutsch"),
        ("de", "es-419", "Alemán"),
        ("fr", None, "Français"),
        ("es", None, "Español"),
        ("ja", None, "日本語"),
        ("ko", "zh-CN", "韩语"),
        ("pt_BR", "en-GB", "Brazilian Portuguese"),
    ],
)
def test_a_language_is_called_as_people_call_it(language: str, reader: str | None, name: str) -> None:
    assert name_of(language, reader) == name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reader", [None, *(name.replace("_", "-") for name in LANGUAGES)])
def test_no_name_of_a_language_names_a_country(language: str, reader: str | None) -> None:
    assert not re.search(r"China|Chine\b|中国|중국\b|,", name_of(language, reader).replace("中国語", ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_the_settings_has_a_name_of_its_own(language: str) -> None:
    names = [CATALOGUES.render(text(f"section.{name}"), language) for name in SECTIONS]

    assert len(set(names)) == len(SECTIONS)
    assert not [name for name in names if "_" in name]
