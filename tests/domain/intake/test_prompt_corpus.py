"""Every row of the corpus is sent as it was meant, says what was changed, and changes no more when it is sent again.
Never here: the rows."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from bot.domain.intake.prompts import ComposedPrompt, PromptOptions, compose
from tests.domain.prompt_corpus import NOTES, ROWS


@pytest.mark.parametrize(("kind", "typed", "sent", "notes"), ROWS, ids=[f"{r[0]}: {r[1]}" for r in ROWS])
def test_what_was_meant_is_sent_and_the_card_says_what_was_changed(
    kind: str, typed: str, sent: str, notes: str
) -> None:
    composed = compose(PromptOptions(prompt=typed))

    assert composed.prompt == sent, kind
    assert set(composed.notes) == {NOTES[note] for note in notes}
    assert compose(PromptOptions(prompt=sent)) == ComposedPrompt(sent)


def test_the_table_is_kept_for_people_to_read() -> None:
    rows = ["| kind | typed | sent | notes |", "|---|---|---|---|"]
    for kind, typed, _, _ in ROWS:
        composed = compose(PromptOptions(prompt=typed))
        rows.append(f"| {kind} | `{typed}` | `{composed.prompt}` | {' '.join(composed.notes)} |")
    if folder := os.environ.get("EASEL_ARTEFACTS"):
        (Path(folder) / "prompts.md").write_text("\n".join(rows) + "\n", encoding="utf-8")

    assert len(rows) == len(ROWS) + 2


def test_there_are_enough_rows_of_every_kind() -> None:
    counted = Counter(kind for kind, *_ in ROWS)

    assert len(ROWS) >= 150
    assert len({typed for _, typed, _, _ in ROWS}) == len(ROWS)
    assert min(counted.values()) >= 6
