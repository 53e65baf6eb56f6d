"""Windows of actions: whether one may be opened now, asked before a person goes to any trouble.
Never here: the window itself (ui), and the job that comes of it (`press`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.actions import classify, describe_press
from bot.domain.prices import charge_of_family
from bot.services.admission.authorization import Operation
from bot.services.intake.press import Pressed, PressOutcome

if TYPE_CHECKING:
    from bot.domain.intake.window_words import WindowKind
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.services.intake.press import Presses


@dataclass(frozen=True, slots=True)
class ActionWindow:
    """What is asked for before an action is sent."""

    parent: Job
    kind: WindowKind
    title: str
    """What stands on the button."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ActionWindows:
    """Opens windows. Nothing is sent and nothing charged before one is filled in."""

    presses: Presses

    @property
    def anywhere(self) -> bool:
        """Whether any of the owner's accounts opens windows."""
        return self.presses.accounts.any_account_can(lambda capabilities: capabilities.custom_zoom)

    @property
    def remix_anywhere(self) -> bool:
        """Whether any of them can be asked for one under V, reroll and pan."""
        return self.presses.accounts.any_account_can(lambda capabilities: capabilities.remix)

    async def open(self, asker: Asker, key: JobKey, position: int) -> ActionWindow | Pressed | None:
        """The window of a button, the job that the button has already, or None where its account opens no window.

        Raises `UserError` with the rule that would refuse the press.
        """
        presses = self.presses
        parent = await presses.parent(key)
        asker = await presses.authorize_asker(asker, parent, Operation.PRESS)
        kind = presses.window_of(parent, position)
        if kind is None:
            return None
        child = await presses.store.child_of(parent.key, position)
        if child is not None and not child.is_terminal:
            return Pressed(child, PressOutcome.RUNNING)
        action = parent.actions[position]
        await presses.check(asker, parent, charge_of_family(classify(action.custom_id)))
        return ActionWindow(parent, kind, describe_press(action))
