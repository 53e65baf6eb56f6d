"""What people type becomes one clean line with its parameters in order, or one sentence that says what to mend.
Never here: a server's word rules."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.intake.parameters import BY_NAME, SEVERAL_JOBS
from bot.domain.intake.prompts import (
    ASPECTS,
    PROMPT_LIMIT,
    VERSIONS,
    ComposedPrompt,
    PromptOptions,
    compose,
    parameters_of,
)
from bot.errors import UserError
from bot.i18n import Catalogues
from bot.texts import text
from tests.fixtures.quickest import quickest_s

CATALOGUES = Catalogues.load(strict=True)
A, B = "https://a.example/b.png", "https://c.example/d.png"


def composed(prompt: str, **options: object) -> str:
    return compose(PromptOptions(prompt=prompt, **options)).prompt  # type: ignore[arg-type]  # a test's options are right


def refusal(prompt: str, **options: object) -> str:
    with pytest.raises(UserError) as refused:
        composed(prompt, **options)
    return CATALOGUES.render(refused.value.text, "en")


# -- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("  a\n\tpaper\u00a0\u3000fox\r\n", "a paper fox"),
        ("a\x00b\x1b c\u200bd\ufeff e\u00adf", "ab cd ef"),
        ("evil \u202etxt.exe\u2066 \u2069end\u202c", "evil txt.exe end"),
        ("lone \ud800 half", "lone half"),
        ("tags\U000e0041\U000e0042 hide", "tags hide"),
        ("a\u200db \u200d c\u200d d", "ab c d"),
        ("a\ufe0f \ufe0f-\ufe0f x", "a - x"),
        ("\u200f\u200fhello \u200f", "hello"),
        ("<@1> @everyone <@&2> **bold**", "<@1> @everyone <@&2> **bold**"),
        ("a well-known fox -- and 5 --- dogs", "a well-known fox -- and 5 --- dogs"),
        ("slow\u2013fast, before—after", "slow\u2013fast, before—after"),
        ("a man —sitting there", "a man — sitting there"),
        ("a man —-sitting there", "a man —- sitting there"),
    ],
)
def test_a_prompt_becomes_one_line_of_what_can_be_seen(typed: str, sent: str) -> None:
    assert composed(typed) == sent


@pytest.mark.parametrize(
    "prompt",
    [
        "👩\u200d👩\u200d👧 ❤️\u200d🔥 👍🏽 1️⃣ 🇩🇪 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم یک روباه",  # noqa: RUF001 - Persian is what is tested
        "שועל\u200f! נייר",
        "ثعلب من ورق",
        "क्\u200dष नमस्ते",
        "狐の絵、紙で",
        "e\u0301 café",
        "https://cdn.example/a.png?ex=1&is=2 https://b.example/c.webp a fox",
        "https://x.example/a—ar--no.png a fox",
        "a fox::2 a dog::-1",
    ],
)
def test_emoji_scripts_and_addresses_stay_whole(prompt: str) -> None:
    assert compose(PromptOptions(prompt=prompt)) == ComposedPrompt(prompt)


# -- speed flags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox --fast", "a fox"),
        ("--relax a fox", "a fox"),
        ("a fox --TURBO --v 7", "a fox --v 7"),
        ("a fox —fast \u2013relax ―turbo", "a fox"),
        ("a fox --fast, red", "a fox red"),
        ("a fox--fast red", "a fox red"),
        ("a fox ,--fast--relax", "a fox ,"),
        ("a fox ---Fast", "a fox"),
        ("a fox --f\u200bas\u2060t -\u200d-relax --\u200ffast --fa\u00adst -\x00-turbo", "a fox"),
        ("a (—fast) fox", "a ( ) fox"),
        ("a fox --no dogs --fast cats", "a fox --no dogs cats"),
        ("https://x.example/a.png a --fast fox", "https://x.example/a.png a fox"),
    ],
)
def test_speed_flags_are_taken_out_and_the_card_says_so(typed: str, sent: str) -> None:
    assert compose(PromptOptions(prompt=typed)) == ComposedPrompt(sent, ("note.speed_flag_removed",))


def test_a_speed_flag_inside_an_address_is_spelled_so_that_it_is_none() -> None:
    assert composed("https://x.example/a--fast.png a fox") == "https://x.example/a%2D-fast.png a fox"


def test_a_word_that_only_begins_like_a_speed_flag_is_not_cut() -> None:
    assert "`--fastener`" in refusal("a zip --fastener")
    assert composed("a zip--fastener") == "a zip--fastener"


# -- parameters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox —ar 3:2 \u2013v 7", "a fox --ar 3:2 --v 7"),
        ("a fox \u2011\u2011ar 3:2 \uff0d\uff0dtile", "a fox --ar 3:2 --tile"),
        ("a fox ---ar 03:02", "a fox --ar 3:2"),
        ("a fox,--ar 3:2--v 6.1,", "a fox, --ar 3:2 --v 6.1"),
        ("a fox --AR 16x9 --Tile, --S=250 --v7 --q.5", "a fox --ar 16:9 --tile --s 250 --v 7 --q 0.5"),
        ("a fox --ar: --v 7", None),
        ("a fox --ar:3:2", "a fox --ar 3:2"),
        ("a fox --niji --s 5", "a fox --niji --s 5"),
        ("a fox --niji 7", "a fox --niji 7"),
        (
            "a fox --iw 1.50 --sw 100 --cw 0 --ow 1000 --sv 6",
            "a fox --iw 1.5 --sw 100 --cw 0 --ow 1000 --sv 6",
        ),
        ("a fox --seed 4294967295 --stop 10 --exp 100", "a fox --seed 4294967295 --stop 10 --exp 100"),
        (
            "a fox --sref https://a.example/b.png 123, random::2",
            "a fox --sref https://a.example/b.png 123 random::2",
        ),
        ("a fox --oref https://a.example/b.png --ow 50", "a fox --oref https://a.example/b.png --ow 50"),
        ("a fox --no red dogs, blue cats --v 7", "a fox --no red dogs, blue cats --v 7"),
        ("a fox --no dogs, --tile --no cats", "a fox --tile --no dogs, cats"),
        ("a fox --p abc123 def456 --v 7", "a fox --p abc123 def456 --v 7"),
        ("a fox --p abc12,def34::2, m56", "a fox --p abc12 def34::2 m56"),
        ("a fox --p", "a fox --p"),
        ("a fox --style raw --motion LOW --bs 1", "a fox --style raw --motion low --bs 1"),
        ("a fox --draft --hd --stealth --loop --video", "a fox --draft --hd --stealth --loop --video"),
    ],
)
def test_parameters_are_read_however_a_keyboard_makes_them(typed: str, sent: str | None) -> None:
    if sent is None:
        assert (
            refusal(typed)
            == "`--ar` needs two whole numbers such as 16:9 after it. Add that, or take `--ar` out."
        )
    else:
        assert compose(PromptOptions(prompt=typed)) == ComposedPrompt(sent)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        *((f"a fox --s {number}", "a fox --s 1000") for number in ("1,000", "1.000", "1'000", "1\u2019000")),
        *((f"a fox --s {number}", "a fox --s 1000") for number in ("1 000", "1\u00a0000", "1\u202f000")),
        ("a fox --s \uff11\uff0c\uff10\uff10\uff10", "a fox --s 1000"),
        ("a fox --s=1 000, --v 7", "a fox --s 1000 --v 7"),
        ('a fox --s "1 000"', "a fox --s 1000"),
        ("a fox --seed 1,234,567", "a fox --seed 1234567"),
        ("a fox --seed 4 294 967 295", "a fox --seed 4294967295"),
        ("a fox --weird 2 500 --v 7", "a fox --weird 2500 --v 7"),
        ("a fox --v 6,1", "a fox --v 6.1"),
        ("a fox --niji 6,5", "a fox --niji 6.5"),
        ("a fox --q 0,5, --iw 1,5", "a fox --q 0.5 --iw 1.5"),
        ("a fox --sref 123,456", "a fox --sref 123 456"),
        ("a fox --sref 123,456,789 random,42", "a fox --sref 123 456 789 random 42"),
    ],
)
def test_a_number_is_read_as_any_country_writes_it(typed: str, sent: str) -> None:
    assert compose(PromptOptions(prompt=typed)) == ComposedPrompt(sent)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a --s 250 100 foxes", "a 100 foxes --s 250"),
        ("a --s 1 000 foxes", "a foxes --s 1000"),
        ("a --s 1 000 100 foxes", "a 100 foxes --s 1000"),
        ("a --seed 7 101 dalmatians", "a 101 dalmatians --seed 7"),
        ("a --seed 7 50 foxes", "a 50 foxes --seed 7"),
        ("a --s 1,000,red fox", "a red fox --s 1000"),
        ("a --s 250,red fox", "a red fox --s 250"),
        ("a --ar 16:9,red fox", "a red fox --ar 16:9"),
        ("a --p abc12,red fox", "a abc12,red fox --p"),
        ("an army of --p 12,000 foxes", "an army of 12,000 foxes --p"),
    ],
)
def test_words_behind_a_number_are_not_taken_for_a_part_of_it(typed: str, sent: str) -> None:
    assert compose(PromptOptions(prompt=typed)) == ComposedPrompt(sent, ("note.words_moved",))


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (f"{A},{B} a fox", f"{A} {B} a fox"),
        (f"{A}?ex=1,{B};{A} a fox", f"{A}?ex=1 {B} {A} a fox"),
        (f"<{A}>,<{B}> a fox", f"{A} {B} a fox"),
        (f"a fox --sref {A},{B}", f"a fox --sref {A} {B}"),
        (f"a fox --sref={A}::2,{B} --cref {B},{A}", f"a fox --sref {A}::2 {B} --cref {B} {A}"),
        ("https://x.example/w=80,h=60/https://y.example/c.png a fox",) * 2,
    ],
)
def test_a_comma_before_an_address_parts_it_from_the_one_before(typed: str, sent: str) -> None:
    assert compose(PromptOptions(prompt=typed)).prompt == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (f"{A}\uff0c一只狐狸\uff0c雪地 水彩", f"{A} 一只狐狸\uff0c雪地 水彩"),
        (f"{A}。一只狐狸", f"{A} 一只狐狸"),
        (f"狐狸 --cref {A}\uff0c{B}\uff0c--ar 3:2", f"狐狸 --cref {A} {B} --ar 3:2"),
        (f"狐狸 --sref {A}\uff0c--sw 100", f"狐狸 --sref {A} --sw 100"),
        (f"狐狸 --sref {A}\uff1a\uff1a2 --sw 100", f"狐狸 --sref {A}\uff1a\uff1a2 --sw 100"),
        (f"\uff08参考 {A}\uff09狐狸", f"{A} \uff08参考 \uff09狐狸"),
        ("a fox https://a.example/《狐狸》.png", "https://a.example/《狐狸》.png a fox"),
        ("a fox https://a.example/a,b;c!d:e.png", "https://a.example/a,b;c!d:e.png a fox"),
    ],
)
def test_signs_of_chinese_and_japanese_sentences_end_an_address(typed: str, sent: str) -> None:
    assert composed(typed) == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://a.example/猫\uff01.png cute cat",) * 2,
        ("https://a.example/写真\uff1a夏.jpg 女の子",) * 2,
        ("https://a.example/赤、青.png cat",) * 2,
        ("https://a.example/a、b.png cat",) * 2,
        ("https://a.example/けいおん\uff01 女の子",) * 2,
        ("https://a.example/绘\uff09夏.png 猫",) * 2,
        ("猫 --sref https://a.example/图\uff1a1.png --sw 100",) * 2,
        ("猫 --cref https://a.example/けいおん\uff01\uff01.jpg",) * 2,
        ("https://a.example/猫\uff01.png\uff0c一只猫", "https://a.example/猫\uff01.png 一只猫"),
        (
            "https://a.example/赤、青.png\uff0chttps://c.example/d.png、猫",
            f"https://a.example/赤、青.png {B} 猫",
        ),
        ("https://a.example/图?v=猫\uff0c一只猫", "https://a.example/图?v=猫 一只猫"),
        (f"{A}\uff0c像{B}", f"{A} 像{B}"),
    ],
)
def test_a_wide_sign_within_an_address_is_a_part_of_it(typed: str, sent: str) -> None:
    assert composed(typed) == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (f"a fox --cref {A}--cw 50", f"a fox --cref {A} --cw 50"),
        (f"a fox --cref {A},--cw 50", f"a fox --cref {A} --cw 50"),
        (f"a fox --cref {A}\u2014cw 50", f"a fox --cref {A} --cw 50"),
        (f"a fox --sref {A}?ex=1&hm=2--raw", f"a fox --sref {A}?ex=1&hm=2 --raw"),
        (
            f"a fox --sref https://s.example/abc--sw 100 {B}",
            f"{B} a fox --sref https://s.example/abc --sw 100",
        ),
        (f"a fox --cref {A} --cw 50", f"a fox --cref {A} --cw 50"),
    ],
)
def test_a_parameter_stuck_to_an_address_is_one_where_its_value_follows(typed: str, sent: str) -> None:
    assert composed(typed) == sent


@pytest.mark.parametrize(
    "address",
    ["https://a.example/fox--video", "https://a.example/x--v-2.png", "https://a.example/x--s", f"{A}--lilac"],
)
def test_an_address_keeps_the_dashes_that_are_its_own(address: str) -> None:
    assert composed(f"{address} a fox") == f"{address} a fox"
    assert composed(f"a fox --sref {address}") == f"a fox --sref {address}"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox --sref 123::1,5", "a fox --sref 123::1.5"),
        ("a fox --sref 123::1,5 456::0,5", "a fox --sref 123::1.5 456::0.5"),
        ("a fox --sref 123::1,5, 456::-0,25--sw 9", "a fox --sref 123::1.5 456::-0.25 --sw 9"),
        ("a fox --sref 123:: 1,5", "a fox --sref 123::1.5"),
        (f"a fox --sref {A}::1,5", f"a fox --sref {A}::1.5"),
        ("a fox --p abc123::1,5", "a fox --p abc123::1.5"),
        ("Fuchs::1,5", "Fuchs::1.5"),
        ("Fuchs::1,5, Schnee", "Fuchs::1.5, Schnee"),
        ("Fuchs::1,5 Schnee::0,5", "Fuchs::1.5 Schnee::0.5"),
        ("Fuchs::1,5 Schnee::0,5 im Wald", "Fuchs::1.5 Schnee::0.5 im Wald"),
        ("Fuchs::-0,5 --ar 3:2", "Fuchs::-0.5 --ar 3:2"),
        ("a fox --p abc123::1,5 def45", "a fox --p abc123::1.5 def45"),
    ],
)
def test_a_weight_may_have_a_decimal_comma(typed: str, sent: str) -> None:
    assert composed(typed) == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox --sref 123::1,456", "a fox --sref 123::1 456"),
        ("a fox --sref 123::1,45,678", "a fox --sref 123::1 45 678"),
        ("Fuchs::2, Schnee", "Fuchs::2, Schnee"),
        ("a::1,b", "a::1,b"),
        ("fog::1,35mm film", "fog::1,35mm film"),
        ("fog::2, 35 dogs", "fog::2, 35 dogs"),
        ("fog::2,35 mm film", "fog::2,35 mm film"),
        ("hot::1,2 dogs", "hot::1,2 dogs"),
        ("hot::1,2, 3 dogs", "hot::1,2, 3 dogs"),
        ("hot::1,2 dogs --s 5 --ar 3:2", "hot::1,2 dogs --s 5 --ar 3:2"),
        ("a score of 1::1,2::2", "a score of 1::1,2::2"),
        ("a fox --no fog::1,2 dogs", "a fox --no fog::1,2 dogs"),
        ("a fox --sref 1234567::2,45::1", "a fox --sref 1234567::2 45::1"),
        ("a fox --sref 1234567::2,45 ::1", "a fox --sref 1234567::2 45::1"),
        ("https://a.example/x::1,5/y.png a fox",) * 2,
    ],
)
def test_a_comma_behind_a_weight_parts_it_from_what_is_no_part_of_a_number(typed: str, sent: str) -> None:
    assert composed(typed) == sent


@pytest.mark.parametrize(
    "words", ["{红、蓝}", "{红\uff0c蓝}", "\uff5bred, blue\uff5d", "{ {红}、蓝}", "{red\\, blue}"]
)
def test_where_one_picture_is_made_only_what_midjourney_reads_as_a_choice_is_one(words: str) -> None:
    assert composed(f"a {words} fox --no {words}") == f"a {words} fox --no {words}"
    assert composed("a fox", no=words) == f"a fox --no {words}"
    assert composed("a fox", under=(words,)) == f"a fox {words}"
    assert composed("a fox --mine", sets=(("mine", words),)) == f"a fox {words}"


SETS = (("mine", "--s 9"), ("\u00e9t\u00e9", "--c 9"), ("Film2", "--w 9"), ("水彩", "--s 8"))


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox \u2014mine", "a fox --s 9"),
        ("a fox \u2013mine, \u2014ar 3:2", "a fox --ar 3:2 --s 9"),
        ("a fox \u2014mine\u2014film2", "a fox --s 9 --w 9"),
        ("狐狸\u2014\u2014mine", "狐狸 --s 9"),
        ("狐狸 \u2014水彩", "狐狸 --s 8"),
        ("a fox --\uff4d\uff49\uff4e\uff45", "a fox --s 9"),
        ("a fox --e\u0301te\u0301", "a fox --c 9"),
        ("a fox \u2014FILM2", "a fox --w 9"),
        ("a --mine fox", "a fox --s 9"),
    ],
)
def test_an_option_set_may_stand_behind_any_dash(typed: str, sent: str) -> None:
    assert composed(typed, sets=SETS) == sent


@pytest.mark.parametrize(
    "sentence",
    [
        "night \u2014 mine shaft",
        "a hat \u2014mine is red",
        "is it yours or\u2014mine",
        "yours\u2013mine",
        "a gold \u2014 mine",
        "a gold -mine",
        "a gold--mine shaft",
    ],
)
def test_a_sentence_with_a_dash_before_the_name_of_a_set_stays_one(sentence: str) -> None:
    assert composed(sentence, sets=SETS) == composed(sentence)


@pytest.mark.parametrize("language", CATALOGUES.languages)
def test_the_bounds_that_a_refusal_names_may_be_typed_as_they_are_written_there(language: str) -> None:
    for name, most in (("s", 1_000), ("weird", 3_000), ("seed", 4_294_967_295)):
        with pytest.raises(UserError) as refused:
            composed(f"a --{name} 99999999999")
        written = CATALOGUES.render(text("prompt.rule_whole", low=0, high=most), language)
        bound = re.findall(r"\d(?:[.,\u00a0\u202f]?\d+)*", written)[-1]

        assert written in CATALOGUES.render(refused.value.text, language)
        assert composed(f"a --{name} {bound}") == f"a --{name} {most}"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox --ar 3:2 in the rain --v 7", "a fox in the rain --ar 3:2 --v 7"),
        ("a fox --tile red", "a fox red --tile"),
        ("a fox --tile=red", "a fox red --tile"),
        ("--niji a fox", "a fox --niji"),
        ("a fox --sref random in the rain", "a fox in the rain --sref random"),
    ],
)
def test_words_behind_a_parameter_move_in_front_of_it(typed: str, sent: str) -> None:
    assert compose(PromptOptions(prompt=typed)) == ComposedPrompt(sent, ("note.words_moved",))


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox --ar 3:2 --v 7 --aspect 1:1", "a fox --v 7 --aspect 1:1"),
        ("a fox --v 7 --niji 6", "a fox --niji 6"),
        ("a fox --style raw --raw", "a fox --raw"),
        ("a fox --hd --sd", "a fox --sd"),
    ],
)
def test_of_two_that_exclude_each_other_the_last_counts(typed: str, sent: str) -> None:
    assert compose(PromptOptions(prompt=typed)) == ComposedPrompt(sent, ("note.parameter_repeated",))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "The prompt is empty."),
        (" \u200b\n ", "The prompt is empty."),
        ("--fast", "The prompt is empty."),
        ("--ar 3:2 --tile", "The prompt is empty."),
        ("https://a.example/b.png --v 7", "One picture alone is not enough"),
        ("a --foo", "I don't know `--foo`. Take it out or check its spelling."),
        ("a --stylise 3", "I don't know `--stylise`. Did you mean `--stylize`?"),
        ("a --Aspekt 3:2", "I don't know `--Aspekt`. Did you mean `--aspect`?"),
        ("a --style-raw", "Did you mean `--style`?"),
        ("a --ratio 3:2", "I don't know `--ratio`. Did you mean `--ar`?"),
        ("a --gr\u00f6\u00dfe 3", "I don't know `--gr\u00f6\u00dfe`."),
        ("a --b`@everyone`_*~ 3", "I don't know `--b\u02cb@everyone\u02cb_*~`."),
        ("a --zz" + "z" * 99, "…`."),
        ("a --no=--tile", "`--no` needs some words after it."),
        ("a --r 4", "`--r` would start several paid pictures at once."),
        ("a —repeat 4", "`--repeat` would start several paid pictures at once."),
        ("a {red, green} fox", "Choices in curly braces would start several paid pictures at once."),
        ("a --s 1001", "`--s` takes a whole number from 0 to 1,000, not “1001”."),
        ("a --s -1", "not “-1”"),
        ("a --s ٣", "not “٣”"),
        ("a --chaos much", "`--chaos` takes a whole number from 0 to 100, not “much”."),
        ("a --weird 3001", "from 0 to 3,000"),
        ("a --seed 4294967296", "from 0 to 4,294,967,295"),
        ("a --iw 3.1", "a number from 0 to 3"),
        ("a --s 1,5", "`--s` takes a whole number from 0 to 1,000, not “1,5”."),
        ("a --s 12,00 foxes", "not “12,00”"),
        ("a --s 1,000.000", "not “1,000.000”"),
        ("a --s 100.000", "not “100.000”"),
        ("a --s 0,100", "not “0,100”"),
        ("a --c 1,000", "`--c` takes a whole number from 0 to 100, not “1,000”."),
        ("a --seed 1,00,000", "not “1,00,000”"),
        ("a --q 1,5", "one of these: 0.25, 0.5, 1, 2, 4, not “1,5”."),
        ("a --iw 1,5,2", "not “1,5,2”"),
        ("a --ar 16:9,3 foxes", "not “16:9,3”"),
        ("a --v 6,123", "not “6,123”"),
        ("a --iw x", "a number from 0 to 3"),
        ("a --q 3", "one of these: 0.25, 0.5, 1, 2, 4"),
        ("a --q good", "one of these"),
        ("a --ar 0:1", "two whole numbers such as 16:9, not “0:1”"),
        ("a --ar 1:0", "two whole numbers"),
        ("a --ar wide", "not “wide”"),
        ("a --ar 1.5:1", "two whole numbers"),
        ("a --v 66", "`--v` takes a version such as 7 or 6.1, not “66”."),
        ("a --v seven", "a version such as 7"),
        ("a --niji 99", "not “99”"),
        ("a --motion wild", "one of these: low, high"),
        ("a --cref fox.png", "a picture's link"),
        ("a --sref [x](https://evil.example)", "not “\\[x\\]\\(https\\://evil.example\\)”"),
        ("a --no", "`--no` needs some words after it."),
        ("a --sref --v 7", "`--sref` needs a picture's link, a code or the word random after it."),
        ("a --v", "`--v` needs a version"),
        ("a" * 4001, "may have 4,000 characters with its parameters, and this one has 4,001."),
    ],
)
def test_what_cannot_be_sent_is_refused_with_one_sentence_that_says_why(typed: str, says: str) -> None:
    assert says in refusal(typed)


def test_braces_without_a_choice_are_fine_and_so_are_escaped_ones() -> None:
    assert composed("a {red} fox \\{a, b}") == "a {red} fox \\{a, b}"
    assert composed("https://x.example/{a,b}.png a fox") == "https://x.example/{a,b}.png a fox"


def test_exactly_the_limit_is_taken_and_the_options_count() -> None:
    assert len(composed("a" * PROMPT_LIMIT)) == PROMPT_LIMIT
    assert "4,009" in refusal("a" * PROMPT_LIMIT, aspect="3:2")


# -- the command's options --------------------------------------------------------------------------------


def test_options_come_last_in_a_fixed_order() -> None:
    assert (
        composed(
            "a fox --iw 1",
            aspect="16 : 9",
            version="niji 7",
            stylize=250,
            chaos=3,
            weird=4,
            quality=0.5,
            seed=0,
            no="dogs, cats",
            raw=True,
            tile=True,
        )
        == "a fox --iw 1 --ar 16:9 --niji 7 --stylize 250 --chaos 3 --weird 4 --quality 0.5 --seed 0"
        " --no dogs, cats --raw --tile"
    )


def test_an_option_wins_over_the_text_and_the_card_says_so() -> None:
    assert compose(
        PromptOptions(
            prompt="a fox --aspect 1:1 --v 6 --style raw --no dogs", aspect="3:2", version="niji 7", no="cats"
        )
    ) == ComposedPrompt("a fox --style raw --ar 3:2 --niji 7 --no dogs, cats", ("note.option_replaced",))


def test_an_option_that_says_the_same_as_the_text_is_no_news() -> None:
    assert compose(PromptOptions(prompt="a fox --v 7", version="7")) == ComposedPrompt("a fox --v 7")
    assert compose(PromptOptions(prompt="a fox --style raw", raw=True)) == ComposedPrompt("a fox --raw")


def test_options_that_are_off_say_nothing() -> None:
    assert composed("a fox", raw=False, tile=False, no=" \u200b ") == "a fox"


@pytest.mark.parametrize(
    ("version", "sent"),
    [
        ("7", "--v 7"),
        ("V6.1", "--v 6.1"),
        ("Niji  6", "--niji 6"),
        ("niji7", "--niji 7"),
        ("niji", "--niji"),
        ("V 7", "--v 7"),
        ("version 7", "--v 7"),
        ("--v 7", "--v 7"),
        ("\u2014niji 6", "--niji 6"),
        ("\uff17", "--v 7"),
        ("niji v6", "--niji 6"),
        ("--version v6,1", "--v 6.1"),
    ],
)
def test_a_version_is_read_as_people_write_it(version: str, sent: str) -> None:
    assert composed("a fox", version=version) == f"a fox {sent}"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox --v v7", "a fox --v 7"),
        ("a fox --version V6.1", "a fox --version 6.1"),
        ("a fox --niji v6", "a fox --niji 6"),
        ("a --niji v8 engine car", "a v8 engine car --niji"),
        ("a fox --niji=v6, --s 5", "a fox --niji 6 --s 5"),
        ("a fox -- niji V6 in the snow", "a fox in the snow --niji 6"),
        ("a fox -- niji 6", "a fox --niji 6"),
        ("--niji vivid fox", "vivid fox --niji"),
        ("a fox - niji vivid", "a fox - niji vivid"),
    ],
)
def test_a_version_may_have_its_v_among_the_words_as_well(typed: str, sent: str) -> None:
    assert composed(typed) == sent


@pytest.mark.parametrize(
    ("aspect", "sent"),
    [
        ("--ar 16:9", "16:9"),
        ("--ar16:9", "16:9"),
        ("\u2014aspect 3 : 2", "3:2"),
        ("AR=1x1", "1:1"),
        ("\uff0d\uff0d\uff41\uff52 \uff11\uff16\uff1a\uff19", "16:9"),
    ],
)
def test_an_aspect_may_have_its_name_before_it(aspect: str, sent: str) -> None:
    assert composed("a fox", aspect=aspect) == f"a fox --ar {sent}"


@pytest.mark.parametrize(
    "choices",
    [
        "{red, blue}",
        "{红、紫, 蓝}",
        "{red \uff5bdark, pale\uff5d}",
        "{ {red}, blue, green}",
        "{blue, {red}}",
        "{a {red} b, {dark, pale} blue}",
    ],
)
def test_a_choice_of_midjourneys_is_refused_where_one_picture_is_made(choices: str) -> None:
    """Others in it hide it from nobody: it would be one job's charge for all of them."""
    assert "Choices in curly braces" in refusal(f"{choices} fox")
    assert "Choices in curly braces" in refusal("a fox", under=(f"in {choices}",))
    assert "Choices in curly braces" in refusal("a fox --mine", sets=(("mine", choices),))
    assert "Choices in curly braces" in refusal("a fox", no=choices)
    assert "Choices in curly braces" in refusal(f"a fox --no {choices}")


def test_a_choice_that_begins_in_the_prompt_and_ends_in_what_is_added_is_refused() -> None:
    assert "Choices in curly braces" in refusal("a {red fox", under=("pale, blue}",))


def test_an_option_that_was_chosen_to_be_off_takes_it_out_of_the_text_and_of_what_is_laid_under() -> None:
    off = PromptOptions(
        prompt="a fox --raw --ar 3:2 --mine", raw=False, tile=False, sets=(("mine", "--tile"),)
    )

    assert compose(off) == ComposedPrompt("a fox --ar 3:2", ("note.option_replaced",))
    assert composed("a fox", tile=False, under=("in ink --tile --s 9",)) == "a fox in ink --s 9"
    assert composed("a fox", tile=None, under=("--tile",)) == "a fox --tile"


@pytest.mark.parametrize(
    ("typed", "options", "sent", "off"),
    [
        ("a fox --No-Tile --ar 3:2", {}, "a fox --ar 3:2 --s 9", ("--no-raw", "--no-tile")),
        ("a fox --tile --no-tile", {}, "a fox --s 9", ("--no-raw", "--no-tile")),
        ("a fox --no-tile --tile", {}, "a fox --tile --s 9", ("--no-raw",)),
        ("a fox --no-tile", {"tile": True}, "a fox --tile --s 9", ("--no-raw",)),
    ],
)
def test_what_is_off_may_be_typed_and_of_on_and_off_the_last_counts_but_for_an_option(
    typed: str, options: dict[str, Any], sent: str, off: tuple[str, ...]
) -> None:
    laid = PromptOptions(prompt=f"{typed} --no-raw", under=("--tile --style raw --s 9",))

    found = compose(replace(laid, **options))

    assert (found.prompt, found.off) == (sent, off)


@pytest.mark.parametrize(
    ("typed", "version", "replaced"),
    [("--niji 7", "7", True), ("--v 7", "niji 7", True), ("--version 7", "7", False), ("--v 7", "7", False)],
)
def test_a_model_in_the_text_that_gives_way_to_another_is_told(
    typed: str, version: str, *, replaced: bool
) -> None:
    notes = compose(PromptOptions(prompt=f"a fox {typed}", version=version)).notes

    assert ("note.option_replaced" in notes) == replaced


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("aspect", ASPECTS)
def test_everything_that_is_offered_is_accepted(version: str, aspect: str) -> None:
    assert composed("a fox", version=version, aspect=aspect).startswith(f"a fox --ar {aspect} --")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a fox \u2014 p abc1", "a fox --p abc1"),
        ("a fox \u2014 p abc", "a fox \u2014 p abc"),
        ("a fox \u2014 ar wide", "a fox \u2014 ar wide"),
        ("a fox \u2014 no(x", "a fox \u2014 no(x"),
        ("a fox --p abcdefg.", "a fox --p abcdefg"),
    ],
)
def test_what_stands_behind_decides_whether_a_name_means_a_parameter(typed: str, sent: str) -> None:
    assert composed(typed) == sent


def test_layers_around_a_prompt_are_taken_off_and_more_than_anybody_writes_are_refused() -> None:
    assert composed("> " * 10 + "a fox") == "a fox"
    with pytest.raises(UserError):
        composed("> " * 100 + "a fox")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stylize": 1001}, "`--stylize` takes a whole number from 0 to 1,000"),
        ({"aspect": "wide --v 6"}, "`--ar` takes two whole numbers"),
        ({"aspect": "--ar wide"}, "not “wide”"),
        ({"aspect": "--ar"}, "not “--ar”"),
        ({"aspect": "arched"}, "not “arched”"),
        ({"weight": 2}, CATALOGUES.render(text("prompt.weight_alone"), "en")),
        ({"version": "seven"}, "`--v` takes a version"),
        ({"version": "niji 99"}, "`--niji` takes a version"),
        ({"version": "vivid"}, "not “vivid”"),
        ({"quality": "3"}, "`--quality` takes one of these"),
        ({"no": "dogs --v 6"}, "The option `no` takes only words."),
        ({"no": "{a, b}"}, "Choices in curly braces"),
    ],
)
def test_an_option_is_held_to_the_same_rules(options: dict[str, object], says: str) -> None:
    assert says in refusal("a fox", **options)


@pytest.mark.parametrize("dash", ["-", "\u2014"])
def test_as_many_dashes_as_anybody_can_type_are_read_at_once(dash: str) -> None:
    prompts = (
        f"a {animal} {dash * (PROMPT_LIMIT - 6)}" for animal in ("fox", "owl", "cat")
    )  # none read before

    assert quickest_s(lambda: composed(next(prompts)), of=3) < 0.2, "meanwhile nobody else is answered"


def test_the_option_no_forgives_its_own_name_and_loses_speed_flags() -> None:
    assert compose(PromptOptions(prompt="a fox", no="—no dogs --fast")) == ComposedPrompt(
        "a fox --no dogs", ("note.speed_flag_removed",)
    )


# -- properties -------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(f"--{name}" for name in sorted(BY_NAME.keys() | SEVERAL_JOBS)),
        *(
            "--",
            "—",
            "\u2013",
            "-",
            "―",
            "--fast",
            "—relax",
            "turbo",
            "fast",
            "no",
            "ar",
            "v",
            "=",
            ":",
            ",",
            ".",
            "(",
        ),
        *(
            "3:2",
            "7",
            "100",
            "000",
            "1,000",
            "0.5",
            "random",
            "raw",
            "low",
            "a fox",
            "https://a.example/b.png",
            "http://",
            "<https://",
        ),
        *(
            "{",
            "}",
            "\u200d",
            "\u200f",
            "\ufe0f",
            "\u200b",
            "\u202e",
            "❤",
            "🔥",
            "ש",
            "می",
            "1",
            "\u20e3",
            "\n",
            "\x00",
        ),
        *("🏴\U000e0067\U000e007f", "\U000e0067", "\u00ad", "_", "²", "\u017f", "\u2011"),
    ]
)
PROMPTS = st.lists(st.tuples(PIECES | st.text(max_size=3), st.sampled_from(["", " "])), max_size=14).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)


@given(PROMPTS)
@example("a --no=—ar 3:2")
@example("-\ufe0f\u200f\ufe0f-fast a")
def test_what_was_composed_composes_to_itself_without_a_note(prompt: str) -> None:
    try:
        once = compose(PromptOptions(prompt=prompt))
    except UserError as refused:
        CATALOGUES.render(refused.text, "en")  # strict: an unknown sentence fails the test
        return

    assert compose(PromptOptions(prompt=once.prompt)) == ComposedPrompt(once.prompt)


@given(PROMPTS)
def test_no_composed_prompt_carries_a_speed_flag_or_a_second_line(prompt: str) -> None:
    try:
        sent = composed(prompt)
    except UserError:
        return

    words = sent.lower().replace("—", "--").replace("\u2013", "--").replace("―", "--").split(" ")
    assert not {"--fast", "--relax", "--turbo"} & set(words)
    assert not set("\n\r\x00\u202e\u2066\u200b") & set(sent)
    assert 0 < len(sent) <= PROMPT_LIMIT


def test_a_composed_prompt_gives_its_parameters_back_as_they_stand_there() -> None:
    composed = compose(PromptOptions(prompt="a fox -- well, two --ar 3:2 --no hats, dogs", raw=True, chaos=7))

    assert parameters_of(composed.prompt) == ("--ar 3:2", "--no hats, dogs", "--chaos 7", "--raw")
    assert parameters_of("no--parameters here -- at all") == ()
