"""A press: a button under a finished picture becomes a child of its job, in the chain's own pool.
Never here: custom_ids (the key and the position have been read) and sending anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.actions import Family, Need, classify, describe_press, is_split, need_of
from bot.domain.inputs import images_of
from bot.domain.intake.drawing import number_of, varied
from bot.domain.intake.window_words import WindowKind, window_of_action
from bot.domain.jobs import NOTE_REMOVED, Job, JobKind, JobState, Press, Route, inherit_chain
from bot.domain.pools import Pool
from bot.domain.prices import charge_of
from bot.errors import UserError
from bot.services.admission.authorization import Authorizer, Operation, origin_of
from bot.services.admission.terms import Request
from bot.services.admission.viewer import Viewer
from bot.services.intake.drawing import check_pictures
from bot.services.intake.new_chain import references_of
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.archive import JobArchive
    from bot.domain.inputs import Input
    from bot.domain.intake.window_words import WindowWords
    from bot.domain.keys import JobKey
    from bot.domain.ports import JobStore
    from bot.domain.prices import Charge
    from bot.domain.tasks import RemoteAction
    from bot.services.accounts.accounts import Accounts
    from bot.services.admission.asker import Asker
    from bot.services.intake.attachments import ImageLoader
    from bot.services.intake.intake import Intake


CHILDREN: Final = 100
"""So many jobs under a picture are looked through for words that were not the presser's own."""


class PressOutcome(StrEnum):
    """What a press led to."""

    STARTED = "started"
    RUNNING = "running"
    """The button has a job that has not ended, or not come to its card: one click, one charge."""
    SHOWN = "shown"
    """U pressed again: the picture is there already, and whoever pressed can come to it."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The job that belongs to a press."""

    job: Job
    outcome: PressOutcome


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Presses:
    """Turns presses into child jobs."""

    intake: Intake
    store: JobStore
    archive: JobArchive
    authorizer: Authorizer
    accounts: Accounts
    image_loader: ImageLoader
    video: bool = False

    async def press(
        self,
        asker: Asker,
        key: JobKey,
        position: int,
        *,
        channel_id: int,
        message_id: int,
        words: WindowWords | None = None,
        media: Sequence[str] = (),
    ) -> Pressed:
        """Begin the child of a button, or find the one that it already has.

        Everything but the presser comes from the pressed job's row: task id, customId, pool, account, prompt; `words`
        are what was written into its window instead, if it has one. `media` is where the pictures of the pressed message
        are: its card is drawn anew, with the button marked, and need not be read again.
        Raises `UserError` with the way forward if the button can start nothing, `StorageTrouble` if the row could
        not be written.
        """
        found, child = await self.store.with_child(key, position)
        parent = _pressable(key, found)
        asker = await self.authorize_asker(asker, parent, Operation.PRESS)
        self._check(parent, position, words)
        return await self._find_or_begin(
            asker,
            parent,
            position,
            child,
            channel_id=channel_id,
            message_id=message_id,
            words=words,
            media=media,
        )

    async def authorize_asker(self, asker: Asker, parent: Job, operation: Operation) -> Asker:
        """The asker in the home of a job, if they may do this with it; raises `UserError`."""
        return await self.authorizer.authorize_asker(asker, origin_of(parent), operation)

    async def parent(self, key: JobKey) -> Job:
        """The pressed job, if it has anything to press; raises `UserError`."""
        return _pressable(key, await self.store.get(key))

    async def start_child(
        self,
        asker: Asker,
        parent: Job,
        position: int,
        *,
        channel_id: int,
        message_id: int,
        inputs: Sequence[Input] = (),
        notes: tuple[str, ...] = (),
        words: WindowWords | None = None,
    ) -> Pressed:
        """Begin the child of a button that may be pressed with what it takes along, or find the one that it has.

        The asker has been authorized. Raises as `press`.
        """
        child = await self.store.child_of(parent.key, position)
        return await self._find_or_begin(
            asker,
            parent,
            position,
            child,
            channel_id=channel_id,
            message_id=message_id,
            inputs=inputs,
            notes=notes,
            words=words,
        )

    async def _find_or_begin(
        self,
        asker: Asker,
        parent: Job,
        position: int,
        existing: Job | None,
        *,
        channel_id: int,
        message_id: int,
        inputs: Sequence[Input] = (),
        notes: tuple[str, ...] = (),
        words: WindowWords | None = None,
        media: Sequence[str] = (),
    ) -> Pressed:
        if message_id != parent.reply.message_id:  # a copy
            media = ()
        if not message_id and parent.reply.message_id is not None:
            # Pressed where only one person sees it: the child's card leads to its parent's.
            channel_id, message_id = parent.reply.channel_id, parent.reply.message_id
        action = _action(parent, position)
        if existing is not None and not existing.is_terminal:
            return Pressed(existing, PressOutcome.RUNNING)
        if existing is not None and is_split(classify(action.custom_id)):
            if NOTE_REMOVED in existing.notes:
                raise UserError(text("press.removed"))
            if not existing.is_delivered:
                return Pressed(existing, PressOutcome.RUNNING)
            if _is_to_be_had(existing, asker):
                return Pressed(existing, PressOutcome.SHOWN)

        await self.accounts.check_chain(parent)
        if parent.pool is Pool.DRAW:
            inputs = await self._inputs_of_order(parent, action)
        elif words is not None or self.window_of(parent, position) is WindowKind.REGION:
            # A window's words have to stand behind them: the server knows the pictures of a prompt as part of its words.
            pictures = await self.image_loader.of_prompt(parent)
            inputs, notes = (*(one.input for one in pictures.kept), *inputs), notes + pictures.notes
        child = self._child(parent, action, position, asker, channel_id, message_id, notes, words)
        request = replace(
            self._request(parent, charge_of(child, parent=parent)),
            images=() if parent.pool is Pool.DRAW else None,  # its chain's own, which nobody puts in
            prompt=None if words is None else words.prompt,
            borrowed=await self._borrowed(parent, position, words),
            references=references_of(one.role for one in inputs) if words is not None else (),
        )
        started = await self.intake.enqueue(asker, child, request, inputs)
        if started.fresh:
            self.intake.show(parent, media=media)  # its button now shows that it was pressed
        # The same interaction again is answered as the first time; another one finds the button's job.
        again = started.job.interaction_id == asker.interaction_id
        return Pressed(started.job, PressOutcome.STARTED if again else PressOutcome.RUNNING)

    async def _borrowed(self, parent: Job, position: int, words: WindowWords | None) -> str:
        """Words that are not the presser's own: the picture's, and those on the cards of what its button began before."""
        given = [parent.prompt]
        if words is not None and words.prompt not in {None, parent.prompt}:
            children = await self.archive.children(parent.key, limit=CHILDREN)
            given += [
                one.prompt for one in children if one.press is not None and one.press.position == position
            ]
        return " ".join(dict.fromkeys(given))

    async def check(self, asker: Asker, parent: Job, charge: Charge) -> None:
        """Raise what would refuse a press, before a person goes to any trouble; nothing is noted down."""
        await self.accounts.check_chain(parent)
        await self.intake.check(asker, self._request(parent, charge))

    def _request(self, parent: Job, charge: Charge) -> Request:
        """What a press asks for: of an order, as many pictures as the engine of today draws at once."""
        model = self.accounts.capabilities(parent.account).engine if parent.pool is Pool.DRAW else None
        number = 1 if model is None else min(number_of(parent.prompt), model.most)
        return Request(pool=parent.pool, charge=charge, in_chain=True, number=number)

    def window_of(self, parent: Job, position: int) -> WindowKind | None:
        """Which window a button can open on the account of its chain; None: none."""
        return window_of_action(parent.actions, position, self.accounts.capabilities(parent.account))

    async def _inputs_of_order(self, parent: Job, action: RemoteAction) -> Sequence[Input]:
        """What an order of the engine's takes along: the picture that it edits, or what the one before it had."""
        model = self.accounts.capabilities(parent.account).engine
        number = varied(action.custom_id)
        if model is None:
            raise UserError(text("draw.not_here"))
        if number is not None:
            check_pictures(model)
            return [await self.image_loader.drawn(parent, number)]
        taken = images_of(await self.store.inputs(parent.key))
        if taken:
            check_pictures(model)
        if len(taken) < parent.inputs:
            raise UserError(text("again.prompt_pictures_gone", key=parent.key))
        return taken

    def _check(self, parent: Job, position: int, words: WindowWords | None) -> None:
        """Raise `UserError` if a press alone, or with words, cannot send a button's action."""
        action = _action(parent, position)
        window = self.window_of(parent, position)
        if words is not None:
            if window in {WindowKind.ZOOM, WindowKind.WORDS}:
                return
            raise UserError(text("window.not_here", button=describe_press(action)))
        match need_of(classify(action.custom_id)):
            case Need.NOTHING:
                return
            case Need.VIDEO if self.video:
                return
            case Need.MASK:
                raise UserError(
                    text("press.foreign")
                )  # its card is older than the button that asks for a region
            case Need.TEXT if window is WindowKind.ZOOM:
                raise UserError(text("window.press_again", key=parent.key))
            case Need.TEXT if classify(action.custom_id) is Family.CUSTOM_ZOOM:
                raise UserError(text("press.custom_zoom"))
            case _:
                raise UserError(text("press.not_offered", button=describe_press(action)))

    def _child(
        self,
        parent: Job,
        action: RemoteAction,
        position: int,
        asker: Asker,
        channel_id: int,
        message_id: int,
        notes: tuple[str, ...],
        words: WindowWords | None,
    ) -> Job:
        if parent.task_id is None:  # `parent` has made sure; the type checker has not seen it
            raise UserError(text("press.unfinished", key=parent.key))
        root, pool, account, prompt, home, home_channel = inherit_chain(parent)
        remix, zoom = False, None
        label = describe_press(action)
        if words is not None:
            prompt, zoom = prompt if words.prompt is None else words.prompt, words.zoom
            remix = self.window_of(parent, position) is WindowKind.WORDS
            notes += words.notes
            label = f"{label} · Remix" if remix else label if zoom is None else f"{label} {zoom}x"
        return self.intake.new_job(
            asker,
            kind=JobKind.ACTION,
            root=root,
            pool=pool,
            prompt=prompt,
            account=account,
            home=home,
            home_channel=home_channel,
            notes=notes,
            press=Press(
                parent=parent.key,
                position=position,
                custom_id=action.custom_id,
                label=label,
                parent_task=parent.task_id,
                channel_id=channel_id,
                message_id=message_id,
                remix=remix,
                zoom=zoom,
            ),
        )


def _is_to_be_had(child: Job, asker: Asker) -> bool:
    """Whether somebody who presses its button can come to its picture: where it is shown, or with `/jobs show`."""
    if not (child.storage_key or child.discord_url):
        return False  # whoever made it was erased
    viewer = Viewer(user_id=asker.user_id, guild_id=asker.reply.guild_id, manages=asker.is_moderator)
    if viewer.may_look_after(child):
        return True
    at = child.reply
    # A card that was withdrawn, or could not be reached, has no picture until it is shown anew.
    bare = child.route is Route.KEPT and (at.message_at or 0) < (child.delivered_at or 0)
    return at.message_id is not None and at.guild_id is not None and not bare


def _pressable(key: JobKey, job: Job | None) -> Job:
    """The job, if it has anything to press."""
    if job is None:
        raise UserError(text("press.unknown", key=key))
    if job.state is JobState.FAILED:
        raise UserError(text("press.failed", key=key))
    if job.state is JobState.CANCELLED:
        raise UserError(text("press.cancelled", key=key))
    if job.state is not JobState.SUCCEEDED or job.task_id is None:
        raise UserError(text("press.unfinished", key=key))
    return job


def _action(parent: Job, position: int) -> RemoteAction:
    """The stored action of a button."""
    if not 0 <= position < len(parent.actions):
        raise UserError(text("press.no_such_button", key=parent.key))
    return parent.actions[position]
