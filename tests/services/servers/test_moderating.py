"""Moderators look after members and jobs: blocks, strikes, views, cancelling, export and erasure, all accounted for.
Never here: settings (test_settings) and refusals (test_policy)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.schedule import DAY
from bot.domain.servers.guilds import Actor
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.domain.tasks import TaskSnapshot, TaskStatus
from bot.errors import IllegalTransition, RemoteError, RemoteFault, RouteClosed, StorageTrouble
from bot.services.admission.viewer import Viewer
from bot.services.servers.moderation import Erased
from bot.texts import text
from tests.services.harness import GUILD
from tests.services.history.test_upstream_requests import Desk
from tests.services.history.test_upstream_requests import Server as Proxy
from tests.services.server_harness import ADA, HOUR, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.jobs import Job
    from bot.services.servers.moderation import Moderation
    from tests.services.harness import Harness
    from tests.services.server_harness import Server


async def test_a_text_can_be_tried_without_consequences(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.STRIKE))

    verdict = await server.moderation.examine(GUILD, "much gore")

    assert verdict.action is WordAction.STRIKE
    assert (await server.moderation.member(GUILD, 1)).strikes == []


@pytest.mark.parametrize(
    ("rule", "prompt"),
    [
        (WordRule(Match.WORD, "blood", WordAction.BLOCK), "a {b,c}lood moon"),
        (WordRule(Match.REGEX, "--chaos 100", WordAction.BLOCK), "cat \N{EM DASH}chaos 100"),
        (WordRule(Match.WORD, "gore", WordAction.BLOCK), "gore --ar never"),  # cannot be sent: tried as typed
    ],
)
async def test_a_text_is_tried_as_it_would_be_sent(server: Server, rule: WordRule, prompt: str) -> None:
    await server.guilds.add_word(GUILD, ADA, rule)

    verdict = await server.moderation.examine(GUILD, prompt)

    assert [found.rule for found in verdict.found] == [rule]
    assert verdict.action is WordAction.BLOCK
    assert (await server.moderation.examine(GUILD, "a {dog,cat} --c 10")).action is None


async def test_a_block_is_kept_listed_lifted_and_told(server: Server) -> None:
    until = server.world.clock.now() + HOUR
    blocked = await server.moderation.block(GUILD, ADA, 1, until=until, reason=" rude ")
    for_good = await server.moderation.block(GUILD, ADA, 2, until=None, reason="")

    assert blocked.reason == "rude"
    assert sorted((await server.moderation.blocks(GUILD)), key=lambda b: b.user_id) == [blocked, for_good]
    assert await server.moderation.unblock(GUILD, ADA, 1) == blocked
    assert (await refusal(server.moderation.unblock(GUILD, ADA, 1))).id == "settings.not_blocked"
    late = server.moderation.block(GUILD, ADA, 1, until=server.world.clock.now(), reason="")
    assert (await refusal(late)).id == "settings.past"
    assert await server.listen() == ["log.blocked_until", "log.blocked", "log.unblocked"]


async def test_a_members_view_has_all_that_is_known(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await refusal(server.imagine("gore"))
    made = await server.imagine(pool=Pool.FAST)
    await server.imagine(asker=server.asker(2))
    await server.allowances.grant(GUILD, ADA, 1, Pool.FAST, units=3, reason="", expires_at=None)
    block = await server.moderation.block(GUILD, ADA, 1, until=None, reason="")

    view = await server.moderation.member(GUILD, 1)

    assert (view.user_id, view.block, view.made) == (1, block, 1)
    assert [s.why for s in view.strikes] == ["gore"]
    assert [g.left for g in view.grants] == [3]
    assert [job.key for job in view.jobs] == [made.key]
    assert view.spent_today == {Pool.NORMAL: 0, Pool.FAST: 1}


async def test_strikes_that_are_too_old_count_neither_here_nor_for_the_next_one(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await server.guilds.set_values(GUILD, ADA, "strikes", {"count": 100, "days": 1})
    for _ in range(2):
        await refusal(server.imagine("gore"))
    server.world.clock.move_to(server.world.clock.now() + DAY)

    old = await server.moderation.member(GUILD, 1)
    assert (old.counting, [strike.spent for strike in old.strikes]) == (0, [True, True])
    assert await server.moderation.forgive(GUILD, ADA, 1) == 0

    for _ in range(12):
        await refusal(server.imagine("gore"))
    assert (await server.moderation.member(GUILD, 1)).counting == 12
    assert await server.moderation.forgive(GUILD, ADA, 1) == 12
    await server.guilds.set_values(GUILD, ADA, "strikes", {"days": 30})
    assert (await server.moderation.member(GUILD, 1)).counting == 0


async def test_strikes_are_forgiven_and_told_if_there_were_any(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await refusal(server.imagine("gore"))

    assert [await server.moderation.forgive(GUILD, ADA, 1) for _ in range(2)] == [1, 0]

    assert (await server.listen()).count("log.forgiven") == 1


async def test_a_job_of_the_server_can_be_cancelled_and_others_not(server: Server) -> None:
    job = await server.imagine()
    elsewhere = await server.imagine(asker=server.elsewhere(server.asker(), guild_id=5))

    assert (await server.moderation.cancel(GUILD, ADA, job.key)).state is JobState.CANCELLED
    assert (await refusal(server.moderation.cancel(GUILD, ADA, job.key))).id == "settings.job_ended"
    for key in (elsewhere.key, JobKey("0" * 12)):
        assert (await refusal(server.moderation.cancel(GUILD, ADA, key))).id == "settings.no_such_job"
    (entry, *_) = await server.guilds.audit(GUILD)
    assert (entry.action, entry.subject, entry.after) == ("cancel", 1, {"jobs": [job.key]})
    assert await server.listen() == ["log.cancelled"]


async def test_all_jobs_of_a_member_are_cancelled_and_refunded(server: Server) -> None:
    for user in (1, 1, 2):
        await server.imagine(asker=server.asker(user))

    assert await server.moderation.cancel_all(GUILD, ADA, 1) == 2
    assert await server.moderation.cancel_all(GUILD, ADA, 1) == 0

    assert [job.user_id for job in await server.moderation.live_jobs(GUILD)] == [2]
    assert (await server.moderation.member(GUILD, 1)).spent_today[Pool.NORMAL] == 0


class NoHistory:
    """A server's settings whose history cannot be written."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return self._trouble if name == "note" else getattr(self._store, name)

    async def _trouble(self, *_args: Any, **_more: Any) -> None:
        raise StorageTrouble("the database is locked")


@pytest.mark.parametrize("how", ["cancel", "cancel all"])
async def test_what_is_cancelled_leaves_the_servers_queue_though_it_cannot_be_written_down(
    world: Harness, how: str
) -> None:
    sent, proxy = await sent_to_a_proxy(world)
    moderation = world.services.moderation
    moderation.stores = replace(moderation.stores, settings=NoHistory(moderation.stores.settings))

    with pytest.raises(StorageTrouble):
        await CANCELLING[how](moderation, sent)

    assert proxy.dropped == [sent.task_id]


async def test_cancelling_again_takes_out_of_the_servers_queue_what_a_death_left_there(
    world: Harness,
) -> None:
    sent, proxy = await sent_to_a_proxy(world)
    await world.store.cancel(sent.key, world.clock.now())

    assert await world.services.moderation.cancel_all(GUILD, ADA, 1) == 0

    assert proxy.dropped == [sent.task_id]


async def test_what_was_withdrawn_before_is_not_cancelled_once_more(world: Harness) -> None:
    moderation = world.services.moderation
    one, other = await world.imagine(user=2), await world.imagine(user=2)
    await world.pass_time(8)
    await moderation.cancel(GUILD, ADA, one.key)

    assert (await moderation.cancel(GUILD, ADA, one.key)).unwanted
    assert [await moderation.cancel_all(GUILD, ADA, 2) for _ in range(2)] == [1, 0]

    acts = [(entry.action, entry.after) for entry in await world.services.guilds.audit(GUILD)]
    assert acts == [("cancel_all", {"jobs": [other.key]}), ("cancel", {"jobs": [one.key]})]


async def test_clearing_the_queue_leaves_what_was_sent(world: Harness) -> None:
    running, waiting = await world.one_running(waiting=[2, 3])

    assert await world.services.moderation.clear_queue(GUILD, ADA) == 2

    assert [(await world.job(job.key)).state for job in waiting] == [JobState.CANCELLED] * 2
    assert (await world.ended(running)).state is JobState.SUCCEEDED
    for job in waiting:
        assert (await world.ended(job)).is_delivered


async def test_clearing_the_queue_leaves_what_is_sent_in_that_very_moment(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.max_running = 1
    await world.reboot()
    running = await world.imagine()
    await world.calm()
    next_, last = await world.imagine(user=2), await world.imagine(user=3)
    await world.calm()
    archive = world.services.moderation.archive
    live = archive.live

    async def slowly(*given: Any, **more: Any) -> Any:
        found = await live(*given, **more)
        await world.ended(running)
        await world.until(is_sent)
        return found

    async def is_sent() -> bool:
        return (await world.job(next_.key)).state is not JobState.QUEUED

    monkeypatch.setattr(archive, "live", slowly)

    assert await world.services.moderation.clear_queue(GUILD, ADA) == 1

    assert (await world.ended(next_)).state is JobState.SUCCEEDED
    assert not (await world.job(next_.key)).unwanted
    assert (await world.job(last.key)).state is JobState.CANCELLED


async def test_cancelling_what_runs_keeps_its_picture_to_itself(world: Harness) -> None:
    running = await world.imagine()
    await world.calm()

    assert await world.services.moderation.cancel_all(GUILD, ADA, 1) == 1

    assert (await world.job(running.key)).unwanted
    assert (await world.services.moderation.live_jobs(GUILD, user_id=1))[0].key == running.key


async def sent_to_a_proxy(world: Harness) -> tuple[Job, Proxy]:
    """A job that waits in the queue of a server that can take it out again."""
    job = await world.imagine()
    await world.calm()
    sent, proxy = await world.job(job.key), Proxy()
    assert (sent.state, sent.task_id is None) == (JobState.SUBMITTED, False)
    proxy.tasks[sent.task_id] = TaskSnapshot(sent.task_id, TaskStatus.NOT_START)  # type: ignore[arg-type,index]  # see above
    world.services.moderation.drop = Desk(proxy).asks.drop
    return sent, proxy


CANCELLING: dict[str, Callable[[Moderation, Job], Awaitable[object]]] = {
    "cancel": lambda moderation, job: moderation.cancel(GUILD, ADA, job.key),
    "cancel all": lambda moderation, job: moderation.cancel_all(GUILD, ADA, job.user_id),
    "erase": lambda moderation, job: moderation.erase(GUILD, ADA, job.user_id),
}


@pytest.mark.parametrize("how", CANCELLING)
async def test_what_moderators_cancel_is_taken_out_of_a_servers_own_queue(world: Harness, how: str) -> None:
    sent, proxy = await sent_to_a_proxy(world)

    await CANCELLING[how](world.services.moderation, sent)

    assert proxy.dropped == [sent.task_id]


async def test_an_image_server_in_trouble_fails_no_cancellation(world: Harness) -> None:
    sent, proxy = await sent_to_a_proxy(world)

    async def broken(*_: object) -> object:
        raise RemoteError(RemoteFault.UNREACHED, "502")

    proxy.query_many = broken  # type: ignore[method-assign,assignment]  # it answers nothing

    assert await world.services.moderation.cancel_all(GUILD, ADA, 1) == 1
    assert (await world.job(sent.key)).unwanted


async def test_what_is_sent_while_a_member_is_erased_is_taken_out_of_a_servers_own_queue(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, proxies = world.services.moderation.stores.records, []
    erase = records.erase

    async def slowly(*given: Any, **more: Any) -> int:
        proxies.append(await sent_to_a_proxy(world))
        return await erase(*given, **more)

    monkeypatch.setattr(records, "erase", slowly)

    await world.services.moderation.erase(GUILD, ADA, 1)

    ((sent, proxy),) = proxies
    assert proxy.dropped == [sent.task_id]


async def test_a_cancellation_that_comes_too_late_counts_for_nothing(server: Server) -> None:
    job = await server.imagine()
    stale = await server.moderation.live_jobs(GUILD)
    await server.moderation.cancel(GUILD, ADA, job.key)

    async def live(*_: object, **__: object) -> object:
        return stale

    server.moderation.archive.live = live  # type: ignore[method-assign,assignment]  # what was read a moment ago

    assert await server.moderation.cancel_all(GUILD, ADA, 1) == 0


async def test_a_members_data_is_exported_and_erased_with_the_audit(server: Server) -> None:
    await server.imagine("a secret fox")

    told = await server.moderation.export(GUILD, ADA, 1)
    erased = await server.moderation.erase(GUILD, ADA, 1)
    after = await server.moderation.export(GUILD, ADA, 1)

    assert [j["prompt"] for j in told["jobs"]] == ["a secret fox"]
    assert erased == Erased(jobs=1, running=0)
    assert [j["prompt"] for j in after["jobs"]] == [""]
    assert [e.action for e in await server.guilds.audit(GUILD)][:4] == [
        "export",
        "erase",
        "cancel_all",
        "export",
    ]
    assert await server.listen() == ["log.cancelled", "log.erased"]


async def test_the_log_counts_jobs_in_words(server: Server) -> None:
    await server.imagine()
    await server.moderation.clear_queue(GUILD, ADA)

    await server.listen()

    assert server.heard.events[0].said == text("log.queue_cleared", n=1)


async def test_a_result_is_removed_and_told_and_nobody_can_bring_it_back(world: Harness) -> None:
    grid = await world.finished_grid(user=1)
    assert grid.reply.message_id is not None

    removed = await world.services.moderation.remove(GUILD, ADA, grid.key)

    after = await world.job(grid.key)
    assert (removed.job.key, removed.card_is_gone) == (grid.key, True)
    assert (after.storage_key, after.discord_url, after.actions) == (None, None, ())
    assert (after.prompt, after.notes[-1:]) == (grid.prompt, ("note.removed",))
    assert (await refusal(world.press(after, 0))).id == "press.no_such_button"
    again = await world.services.moderation.remove(GUILD, ADA, grid.key)
    assert again.job.reply.message_id is None
    (entry, *_) = await world.services.guilds.audit(GUILD)
    assert (entry.action, entry.subject, entry.after) == ("remove", 1, {"jobs": [grid.key]})


async def test_a_removed_result_stands_nowhere_it_was_shown_in_public_before(world: Harness) -> None:
    grid = await world.finished_grid(user=1)
    places = [grid.reply.message_id]
    for _ in range(2):
        asker = world.asker(user=1)
        viewer = Viewer(user_id=1, guild_id=GUILD, manages=False)
        await world.services.redelivery.show(viewer, asker, grid.key, public=True)
        places.append(asker.reply.message_id)

    removed = await world.services.moderation.remove(GUILD, ADA, grid.key)

    assert removed.card_is_gone
    assert [m.id for m in world.discord.messages if m.id in places and not m.deleted] == []


@pytest.mark.parametrize(
    ("reason", "gone"), [("message_gone", True), ("channel_gone", True), ("missing_permission", False)]
)
async def test_a_card_that_cannot_be_deleted_is_left_to_moderators(
    world: Harness, reason: str, *, gone: bool
) -> None:
    grid = await world.finished_grid()

    async def refuse(*_: object) -> None:
        raise RouteClosed(reason)

    world.services.moderation.publisher.take_down = refuse  # type: ignore[method-assign,assignment]  # Discord says no

    assert (await world.services.moderation.remove(GUILD, ADA, grid.key)).card_is_gone is gone
    assert (await world.job(grid.key)).storage_key is None


async def test_what_brought_nothing_has_no_result_to_remove(server: Server) -> None:
    job = await server.imagine()

    assert (await refusal(server.moderation.remove(GUILD, ADA, job.key))).id == "settings.no_result"
    with pytest.raises(IllegalTransition):
        job.removed()


async def test_what_is_done_to_another_members_job_is_written_down_and_ones_own_is_not(
    server: Server,
) -> None:
    job = await server.imagine()

    await server.moderation.audit_act_on_other(GUILD, ADA, "delete_card", job.key)
    await server.moderation.audit_act_on_other(GUILD, Actor(1, "me"), "delete_card", job.key)
    await server.moderation.audit_act_on_other(None, ADA, "cancel", job.key)
    await server.moderation.audit_act_on_other(GUILD, ADA, "cancel", JobKey("0" * 12))

    assert [e.action for e in await server.guilds.audit(GUILD)][:2] == ["delete_card", "settings"]
    assert await server.listen() == ["log.card_deleted"]


async def test_what_runs_while_a_member_is_erased_is_shown_to_nobody_and_forgotten_as_it_ends(
    world: Harness,
) -> None:
    running = await world.imagine("a secret fox")
    await world.calm()

    assert await world.services.moderation.erase(GUILD, ADA, 1) == Erased(jobs=0, running=1)
    ended = await world.ended(running)

    assert (ended.state, ended.route) == (JobState.SUCCEEDED, Route.KEPT)
    assert (ended.prompt, ended.result_text, ended.user_name) == ("", None, "—")
    assert "secret" not in str(await world.services.moderation.export(GUILD, ADA, 1))
