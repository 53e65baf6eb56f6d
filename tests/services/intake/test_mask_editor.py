"""Painting by a link through the services: whose job it becomes, how often, and where people see it.
Never here: HTTP, and what a mask must be (test_regions.py)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.pools import Allowance, Pool
from bot.domain.region_links import LINK_LIFE_MS
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.errors import RemoteError, RemoteFault, RetryLater, RouteClosed, StorageTrouble, UserError
from bot.services.intake import mask_editor
from bot.services.intake.mask_editor import KEPT_MS, MaskEditor
from bot.services.intake.region_links import LinkGone, RegionLinks, read_asker, written
from tests.services.harness import GUILD
from tests.services.intake.test_regions import SIZE, drawn, single
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import CardLocation, Showing
    from bot.domain.region_links import RegionLink
    from bot.services.admission.asker import Asker
    from tests.services.harness import Harness

MASK = drawn(chosen=(0, 0, 10, 10))


class Screens:
    """Counts what is made fit."""

    def __init__(self) -> None:
        self.fitted: list[bytes] = []

    async def fit(self, picture: bytes) -> bytes:
        self.fitted.append(picture)
        return b"webp %d" % len(self.fitted)


class Studio:
    """The page's use cases in the small world."""

    def __init__(self, world: Harness, public_url: str | None = "https://easel.example/bot/") -> None:
        self.world = world
        self.screens = Screens()
        numbers = iter(range(100))
        self.links = RegionLinks(
            store=world._opened.region_links,
            clock=world.clock,
            token=lambda: f"link-{next(numbers)}",
            public_url=public_url,
        )
        self.mask_editor = MaskEditor(
            links=self.links,
            regions=world.services.regions,
            store=world.store,  # type: ignore[arg-type]  # it answers every method of the port
            pictures=world.services.regions.pictures,
            screens=self.screens,
            publisher=world.publisher,
            clock=world.clock,
            show=world.services.editor.changed,
        )

    async def token(self, job: Job, asker: Asker | None = None) -> str:
        address = await self.links.make(asker or self.world.asker(), job.key, 1)
        assert address is not None
        return address.rpartition("/")[2]

    async def link(self, job: Job, asker: Asker | None = None) -> RegionLink:
        return await self.mask_editor.open(await self.token(job, asker))


@pytest.fixture
async def studio(world: Harness) -> AsyncIterator[Studio]:
    opened = Studio(world)
    posting = asyncio.create_task(opened.mask_editor.run())
    yield opened
    posting.cancel()
    await asyncio.wait([posting])


def cards(world: Harness, job: Job) -> list[JobState]:
    """Messages about a job, each by what it shows now."""
    return [message.last.state for message in world.discord.of(job.key)]


# -- links ---------------------------------------------------------------------------------------------------


async def test_a_link_is_an_address_below_the_public_one(world: Harness, studio: Studio) -> None:
    job = await single(world)

    assert await studio.links.make(world.asker(), job.key, 1) == "https://easel.example/bot/region/link-0"
    assert await Studio(world, public_url=None).links.make(world.asker(), job.key, 1) is None


async def test_a_link_carries_the_person_but_not_their_interactions_secret(world: Harness) -> None:
    asker = replace(world.asker(), role_ids=frozenset({5, 3}), channel_parents=(8, 9), joined_at=1)

    kept = written(asker)

    gone = {"token": None, "token_until": 0, "message_id": None, "message_at": None}
    assert read_asker(kept) == replace(asker, reply=replace(asker.reply, **gone))  # type: ignore[arg-type]  # fields
    assert "interaction-token" not in kept


async def test_a_link_that_a_newer_version_wrote_knows_the_person_here_too(world: Harness) -> None:
    kept = json.loads(written(world.asker()))
    kept["mood"] = "merry"
    kept["reply"]["colour"] = "red"

    read = read_asker(json.dumps(kept))

    assert (read.user_id, read.reply.guild_id) == (1, world.asker().reply.guild_id)


async def test_a_link_ends_with_its_time_and_knows_whose_it_was(world: Harness, studio: Studio) -> None:
    token = await studio.token(await single(world), replace(world.asker(), locale="de"))
    end = world.clock.now() + LINK_LIFE_MS
    world.clock.move_to(end - 1)
    assert (await studio.mask_editor.open(token)).locale == "de"

    world.clock.move_to(end)

    with pytest.raises(LinkGone) as gone:
        await studio.mask_editor.open(token)
    assert gone.value.locale == "de"
    with pytest.raises(LinkGone) as gone:
        await studio.mask_editor.open("nobody's")
    assert gone.value.locale is None


# -- the picture ---------------------------------------------------------------------------------------------


async def test_the_picture_is_made_fit_once_and_kept_for_a_while(world: Harness, studio: Studio) -> None:
    link = await studio.link(await single(world))

    canvas = await studio.mask_editor.canvas(link)
    first, second = [await studio.mask_editor.picture(link) for _ in range(2)]
    world.clock.move_to(world.clock.now() + KEPT_MS)
    third = await studio.mask_editor.picture(link)

    assert (canvas.width, canvas.height) == SIZE
    assert first == second == b"webp 1"
    assert third == b"webp 2"


async def test_few_pictures_are_kept(world: Harness, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask_editor, "MOST_KEPT", 1)
    editor = replace(studio.mask_editor)  # built anew, with the cache of its own
    one, other = [await studio.link(await single(world, user=n)) for n in (1, 2)]

    for link in (one, other, other, one):
        await editor.picture(link)

    assert len(studio.screens.fitted) == 3


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(RouteClosed("gone"), "region.picture_gone"), (RetryLater("busy"), "region.picture_later")],
)
async def test_a_picture_that_does_not_come_is_explained(
    world: Harness, studio: Studio, trouble: Exception, said: str
) -> None:
    link = await studio.link(await single(world))
    await studio.mask_editor.canvas(link)
    world.picture_trouble = trouble

    with pytest.raises(UserError) as refused:
        await studio.mask_editor.picture(link)

    assert refused.value.text.id == said


# -- the region ----------------------------------------------------------------------------------------------


async def test_a_painted_region_becomes_its_painters_job_with_a_card_at_once(
    world: Harness, studio: Studio
) -> None:
    parent = await single(world, user=1)
    asker = world.asker(user=3)
    token = await studio.token(parent, asker)

    begun = await studio.mask_editor.submit(await studio.mask_editor.open(token), MASK)

    await asyncio.sleep(0)
    await world.calm()
    (card,) = world.discord.of(begun.key)
    assert card.versions[0].job.state is JobState.QUEUED
    assert (begun.user_id, begun.pool, begun.reply.token) == (3, parent.pool, None)
    assert card.id != asker.reply.message_id
    done = await world.ended(begun)
    await world.calm()
    assert cards(world, done) == [JobState.SUCCEEDED]
    assert card.picture is not None
    assert (await world.job(done.key)).route is Route.EDIT
    with pytest.raises(LinkGone):
        await studio.mask_editor.open(token)


async def test_sent_many_times_at_once_it_is_one_job_one_charge_and_one_card(
    world: Harness, studio: Studio
) -> None:
    link = await studio.link(await single(world))
    before = len(await world.ledger())

    jobs = await asyncio.gather(*(studio.mask_editor.submit(link, MASK) for _ in range(5)))
    again = await studio.mask_editor.submit(link, MASK)

    assert {job.key for job in jobs} == {again.key}
    assert len(await world.ledger()) == before + 1
    await world.ended(again)
    await world.calm()
    assert len(world.upstream.tasks) == 2
    assert len(cards(world, again)) == 1


async def test_sent_again_after_its_end_because_the_answer_was_lost_it_is_the_job_that_was_begun(
    world: Harness, studio: Studio
) -> None:
    token = await studio.token(await single(world))
    done = await world.ended(await studio.mask_editor.submit(await studio.mask_editor.open(token), MASK))
    before = await world.ledger()

    again = await studio.mask_editor.submit(await studio.mask_editor.open(token, used=True), MASK)

    assert again.key == done.key
    assert (await world.ledger(), len(world.upstream.tasks)) == (before, 2)
    world.clock.move_to(world.clock.now() + LINK_LIFE_MS)
    with pytest.raises(LinkGone):
        await studio.mask_editor.open(token, used=True)


async def test_a_used_link_whose_job_is_no_more_begins_nothing(world: Harness, studio: Studio) -> None:
    link = await studio.link(await single(world), replace(world.asker(), locale="de"))
    await studio.links.use_up(link)
    before = await world.ledger()

    with pytest.raises(LinkGone) as gone:
        await studio.mask_editor.submit(replace(link, used_at=world.clock.now()), MASK)

    assert gone.value.locale == "de"
    assert await world.ledger() == before


async def test_a_refused_region_charges_nothing_and_leaves_the_link_good(
    world: Harness, studio: Studio
) -> None:
    world.rules[Pool.NORMAL] = Allowance(per_day=1, running=5, waiting=5)
    token = await studio.token(await single(world))
    before = await world.ledger()

    for mask, said in ((MASK, "refused.per_day"), (drawn(), "mask.no_white"), (b"", "mask.empty")):
        with pytest.raises(UserError) as refused:
            await studio.mask_editor.submit(await studio.mask_editor.open(token), mask)
        assert refused.value.text.id == said

    assert await world.ledger() == before
    assert (await studio.mask_editor.open(token)).used_at is None


async def test_while_somebody_else_repaints_this_picture_the_link_waits(
    world: Harness, studio: Studio
) -> None:
    parent = await single(world)
    token = await studio.token(parent)
    others = await studio.mask_editor.submit(await studio.link(parent, world.asker(user=2)), MASK)

    with pytest.raises(UserError) as refused:
        await studio.mask_editor.submit(await studio.mask_editor.open(token), MASK)
    await world.ended(others)
    mine = await studio.mask_editor.submit(await studio.mask_editor.open(token), MASK)

    assert (refused.value.text.id, refused.value.text.args["key"]) == ("region.running", others.key)
    assert mine.user_id == 1


@pytest.mark.parametrize("trouble", [RetryLater("busy"), RouteClosed("missing_permission")])
async def test_where_no_card_can_be_posted_now_the_result_finds_its_way(
    world: Harness, studio: Studio, trouble: RetryLater | RouteClosed
) -> None:
    link = await studio.link(await single(world))
    if isinstance(trouble, RetryLater):
        world.discord.later.append(trouble)
    else:
        world.discord.closed[Route.POST] = trouble.reason

    done = await world.ended(await studio.mask_editor.submit(link, MASK))
    await world.calm()

    assert cards(world, done) == [JobState.SUCCEEDED]
    # When Discord says "later", the first card may be there before the result is, or the result comes first.
    ways = {Route.POST, Route.EDIT} if isinstance(trouble, RetryLater) else {Route.DIRECT}
    assert (await world.job(done.key)).route in ways


@pytest.mark.parametrize("trouble", [StorageTrouble("locked"), RuntimeError("odd")])
async def test_a_card_that_cannot_be_noted_becomes_the_results(
    world: Harness, studio: Studio, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    link = await studio.link(await single(world))

    async def locked(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(studio.mask_editor, "store", type("Locked", (), {"move_card": locked})())

    done = await world.ended(await studio.mask_editor.submit(link, MASK))
    await world.calm()

    assert cards(world, done) == [JobState.SUCCEEDED]


async def test_a_region_that_ends_while_its_card_is_being_posted_has_one_card(
    world: Harness, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await studio.link(await single(world))
    publisher = studio.mask_editor.publisher
    world.upstream.refusals.append(RemoteError(RemoteFault.REFUSED, "no"))

    class Slow:
        """Discord takes its time with the first card: the outcome stands before it is told so."""

        async def show(self, showing: Showing, *given: Any, **more: Any) -> CardLocation:
            shown = await publisher.show(showing, *given, **more)
            await world.ended(showing.job)
            return shown

        async def take_down(self, channel_id: int, message_id: int) -> None:
            await publisher.take_down(channel_id, message_id)

    monkeypatch.setattr(studio.mask_editor, "publisher", Slow())

    begun = await studio.mask_editor.submit(link, MASK)
    done = await world.ended(begun)
    await world.until(lambda: len(world.discord.of(done.key)) == 1)

    (card,) = world.discord.of(done.key)
    assert card.versions[-1].job.state is JobState.FAILED
    assert (await world.job(done.key)).reply.message_id == card.id


async def test_a_card_that_comes_after_the_result_found_a_way_of_its_own_is_taken_down(
    world: Harness, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await studio.link(await single(world))
    publisher = studio.mask_editor.publisher
    late: list[CardLocation] = []

    class Late:
        """Discord lets the first card wait until the result stands in a message of its own."""

        async def show(self, showing: Showing, *given: Any, **more: Any) -> CardLocation:
            await world.ended(showing.job)
            late.append(await publisher.show(showing, *given, **more))
            return late[0]

        async def take_down(self, channel_id: int, message_id: int) -> None:
            await publisher.take_down(channel_id, message_id)

    monkeypatch.setattr(studio.mask_editor, "publisher", Late())

    done = await world.ended(await studio.mask_editor.submit(link, MASK))
    await world.until(lambda: bool(late))
    await world.calm()

    assert cards(world, done) == [JobState.SUCCEEDED]
    assert (await world.job(done.key)).reply.message_id not in {None, late[0].message_id}


async def test_a_job_that_ended_while_its_card_was_posted_shows_no_progress(
    world: Harness, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await studio.link(await single(world))
    moved: list[object] = []
    progress: list[Job] = []

    class Ended:
        async def move_card(self, key: JobKey, _reply: object, **_: object) -> bool:
            moved.append(key)
            return True

        async def get(self, key: JobKey) -> Job:
            return replace(await world.job(key), state=JobState.FAILED)

    monkeypatch.setattr(studio.mask_editor, "store", Ended())
    monkeypatch.setattr(studio.mask_editor, "show", progress.append)

    begun = await studio.mask_editor.submit(link, MASK)
    await world.ended(begun)
    await world.calm()

    assert moved == [begun.key]
    assert progress == []


async def test_each_try_with_other_forbidden_words_is_a_strike_and_the_third_blocks(family: Harness) -> None:
    services, studio = family.services, Studio(family)
    await services.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "wolf", WordAction.STRIKE))
    token = await studio.token(await single(family))

    said = []
    for words in ("a wolf", "a wolf", "a grey wolf", "the wolf"):
        link = await studio.mask_editor.open(token)
        said.append((await refusal(studio.mask_editor.submit(link, MASK, words))).id)

    assert said == ["refused.words_strike"] * 3 + ["refused.words_blocked"]
    assert len((await services.moderation.member(GUILD, 1)).strikes) == 3
