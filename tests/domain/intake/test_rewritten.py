"""Whether a prompt that upstream shows can be what became of one that was sent.
Never here: which of several tasks is adopted (tests/services/worker/test_reconcile.py)."""

from __future__ import annotations

import pytest

from bot.domain.intake.rewritten import may_be_rewrite_of

SHOWN = "<https://s.mj.run/abc> a paper fox --v 7.0 --ar 16:9"


@pytest.mark.parametrize(
    ("sent", "seen", "links", "may"),
    [
        ("https://a.example/b.png a paper fox --ar 16:9 --v 7", SHOWN, True, True),
        ("a paper fox --ar 16:9 --v 7", SHOWN, True, False),
        ("a paper fox --ar 16:9 --v 7", SHOWN, False, True),
        ("https://a.example/b.png https://a.example/c.png a paper fox --ar 16:9 --v 7", SHOWN, False, True),
        ("https://a.example/b.png", SHOWN, False, False),
        ("a paper fox https://a.example/b.png --ar 16:9 --v 7", SHOWN, False, False),
        ("https://a.example/b.png", "<https://s.mj.run/abc>", False, True),
        (
            "a paper fox --sref https://a.example/b.png",
            "a paper fox --sref <https://s.mj.run/abc>",
            True,
            True,
        ),
        ("a paper fox", "a paper fox --sref <https://s.mj.run/abc>", True, False),
        ("a paper fox", "a paper fox --sref <https://s.mj.run/abc>", False, True),
        ("a paper fox --sref 123", "a paper fox --sref <https://s.mj.run/abc> 123", False, True),
        ("a paper fox --sref 123", "a paper fox --sref 456", False, False),
    ],
)
def test_addresses_count_by_their_number_or_at_the_head_and_as_references_not_at_all(
    sent: str, seen: str, *, links: bool, may: bool
) -> None:
    assert may_be_rewrite_of(sent, seen, links=links) is may
