"""What the owner writes about servers and ceilings, and who it lets in.
Never here: counting and storage."""

from __future__ import annotations

import pytest

from bot.domain.tenancy import NO_CEILING, Access, Ceiling, KnownServer, parse_access, parse_ceiling, read_id


@pytest.mark.parametrize(
    ("spelling", "ceiling"),
    [
        ("300/3000/3/50", Ceiling(300, 3_000, 3, 50)),
        (" Unlimited ", NO_CEILING),
        ("0/unlimited/1/1", Ceiling(0, None, 1, 1)),
    ],
)
def test_a_ceiling_is_read_and_spelled_alike(spelling: str, ceiling: Ceiling) -> None:
    assert parse_ceiling(spelling) == ceiling
    assert parse_ceiling(str(ceiling)) == ceiling


@pytest.mark.parametrize(
    "spelling", ["", "3", "1/2/3", "1/2/0/4", "1/2/3/0", "-1/2/3/4", "a/b/c/d", "1/2/3/4/5"]
)
def test_what_is_no_ceiling_is_refused(spelling: str) -> None:
    with pytest.raises(ValueError, match=r"must|holds"):
        parse_ceiling(spelling)


@pytest.mark.parametrize(
    "spelling", ["", "mine,open", "yours", "12a", ",", str(2**63), "1_000", "\uff11\uff12", "+5", "5,0"]
)
def test_what_is_no_access_is_refused(spelling: str) -> None:
    with pytest.raises(ValueError, match="must be mine, open"):
        parse_access(spelling)


@pytest.mark.parametrize("typed", ["1", "123456789012345678", f" {2**63 - 1}\n"])
def test_an_id_is_read_as_it_is_pasted(typed: str) -> None:
    assert read_id(typed) == int(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "0", "-5", "+5", "1_000", "1 000", "\uff11\uff12", "²", "007", "5.0", str(2**63), "9" * 5_000],
)
def test_what_no_database_could_hold_or_nobody_pastes_is_no_id(typed: str) -> None:
    assert read_id(typed) is None


def test_who_is_let_in() -> None:
    ours, stranger = KnownServer(guild_id=1, ours=True), KnownServer(guild_id=2)
    asked = KnownServer(guild_id=2, let_in_at=9)
    shut = KnownServer(guild_id=1, ours=True, shut_at=9)
    mine, everyone, named = parse_access("mine"), parse_access("OPEN"), parse_access("2, 3")

    admitted = {
        name: [access.admits(s.guild_id, s) for s in (ours, stranger, asked, shut)]
        for name, access in (("mine", mine), ("open", everyone), ("ids", named), ("none", Access()))
    }

    assert admitted == {
        "mine": [True, False, True, False],
        "open": [True, True, True, False],
        "ids": [False, True, True, False],
        "none": [False, False, True, False],
    }
    assert [access.admits(None, None) for access in (mine, everyone, named)] == [False, True, False]
