"""Vary (Region) through the services: who may open it, what is sent upstream, and what is refused at no cost.
Never here: how masks are drawn and read (the real adapter does), and buttons."""

from __future__ import annotations

import io
from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from bot.domain.intake.masks import EVERY, Cells
from bot.domain.intake.window_words import WindowWords
from bot.domain.jobs import JobState
from bot.domain.pools import Allowance, Pool
from bot.domain.ports import Picture
from bot.domain.prices import Charge
from bot.domain.servers.access import PressPermission
from bot.domain.tasks import RemoteAction, TaskStatus
from bot.errors import RemoteError, RemoteFault, RetryLater, RouteClosed, UserError
from bot.services.intake.press import Pressed, PressOutcome
from bot.services.intake.region import KEPT_MS, MOST_KEPT, Regions
from tests.services.harness import GUILD, UUID, Harness
from tests.services.server_harness import ADA, set_rule

if TYPE_CHECKING:
    from bot.domain.intake.masks import Box
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker

SIZE = (37, 101)
REGION = RemoteAction(f"MJ::Inpaint::1::{UUID}::SOLO", "Vary (Region)", "🖌️")
SUBTLE = RemoteAction(f"MJ::JOB::low_variation::1::{UUID}::SOLO", "Vary (Subtle)", "🪄")
CORNER = Cells(1)


def drawn(size: tuple[int, int] = SIZE, colour: str = "black", chosen: Box | None = None) -> bytes:
    """A picture, or a mask with a white box."""
    image = Image.new("RGB", size, colour)
    if chosen is not None:
        image.paste("white", chosen)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


async def single(world: Harness, **kwargs: Any) -> Job:
    """A finished picture with Vary (Region) at position 1."""
    world.painted = Picture(drawn(colour="teal"), "fox.png", "image/png", *SIZE)
    world.upstream.template["actions"] = (SUBTLE, REGION)
    return await world.finished_grid(**kwargs)


async def repaint(
    world: Harness, job: Job, mask: bytes | Cells = CORNER, *, asker: Asker | None = None, position: int = 1
) -> Pressed:
    regions: Regions = world.services.regions
    asker = asker or world.asker()
    if isinstance(mask, bytes):
        return await regions.repaint(asker, job.key, position, mask, channel_id=5, message_id=6)
    ready = await regions.prepare(asker, job.key, position, mask)
    if isinstance(ready, Pressed):
        return ready
    return await regions.begin(asker, ready, channel_id=5, message_id=6)


async def refusal(world: Harness, job: Job, mask: bytes | Cells = CORNER, **kwargs: Any) -> str:
    """Why it is not repainted; nothing was sent, and nothing charged."""
    before = (len(world.upstream.tasks), await world.ledger())
    with pytest.raises(UserError) as refused:
        await repaint(world, job, mask, **kwargs)
    await world.calm()
    assert (len(world.upstream.tasks), await world.ledger()) == before
    return refused.value.text.id


async def closed(world: Harness, job: Job, *, asker: Asker | None = None, position: int = 1) -> str:
    """Why it is not even opened."""
    with pytest.raises(UserError) as refused:
        await world.services.regions.open(asker or world.asker(), job.key, position)
    return refused.value.text.id


async def test_chosen_cells_become_one_action_of_the_chain_with_their_mask(world: Harness) -> None:
    job = await single(world, pool=Pool.FAST)

    pressed = await repaint(world, job)
    child = await world.ended(pressed.job)

    task = world.upstream.task(child.task_id)
    assert (task.action, task.pool, task.parent, task.custom_id) == (
        "ACTION",
        Pool.FAST,
        job.task_id,
        REGION.custom_id,
    )
    head, _, coded = (task.mask or "").partition(",")
    mask = Image.open(io.BytesIO(b64decode(coded)))
    assert (head, mask.format, mask.mode, mask.size) == ("data:image/png;base64", "PNG", "RGB", SIZE)
    assert mask.convert("1").getbbox() == (0, 0, SIZE[0] // 4, SIZE[1] // 4)
    assert (child.root, child.prompt, child.inputs, child.notes) == (job.root, job.prompt, 1, ())
    assert child.press is not None
    assert (child.press.label, child.press.message_id) == ("Vary (Region)", 6)
    assert len(world.upstream.tasks) == 2


async def test_a_drawn_mask_of_another_size_is_sent_in_the_right_one_with_a_note(world: Harness) -> None:
    job = await single(world)

    child = await world.ended((await repaint(world, job, drawn((74, 202), chosen=(0, 0, 37, 202)))).job)

    coded = (world.upstream.task(child.task_id).mask or "").partition(",")[2]
    assert Image.open(io.BytesIO(b64decode(coded))).size == SIZE
    assert child.notes == ("note.mask_resized",)


async def test_a_press_from_a_private_window_leads_to_the_card_of_the_picture(world: Harness) -> None:
    job = await single(world)

    pressed = await world.services.regions.repaint(
        world.asker(), job.key, 1, drawn(chosen=(0, 0, 9, 9)), channel_id=0, message_id=0
    )

    assert pressed.job.press is not None
    assert (pressed.job.press.channel_id, pressed.job.press.message_id) == (
        job.reply.channel_id,
        job.reply.message_id,
    )


async def test_one_region_at_a_time_and_another_once_it_has_ended(world: Harness) -> None:
    job = await single(world)

    first = await repaint(world, job)
    second = await repaint(world, job, Cells(2))
    drawn_too = await repaint(world, job, drawn(chosen=(0, 0, 9, 9)))
    assert await closed(world, job) == "region.running"
    await world.ended(first.job)
    third = await repaint(world, job, Cells(2))

    assert [one.outcome for one in (first, second, drawn_too, third)] == [
        PressOutcome.STARTED,
        PressOutcome.RUNNING,
        PressOutcome.RUNNING,
        PressOutcome.STARTED,
    ]
    assert first.job.key == second.job.key == drawn_too.job.key
    assert (await world.ended(third.job)).state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 3


async def test_a_refused_region_can_be_painted_again(world: Harness) -> None:
    job = await single(world)
    world.upstream.refusals.append(RemoteError(RemoteFault.REFUSED, "no"))
    failed = await world.ended((await repaint(world, job)).job)

    again = await repaint(world, job)

    assert (failed.state, again.outcome) == (JobState.FAILED, PressOutcome.STARTED)


async def test_a_region_that_failed_is_repainted_again_with_its_own_mask(world: Harness) -> None:
    grid = await single(world)
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    failed = await world.ended((await repaint(world, grid)).job)
    assert failed.state is JobState.FAILED
    assert failed.press is not None
    world.upstream.template.update(ends=TaskStatus.SUCCESS, reason=None)

    again = await world.services.regions.again(world.asker(), failed, failed.press)
    twice = await world.services.regions.again(world.asker(), failed, failed.press)

    assert (again.outcome, twice.outcome) == (PressOutcome.STARTED, PressOutcome.RUNNING)
    assert (await world.ended(again.job)).state is JobState.SUCCEEDED
    first, second = [task for task in world.upstream.tasks if task.mask is not None]
    assert (second.mask, second.custom_id, second.parent) == (first.mask, first.custom_id, first.parent)


async def test_a_mask_that_is_not_kept_any_more_is_said_and_costs_nothing(world: Harness) -> None:
    grid = await single(world)
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    failed = await world.ended((await repaint(world, grid)).job)
    await world.forget_inputs(failed)
    paid = len(world.upstream.tasks)

    assert failed.press is not None
    with pytest.raises(UserError) as refused:
        await world.services.regions.again(world.asker(), failed, failed.press)

    assert refused.value.text.id == "again.mask_gone"
    await world.calm()
    assert len(world.upstream.tasks) == paid


async def test_opening_brings_the_picture_once_and_charges_nothing(world: Harness) -> None:
    job = await single(world)
    before = (len(world.fetches), await world.ledger())
    asker = world.asker(user=7)

    draft = await world.services.regions.open(asker, job.key, 1)
    again = await world.services.regions.draft(asker, job.key, 1)
    preview = await world.services.regions.preview(draft, CORNER)

    assert (draft.width, draft.height, draft.job.key, draft.position) == (*SIZE, job.key, 1)
    assert again is draft
    assert Image.open(io.BytesIO(preview)).format == "JPEG"
    assert (len(world.fetches), await world.ledger()) == (before[0] + 1, before[1])


async def test_a_small_copy_is_forgotten_when_nobody_looks_at_it(world: Harness) -> None:
    job = await single(world)
    regions, asker = world.services.regions, world.asker()
    await regions.open(asker, job.key, 1)

    world.clock.move_to(world.clock.now() + KEPT_MS - 1)
    assert await regions.cached_draft(asker, job.key, 1) is not None
    world.clock.move_to(world.clock.now() + KEPT_MS - 1)
    assert await regions.cached_draft(asker, job.key, 1) is not None
    world.clock.move_to(world.clock.now() + KEPT_MS + 1)
    assert await regions.cached_draft(asker, job.key, 1) is None
    assert (await regions.draft(asker, job.key, 1)).job.key == job.key


@pytest.mark.parametrize("act", ["remove", "erase"])
async def test_a_small_copy_of_what_was_taken_away_is_shown_no_more(world: Harness, act: str) -> None:
    job = await single(world)
    regions, asker, moderation = world.services.regions, world.asker(user=7), world.services.moderation
    await regions.open(asker, job.key, 1)
    world.picture_trouble = RouteClosed(
        "nothing_stored"
    )  # as the real adapter says of a job without addresses

    if act == "remove":
        await moderation.remove(GUILD, ADA, job.key)
    else:
        await moderation.erase(GUILD, ADA, job.user_id)

    assert await regions.cached_draft(asker, job.key, 1) is None
    with pytest.raises(UserError) as refused:
        await regions.draft(asker, job.key, 1)
    assert refused.value.text.id in {"press.no_such_button", "region.picture_gone"}
    assert await refusal(world, job) == refused.value.text.id


async def test_only_so_many_small_copies_are_kept(world: Harness) -> None:
    job = await single(world)
    world.upstream.template["actions"] = (REGION,) * (MOST_KEPT + 1)
    many = await world.finished_grid()
    regions, asker = world.services.regions, world.asker()
    await regions.open(asker, job.key, 1)

    for position in range(MOST_KEPT):
        await regions.draft(asker, many.key, position)

    assert await regions.cached_draft(asker, job.key, 1) is None
    assert await regions.cached_draft(asker, many.key, 0) is not None


async def test_a_picker_survives_a_restart_of_the_bot(world: Harness) -> None:
    job = await single(world)
    await world.services.regions.open(world.asker(), job.key, 1)
    await world.reboot(after_ms=60_000)

    child = await world.ended((await repaint(world, job)).job)

    assert child.state is JobState.SUCCEEDED


@pytest.mark.parametrize("cells", [Cells(), Cells(EVERY)])
async def test_nothing_and_everything_are_refused(world: Harness, cells: Cells) -> None:
    job = await single(world)

    assert await refusal(world, job, cells) == ("mask.all_white" if cells else "mask.no_white")


@pytest.mark.parametrize(
    ("mask", "reason"),
    [(b"", "mask.empty"), (b"hello", "mask.not_a_picture"), (drawn(), "mask.no_white")],
    ids=["empty", "no picture", "black"],
)
async def test_a_bad_mask_is_refused_at_no_cost(world: Harness, mask: bytes, reason: str) -> None:
    job = await single(world)

    assert await refusal(world, job, mask) == reason


@pytest.mark.parametrize("position", [0, 2, -1])
async def test_only_the_button_that_asks_for_a_region_takes_one(world: Harness, position: int) -> None:
    job = await single(world)

    assert await refusal(world, job, position=position) == "press.no_such_button"
    assert await closed(world, job, position=position) == "press.no_such_button"


async def test_a_job_of_another_server_is_unknown_here(world: Harness) -> None:
    job = await single(world)
    await world.services.regions.open(world.asker(), job.key, 1)
    here = world.asker()
    elsewhere = replace(here, reply=replace(here.reply, guild_id=GUILD + 1))

    assert await refusal(world, job, asker=elsewhere) == "jobs.unknown"
    assert await closed(world, job, asker=elsewhere) == "jobs.unknown"
    assert await world.services.regions.cached_draft(elsewhere, job.key, 1) is None


async def test_a_job_that_nobody_knows_is_refused(world: Harness) -> None:
    job = await single(world)

    assert await refusal(world, replace(job, key=world.names.key())) == "press.unknown"


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(RouteClosed("http_404"), "region.picture_gone"), (RetryLater("timed_out"), "region.picture_later")],
)
async def test_a_picture_that_cannot_be_had_is_told(world: Harness, trouble: Exception, reason: str) -> None:
    job = await single(world)
    world.picture_trouble = trouble

    assert await closed(world, job) == reason
    assert await refusal(world, job) == reason


async def test_what_is_no_still_picture_has_no_regions(world: Harness) -> None:
    job = await single(world)
    world.painted = Picture(b"\0\0\0\x18ftypisom", "fox.mp4", "video/mp4", *SIZE)

    assert await closed(world, job) == "region.no_still"


async def test_a_pool_that_was_switched_off_is_told_before_cells_are_chosen(world: Harness) -> None:
    job = await single(world, pool=Pool.FAST)
    del world.rules[Pool.FAST]

    assert await closed(world, job) == "refused.pool_off_chain"
    assert await refusal(world, job) == "refused.pool_off_chain"


async def test_the_presser_pays(world: Harness) -> None:
    job = await single(world)
    world.rules[Pool.NORMAL] = Allowance(1, None, None)
    await world.ended(await world.imagine(user=8))

    assert await refusal(world, job, asker=world.asker(user=8)) == "refused.per_day"
    assert (await repaint(world, job, asker=world.asker(user=9))).job.user_id == 9


async def test_without_a_page_to_draw_on_there_is_no_link(world: Harness) -> None:
    job = await single(world)

    assert await world.services.regions.editor_link(world.asker(), job.key, 1) is None


async def test_the_link_of_a_page_is_the_pages_own(world: Harness) -> None:
    async def editor(asker: Asker, key: JobKey, position: int) -> str | None:
        return f"https://easel.example/{asker.user_id}/{key}/{position}"

    job = await single(world)
    world.editor_link = editor
    await world.reboot()

    link = await world.services.regions.editor_link(world.asker(user=3), job.key, 1)

    assert link == f"https://easel.example/3/{job.key}/1"


async def test_a_picture_in_direct_messages_is_repainted_there(world: Harness) -> None:
    world.upstream.template["actions"] = (SUBTLE, REGION)
    world.painted = Picture(drawn(), "fox.png", "image/png", *SIZE)
    here = world.asker()
    alone = replace(here, reply=replace(here.reply, guild_id=None))
    job = await world.ended(await world.imagine(asker=here))
    again = replace(alone, interaction_id=alone.interaction_id + 1000)

    assert (await world.services.regions.open(again, job.key, 1)).width == SIZE[0]
    begun = await repaint(world, job, asker=again)
    assert begun.outcome is PressOutcome.STARTED
    assert (begun.job.home, begun.job.reply.guild_id) == (GUILD, None)


async def test_whoever_may_not_press_is_told_before_squares_are_chosen(world: Harness) -> None:
    job = await single(world)
    await world.services.guilds.set_values(GUILD, ADA, "press", {"who": PressPermission.REQUESTER})

    assert await closed(world, job, asker=world.asker(user=2)) == "refused.press_requester"
    assert await refusal(world, job, asker=world.asker(user=2)) == "refused.press_requester"
    assert (await repaint(world, job, asker=world.asker(user=1))).outcome is PressOutcome.STARTED


async def test_where_regions_are_switched_off_none_is_opened(world: Harness) -> None:
    job = await single(world)
    await world.services.prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.VARY_REGION, allowed=False)

    assert (await closed(world, job)).startswith("refused.kind")


async def test_looking_uses_up_no_hint_that_an_allowance_is_nearly_used(world: Harness) -> None:
    job = await single(world)
    await set_rule(
        world.services.guilds, GUILD, ADA, Pool.NORMAL, GUILD, per_day=2, running=None, waiting=None
    )

    await world.services.regions.open(world.asker(), job.key, 1)
    pressed = await repaint(world, job)

    assert pressed.job.notes == ("note.nearly_used_NORMAL",)


async def test_the_region_button_is_nothing_to_press_alone(world: Harness) -> None:
    job = await single(world)

    with pytest.raises(UserError) as refused:
        await world.services.presses.press(world.asker(), job.key, 1, channel_id=5, message_id=6)

    assert refused.value.text.id == "press.foreign"
    assert len(await world.all_jobs()) == 1


async def test_an_account_that_takes_no_words_for_a_region_offers_and_takes_none(world: Harness) -> None:
    job = await single(world)
    regions: Regions = world.services.regions

    assert await regions.words(world.asker(), job.key, 1) is None
    with pytest.raises(UserError) as refused:
        await regions.prepare(world.asker(), job.key, 1, CORNER, words=WindowWords(prompt="an owl"))
    assert refused.value.text.id == "region.no_words"


async def test_a_region_that_had_words_is_not_repainted_without_them_where_none_are_taken_any_more(
    world: Harness,
) -> None:
    grid = await single(world)
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="internal error")
    failed = await world.ended((await repaint(world, grid)).job)
    assert failed.press is not None
    had_words = replace(failed, prompt="an owl")  # its account took them then

    with pytest.raises(UserError) as refused:
        await world.services.regions.again(world.asker(), had_words, failed.press)

    assert refused.value.text.id == "region.no_words"
    assert len(await world.all_jobs()) == 2


async def test_a_region_that_is_being_repainted_leads_to_its_job(world: Harness) -> None:
    job = await single(world)
    world.upstream.template["seconds"] = 600
    running = await repaint(world, job)

    again = await repaint(world, job, Cells(2))

    assert (again.outcome, again.job.key) == (PressOutcome.RUNNING, running.job.key)
    assert await closed(world, job) == "region.running"
