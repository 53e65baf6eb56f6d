"""Catalogues are read in one quick pass exactly as Babel reads them, and left to Babel where they are written otherwise.
Never here: whether what they say is complete (test_languages)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from babel.messages import pofile

from bot import catalogue_files
from tests.i18n.catalogues import NAMES, SOURCE, path_of

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = """msgid ""
msgstr ""
"Language: de\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


def as_babel_reads(source: str, language: str) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    catalogue = pofile.read_po(io.BytesIO(source.encode()), locale=language, abort_invalid=True)
    forms = {}
    for message in catalogue:
        if message.id and message.string and not message.fuzzy:
            id_ = message.id if isinstance(message.id, str) else message.id[0]
            forms[id_] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return catalogue.plural_expr, forms


@pytest.mark.parametrize("language", [SOURCE, *NAMES])
def test_each_of_our_catalogues_needs_no_babel_and_says_what_babel_reads(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = path_of(language).read_text(encoding="utf-8")
    expected = as_babel_reads(source, language)
    monkeypatch.setattr(pofile, "read_po", None)

    assert catalogue_files.read(source, language) == expected
    assert len(expected[1]) > 1000


@pytest.mark.parametrize(
    "entries",
    [
        'msgid "a"\nmsgstr "one"\n"two \\"three\\" \\\\ \\n"\n"\\tfour"\n',
        'msgid "a"\nmsgid_plural "a"\nmsgstr[0] "one"\nmsgstr[1] "{n} of them"\n',
        'msgid "a"\nmsgid_plural "a"\nmsgstr[0] "one"\n',
        'msgid "a"\nmsgid_plural "a"\nmsgstr[1] "{n} of them"\nmsgstr[0] "one"\n',
        'msgid "a"\nmsgstr ""\n\nmsgid "b"\nmsgstr "said"\n',
        '#, fuzzy\nmsgid "a"\nmsgstr "a guess"\n\nmsgid "b"\nmsgstr "said"\n',
        '#~ msgid "a"\n#~ msgstr "gone"\n\nmsgid "b"\nmsgstr "said"\n',
        'msgid "a"\nmsgstr "first"\n\nmsgid "a"\nmsgstr "second"\n',
        'msgctxt "c"\nmsgid "a"\nmsgstr "said"\n',
        'msgid "a"\n\nmsgstr "after a blank line"\n',
        'msgid "a"\nmsgstr "a bell \\a"\n',
        'msgid "a"\nmsgstr "no line\'s end"',
        '# a comment\n#\n#. for translators\n#: file.py:3\nmsgid "a"\nmsgstr "said"\n# the end\n',
        'msgid "a\nmsgstr "b"\n',
        'msgid "a"\nmsgstr "b" c\n',
        "",
    ],
)
def test_whatever_a_catalogue_holds_is_read_as_babel_reads_it(entries: str) -> None:
    source = f"{HEAD}\n{entries}"

    assert catalogue_files.read(source, "de") == as_babel_reads(source, "de")
    assert catalogue_files.read(entries, "de") == as_babel_reads(entries, "de")


def test_what_is_no_catalogue_is_an_error() -> None:
    with pytest.raises(ValueError, match="misformatted"):
        catalogue_files.read(f"{HEAD}\nnonsense\n", "de")
