"""A preferred pool is taken where it is open, and the seeds of earlier pictures are offered again.
Never here: what else is preferred (test_people)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.intake.prompts import PromptOptions, seed_of
from bot.domain.pools import Pool
from bot.services.admission.viewer import Viewer
from tests.services.harness import GUILD
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from tests.services.harness import Harness
    from tests.services.server_harness import Server


async def test_the_preferred_pool_is_taken_only_where_it_is_open(server: Server) -> None:
    imagine = server.world.services.imagine

    first = await imagine.begin(server.asker(), PromptOptions(prompt="a fox"), None, preferred=Pool.FAST)
    named = await imagine.begin(
        server.asker(), PromptOptions(prompt="a fox"), Pool.NORMAL, preferred=Pool.FAST
    )
    await server.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)
    closed = await imagine.begin(server.asker(), PromptOptions(prompt="a fox"), None, preferred=Pool.FAST)

    assert [begun.job.pool for begun in (first, named, closed)] == [Pool.FAST, Pool.NORMAL, Pool.NORMAL]


async def test_seeds_of_earlier_pictures_are_known_each_once_the_newest_first(world: Harness) -> None:
    for prompt in ("a fox --seed 7", "an owl", "a fox in snow --seed 9 --tile", "a hare --seed 7"):
        await world.ended(await world.imagine(prompt))
    viewer = Viewer(user_id=world.asker().user_id, guild_id=GUILD, manages=False)

    assert list(await world.services.jobs.seeds(viewer)) == [
        (7, "a hare --seed 7"),
        (9, "a fox in snow --seed 9 --tile"),
    ]
    assert seed_of("a fox --tile") is None
