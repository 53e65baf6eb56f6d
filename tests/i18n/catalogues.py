"""The catalogues as they stand in the files: entries with their comments, read and written in one fixed form.
Never here: what is demanded of them."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages import pofile
from babel.messages.plurals import get_plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from babel.messages.catalog import Message

LOCALES: Final = Path(__file__).resolve().parents[2] / "bot" / "locales"
SOURCE: Final = "en"
NAMES: Final[dict[str, str]] = {
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "ja": "Japanese",
    "ko": "Korean",
    "zh_CN": "Simplified Chinese",
}
"""The languages that Easel speaks beside English, by their folder."""
REGISTER: Final[dict[str, str]] = {
    "de": "du",
    "es": "tú",
    "fr": "vous",
    "ja": "です/ます",
    "ko": "해요체",
    "zh_CN": "你",
}
"""How each speaks to people."""
ENGLISH: Final = "en"
"""A comment `en: …` keeps the English sentence that was translated: it tells when English has changed since."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence of one language."""

    id: str
    forms: tuple[str, ...]
    plural: bool = False
    section: tuple[str, ...] = ()
    """Comments that open a section of the English file."""
    hints: tuple[str, ...] = ()
    """What a translator should know."""
    source: tuple[str, ...] = ()
    """The English sentence, when this was translated."""
    fuzzy: bool = False


def path_of(language: str) -> Path:
    """Where a language's sentences are."""
    return LOCALES / language / "LC_MESSAGES" / "easel.po"


@cache
def entries(language: str) -> dict[str, Entry]:
    """A language's sentences, by id, in the file's order; none if it has no file."""
    file = path_of(language)
    if not file.is_file():
        return {}
    catalogue = pofile.read_po(io.BytesIO(file.read_bytes()), locale=language, abort_invalid=True)
    return {entry.id: entry for entry in map(_entry, catalogue) if entry.id}


def nplurals(language: str) -> int:
    """How many forms a sentence with a number has there."""
    return int(get_plural(language).num_plurals)


def merged(language: str, fresh: Mapping[str, Sequence[str]]) -> list[Entry]:
    """Translations in the English file's order: the fresh ones, and those that were there."""
    known, found = entries(language), []
    for id_, english in entries(SOURCE).items():
        kept = known.get(id_)
        if id_ in fresh:
            found.append(replace(english, forms=tuple(fresh[id_]), source=english.forms))
        elif kept is not None:
            found.append(replace(english, forms=kept.forms, source=kept.source))
    return found


def spelled(language: str, found: Iterable[Entry]) -> str:
    """The file: always the same for the same sentences."""
    lines = [
        f"# {NAMES[language]} sentences of Easel; docs/translating.md says how to change them.",
        f"# How it speaks to people: {REGISTER[language]}.",
        'msgid ""',
        'msgstr ""',
        rf'"Language: {language}\n"',
        r'"MIME-Version: 1.0\n"',
        r'"Content-Type: text/plain; charset=UTF-8\n"',
        r'"Content-Transfer-Encoding: 8bit\n"',
        rf'"Plural-Forms: {get_plural(language).plural_forms}\n"',
    ]
    for entry in found:
        lines += ["", *(f"# {words}" for words in entry.section), *(f"#. {words}" for words in entry.hints)]
        lines += [f"#. {words}" for words in _kept(entry.source)]
        lines.append(f"msgid {pofile.normalize(entry.id, width=0)}")
        if entry.plural:
            lines.append(f"msgid_plural {pofile.normalize(entry.id, width=0)}")
            lines += [f"msgstr[{n}] {pofile.normalize(form, width=0)}" for n, form in enumerate(entry.forms)]
        else:
            lines.append(f"msgstr {pofile.normalize(entry.forms[0], width=0)}")
    return "\n".join(lines) + "\n"


def _kept(source: tuple[str, ...]) -> list[str]:
    """The English sentence as comments, one line for each form."""
    flat = [form.replace("\n", "\\n") for form in source]
    if len(flat) == 1:
        return [f"{ENGLISH}: {flat[0]}"]
    return [f"{ENGLISH}[{n}]: {form}" for n, form in enumerate(flat)]


def _entry(message: Message) -> Entry:
    plural = isinstance(message.id, tuple | list)
    id_ = message.id[0] if plural else message.id
    said = message.string
    forms = tuple(said) if isinstance(said, tuple | list) else (said,)
    hints, source = [], []
    for comment in message.auto_comments:
        head, colon, words = comment.partition(": ")
        if colon and head.partition("[")[0] == ENGLISH:
            source.append(words.replace("\\n", "\n"))
        else:
            hints.append(comment)
    return Entry(
        str(id_),
        tuple(form or "" for form in forms),
        plural=plural,
        section=tuple(message.user_comments),
        hints=tuple(hints),
        source=tuple(source),
        fuzzy=message.fuzzy,
    )
