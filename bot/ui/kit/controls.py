"""Every button, menu and modal: registered beside its feature, found by its custom_id alone, before and after any restart.
Never here: what any of them does.

discord.py is given only views and modals that have ended (`StatelessView`, `form`), so it keeps none and answers none (facts §3.4)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec

import discord

from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.context import Context
from bot.ui.kit.custom_ids import KEY, OURS, encode_custom_id, kind_of, read_fields, renewed
from bot.ui.kit.escape import cut, plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.texts import Localize, Text
    from bot.ui.kit.context import AnyInteraction
    from bot.ui.kit.custom_ids import Field

log = logging.getLogger(__name__)

P = ParamSpec("P")

TITLE_LIMIT: Final = 45
TEXTS_LIMIT: Final = 4_000
"""Characters of all texts of a message (facts §3.4)."""


@dataclass(frozen=True, slots=True)
class Control(Generic[P]):
    """A kind of control: what its custom_id says, who may use it, what it does."""

    kind: str
    fields: tuple[Field[Any], ...]
    handler: Callable[Concatenate[Context, P], Awaitable[None]]
    moderators: bool = False
    owners: bool = False

    def id(self, *values: P.args, **_: P.kwargs) -> str:
        """The custom_id; raises ValueError if Discord would refuse it or it could not be read back."""
        return encode_custom_id(self.kind, self.fields, values)

    async def __call__(self, context: Context, *values: P.args, **named: P.kwargs) -> None:
        """Do what it is for; who asks was checked."""
        await self.handler(context, *values, **named)

    async def use(self, context: Context, *values: P.args, **named: P.kwargs) -> None:
        """Check who asks, right now and not when it was drawn, and do what it is for."""
        if self.moderators:
            context.moderator()
        if self.owners:
            await context.defer_update()  # finding out may take a request
            await context.owner()
        await self(context, *values, **named)


COMPONENTS: Final[dict[str, Control[...]]] = {}
"""Buttons and menus by their kind."""
MODALS: Final[dict[str, Control[...]]] = {}
"""Modals that were sent, by their kind; often the kind of the button that opened them."""


def _register(
    controls: dict[str, Control[...]], kind: str, fields: tuple[Field[Any], ...], **who: bool
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[None]]], Control[P]]:
    if kind in controls:
        raise ValueError(f"the custom_id {kind!r} is taken")
    encode_custom_id(kind, (), ())  # a kind that could not be read back would be a dead control

    def register(handler: Callable[Concatenate[Context, P], Awaitable[None]]) -> Control[P]:
        control = Control(kind, fields, handler, **who)
        controls[kind] = control
        return control

    return register


def component(
    kind: str, *fields: Field[Any], moderators: bool = False, owners: bool = False
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[None]]], Control[P]]:
    """Register what a button or menu does: `@component("info", KEY)` over `async def info(context, key)`.

    It is drawn as `discord.ui.Button(custom_id=info.id(key), …)`. What is meant for `moderators` asks for the permission at each
    press; what is meant for the `owners` of the application was answered by leaving the message as it is.
    """
    return _register(COMPONENTS, kind, fields, moderators=moderators, owners=owners)


def modal(
    kind: str, *fields: Field[Any], moderators: bool = False
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[None]]], Control[P]]:
    """Register what happens when a modal is sent; `context.fields` has what was written. It is drawn by `form`."""
    return _register(MODALS, kind, fields, moderators=moderators, owners=False)


def custom_id_of(kind: str, *values: Any) -> str:
    """The custom_id of a button or menu by its kind, for whoever draws it where what it does is not known.

    Raises ValueError if nothing answers to that kind, or what answers could not read it.
    """
    control = COMPONENTS.get(kind)
    if control is None:
        raise ValueError(f"no button or menu is registered as {kind!r}")
    return control.id(*values)


async def dispatch(interaction: AnyInteraction) -> None:
    """Answer a component or a modal, whoever drew it and when: silence would be Discord's “interaction failed” (peers F1)."""
    kinds: Mapping[discord.InteractionType, dict[str, Control[...]]] = {
        discord.InteractionType.component: COMPONENTS,
        discord.InteractionType.modal_submit: MODALS,
    }
    controls = kinds.get(interaction.type)
    if controls is None:
        return
    context = Context(interaction)
    custom_id = renewed(str(context.data.get("custom_id", "")))
    control = controls.get(kind_of(custom_id) or "")
    values = None if control is None else read_fields(custom_id, control.fields)
    reference = str(interaction.id)
    if control is None or values is None:
        log.info("control_unknown", extra={"interaction": interaction.id, "kind": kind_of(custom_id)})
        is_button = context.data.get("component_type") == discord.ComponentType.button.value
        is_foreign = is_button and custom_id.startswith(OURS)
        refusal = UserError(text("press.foreign" if is_foreign else "press.expired"))
        await context.reply_error(refusal, reference=reference)
        return
    if control.fields[:1] == (KEY,):
        reference = str(values[0])
    await context.answer_errors(control.use(context, *values), reference=reference)


# -- drawing -----------------------------------------------------------------------------------------------------


class StatelessView(discord.ui.LayoutView):
    """A message made of components, which discord.py does not keep."""

    def __init__(self, *items: discord.ui.Item[Any]) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)
        self.stop()


def words_view(words: str, *buttons: discord.ui.Item[Any]) -> StatelessView:
    """A sentence in the place of a view, which no sentence without one can replace (facts §3.4); perhaps with buttons."""
    row: tuple[discord.ui.Item[Any], ...] = (discord.ui.ActionRow(*buttons),) if buttons else ()
    return StatelessView(discord.ui.TextDisplay(cut(words, TEXTS_LIMIT)), *row)


def form(
    localize: Localize,
    custom_id: str,
    title: Text,
    *fields: tuple[Text, discord.ui.Item[Any], Text | None],
) -> discord.ui.Modal:
    """A modal of labelled fields: words, input, hint. Its custom_id says all, so it may be sent after a restart."""
    drawn = discord.ui.Modal(title=plain(localize(title), TITLE_LIMIT), custom_id=custom_id)
    for label, item, hint in fields:
        drawn.add_item(
            discord.ui.Label(
                text=localize(label), component=item, description=None if hint is None else localize(hint)
            )
        )
    drawn.stop()
    return drawn
