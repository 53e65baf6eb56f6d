"""The picker where something is in its way, and where there is a page to draw on; the services say what the test tells them.
Never here: whole presses (tests/e2e/test_regions.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock

import discord
import pytest

from bot.domain.intake.masks import MOST_MASK_BYTES, Cells, CheckedMask
from bot.domain.intake.window_words import WindowWords
from bot.domain.people import NOBODYS
from bot.errors import StorageTrouble
from bot.services.intake.press import Pressed, PressOutcome
from bot.services.intake.region import Masked, RegionDraft
from bot.ui.kit.links import card_link
from tests.fixtures.patience import SHORT_S, too_slowly
from tests.ui.builders import KEY, a_job, a_reply
from tests.ui.client_harness import ScriptedDrafts, studio

if TYPE_CHECKING:
    from simcord.results import InteractionResult

    from bot.domain.intake.prompts import PromptOptions
    from bot.domain.jobs import Job, Press
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from tests.ui.client_harness import ClientHarness

EXTENSIONS = ("cogs.imagine", "cogs.jobs")
GO, CELL = f"easel:2:cells:{KEY}:3:0001:go", f"easel:2:cells:{KEY}:3:0001:15"


@dataclass
class ScriptedRegions:
    """Has a picture, and answers as the test wants."""

    answer: Pressed | None = None
    trouble: Exception | None = None
    link: str | None = None
    own_words: str | None = None
    """What the picture's own words are, where its account takes others."""
    late: bool = False
    """They take too long, and so does the link."""
    chosen: list[Cells] = field(default_factory=list)
    masks: list[bytes] = field(default_factory=list)
    written: list[WindowWords | None] = field(default_factory=list)
    begun: list[tuple[Asker, Masked]] = field(default_factory=list)

    async def cached_draft(self, _asker: Asker, key: JobKey, position: int) -> RegionDraft | None:
        return RegionDraft(a_job(key=key), position, 64, 64, b"small")

    async def preview(self, _draft: RegionDraft, cells: Cells) -> bytes:
        self.chosen.append(cells)
        return b"\xff\xd8\xff a lattice"

    async def editor_link(self, _asker: Asker, _key: JobKey, _position: int) -> str | None:
        if self.late:
            await too_slowly()
        return self.link

    async def words(self, _asker: Asker, _key: JobKey, _position: int) -> str | None:
        if self.late:
            await too_slowly()
        return self.own_words

    async def prepare(
        self,
        _asker: Asker,
        _key: JobKey,
        position: int,
        chosen: bytes | Cells,
        *,
        words: WindowWords | None = None,
    ) -> Masked:
        self.written.append(words)
        if isinstance(chosen, Cells):
            self.chosen.append(chosen)
        else:
            self.masks.append(chosen)
        return Masked(a_job(), position, CheckedMask(b"mask", resized=False, share=0.1))

    async def again(
        self, asker: Asker, _job: Job, _press: Press, *, words: WindowWords | None = None
    ) -> Pressed:
        self.written.append(words)
        return Pressed(a_job(reply=asker.reply), PressOutcome.STARTED)

    async def begin(self, asker: Asker, ready: Masked, **_where: int) -> Pressed:
        self.begun.append((asker, ready))
        if self.trouble is not None:
            raise self.trouble
        return self.answer or Pressed(a_job(reply=asker.reply), PressOutcome.STARTED)


class Drafts(ScriptedDrafts):
    """Gives back what it keeps."""

    async def open(self, _viewer: object, _draft: JobKey) -> PromptOptions:
        return self.kept[-1][0]


async def press(house: ClientHarness, regions: ScriptedRegions, custom_id: str) -> InteractionResult:
    """Press one button of a picker."""
    house.services.regions = regions
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(discord.ui.Button(label="B", custom_id=custom_id)))
    channel = house.bot.get_partial_messageable(house.channel.id, guild_id=house.guild.id)
    message = await channel.send(view=view)
    view.stop()
    return await house.bob.click(message, custom_id=custom_id)


def words(house: ClientHarness) -> str:
    """All that Bob can read, in the order of the channel."""
    return str([message.components for message in house.channel.history(viewer=house.bob)]) + str(
        house.texts(house.bob)
    )


WORDS, UPLOAD = (f"easel:2:cells:{KEY}:3:0003:{act}" for act in ("words", "upload"))


@pytest.mark.parametrize("act", [WORDS, UPLOAD])
async def test_words_go_along_with_squares_or_a_mask_and_bad_ones_are_given_back(act: str) -> None:
    async with studio(extensions=EXTENSIONS) as house:
        house.services.windows.anywhere = True
        house.services.drafts = Drafts()
        regions = ScriptedRegions(own_words="a lighthouse")
        file: dict[str, Any] = {"file": ("mask.png", b"a mask")} if act == UPLOAD else {}
        window = await press(house, regions, act)
        refused = await house.bob.submit_modal(window, {"prompt": "a fox --aspekt 1:1", **file})
        assert regions.begun == []
        button = refused.followups[-1].components[-1]["components"][0]["custom_id"]
        again = await house.bob.click(refused.followups[-1], custom_id=button)
        house.services.people.liked[house.bob.id] = NOBODYS.with_set("mine", "--ar 1:1")
        await house.bob.submit_modal(again, {"prompt": "a red roof --mine", **file})

        assert regions.written == [WindowWords(prompt="a red roof --ar 1:1")]
        assert len(regions.begun) == 1
        assert (regions.masks, regions.chosen) == (([b"a mask"], []) if file else ([], [Cells(3)]))


@pytest.mark.parametrize(
    ("mask", "said"), [(b"", "This file is empty"), (bytes(MOST_MASK_BYTES + 1), "larger than 10 MB")]
)
async def test_words_beside_a_mask_that_is_empty_or_too_large_are_given_back(mask: bytes, said: str) -> None:
    async with studio(extensions=EXTENSIONS) as house:
        house.services.windows.anywhere = True
        house.services.drafts = drafts = Drafts()
        window = await press(house, ScriptedRegions(own_words="a lighthouse"), UPLOAD)

        refused = await house.bob.submit_modal(window, {"prompt": "a red roof", "file": ("mask.png", mask)})

        answer = refused.response
        assert answer is not None
        assert said in str(answer.components)
        assert answer.ephemeral
        again = await house.bob.click(answer, custom_id=answer.components[-1]["components"][0]["custom_id"])
        assert again.modal is not None
        assert drafts.kept[-1][0].prompt == "a red roof"


@pytest.mark.parametrize("act", [WORDS, UPLOAD])
async def test_words_that_cannot_be_had_in_time_open_no_window(
    act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S)
    async with studio(extensions=EXTENSIONS) as house:
        house.services.windows.anywhere = True
        result = await press(house, ScriptedRegions(own_words="a lighthouse", late=True), act)

        assert result.modal is None
        assert "could not read that picture quickly enough" in words(house)


async def test_squares_that_cannot_be_drawn_in_time_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S)
    async with studio(extensions=EXTENSIONS) as house:
        await press(house, ScriptedRegions(late=True), CELL)

        assert "could not read that picture quickly enough" in words(house)


@pytest.mark.parametrize("lost", [True, False])
async def test_a_mask_alone_is_read_or_told_to_be_unreadable(
    *, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reset(_url: str) -> bytes:
        raise ConnectionResetError

    async with studio(extensions=EXTENSIONS) as house:
        regions = ScriptedRegions()
        window = await press(house, regions, UPLOAD)
        empty = await house.bob.submit_modal(window, {"file": ("mask.png", b"")})
        assert empty.response is not None
        assert empty.response.ephemeral
        if lost:
            monkeypatch.setattr(house.bot.http, "get_from_cdn", reset)
        await house.bob.submit_modal(await press(house, regions, UPLOAD), {"file": ("mask.png", b"a mask")})

        assert regions.masks == ([] if lost else [b"a mask"])
        assert regions.written == ([] if lost else [None])


async def test_a_page_to_draw_on_is_offered_beside_the_squares() -> None:
    async with studio(extensions=EXTENSIONS) as house:
        regions = ScriptedRegions(link="https://easel.example/region/1")
        result = await press(house, regions, CELL)

        assert regions.chosen == [Cells(1 | 1 << 15)]
        assert result.response is not None
        (box,) = result.response.components
        link = box["components"][-1]["components"][-1]
    assert (link["url"], link["label"]) == ("https://easel.example/region/1", "Draw a mask")


@pytest.mark.parametrize("stays", [False, True])
async def test_a_card_that_somebody_elses_job_made_needless_is_taken_away_again(*, stays: bool) -> None:
    async with studio(extensions=EXTENSIONS) as house:
        there: Job = a_job()
        if stays:
            house.env.inject_error("DELETE", "/webhooks/*/*/messages/*", status=500)
        await press(house, ScriptedRegions(Pressed(there, PressOutcome.RUNNING)), GO)

        said = words(house)
    assert str(card_link(there)) in said
    assert ("about to be repainted" in said) is stays


async def test_a_database_in_trouble_leaves_the_picker_as_it_is_and_no_card() -> None:
    async with studio(extensions=EXTENSIONS) as house:
        await press(house, ScriptedRegions(trouble=StorageTrouble("locked")), GO)

        said = words(house)
    assert "nothing charged" in said
    assert "about to be repainted" not in said


async def test_a_job_whose_card_has_no_message_yet_is_named_by_its_key() -> None:
    async with studio(extensions=EXTENSIONS) as house:
        started = Pressed(a_job(reply=a_reply(message_id=None)), PressOutcome.STARTED)
        await press(house, ScriptedRegions(started), GO)

        assert f"repainted as `{KEY}`" in words(house)


async def test_the_card_takes_the_place_of_a_message_of_its_own_for_all_to_see() -> None:
    async with studio(extensions=EXTENSIONS) as house:
        regions = ScriptedRegions()
        result = await press(house, regions, GO)

        ((asker, ready),) = regions.begun
    assert [(place.id, place.ephemeral) for place in result.followups] == [(asker.reply.message_id, False)]
    assert ready.position == 3


@pytest.mark.parametrize("custom_id", [GO, CELL.replace(":0001:", ":0002:")])
async def test_a_press_that_another_process_has_answered_is_left_to_it(custom_id: str) -> None:
    async with studio(extensions=EXTENSIONS) as house:
        house.env.inject_error("POST", "/interactions/*/*/callback", status=400, code=40060)
        regions: Any = ScriptedRegions()
        regions.cached_draft = AsyncMock(return_value=None)
        await press(house, regions, custom_id)

        assert regions.begun == []
        assert regions.chosen == []


async def test_nothing_is_begun_where_the_bot_may_show_no_picture() -> None:
    async with studio(extensions=EXTENSIONS) as house:
        me = house.bot.user
        assert me is not None
        house.channel = house.guild.create_text_channel(
            "closed", overwrites={me: discord.PermissionOverwrite(attach_files=False)}
        )
        regions = ScriptedRegions()
        result = await press(house, regions, GO)

    assert result.response is not None
    assert "Attach Files" in result.response.content
    assert regions.begun == []
