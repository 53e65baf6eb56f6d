"""People are answered in the language that they chose, wherever they are; else in that of their Discord.
Never here: how a language is chosen, and what is said in it."""

from __future__ import annotations

from importlib import resources

from bot.errors import UserError
from bot.i18n import Catalogues
from bot.texts import text
from tests.ui.client_harness import studio

PACKAGED = resources.files("bot").joinpath("locales", "en", "LC_MESSAGES", "easel.po").read_text("utf-8")
GERMAN = """
msgid ""
msgstr "Language: de\\nContent-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "refused.server_only"
msgstr "Das geht nur auf einem Server."
"""


async def test_a_chosen_language_is_spoken_and_stored_with_what_they_ask_for() -> None:
    async with studio() as house:
        house.services.people.languages[house.ada.id] = "de"

        await house.ada.slash(house.channel, "imagine", prompt="a fox")
        await house.bob.slash(house.channel, "imagine", prompt="a fox")

        assert [asker.locale for asker, _, _ in house.services.imagine.begun] == ["de", "en-US"]
        assert {asker.guild_locale for asker, _, _ in house.services.imagine.begun} == {"en-US"}


async def test_a_refusal_comes_in_the_chosen_language() -> None:
    async with studio() as house:
        house.bot.catalogues = Catalogues({"en": PACKAGED, "de": GERMAN})
        house.services.people.languages[house.ada.id] = "de"
        house.services.imagine.refusal = UserError(text("refused.server_only"))

        said = [
            (await who.slash(house.channel, "imagine", prompt="a fox")).followups[-1].content
            for who in (house.ada, house.bob)
        ]

        assert said[0] == "Das geht nur auf einem Server."
        assert said[1].startswith("This works in a server")
