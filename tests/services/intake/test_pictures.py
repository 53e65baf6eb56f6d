"""Blends, descriptions and prompts with pictures begin once, with what was given, and cost nothing when refused.
Never here: how they are sent (test_inputs.py), and codecs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.inputs import INPUT_LIFE_MS, MOST_GIVEN_BYTES, CheckedPicture, Shape, displayed_name, weigh
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobKind, JobState
from bot.domain.pools import UNLIMITED, Allowance, Pool
from bot.domain.ports import Picture
from bot.domain.servers.guilds import Actor
from bot.domain.servers.image_rules import ImagePolicy
from bot.domain.tasks import TaskStatus
from bot.errors import RetryLater, RouteClosed, StorageTrouble, UserError, WriteUnclear
from bot.services.admission.viewer import Viewer
from bot.services.history.drawn_pictures import DrawnPictures
from bot.texts import text
from tests.services.harness import GUILD, START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.jobs import Job
    from bot.services.admission.asker import Asker
    from bot.services.intake.intake import StartedJob
    from tests.services.harness import Harness

FOUR = "1️⃣ a fox --ar 3:2\n\n2️⃣ an owl\n\n3️⃣ an elk\n\n4️⃣ a cat"
ADA = Viewer(user_id=1, guild_id=GUILD, manages=False)
STRANGER = Viewer(user_id=1, guild_id=GUILD + 1, manages=True)


@dataclass
class AFile:
    """A file as somebody gives it."""

    filename: str = "fox.png"
    data: bytes = b"a fox"
    size: int | None = None
    url: str | None = "https://cdn.example/fox.png?ex=1"
    read_times: int = 0

    async def read(self) -> bytes:
        self.read_times += 1
        return self.data


@dataclass
class Table:
    """Room for cards; counts who came and who was sent away."""

    world: Harness
    opened: list[Asker] = field(default_factory=list)
    shut_again: list[Asker] = field(default_factory=list)

    async def open(self) -> Asker:
        asker = self.world.asker(interaction=4242)
        self.opened.append(asker)
        return asker

    async def shut(self, asker: Asker) -> None:
        self.shut_again.append(asker)


def files(n: int) -> list[AFile]:
    return [AFile(f"fox{i}.png", f"fox {i}".encode()) for i in range(n)]


async def refusal(attempt: Any) -> str:
    with pytest.raises(UserError) as caught:
        await attempt
    return caught.value.text.id


async def described(world: Harness, words: str = FOUR, *, pool: Pool = Pool.FAST) -> Job:
    """A finished description."""
    world.upstream.template.update(description=words, actions=(), picture=False)
    begun = await world.services.describing.begin(world.asker(), AFile(), pool=pool)
    done = await world.ended(begun.job)
    world.upstream.template.clear()
    return done


async def grid_with(world: Harness, given: Sequence[AFile], prompt: str = "in the snow") -> Job:
    begun = await world.services.imagine.begin(
        world.asker(), PromptOptions(prompt=prompt), Pool.FAST, given=given
    )
    return await world.ended(begun.job)


# -- blends ------------------------------------------------------------------------------------------------


async def test_a_blend_takes_its_pictures_along_and_is_charged_once(world: Harness) -> None:
    begun = await world.services.blending.begin(world.asker(), files(3), shape=Shape.PORTRAIT, pool=Pool.FAST)
    done = await world.ended(begun.job)

    assert (done.kind, done.inputs, done.shape, done.prompt) == (JobKind.BLEND, 3, Shape.PORTRAIT, "")
    assert (done.state, done.pool) == (JobState.SUCCEEDED, Pool.FAST)
    assert await world.ledger() == [(done.key, "reserve")]


@pytest.mark.parametrize("n", [0, 1, 6])
async def test_a_blend_of_too_few_or_too_many_is_refused_before_anything_is_fetched(
    world: Harness, n: int
) -> None:
    given = files(n)

    why = await refusal(world.services.blending.begin(world.asker(), given, shape=Shape.SQUARE, pool=None))

    assert why == "blend.count"
    assert sum(one.read_times for one in given) == 0
    assert await world.all_jobs() == []


async def test_without_a_pool_it_is_the_usual_one(world: Harness) -> None:
    begun = await world.services.blending.begin(world.asker(), files(2), shape=Shape.SQUARE, pool=None)

    assert begun.job.pool is world.default_pool


@pytest.mark.parametrize("is_open", [True, False])
async def test_a_preferred_pool_is_taken_where_it_is_open(world: Harness, is_open: bool) -> None:  # noqa: FBT001 - a parameter of the test
    if not is_open:
        del world.rules[Pool.FAST]

    begun = await world.services.blending.begin(
        world.asker(), files(2), shape=Shape.SQUARE, pool=None, preferred=Pool.FAST
    )

    assert begun.job.pool is (Pool.FAST if is_open else Pool.NORMAL)


# -- what is not taken -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "why", "fetched"),
    [
        (AFile(size=0), "picture.empty", 0),
        (AFile(data=b""), "picture.empty", 1),
        (AFile(size=40 * 1024 * 1024), "picture.too_large", 0),
        (AFile(data=bytes(MOST_GIVEN_BYTES + 1), size=10), "picture.too_large", 1),
    ],
    ids=["said-empty", "empty", "said-large", "large"],
)
async def test_a_file_is_weighed_before_and_after_it_is_fetched(
    world: Harness, one: AFile, why: str, fetched: int
) -> None:
    one.read_times = 0

    assert await refusal(world.services.describing.begin(world.asker(), one, pool=None)) == why
    assert one.read_times == fetched
    assert await world.all_jobs() == []


async def test_what_the_reader_refuses_begins_nothing(world: Harness) -> None:
    world.reader.opinions[b"a pdf"] = UserError(text("picture.unknown_type", name="fox.png"))

    why = await refusal(
        world.services.blending.begin(
            world.asker(), [AFile(), AFile(data=b"a pdf")], shape=Shape.SQUARE, pool=None
        )
    )

    assert why == "picture.unknown_type"
    assert await world.all_jobs() == []


async def test_a_picture_that_was_made_smaller_is_said_to_be(world: Harness) -> None:
    world.reader.opinions[b"a fox"] = CheckedPicture(b"small", "image/webp", reduced=True)

    begun = await world.services.describing.begin(world.asker(), AFile(), pool=None)

    assert begun.job.notes == ("note.picture_scaled",)
    kept = await world.store.inputs(begun.job.key)
    assert [(one.data, one.media_type, one.filename) for one in kept] == [(b"small", "image/webp", "fox.png")]


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("fox.png", "fox.png"),
        ("my_fox (1).png", "my\\_fox (1).png"),
        ("**@everyone** <#1> [x](y).png", "everyone 1 x(y).png"),
        ("", "?"),
        ("f" * 100, "f" * 59 + "…"),
    ],
)
def test_a_file_s_name_is_repeated_without_markup(called: str, said: str) -> None:
    assert displayed_name(called) == said


def test_what_is_not_known_to_be_large_is_weighed_later() -> None:
    weigh(AFile(size=None))


# -- prompts with pictures ---------------------------------------------------------------------------------


async def test_a_prompt_takes_its_pictures_along(world: Harness) -> None:
    done = await grid_with(world, files(2), "in the snow --iw 2")

    assert (done.inputs, done.prompt) == (2, "in the snow --iw 2")
    assert world.upstream.task(done.task_id).prompt.startswith(
        "https://store.example/1 https://store.example/2 "
    )


async def test_a_bad_prompt_is_refused_before_its_pictures_are_fetched(world: Harness) -> None:
    one = AFile()

    why = await refusal(
        world.services.imagine.begin(
            world.asker(), PromptOptions(prompt="https://example.com/a.png"), None, given=[one]
        )
    )

    assert why == "prompt.only_pictures"
    assert one.read_times == 0


async def test_a_remix_takes_the_pictures_of_its_ancestor_along(world: Harness) -> None:
    grid = await grid_with(world, files(2))

    remix = (await world.services.imagine.remix(world.asker(), grid, "in the rain --iw 1")).job

    assert [one.data for one in await world.store.inputs(remix.key)] == [b"fox 0", b"fox 1"]
    assert remix.notes == ()


async def test_a_remix_below_a_press_takes_the_pictures_of_the_chain_s_prompt(world: Harness) -> None:
    single = await world.ended((await world.press(await grid_with(world, files(1)))).job)

    remix = (await world.services.imagine.remix(world.asker(), single, "in the rain")).job

    assert remix.inputs == 1


async def test_a_remix_says_when_the_pictures_are_no_longer_kept(world: Harness) -> None:
    grid = await grid_with(world, files(2))
    await world.forget_inputs(grid)

    remix = (await world.services.imagine.remix(world.asker(), grid, "in the rain")).job

    assert remix.inputs == 0
    assert remix.notes == ("note.pictures_not_kept",)


async def test_a_remix_below_a_press_says_so_too(world: Harness) -> None:
    grid = await grid_with(world, files(1))
    single = await world.ended((await world.press(grid)).job)
    await world.forget_inputs(grid)

    remix = (await world.services.imagine.remix(world.asker(), single, "in the rain")).job

    assert remix.notes == ("note.pictures_not_kept",)


async def test_a_remix_of_words_and_of_what_grew_from_a_blend_has_no_pictures(world: Harness) -> None:
    plain = await world.finished_grid()
    blend = await world.ended(
        (await world.services.blending.begin(world.asker(), files(2), shape=Shape.SQUARE, pool=Pool.FAST)).job
    )
    child = await world.ended((await world.press(blend)).job)

    for ancestor in (plain, blend, child):
        remix = (await world.services.imagine.remix(world.asker(), ancestor, "a fox")).job
        assert (remix.inputs, remix.notes) == (0, ())


# -- cards as sources --------------------------------------------------------------------------------------


async def test_a_finished_card_and_a_described_picture_serve_as_sources(world: Harness) -> None:
    grid, description = await world.finished_grid(), await described(world)

    ours = await world.services.image_loader.of_card(ADA, grid.key)
    theirs = await world.services.image_loader.of_card(ADA, description.key)

    assert (ours.filename, ours.size, ours.url) == ("easel.png", 1000, grid.discord_url)
    assert await theirs.read() == b"a fox"


async def test_a_card_without_a_picture_or_of_another_server_is_no_source(world: Harness) -> None:
    grid = await world.finished_grid()
    description = await described(world)
    await world.forget_inputs(description)
    waiting = await world.imagine()
    of_card = world.services.image_loader.of_card

    assert await refusal(of_card(ADA, waiting.key)) == "jobs.no_picture"
    assert await refusal(of_card(STRANGER, grid.key)) == "jobs.unknown"
    assert await refusal(of_card(ADA, description.key)) == "describe.not_kept"
    world.picture_trouble = RouteClosed("no_picture")
    assert await refusal(of_card(ADA, grid.key)) == "jobs.picture_gone"


# -- descriptions ------------------------------------------------------------------------------------------


async def test_a_description_keeps_its_words_its_picture_and_its_name(world: Harness) -> None:
    done = await described(world)

    assert (done.kind, done.result_text, done.subject, done.prompt) == (
        JobKind.DESCRIBE,
        FOUR,
        "fox.png",
        "",
    )
    shown = world.discord.of(done.key)[0]
    assert shown.picture is not None
    assert (shown.picture.data, shown.picture.filename) == (b"a fox", "fox.png")
    assert world.fetches == []


async def test_a_description_is_shown_again_with_its_picture_while_that_is_kept(world: Harness) -> None:
    done = await described(world)

    for data in (b"a fox", None):
        asker = world.asker()
        await world.services.redelivery.show(ADA, asker, done.key, public=False)
        message = next(m for m in world.discord.messages if m.id == asker.reply.message_id)
        assert (None if message.picture is None else message.picture.data) == data
        await world.forget_inputs(done)


async def test_one_idea_becomes_a_chain_in_the_description_s_pool(world: Harness) -> None:
    done = await described(world, pool=Pool.FAST)

    job, idea = await world.services.describing.idea(ADA, done.key, 0)
    begun = await world.services.describing.imagine(world.asker(), ADA, done.key, f"{idea} --fast, red")

    assert (job, idea) == (done, "a fox --ar 3:2")
    assert begun.job.pool is Pool.FAST
    assert begun.job.ancestor is not None
    assert begun.job.ancestor.key == done.key
    assert "note.from_description" in begun.job.notes
    assert begun.job.root == begun.job.key


async def test_an_idea_that_is_not_there_or_forgotten_or_no_description_is_refused(world: Harness) -> None:
    done, grid = await described(world, "1. a fox"), await world.finished_grid()
    describing = world.services.describing

    assert await refusal(describing.idea(ADA, done.key, 1)) == "describe.forgotten"
    assert await refusal(describing.idea(ADA, grid.key, 0)) == "press.no_such_button"
    assert await refusal(describing.idea(STRANGER, done.key, 0)) == "jobs.unknown"
    nothing = await described(world, "")
    assert await refusal(describing.imagine_all(ADA, nothing.key, Table(world))) == "describe.forgotten"


async def test_imagine_all_begins_each_prompt_with_a_charge_of_its_own(world: Harness) -> None:
    done, table = await described(world), Table(world)

    started = await world.services.describing.imagine_all(ADA, done.key, table)

    assert [job.prompt for job in started.begun] == ["a fox --ar 3:2", "an owl", "an elk", "a cat"]
    assert (started.running, started.refused, table.shut_again) == ((), (), [])
    assert {job.pool for job in started.begun} == {Pool.FAST}
    assert len({job.reply.message_id for job in started.begun}) == 4
    assert len([kind for _, kind in await world.ledger() if kind == "reserve"]) == 5


async def test_a_second_press_while_they_run_begins_nothing_and_after_they_ended_it_may(
    world: Harness,
) -> None:
    done, table = await described(world), Table(world)
    first = await world.services.describing.imagine_all(ADA, done.key, table)

    second = await world.services.describing.imagine_all(ADA, done.key, table)
    for job in first.begun:
        await world.ended(job)
    third = await world.services.describing.imagine_all(ADA, done.key, table)

    assert (second.begun, [j.key for j in second.running]) == ((), [j.key for j in first.begun])
    assert len(third.begun) == 4
    assert len(table.opened) == 8


async def test_two_presses_at_the_same_moment_begin_each_prompt_once(world: Harness) -> None:
    done, table = await described(world), Table(world)
    real = world.services.describing.store

    class Blind:
        """Sees no job of an earlier press, as one that looks at the same moment."""

        async def by_interaction(self, interaction_id: int) -> None:
            del interaction_id

    first = await world.services.describing.imagine_all(ADA, done.key, table)
    world.services.describing.store = Blind()  # type: ignore[assignment]  # all that is asked of it
    second = await world.services.describing.imagine_all(ADA, done.key, table)
    world.services.describing.store = real

    assert [j.key for j in second.running] == [j.key for j in first.begun]
    assert len(table.shut_again) == 4


async def test_what_the_allowance_does_not_cover_is_named_and_the_rest_begins(world: Harness) -> None:
    world.rules[Pool.FAST] = Allowance(per_day=3, running=3, waiting=9)
    done, table = await described(world), Table(world)

    started = await world.services.describing.imagine_all(ADA, done.key, table)

    assert len(started.begun) == 2
    assert [number for number, _ in started.refused] == [3, 4]
    assert {why.id for _, why in started.refused} == {"refused.per_day"}
    assert len(table.shut_again) == 2
    world.rules[Pool.FAST] = UNLIMITED


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(StorageTrouble("locked"), "trouble.storage"), (WriteUnclear("lost"), "trouble.storage_unclear")],
)
async def test_trouble_with_one_prompt_leaves_the_others_as_they_are(
    world: Harness, trouble: StorageTrouble, said: str
) -> None:
    done = await described(world)
    world.store.trouble, world.store.trouble_for = trouble, {"insert"}

    started = await world.services.describing.imagine_all(ADA, done.key, Table(world))

    world.store.trouble = None
    assert [why.id for _, why in started.refused] == [said] * 4


async def test_the_same_picture_is_described_again_once_at_a_time(world: Harness) -> None:
    done = await described(world)
    again = world.services.describing.again

    first = await again(world.asker(), ADA, done.key)
    second = await again(world.asker(), ADA, done.key)
    await world.ended(first.job)
    third = await again(world.asker(), ADA, done.key)

    assert (first.fresh, second.fresh, third.fresh) == (True, False, True)
    assert second.job.key == first.job.key
    assert (first.job.pool, first.job.subject) == (done.pool, done.subject)
    assert [one.data for one in await world.store.inputs(third.job.key)] == [b"a fox"]


async def test_a_picture_that_is_no_longer_kept_is_not_described_again(world: Harness) -> None:
    done = await described(world)
    world.clock.move_to((done.finished_at or START) + INPUT_LIFE_MS + 1)
    await world.services.housekeeping.tidy()

    why = await refusal(world.services.describing.again(world.asker(), ADA, done.key))

    assert why == "describe.not_kept"


async def test_an_interaction_that_comes_twice_begins_once(world: Harness) -> None:
    asker = world.asker()

    first = await world.services.describing.begin(asker, AFile(), pool=None)
    second = await world.services.describing.begin(replace(asker), AFile(), pool=None)

    assert (first.fresh, second.fresh) == (True, False)
    assert first.job.key == second.job.key


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (ImagePolicy(links=False), "refused.links_off"),
        (ImagePolicy(hosts_denied=("evil.example",)), "refused.link_host"),
        (ImagePolicy(hosts_allowed=("cdn.example",)), "refused.link_host_other"),
    ],
)
async def test_a_linked_picture_obeys_the_servers_rules_about_links_before_it_is_fetched(
    world: Harness, images: ImagePolicy, reason: str
) -> None:
    await world._opened.guilds.settings.change(
        GUILD, lambda s: replace(s, images=images), actor=Actor(1, "mod"), at=world.clock.now()
    )
    file = AFile(url="https://evil.example/a.png")

    with pytest.raises(UserError) as refused:
        await world.services.imagine.begin(
            world.asker(), PromptOptions(prompt="a fox"), None, given=[file], address=file.url
        )

    assert refused.value.text.id == reason
    assert file.read_times == 0
    await world.calm()
    assert world.upstream.tasks == []


class Net:
    """Pictures that lie at any address, beside those of jobs."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.trouble: Exception | None = None
        self.asked: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def fetch_address(self, address: str, *, limit: int) -> Picture:
        self.asked.append((address, limit))
        if self.trouble is not None:
            raise self.trouble
        return Picture(b"a fox", "whatever.png", "image/png", 8, 8)


async def netted(world: Harness) -> Net:
    """Have the world take addresses, too."""
    nets: list[Net] = []

    def through(pictures: Any, store: Any, publisher: Any) -> DrawnPictures:
        nets.append(Net(pictures))
        return DrawnPictures(nets[-1], store, publisher)

    world.through = through
    await world.reboot()
    return nets[-1]


async def test_a_picture_may_be_given_by_its_address_and_is_called_by_the_end_of_it(world: Harness) -> None:
    net = await netted(world)
    typed = " <https://pictures.example/a/fox.png?size=4> "
    given = world.services.imagine.image_loader.of_address(typed)
    world.upstream.template.update(description=FOUR, actions=(), picture=False)

    begun = await world.services.describing.begin(
        world.asker(), given, pool=Pool.FAST, address="https://pictures.example/a/fox.png?size=4"
    )
    done = await world.ended(begun.job)

    assert net.asked == [("https://pictures.example/a/fox.png?size=4", MOST_GIVEN_BYTES)]
    assert (done.state, done.subject) == (JobState.SUCCEEDED, "fox.png")
    (kept,) = await world.store.inputs(done.key)
    assert kept.data == b"a fox"


@pytest.mark.parametrize("trouble", [RouteClosed("404"), RetryLater("down")])
async def test_an_address_that_gives_no_picture_is_said_to_and_nothing_begins(
    world: Harness, trouble: Exception
) -> None:
    net = await netted(world)
    net.trouble = trouble
    given = world.services.imagine.image_loader.of_address("https://pictures.example/fox.png")

    attempt = world.services.describing.begin(world.asker(), given, pool=None)

    assert await refusal(attempt) == "describe.not_fetched"
    assert await world.all_jobs() == []


async def test_what_is_no_address_or_cannot_be_fetched_here_is_refused_at_once(world: Harness) -> None:
    for typed, said in (
        ("a fox", "describe.bad_address"),
        ("https://pictures.example/fox.png", "describe.not_fetched"),
    ):
        with pytest.raises(UserError) as refused:
            world.services.imagine.image_loader.of_address(typed)
        assert refused.value.text.id == said


async def test_a_card_whose_picture_is_gone_is_no_source(world: Harness) -> None:
    job = await world.finished_grid()
    world.picture_trouble = RouteClosed("404")

    assert await refusal(world.services.imagine.image_loader.of_card(ADA, job.key)) == "jobs.picture_gone"


# -- once more -----------------------------------------------------------------------------------------------


async def _failed(world: Harness, begun: StartedJob) -> Job:
    job = await world.ended(begun.job)
    assert job.state is JobState.FAILED
    world.upstream.template.clear()
    return job


async def test_a_blend_that_failed_is_blended_again_with_the_same_pictures_in_its_pool(
    world: Harness,
) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    fox, owl = AFile(data=b"a fox"), AFile(data=b"an owl")
    failed = await _failed(
        world,
        await world.services.blending.begin(world.asker(), [fox, owl], shape=Shape.PORTRAIT, pool=Pool.FAST),
    )

    again = await world.ended((await world.services.blending.again(world.asker(), failed)).job)

    first, second = world.upstream.tasks
    assert (again.state, again.pool, again.shape) == (JobState.SUCCEEDED, Pool.FAST, Shape.PORTRAIT)
    assert (second.images, second.dimensions) == (first.images, first.dimensions)


async def test_a_description_that_failed_is_asked_for_again(world: Harness) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    failed = await _failed(
        world, await world.services.describing.begin(world.asker(), AFile(), pool=Pool.FAST)
    )
    world.upstream.template.update(description="1. a fox", actions=(), picture=False)
    viewer = Viewer(user_id=failed.user_id, guild_id=GUILD, manages=False)

    again = await world.services.describing.again(world.asker(), viewer, failed.key)

    assert (await world.ended(again.job)).state is JobState.SUCCEEDED


async def test_a_prompt_that_came_to_nothing_is_sent_again_with_its_pictures(world: Harness) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    options = PromptOptions(prompt="in the snow")
    failed = await _failed(
        world, await world.services.imagine.begin(world.asker(), options, Pool.FAST, given=[AFile()])
    )

    again = await world.ended((await world.services.imagine.again(world.asker(), failed)).job)

    assert (again.state, again.inputs, again.pool) == (JobState.SUCCEEDED, 1, Pool.FAST)
    first, second = (task.prompt for task in world.upstream.tasks)
    assert second.endswith(" in the snow")
    assert first.endswith(" in the snow")


async def test_what_came_to_nothing_is_tried_again_once_at_a_time_however_often_that_is_pressed(
    world: Harness,
) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    blended = await world.services.blending.begin(
        world.asker(), [AFile(), AFile()], shape=Shape.SQUARE, pool=Pool.FAST
    )
    prompt = await world.ended(await world.imagine())
    blend = await _failed(world, blended)
    paid = len(world.upstream.tasks)

    for again, failed in (
        (world.services.imagine.again, prompt),
        (world.services.blending.again, blend),
    ):
        first, second = await asyncio.gather(again(world.asker(), failed), again(world.asker(user=2), failed))
        await world.ended(first.job)
        third = await again(world.asker(), failed)

        assert first.job.key == second.job.key != third.job.key
        assert {first.fresh, second.fresh} == {True, False}
        assert third.fresh
    await world.pass_time(60)
    assert len(world.upstream.tasks) == paid + 4


async def test_what_is_not_kept_any_more_is_said_and_nothing_is_begun(world: Harness) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    blended = await _failed(
        world,
        await world.services.blending.begin(
            world.asker(), [AFile(), AFile()], shape=Shape.SQUARE, pool=Pool.FAST
        ),
    )
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    options = PromptOptions(prompt="in the snow")
    prompted = await _failed(
        world, await world.services.imagine.begin(world.asker(), options, Pool.FAST, given=[AFile()])
    )
    for job in (blended, prompted):
        await world.forget_inputs(job)
    paid = len(world.upstream.tasks)

    for job, begin, said in (
        (blended, world.services.blending.again, "again.pictures_gone"),
        (prompted, world.services.imagine.again, "again.prompt_pictures_gone"),
    ):
        with pytest.raises(UserError) as refused:
            await begin(world.asker(), job)
        assert refused.value.text.id == said
    await world.pass_time(30)
    assert len(world.upstream.tasks) == paid
