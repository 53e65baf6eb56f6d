"""`/pool usage`: a chart of the last days, the members who used most, and the same numbers as a CSV file.
Never here: drawing the chart, and counting; the numbers are the ledger's."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import discord
from babel import Locale

from bot.domain.costs import Cost
from bot.domain.days import date_of, day_of, zone_in_use
from bot.domain.schedule import DAY
from bot.i18n import SOURCE, babel_locale
from bot.texts import Localize, text
from bot.ui.kit.controls import StatelessView
from bot.ui.pools.charts import Bar, usage_chart
from bot.ui.pools.wording import spent_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from bot.domain.costs import Money
    from bot.domain.pools import Pool
    from bot.domain.servers.guilds import UsageRow
    from bot.ui.kit.context import Context


DEFAULT_DAYS: Final = 14
MOST_DAYS: Final = 92
TOP_MEMBERS: Final = 8
CHART: Final = "usage.png"
TABLE: Final = "usage.csv"
NOON_MS: Final = DAY // 2


async def show_usage(context: Context, days: int) -> None:
    """Answer with a message of its own that only the moderator sees."""
    guild_id = context.moderator()
    await context.defer_ephemeral()
    client = context.client
    settings = await client.services.guilds.settings(guild_id)
    dates, since, until = period(client.services.jobs.now(), days, settings.zone)
    rows = await client.services.allowances.usage(guild_id, since, until)
    if not rows:
        await context.reply(text("pool.usage_none", n=days))
        return
    pools, money = await client.services.policy.shown(guild_id), client.services.costs.money
    chart = await asyncio.to_thread(
        usage_chart,
        bars_of(rows, dates),
        babel_locale(context.locale) or Locale(SOURCE),
        pools=pools,
        money=money,
    )
    files = [
        discord.File(io.BytesIO(chart), filename=CHART),
        discord.File(io.BytesIO(table_of(rows)), filename=TABLE),
    ]
    localize = context.localize
    await context.show(usage_view(rows, days, localize, zone=settings.zone, money=money), files=files)


def period(now: int, days: int, zone: str) -> tuple[list[date], int, int]:
    """The last days there, today included: their dates, and the two moments around them."""
    today = day_of(now, zone)
    # From noon to noon: days of 23 or 25 hours shift it by an hour, never into another date.
    first = day_of(today.start + NOON_MS - (days - 1) * DAY, zone)
    begin = date_of(first.start, zone)
    return [begin + timedelta(days=n) for n in range(days)], first.start, today.end


def bars_of(rows: Iterable[UsageRow], dates: Sequence[date]) -> list[Bar]:
    """One bar for each day, empty ones included."""
    units: dict[date, Counter[Pool]] = {day: Counter() for day in dates}
    costs: dict[date, dict[Pool, Cost]] = {day: {} for day in dates}
    for row in rows:
        units[row.day][row.pool] += row.units
        costs[row.day][row.pool] = costs[row.day].get(row.pool, Cost()) + row.cost
    return [Bar(day, units[day], costs[day]) for day in dates]


def table_of(rows: Sequence[UsageRow]) -> bytes:
    """The rows as they are, for a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["day", "pool", "member_id", "units", "jobs", "credits", "jobs_of_known_price"])
    for row in rows:
        known = [row.cost.credits if row.cost.priced else "", row.cost.priced]
        writer.writerow([row.day.isoformat(), row.pool.value, row.user_id, row.units, row.jobs, *known])
    return file.getvalue().encode()


def usage_view(
    rows: Sequence[UsageRow], days: int, localize: Localize, *, zone: str, money: Money | None = None
) -> discord.ui.LayoutView:
    """Draw the answer around the two files."""
    units: Counter[int] = Counter()
    jobs: Counter[int] = Counter()
    costs: dict[int, Cost] = {}
    for row in rows:
        units[row.user_id] += row.units
        jobs[row.user_id] += row.jobs
        costs[row.user_id] = costs.get(row.user_id, Cost()) + row.cost
    total, made = text("pool.units", n=sum(units.values())), text("pool.jobs", n=sum(jobs.values()))
    box: discord.ui.Container[Any] = discord.ui.Container()
    head = [localize(text("pool.usage", n=days, units=total, jobs=made))]
    worth = spent_words(sum(costs.values(), Cost()), money)
    if worth is not None:
        head.append(localize(text("cost.total", cost=worth)))
    box.add_item(discord.ui.TextDisplay("\n".join(head)))
    gallery: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    gallery.add_item(
        media=f"attachment://{CHART}", description=localize(text("pool.usage_alt", n=days, units=total))
    )
    box.add_item(gallery)
    lines = [localize(text("pool.usage_top"))]
    for place, (user_id, spent) in enumerate(units.most_common(TOP_MEMBERS), 1):
        lines.append(
            f"{place}. "
            + localize(
                text(
                    "pool.usage_member",
                    user=str(user_id),
                    units=text("pool.units", n=spent),
                    jobs=text("pool.jobs", n=jobs[user_id]),
                )
            )
        )
        theirs = spent_words(costs[user_id], money)
        if theirs is not None:
            lines[-1] += f" · {localize(theirs)}"
    if len(units) > TOP_MEMBERS:
        lines.append("-# " + localize(text("pool.usage_more", n=len(units) - TOP_MEMBERS)))
    lines.append("-# " + localize(text("pool.usage_note", zone=zone_in_use(zone))))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    box.add_item(discord.ui.File(f"attachment://{TABLE}"))
    return StatelessView(box)
