"""Names and descriptions of commands, from the catalogues: English at decoration, every language at sync.
Never here: what a command does."""

from __future__ import annotations

from functools import cache
from typing import Final

import discord
from discord import app_commands
from typing_extensions import override

from bot.i18n import SOURCE, Catalogues
from bot.texts import text

ID: Final = "text_id"


@cache
def _catalogues() -> Catalogues:
    """Decorators run at import, before anybody could hand them the client's catalogues."""
    return Catalogues.load(strict=True)


def localized(id_: str) -> app_commands.locale_str:
    """A string of a command by its id: `@app_commands.describe(prompt=localized("command.imagine.prompt"))`."""
    return app_commands.locale_str(_catalogues().render(text(id_), SOURCE), **{ID: id_})


class CatalogueTranslator(app_commands.Translator):
    """Gives Discord each string in every language that has a catalogue."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._spoken = frozenset(one for one in discord.Locale if catalogues.speaks(one.value))

    @override
    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """None where English will do."""
        id_ = string.extras.get(ID)
        if id_ is None or locale not in self._spoken:
            return None
        return self._catalogues.render(text(id_), locale.value)
