"""What moderators decided, as members meet it: each rule refuses with its name and a way out, or sets the terms.
Never here: how settings are changed (test_settings)."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.intake.prompts import PromptOptions
from bot.domain.pools import UNLIMITED, Allowance, Pool
from bot.domain.prices import Charge
from bot.domain.servers.access import PressPermission, Treatment
from bot.domain.servers.guild_ports import EventKind
from bot.domain.servers.moderation import RULES_LIMIT, Match, WordAction, WordRule, examine
from bot.domain.wording import inert
from bot.errors import SettingsChanged, StorageTrouble, UserError
from bot.services.admission.terms import Request
from bot.services.admission.viewer import Viewer
from bot.services.intake.intake import ATTEMPTS
from bot.services.servers.edits import all_of, word_added
from bot.texts import Inert, text
from tests.services.harness import CHANNEL, GUILD
from tests.services.helped import Room
from tests.services.server_harness import ADA, HOUR, SENTENCES, refusal, set_rule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from bot.domain.jobs import Job
    from bot.domain.servers.moderation import Verdict
    from bot.services.admission.asker import Asker
    from bot.services.intake.batches import Offer
    from tests.services.harness import Harness
    from tests.services.server_harness import Server

ARTISTS, FRIENDS = 501, 502


async def refused(server: Server, asker: Asker | None = None, **more: object) -> str:
    return (await refusal(server.imagine(asker=asker, **more))).id  # type: ignore[arg-type]  # what imagine takes


# -- pools -----------------------------------------------------------------------------------------------


async def test_the_most_generous_rule_of_the_members_roles_holds(server: Server) -> None:
    await server.rule(Pool.NORMAL, GUILD, 0)
    await server.rule(Pool.NORMAL, ARTISTS, 1)
    await server.rule(Pool.NORMAL, FRIENDS, 2)
    both = server.asker(roles=(ARTISTS, FRIENDS))

    await server.imagine(asker=both)
    await server.imagine(asker=server.asker(roles=(ARTISTS, FRIENDS)))

    why = await refusal(server.imagine(asker=server.asker(roles=(ARTISTS, FRIENDS))))
    assert (why.id, why.args["rule"]) == ("refused.per_day", text("rule.role", role=str(FRIENDS)))
    why = await refusal(server.imagine(asker=server.asker(2)))
    assert (why.id, why.args["rule"]) == ("refused.per_nothing", text("rule.everyone"))


async def test_without_a_matching_rule_there_is_no_access_and_the_way_in_is_named(server: Server) -> None:
    await server.rule(Pool.FAST, ARTISTS, 5)
    await server.rule(Pool.FAST, FRIENDS, 5)

    why = await refusal(server.imagine(pool=Pool.FAST))
    assert (why.id, why.args["other"]) == ("refused.no_rule_other", "NORMAL")
    roles = [text("rule.role", role=str(r)) for r in (ARTISTS, FRIENDS)]
    assert why.args["roles"] == text("list.last", first=roles[0], last=roles[1])
    await server.rule(Pool.NORMAL, ARTISTS, 5)
    why = await refusal(server.imagine(pool=Pool.NORMAL))
    assert (why.id, why.args["roles"]) == ("refused.no_rule", roles[0])


async def test_many_roles_are_named_as_a_list(server: Server) -> None:
    for role in range(601, 609):
        await server.rule(Pool.NORMAL, role, 1)
        await server.rule(Pool.FAST, role, 1)

    said = SENTENCES.render(await refusal(server.imagine()), "en")

    assert "open to <@&601>, <@&602>, <@&603>, <@&604>, <@&605>, <@&606>, <@&607> and <@&608>;" in said


async def test_a_pool_without_rules_follows_the_deployments_defaults(server: Server) -> None:
    await server.rule(Pool.FAST, ARTISTS, 5)

    assert (await server.imagine()).pool is Pool.NORMAL


async def test_a_pool_switched_off_refuses_and_names_the_other(server: Server) -> None:
    await server.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)

    why = await refusal(server.imagine(pool=Pool.FAST))

    assert (why.id, why.args["other"]) == ("refused.pool_off", "NORMAL")
    await server.guilds.switch_pool(GUILD, ADA, Pool.NORMAL, on=False)
    assert await refused(server) == "refused.all_pools_off"


async def test_the_servers_default_pool_is_used_where_it_is_open(server: Server) -> None:
    await server.guilds.set_default_pool(GUILD, ADA, Pool.FAST)
    assert (await server.imagine()).pool is Pool.FAST

    await server.rule(Pool.FAST, ARTISTS, 5)
    assert (await server.imagine()).pool is Pool.NORMAL
    assert (await server.imagine(asker=server.asker(roles=(ARTISTS,)))).pool is Pool.FAST


async def test_what_the_deployment_switched_off_stays_off(server: Server) -> None:
    del server.world.rules[Pool.FAST]
    await server.rule(Pool.FAST, GUILD, 5)

    assert await refused(server, pool=Pool.FAST) == "refused.pool_off"


async def test_other_servers_are_not_concerned_and_no_chain_begins_outside_servers(server: Server) -> None:
    await server.guilds.switch_pool(GUILD, ADA, Pool.NORMAL, on=False)
    await server.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)

    asker = server.elsewhere(server.asker(), guild_id=77)
    assert (await server.imagine(asker=asker)).pool is Pool.NORMAL
    assert (await server.world.services.policy.allowance(asker, Pool.FAST, in_chain=False)).per_day is None
    outside = server.elsewhere(server.asker(), guild_id=None)
    assert (await refusal(server.imagine(asker=outside))).id == "refused.server_only"


async def test_outside_servers_the_deployments_rules_hold(server: Server) -> None:
    policy = server.world.services.policy
    outside = server.elsewhere(server.asker(), guild_id=None)
    fast = Request(pool=Pool.FAST, charge=Charge.IMAGINE)

    assert await policy.default_pool(outside) is Pool.NORMAL
    assert await policy.allowance(outside, Pool.FAST, in_chain=False) == UNLIMITED
    assert (await policy.admit(outside, fast)).allowance == UNLIMITED
    await policy.check(outside, fast)
    assert await policy.shaped(outside, replace(fast, prompt="a fox")) == ("a fox", Charge.IMAGINE)

    del server.world.rules[Pool.FAST]
    assert (await refusal(policy.check(outside, fast))).id == "refused.pool_off"
    assert (await refusal(policy.admit(outside, fast))).id == "refused.pool_off"


async def test_a_job_costs_its_price_in_its_pool(server: Server) -> None:
    await server.guilds.set_price(GUILD, ADA, Pool.FAST, Charge.IMAGINE, 4)
    await server.guilds.set_total(GUILD, ADA, Pool.FAST, 6)

    assert (await server.imagine(pool=Pool.FAST)).units == 4
    assert (await server.imagine(pool=Pool.NORMAL)).units == 1
    assert await refused(server, server.asker(2), pool=Pool.FAST) == "refused.server_total"


async def test_the_servers_language_is_the_cards(server: Server) -> None:
    assert (await server.imagine()).locale == "en-US"

    await server.guilds.set_values(GUILD, ADA, "language", {"language": "de"})

    assert (await server.imagine()).locale == "de"


# -- presses ---------------------------------------------------------------------------------------------


@pytest.fixture
async def grid(world: Harness) -> Job:
    return await world.finished_grid(pool=Pool.FAST, user=1)


async def press(world: Harness, grid: Job, asker: Asker, position: int = 0) -> Job:
    return (await world.press(grid, position, asker=asker)).job  # type: ignore[no-any-return]  # the world's Any


async def test_a_press_is_for_whom_the_server_says_and_the_presser_pays(world: Harness, grid: Job) -> None:
    guilds = world.services.guilds
    await guilds.set_values(GUILD, ADA, "press", {"who": PressPermission.REQUESTER})
    other = world.asker(user=2)
    assert (await refusal(press(world, grid, other))).id == "refused.press_requester"
    assert (await press(world, grid, world.asker(user=1))).user_id == 1

    await guilds.set_values(GUILD, ADA, "press", {"who": PressPermission.ROLE, "role": FRIENDS})
    why = await refusal(press(world, grid, other, 1))
    assert (why.id, why.args["role"]) == ("refused.press_role", text("rule.role", role=str(FRIENDS)))
    friend = replace(world.asker(user=3), role_ids=frozenset({FRIENDS}))
    assert (await press(world, grid, friend, 1)).user_id == 3
    moderator = replace(world.asker(user=4), is_moderator=True)
    assert (await press(world, grid, moderator, 2)).user_id == 4


async def test_buttons_of_ours_that_begin_something_are_for_whom_the_server_says_too(
    world: Harness, grid: Job
) -> None:
    services, other = world.services, world.asker(user=2)
    viewer = Viewer(user_id=2, guild_id=GUILD, manages=False)
    several = PromptOptions(prompt="a {red, blue} fox")
    key = await services.drafts.keep(
        several, user_id=2, guild_id=GUILD, pool=grid.pool, option_set=None, ancestor=grid.key
    )
    draft = await services.drafts.open(viewer, key)

    def offer() -> Awaitable[Offer]:
        return services.batches.offer(other, several, grid.pool, None, draft=draft, ancestor=grid)

    offered = await offer()
    await services.guilds.set_values(GUILD, ADA, "press", {"who": PressPermission.REQUESTER})

    for attempt in (
        services.imagine.remix(other, grid, "a blue fox"),
        services.imagine.begin_again(
            other, draft, PromptOptions(prompt="a fox"), preferred=None, ancestor=grid
        ),
        services.imagine.begin_from(other, grid, PromptOptions(prompt="mine"), preferred=None),
        offer(),
        services.batches.offer(other, several, grid.pool, None, ancestor=grid),
    ):
        assert (await refusal(attempt)).id == "refused.press_requester"
    started = await services.batches.start(viewer, offered.key, Room(world, user=2))
    assert [why.id for _, why in started.refused] == ["refused.press_requester"] * 2
    for allowed in (world.asker(user=1), replace(world.asker(user=4), is_moderator=True)):
        begun = await services.imagine.remix(allowed, grid, "a blue fox")
        assert begun.job.user_id == allowed.user_id
    assert (await world.imagine(asker=world.asker(user=2))).user_id == 2


async def test_a_press_costs_what_its_family_costs_in_the_chains_pool(world: Harness, grid: Job) -> None:
    await world.services.guilds.set_price(GUILD, ADA, Pool.FAST, Charge.UPSCALE, 0)
    await world.services.guilds.set_price(GUILD, ADA, Pool.FAST, Charge.REROLL, 3)

    assert (await press(world, grid, world.asker(), 0)).units == 0
    assert (await press(world, grid, world.asker(), 4)).units == 3


async def test_old_chains_of_a_pool_that_is_off_cannot_go_on(world: Harness, grid: Job) -> None:
    await world.services.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)

    assert (await refusal(press(world, grid, world.asker()))).id == "refused.pool_off_chain"


async def test_a_chain_in_a_pool_without_a_rule_for_the_presser_names_no_other_pool(
    world: Harness, grid: Job
) -> None:
    await set_rule(
        world.services.guilds, GUILD, ADA, Pool.FAST, FRIENDS, per_day=1, running=None, waiting=None
    )

    assert (await refusal(press(world, grid, world.asker()))).id == "refused.no_rule"


async def test_words_of_a_chain_were_checked_when_it_began(world: Harness, grid: Job) -> None:
    await world.services.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "fox"))

    assert (await press(world, grid, world.asker())).prompt == grid.prompt


# -- people and places -----------------------------------------------------------------------------------


async def test_a_blocked_member_is_told_until_when_and_why(server: Server) -> None:
    until = server.world.clock.now() + HOUR
    await server.moderation.block(GUILD, ADA, 1, until=until, reason="rude")

    why = await refusal(server.imagine())
    assert why == text("refused.blocked_until", reason="rude", until=until // 1_000)
    await server.moderation.block(GUILD, ADA, 1, until=None, reason="rude")
    assert await refusal(server.imagine()) == text("refused.blocked", reason="rude")
    await server.moderation.block(GUILD, ADA, 1, until=None, reason=" ")
    assert await refusal(server.imagine()) == text("refused.blocked", reason=text("member.no_reason"))
    await server.imagine(asker=server.asker(2))


async def test_who_is_blocked_for_strikes_is_not_shown_the_rule_which_moderators_see(server: Server) -> None:
    pattern = "(cat|secret[0-9]+word)"
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.REGEX, pattern, WordAction.STRIKE))
    await server.guilds.set_values(GUILD, ADA, "strikes", {"count": 1, "hours": 5})
    until = server.world.clock.now() + 5 * HOUR
    await refusal(server.imagine("a cat"))

    why = await refusal(server.imagine("a fox"))

    assert why == text("refused.blocked_until", reason=text("refused.strikes"), until=until // 1_000)
    seen = await server.moderation.member(GUILD, 1)
    assert seen.block is not None
    assert seen.block.reason == pattern


async def test_a_newcomer_is_told_when_to_come_back(server: Server) -> None:
    now = server.world.clock.now()
    await server.guilds.set_values(GUILD, ADA, "gate", {"server_hours": 2, "account_hours": 48})
    fresh = server.asker(joined_at=now - HOUR)
    young = server.asker(joined_at=now - 9 * HOUR, account_created_at=now - 47 * HOUR)

    assert await refusal(server.imagine(asker=fresh)) == text("refused.newcomer", opens=(now + HOUR) // 1_000)
    assert await refused(server, young) == "refused.newcomer"
    await server.imagine(asker=server.asker(joined_at=now - 2 * HOUR))
    await server.imagine(asker=replace(fresh, is_moderator=True))


async def test_pictures_are_made_where_the_server_wants_them_threads_and_categories_included(
    server: Server,
) -> None:
    await server.guilds.set_channel(GUILD, ADA, CHANNEL, allowed=False)
    assert await refused(server) == "refused.channel"
    thread = server.elsewhere(server.asker(channel_parents=(CHANNEL, 40)), channel_id=41)
    assert await refused(server, thread) == "refused.channel"

    await server.guilds.set_channel(GUILD, ADA, 40, allowed=True)
    why = await refusal(server.imagine(asker=server.elsewhere(server.asker(), channel_id=50)))
    assert why == text("refused.channel_other", channels=text("channel.named", channel="40"))
    await server.imagine(asker=server.elsewhere(server.asker(channel_parents=(40,)), channel_id=51))


async def test_pictures_are_treated_as_channel_and_role_say(server: Server) -> None:
    await server.guilds.set_media(GUILD, ADA, CHANNEL, Treatment.SPOILER, on=True)
    await server.guilds.set_media(GUILD, ADA, FRIENDS, Treatment.AGE_RESTRICTED, on=True)

    assert (await server.imagine("a fox --fast")).notes == ("note.speed_chose_pool", "note.spoiler")
    assert await refused(server, server.asker(roles=(FRIENDS,))) == "refused.age_restricted"
    nightly = server.elsewhere(server.asker(roles=(FRIENDS,), age_restricted=True), channel_id=9)
    assert (await server.imagine(asker=nightly)).notes == ()


# -- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [WordAction.BLOCK, WordAction.STRIKE])
async def test_a_rule_that_finds_the_whole_of_a_long_prompt_is_told_in_few_words(
    server: Server, action: WordAction
) -> None:
    """Moderators write `.*gore.*`; a sentence that quotes all of it has no room in a message."""
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.REGEX, ".*gore.*", action))

    why = await refusal(server.imagine("gore " * 790))

    said = SENTENCES.render(why, "en")
    assert "“gore gore" in said
    assert len(said) < 400


async def test_a_server_with_a_long_list_of_rules_keeps_no_other_waiting(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of its rules over a long prompt take a good part of a second, and longer the first time."""
    rules = [WordRule(Match.WORD, f"word{n}", WordAction.ALLOW) for n in range(RULES_LIMIT - 1)]
    rules.append(WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await server.guilds.change(GUILD, ADA, all_of(word_added(rule) for rule in rules))
    examined: list[int] = []

    def watched(words: str, rules: Iterable[WordRule]) -> Verdict:
        examined.append(threading.get_ident())
        return examine(words, rules)

    monkeypatch.setattr("bot.services.servers.examining.examine", watched)

    assert await refused(server, prompt="gore") == "refused.words_strike"
    assert (await server.moderation.examine(GUILD, "gore")).action is WordAction.STRIKE

    assert len(examined) > 1
    assert threading.get_ident() not in examined


async def test_nobody_is_struck_for_a_parameter_or_its_number(server: Server) -> None:
    for pattern in ("88", "raw", "tile", "seed"):
        rule = WordRule(Match.WORD, pattern, WordAction.STRIKE)
        await server.guilds.add_word(GUILD, ADA, rule)

    await server.imagine(prompt="a fox --seed 88 --raw --tile")

    assert (await server.moderation.member(GUILD, 1)).strikes == []
    assert await refused(server, prompt="a fox 88") == "refused.words_strike"
    assert await refused(server, prompt="a fox --no tile") == "refused.words_strike"


async def test_a_blocked_word_is_refused_in_prompts_and_remixes(world: Harness, grid: Job) -> None:
    await world.services.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore"))

    assert await refusal(world.imagine("much GÖRE")) == text("refused.words", words="gore")
    remix = world.services.imagine.remix(world.asker(), grid, "a fox --no gore")
    assert (await refusal(remix)).id == "refused.words"
    assert len(world.upstream.tasks) == 1


async def test_a_warning_goes_on_with_a_note_and_moderators_hear_once(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.WARN))

    for _ in range(2):
        assert (await server.imagine("gore")).notes == ("note.words_warned",)

    assert await server.listen() == ["log.settings", "log.warned"]


async def test_what_was_found_has_no_meaning_to_discord_in_the_members_answer_and_is_raw_for_the_log(
    server: Server,
) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.REGEX, "gore.*x", WordAction.STRIKE))

    why = await refusal(server.imagine("gore <@1> [a](b) *x"))
    await server.listen()

    (event,) = [event for event in server.heard.events if event.kind is EventKind.STRUCK]
    found = str(event.details["found"])
    assert "<@1>" in found
    assert isinstance(why.args["words"], Inert)
    assert why.args["words"] == inert(found) != found


@pytest.mark.parametrize("action", [WordAction.WARN, WordAction.BLOCK])
async def test_the_log_channel_quotes_few_words_of_what_an_expression_found(
    server: Server, action: WordAction
) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.REGEX, ".*gore.*", action))

    with suppress(UserError):
        await server.imagine("my name is Ada Lovelace, Baker Street 3, in gore")
    await server.listen()

    told = [str((event.said.args, event.details)) for event in server.heard.events]
    assert "street" not in str(told)
    assert any("my name is ada" in one for one in told)


async def test_whoever_is_blocked_hears_that_before_any_other_reason_and_is_struck_no_more(
    server: Server,
) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await server.moderation.block(GUILD, ADA, 1, until=None, reason="rude")

    assert (await refusal(server.imagine("gore"))).id == "refused.blocked"
    assert (await server.moderation.member(GUILD, 1)).strikes == []
    prompts = server.world.services.prompt_settings
    await prompts.limit_parameter(GUILD, ADA, GUILD, "chaos", allowed=False)
    assert (await refusal(server.imagine("a fox --chaos 90"))).id == "refused.blocked"
    await server.guilds.set_channel(GUILD, ADA, CHANNEL, allowed=False)
    assert (await refusal(server.imagine("a fox"))).id == "refused.blocked"


async def test_a_block_that_comes_while_a_job_is_being_accepted_keeps_it_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = server.world._opened.jobs
    insert = jobs.insert

    async def a_moment_later(*given: Any, **more: Any) -> Job:
        await server.moderation.block(GUILD, ADA, 1, until=None, reason="rude")
        return await insert(*given, **more)

    monkeypatch.setattr(jobs, "insert", a_moment_later)

    assert (await refusal(server.imagine("a fox"))).id == "refused.blocked"
    assert await server.world.all_jobs() == []


async def test_a_block_that_ends_while_a_job_is_being_accepted_does_not_keep_it_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, clock = server.world._opened.jobs, server.world.clock
    insert = jobs.insert
    await server.moderation.block(GUILD, ADA, 1, until=clock.now() + 1_000, reason="rude")

    async def two_seconds_later(*given: Any, **more: Any) -> Job:
        monkeypatch.setattr(jobs, "insert", insert)
        try:
            return await insert(*given, **more)
        finally:
            clock.move_to(clock.now() + 2_000)

    monkeypatch.setattr(jobs, "insert", two_seconds_later)

    started = await server.imagine("a fox")

    assert [job.key for job in await server.world.all_jobs()] == [started.key]


async def test_strikes_lead_to_a_block_for_a_time(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await server.guilds.set_values(GUILD, ADA, "strikes", {"count": 2, "days": 30, "hours": 5})
    until = server.world.clock.now() + 5 * HOUR
    twice = server.asker()

    first = await refusal(server.imagine("gore", asker=twice))
    again = await refusal(server.imagine("gore", asker=twice))  # the gateway delivered it twice
    second = await refusal(server.imagine("gore"))

    assert first == again == text("refused.words_strike", words="gore", count=1, limit=2)
    assert second == text("refused.words_blocked", words="gore", until=until // 1_000)
    assert (await refusal(server.imagine("a fox"))).id == "refused.blocked_until"
    said = await server.listen()
    assert said.count("log.struck") == 2
    server.world.clock.move_to(until)
    await server.imagine("a fox")


async def test_nobody_is_struck_for_what_is_refused_anyway(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await server.guilds.set_channel(GUILD, ADA, CHANNEL, allowed=False)

    assert (await refusal(server.imagine("gore"))).id == "refused.channel"
    assert (await server.moderation.member(GUILD, 1)).strikes == []


# -- accepting -------------------------------------------------------------------------------------------


async def test_settings_that_changed_in_another_process_decide_at_once(server: Server) -> None:
    await server.guilds.settings(GUILD)
    await server.world._opened.guilds.settings.change(
        GUILD,
        lambda s: replace(s, pools=replace(s.pools, off=(Pool.NORMAL, Pool.FAST))),
        actor=ADA,
        at=1,
    )

    assert await refused(server) == "refused.all_pools_off"
    assert await server.world.all_jobs() == []


async def test_settings_that_never_rest_are_trouble_not_a_wrong_decision(server: Server) -> None:
    server.world.store.trouble = SettingsChanged("11")
    server.world.store.trouble_for = ("insert",)

    with pytest.raises(StorageTrouble):
        await server.imagine()

    assert server.world.effects.names.count("db insert ⟨") == 0
    assert ATTEMPTS > 1


async def test_moderators_hear_of_refusals_once_each_and_not_as_a_flood(server: Server) -> None:
    server.world.rules[Pool.NORMAL] = Allowance(1, None, None)
    await server.imagine()

    for _ in range(5):
        await refused(server)
    await server.imagine(asker=server.asker(2))
    await refused(server, server.asker(2))

    assert await server.listen() == ["refused.per_day", "refused.per_day"]
    assert [event.subject for event in server.heard.events] == [1, 2]
    server.world.clock.move_to(server.world.clock.now() + HOUR)
    await refused(server)
    await server.listen()
    assert server.heard.events[-1].held_back == 4


async def test_a_policy_has_nothing_to_forget_or_tell_outside_servers(server: Server) -> None:
    policy = server.world.services.policy
    outside = server.elsewhere(server.asker(), guild_id=None)
    server.world.rules.clear()

    policy.forget(outside)
    why = await refusal(server.imagine(asker=outside))

    assert why.id == "refused.server_only"
    assert await server.listen() == []
