"""What jobs take along reaches upstream once, as itself: pictures to blend, to describe, to start from, and masks.
Never here: how members choose them."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.failures import FailureKind
from bot.domain.inputs import INPUT_LIFE_MS, UPLOAD_LIFE_MS, Input, InputRole, Shape
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.admission.terms import Request
from tests.services.harness import Harness

if TYPE_CHECKING:
    from collections.abc import Sequence

FOX = Input(b"a fox", "image/png", "fox.png", source_url="https://cdn.example/fox.png?ex=1")
OWL = Input(b"an owl", "image/webp", "owl.webp")
MASK = Input(b"black and white", "image/png", "mask.png", role=InputRole.MASK)


async def sent(world: Harness, job: Job, inputs: Sequence[Input]) -> Job:
    """A job that takes something along, by the same way in as every other."""
    asker = world.asker()
    fresh = replace(job, interaction_id=asker.interaction_id, reply=asker.reply)
    request = Request(pool=fresh.pool, charge=Charge.IMAGINE)
    return (await world.services.intake.enqueue(asker, fresh, request, inputs)).job


async def a_job(world: Harness, kind: JobKind, **changes: object) -> Job:
    """A job as a command would make it."""
    now, n = world.clock.now(), len(await world.all_jobs())
    key = world.names.key()
    job = Job(
        key=key,
        kind=kind,
        root=key,
        pool=Pool.FAST,
        prompt="",
        account="default",
        home=world.asker().reply.guild_id,
        user_id=1,
        user_name="user1",
        locale="en-US",
        interaction_id=n,
        reply=world.asker().reply,
        created_at=now,
        changed_at=now,
        due_at=now,
        webhook_token=world.names.token(),
    )
    return replace(job, **changes)  # type: ignore[arg-type]  # a test's own words


async def test_a_blend_sends_every_picture_as_what_it_is_with_its_shape(world: Harness) -> None:
    blend = await a_job(world, JobKind.BLEND, shape=Shape.PORTRAIT)

    done = await world.ended(await sent(world, blend, [FOX, OWL]))

    task = world.upstream.task(done.task_id)
    assert (task.action, task.dimensions, task.pool) == ("BLEND", Shape.PORTRAIT, Pool.FAST)
    assert [one.partition(",")[0] for one in task.images] == [
        "data:image/png;base64",
        "data:image/webp;base64",
    ]
    assert [b64decode(one.partition(",")[2]) for one in task.images] == [FOX.data, OWL.data]
    assert (done.inputs, done.shape) == (2, Shape.PORTRAIT)


async def test_a_description_is_asked_for_one_picture(world: Harness) -> None:
    done = await world.ended(await sent(world, await a_job(world, JobKind.DESCRIBE), [OWL]))

    task = world.upstream.task(done.task_id)
    assert (task.action, task.images) == ("DESCRIBE", (OWL.data_url,))


async def test_a_prompt_s_pictures_are_uploaded_and_stand_at_its_head(world: Harness) -> None:
    imagine = await a_job(world, JobKind.IMAGINE, prompt="in the snow --iw 1.5")

    done = await world.ended(await sent(world, imagine, [FOX, OWL]))

    assert [left[:3] for left in world.upstream.left] == [
        (b"a fox", "fox.png", "image/png"),
        (b"an owl", "owl.webp", "image/webp"),
    ]
    assert all(left[3] - done.created_at >= UPLOAD_LIFE_MS for left in world.upstream.left)
    assert (
        world.upstream.task(done.task_id).prompt
        == "https://store.example/1 https://store.example/2 in the snow --iw 1.5"
    )
    assert done.prompt == "in the snow --iw 1.5"


async def test_a_picture_that_cannot_be_uploaded_is_fetched_from_where_its_member_put_it(
    world: Harness,
) -> None:
    world.upstream.on_leave.append(RemoteError(RemoteFault.KEY, "no file permission"))

    done = await world.ended(
        await sent(world, await a_job(world, JobKind.IMAGINE, prompt="in the snow"), [FOX])
    )

    assert world.upstream.task(done.task_id).prompt == f"{FOX.source_url} in the snow"


async def test_a_link_of_discords_that_has_expired_is_not_sent_and_the_card_says_what_to_do(
    world: Harness,
) -> None:
    world.upstream.on_leave += [RemoteError(RemoteFault.REFUSED, "no uploads")] * 2
    ended = world.clock.now() // 1000 - 60
    gone, good = (
        replace(FOX, source_url=f"https://cdn.discordapp.com/attachments/1/2/fox.png?ex={at:x}&is=1&hm=2")
        for at in (ended, ended + 3600)
    )

    first = await world.ended(await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [gone]))
    second = await world.ended(await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [good]))

    assert first.failure is not None
    assert (first.failure.kind, first.refund_due) == (FailureKind.NO_ADDRESS, True)
    assert [task.prompt for task in world.upstream.tasks] == [f"{good.source_url} snow"]
    assert second.state is JobState.SUCCEEDED


async def test_without_any_address_for_a_picture_the_job_fails_and_nothing_is_paid(world: Harness) -> None:
    world.upstream.on_leave.append(RemoteError(RemoteFault.KEY, "no file permission"))

    done = await world.ended(await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [OWL]))

    assert done.failure is not None
    assert done.failure.kind is FailureKind.KEY
    assert world.upstream.tasks == []


async def test_an_upload_that_may_have_arrived_is_simply_repeated(world: Harness) -> None:
    world.upstream.on_leave.append(RemoteError(RemoteFault.UNCLEAR, "no answer"))

    done = await world.ended(await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [OWL]))

    assert done.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_an_address_is_used_again_while_it_is_good_and_renewed_before_it_ends(world: Harness) -> None:
    hour, now = 3_600_000, world.clock.now()
    good = replace(OWL, address="https://store.example/good", address_until=now + 2 * hour)
    ending = replace(FOX, address="https://store.example/ending", address_until=now + hour)

    done = await world.ended(
        await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [good, ending])
    )

    assert (
        world.upstream.task(done.task_id).prompt == "https://store.example/good https://store.example/1 snow"
    )


async def test_a_mask_goes_along_with_the_press(world: Harness) -> None:
    grid = await world.finished_grid()
    press = await world.ended((await world.press(grid)).job)
    assert press.press is not None
    repaint = await a_job(
        world, JobKind.ACTION, press=replace(press.press, position=6), root=grid.key, pool=grid.pool
    )

    done = await world.ended(await sent(world, repaint, [MASK]))

    assert world.upstream.task(done.task_id).mask == MASK.data_url
    assert world.upstream.task(press.task_id).mask is None


async def test_pictures_that_are_gone_fail_their_job_visibly(world: Harness) -> None:
    later = world.clock.now() + 60_000
    waiting = await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow", due_at=later), [OWL, FOX])
    await world.forget_inputs(waiting)

    done = await world.ended(waiting)

    assert done.failure is not None
    assert done.failure.kind is FailureKind.UNKNOWN
    assert (world.upstream.tasks, world.upstream.left) == ([], [])


async def test_while_the_database_cannot_be_read_nothing_is_sent_and_nothing_is_lost(world: Harness) -> None:
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"inputs", "address_inputs"}
    blend = await sent(world, await a_job(world, JobKind.BLEND), [FOX, OWL])
    prompt = await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [OWL])
    await world.pass_time(30)
    assert world.upstream.tasks == []
    world.store.trouble_for = {"address_inputs"}
    await world.ended(blend)
    assert [task.action for task in world.upstream.tasks] == ["BLEND"]
    world.store.trouble = None

    assert (await world.ended(prompt)).state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 2


async def test_a_blend_without_a_shape_is_square_and_a_description_of_nothing_is_refused(
    world: Harness,
) -> None:
    blend = await world.ended(await sent(world, await a_job(world, JobKind.BLEND), [FOX, OWL]))
    nothing = await world.ended(await sent(world, await a_job(world, JobKind.DESCRIBE), []))

    assert world.upstream.task(blend.task_id).dimensions is Shape.SQUARE
    assert nothing.state is JobState.FAILED
    assert len(world.upstream.tasks) == 1


# -- when the answer is lost -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [JobKind.BLEND, JobKind.DESCRIBE, JobKind.IMAGINE])
async def test_a_lost_answer_is_found_again_and_paid_once(world: Harness, kind: JobKind) -> None:
    world.upstream.swallow = 1
    images = [FOX, OWL] if kind is JobKind.BLEND else [FOX]

    done = await world.ended(await sent(world, await a_job(world, kind, prompt="snow"), images))

    assert done.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_two_unclear_blends_are_not_guessed_apart(world: Harness) -> None:
    world.upstream.swallow = 2
    first = await sent(world, await a_job(world, JobKind.BLEND), [FOX, OWL])
    second = await sent(world, await a_job(world, JobKind.BLEND), [OWL, FOX])

    ended = [await world.ended(first), await world.ended(second)]

    assert [job.failure and job.failure.kind for job in ended] == [FailureKind.LOST] * 2
    assert len(world.upstream.tasks) == 2


async def test_who_died_before_the_pictures_had_addresses_has_sent_nothing_and_sends_once(
    world: Harness,
) -> None:
    world.effects.die_at("POST upload ⟩")
    job = await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [OWL])
    await world.pass_time(5)
    assert world.died
    await world.reboot(after_ms=60_000)

    done = await world.ended(job)

    assert done.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_what_was_cancelled_before_its_pictures_had_addresses_is_not_sent_after_a_death(
    world: Harness,
) -> None:
    world.effects.die_at("POST upload ⟩")
    job = await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [OWL])
    await world.pass_time(5)
    assert world.died
    await world.reboot()
    await world.store.cancel(job.key, world.clock.now())

    done = await world.ended(job)

    assert (done.state, world.upstream.tasks) == (JobState.CANCELLED, [])
    assert (job.key, "refund") in await world.ledger()


async def test_who_was_taken_for_dead_while_a_picture_was_uploaded_sends_nothing_any_more(
    world: Harness,
) -> None:
    api = world.services.worker.accounts.fixed["default"]
    leave = api.upload_input

    async def hang(data: bytes, **more: Any) -> str:
        await world.clock.pause(60)
        return await leave(data, **more)

    api.upload_input = hang  # type: ignore[method-assign]  # of this process alone
    job = await sent(world, await a_job(world, JobKind.IMAGINE, prompt="snow"), [OWL])
    await world.pass_time(1)
    world.store.trouble, world.store.trouble_for = StorageTrouble("no route"), {"renew", "claim"}
    heir = Harness.__new__(Harness)
    heir.__dict__.update(world.__dict__)
    heir.owner, heir._run, heir._storage = "heir", None, None
    await heir.boot()
    await world.pass_time(55)
    world.store.trouble = None

    done = await world.ended(job)
    await world.pass_time(60)
    await heir.close_run()

    assert done.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


# -- how long they are kept --------------------------------------------------------------------------------


async def test_what_went_along_is_kept_for_a_week_after_its_job_has_ended(world: Harness) -> None:
    done = await world.ended(await sent(world, await a_job(world, JobKind.DESCRIBE), [FOX]))
    await world.services.housekeeping.tidy()
    assert await world.store.inputs(done.key) == [FOX]

    world.clock.move_to((done.finished_at or 0) + INPUT_LIFE_MS + 1)
    await world.services.housekeeping.tidy()

    assert await world.store.inputs(done.key) == []


def test_nobody_reads_a_picture_in_a_log() -> None:
    assert "a fox" not in repr(FOX)
