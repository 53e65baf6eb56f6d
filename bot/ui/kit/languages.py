"""Names of languages, as people call them: in the language itself, or in a reader's.
Never here: which languages there are, and who reads which."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from babel import Locale

from bot.i18n import babel_locale

SCRIPTS: Final = MappingProxyType({"zh_CN": "zh_Hans", "zh_TW": "zh_Hant"})
"""Languages that people call by their script (“简体中文”), where their country would be named otherwise."""
CALLED: Final = MappingProxyType({("ko", "zh_Hans"): "중국어(간체)", ("ko", "zh_Hant"): "중국어(번체)"})
"""Where the CLDR says more than people do, by the reader's language."""


def name_of(language: str, reader: str | None = None) -> str:
    """A language's name (by gettext's `zh_CN`) in a reader's (by Discord's `es-419`); without one, in itself."""
    shown = babel_locale(language if reader is None else reader) or Locale.parse(language)
    key = SCRIPTS.get(language, language)
    name = CALLED.get((shown.language, key)) or shown.languages.get(key)
    name = str(name or Locale.parse(language).get_display_name(shown) or language)
    return name[:1].upper() + name[1:]
