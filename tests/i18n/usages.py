"""Where the program names its sentences: as they stand, or put together from an enum's values.
Never here: what the sentences say."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from bot.domain.failures import FailureKind
from bot.domain.inputs import Shape
from bot.domain.intake.prompt_help import UnusableAnswer
from bot.domain.jobs import JobState
from bot.domain.pools import MIDJOURNEY_POOLS, Pool
from bot.domain.prices import Charge
from bot.domain.servers.access import PressPermission, Treatment
from bot.domain.servers.declarations import Number, Switch
from bot.domain.servers.guilds import SECTIONS
from bot.domain.servers.moderation import Match, WordAction
from bot.domain.servers.server_settings import COMMANDS, DECLARATIONS
from bot.errors import RemoteFault
from bot.services.accounts.own_keys import KeyOutcome
from bot.services.intake.press import PressOutcome
from bot.ui.accounts.owners import Answer
from bot.ui.accounts.upstream_keys import Answer as KeyAnswer
from bot.ui.card.card_buttons import CROWDED, FINISHED, ROOMY
from bot.ui.card.failures import ENGINES, PICTURES
from bot.ui.moderation.audit import ACTIONS
from bot.ui.moderation.changes import DETAILS
from bot.ui.pools.panel import Verb
from bot.ui.preferences.card import TRANSLATES
from bot.web.region_page import SENTENCES
from tests.architecture.ground import modules, tree

if TYPE_CHECKING:
    from collections.abc import Iterable

HOLE: Final = "{}"
AREA: Final = re.compile(r"[a-z_]+")
PATTERN: Final = re.compile(r"(?:[a-z_]+|\{\})(?:[._](?:\w+|\{\})+)+")
OWNS: Final = ("own_key", "own_balance")
"""What is told otherwise where a server brought a key of its own."""
FAILURE: Final = (
    *(kind.value for kind in FailureKind),
    *OWNS,
    *ENGINES.values(),
    *PICTURES.values(),
)
ORIGINS: Final = ("remixed", "from_description", "from_shortened", "described_again")
"""How a job came from another one than by one of its buttons."""
SHAPES: Final = tuple(shape.value.lower() for shape in Shape)
ENDED: Final = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)

COMMAND_WORDS: Final = tuple(
    ".".join(filter(None, (declared.about.spelled.replace(" ", "."), option)))
    for command, settings in COMMANDS.items()
    if command != "zone"  # its command is made by hand
    for declared in settings
    for option in (None, declared.about.option, *filter(None, [declared.about.unset]))
)
"""Commands that are made of declarations, and their options."""

SPOKEN: Final = [declared for declared in DECLARATIONS if declared.about.sentence]
FAMILIES: Final[dict[str, Iterable[str]]] = {
    "action.{}": WordAction,
    "advice.{}": FAILURE,
    "ago.{}": ("days", "hours", "minutes"),
    "audit.{}": ACTIONS,
    "audit.part.{}": DETAILS,
    "button.{}": (
        *(own[0] for row in (*ROOMY, FINISHED, CROWDED) for own in row),
        *("cancel", "again", "show"),
        *("yes_cancel", "yes_erase", "yes_take_back"),
        *("idea0", "idea1", "idea2", "idea3", "ideas", "describe"),
        *("midjourney", "draw"),
    ),
    "draw.bad_{}": ("size", "quality"),
    "note.nearly_used_{}": Pool,
    "button.translate_{}": TRANSLATES.values(),
    "prefer.translate_{}": TRANSLATES.values(),
    "helper.answer_{}": UnusableAnswer,
    "card.{}": ORIGINS,
    "shorten.{}": ("strong", "weak"),
    "card.{}_elsewhere": ORIGINS,
    "choice.action.{}": WordAction,
    "choice.role.{}": ("prompt", "style", "character", "omni"),
    "choice.host.{}": ("allow", "deny", "clear"),
    "choice.kind.{}": Match,
    "choice.list.{}": ("mine", "favourites"),
    "mod.hosts_{}": ("allowed", "denied"),
    "mod.prompt_no_{}": ("defaults", "suffix"),
    "choice.media.{}": Treatment,
    "choice.press.{}": PressPermission,
    "choice.{}.{}": tuple(f"press.{who}" for who in PressPermission),
    "command.{}": COMMAND_WORDS,
    "command.blend.shape.{}": SHAPES,
    "command.imagine.pool.{}": MIDJOURNEY_POOLS,
    "failure.{}": FAILURE,
    "jobs.cancel_{}": ENDED,
    "jobs.state_{}": JobState,
    "kind.{}": Match,
    "log.own_key.{}": KeyOutcome,
    "own_key.now.{}": KeyOutcome,
    "region.page.{}": SENTENCES,
    "log.detail_{}": ("rule", "found", "reason"),
    "mod.channels_{}": ("allowed", "denied"),
    "mod.media_{}": Treatment,
    "mod.press_{}": PressPermission,
    "mod.test_{}": (*(action for action in WordAction if action is not WordAction.ALLOW), "found", "allowed"),
    "permission.{}": ("view_channel", "send_messages", "send_messages_in_threads", "attach_files"),
    "own_key.button.{}": ("set", "replace", "test", "remove", "remove_now"),
    "pool.button.{}": tuple(verb for verb in Verb if not verb.startswith("key")),
    "pool.charge.{}": Charge,
    "pool.upstream.{}{}": (*RemoteFault, *OWNS),
    "pool.{}": Pool,
    "press.running_{}": ("there", "elsewhere"),
    "section.{}": SECTIONS,
    "setting.{}": {
        *(d.about.unset for d in DECLARATIONS if d.about.unset),
        *(name for d in DECLARATIONS if isinstance(d.about.kind, Number) for _, name in d.about.kind.names),
    },
    "panel.{}": {
        d.about.kind.hint for d in DECLARATIONS if isinstance(d.about.kind, Number) and d.about.kind.hint
    },
    "mod.{}": tuple(str(d.about.sentence) for d in SPOKEN if not isinstance(d.about.kind, Switch)),
    "mod.{}_{}": tuple(
        f"{d.about.sentence}_{word}"
        for d in SPOKEN
        for word in (("on", "off") if isinstance(d.about.kind, Switch) else filter(None, [d.about.unset]))
    ),
    "setting.{}.{}": tuple(f"{d.about.command}.{d.about.option}" for d in DECLARATIONS),
    "server.button.{}": Answer,
    "keys.button.{}": KeyAnswer,
    "pool.budget_{}": ("day", "month"),
    "shape.{}": SHAPES,
    "press.{}_{}": tuple(
        f"{outcome}_{where}"
        for outcome in PressOutcome
        if outcome is not PressOutcome.STARTED
        for where in ("there", "elsewhere")
    ),
    "{}_elsewhere": ("info.parent", "info.ancestor", "info.child"),
}
"""Ids that the program puts together: the pattern as it stands there, and what may stand in its place."""

NO_TEXTS: Final = frozenset({"jobs.key", "prompt.txt", "region.html"})
"""Strings of the program that only look like ids: columns, files."""


def family(pattern: str) -> set[str]:
    """The ids that a pattern makes; where several places are open, a value fills them all."""
    head, hole, tail = pattern.partition(HOLE)
    return {f"{head}{value}{tail.rpartition(HOLE)[2] if hole else tail}" for value in FAMILIES[pattern]}


@cache
def named(areas: frozenset[str]) -> frozenset[str]:
    """Every string of the program that is an id as it stands: its first word is one of the catalogue's."""
    found = set()
    for node in _nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            area, dot, rest = node.value.partition(".")
            if dot and area in areas and re.fullmatch(r"\w+(?:\.\w+)*", rest) and not rest.endswith("_"):
                found.add(node.value)
    return frozenset(found - NO_TEXTS)


@cache
def patterns(areas: frozenset[str]) -> frozenset[str]:
    """Every id that the program puts together, with its open places."""
    found = set()
    for node in _nodes():
        if isinstance(node, ast.JoinedStr):
            pattern = "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
            )
            area = AREA.match(pattern)
            known = area[0] in areas if area else pattern.startswith(f"{HOLE}_")
            if known and PATTERN.fullmatch(pattern):
                found.add(pattern)
    return frozenset(found)


def _nodes() -> Iterable[ast.AST]:
    """The whole program, without the stand-ins of the sandbox."""
    for path in modules():
        if "sandbox" not in path.parts:
            yield from ast.walk(tree(path))
