"""A description is read whatever form it comes in: counted by keycaps or numbers, linked, wrapped, or not at all.
Never here: asking for one."""

from __future__ import annotations

import pytest

from bot.domain.intake.describing import description_text, ideas

FOX = "a paper fox in the snow, soft light --ar 3:2"
OWL = "an origami owl on a branch, watercolor --ar 3:2"
ELK = "elk made of folded paper, studio photo --ar 3:2"
CAT = "paper cat, minimalist poster by an unknown hand --ar 3:2"
FOUR = (FOX, OWL, ELK, CAT)


def counted(marks: str, between: str = "\n\n") -> str:
    return between.join(f"{mark} {line}" for mark, line in zip(marks.split(), FOUR, strict=True))


@pytest.mark.parametrize(
    "words",
    [
        counted("1️⃣ 2️⃣ 3️⃣ 4️⃣"),
        counted("1️⃣ 2️⃣ 3️⃣ 4️⃣", "\r\n\r\n"),
        counted("1️⃣ 2️⃣ 3️⃣ 4️⃣", "\n"),
        counted("1️⃣ 2️⃣ 3️⃣ 4️⃣", " "),
        counted("1⃣ 2⃣ 3⃣ 4⃣"),
        counted("\uff11️⃣ \uff12️⃣ \uff13️⃣ \uff14️⃣"),
        counted("① ② ③ ④"),
        counted("① ② ③ ④", ""),
        counted("❶ ❷ ❸ ❹"),
        counted("1. 2. 3. 4."),
        counted("1. 2. 3. 4.", "\n"),
        counted("1. 2. 3. 4.", " "),
        counted("(1) (2) (3) (4)", " "),
        counted("1) 2) 3) 4)"),
        counted("(1) (2) (3) (4)"),
        counted("[1] [2] [3] [4]"),
        counted("1: 2: 3: 4:"),
        counted("**1.** **2.** **3.** **4.**"),
        counted("\uff11\uff0e \uff12\uff0e \uff13\uff0e \uff14\uff0e"),
        counted("1、 2、 3、 4、"),
        counted("一、 二、 三、 四、"),
        counted("\uff08一\uff09 \uff08二\uff09 \uff08三\uff09 \uff08四\uff09"),
        "\n\n".join(FOUR),
        "\n".join(FOUR),
        "Here are four prompts:\n\n" + counted("1️⃣ 2️⃣ 3️⃣ 4️⃣") + "\n\nPress a button to imagine one.",
        "\n\n".join(f"- {n}. “{line}”" for n, line in enumerate(FOUR, 1)),
    ],
)
def test_four_prompts_are_read_however_they_are_counted(words: str) -> None:
    assert ideas(words) == FOUR


def test_links_become_their_words_and_addresses_go() -> None:
    words = (
        '1️⃣ a fox by [Some Painter](https://example.com/search?q=a+painter "title"), snow\n\n'
        "2️⃣ an owl https://example.com/owl.png at dusk\n\n"
        "3️⃣ [elk](<https://example.com/(elk)>) and a cat"
    )

    assert ideas(words) == ("a fox by Some Painter, snow", "an owl at dusk", "elk and a cat")


def test_a_link_may_have_many_blanks_and_no_endless_words() -> None:
    assert ideas(f"[a fox]({' ' * 50}https://example.com{' ' * 50}), snow") == ("a fox, snow",)
    assert ideas("[" + "a" * 301 + "](x)") == ("[" + "a" * 301 + "](x)",)


def test_a_prompt_that_runs_over_several_lines_is_one() -> None:
    words = "1️⃣ a paper fox in the snow,\nsoft light\n--ar 3:2\n\n2️⃣\nan origami owl"

    assert ideas(words) == (FOX, "an origami owl")


def test_missing_lines_are_missing_and_no_more_than_four_are_kept() -> None:
    assert ideas("1️⃣ a fox\n\n2️⃣\n\n3️⃣ an owl") == ("a fox", "an owl")
    assert ideas("\n\n".join(f"{n}. fox {n}" for n in range(1, 7))) == ("fox 1", "fox 2", "fox 3", "fox 4")


def test_numbers_within_a_prompt_count_nothing() -> None:
    assert ideas("1.5 meters of paper, 4 foxes") == ("1.5 meters of paper, 4 foxes",)
    assert ideas("4 foxes in 3. of May light") == ("4 foxes in 3. of May light",)
    assert ideas("a fox 1. an owl 3. an elk") == ("a fox 1. an owl 3. an elk",)


def test_one_block_is_one_prompt_and_nothing_is_none() -> None:
    assert ideas("a single block of words") == ("a single block of words",)
    for nothing in (None, "", "  \n \n", "1️⃣\n2️⃣\n", "1.\n2."):
        assert ideas(nothing) == ()


def test_paragraphs_are_kept_whole_where_nothing_is_counted() -> None:
    assert ideas("a paper fox\nin the snow\n\n\nan owl\non a branch\n") == (
        "a paper fox in the snow",
        "an owl on a branch",
    )


@pytest.mark.parametrize(
    ("prompt", "description", "found"),
    [
        (counted("1️⃣ 2️⃣ 3️⃣ 4️⃣"), "/describe fox.png", counted("1️⃣ 2️⃣ 3️⃣ 4️⃣")),
        (None, counted("1️⃣ 2️⃣ 3️⃣ 4️⃣"), counted("1️⃣ 2️⃣ 3️⃣ 4️⃣")),
        ("https://example.com/fox.png", counted("1. 2. 3. 4."), counted("1. 2. 3. 4.")),
        ("\n".join(FOUR), "/describe", "\n".join(FOUR)),
        ("  ", "words of another field", "words of another field"),
        (None, "/describe fox.png", None),
        (None, None, None),
        ("", "", None),
    ],
)
def test_the_description_is_in_the_prompt_or_else_where_its_lines_are_counted(
    prompt: str | None, description: str | None, found: str | None
) -> None:
    assert description_text(prompt, description) == found
