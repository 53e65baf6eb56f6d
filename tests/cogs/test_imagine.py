"""`/imagine`: what Discord is told of it, what reaches the services, and every way in which it can be refused.
Never here: the card that follows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import discord
import pytest

from bot.domain.intake.prompts import ASPECTS, PromptOptions
from bot.domain.people import OptionSet, Preferences
from bot.domain.pools import Pool
from bot.errors import StorageTrouble, UserError
from bot.texts import text
from cogs.imagine import ratios_like
from tests.ui.builders import words
from tests.ui.client_harness import studio

if TYPE_CHECKING:
    from simcord.results import InteractionResult

    from tests.ui.client_harness import ClientHarness


def said_privately(result: InteractionResult) -> str:
    """The one sentence that the person got, with nothing left in public."""
    answers = [*([result.response] if result.response else []), *result.followups]
    assert [answer.ephemeral for answer in answers] == [True]
    return f"{answers[0].content}{words(answers[0].components)}"


def told(house: ClientHarness) -> dict[str, Any]:
    """The command as Discord knows it."""
    puts = [r for r in house.env.http_requests if r.method == "PUT" and r.path.endswith("/commands")]
    assert len(puts) == 1
    assert isinstance(puts[0].json, list)
    return next(command for command in puts[0].json if command["name"] == "imagine")


async def test_every_option_is_described_within_discords_limits() -> None:
    async with studio() as house:
        command = told(house)

    described = [command, *command["options"]]
    assert [part["name"] for part in described if not 5 < len(part["description"]) <= 100] == []
    choices = [choice for option in command["options"] for choice in option.get("choices", ())]
    assert all(len(choice["name"]) <= 100 for choice in choices)
    assert command["contexts"] == [0]
    assert command["integration_types"] == [0]


async def test_discord_itself_keeps_numbers_in_their_ranges() -> None:
    async with studio() as house:
        options = {option["name"]: option for option in told(house)["options"]}

    assert options["prompt"]["required"] is True
    assert (options["chaos"]["min_value"], options["chaos"]["max_value"]) == (0, 100)
    assert (options["seed"]["min_value"], options["seed"]["max_value"]) == (0, 4_294_967_295)
    assert [choice["value"] for choice in options["pool"]["choices"]] == ["NORMAL", "FAST"]


async def test_a_command_is_answered_and_handed_to_the_services() -> None:
    async with studio() as house:
        result = await house.ada.slash(
            house.channel, "imagine", prompt="a fox", pool="FAST", aspect="3:2", chaos=7, tile=True
        )
        (asker, options, pool), *more = house.services.imagine.begun

    assert result.deferred
    assert not result.ephemeral
    assert not more
    assert pool is Pool.FAST
    assert options == PromptOptions(prompt="a fox", aspect="3:2", chaos=7, tile=True)
    assert asker.user_id == house.ada.id
    assert asker.reply.channel_id == house.channel.id
    assert asker.reply.guild_id == house.guild.id
    assert result.response is not None
    assert asker.reply.message_id == result.response.id
    assert asker.reply.upload_limit == 25 * 1024 * 1024  # the simulation's own figure
    assert asker.reply.token
    assert asker.reply.token_until == pytest.approx(house.clock.now() + 900_000, abs=5_000)
    assert house.guild.default_role.id in asker.role_ids


async def test_no_pool_named_leaves_the_choice_to_the_server() -> None:
    async with studio() as house:
        await house.ada.slash(house.channel, "imagine", prompt="a fox")

    assert house.services.imagine.begun[0][2] is None


async def test_a_bad_prompt_is_refused_at_once_and_nothing_begins() -> None:
    async with studio() as house:
        result = await house.ada.slash(house.channel, "imagine", prompt="a fox --chaso 5", pool="FAST")

        assert "chaos" in said_privately(result)
        assert house.channel.history(viewer=house.bob) == []
        assert house.services.imagine.begun == []
        ((options, more),) = house.services.drafts.kept
        assert (options.prompt, more["pool"]) == ("a fox --chaso 5", Pool.FAST)


async def test_a_refusal_that_cannot_be_given_back_with_a_button_is_still_said() -> None:
    async with studio() as house:
        house.services.drafts.trouble = StorageTrouble("locked")

        result = await house.ada.slash(house.channel, "imagine", prompt="a fox --chaso 5")

        assert "chaos" in said_privately(result)


async def test_preferences_go_along_under_what_was_said() -> None:
    async with studio() as house:
        house.services.people.liked[house.ada.id] = Preferences(
            pool=Pool.FAST, aspect="16:9", sets=(OptionSet("ink", "--stylize 50"),)
        )

        await house.ada.slash(house.channel, "imagine", prompt="a fox", set="Ink", chaos=3)

    ((_, options, pool),) = house.services.imagine.begun
    assert options == PromptOptions(
        prompt="a fox", chaos=3, under=("--stylize 50", "--ar 16:9"), sets=(("ink", "--stylize 50"),)
    )
    assert (pool, house.services.imagine.preferred) == (None, [Pool.FAST])


async def test_a_refusal_of_the_services_leaves_no_public_trace() -> None:
    async with studio() as house:
        house.services.imagine.refusal = UserError(text("refused.pool_off", pool="FAST", other="NORMAL"))

        result = await house.ada.slash(house.channel, "imagine", prompt="a fox")

        assert "Choose NORMAL instead" in said_privately(result)
        assert house.channel.history(viewer=house.bob) == []


async def test_trouble_in_the_database_says_that_nothing_was_charged() -> None:
    async with studio() as house:
        house.services.imagine.refusal = StorageTrouble("locked")

        result = await house.ada.slash(house.channel, "imagine", prompt="a fox")

        assert "nothing charged" in said_privately(result)


async def test_a_bug_gets_a_number_for_the_person_and_no_prompt_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with studio() as house:
        house.services.imagine.refusal = RuntimeError("a bug")

        result = await house.ada.slash(house.channel, "imagine", prompt="secret fox")

        sentence = said_privately(result)
    record = next(r for r in caplog.records if r.getMessage() == "handler_failed")
    assert str(record.__dict__["reference"]) in sentence
    assert "a bug" not in sentence
    assert "secret fox" not in caplog.text


@pytest.mark.parametrize(
    ("lacking", "named"), [("attach_files", "Attach Files"), ("send_messages", "Send Messages")]
)
async def test_a_missing_permission_is_named_before_anything_begins(lacking: str, named: str) -> None:
    async with studio() as house:
        me = house.env.bot.user
        assert me is not None
        closed = house.guild.create_text_channel(
            "closed", overwrites={me: discord.PermissionOverwrite(**{lacking: False})}
        )

        result = await house.ada.slash(closed, "imagine", prompt="a fox")

        assert f"I lack **{named}** in this channel" in said_privately(result)
        assert house.services.imagine.begun == []


async def test_aspects_are_suggested_and_any_may_be_typed() -> None:
    async with studio() as house:
        offered = await house.ada.autocomplete(house.channel, "imagine", "aspect", "16")

    assert [choice["value"] for choice in offered] == ["16", "16:9"]
    assert ratios_like("") == list(ASPECTS)
    assert ratios_like("5 : 7") == ["5:7"]


async def test_models_are_suggested_and_a_newer_one_may_be_typed() -> None:
    async with studio() as house:
        known = await house.ada.autocomplete(house.channel, "imagine", "version", "niji")
        newer = await house.ada.autocomplete(house.channel, "imagine", "version", "9")
        glued = await house.ada.autocomplete(house.channel, "imagine", "version", "niji7")
        begun = await house.ada.autocomplete(house.channel, "imagine", "version", "6.")
        senseless = await house.ada.autocomplete(house.channel, "imagine", "version", "vivid")

    assert [choice["value"] for choice in known] == ["niji", "niji 7", "niji 6", "niji 5"]
    assert [choice["value"] for choice in newer] == ["9"]
    assert [choice["value"] for choice in glued] == ["niji 7"]
    assert [choice["value"] for choice in begun] == ["6", "6.1"]
    assert senseless == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("12", [12]), ("²", []), ("\uff11\uff12", []), ("1_2", []), ("9" * 5_000, []), ("4294967296", [])],
)
async def test_only_what_is_a_seed_is_suggested_as_one(
    typed: str, offered: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    async def seeds(_viewer: object) -> list[tuple[int, str]]:
        return [(777, "a paper fox")]

    async with studio() as house:
        house.services.jobs = cast("Any", SimpleNamespace(seeds=seeds))
        found = await house.ada.autocomplete(house.channel, "imagine", "seed", typed)

    assert [choice["value"] for choice in found] == offered
    assert "Ignoring exception" not in caplog.text


async def test_own_option_sets_are_suggested() -> None:
    async with studio() as house:
        sets = (OptionSet("ink", "--stylize 50"), OptionSet("wide", "--ar 21:9"))
        house.services.people.liked[house.ada.id] = Preferences(sets=sets)

        mine = await house.ada.autocomplete(house.channel, "imagine", "set", "I")
        others = await house.bob.autocomplete(house.channel, "imagine", "set", "")

    assert [(c["value"], c["name"]) for c in mine] == [
        ("ink", "ink · --stylize 50"),
        ("wide", "wide · --ar 21:9"),
    ]
    assert others == []
