"""The buttons under a description: Imagine 1 to 4 open a modal, Imagine all and Describe again begin at once.
Never here: what a description says, and rules for prompts, pools and allowances."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot.services.intake.describe import proposed
from bot.texts import text
from bot.ui.card.description import DESCRIBE_AGAIN, IDEA_WORDS, IMAGINE_ALL
from bot.ui.card.press import reply_running
from bot.ui.imagine.edited import begin_edited
from bot.ui.imagine.follow_ups import FollowUps
from bot.ui.imagine.prompt_field import prompt_field
from bot.ui.imagine.several import started_summary
from bot.ui.kit.controls import MODALS, component, form, modal
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.deadline import read_first

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.ui.kit.context import Context


async def open_idea(number: int, context: Context, key: JobKey) -> None:
    """Show one of the prompts to be edited."""
    reading = context.services.describing.idea(context.viewer, key, number)
    job, idea = await read_first(context, reading, text("describe.slow"))
    hint = text("describe.window_pool", pool=text(f"pool.{job.pool.value}"))
    custom_id = MODALS[IDEA_WORDS[number]].id(key)
    field = (text("remix.prompt"), prompt_field(idea), hint)
    await context.open(form(context.localize, custom_id, text("describe.window", n=number + 1), field))


async def imagine_idea(context: Context, key: JobKey) -> None:
    """Begin a chain with the prompt as it was edited."""

    async def begin(asker: Asker, ancestor: Job, prompt: str, *, sets: tuple[tuple[str, str], ...]) -> None:
        await context.services.describing.imagine(asker, context.viewer, ancestor.key, prompt, sets=sets)

    await begin_edited(context, key, begin, proposed=proposed)


for _number, _word in enumerate(IDEA_WORDS):
    component(_word, KEY)(partial(open_idea, _number))
    modal(_word, KEY)(imagine_idea)


@component(DESCRIBE_AGAIN[0], KEY)
async def describe_again(context: Context, key: JobKey) -> None:
    """Describe the same picture once more."""
    asker = await context.defer_public()
    await reply_running(context, asker, await context.services.describing.again(asker, context.viewer, key))


# -- all at once -------------------------------------------------------------------------------------------


@component(IMAGINE_ALL[0], KEY)
async def imagine_all(context: Context, key: JobKey) -> None:
    """Begin a chain with each prompt, and say what came of it."""
    context.check_permissions()
    await context.defer_update()
    describing = context.services.describing
    started = await describing.imagine_all(context.viewer, key, FollowUps(context))
    await context.reply(
        started_summary(begun=len(started.begun), running=len(started.running), refused=started.refused)
    )
