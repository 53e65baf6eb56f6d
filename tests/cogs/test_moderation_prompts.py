"""`/mod prompts` and `/mod images`: what each command changes and says, and what a member reads who meets it.
Never here: what each rule means (tests/domain, tests/services/servers/test_prompt_policy.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.prices import Charge
from bot.domain.servers.declarations import MultipleChoice
from bot.domain.servers.image_rules import ImageKind, ImagePolicy
from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition
from bot.errors import UserError
from bot.ui.moderation.setting_commands import read_several
from tests.cogs.modlog_harness import BOSS, room, seen
from tests.ui.builders import words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cogs.modlog_harness import Room


async def told(here: Room, prompt: str) -> str:
    """What a member reads who types a prompt."""
    result = await here.house.ada.slash(here.house.channel, "imagine", prompt=prompt)
    answers = [*([result.response] if result.response else []), *result.followups]
    return "\n".join(f"{answer.content}\n{words(answer.components)}" for answer in answers)


async def test_each_rule_about_prompts_is_stored_said_and_taken_away(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        art = here.house.channel

        assert "no prompt rules yet" in await here.do("prompts list")
        assert "Everywhere: prompts that do not set it themselves get" in await here.do(
            "prompts defaults", parameters="--ar 3:2"
        )
        assert "is added to every prompt" in await here.do("prompts suffix", words="in ink", channel=art)
        assert "`--chaos` can be 50 at most" in await here.do("prompts limit", parameter="c", most=50.0)
        assert "`--tile` is not allowed" in await here.do("prompts deny", parameter="tile")
        assert "whatever is set elsewhere" in await here.do("prompts allow", parameter="tile", channel=art)
        assert "Video is switched off" in await here.do("prompts kind", kind="video", allowed=False)
        assert "already set" in await here.do("prompts kind", kind="video", allowed=False)
        assert "Did you mean tile" in await here.do("prompts deny", parameter="tiel")
        assert "only parameters" in await here.do("prompts defaults", parameters="a fox")

        now = await here.settings()
        assert set(now.additions) == {
            PromptAddition(here.guild_id, "--ar 3:2"),
            PromptAddition(art.id, suffix="in ink"),
        }
        assert set(now.limits) == {
            ParameterLimit(here.guild_id, "chaos", most=50),
            ParameterLimit(here.guild_id, "tile", allowed=False),
            ParameterLimit(art.id, "tile"),
        }
        assert now.kinds == (KindRule(here.guild_id, Charge.VIDEO, allowed=False),)
        listed = await here.do("prompts list")
        assert "6 prompt rules" in listed
        assert "--ar 3:2" in listed

        assert "get `--ar 3:2`" in await here.do("prompts defaults")
        assert "`in ink` is added" in await here.do("prompts suffix", channel=art)
        assert "either `words` or `off`" in await here.do("prompts suffix", words="x", off=True)
        assert len((await here.settings()).additions) == 2, "what was shown was not changed"
        assert "no parameters are added" in await here.do("prompts defaults", off=True)
        assert "no words are added" in await here.do("prompts suffix", channel=art, off=True)
        assert "there is no rule for `--chaos`" in await here.do("prompts allow", parameter="chaos")
        await here.do("prompts forget", parameter="tile", channel=art)
        await here.do("prompts forget", parameter="tile")
        assert "Video is allowed" in await here.do("prompts kind", kind="video", allowed=True)
        bare = await here.settings()
        assert (bare.additions, bare.limits, bare.kinds) == ((), (), ())
        assert all(entry.action == "settings" for entry in await here.history())


@pytest.mark.parametrize("way", ["allow", "forget"])
async def test_a_parameter_without_its_rule_is_called_as_it_is_spelled(tmp_path: Path, way: str) -> None:
    async with room(tmp_path) as here:
        await here.do("prompts deny", parameter="hd")

        assert "there is no rule for `--hd` any more" in await here.do(f"prompts {way}", parameter="hd")


async def test_a_member_is_refused_with_the_rule_or_sends_what_was_added(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("prompts defaults", parameters="--ar 3:2")
        await here.do("prompts limit", parameter="chaos", most=50.0)

        refused = await told(here, "a fox --chaos 80")
        await told(here, "a fox --chaos 50")

        assert "Write `--chaos 50` or less" in refused
        (job,) = await here.storage.archive.live(here.guild_id, limit=5)
        assert job.prompt == "a fox --chaos 50 --ar 3:2"


async def test_parameters_are_suggested_by_their_beginning(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        found = await here.mo.autocomplete(here.house.channel, "mod prompts deny", "parameter", "--sty")

        assert [choice["value"] for choice in found] == ["stylize", "style"]


async def test_many_rules_about_prompts_come_in_pages(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for n in range(20):
            await here.services.prompt_settings.set_kind(
                here.guild_id, BOSS, 10**17 + n, Charge.PAN, allowed=False
            )

        shown = await here.mo.slash(here.house.channel, "mod prompts list")
        assert "Page 1 of 2" in seen(shown)
        assert f"<#{10**17 + 19}>" not in seen(shown)
        assert shown.response is not None
        await here.mo.click(shown.response, label="▶")

        assert f"<#{10**17 + 19}>" in words(shown.response.components)


async def test_what_may_be_put_in_is_changed_and_shown(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        art = here.house.channel

        assert "every type that I can read" in await here.do("images show")
        said = await here.do("images set", most_mb=5, kinds="PNG, .webp", age_restricted=True)
        assert "PNG, WEBP, at most 5 MB" in said
        assert "age-restricted channels only" in said
        assert f"Only in <#{art.id}>" in await here.do("images channel", channel=art)
        assert "only to `mj.run`" in await here.do("images host", host="https://mj.run/x", rule="allow")
        assert "to any host except `evil.org`" in await here.do("images host", host="evil.org", rule="deny")
        assert "not a host name" in await here.do("images host", host="localhost", rule="deny")
        every = ", ".join(kind.name.lower() for kind in ImageKind)
        assert f"Write file types: {every}, or all." in await here.do("images set", kinds="psd")
        assert "Links in prompts: not allowed." in await here.do("images set", links=False)
        assert "Not allowed: prompts are words only" in await here.do("images set", on=False)

        assert (await here.settings()).images == ImagePolicy(
            on=False,
            most_mb=5,
            kinds=(ImageKind.PNG, ImageKind.WEBP),
            channels=(art.id,),
            age_restricted=True,
            links=False,
            hosts_allowed=("mj.run",),
            hosts_denied=("evil.org",),
        )
        await here.do("images set", on=True, links=True, age_restricted=False, most_mb=0, kinds="all")
        await here.do("images channel", channel=art, on=False)
        for host in ("mj.run", "evil.org"):
            await here.do("images host", host=host, rule="clear")
        assert (await here.settings()).images == ImagePolicy()


async def test_an_address_that_the_server_denies_is_refused_before_anything_begins(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("images host", host="evil.org", rule="deny")

        said = await told(here, "https://cdn.evil.org/a.png a fox")

        assert "does not take pictures from cdn.evil.org" in said
        assert await here.storage.archive.live(here.guild_id, limit=5) == []


@pytest.mark.parametrize("typed", ["", "png pdf", ","])
def test_other_kinds_of_file_are_refused(typed: str) -> None:
    with pytest.raises(UserError):
        read_several(MultipleChoice(ImageKind), typed)
