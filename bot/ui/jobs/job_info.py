"""Info: everything there is to know of one job, for one person, with a prompt that can be copied as it is.
Never here: reading jobs."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.intake.prompts import parameters_of
from bot.domain.pool_speeds import other_speed, pool_at
from bot.domain.pools import Pool
from bot.services.history.upstream_requests import known_seed
from bot.texts import Localize, Text, text
from bot.ui.card.titles import press_name, title_of
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import fenced, plain, quoted, units
from bot.ui.kit.links import card_link, source_link
from bot.ui.pools.wording import cost, spent_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.history.jobs import Relatives
    from bot.ui.kit.context import Context


BLOCK_LIMIT: Final = 1_500
"""A longer prompt comes as a file: cut, it could not be copied."""
TEXTS_LIMIT: Final = 3_990
"""All texts of a message have 4,000 characters; of a large family as many are named as find room."""
PARAMETERS_LIMIT: Final = 400
PARAMETER_LIMIT: Final = 100
ACUTE: Final = "\u00b4"
"""Stands for a backtick, which would end a span of code."""
CHILDREN: Final = 10
LABEL_LIMIT: Final = 40
FILE: Final = "prompt.txt"

TYPED_LIMIT: Final = 700


async def show_info(context: Context, key: JobKey) -> None:
    """Put all there is to know of a job into a private answer."""
    family = await context.services.jobs.family(context.viewer, key)
    costs = context.services.costs
    spent = spent_words(await costs.of_job(key), costs.money)
    server, seed = context.services.upstream_requests, known_seed(family.job)
    tells = await server.provides_seed(family.job)
    asks = tells and seed is None
    said = text("info.seed", seed=seed) if tells and seed is not None else None
    draw = partial(info_view, family, context.localize, spent=spent)
    view, files = draw(seed=text("info.seed_asked") if asks else said)
    await context.show(view, files=files)
    if asks:
        # It takes the server up to a minute: the rest is shown meanwhile.
        seed = await server.seed(family.job)
        said = text("info.no_seed") if seed is None else text("info.seed", seed=seed)
        view, files = draw(seed=said)
        await context.show(view, files=files)


def info_view(
    family: Relatives, localize: Localize, *, spent: Text | None = None, seed: Text | None = None
) -> tuple[discord.ui.LayoutView, Sequence[discord.File]]:
    """Draw it, with lines about its cost and its seed; a long prompt comes along as a file."""
    job = family.job
    view = StatelessView()
    box: discord.ui.Container[Any] = discord.ui.Container()
    view.add_item(box)
    box.add_item(discord.ui.TextDisplay(localize(text("info.title"))))
    files: list[discord.File] = []
    title = title_of(job)
    if title is not None or not job.prompt:
        box.add_item(discord.ui.TextDisplay(f"**{localize(title or text('title.no_words'))}**"))
    elif units(fenced(job.prompt)) <= BLOCK_LIMIT:
        box.add_item(discord.ui.TextDisplay(fenced(job.prompt)))
    else:
        files.append(discord.File(io.BytesIO(job.prompt.encode()), filename=FILE))
        box.add_item(discord.ui.File(f"attachment://{FILE}"))
    box.add_item(discord.ui.TextDisplay("\n".join(localize(line) for line in _facts(job, spent, seed))))
    room = TEXTS_LIMIT - sum(units(c.content) for c in box.children if isinstance(c, discord.ui.TextDisplay))
    relations = list(_fitting((localize(line) for line in _relations(family, localize)), room))
    if relations:
        box.add_item(discord.ui.Separator())
        box.add_item(discord.ui.TextDisplay("\n".join(relations)))
    return view, files


def _fitting(lines: Iterable[str], room: int) -> Iterable[str]:
    """The first lines, as many as there is room for."""
    for line in lines:
        room -= units(line) + 1
        if room < 0:
            return
        yield line


def _facts(job: Job, spent: Text | None, seed: Text | None) -> Iterable[Text]:
    parameters = parameters_of(job.prompt)
    if job.typed is not None:
        yield text("info.typed", prompt=quoted(job.typed, TYPED_LIMIT))
    if parameters:
        yield text("info.parameters", parameters=_split(parameters))
    if seed is not None:
        yield seed
    ran_at = other_speed(job)
    if ran_at is not None:
        yield text("info.ran_in", pool=text(f"pool.{pool_at(ran_at).value}"))
    yield text("info.who", who=f"<@{job.user_id}>", pool=text(f"pool.{job.pool.value}"), cost=cost(job.units))
    if spent is not None:
        yield text("info.cost", cost=spent)
    yield text("info.begun", at=job.created_at // 1000)
    drawn = job.pool is Pool.DRAW
    if job.submitted_at is not None:
        yield text("draw.info_sent" if drawn else "info.sent", at=job.submitted_at // 1000)
    if job.finished_at is not None:
        yield text("info.ended", state=text(f"jobs.state_{job.state.value}"), at=job.finished_at // 1000)
    else:
        yield text("info.state", state=text(f"jobs.state_{job.state.value}"))
    if job.task_id is None or drawn:  # an order has no task anywhere; that id is our own
        yield text("info.key", key=job.key)
    else:
        yield text("info.task", task=job.task_id, key=job.key)


def _split(parameters: Sequence[str]) -> str:
    """Each parameter by itself, to be copied; what is not shown whole stands in the prompt above."""
    shown: list[str] = []
    for parameter in parameters:
        shown.append(f"`{plain(parameter, PARAMETER_LIMIT).replace('`', ACUTE)}`")
        if sum(map(len, shown)) > PARAMETERS_LIMIT:
            shown[-1] = "…"
            break
    return " ".join(shown)


def _relations(family: Relatives, localize: Localize) -> Iterable[Text]:
    job, parent = family.job, family.parent
    if job.press is not None:
        link = card_link(parent) if parent is not None else None
        label = press_name(job.press, localize, LABEL_LIMIT)
        yield _linked("info.parent", link, button=label, key=job.press.parent)
    if job.ancestor is not None:
        place = job.ancestor
        link = source_link(job, place.channel_id, place.message_id)
        yield _linked("info.ancestor", link, key=place.key)
    if family.children:
        yield text("info.children", n=len(family.children))
    for child in family.children[:CHILDREN]:
        label = press_name(child.press, localize, LABEL_LIMIT) if child.press is not None else ""
        state = text(f"jobs.state_{child.state.value}")
        yield _linked("info.child", card_link(child), button=label, key=child.key, state=state)


def _linked(id_: str, link: str | None, **args: str | Text) -> Text:
    """The sentence with a link to the card, or the one for a job whose card is nowhere."""
    return text(f"{id_}_elsewhere", **args) if link is None else text(id_, link=link, **args)
