"""What an operator reads about a server of the family.
Never here: asking it."""

from __future__ import annotations

import pytest

from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.midjourney.mjproxy.probing import ProbeResult
from bot.midjourney.mjproxy.reporting import capability_words, report


@pytest.mark.parametrize("server", [kind for kind in ServerKind if kind is not ServerKind.OHMYGPT])
def test_a_server_of_the_family_is_named_with_what_it_can_do(server: ServerKind) -> None:
    lines = {line.name: line for line in report(ProbeResult(server, BY_SERVER[server]))}
    assert server.value in lines["kind of API"].words
    assert lines["kind of API"].fine
    assert ("speeds of chains" in lines) is not BY_SERVER[server].keeps_pool
    assert "key" not in lines
    assert lines["can do"].words


def test_any_key_is_a_warning() -> None:
    look = ProbeResult(ServerKind.TRUEAI, BY_SERVER[ServerKind.TRUEAI], takes_any_key=True)
    (key,) = [line for line in report(look) if line.name == "key"]
    assert not key.fine
    assert "proves nothing" in key.words


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (ProbeResult(None, None), "address and its path"),
        (ProbeResult(ServerKind.OHMYGPT, BY_SERVER[ServerKind.OHMYGPT]), "choose the kind ohmygpt"),
    ],
)
def test_a_server_of_the_other_kind_or_of_none_is_one_line(look: ProbeResult, words: str) -> None:
    (line,) = report(look)
    assert not line.fine
    assert words in line.words


def test_abilities_are_words() -> None:
    assert "seeds" in capability_words(BY_SERVER[ServerKind.PLUS])
    assert "buttons" not in capability_words(BY_SERVER[ServerKind.NOVI])
