"""The buttons under a description: Imagine 1 to 4 open a modal, Imagine all and Describe again begin at once.
Never here: what a description says, and rules for prompts, pools and allowances."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.errors import UserError
from bot.services.admission.authorization import Operation
from bot.services.intake.describe import proposed
from bot.texts import Text, listed, text
from bot.ui.card.description import DESCRIBE_AGAIN, IDEA_WORDS, IMAGINE_ALL
from bot.ui.card.press import reply_running
from bot.ui.imagine.edited import begin_edited
from bot.ui.imagine.follow_ups import FollowUps
from bot.ui.imagine.prompt_field import prompt_field
from bot.ui.kit.controls import MODALS, component, form, modal
from bot.ui.kit.custom_ids import KEY

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.services.intake.describe import IdeasStarted
    from bot.ui.kit.context import Context

READ_S: Final = 2.0
"""A modal must be the first answer, so the row is read before it; the answer itself needs the rest of three seconds."""


async def open_idea(number: int, context: Context, key: JobKey) -> None:
    """Show one of the prompts to be edited."""
    try:
        async with asyncio.timeout(READ_S):
            job, idea = await context.services.describing.idea(context.viewer, key, number)
    except TimeoutError:
        raise UserError(text("describe.slow")) from None
    hint = text("describe.window_pool", pool=text(f"pool.{job.pool.value}"))
    custom_id = MODALS[IDEA_WORDS[number]].id(key)
    field = (text("remix.prompt"), prompt_field(idea), hint)
    await context.open(form(context.localize, custom_id, text("describe.window", n=number + 1), field))


async def imagine_idea(context: Context, key: JobKey) -> None:
    """Begin a chain with the prompt as it was edited."""

    async def begin(asker: Asker, _job: Job, prompt: str) -> None:
        await context.services.describing.imagine(asker, context.viewer, key, prompt)

    await begin_edited(context, key, Operation.IDEA, begin, proposed=proposed)


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
    await context.reply(_summary(started))


def _summary(started: IdeasStarted) -> Text:
    """How many began, how many run already, and why the others did not."""
    lines: list[Text] = []
    if started.begun:
        lines.append(text("describe.all_begun", n=len(started.begun)))
    if started.running:
        lines.append(text("describe.all_running", n=len(started.running)))
    reasons: list[Text] = []
    for _, why in started.refused:
        reasons += [] if why in reasons else [why]
    for why in reasons:
        numbers = [text("describe.number", n=number) for number, reason in started.refused if reason == why]
        lines.append(text("describe.all_refused", n=len(numbers), numbers=listed(numbers), why=why))
    said, *more = lines
    for line in more:
        said = text("describe.lines", first=said, second=line)
    return said
