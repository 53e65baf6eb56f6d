"""The catalogues: gettext files read at start with Babel, and the one place where a Text becomes a sentence.
Never here: sentences themselves, and Discord; text that people wrote must come in escaped."""

from __future__ import annotations

import gettext
import io
import logging
import re
import string
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from babel import Locale, UnknownLocaleError
from babel.messages import mofile, pofile
from babel.numbers import format_decimal
from typing_extensions import override

from bot.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from bot.texts import Argument

log = logging.getLogger(__name__)

SOURCE: Final = "en"
"""The language in which every sentence exists."""
DOMAIN: Final = "easel.po"
PLURAL_ARGUMENT: Final = "n"
"""A sentence with plural forms is chosen by this argument."""

MARKUP_ARGUMENT: Final = re.compile(r"(<(?:t:|@[!&]?|#|/\w+:))\{(\w+)\}")
"""An argument inside Discord's own markup (`<t:{renews}:R>`, `<@{user}>`): its digits stay as they are."""

SPELLED_OTHERWISE: Final = {"no": "nb"}
"""Discord's locales that Babel and gettext know under another name."""


class UnknownText(LookupError):
    """No catalogue has this id, or the sentence names an argument that was not given: a bug of ours."""


class _Silence(gettext.NullTranslations):
    """The end of a chain of languages: nobody knows the id."""

    @override
    def gettext(self, message: str) -> str:
        raise UnknownText(message)

    @override
    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise UnknownText(msgid1)


class _Sentence(string.Formatter):
    """`str.format` with plain names only, and numbers written as the language writes them."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    @override
    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if not field_name.isidentifier():
            raise UnknownText(f"a sentence may name an argument, not reach into one: {{{field_name}}}")
        return super().get_field(field_name, args, kwargs)

    @override
    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool) and not format_spec:
            return format_decimal(value, locale=self._locale)
        return str(super().format_field(value, format_spec))


class Catalogues:
    """Every language of the house, in memory.

    Numbers are written in the language's way (1,000 and 1.000), except inside Discord's markup; ids that are shown
    bare are given as strings. `strict` raises on an unknown id (tests); otherwise the id is shown and logged once.
    """

    def __init__(self, sources: Mapping[str, str], *, strict: bool = False) -> None:
        """Compile catalogues from the text of their .po files, by gettext name (`en`, `pt_BR`)."""
        if SOURCE not in sources:
            raise ValueError(f"the catalogue of “{SOURCE}” is missing: every language falls back to it")
        self._strict = strict
        self._compiled = {name: _compile(name, text) for name, text in sources.items()}
        self._languages = {name: Locale.parse(name) for name in sources}
        self._chains: dict[str, tuple[str, gettext.NullTranslations]] = {}
        self._complained: set[str] = set()

    @classmethod
    def load(cls, *, strict: bool = False) -> Catalogues:
        """Read the catalogues that come with the package."""
        return cls(dict(_packaged()), strict=strict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The gettext names of all catalogues."""
        return tuple(self._compiled)

    def render(self, text: Text, locale: str) -> str:
        """Say it in a language (Discord's or gettext's name), or the nearest one that knows the sentence."""
        try:
            return self._say(text, locale)
        except UnknownText as unknown:
            if self._strict:
                raise
            if text.id not in self._complained:
                self._complained.add(text.id)
                log.exception("text_unknown", extra={"text": text.id, "reason": str(unknown)})
            return text.id

    def knows(self, id_: str) -> bool:
        """Whether the source language has this id."""
        try:
            self._find(self._chain(SOURCE)[1], id_, 1)
        except UnknownText:
            return False
        return True

    def speaks(self, locale: str) -> bool:
        """Whether a language has a catalogue of its own (its country's or its own name's)."""
        return any(name in self._compiled for name in _nearest_first(locale) if name != SOURCE)

    def _say(self, text: Text, locale: str) -> str:
        language, translations = self._chain(locale)
        args: dict[str, Argument] = {
            name: self.render(value, locale) if isinstance(value, Text) else value
            for name, value in text.args.items()
        }
        sentence = self._find(translations, text.id, args.get(PLURAL_ARGUMENT))
        try:
            return _Sentence(self._languages[language]).vformat(
                MARKUP_ARGUMENT.sub(r"\1{\2!s}", sentence), (), args
            )
        except (KeyError, IndexError, ValueError) as error:
            raise UnknownText(f"{text.id} does not fit its arguments: {error}") from None

    def _find(self, translations: gettext.NullTranslations, id_: str, n: Argument | None) -> str:
        if isinstance(n, int):
            try:
                return translations.ngettext(id_, id_, n)
            except UnknownText:
                pass  # a sentence may well have an argument n and no plural forms
        return translations.gettext(id_)

    def _chain(self, locale: str) -> tuple[str, gettext.NullTranslations]:
        """The nearest language and its catalogue, which itself falls back to the less near ones."""
        known = self._chains.get(locale)
        if known is not None:
            return known
        names = [name for name in _nearest_first(locale) if name in self._compiled]
        found: gettext.NullTranslations = _Silence()
        for name in reversed(names):
            nearer = gettext.GNUTranslations(io.BytesIO(self._compiled[name]))
            nearer.add_fallback(found)
            found = nearer
        if len(self._chains) < 256:  # noqa: PLR2004 - Discord knows some thirty; a bound against nonsense
            self._chains[locale] = names[0], found
        return names[0], found


@lru_cache(maxsize=256)
def _nearest_first(locale: str) -> Sequence[str]:
    """`es-419` → es_419, es, en. Traditional Chinese does not fall back to simplified."""
    spelled = SPELLED_OTHERWISE.get(locale, locale).replace("-", "_")
    language = spelled.partition("_")[0]
    names = [spelled]
    if language not in {spelled, SOURCE} and spelled != "zh_TW":
        names.append(language)
    if spelled != SOURCE:
        names.append(SOURCE)
    return names


@lru_cache(maxsize=32)
def _compile(name: str, text: str) -> bytes:
    """The same text again is not read again: a process that starts several bots reads each language once."""
    try:
        Locale.parse(name)
        catalogue = pofile.read_po(io.BytesIO(text.encode()), locale=name, abort_invalid=True)
    except (UnknownLocaleError, ValueError, pofile.PoFileError) as error:
        raise ValueError(f"the catalogue of “{name}” cannot be read: {error}") from error
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue)
    return compiled.getvalue()


def _packaged() -> Iterable[tuple[str, str]]:
    folder: Traversable
    for folder in resources.files("bot").joinpath("locales").iterdir():
        file = folder.joinpath("LC_MESSAGES", DOMAIN)
        if folder.is_dir() and file.is_file():
            yield folder.name, file.read_text(encoding="utf-8")
