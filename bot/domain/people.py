"""What belongs to a person and not to a server: preferences for new pictures, named option sets, a language of their own.
Never here: storage, and a server's rules, which win over all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, Self

from bot.domain.intake.prompts import PromptOptions, check_kept, compose
from bot.domain.intake.stand_in import STAND_IN, healed, without_stand_in
from bot.domain.pools import Pool  # noqa: TC001 - storage's codec reads the annotations when the program runs
from bot.domain.wording import clean
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SETS_LIMIT: Final = 25
"""Option sets of one person: what a menu and a list of suggestions hold."""
NAME_LIMIT: Final = 32
NEVER: Final = -1
"""Instead of a number of seconds."""
OPTIONS_LIMIT: Final = 500
"""Characters of a set's options, and of a suffix."""


@dataclass(frozen=True, slots=True)
class OptionSet:
    """Options under a name: `wide` for `--ar 16:9 --stylize 300`. Words are allowed, too."""

    name: str
    options: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a person wants where a command does not say otherwise. It holds in every server."""

    pool: Pool | None = None
    """Where it is closed to them, the server's default is taken."""
    aspect: str | None = None
    version: str | None = None
    suffix: str = ""
    """Stands behind every prompt: words, parameters or both."""
    sets: tuple[OptionSet, ...] = ()
    """By name."""
    copies: bool = False
    """Whether finished pictures come as direct messages, too."""
    copies_refused: bool = False
    """They were switched off because the person takes no direct messages from us."""
    news_after: int | None = None
    """Seconds after which a result comes as a new message that pings; 0: always, `NEVER`: never, None: as the server says."""
    remix: bool = False
    """Whether V, reroll and pan ask for other words first, where the account can."""
    translate: bool | None = None
    """Whether prompts are sent in English; None: as the server says."""
    language: str | None = None
    """A catalogue's name; None: the language of their Discord."""

    def find(self, name: str) -> OptionSet | None:
        """The set of a name, however it is capitalised."""
        return next((one for one in self.sets if one.name.casefold() == name.strip().casefold()), None)

    def under(self, name: str | None = None) -> tuple[str, ...]:
        """What is laid under a prompt, the weightiest first: a named set, the suffix, aspect and version.

        Raises `UserError` if there is no set of that name.
        """
        chosen = None if name is None else self.find(name)
        if name is not None and chosen is None:
            raise UserError(text("prefer.no_such_set"))
        parts = [
            "" if chosen is None else healed(chosen.options),
            healed(self.suffix),
            "" if self.aspect is None else f"--ar {self.aspect}",
            "" if self.version is None else spelled_version(self.version),
        ]
        return tuple(part for part in parts if part)

    def named(self) -> tuple[tuple[str, str], ...]:
        """The sets that may stand in a prompt like a parameter: `--mine` for a set called `mine`."""
        return tuple((one.name, healed(one.options)) for one in self.sets)

    def with_set(self, name: str, options: str) -> Self:
        """Keep options under a name, over those that it had; raises `UserError` for what could not be used later."""
        called = " ".join(clean(name).split())
        if not called or len(called) > NAME_LIMIT:
            raise UserError(text("prefer.set_name", limit=NAME_LIMIT))
        checked = laid(options)
        if not checked:
            raise UserError(text("prefer.set_empty"))
        others = [one for one in self.sets if one.name.casefold() != called.casefold()]
        if len(others) >= SETS_LIMIT:
            raise UserError(text("prefer.too_many_sets", limit=SETS_LIMIT))
        sets = sorted([*others, OptionSet(called, checked)], key=lambda one: one.name.casefold())
        return replace(self, sets=tuple(sets))

    def without_set(self, name: str) -> Self:
        """Drop a set; raises `UserError` if there is none of that name."""
        found = self.find(name)
        if found is None:
            raise UserError(text("prefer.no_such_set"))
        return replace(self, sets=tuple(one for one in self.sets if one is not found))


NOBODYS: Final = Preferences()
"""Of somebody who never chose anything."""


def laid(typed: str) -> str:
    """Words and parameters as they are laid under a prompt; raises `UserError` with what is to be mended."""
    _check_length(typed)
    check_kept(typed)
    spelled = without_stand_in(compose(PromptOptions(prompt=STAND_IN, under=(typed,))).prompt)
    _check_length(spelled)  # it may have grown, and a window has to show all of it
    return spelled


def _check_length(options: str) -> None:
    if len(options) > OPTIONS_LIMIT:
        raise UserError(text("prefer.too_long", limit=OPTIONS_LIMIT, length=len(options)))


def read_aspect(typed: str) -> str:
    """An aspect ratio as it is sent; raises `UserError`."""
    return compose(PromptOptions(prompt="x", aspect=typed)).prompt.removeprefix("x --ar ")


def spelled_version(version: str) -> str:
    """`7` as `--v 7`, `niji 6` as `--niji 6`; raises `UserError`."""
    return compose(PromptOptions(prompt="x", version=version)).prompt.removeprefix("x ")


def version_named(typed: str) -> str | None:
    """A model as it is offered, `7` or `niji 7`, by what somebody typed for it; None if it is none."""
    try:
        return spelled_version(typed).removeprefix("--").removeprefix("v ")
    except UserError:
        return None


class PreferenceStore(Protocol):
    """People's preferences. Every method raises `StorageTrouble` and is one transaction."""

    async def preferences(self, user_id: int) -> Preferences:
        """Read them; those of somebody who chose nothing are the defaults."""

    async def change(
        self, user_id: int, change: Callable[[Preferences], Preferences], *, at: int
    ) -> Preferences:
        """Apply `change` to what is stored; what it raises is raised, and nothing is written."""

    async def forget(self, user_id: int) -> None:
        """Delete all that is kept of a person's own, in every server. Jobs are not: they are the servers'."""

    async def languages(self) -> Mapping[int, str]:
        """Everybody who chose a language of their own, with the language."""
