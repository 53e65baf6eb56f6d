"""Text of a .po file becomes forms of sentences by id: our own files in one quick pass, any other as Babel reads it.
Never here: which files there are, and what is done with a sentence."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Forms: TypeAlias = "Mapping[str, tuple[str, ...]]"

_BETWEEN: Final = r"(?:#(?:[ .].*)?\n|\n)*"
"""Comments for people, and blank lines: not what `#, fuzzy` says."""
_WORDS: Final = r'((?:"[^"\\\n]*(?:\\[\\"nt][^"\\\n]*)*"\n)+)'
"""A string, perhaps on several lines."""
_HEAD: Final = re.compile(
    _BETWEEN + r'msgid ""\nmsgstr ""\n"Language: \w+\\n"\n"MIME-Version: 1\.0\\n"\n'
    r'"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    r'"Plural-Forms: nplurals=([12]); plural=([^;"\\]+);\\n"\n'
)
_SENTENCE: Final = re.compile(
    rf"{_BETWEEN}msgid {_WORDS}(?:msgstr {_WORDS}|msgid_plural {_WORDS}msgstr\[0\] {_WORDS}(?:msgstr\[1\] {_WORDS})?)"
)
_REST: Final = re.compile(_BETWEEN)
_ESCAPED: Final = re.compile(r"\\(.)")
_MEANT: Final = {"n": "\n", "t": "\t"}


def read(source: str, language: str) -> tuple[str, Forms]:
    """The rule for plurals, and the forms of each sentence; raises `ValueError` if the text is no catalogue.

    Babel takes 30 ms for one of ours, and a start waits for English.
    """
    found = _quickly(source)
    return _carefully(source, language) if found is None else found


def _quickly(source: str) -> tuple[str, Forms] | None:
    """None where there is anything that our files do not use; Babel knows what it means, or what is wrong with it."""
    head = _HEAD.match(source)
    if head is None:
        return None
    plurals, at = int(head[1]), head.end()
    forms: dict[str, tuple[str, ...]] = {}
    while (found := _SENTENCE.match(source, at)) is not None:
        at = found.end()
        id_, only, several, first, second = map(_plain, found.groups())
        said = (only,) if several is None else (first, second)[:plurals]
        if (
            not id_
            or id_ in forms
            or not all(said)
            or (several is not None and (second is None) != (plurals == 1))
        ):
            return None
        forms[id_] = tuple(filter(None, said))
    return (head[2], forms) if _REST.fullmatch(source, at) else None


def _plain(written: str | None) -> str | None:
    if written is None:
        return None
    words = written[1:-2].replace('"\n"', "")
    return _ESCAPED.sub(lambda escaped: _MEANT.get(escaped[1], escaped[1]), words) if "\\" in words else words


def _carefully(source: str, language: str) -> tuple[str, Forms]:
    from babel.messages import pofile  # noqa: PLC0415 - for files that are not as ours

    try:
        catalogue = pofile.read_po(io.BytesIO(source.encode()), locale=language, abort_invalid=True)
    except pofile.PoFileError as error:
        raise ValueError(str(error)) from error
    # As gettext's own compiler does: what is empty, or marked as a guess, does not count.
    return catalogue.plural_expr, {
        message.id if isinstance(message.id, str) else message.id[0]: (message.string,)
        if isinstance(message.string, str)
        else tuple(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }
