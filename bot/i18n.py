"""The catalogues: gettext files, each read when first spoken, and the one place where a Text becomes a sentence.
Never here: sentences themselves, and Discord; text that people wrote must come in escaped."""

from __future__ import annotations

import gettext
import hashlib
import logging
import re
import string
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from bot.catalogue_files import read
from bot.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.texts import Argument

log = logging.getLogger(__name__)

SOURCE: Final = "en"
"""The language in which every sentence exists."""
DOMAIN: Final = "easel.po"
PLURAL_ARGUMENT: Final = "n"
"""A sentence with plural forms is chosen by this argument."""

MARKUP_ARGUMENT: Final = re.compile(r"(<(?:t:|@[!&]?|#|/\w+:))\{(\w+)\}")
"""An argument inside Discord's own markup (`<t:{renews}:R>`, `<@{user}>`): its digits stay as they are."""

SMALL: Final = 1000
"""Every language writes whole numbers below this with the same digits and no sign between them."""

SPELLED_OTHERWISE: Final = {"no": "nb"}
"""Discord's locales that Babel and gettext know under another name."""


def babel_locale(locale: str) -> Locale | None:
    """How a language (by Discord's `es-419` or gettext's `zh_CN`) writes names, numbers and dates; None: unknown."""
    try:
        return Locale.parse(SPELLED_OTHERWISE.get(locale, locale).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None


class UnknownText(LookupError):
    """No catalogue has this id, or the sentence names an argument that was not given: a bug of ours."""


class _Language:
    """The sentences of one language."""

    def __init__(self, name: str, source: str) -> None:
        """Read them from the text of a .po file; raises `ValueError` if it is none."""
        try:
            self.locale = Locale.parse(name)
            rule, self._forms = read(source, name)
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError(f"the catalogue of “{name}” cannot be read: {error}") from error
        self._plural = gettext.c2py(rule)

    def find(self, id_: str, n: Argument | None) -> str | None:
        """The sentence, in the form for `n` where it has several (without one: for 1)."""
        forms = self._forms.get(id_)
        if forms is None:
            return None
        if len(forms) == 1:
            return forms[0]
        return forms[self._plural(n if isinstance(n, int) else 1)] or None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words of a sentence, and the argument that follows them, if one does."""

    words: str
    argument: str | None
    as_it_is: bool
    """Whether its digits stay as they are."""


@lru_cache(maxsize=4096)
def _taken_apart(sentence: str) -> Sequence[_Piece]:
    """A sentence as `str.format` reads it, once and for all: with plain names of arguments only."""
    pieces = []
    for words, name, spec, conversion in string.Formatter().parse(MARKUP_ARGUMENT.sub(r"\1{\2!s}", sentence)):
        if name is not None and (not name.isidentifier() or spec or conversion not in {None, "s"}):
            raise UnknownText(f"a sentence may name an argument, not reach into one: {{{name}}}")
        pieces.append(_Piece(words, name, as_it_is=conversion is not None))
    return pieces


def _filled(pieces: Iterable[_Piece], args: Mapping[str, Argument], locale: Locale) -> str:
    """The sentence with its arguments, numbers written as the language writes them."""
    said = []
    for piece in pieces:
        said.append(piece.words)
        if piece.argument is not None:
            value = args[piece.argument]
            said.append(str(value) if piece.as_it_is else _written(value, locale))
    return "".join(said)


def _written(value: Argument, locale: Locale) -> str:
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, int) and 0 <= value < SMALL:
        return str(value)
    return format_decimal(value, locale=locale)


class Catalogues:
    """Every language of this installation, read when it is first spoken.

    Numbers are written in the language's way (1,000 and 1.000), except inside Discord's markup; ids that are shown
    bare are given as strings. `strict` raises on an unknown id (tests); otherwise the id is shown and logged once.
    """

    def __init__(self, sources: Mapping[str, str], *, strict: bool = False) -> None:
        """Take catalogues as the text of their .po files, by gettext name (`en`, `pt_BR`)."""
        if SOURCE not in sources:
            raise ValueError(f"the catalogue of “{SOURCE}” is missing: every language falls back to it")
        self._strict = strict
        self._sources = sources
        self._chains: dict[str, tuple[_Language, ...]] = {}
        self._complained: set[str] = set()

    @classmethod
    def load(cls, *, strict: bool = False) -> Catalogues:
        """The catalogues that come with the package."""
        return cls(_packaged(), strict=strict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The gettext names of all catalogues."""
        return tuple(self._sources)

    @property
    def digest(self) -> str:
        """A hash over everything that can be said."""
        return _digest(tuple(sorted(self._sources.items())))

    def read_all(self) -> None:
        """Read every language now: some milliseconds of the processor for each, which may be spent in a thread.

        Raises `ValueError` for a catalogue that cannot be read.
        """
        for name, source in self._sources.items():
            _language(name, source)

    def render(self, text: Text, locale: str) -> str:
        """Say it in a language (Discord's or gettext's name), or the nearest one that knows the sentence."""
        try:
            return self._render(text, locale)
        except UnknownText as unknown:
            if self._strict:
                raise
            if text.id not in self._complained:
                self._complained.add(text.id)
                log.exception("text_unknown", extra={"text": text.id, "reason": str(unknown)})
            return text.id

    def speaks(self, locale: str) -> bool:
        """Whether a language has a catalogue of its own (its country's or its own name's)."""
        return any(name in self._sources for name in _nearest_first(locale) if name != SOURCE)

    def _render(self, text: Text, locale: str) -> str:
        chain = self._chain(locale)
        args: dict[str, Argument] = {
            name: self.render(value, locale) if isinstance(value, Text) else value
            for name, value in text.args.items()
        }
        sentence = _find(chain, text.id, args.get(PLURAL_ARGUMENT))
        try:
            return _filled(_taken_apart(sentence), args, chain[0].locale)
        except (KeyError, ValueError) as error:
            raise UnknownText(f"{text.id} does not fit its arguments: {error}") from None

    def _chain(self, locale: str) -> tuple[_Language, ...]:
        """The nearest language, and those that it falls back to."""
        known = self._chains.get(locale)
        if known is not None:
            return known
        names = [name for name in _nearest_first(locale) if name in self._sources]
        found = tuple(_language(name, self._sources[name]) for name in names)
        if len(self._chains) < 256:  # noqa: PLR2004 - Discord knows some thirty; a bound against nonsense
            self._chains[locale] = found
        return found


def _find(chain: Iterable[_Language], id_: str, n: Argument | None) -> str:
    for language in chain:
        found = language.find(id_, n)
        if found is not None:
            return found
    raise UnknownText(id_)


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
def _language(name: str, source: str) -> _Language:
    """Each is read once in a process, though the commands' decorators and the client have catalogues of their own."""
    return _Language(name, source)


@lru_cache(maxsize=8)
def _digest(sources: Sequence[tuple[str, str]]) -> str:
    spelled = "\0".join(f"{name}\0{source}" for name, source in sources)
    return hashlib.sha256(spelled.encode()).hexdigest()


@cache
def _packaged() -> Mapping[str, str]:
    """The text of each catalogue that comes with the package, by its gettext name."""
    folders = resources.files("bot").joinpath("locales").iterdir()
    files = {folder.name: folder.joinpath("LC_MESSAGES", DOMAIN) for folder in folders if folder.is_dir()}
    return {name: file.read_text(encoding="utf-8") for name, file in files.items() if file.is_file()}
