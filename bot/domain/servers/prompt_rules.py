"""What a server adds to prompts and does not allow in them, by place: the nearest thread, channel or category decides.
Never here: words (moderation), pictures and addresses (image_rules), and how a prompt is spelled (prompts)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from bot.domain.intake.drawing import ends_with, with_suffix
from bot.domain.intake.parameters import BY_NAME, nearest
from bot.domain.intake.prompt_parts import ParameterValue, read_value, spelled_all, words_of
from bot.domain.intake.prompts import ComposedPrompt, PromptOptions, check_kept, compose, parameters_of
from bot.domain.intake.stand_in import STAND_IN, healed
from bot.domain.pools import Pool
from bot.domain.prices import Charge  # noqa: TC001 - storage's codec reads the annotations when the program runs
from bot.domain.wording import is_link
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

NOTE_ADDED: Final = "note.server_added"
SUFFIX_LIMIT: Final = 300
"""Characters of a server's own words behind a prompt."""
DEFAULTS_LIMIT: Final = 300
"""Characters of a server's own parameters, as they are spelled out: a window has to show all of them."""
NUMBERED: Final = frozenset(
    {"chaos", "cw", "exp", "iw", "ow", "quality", "stop", "stylize", "sw", "weird"},
)
"""Parameters of which one may say how much is too much."""


class PlaceRule(Protocol):
    """A rule of one place."""

    @property
    def target_id(self) -> int:
        """A thread, a channel or a category; the server's own id stands for everywhere."""


P = TypeVar("P", bound=PlaceRule)


@dataclass(frozen=True, slots=True)
class PromptAddition:
    """What is added to prompts."""

    target_id: int
    defaults: str = ""
    """Parameters for prompts that do not have them, as they are spelled there."""
    suffix: str = ""
    """Words behind every prompt's own."""


@dataclass(frozen=True, slots=True)
class ParameterLimit:
    """What is allowed of one parameter. Allowed without a most, it is an exception from what holds farther out."""

    target_id: int
    key: str
    """Of `parameters.BY_NAME`: two spellings of one parameter share it."""
    allowed: bool = True
    most: float | None = None


@dataclass(frozen=True, slots=True)
class KindRule:
    """Whether a kind of job may be begun."""

    target_id: int
    charge: Charge
    allowed: bool


# -- what holds in a place -------------------------------------------------------------------------------------


def decisive(rules: Iterable[P], places: Iterable[int], about: Callable[[P], bool]) -> P | None:
    """The rule of the nearest place that has one about it; `places` begins with the nearest."""
    found = {rule.target_id: rule for rule in rules if about(rule)}
    return next((found[place] for place in places if place in found), None)


def is_allowed(rules: Iterable[KindRule], charge: Charge, places: Sequence[int]) -> bool:
    """Whether a kind of job may be begun there; what nobody decided is allowed."""
    rule = decisive(rules, places, lambda r: r.charge is charge)
    return rule is None or rule.allowed


def defaults_in(additions: Iterable[PromptAddition], places: Sequence[int]) -> dict[str, str]:
    """The parameters that are added there, by key: for each the nearest place decides."""
    found: dict[str, str] = {}
    by_place = {addition.target_id: addition for addition in additions}
    for place in places:
        if place in by_place:
            mine = {given.key: given.spelled for given in _parameters(by_place[place].defaults)}
            found = mine | found
    return found


def suffix_in(additions: Iterable[PromptAddition], places: Sequence[int]) -> str:
    """The words that are put behind every prompt there; empty: none."""
    rule = decisive(additions, places, lambda a: bool(words_added(a.suffix)))
    return "" if rule is None else words_added(rule.suffix)


def words_added(suffix: str) -> str:
    """What a suffix adds, its words alone: earlier versions kept links in it, which every Remix would add again."""
    return " ".join(word for word in healed(suffix).split() if not is_link(word))


def shaped(prompt: str, additions: Sequence[PromptAddition], places: Sequence[int]) -> ComposedPrompt:
    """A composed prompt with what the server adds; adding twice adds nothing. Raises `UserError` if it gets too long."""
    given = _parameters(prompt)
    words = words_of(prompt)
    suffix = suffix_in(additions, places)
    behind = [] if not suffix or ends_with(words, suffix) else [suffix]
    keys = {parameter.key for parameter in given}
    missing = [whole for key, whole in defaults_in(additions, places).items() if key not in keys]
    if not behind and not missing:
        return ComposedPrompt(prompt)
    line = ", ".join([words, *behind])
    whole = " ".join([line, *spelled_all(given), *missing])
    return ComposedPrompt(compose(PromptOptions(prompt=whole)).prompt, (NOTE_ADDED,))


def shaped_for(
    pool: Pool,
    prompt: str,
    limits: Sequence[ParameterLimit],
    additions: Sequence[PromptAddition],
    places: Sequence[int],
) -> ComposedPrompt:
    """A prompt with what the server adds, if all that is in it is allowed there; the engine's take words alone."""
    if pool is not Pool.DRAW:
        check_parameters(prompt, limits, additions, places)
        return shaped(prompt, additions, places)
    whole = with_suffix(prompt, suffix_in(additions, places))
    return ComposedPrompt(whole, () if whole == prompt else (NOTE_ADDED,))


def check_parameters(
    prompt: str,
    limits: Sequence[ParameterLimit],
    additions: Sequence[PromptAddition],
    places: Sequence[int],
) -> None:
    """Raise `UserError` for a parameter that is not allowed there, saying what would be accepted.

    What the server itself adds is accepted: so a parameter that is denied and has a default is fixed.
    """
    added = {one.key: one for one in _spelled(defaults_in(additions, places).values())}
    for given in _parameters(prompt):
        fixed = added.get(given.key)
        if fixed is not None and fixed.meant == given.meant:
            continue
        limit = decisive(limits, places, lambda r, key=given.key: r.key == key)  # type: ignore[misc]  # mypy cannot see a default's type
        if limit is None:
            continue
        if not limit.allowed and fixed is not None:
            raise UserError(text("refused.parameter_fixed", name=given.name, fixed=fixed.spelled))
        if not limit.allowed:
            raise UserError(text("refused.parameter", name=given.name))
        if limit.most is not None and float(given.value) > limit.most:
            raise UserError(
                text("refused.parameter_most", name=given.name, most=f"{limit.most:g}", value=given.value)
            )


def put_in(prompt: str, additions: Iterable[PromptAddition], places: Sequence[int]) -> str:
    """A prompt without the parameters that are, to the letter, what the server itself adds there."""
    added, others = set(defaults_in(additions, places).values()), []
    for whole in reversed(parameters_of(prompt)):
        prompt = prompt.rpartition(whole)[0]
        if whole not in added:
            others.append(whole)
    return " ".join([prompt, *others])


def check_references(keys: Iterable[str], limits: Sequence[ParameterLimit], places: Sequence[int]) -> None:
    """Raise `UserError` for a picture that would be sent as a parameter which is not allowed there."""
    for key in keys:
        limit = decisive(limits, places, lambda r, key=key: r.key == key)  # type: ignore[misc]  # as above
        if limit is not None and not limit.allowed:
            raise UserError(text("refused.parameter", name=name_of(key)))


# -- reading what moderators write -----------------------------------------------------------------------------


def key_of(name: str) -> str:
    """The parameter that a moderator means by `chaos`, `--chaos` or `c`; raises `UserError` for any other word."""
    spelled = name.strip().lstrip("-").lower()
    parameter = BY_NAME.get(spelled)
    if parameter is None:
        near = nearest(spelled)
        if near is None:
            raise UserError(text("settings.no_such_parameter"))
        raise UserError(text("settings.no_such_parameter_near", near=near))
    return parameter.key


def name_of(key: str) -> str:
    """How a parameter is spelled in sentences."""
    return next((name for name, known in BY_NAME.items() if known.key == key and len(name) > 1), key)


def read_most(key: str, typed: str) -> float:
    """A number that this parameter can have at most, read like its values in a prompt; raises `UserError` for others."""
    if key not in NUMBERED:
        raise UserError(text("settings.not_numbered", name=name_of(key)))
    return float(read_value(BY_NAME[name_of(key)], name_of(key), typed))


def read_defaults(typed: str) -> str:
    """Parameters as they are added; raises `UserError` if they are not parameters alone. Empty: none."""
    if not typed.strip():
        return ""
    check_kept(typed)
    composed = compose(PromptOptions(prompt=f"{STAND_IN} {typed}")).prompt
    if words_of(composed) != STAND_IN:
        raise UserError(text("settings.defaults_only"))
    defaults = composed.removeprefix(STAND_IN).strip()
    if len(defaults) > DEFAULTS_LIMIT:
        raise UserError(text("settings.too_long", limit=DEFAULTS_LIMIT))
    return defaults


def read_suffix(typed: str) -> str:
    """Words as they are added; raises `UserError` if parameters or links are among them. Empty: none."""
    if not typed.strip():
        return ""
    check_kept(typed)
    composed = compose(PromptOptions(prompt=f"{STAND_IN} {typed}")).prompt
    suffix = composed.removeprefix(STAND_IN).strip(" ,")
    if parameters_of(composed):
        raise UserError(text("settings.suffix_only"))
    if is_link(composed):
        raise UserError(text("settings.suffix_link"))
    if len(suffix) > SUFFIX_LIMIT:
        raise UserError(text("settings.too_long", limit=SUFFIX_LIMIT))
    return suffix


# -- a composed prompt in parts --------------------------------------------------------------------------------


def _parameters(prompt: str) -> list[ParameterValue]:
    return list(_spelled(parameters_of(prompt)))


def _spelled(parameters: Iterable[str]) -> Iterator[ParameterValue]:
    for whole in parameters:
        name, _, value = whole.removeprefix("--").partition(" ")
        raw = name == "style" and value.lower() == "raw"
        yield ParameterValue("raw" if raw else BY_NAME[name].key, name, value)
