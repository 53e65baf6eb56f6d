"""`/mod`: what each command and button does to a server, who may, and what is told of it.
Never here: pools (tests/cogs/test_pools.py), and what a rule means for a job (tests/services)."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
import pytest
from discord import app_commands

from bot.domain.jobs import Ancestor, JobState
from bot.domain.pools import Pool
from bot.domain.servers.access import HOUR_MS, PressPermission, Treatment
from bot.domain.servers.guilds import KEPT, AuditEntry
from bot.domain.servers.moderation import Match, StrikePolicy, WordAction, WordRule
from bot.services.servers.moderation import Moderation
from bot.ui.kit.escape import quoted
from bot.ui.kit.moderators import ModeratorsOnly, draw_mod_button
from bot.ui.moderation.audit import ACTIONS, PAGE, audit_view
from bot.ui.moderation.changes import DETAILS, HIDDEN
from bot.ui.moderation.setting_changes import ModalOrigin
from bot.ui.moderation.setting_words import Localizer
from tests.cogs.modlog_harness import BOSS, buttons, room, seen
from tests.ui.builders import words
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.actors import MemberActor
    from simcord.results import InteractionResult

    from tests.cogs.modlog_harness import Room

UNDO = "Undo last change…"
GORE = WordRule(Match.WORD, "gore", WordAction.BLOCK)


async def press(here: Room, shown: InteractionResult, label: str, by: MemberActor | None = None) -> str:
    """Press a button of an answer; what the message shows now, and what was said besides."""
    assert shown.response is not None
    pressed = await (by or here.mo).click(shown.response, label=label)
    extra = [f"{answer.content}\n{words(answer.components)}" for answer in pressed.followups]
    now = shown.response
    assert now is not None
    return "\n".join([words(now.components), *extra])


async def run(here: Room, name: str, **options: object) -> InteractionResult:
    return await here.mo.slash(here.house.channel, f"mod {name}", **options)


async def imagine(here: Room, prompt: str) -> InteractionResult:
    return await here.house.ada.slash(here.house.channel, "imagine", prompt=prompt)


def everything(result: InteractionResult) -> str:
    answers = [*([result.response] if result.response else []), *result.followups]
    return "\n".join(f"{answer.content}\n{words(answer.components)}" for answer in answers)


# -- members -----------------------------------------------------------------------------------------------


async def test_a_member_is_blocked_for_some_hours_and_reads_why(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        said = await here.do("block", member=here.house.ada, hours=2, reason="spam @everyone")

        block = await here.storage.guilds.members.block_of(
            here.guild_id, here.house.ada.id, here.house.clock.now()
        )
        refused = everything(await imagine(here, "a fox"))

        assert block is not None
        assert block.until is not None
        assert abs(block.until - here.house.clock.now() - 2 * HOUR_MS) < 60_000
        assert f"<@{here.house.ada.id}> cannot make pictures here until" in said
        assert "You are blocked from making pictures here until" in refused
        assert "spam" in refused
        assert await here.storage.archive.live(here.guild_id, limit=5) == []


async def test_a_block_without_hours_holds_until_it_is_lifted(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("block", member=here.house.ada)
        assert "blocked you" in everything(await imagine(here, "a fox"))

        said = await here.do("unblock", member=here.house.ada)

        assert "can make pictures here again" in said
        await imagine(here, "a fox")
        assert len(await here.storage.archive.live(here.guild_id, limit=5)) == 1
        assert "not blocked" in await here.do("unblock", member=here.house.ada)


async def test_the_member_view_shows_block_strikes_use_and_pictures(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.services.guilds.add_word(
            here.guild_id, BOSS, WordRule(Match.WORD, "gore", WordAction.STRIKE)
        )
        await imagine(here, "gore and more")
        await here.job(JobState.SUCCEEDED, prompt="a [fox](http://x.y) @everyone")
        await here.do("block", member=here.house.ada, reason="rude")

        result = await run(here, "member", member=here.house.ada)
        shown = seen(result)

        assert "Blocked" in shown
        assert "rude" in shown
        assert "1 active strike" in shown
        assert "gore" in shown
        assert "\\[fox\\]" in shown
        assert "\\@everyone" in shown
        assert list(buttons(result)) == ["Cancel all", "Unblock", "Take strikes back", "Export", "Erase"]


async def test_unblock_and_forgive_from_the_member_view(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.services.guilds.add_word(
            here.guild_id, BOSS, WordRule(Match.WORD, "gore", WordAction.STRIKE)
        )
        await imagine(here, "gore")
        await here.do("block", member=here.house.ada)
        shown = await run(here, "member", member=here.house.ada)

        assert "Not blocked" in await press(here, shown, "Unblock")
        assert "0 active strikes" in await press(here, shown, "Take strikes back")


async def give(here: Room, units: int, pool: Pool = Pool.FAST) -> None:
    ada = here.house.ada.id
    await here.services.allowances.grant(
        here.guild_id, BOSS, ada, pool, units=units, reason="", expires_at=None
    )


async def granted(here: Room) -> int:
    return sum(g.left for g in await here.services.allowances.grants(here.guild_id, here.house.ada.id))


async def test_extra_units_are_taken_back_from_the_member_view_which_asks_first(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.listen()
        await give(here, 4)
        await give(here, 1)
        await give(here, 7, Pool.NORMAL)
        ada = here.house.ada.id
        shown = await run(here, "member", member=here.house.ada)

        label = "Take back extra units in ⚡ FAST: 5"
        assert "Take back extra units in 🐢 NORMAL: 7" in buttons(shown)
        assert f"Take back 5 extra units of <@{ada}> in ⚡ FAST?" in await press(here, shown, label)
        assert await granted(here) == 12
        await press(here, shown, "Back")
        await press(here, shown, label)
        said = await press(here, shown, "Yes, take them back")

        assert f"Taken back from <@{ada}> in ⚡ FAST: 5 extra units." in said
        assert "FAST: 5" not in " ".join(buttons(shown))
        assert await granted(here) == 7
        assert f"Extra units in the FAST pool were taken back from <@{ada}>: 5." in (await here.told())[-1]
        assert f"Took back extra units from <@{ada}>" in await here.do("audit")


async def test_extra_units_are_taken_back_once_however_often_it_is_pressed(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await give(here, 5)
        shown, other = [await run(here, "member", member=here.house.ada) for _ in range(2)]
        late = await run(here, "member", member=here.house.ada)
        for one in (shown, other):
            await press(here, one, "Take back extra units in ⚡ FAST: 5")

        await press(here, shown, "Yes, take them back")
        history = await here.history()
        again = await press(here, other, "Yes, take them back")
        too_late = await press(here, late, "Take back extra units in ⚡ FAST: 5")

        for said in (again, too_late):
            assert f"<@{here.house.ada.id}> has no extra units left in ⚡ FAST." in said
        assert await here.history() == history


async def test_an_old_answer_takes_no_units_that_were_granted_since(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await give(here, 5)
        shown = await run(here, "member", member=here.house.ada)
        await press(here, shown, "Take back extra units in ⚡ FAST: 5")
        await give(here, 2)

        again = await press(here, shown, "Yes, take them back")

        assert "so nothing was taken" in again
        assert "Take back 7 extra units" in again
        assert await granted(here) == 7
        assert "7 extra units." in await press(here, shown, "Yes, take them back")
        assert await granted(here) == 0


async def test_cancelling_all_asks_first(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        job = await here.job()
        shown = await run(here, "member", member=here.house.ada)

        assert "Cancel all unfinished pictures" in await press(here, shown, "Cancel all")
        assert (await here.row(job)).state is JobState.QUEUED
        assert "Export" not in await press(here, shown, "Back")
        await press(here, shown, "Cancel all")
        said = await press(here, shown, "Yes, cancel them")

        assert "1 picture of" in said
        assert (await here.row(job)).state is JobState.CANCELLED


async def test_a_member_s_data_is_exported_to_the_moderator_alone(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.job(JobState.SUCCEEDED, prompt="a fox in the snow")
        shown = await run(here, "member", member=here.house.ada)
        assert shown.response is not None

        result = await here.mo.click(shown.response, label="Export")

        (answer,) = result.followups
        kept = json.loads(await answer.attachments[0].read())
        assert answer.ephemeral
        assert "a fox in the snow" in json.dumps(kept)
        assert [entry.action for entry in await here.history()] == ["export"]


async def test_what_is_too_large_for_a_file_at_discord_is_exported_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    much = {"jobs": [{"key": str(n), "prompt": "a fox in the snow " * 100} for n in range(7_000)]}

    async def export(*_: object) -> object:
        return much

    async with room(tmp_path) as here:
        shown = await run(here, "member", member=here.house.ada)
        assert shown.response is not None
        monkeypatch.setattr(Moderation, "export", export)

        result = await here.mo.click(shown.response, label="Export")

        (answer,) = result.followups
        (file,) = answer.attachments
        assert file.filename == f"member-{here.house.ada.id}.json.gz"
        packed = await file.read()
        assert len(packed) < 10 * 1024 * 1024
        assert json.loads(gzip.decompress(packed)) == much


async def test_erasing_asks_first_and_then_forgets(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        job = await here.job(JobState.SUCCEEDED, prompt="a secret fox")
        shown = await run(here, "member", member=here.house.ada)

        assert "cannot be undone" in await press(here, shown, "Erase")
        assert (await here.row(job)).prompt == "a secret fox"
        said = await press(here, shown, "Yes, erase it")

        assert "Erased" in said
        assert "secret" not in (await here.row(job)).prompt


# -- jobs --------------------------------------------------------------------------------------------------


async def test_live_jobs_are_listed_in_pages_and_cancelled_beside_their_prompt(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        first = await here.job(prompt="the first fox")
        for n in range(20):
            await here.job(prompt=f"fox {n}")

        shown = await run(here, "jobs")
        assert "21 unfinished pictures" in seen(shown)
        assert "Page 1 of 3" in seen(shown)
        assert "fox 12" in await press(here, shown, "▶")
        await press(here, shown, "◀")
        assert shown.response is not None
        now = await here.mo.click(
            shown.response,
            custom_id=f"easel:2:mod-cancel:{first.key}:0",
        )

        assert not now.followups
        assert (await here.row(first)).state is JobState.CANCELLED
        assert "20 unfinished pictures" in seen(shown)


async def test_a_long_queue_is_counted_shown_and_searched_to_its_end(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for n in range(204):
            await here.job(prompt=f"fox {n}")
        last = await here.job(prompt="the last wolf")

        shown = await run(here, "jobs")
        title = seen(shown)
        found = await here.mo.autocomplete(here.house.channel, "mod job", "job", "wolf")
        asked = await press(here, shown, "Clear the queue")
        cleared = await press(here, shown, "Yes, clear it")

        assert "205 unfinished pictures" in title
        assert "Page 1 of 26" in title
        assert [choice["value"] for choice in found] == [last.key]
        assert "Cancel all 205 pictures that are waiting" in asked
        assert "205 pictures were cancelled" in cleared


async def test_clearing_the_queue_asks_first_and_leaves_what_was_sent(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        waits, runs = await here.job(), await here.job(JobState.SUBMITTED)
        shown = await run(here, "jobs")

        assert "Cancel the 1 picture that is waiting" in await press(here, shown, "Clear the queue")
        assert (await here.row(waits)).state is JobState.QUEUED
        assert "1 picture was cancelled" in await press(here, shown, "Yes, clear it")

        assert (await here.row(waits)).state is JobState.CANCELLED
        assert not (await here.row(runs)).unwanted


async def test_a_job_is_cancelled_by_a_suggestion(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        job = await here.job(prompt="a wolf")
        await here.job(prompt="a fox")

        found = await here.mo.autocomplete(here.house.channel, "mod cancel", "job", "wolf")
        said = await here.do("cancel", job=found[0]["value"])

        assert [choice["value"] for choice in found] == [job.key]
        assert f"Cancelled: `{job.key}`" in said
        assert [entry.action for entry in await here.history()] == ["cancel"]
        assert "has already finished" in await here.do("cancel", job=job.key)


# -- words -------------------------------------------------------------------------------------------------


async def test_a_blocked_word_is_refused_with_the_rules_sentence_and_nothing_begins(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        said = await here.do("words add", pattern="gore")

        refused = everything(await imagine(here, "a lot of GÖRE"))

        assert "gore" in said
        assert "This server does not allow “gore” in a prompt" in refused
        assert await here.storage.archive.live(here.guild_id, limit=5) == []


@pytest.mark.parametrize(
    ("pattern", "kind", "read"),
    [("18+", "word", "18"), ("c++*", "word", "c*"), ("Don't panic!", "phrase", "don t panic")],
)
async def test_a_rule_whose_signs_count_for_nothing_says_how_it_is_read(
    tmp_path: Path, pattern: str, kind: str, read: str
) -> None:
    async with room(tmp_path) as here:
        said = await here.do("words add", pattern=pattern, kind=kind)

        assert f"Signs do not count in a word or phrase: the rule reads {quoted(read, 100)}." in said


@pytest.mark.parametrize(
    ("pattern", "kind"), [("gore*", "word"), ("red  Wedding", "phrase"), (r"18\+", "regex")]
)
async def test_a_rule_that_is_read_as_it_was_typed_says_no_more(
    tmp_path: Path, pattern: str, kind: str
) -> None:
    async with room(tmp_path) as here:
        assert "Signs" not in await here.do("words add", pattern=pattern, kind=kind)


async def test_a_trial_says_which_rule_matches_and_counts_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("words add", pattern="red paint", kind="phrase", action="strike")
        await here.do("words add", pattern="bl[o0]+d", kind="regex", action="warn")
        await here.do("words add", pattern="blood orange", kind="phrase", action="allow")

        strike = await here.do("words test", prompt="some red-paint and bl00d")
        excused = await here.do("words test", prompt="a blood orange")

        assert "and the member would get a strike" in strike
        assert "red paint" in strike
        assert "bl00d" in strike
        assert "No rule matches" in excused
        assert "lets" in excused
        assert await here.storage.guilds.members.strikes(here.guild_id, here.mo.id, limit=5) == []


async def test_a_rule_is_removed_by_a_suggestion_or_by_its_pattern(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("words add", pattern="gore")
        await here.do("words add", pattern="x" * 150 + " y", kind="phrase")

        found = await here.mo.autocomplete(here.house.channel, "mod words remove", "rule", "xxx")
        await here.do("words remove", rule=found[0]["value"])
        await here.do("words remove", rule="gore")

        assert all(len(choice["name"]) <= 100 and len(choice["value"]) <= 100 for choice in found)
        assert (await here.settings()).words == ()
        assert "no such rule" in await here.do("words remove", rule="gore")


async def test_a_bad_expression_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        assert "RE2" in await here.do("words add", pattern="(?<=x)y", kind="regex")
        assert "every prompt" in await here.do("words add", pattern=".*", kind="regex")
        assert (await here.settings()).words == ()


async def test_many_rules_come_in_pages(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        assert "no word rules yet" in await here.do("words list")
        for n in range(45):
            await here.services.guilds.add_word(here.guild_id, BOSS, WordRule(Match.WORD, f"word{n:02}"))

        shown = await run(here, "words list")

        assert "45 word rules" in seen(shown)
        assert "word20" in await press(here, shown, "▶")


async def test_a_stored_expression_that_is_not_understood_here_is_marked_in_the_list(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        stored = (WordRule(Match.REGEX, "(?=gore)"), WordRule(Match.REGEX, "go+re"), GORE)
        await here.services.guilds.change(here.guild_id, BOSS, lambda s: replace(s, words=stored))

        said = await here.do("words list")

        assert said.count("this bot does not understand the expression") == 1
        assert [("⚠️" in line) for line in said.splitlines() if "·" in line] == [True, False, False]


# -- settings ----------------------------------------------------------------------------------------------


async def test_each_setting_is_stored_and_said_in_one_sentence(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        role, channel = here.house.guild.create_role("artists"), here.house.channel

        assert (
            "A strike counts for 30 days; after 2 strikes, a member is blocked for 5 hours."
            in await here.do("strikes", count=2, hours=5)
        )
        assert "Choose the role" in await here.do("press", who="role")
        assert f"<@&{role.id}>" in await here.do("press", who="role", role=role)
        assert "on this server for 24 hours." in await here.do("gate", server_hours=24, account_hours=0)
        assert "behind a spoiler" in await here.do("media", treatment="spoiler", on=True, channel=channel)
        assert "everyone" in await here.do("media", treatment="age_restricted", on=True)
        assert "not both" in await here.do("media", treatment="spoiler", on=True, channel=channel, role=role)
        assert "English" in await here.do("language", language="en")
        assert "do not speak" in await here.do("language", language="tlh")
        assert f"<#{here.log.id}>" in await here.do("log", channel=here.log)
        assert "already set" in await here.do("strikes", count=2, hours=5)

        now = await here.settings()
        assert (now.strikes.limit, now.strikes.block_hours) == (2, 5)
        assert (now.press.who, now.press.role_id) == (PressPermission.ROLE, role.id)
        assert now.gate.hours_on_server == 24
        assert {(rule.target_id, rule.treatment) for rule in now.media} == {
            (channel.id, Treatment.SPOILER),
            (here.guild_id, Treatment.AGE_RESTRICTED),
        }
        assert (now.locale, now.log_channel) == ("en", here.log.id)

        assert f"<#{here.log.id}>" in await here.do("log")
        assert "are in English" in await here.do("language")
        assert (await here.settings()).log_channel == here.log.id, "what was shown was not changed"
        assert "Nothing is reported" in await here.do("log", off=True)
        assert "at once" in await here.do("gate", server_hours=0, account_hours=0)
        assert "no longer" in await here.do("media", treatment="spoiler", on=False, channel=channel)
        assert "follow this server" in await here.do("language", automatic=True)
        assert "either `channel` or `off`" in await here.do("log", channel=here.log, off=True)
        assert (await here.settings()).log_channel is None


async def test_translation_says_that_nothing_is_translated_where_there_is_no_chat_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(tmp_path) as here:
        missing = "has named no chat model, so nothing is translated"

        assert missing in await here.do("translate", on=True)
        assert (await here.settings()).translate
        assert missing not in await here.do("strikes")
        helper = here.services.improving.helper
        monkeypatch.setattr(helper, "model", "a-model")
        monkeypatch.setattr(helper, "chat_of", lambda api: api)
        shown = await here.do("translate")
        assert "are sent in English" in shown
        assert missing not in shown


async def test_forgetting_prompts_asks_first(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        shown = await run(here, "retention", days=30)

        assert "Erase prompts 30 days" in seen(shown)
        assert (await here.settings()).retention_days is None
        assert "are erased 30 days" in await press(here, shown, "Yes, delete them")
        assert (await here.settings()).retention_days == 30
        assert "are erased 30 days" in await here.do("retention")
        assert (await here.settings()).retention_days == 30
        assert "Prompts are kept" in await here.do("retention", off=True)
        assert (await here.settings()).retention_days == KEPT


async def test_an_old_answer_about_forgetting_does_not_overrule_who_decided_since(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        shown = await run(here, "retention", days=30)
        await here.do("retention", off=True)

        again = await press(here, shown, "Yes, delete them")

        assert "Others may have decided otherwise since you were asked" in again
        assert "Prompts are kept." in again
        assert "Erase prompts 30 days" in again
        assert (await here.settings()).retention_days == KEPT
        await press(here, shown, "Yes, delete them")
        assert (await here.settings()).retention_days == 30


async def test_an_answer_about_forgetting_holds_whatever_else_was_changed_meanwhile(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        shown = await run(here, "retention", days=30)
        await here.do("strikes", count=2)

        await press(here, shown, "Yes, delete them")

        assert (await here.settings()).retention_days == 30


async def test_an_answer_about_forgetting_that_somebody_else_gave_as_well_leaves_nothing_to_ask(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        shown, other = await run(here, "retention", days=30), await run(here, "retention", days=30)
        await press(here, other, "Yes, delete them")
        history = await here.history()

        said = await press(here, shown, "Yes, delete them")

        assert "are erased 30 days" in said
        assert "Erase prompts" not in said
        assert await here.history() == history


@pytest.mark.parametrize("custom_id", ["easelmod:1:retention:30", "easel:2:mod-retention:30"])
async def test_an_answer_about_forgetting_that_an_earlier_version_drew_asks_again(
    tmp_path: Path, custom_id: str
) -> None:
    async with room(tmp_path) as here:
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.ActionRow(discord.ui.Button(custom_id=custom_id, label="Go")))
        channel = here.house.bot.get_partial_messageable(here.house.channel.id, guild_id=here.guild_id)
        message = await channel.send(view=view)

        pressed = await here.mo.click(message, label="Go")

        assert (await here.settings()).retention_days is None
        assert "Erase prompts 30 days" in everything(pressed)
        await here.mo.click(message, label="Yes, delete them")
        assert (await here.settings()).retention_days == 30


async def test_channels_are_allowed_denied_cleared_and_listed(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        art, attic = here.house.channel, here.house.guild.create_category("attic")

        assert "No channel has a rule" in await here.do("channels list")
        await here.do("channels deny", channel=art)
        await here.do("channels allow", channel=attic)
        listed = await here.do("channels list")
        refused = everything(await imagine(here, "a fox"))
        await here.do("channels clear", channel=art)

        policy = (await here.settings()).channels
        assert f"<#{art.id}>" in listed
        assert f"<#{attic.id}>" in listed
        assert "cannot be made in this channel" in refused
        assert (policy.allowed, policy.denied) == ((attic.id,), ())


async def test_a_category_that_is_allowed_opens_the_channels_in_it(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        attic = here.house.guild.create_category("attic")
        inside = here.house.guild.create_text_channel("inside", category=attic)
        await here.do("channels allow", channel=attic)

        await here.house.ada.slash(inside, "imagine", prompt="a fox")

        assert len(await here.storage.archive.live(here.guild_id, limit=5)) == 1


async def test_newcomers_wait(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("gate", server_hours=48, account_hours=0)

        assert "You are new here" in everything(await imagine(here, "a fox"))


# -- the history -------------------------------------------------------------------------------------------


async def test_the_history_says_who_when_and_what_before_and_after(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("strikes", count=2, hours=5)
        await here.do("words add", pattern="gore")
        await here.do("block", member=here.house.ada, reason="rude")

        shown = await here.do("audit")

        assert f"<@{here.mo.id}>" in shown
        assert "Strikes `/mod strikes` · Strikes until a block: 3 → 2" in shown
        assert "Strikes `/mod strikes` · Hours of the block: 24 → 5" in shown
        assert "Word rules `/mod words list`: 🟢" in shown
        assert "🟢" in shown
        assert "gore" in shown
        assert f"Blocked <@{here.house.ada.id}>" in shown
        assert "rude" in shown


async def test_the_last_change_is_undone_after_a_question_and_then_the_one_before(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("strikes", count=2, hours=5)
        await here.do("words add", pattern="gore")
        await here.do("block", member=here.house.ada)
        shown = await run(here, "audit")

        asked = await press(here, shown, UNDO)
        nothing_yet = await here.settings()
        await press(here, shown, "Back")
        await press(here, shown, UNDO)
        first = await press(here, shown, "Yes, undo it")
        after_first = await here.settings()
        again = await press(here, shown, UNDO)
        await press(here, shown, "Yes, undo it")
        after_second = await here.settings()

        assert "🔴" in asked
        assert "gore" in asked
        assert f"<@{here.mo.id}> made it" in asked
        assert "Strikes until a block: 2 → 3" in again
        assert len(nothing_yet.words) == 1
        assert "Undone" in first
        assert (after_first.words, after_first.strikes.limit) == ((), 2)
        assert after_second.strikes.limit == 3
        assert UNDO not in buttons(shown)


async def test_a_change_is_undone_after_hundreds_of_acts_on_members(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("strikes", count=2, hours=5)
        for _ in range(201):
            await here.storage.guilds.settings.note(
                here.guild_id, actor=BOSS, at=1, action="export", subject=1, details={}
            )
        shown = await run(here, "audit")

        await press(here, shown, UNDO)
        said = await press(here, shown, "Yes, undo it")

        assert "Undone" in said
        assert (await here.settings()).strikes.limit == 3


async def test_how_long_prompts_are_kept_is_said_as_it_is(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        assert "Prompts are kept" in await here.do("retention")
        here.services.housekeeping.retention_days = 7

        assert "the rule of the bot's owner holds: prompts are erased 7 days" in await here.do("retention")
        assert "Prompts are kept" in await here.do("retention", off=True)
        asked = await press(here, await run(here, "audit"), UNDO)
        assert "Erase prompts 7 days" in asked
        assert (await here.settings()).retention_days == KEPT

        shown = await run(here, "retention", days=0)
        assert "the bot's owner holds: prompts are erased 7 days" in await press(
            here, shown, "Yes, delete them"
        )
        assert (await here.settings()).retention_days is None


@pytest.mark.parametrize(
    ("was", "now", "warned"), [(7, None, True), (7, 30, True), (30, 7, False), (None, 7, False)]
)
async def test_an_undo_that_erases_prompts_says_so_before(
    tmp_path: Path, was: int | None, now: int | None, *, warned: bool
) -> None:
    async with room(tmp_path) as here:
        for days in (was, now):
            await here.services.guilds.set_values(here.guild_id, BOSS, "retention", {"days": days})

        asked = await press(here, await run(here, "audit"), UNDO)

        assert ("Older ones are erased within minutes" in asked) is warned


async def test_an_undo_that_somebody_else_s_change_overtook_takes_nothing_back(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("words add", pattern="gore")
        shown, asked = await run(here, "audit"), await run(here, "audit")
        await press(here, asked, UNDO)
        await here.do("strikes", count=2, hours=5)

        said = await press(here, shown, UNDO)
        too_late = await press(here, asked, "Yes, undo it")

        assert "nothing was undone" in said
        assert "nothing was undone" in too_late
        assert (await here.settings()).strikes.limit == 2


async def test_an_undo_of_what_was_undone_meanwhile_says_so(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("words add", pattern="gore")
        shown, asked = await run(here, "audit"), await run(here, "audit")
        await press(here, asked, UNDO)
        await here.services.guilds.undo_last(here.guild_id, BOSS)

        assert "no change of settings left" in await press(here, shown, UNDO)
        assert "no change of settings left" in await press(here, asked, "Yes, undo it")


async def test_whatever_is_kept_of_an_act_has_its_sentence(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        moderation, guild_id, ada = here.services.moderation, here.guild_id, here.house.ada.id
        members = here.storage.guilds.members
        made = await here.job(JobState.SUCCEEDED)
        copied = Ancestor(key=made.key, channel_id=1, message_id=2)
        await here.job(JobState.SUCCEEDED, user_id=here.house.bob.id, ancestor=copied)
        await here.services.allowances.grant(
            guild_id, BOSS, ada, Pool.FAST, units=3, reason="thanks", expires_at=2**41
        )
        asked = await here.services.allowances.grants_left(guild_id, ada, Pool.FAST)
        await here.services.allowances.take_back(guild_id, BOSS, ada, Pool.FAST, asked)
        for n, most in enumerate((9, 1)):
            policy = StrikePolicy(most, 30, 24)
            at = moderation.clock.now()
            await members.strike(guild_id, ada, interaction_id=n, why="gore", at=at, policy=policy, by=BOSS)
            await moderation.forgive(guild_id, BOSS, ada)
        await moderation.block(guild_id, BOSS, ada, until=None, reason="rude")
        await moderation.unblock(guild_id, BOSS, ada)
        await moderation.cancel(guild_id, BOSS, (await here.job()).key)
        for cancel in (moderation.cancel_all(guild_id, BOSS, ada), moderation.clear_queue(guild_id, BOSS)):
            await here.job()
            await cancel
        await moderation.audit_act_on_other(guild_id, BOSS, "delete_card", made.key)
        await moderation.remove(guild_id, BOSS, made.key)
        await moderation.export(guild_id, BOSS, ada)
        await moderation.erase(guild_id, BOSS, ada)

        history = await here.history()
        shown = await here.do("audit")

        kept = {name for entry in history for part in (entry.before, entry.after) for name in part}
        no_details = {name for name in ACTIONS if name.startswith("own_key")}
        assert {entry.action for entry in history} == ACTIONS - no_details - {"settings", "undo", "strike"}
        assert kept - HIDDEN == set(DETAILS)
        assert "Pictures of others with their words: 1" in shown


async def test_a_long_history_comes_in_pages_within_discords_limit(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for n in range(20):
            rule = WordRule(Match.PHRASE, f"{n} " + "*_" * 90, WordAction.WARN)
            await here.services.guilds.add_word(here.guild_id, BOSS, rule)

        shown = await run(here, "audit")
        newest = seen(shown)
        older = await press(here, shown, "Older")

        assert len(newest) <= 4000
        assert newest != older
        assert UNDO not in buttons(shown)
        assert (await press(here, shown, "Newest")).strip() == newest.strip()


async def test_even_large_changes_fit_on_a_page() -> None:
    rules = [{"pool": "NORMAL", "role_id": 10**18 + n, "per_day": n, "why": "*" * 300} for n in range(40)]
    entries = [
        AuditEntry(n, 1, 1, BOSS, "settings", None, {"rules": []}, {"rules": rules, "zone": "x" * 500})
        for n in range(PAGE)
    ]

    view = audit_view(
        entries, Localizer(lambda said: CATALOGUES.render(said, "en"), 1), more=True, first=False, undo=None
    )

    shown = [part.content for part in view.walk_children() if isinstance(part, discord.ui.TextDisplay)]
    assert sum(map(len, shown)) <= 4000
    assert "zone" in shown[1] or "more" in shown[1]


# -- who may -----------------------------------------------------------------------------------------------


async def test_the_group_is_hidden_from_members_and_stands_in_servers_only(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        payload = here.house.bot.tree.get_command("mod").to_dict(here.house.bot.tree)  # type: ignore[union-attr]  # it is there

        assert payload["default_member_permissions"] == discord.Permissions(manage_guild=True).value
        assert here.house.bot.tree.get_command("mod").guild_only  # type: ignore[union-attr]  # as above
        assert spelled_length(payload) <= 8000


def spelled_length(command: dict[str, Any]) -> int:
    """Characters that Discord counts: names, descriptions and choices, however deep."""
    total = sum(len(str(command.get(name, ""))) for name in ("name", "description", "value"))
    inner = [*command.get("options", ()), *command.get("choices", ())]
    return total + sum(spelled_length(part) for part in inner)


async def test_whoever_lost_the_role_is_refused_by_the_command_itself(tmp_path: Path) -> None:
    """Admins can open the command to anyone in Discord; the check when it runs does not care."""
    async with room(tmp_path) as here:
        mod = here.house.bot.tree.get_command("mod")
        assert isinstance(mod, app_commands.Group)
        mod.default_permissions = None
        await here.house.bot.tree.sync()

        for name, options in (
            ("block", {"member": here.house.bob}),
            ("words add", {"pattern": "gore"}),
            ("channels deny", {"channel": here.house.channel}),
            ("strikes", {"count": 1, "hours": 1}),
            ("audit", {}),
            ("prompts deny", {"parameter": "tile"}),
            ("images set", {"on": False}),
            ("blocks", {}),
        ):
            result = await here.house.ada.slash(here.house.channel, f"mod {name}", **options)
            assert "You are not allowed to do that here" in seen(result), name
        suggested = await here.house.ada.autocomplete(here.house.channel, "mod words remove", "rule", "")

        assert suggested == []
        assert await here.history() == []


async def test_every_command_for_moderators_asks_by_itself(tmp_path: Path) -> None:
    """Discord.py asks the group right above a command and no other, so each group has to."""
    async with room(tmp_path) as here:
        mod = here.house.bot.tree.get_command("mod")
        assert isinstance(mod, ModeratorsOnly)
        leaves = [c for c in mod.walk_commands() if isinstance(c, app_commands.Command)]

        assert len(leaves) > 30
        assert all(isinstance(leaf.parent, ModeratorsOnly) for leaf in leaves)
        assert len({leaf.qualified_name for leaf in leaves}) == len(leaves)
        groups = [c for c in mod.walk_commands() if isinstance(c, app_commands.Group)]
        assert all(len(group.commands) <= 25 for group in [mod, *groups])


@pytest.mark.parametrize(
    ("word", "about"),
    [
        ("unblock", "user"),
        ("cancel_all_now", "user"),
        ("erase_now", "user"),
        ("export", "user"),
        ("member", "user"),
        ("clear_now", ""),
        ("audit", ""),
        ("undo", "1"),
        ("undo_now", "1"),
        ("retention", "1"),
        ("words", "0"),
        ("blocks", "0"),
        ("lift", "user"),
        ("prompts", "0"),
        ("job", "job"),
        ("cancel_job", "job"),
        ("remove_now", "job"),
    ],
)
async def test_a_button_asks_again_who_presses(tmp_path: Path, word: str, about: str) -> None:
    async with room(tmp_path) as here:
        job = await here.job()
        await here.services.guilds.add_word(here.guild_id, BOSS, GORE)
        before = await here.history()
        view = discord.ui.LayoutView(timeout=None)
        target = {"user": str(here.house.ada.id), "job": job.key}.get(about, about)
        view.add_item(
            discord.ui.ActionRow(discord.ui.Button(custom_id=f"easelmod:1:{word}:{target}", label="Go"))
        )
        channel = here.house.bot.get_partial_messageable(here.house.channel.id, guild_id=here.guild_id)
        message = await channel.send(view=view)

        result = await here.house.bob.click(message, label="Go")

        assert "You are not allowed to do that here" in seen(result)
        assert (await here.row(job)).state is JobState.QUEUED
        assert await here.history() == before


@pytest.mark.parametrize(
    "parts",
    [
        ("panel",),
        ("panel_new",),
        ("panel_export",),
        ("set", "gate", ModalOrigin.PANEL),
        ("set", "words", ModalOrigin.STATE),
        ("setup",),
        ("welcome",),
        ("take_back", 1, Pool.FAST),
        ("take_back_now", 1, Pool.FAST, 1, 1),
    ],
    ids=lambda parts: "-".join(map(str, parts)),
)
async def test_a_button_of_the_panel_asks_again_who_presses(tmp_path: Path, parts: tuple[Any, ...]) -> None:
    async with room(tmp_path) as here:
        before = await here.history()
        view = discord.ui.LayoutView(timeout=None)
        word, *values = parts
        view.add_item(discord.ui.ActionRow(draw_mod_button(word, *values, label="Go")))
        channel = here.house.bot.get_partial_messageable(here.house.channel.id, guild_id=here.guild_id)
        message = await channel.send(view=view)

        result = await here.house.bob.click(message, label="Go")

        assert "You are not allowed to do that here" in seen(result)
        assert await here.history() == before


async def test_a_button_of_another_version_says_so(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(
            discord.ui.ActionRow(discord.ui.Button(custom_id="easelmod:1:no_such_word:", label="Go"))
        )
        channel = here.house.bot.get_partial_messageable(here.house.channel.id, guild_id=here.guild_id)
        message = await channel.send(view=view)

        assert "expired" in seen(await here.mo.click(message, label="Go"))


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("nonesuch", (1,)),
        ("jobs", ()),
        ("jobs", (1_000_000,)),
        ("cancel", ("7h2m9k4qxw3c", 1_000_000)),
        ("member", ("abc",)),
        ("set", ("W ord", ModalOrigin.PANEL)),
    ],
)
def test_a_button_that_nothing_would_answer_is_not_drawn(word: str, values: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"registered|read back|argument"):
        draw_mod_button(word, *values, label="Go")


# -- what is told ------------------------------------------------------------------------------------------


async def test_twenty_refusals_of_one_member_are_one_line_in_the_log(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.services.guilds.add_word(here.guild_id, BOSS, GORE)
        await here.listen()
        before = len(await here.told())

        for _ in range(20):
            await imagine(here, "gore")

        told = (await here.told())[before:]
        assert len(told) == 1
        assert f"<@{here.house.ada.id}> was refused: This server does not allow “gore”" in told[0]


async def test_settings_and_blocks_are_told_with_who_did_it(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("log", channel=here.log)
        await here.do("strikes", count=2, hours=5)
        await here.do("block", member=here.house.ada, reason="rude")

        told = await here.told()

        assert len(told) == 3
        assert all(f"By <@{here.mo.id}>" in line for line in told)
        assert "rude" in told[-1] + told[0]


async def test_pictures_that_can_be_shown_nowhere_are_told_once_a_channel(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.listen()
        before = len(await here.told())
        hear = here.services.dispatcher.notify_of_lost

        for _ in range(20):
            hear(await here.job(JobState.SUBMITTED), "channel_gone, dms_closed")
        hear(await here.job(JobState.SUBMITTED), "missing_permission, dms_closed")

        told = (await here.told())[before:]
        assert len(told) == 1
        assert "could not be posted" in told[0]
