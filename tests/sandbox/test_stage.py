"""The stage's own promises: the same ids at each start, today's date, kept tasks; and the seams it leans on.
Never here: the bot's behaviour (tests/e2e)."""

from __future__ import annotations

import inspect
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import simcord
from simcord.preview import (
    Preview,
    _action_plans,
    _assets,
    _component_projection,
    _pages,
    _queries,
    _snapshot,
)
from simcord.preview._server import PreviewServer

from bot.domain.servers.guilds import Actor
from bot.sandbox.page import live_page
from bot.sandbox.page_limits import SHOWN, STEP
from bot.sandbox.shelf import open_shelf
from bot.sandbox.stage import GUILD_ID, START_S
from tests.e2e.harness import open_world

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_private_seams_of_simcord_are_where_we_found_them() -> None:
    assert version("simcord") == "3.2.1"
    assert list(inspect.signature(Preview._action).parameters) == ["self", "context_id", "body"]
    assert inspect.iscoroutinefunction(Preview._action)
    assert list(inspect.signature(Preview._advance_presentation_time).parameters) == ["self"]
    assert inspect.signature(simcord.Env._settle_internal).parameters["idle"].default == 0.05
    assert list(inspect.signature(Preview._open_page).parameters) == ["self", "viewer_id", "target_id"]
    assert list(inspect.signature(Preview._initial_target).parameters) == ["self", "viewer", "channel_id"]
    assert list(inspect.signature(PreviewServer._static).parameters) == ["self", "request"]
    assert "/" in PreviewServer._STATIC_FILES
    assert (_pages.HISTORY_WINDOW_SIZE, _pages.HISTORY_STEP) == (50, 25)
    assert SHOWN >= 25 > STEP
    for module in (_snapshot, _action_plans):
        assert module.HISTORY_WINDOW_SIZE == 50
    assert list(inspect.signature(vars(_snapshot)["_message_navigation"]).parameters) == [
        "preview",
        "page",
        "visible",
    ]
    assert list(inspect.signature(vars(_queries)["markdown_tokens"]).parameters) == [
        "value",
        "profile",
        "context",
    ]
    for module in (_assets, _pages):
        assert list(inspect.signature(module._snapshot_has_sticker).parameters) == ["message", "url"]
    assert list(inspect.signature(vars(_component_projection)["_control_key"]).parameters) == [
        "scope",
        "component",
        "path",
    ]
    assert list(inspect.signature(vars(_action_plans)["_component_key"]).parameters) == [
        "component",
        "path",
        "message_id",
    ]
    assert isinstance(simcord.Env._bot_scope, type(simcord.Env.time_context))


async def test_the_stage_has_todays_date_and_the_same_ids_at_each_start(tmp_path: Path) -> None:
    seen = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        async with open_world(tmp_path / name, own_date=True) as world:
            place = world.place
            seen.append((place.channel.id, place.log.id, *(person.id for person in place.people)))
            assert abs(world.env.now().timestamp() - time.time()) < 600

    assert seen[0] == seen[1]
    # As they were when there was one channel and there were two people: databases of those days know them.
    assert (seen[0][0], seen[0][2], seen[0][4]) == (
        1456074443980800007,
        1456074443980800005,
        1456074443980800006,
    )


async def test_the_log_channel_is_there_for_moderators_and_stays_as_they_set_it(tmp_path: Path) -> None:
    async with open_world(tmp_path) as first, first.app.parts():
        place = first.place
        await first.app.services.dispatcher.drain()
        assert len(place.log.history()) == 1
        assert place.log.history(viewer=place.moderator)
        await first.app.services.guilds.set_log_channel(GUILD_ID, Actor(place.moderator.id, "robin"), None)

    async with open_world(tmp_path) as second:
        assert (await second.app.services.guilds.settings(GUILD_ID)).log_channel is None


async def test_the_owner_of_the_bot_is_a_person_who_has_ops(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        assert list(await world.app.bot.owners()) == [world.place.owner.id]


async def test_a_kept_sandbox_reads_keys_that_servers_brought_before(tmp_path: Path) -> None:
    with open_shelf(tmp_path) as first:
        key = first.master_key
    with open_shelf(tmp_path) as second:
        assert second.master_key == key
    assert (tmp_path / "master.key").stat().st_mode & 0o077 == 0


async def test_what_was_on_its_way_when_a_kept_sandbox_closed_comes_at_the_next_start(tmp_path: Path) -> None:
    with open_shelf(tmp_path) as shelf:
        async with open_world(tmp_path) as first:
            await first.imagine("a paper fox", pool="FAST")
            await first.pass_time(1)
            shelf.keep(first.upstream)

        async with open_world(tmp_path, restore=shelf.restore) as second:
            await second.until(lambda: any(card.buttons for card in second.channel()), "the picture")
            [card] = second.channel()
            child = await second.child(card, "U1")

    assert len(card.pictures) == 1
    assert child.pictures
    assert [task.pool for task in second.accepted] == ["FAST", "FAST"]


async def test_commands_are_known_on_a_new_stage_whatever_the_kept_database_remembers(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_world(tmp_path) as world:
            assert "imagine" in world.place.member.available_commands(world.place.channel)


async def test_all_messages_can_be_reached_though_few_are_on_the_page(tmp_path: Path) -> None:
    async def fetch(_url: str) -> bytes | None:
        return None

    async with (
        open_world(tmp_path) as world,
        live_page(world.env, world.place, port=0, timezone="UTC", fetch=fetch) as preview,
    ):
        channel = world.app.bot.get_partial_messageable(world.place.channel.id)
        for number in range(60):
            await channel.send(str(number))
        page = preview._open_page()
        seen = [page.snapshot["timeline"]]
        while page.snapshot["history"]["hasBefore"]:
            await preview._action(
                page.id,
                {
                    "protocol_version": 3,
                    "sequence": len(seen),
                    "request_id": f"older-{len(seen)}",
                    "generation": page.generation,
                    "bot_generation": world.env._generation,
                    "kind": "history",
                    "direction": "older",
                    "published_revision": page.revision,
                },
            )
            seen.append(page.snapshot["timeline"])

    assert max(map(len, seen)) == SHOWN
    assert len({message for window in seen for message in window}) == 61


async def test_a_bot_on_a_busy_machine_may_take_longer_to_start_than_simcord_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, limits = simcord.Env._settle_internal, list[float]()

    async def settled(env: simcord.Env, **how: Any) -> None:
        limits.extend([] if how.get("timeout") is None else [how["timeout"]])
        await settle(env, **how)

    monkeypatch.setattr(simcord.Env, "_settle_internal", settled)
    async with open_world(tmp_path):
        assert limits
        assert min(limits) >= START_S
