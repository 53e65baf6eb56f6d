"""The buttons under a card: a key and a position in the custom_id, nothing more; every press gets an answer.
Never here: what an action means (the job's row carries that) and how cards look."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from typing_extensions import override

from bot.domain.keys import ButtonId, JobKey
from bot.errors import UserError
from bot.services.intake.press import PressOutcome
from bot.texts import text
from bot.ui.kit.links import card_link
from bot.ui.kit.replies import AnyInteraction, answer_errors, client_of, defer_public, tell

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from bot.services.intake.press import Pressed

    OwnButton = Callable[[AnyInteraction, JobKey], Awaitable[None]]
    OwnModal = Callable[[AnyInteraction, JobKey, Mapping[str, str]], Awaitable[None]]

GRACE_S: Final = 1.5
"""How long a control that we do not know by its custom_id may take to answer by itself."""

OWN: Final[dict[str, OwnButton]] = {}
"""Buttons of our own, by the word that stands where a position would."""

MODALS: Final[dict[str, OwnModal]] = {}
"""Windows of our own, by the word in their custom_id, which is a button's."""


def own_button(word: str) -> Callable[[OwnButton], OwnButton]:
    """Register what a button of our own does: `@own_button("info")` over `async def info(interaction, key)`.

    It answers first and within three seconds; what it raises becomes a sentence.
    """

    def register(handler: OwnButton) -> OwnButton:
        ButtonId(JobKey("0" * 12), word).encode()  # a word that could not be read back would be a dead button
        OWN[word] = handler
        return handler

    return register


def own_modal(word: str) -> Callable[[OwnModal], OwnModal]:
    """Register what happens when a window is sent: `@own_window("remix")` over `async def f(interaction, key, fields)`.

    The window's custom_id is `ButtonId(key, word)` and nobody keeps the window itself, so it outlives a restart; a dash
    and more may follow the word, for the handler to read. `fields` are the texts by their own custom_ids, and of an
    upload the id of its file. The handler answers first and within three seconds.
    """

    def register(handler: OwnModal) -> OwnModal:
        ButtonId(JobKey("0" * 12), word).encode()
        MODALS[word] = handler
        return handler

    return register


class JobButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=ButtonId.TEMPLATE):
    """A button of this version, before and after any restart.

    A card holds nothing clickable but these: one ordinary item would let its view deregister this class for every
    message (facts §3.4).
    """

    def __init__(self, item: discord.ui.Button[Any], id_: ButtonId) -> None:
        super().__init__(item)
        self.id_ = id_

    @classmethod
    def draw(cls, id_: ButtonId, *, label: str | None, emoji: str | None, style: discord.ButtonStyle) -> Self:
        """Make a button for a card."""
        return cls(
            discord.ui.Button(style=style, label=label, emoji=emoji, custom_id=id_.encode()),
            id_,
        )

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else: what is raised here nobody hears. The item that was sent keeps its look."""
        position = match["position"]
        return cls(
            cast("discord.ui.Button[Any]", item),
            ButtonId(JobKey(match["key"]), int(position) if position.isdigit() else position),
        )

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Answer, then do what the button is for."""
        await answer_errors(interaction, partial(_pressed, interaction, self.id_), reference=self.id_.key)


class ForeignButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=ButtonId.FOREIGN_TEMPLATE):
    """A button of ours that another version drew: it cannot do anything, but it says so."""

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Keep the item as it is."""
        return cls(cast("discord.ui.Button[Any]", item))

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Say what to do instead."""
        await answer_errors(
            interaction, partial(tell, interaction, text("press.foreign")), reference=str(interaction.id)
        )


DYNAMIC: Final = (JobButton, ForeignButton)
"""What the client registers at start."""


async def _pressed(interaction: AnyInteraction, id_: ButtonId) -> None:
    if isinstance(id_.position, int):
        await _press_action(interaction, id_.key, id_.position)
        return
    handler = OWN.get(id_.position)
    if handler is None:
        raise UserError(text("press.foreign"))
    await handler(interaction, id_.key)


async def _press_action(interaction: AnyInteraction, key: JobKey, position: int) -> None:
    """Start the child of an upstream action; its card takes the place of our “thinking…”."""
    asker = await defer_public(interaction)
    if asker is None:
        return
    pressed = await client_of(interaction).services.presses.press(
        asker,
        key,
        position,
        channel_id=asker.reply.channel_id,
        message_id=_public_message(interaction),
    )
    await say_where(interaction, pressed)


def _public_message(interaction: AnyInteraction) -> int:
    """The message that was pressed, 0 if nobody else sees it: a child's card links there."""
    message = interaction.message
    return 0 if message is None or message.flags.ephemeral else message.id


async def say_where(interaction: AnyInteraction, pressed: Pressed) -> None:
    """Point to the job that this button already has, if it started none."""
    if pressed.outcome is PressOutcome.STARTED:
        return
    link = card_link(pressed.job)
    where = "elsewhere" if link is None else "there"
    await tell(
        interaction,
        text(f"press.{pressed.outcome.value}_{where}", link=link or "", key=pressed.job.key),
    )


# -- windows, and controls that nobody answers --------------------------------------------------------------------------


def _fields(component: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What was written into a window: texts by their custom_ids, however deep they stand."""
    if isinstance(component.get("value"), str) and "custom_id" in component:
        yield component["custom_id"], component["value"]
    if component.get("values") and "custom_id" in component:
        yield component["custom_id"], str(component["values"][0])
    inner = [*component.get("components", ()), component.get("component") or {}]
    for part in inner:
        yield from _fields(part) if part else ()


async def answer_unheard(
    interaction: AnyInteraction,
    dynamic: Iterable[type[discord.ui.DynamicItem[Any]]],
    *,
    pause: Callable[[float], Awaitable[Any]],
) -> None:
    """Answer a component or window that no longer has anybody behind it; discord.py drops those silently (peers F1).

    A view or window that is alive answers within the grace, for which `pause` waits (seconds); a dynamic item always
    answers by itself.
    """
    if interaction.type not in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
        return
    custom_id = str(cast("dict[str, Any]", interaction.data or {}).get("custom_id", ""))
    if interaction.type is discord.InteractionType.component and any(
        item.__discord_ui_compiled_template__.fullmatch(custom_id) for item in dynamic
    ):
        return
    window = ButtonId.decode(custom_id) if interaction.type is discord.InteractionType.modal_submit else None
    handler = None if window is None else MODALS.get(str(window.position).partition("-")[0])
    if window is not None and handler is not None:
        fields = dict(_fields(cast("dict[str, Any]", interaction.data or {})))
        await answer_errors(
            interaction, partial(handler, interaction, window.key, fields), reference=window.key
        )
        return
    if not interaction.response.is_done():
        await pause(GRACE_S)
    if not interaction.response.is_done():
        await answer_errors(
            interaction, partial(tell, interaction, text("press.expired")), reference=str(interaction.id)
        )
