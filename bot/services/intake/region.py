"""Vary (Region): a picture to choose a region of, and the child job that repaints it, with its mask.
Never here: pixels (the port `Masks` draws and reads them), buttons, and the page with the mask editor."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.actions import Family, classify
from bot.domain.inputs import Input, InputRole, mask_of
from bot.domain.intake.masks import COUNT, Cells, CheckedMask
from bot.domain.intake.window_words import WindowKind, WindowWords
from bot.domain.prices import Charge
from bot.errors import RetryLater, RouteClosed, UserError
from bot.services.admission.authorization import Operation
from bot.services.intake.press import Pressed, PressOutcome
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.intake.masks import Masks
    from bot.domain.jobs import Job, Press
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Pictures
    from bot.services.admission.asker import Asker
    from bot.services.intake.press import Presses

    EditorLink = Callable[[Asker, JobKey, int], Awaitable[str | None]]

log = logging.getLogger(__name__)

WHOLE: Final = 64 * 1024 * 1024
"""A mask has its picture's exact size, so the picture is fetched as upstream has it, however large."""
KEPT_MS: Final = 10 * 60_000
"""A small copy is kept this long after its last use: people choose cells in quick succession."""
MOST_KEPT: Final = 32
RESIZED: Final = "note.mask_resized"


def picture_gone(key: str) -> UserError:
    """The refusal of a region of a picture that nobody can fetch any more."""
    return UserError(text("region.picture_gone", key=key, button=text("button.remix")))


@dataclass(frozen=True, slots=True)
class RegionDraft:
    """A picture of which a region is to be chosen."""

    job: Job
    """Whose picture it is."""
    position: int
    """Which of its buttons was pressed."""
    width: int
    height: int
    """Of the picture as upstream has it: the mask's exact size."""
    small: bytes = field(repr=False)
    """A JPEG of it with at most 1024 pixels a side, to be shown."""
    words: str | None = None
    """The picture's prompt, where the account takes other words for a region; None where it takes none."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A button with the mask that it is to take along."""

    parent: Job
    position: int
    mask: CheckedMask
    operation: Operation = Operation.REGION
    """Which one they came in by."""
    words: WindowWords | None = None
    """Words for the region, where its account takes any; None: the picture's own."""


async def no_editor(_asker: Asker, _key: JobKey, _position: int) -> str | None:
    """Where there is no page to draw masks on."""
    return None


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Regions:
    """Repaints regions of finished pictures."""

    presses: Presses
    store: JobStore
    pictures: Pictures
    masks: Masks
    clock: Clock
    editor: EditorLink = no_editor
    _kept: TTLCache[tuple[JobKey, int], RegionDraft, int] = field(init=False)

    def __post_init__(self) -> None:
        self._kept = TTLCache(MOST_KEPT, KEPT_MS, self.clock.now)

    # -- choosing ----------------------------------------------------------------------------------------

    async def open(self, asker: Asker, key: JobKey, position: int) -> RegionDraft:
        """Check that the asker may have a region repainted now, and bring the picture. Nothing is charged.

        Raises `UserError` with the rule that refuses, or with what is wrong with the job or its picture.
        """
        asker, parent = await self._entered(asker, key, position, Operation.REGION)
        running = await self._running(parent, position)
        if running is not None:
            raise UserError(text("region.running", key=running.key))
        await self.presses.check(asker, parent, Charge.VARY_REGION)
        return await self._draft(parent, position)

    async def draft(
        self, asker: Asker, key: JobKey, position: int, operation: Operation = Operation.REGION
    ) -> RegionDraft:
        """The picture again, for somebody who has opened it; from memory if it is still there."""
        _, parent = await self._entered(asker, key, position, operation)
        return self._remembered(parent, position) or await self._draft(parent, position)

    async def cached_draft(self, asker: Asker, key: JobKey, position: int) -> RegionDraft | None:
        """The same if it takes no longer than to read the job, else None: whoever asks from elsewhere is looked up first.

        Raises `UserError` if there is no such job any more, or `StorageTrouble`.
        """
        if (key, position) not in self._kept:
            return None
        parent = await self.presses.parent(key)
        return self._remembered(parent, position) if asker.reply.guild_id == parent.home is not None else None

    def _remembered(self, parent: Job, position: int) -> RegionDraft | None:
        """What is kept of a job as it is now: what moderators removed, or a member's erasure took, is shown no more."""
        draft = self._kept.pop((parent.key, position), None)
        if draft is None or _shown(draft.job, position) != _shown(parent, position):
            return None
        self._kept[parent.key, position] = draft  # for so long after its last use
        return draft

    async def preview(self, draft: RegionDraft, cells: Cells) -> bytes:
        """A JPEG of the picture under the lattice, with the chosen cells."""
        return await self.masks.preview(draft.small, cells)

    async def words(self, asker: Asker, key: JobKey, position: int) -> str | None:
        """The picture's prompt, if its account takes other words for a region; raises `UserError`."""
        _, parent = await self._entered(asker, key, position, Operation.REGION)
        return parent.prompt if self.presses.window_of(parent, position) is WindowKind.REGION else None

    async def editor_link(self, asker: Asker, key: JobKey, position: int) -> str | None:
        """Where this person can draw a mask for this button; None where there is no such page."""
        parent = await self.presses.parent(key)  # the page asks whether they may when it is opened
        there = replace(asker, home=parent.home, home_channel=parent.home_channel)
        return await self.editor(asker if asker.server is not None else there, key, position)

    # -- repainting --------------------------------------------------------------------------------------

    async def repaint(
        self,
        asker: Asker,
        key: JobKey,
        position: int,
        mask: bytes,
        *,
        channel_id: int,
        message_id: int,
        operation: Operation = Operation.REGION,
        words: WindowWords | None = None,
    ) -> Pressed:
        """Begin the job that repaints what a drawn mask shows in white, or find the one that this button has.

        The mask may be a file of any size; another size than the picture's is noted on the card. The message is
        the one that was pressed; 0 stands for the card of the job. Raises `UserError` with what is wrong with the
        mask, the job or its picture, or with the rule that refuses; `StorageTrouble` if the row could not be written.
        In all these cases nothing was charged, but see `WriteUnclear`.
        """
        ready = await self.prepare(asker, key, position, mask, operation=operation, words=words)
        if isinstance(ready, Pressed):
            return ready
        return await self.begin(asker, ready, channel_id=channel_id, message_id=message_id)

    async def prepare(
        self,
        asker: Asker,
        key: JobKey,
        position: int,
        chosen: bytes | Cells,
        *,
        operation: Operation = Operation.REGION,
        words: WindowWords | None = None,
    ) -> Masked | Pressed:
        """The first half of `repaint`, which needs no place for a card: squares or a drawn mask become the mask.

        Returns the job that this button has, if it has one. Raises `UserError`.
        """
        _, parent = await self._entered(asker, key, position, operation)
        self._check_words(parent, position, words)
        running = await self._running(parent, position)
        if running is not None:
            return Pressed(running, PressOutcome.RUNNING)
        if isinstance(chosen, Cells) and not chosen.is_region:
            raise UserError(text("mask.all_white" if chosen else "mask.no_white"))
        draft = self._remembered(parent, position) or await self._draft(parent, position)
        if isinstance(chosen, bytes):
            checked = await self.masks.checked(chosen, draft.width, draft.height)
        else:
            png = await self.masks.from_cells(draft.width, draft.height, chosen)
            checked = CheckedMask(png, resized=False, share=len(chosen) / COUNT)
        return Masked(parent, position, checked, operation, words)

    async def begin(self, asker: Asker, ready: Masked, *, channel_id: int, message_id: int) -> Pressed:
        """The second half: the intent is stored and the worker woken. Raises `UserError` or `StorageTrouble`."""
        key, mask = ready.parent.key, ready.mask
        pressed = await self.presses.start_child(
            await self.presses.authorize_asker(asker, ready.parent, ready.operation),
            ready.parent,
            ready.position,
            channel_id=channel_id,
            message_id=message_id,
            inputs=(Input(mask.png, "image/png", f"mask-{key}.png", role=InputRole.MASK),),
            notes=(RESIZED,) if mask.resized else (),
            words=ready.words,
        )
        log.info(
            "region_repainted",
            extra={"job": pressed.job.key, "share": round(mask.share, 3), "resized": mask.resized},
        )
        return pressed

    async def again(
        self, asker: Asker, job: Job, press: Press, *, words: WindowWords | None = None
    ) -> Pressed:
        """Repaint what a job that came to nothing was to repaint, with its own mask. Raises as `repaint`.

        Without other `words` it is done with those that it had.
        """
        asker, parent = await self._entered(asker, press.parent, press.position, Operation.REGION)
        if words is None and job.prompt != parent.prompt:
            words = WindowWords(prompt=job.prompt)
        self._check_words(parent, press.position, words)
        mask = mask_of(await self.store.inputs(job.key))
        if mask is None:
            raise UserError(text("again.mask_gone", key=job.key))
        return await self.presses.start_child(
            asker,
            parent,
            press.position,
            channel_id=press.channel_id,
            message_id=press.message_id,
            inputs=(mask,),
            notes=tuple(note for note in job.notes if note == RESIZED),
            words=words,
        )

    # -- the job and its picture -------------------------------------------------------------------------

    async def _entered(
        self, asker: Asker, key: JobKey, position: int, operation: Operation
    ) -> tuple[Asker, Job]:
        """The job of the button, if they may do this with it and the button asks for a region, and the asker in its home."""
        parent = await self.presses.parent(key)
        asker = await self.presses.authorize_asker(asker, parent, operation)
        actions = parent.actions[position : position + 1] if position >= 0 else ()
        if not actions or classify(actions[0].custom_id) is not Family.VARY_REGION:
            raise UserError(text("press.no_such_button", key=key))
        return asker, parent

    def _check_words(self, parent: Job, position: int, words: WindowWords | None) -> None:
        if words is not None and self.presses.window_of(parent, position) is not WindowKind.REGION:
            raise UserError(text("region.no_words"))

    async def _running(self, parent: Job, position: int) -> Job | None:
        child = await self.store.child_of(parent.key, position)
        return None if child is None or child.is_terminal else child

    async def _draft(self, parent: Job, position: int) -> RegionDraft:
        try:
            picture = await self.pictures.fetch(
                storage_key=parent.storage_key, discord_url=parent.discord_url, limit=WHOLE
            )
        except RouteClosed as closed:
            log.info("picture_not_fetched", extra={"job": parent.key, "reason": closed.reason})
            raise picture_gone(parent.key) from closed
        except RetryLater as later:
            log.info("picture_not_fetched", extra={"job": parent.key, "reason": later.reason})
            raise UserError(text("region.picture_later", key=parent.key)) from later
        small = await self.masks.shrunk(picture.data)
        takes_words = self.presses.window_of(parent, position) is WindowKind.REGION
        words = parent.prompt if takes_words else None
        draft = RegionDraft(parent, position, picture.width, picture.height, small, words)
        self._kept[parent.key, position] = draft
        return draft


def _shown(job: Job, position: int) -> tuple[object, ...]:
    """All that a draft shows of its job, and its button."""
    return job.storage_key, job.discord_url, job.prompt, job.actions[position : position + 1]
