"""What the double of Discord refuses, checked with bare HTTP requests.
Never here: a client library; it would hide the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from tests.fakes.discord_rules import V2, Judge, load_oracle
from tests.fakes.discord_traffic import FIRST_ANSWER_S, SLOW_MACHINE
from tests.fakes.discord_wire import FakeDiscord, Impossible, Permission
from tests.fakes.toy import Raw, file, picture, running, synced

if TYPE_CHECKING:
    from pathlib import Path


async def test_refusals_carry_discords_codes(fake: FakeDiscord, raw: Raw) -> None:
    hidden, mute = fake.add_channel("hidden"), fake.add_channel("mute")
    fake.forbid(Permission.VIEW_CHANNEL, hidden)
    fake.forbid(Permission.SEND_MESSAGES, mute)
    fake.user.accepts_messages = False
    theirs, text = fake.say("mine"), {"content": "x"}

    def to(channel_id: int) -> str:
        return f"/channels/{channel_id}/messages"

    codes = [
        (await raw.ask("POST", path, body))[1]["code"]
        for path, body in (
            (to(1), text),
            (to(hidden.id), text),
            (to(mute.id), text),
            (to(fake.direct().id), text),
            (to(fake.channel.id), {"content": ""}),
            (to(fake.channel.id), {"content": "x" * 2001}),
        )
    ]
    unknown = await raw.ask("PATCH", f"{to(fake.channel.id)}/1", text)
    foreign = await raw.ask("PATCH", f"{to(fake.channel.id)}/{theirs.id}", text)
    stranger = await raw.ask("GET", "/users/@me", token="wrong")

    assert codes == [10003, 50001, 50013, 50007, 50006, 50035]
    assert unknown[1]["code"] == 10008
    assert foreign[1]["code"] == 50005
    assert stranger[0] == 401


async def test_tokens_and_first_answers_have_deadlines(fake: FakeDiscord, raw: Raw) -> None:
    await synced(fake, raw)
    interaction = await fake.slash("draw")
    hook = f"/webhooks/{fake.application_id}/{interaction.token}"
    callback = f"/interactions/{interaction.id}/{interaction.token}/callback"

    early = await raw.ask("PATCH", f"{hook}/messages/@original", {"content": "x"})
    first = await raw.ask("POST", f"{callback}?with_response=1", {"type": 5})
    second = await raw.ask("POST", callback, {"type": 5})
    edited = await raw.ask("PATCH", f"{hook}/messages/@original", {"content": "x"})
    fake.advance(15 * 60)
    expired = await raw.ask("PATCH", f"{hook}/messages/@original", {"content": "y"})
    overdue = await fake.slash("draw")
    fake.advance(FIRST_ANSWER_S * SLOW_MACHINE + 1)
    missed = await raw.ask("POST", f"/interactions/{overdue.id}/{overdue.token}/callback", {"type": 5})

    assert early[1]["code"] == 10015
    assert first[1]["interaction"]["response_message_loading"] is True
    assert second[1]["code"] == 40060
    assert edited[1]["flags"] == 0
    assert expired == (401, {"message": "Invalid Webhook Token", "code": 50027})
    assert missed[1]["code"] == 10062


async def test_old_messages_bear_few_edits_and_archived_threads_none(fake: FakeDiscord, raw: Raw) -> None:
    thread = fake.add_thread("deep")
    old = (await raw.ask("POST", f"/channels/{fake.channel.id}/messages", {"content": "x"}))[1]["id"]
    deep = (await raw.ask("POST", f"/channels/{thread.id}/messages", {"content": "x"}))[1]["id"]
    fake.archive(thread)
    fake.advance(3601)

    edits = [
        await raw.ask("PATCH", f"/channels/{fake.channel.id}/messages/{old}", {"content": str(n)})
        for n in range(4)
    ]
    closed = await raw.ask("PATCH", f"/channels/{thread.id}/messages/{deep}", {"content": "y"})
    opened = await raw.ask("PATCH", f"/channels/{thread.id}", {"archived": False})
    again = await raw.ask("PATCH", f"/channels/{thread.id}/messages/{deep}", {"content": "y"})

    assert [status for status, _ in edits] == [200, 200, 200, 429]
    assert edits[3][1]["code"] == 30046
    assert closed[1]["code"] == 50083
    assert (opened[0], again[0]) == (200, 200)


async def test_an_upload_over_the_limit_is_too_large(fake: FakeDiscord) -> None:
    small = fake.add_guild("Small", upload_limit=10)
    channel = fake.add_channel("tiny", small)
    async with running(fake) as bot:
        await bot.wait_until_ready()
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_partial_messageable(channel.id).send(file=file())

    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_files_are_served_until_their_address_expires(fake: FakeDiscord) -> None:
    kept = fake.upload("a b.png", picture())
    async with aiohttp.ClientSession() as session:
        async with session.get(kept.url) as answer:
            served = answer.status, answer.content_type, await answer.read()
        fake.advance(25 * 3600)
        async with session.get(kept.url) as answer:
            late = answer.status

    assert kept.filename == "a_b.png"
    assert served == (200, "image/png", picture())
    assert late == 404


async def test_components_v2_cannot_mix_with_the_old_fields_nor_be_left(fake: FakeDiscord, raw: Raw) -> None:
    path = f"/channels/{fake.channel.id}/messages"
    text = [{"type": 10, "content": "hi"}]

    mixed = await raw.ask("POST", path, {"flags": V2, "components": text, "content": "x"})
    _, plain = await raw.ask("POST", path, {"content": "x"})
    uncleared = await raw.ask("PATCH", f"{path}/{plain['id']}", {"flags": V2, "components": text})
    cleared = await raw.ask(
        "PATCH", f"{path}/{plain['id']}", {"flags": V2, "components": text, "content": None}
    )
    back = await raw.ask("PATCH", f"{path}/{plain['id']}", {"content": "x"})

    assert mixed[1]["code"] == uncleared[1]["code"] == back[1]["code"] == 50035
    assert cleared[1]["flags"] == V2


async def test_moderators_commands_are_hidden_from_members(fake: FakeDiscord) -> None:
    async with running(fake):
        options = {"role": fake.guild.roles[1], "member": fake.user, "where": fake.channel}
        with pytest.raises(Impossible):
            await fake.slash("pool rule", options)
        with pytest.raises(Impossible):
            await fake.slash("paint", {"prompt": "x", "size": 9})
        answer = await (await fake.slash("pool rule", options, user=fake.moderator)).answered()

    assert answer.content == "easel ada general"


async def test_rate_limits_are_kept_and_counted() -> None:
    async with FakeDiscord(rate_limits=True) as fake, aiohttp.ClientSession() as session:
        raw = Raw(fake, session)
        path = f"/channels/{fake.channel.id}/messages"
        answers = [await raw.ask("POST", path, {"content": "x"}) for _ in range(6)]
        fake.advance(5)
        after = await raw.ask("POST", path, {"content": "x"})

    assert [status for status, _ in answers] == [200] * 5 + [429]
    assert 0 < answers[5][1]["retry_after"] <= 5
    assert after[0] == 200
    assert len(fake.rate_limited) == 1


async def test_a_bad_form_is_found_and_refused(fake: FakeDiscord, raw: Raw) -> None:
    button = {"type": 2, "style": 1, "label": "x", "custom_id": "c" * 101}
    body = {"content": "x", "components": [{"type": 1, "components": [button]}]}

    refused = await raw.ask("POST", f"/channels/{fake.channel.id}/messages", body)

    assert refused[1]["code"] == 50035
    assert "custom_id" in str(refused[1]["errors"])
    assert fake.oracle_skipped or "custom_id" in fake.findings[0]


async def test_pings_are_what_the_allowed_mentions_let_through(fake: FakeDiscord, raw: Raw) -> None:
    words = {"content": f"{fake.user.mention} @everyone", "allowed_mentions": {"parse": ["users"]}}

    await raw.ask("POST", f"/channels/{fake.channel.id}/messages", words)

    assert fake.messages()[0].pings == {str(fake.user.id)}


async def test_the_transcript_tells_what_happened(fake: FakeDiscord, raw: Raw) -> None:
    await raw.ask("POST", f"/channels/{fake.channel.id}/messages", {"content": "x"})

    assert fake.transcript()[0].endswith(f'POST /channels/{fake.channel.id}/messages 200 {{"content":"x"}}')


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"op": 8, "d": {}}, 4003),
        ({"op": 2, "d": {"token": "fake.token.of-the-bot"}}, 4013),
        ({"op": 2, "d": {"token": "fake.token.of-the-bot", "intents": 1 << 15}}, 4014),
        ({"op": 2, "d": {"token": "fake.token.of-the-bot", "intents": 1, "shard": [2, 2]}}, 4010),
    ],
)
async def test_the_gateway_closes_with_discords_codes(fake: FakeDiscord, first: Any, code: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(fake.gateway) as socket:
        hello = await socket.receive_json()
        await socket.send_json(first)
        closed = await socket.receive()

    assert hello["op"] == 10
    assert closed.data == code


async def test_heartbeats_are_acknowledged_until_the_connection_is_half_open(fake: FakeDiscord) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(fake.gateway) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 1, "d": None})
        answer = await socket.receive_json()
        fake.socket.answers_beats = False
        await socket.send_json({"op": 1, "d": None})
        await fake.until(lambda: fake.socket.beats == 2)
        await socket.send_json({"op": 6, "d": {"token": fake.token, "session_id": "unknown", "seq": 1}})
        unknown = await socket.receive_json()

    assert answer["op"] == 11
    assert (unknown["op"], unknown["d"]) == (9, False)


async def test_an_ephemeral_message_is_for_one_person(fake: FakeDiscord, raw: Raw) -> None:
    await synced(fake, raw)
    interaction = await fake.slash("draw")
    button = {"type": 2, "style": 1, "label": "x", "custom_id": "x"}
    data = {"content": "x", "flags": 64, "components": [{"type": 1, "components": [button]}]}
    callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
    await raw.ask("POST", callback, {"type": 4, "data": data})
    message = await interaction.answered()

    with pytest.raises(Impossible):
        await fake.press(message, "x", user=fake.moderator)
    read = await raw.ask("GET", f"/channels/{fake.channel.id}/messages/{message.id}")
    listed = await raw.ask("GET", f"/channels/{fake.channel.id}/messages")
    pressed = await fake.press(message, "x")

    assert read[1]["code"] == 10008
    assert listed[1] == []
    assert pressed.user is fake.user


async def test_without_its_papers_the_oracle_says_why_it_is_silent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EASEL_ORACLES", str(tmp_path))
    load_oracle.cache_clear()
    double = FakeDiscord()
    load_oracle.cache_clear()

    assert double.oracle_skipped is not None
    assert "EASEL_ORACLES" in double.oracle_skipped
    assert FakeDiscord(oracle=False).oracle_skipped == "switched off"


def test_a_wrong_part_is_told_each_time_whatever_was_found_right_before() -> None:
    judge = Judge()
    if judge.skipped is not None:
        pytest.skip(judge.skipped)
    fine = {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]}
    wrong = {"type": 1, "components": [{"type": 2, "style": 99, "label": "x", "custom_id": "y"}]}

    found = [
        judge.request("POST", "/channels/1/messages", {}, {"content": "x", "components": rows})
        for rows in ([fine], [fine, wrong], [fine], [wrong, fine], [fine, wrong])
    ]

    assert found[0] == found[2] == []
    assert found[1] == found[4] != []
    assert [one.where for one in found[1]] == ["/components/1/components/0/style"]
    assert [one.where for one in found[3]] == ["/components/0/components/0/style"]
