"""Discord misbehaves, or changes under us, while a picture is on its way: it is shown once, by the best way that is open.
Never here: the gateway, and which error means what (tests/ui)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.fakes.discord_wire import Permission
from tests.faults.report import Row as Line
from tests.faults.report import record
from tests.fixtures.painting import paint_once
from tests.fixtures.times import PACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.discord_wire import FakeDiscord, Interaction, Message
    from tests.wire.installation import Installation

pytestmark = pytest.mark.wire

BOT_EDIT = r"/channels/\d+/messages/\d+"


@pytest.fixture(autouse=True)
def painted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture its own: how often a smaller one is tried after a 413 depends on what is on it."""
    paint_once(monkeypatch)


@dataclass(frozen=True, slots=True)
class Case:
    """What happens while the picture is painted, and how it reaches people all the same."""

    name: str
    happens: Callable[[FakeDiscord, Interaction], None]
    route: str
    in_thread: bool = False
    second_try: str | None = None
    """The route if the first way out was slow, and the thread stands open by now."""
    pictures: tuple[int, ...] = (1,)
    """How many pictures each card of the job shows in the end."""


def _token_edit(asked: Interaction) -> str:
    """Edits of this one answer with its token."""
    return rf"/webhooks/\d+/{re.escape(asked.token)}/messages/.+"


def _post(asked: Interaction) -> str:
    return rf"/channels/{asked.channel.id}/messages"


def _refused(status: int, code: int = 0, *, times: int = 1, via: bool = True) -> Callable[..., None]:
    def happens(fake: FakeDiscord, asked: Interaction) -> None:
        fake.fail_next(
            "PATCH", _token_edit(asked), status=status, code=code, times=times, via=via, uploads=True
        )

    return happens


def _reset(fake: FakeDiscord, asked: Interaction) -> None:
    fake.fail_next("PATCH", _token_edit(asked), uploads=True)


def _answer_lost(fake: FakeDiscord, asked: Interaction) -> None:
    fake.fail_next("PATCH", _token_edit(asked), before_effect=False, uploads=True)


def _expired(fake: FakeDiscord, asked: Interaction) -> None:
    fake.expire_token(asked)


def _deleted(fake: FakeDiscord, asked: Interaction) -> None:
    fake.delete(_card(asked))


def _deleted_and_answer_lost(fake: FakeDiscord, asked: Interaction) -> None:
    fake.delete(_card(asked))
    fake.fail_next("POST", _post(asked), before_effect=False)


def _deleted_and_post_fails(fake: FakeDiscord, asked: Interaction) -> None:
    fake.delete(_card(asked))
    fake.fail_next("POST", _post(asked), status=503)


def _channel_gone(fake: FakeDiscord, asked: Interaction) -> None:
    fake.remove_channel(asked.channel)


def _archived(fake: FakeDiscord, asked: Interaction) -> None:
    fake.archive(asked.channel)


def _silenced(fake: FakeDiscord, asked: Interaction) -> None:
    """The bot may read but not write, the token has ended and the card is gone: 50013."""
    fake.expire_token(asked)
    fake.delete(_card(asked))
    fake.forbid(Permission.SEND_MESSAGES, asked.channel)


def _shut_out(fake: FakeDiscord, asked: Interaction) -> None:
    """The bot sees the channel no more: 50001."""
    fake.expire_token(asked)
    fake.forbid(Permission.VIEW_CHANNEL, asked.channel)


def _nobody_home(fake: FakeDiscord, asked: Interaction) -> None:
    """The channel is gone and the person takes no direct messages: 50007."""
    fake.remove_channel(asked.channel)
    asked.user.accepts_messages = False


def _user_left(fake: FakeDiscord, asked: Interaction) -> None:
    assert asked.guild is not None
    del asked.guild.members[asked.user.id]
    fake.expire_token(asked)


CASES = (
    Case("the result meets 500", _refused(500), "reply"),
    Case("the result meets 503", _refused(503), "reply"),
    Case("the connection is reset (104)", _reset, "edit"),
    Case("the answer to the edit is lost", _answer_lost, "edit"),
    Case("429 with Via", _refused(429), "reply"),
    Case("429 without Via, a ban", _refused(429, via=False), "edit"),
    Case("413 for the upload", _refused(413, 40005), "reply"),
    Case("413 for every upload", _refused(413, 40005, times=4), "reply", pictures=(0,)),
    Case("the token has ended (50027)", _expired, "edit"),
    Case("the message was deleted (10008)", _deleted, "post"),
    Case("the message was deleted, the answer to the new one is lost", _deleted_and_answer_lost, "post"),
    Case("the message was deleted, the new one meets 503", _deleted_and_post_fails, "post"),
    Case("the channel was deleted (10003)", _channel_gone, "direct"),
    Case("the thread was archived (50083)", _archived, "edit", in_thread=True, second_try="reply"),
    Case("the bot may write no more (50013)", _silenced, "direct"),
    Case(
        "the bot may see no more (50001)", _shut_out, "direct", pictures=(0, 1)
    ),  # the old card is out of reach
    Case("the channel is gone and direct messages are closed (50007)", _nobody_home, "kept", pictures=()),
    Case("the user left", _user_left, "edit"),
)


@pytest.mark.timeout(400)
async def test_a_picture_is_shown_once_whatever_happens_at_discord_meanwhile(hooked: Installation) -> None:
    fake = hooked.fake
    hooked.times = PACES
    await hooked.start()
    hooked.upstream.pause()
    painted = [await _begun(hooked, number, case) for number, case in enumerate(CASES)]
    for asked in painted:
        await hooked.says(asked, "Midjourney has it")

    for case, asked in zip(CASES, painted, strict=True):
        case.happens(fake, asked)
    for task in hooked.accepted:
        hooked.upstream.finish(task.id)
    rows = await hooked.settled(within=90)

    wrong = []
    by_interaction = {row.interaction_id: row for row in rows}
    for case, asked in zip(CASES, painted, strict=True):
        row = by_interaction[asked.id]
        lost, twice = hooked.fate(row)
        pictures = tuple(len(card.shown) for card in hooked.shown(row.key))
        record(Line(f"result: {row.route}", f"Discord: {case.name}", 1, lost, twice))
        way = row.route in {case.route, case.second_try}
        if (row.state, way, lost, twice, pictures) != ("succeeded", True, 0, 0, case.pictures):
            wrong.append(f"{case.name}: {row.state} {row.route} {lost=} {twice=} {pictures=}")
    assert wrong == []
    assert fake.unused_faults == []
    assert len(hooked.submissions) == len(CASES)


async def _begun(house: Installation, number: int, case: Case) -> Interaction:
    """Somebody asks for a picture in a room of their own."""
    place = house.fake.add_channel(f"room-{number}")
    if case.in_thread:
        place = house.fake.add_thread("thread", place)
    return await house.imagine(
        f"a fox, and {case.name}", user=house.fake.add_user(f"painter-{number}"), channel=place
    )


def _card(asked: Interaction) -> Message:
    message = asked.message()
    assert message is not None
    return message


async def test_a_card_older_than_an_hour_that_takes_no_edit_gets_a_new_message(hooked: Installation) -> None:
    fake = hooked.fake
    hooked.times = PACES
    await hooked.start()
    hooked.upstream.pause()
    asked = await hooked.imagine("a fox that takes an hour")
    await hooked.says(asked, "Midjourney has it")
    fake._rest.old_edits = (0, 0.5)
    fake.advance(3700)

    hooked.upstream.finish(hooked.accepted[0].id)
    row = await hooked.delivered(asked)

    refused = [call.code for call in fake.calls("PATCH", BOT_EDIT)]
    newest = hooked.shown(row.key)[-1]
    assert (row.route, {*refused}) == ("post", {30046})
    assert len(refused) in {4, 5}  # the picture's, and one of its progress where that came first
    assert len(newest.shown) == 1
    record(Line("result: post", "Discord: too many edits of an old message (30046)", 1, 0, 0))


async def test_a_bot_that_was_removed_from_the_server_keeps_the_picture_or_sends_it(
    hooked: Installation,
) -> None:
    fake = hooked.fake
    hooked.times = PACES
    await hooked.start()
    hooked.upstream.pause()
    asked = await hooked.imagine("a fox to take along")
    await hooked.says(asked, "Midjourney has it")

    fake.remove_guild(fake.guild)
    fake.expire_token(asked)
    hooked.upstream.finish(hooked.accepted[0].id)
    row = await hooked.delivered(asked)

    assert (row.state, row.route) == ("succeeded", "direct")
    assert len(fake.messages(fake.direct())) == 1
    record(Line("result: direct", "Discord: the bot was removed from the server", 1, 0, 0))


@pytest.mark.parametrize("before_effect", [True, False], ids=["never arrived", "arrived"])
async def test_a_first_answer_that_is_lost_once_is_given_again_and_what_was_asked_for_begins_once(
    hooked: Installation, *, before_effect: bool
) -> None:
    await hooked.start()
    hooked.fake.fail_next("POST", r"/interactions/.+/callback", before_effect=before_effect)

    asked = await hooked.imagine("a fox")
    row = await hooked.delivered(asked)

    assert row.state == "succeeded"
    assert len(hooked.submissions) == 1
    assert not any(message.loading for message in hooked.fake.messages())
    assert len(hooked.fake.messages()) == 1
    record(
        Line(
            "imagine: the card",
            f"Discord: the first answer {'never arrived' if before_effect else 'arrived, unheard'}, once",
            1,
            0,
            0,
        )
    )


async def test_a_first_answer_that_is_lost_twice_leaves_nobody_without_a_word_and_nothing_is_paid(
    hooked: Installation,
) -> None:
    await hooked.start()
    hooked.fake.fail_next("POST", r"/interactions/.+/callback", times=2)

    asked = await hooked.imagine("a fox")
    await hooked.fake.until(
        lambda: any(m.ephemeral and m.text for m in hooked.fake.messages()) or hooked.submissions, 20
    )

    assert not any(message.loading for message in hooked.fake.messages())
    assert hooked.submissions == []
    assert hooked.row(asked) is None
    record(Line("imagine: a sentence", "Discord: the first answer never arrived, twice", 1, 0, 0))
