"""What a sentence says of roles and channels that a server no longer has.
Never here: how they are taken away (tests/cogs/test_gone_places.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bot.texts import listed, text
from bot.ui.kit.gone import channel_named, marked, role_named
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    import discord

    from bot.texts import Text

HERE = 1


def server(*ids: int) -> discord.Guild:
    """A server with these roles and channels, as Discord told of it."""
    there = {HERE, *ids}
    known = lambda id_: id_ if id_ in there else None  # noqa: E731 - the same answer twice
    return cast(
        "discord.Guild",
        SimpleNamespace(id=HERE, roles=sorted(there), get_role=known, get_channel_or_thread=known),
    )


def said(words: Text, guild: discord.Guild | None) -> str:
    return CATALOGUES.render(marked(words, guild), "en")


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ((2, 3), "<@&2> and <@&3>"),
        ((3,), "<@&3>"),
    ],
)
def test_a_way_in_is_no_deleted_role_where_there_is_another(there: tuple[int, ...], named: str) -> None:
    refusal = text("refused.no_rule", pool="FAST", roles=listed([role_named(2), role_named(3)]))

    assert f"It is open to {named};" in said(refusal, server(*there))


ROLES = listed([role_named(2), role_named(3)])
CHANNELS = listed([channel_named(2), channel_named(3)])


@pytest.mark.parametrize(
    ("refusal", "instead"),
    [
        (text("refused.no_rule", pool="FAST", roles=ROLES), text("refused.no_rule_gone", pool="FAST")),
        (
            text("refused.no_rule", pool="FAST", roles=role_named(2)),
            text("refused.no_rule_gone", pool="FAST"),
        ),
        (
            text("refused.no_rule_other", pool="FAST", roles=ROLES, other="NORMAL"),
            text("refused.no_rule_gone_other", pool="FAST", other="NORMAL"),
        ),
        (text("refused.channel_other", channels=CHANNELS), text("refused.channel_gone")),
        (text("refused.images_channel", channels=CHANNELS), text("refused.images_channel_gone")),
        (text("refused.press_role", role=role_named(2)), text("refused.press_requester")),
    ],
)
def test_where_every_way_out_is_gone_nobody_is_sent_there(refusal: Text, instead: Text) -> None:
    assert marked(refusal, server()) == instead
    assert marked(text("log.refused", user="1", why=refusal), server()).args["why"] == instead
    assert marked(refusal, server(2, 3)) == marked(refusal, None) == refusal


def test_a_way_out_behind_many_that_are_gone_is_named_and_of_many_that_are_there_the_first_five() -> None:
    refusal = text("refused.channel_other", channels=listed([channel_named(n) for n in range(2, 12)]))

    assert "Go to <#11>." in said(refusal, server(11))
    assert "<#5> and <#6>." in said(refusal, server(*range(2, 12)))


def test_of_many_channels_those_that_are_there_are_named_in_their_order() -> None:
    refusal = text("refused.channel_other", channels=listed([channel_named(n) for n in (2, 3, 4, 5)]))

    assert "Go to <#2>, <#4> and <#5>." in said(refusal, server(2, 4, 5))


def test_what_discord_has_not_told_of_is_not_called_gone() -> None:
    untold = cast("discord.Guild", SimpleNamespace(id=HERE, roles=[]))

    assert said(role_named(2), untold) == said(role_named(2), None) == "<@&2>"


def test_other_lists_and_sentences_stay_as_they_are() -> None:
    pools = text("refused.no_rule", pool="FAST", roles=listed([text("pool.FAST"), text("pool.NORMAL")]))

    assert marked(pools, server()) == pools
    assert said(channel_named(HERE), server()) == f"<#{HERE}>"
