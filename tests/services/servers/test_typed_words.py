"""Only words that a member typed strike them, moderators' words are quoted, and rules are asked before a picture is fetched.
Never here: how words are found (tests/domain)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.intake.prompts import PromptOptions
from bot.domain.pools import Pool
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.errors import UserError
from tests.services.harness import GUILD
from tests.services.intake.test_pictures import files
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from tests.services.server_harness import Server

STRIKE = WordRule(Match.WORD, "gore", WordAction.STRIKE)


async def test_what_the_server_adds_is_refused_and_strikes_nobody(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, STRIKE)
    await server.world.services.prompt_settings.set_suffix(GUILD, ADA, GUILD, "much gore")

    assert (await refusal(server.imagine("a fox"))).id == "refused.words"
    assert (await server.moderation.member(GUILD, 1)).strikes == []
    assert (await refusal(server.imagine("a g0re fox"))).id == "refused.words_strike"


async def test_words_that_were_there_before_an_edit_strike_nobody(server: Server) -> None:
    grid = await server.imagine("a gore fox")
    await server.guilds.add_word(GUILD, ADA, STRIKE)
    remix = server.world.services.imagine.remix

    assert (await refusal(remix(server.asker(user=2), grid, "a gore fox, wet"))).id == "refused.words"
    assert (await server.moderation.member(GUILD, 2)).strikes == []


async def test_a_moderators_words_are_quoted_and_not_live(server: Server) -> None:
    await server.guilds.pause(GUILD, ADA, Pool.FAST, "see **https://x.example** <@5>")

    why = await refusal(server.imagine(pool=Pool.FAST))

    assert str(why.args["words"]) == "see \\*\\*https\\://x.example\\*\\* \\<\\@5\\>"


async def test_rules_are_asked_before_a_picture_is_fetched(server: Server) -> None:
    world = server.world
    await world.services.prompt_settings.guilds.set_values(GUILD, ADA, "images", {"on": False})
    (given,) = files(1)

    with pytest.raises(UserError) as refused:
        await world.services.imagine.begin(server.asker(), PromptOptions(prompt="a fox"), None, given=[given])

    assert refused.value.text.id == "refused.images_off"
    assert given.read_times == 0
