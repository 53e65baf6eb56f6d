"""The program and the catalogue agree: what is named exists, and what exists is named.
Never here: the other languages."""

from __future__ import annotations

from tests.i18n.catalogues import SOURCE, entries
from tests.i18n.usages import FAMILIES, family, named, patterns

KNOWN = frozenset(entries(SOURCE))
AREAS = frozenset(id_.partition(".")[0] for id_ in KNOWN)


def test_every_sentence_that_the_program_names_exists() -> None:
    assert sorted(named(AREAS) - KNOWN) == []


def test_every_id_that_the_program_puts_together_is_declared_with_its_values() -> None:
    assert sorted(patterns(AREAS) - set(FAMILIES)) == [], "declare it in tests/i18n/usages.py"
    assert sorted(set(FAMILIES) - patterns(AREAS)) == [], "the program no longer puts this together"


def test_every_declared_id_exists() -> None:
    made = {id_ for pattern in FAMILIES for id_ in family(pattern)}

    assert sorted(made - KNOWN) == []


def test_no_sentence_lies_about_unused() -> None:
    made = {id_ for pattern in FAMILIES for id_ in family(pattern)}

    assert sorted(KNOWN - named(AREAS) - made) == []
