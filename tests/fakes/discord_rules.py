"""What Discord refuses and how it says so: error codes, form checks, and its own OpenAPI document as an oracle.
Never here: state; a check looks at one request and forgets it."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.fakes.discord_world import Json

V2: Final = 1 << 15
EPHEMERAL: Final = 1 << 6
LOADING: Final = 1 << 7
LEGACY_COMPONENTS: Final = (1, 2, 3, 4, 5, 6, 7, 8)
LEGACY_FIELDS: Final = ("content", "embeds", "poll", "sticker_ids")

REFUSALS: Final[dict[int, tuple[int, str]]] = {
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid Recipient(s)"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
}


class Refused(Exception):
    """Discord says no: an HTTP status with Discord's own code in the body."""

    def __init__(self, code: int, *, status: int | None = None, message: str | None = None) -> None:
        usual, words = REFUSALS.get(code, (400, "Refused"))
        self.status = usual if status is None else status
        self.code = code
        self.message = words if message is None else message
        self.errors: Json | None = None
        self.retry_after: float | None = None
        super().__init__(f"{self.status} {code} {self.message}")

    def body(self) -> Json:
        """The answer's body."""
        shown: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            shown["errors"] = self.errors
        return shown


def bad_form(problems: Mapping[str, str]) -> Refused:
    """50035 with each problem under its place; a place is a path like `/components/0/custom_id`."""
    refusal = Refused(50035)
    tree: Json = {}
    for where, message in problems.items():
        node = tree
        for part in where.strip("/").split("/"):
            if part:
                node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": "BASE_TYPE_INVALID", "message": message})
    refusal.errors = tree
    return refusal


def copied(value: Any) -> Any:
    """A copy of something that came as JSON: a fifth of what `copy.deepcopy` takes."""
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [copied(inner) for inner in value]
    return value


def walk(components: Any, path: str = "/components") -> Iterator[tuple[str, Json]]:
    """Every component of a tree with its place, parents first."""
    for index, component in enumerate(components or []):
        if not isinstance(component, dict):
            continue
        place = f"{path}/{index}"
        yield place, component
        yield from walk(component.get("components"), f"{place}/components")
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                yield from ((f"{place}/{key}", inner) for _, inner in walk([component[key]]))


def form_problems(body: Json, *, v2: bool) -> dict[str, str]:
    """What is wrong with a message's form by the limits that matter most; they hold with or without the oracle."""
    components = list(walk(body.get("components")))
    found = _whole_problems(body, components, v2=v2)
    seen: set[str] = set()
    for place, component in components:
        if not v2 and component.get("type") not in LEGACY_COMPONENTS:
            found[place] = "This component needs MessageFlags.IS_COMPONENTS_V2"
        if component.get("type") == 2 and len(component.get("label") or "") > 80:
            found[f"{place}/label"] = "Must be 80 or fewer in length."
        custom_id = component.get("custom_id")
        if custom_id is None:
            continue
        if not 1 <= len(custom_id) <= 100:
            found[f"{place}/custom_id"] = "Must be between 1 and 100 in length."
        if custom_id in seen:
            found[f"{place}/custom_id"] = "Component custom id cannot be duplicated"
        seen.add(custom_id)
    return found


def _whole_problems(body: Json, components: list[tuple[str, Json]], *, v2: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    if len(body.get("content") or "") > 2000:
        found["/content"] = "Must be 2000 or fewer in length."
    if not v2:
        if len(body.get("components") or []) > 5:
            found["/components"] = "Must be between 1 and 5 in length."
        return found
    for key in LEGACY_FIELDS:
        if body.get(key):
            found[f"/{key}"] = "The field cannot be used with MessageFlags.IS_COMPONENTS_V2"
    if len(components) > 40:
        found["/components"] = "Must be 40 or fewer in total."
    if sum(len(one.get("content") or "") for _, one in components if one.get("type") == 10) > 4000:
        found["/components"] = "The text of all components must be 4000 or fewer in length."
    return found


# -- the oracle --------------------------------------------------------------------------------------------


def _oracle_folder() -> Path | None:
    named = os.environ.get("EASEL_ORACLES")
    if named:
        return Path(named)
    for parent in Path(__file__).resolve().parents:
        folder = parent / "shared" / "oracles"
        if (folder / "discord_oracle.py").is_file():
            return folder
    return None


@functools.cache
def load_oracle() -> tuple[Any, str | None]:
    """The oracle, or None and why it is missing. Reading the document takes a second, so it is read once."""
    folder = _oracle_folder()
    if folder is None:
        return None, "no oracles: set EASEL_ORACLES to the folder with discord_oracle.py"
    source, document = folder / "discord_oracle.py", folder / "discord-openapi.json"
    if not (source.is_file() and document.is_file()):
        return None, "EASEL_ORACLES names a folder without discord_oracle.py and discord-openapi.json"
    if importlib.util.find_spec("jsonschema") is None:
        return None, "jsonschema is not installed"
    spec = importlib.util.spec_from_file_location("easel_discord_oracle", source)
    if spec is None or spec.loader is None:
        return None, "discord_oracle.py cannot be loaded"
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves closing the document to the collector
        spec.loader.exec_module(module)
        module.Lenient = _sparing(module.Lenient)
        return module.Oracle(document), None


def _sparing(validator: Any) -> Any:
    """The same validator without work that is known to end well: commands and buttons are sent again and again.

    Whatever is wrong is found and told by the oracle's own rules, each time.
    """
    extend = importlib.import_module("jsonschema.validators").extend  # where it is missing there is no oracle
    follow, union = validator.VALIDATORS["$ref"], validator.VALIDATORS["oneOf"]
    fine: set[tuple[int, str, bytes]] = set()

    def referred(here: Any, ref: str, instance: Any, schema: Any) -> Iterator[Any]:
        """A part that was found right before, under the same name in the same document, still is."""
        digest = hashlib.blake2b(json.dumps(instance).encode(), digest_size=16).digest()
        known = (id(here._registry), ref, digest)
        if known in fine:
            return
        right = True
        for wrong in follow(here, ref, instance, schema):
            right = False
            yield wrong
        if right:  # nobody gets here who stopped asking at an error
            fine.add(known)

    def one_of(here: Any, members: list[Any], instance: Any, schema: Any) -> Iterator[Any]:
        """A member that does not fit is left at its first error; all of them are told only if none fits."""
        if all(next(here.descend(instance, member), None) is not None for member in members):
            yield from union(here, members, instance, schema)

    return extend(validator, {"$ref": referred, "oneOf": one_of})


class Judge:
    """Looks at every request, and if asked at every answer, through the oracle. Without one it accepts all."""

    def __init__(self, *, switched_on: bool = True) -> None:
        found: tuple[Any, str | None] = load_oracle() if switched_on else (None, "switched off")
        self._oracle, self.skipped = found

    def request(self, method: str, path: str, query: Mapping[str, str], body: Any) -> list[Any]:
        """What Discord's document or its prose rejects: findings of the levels error and rule."""
        if self._oracle is None:
            return []
        found = self._oracle.check_request(method, path, query=dict(query), body=body, unknown=False)
        return [finding for finding in found if finding.level in ("error", "rule")]

    def answer(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Where an answer of ours is not what Discord would send."""
        if self._oracle is None:
            return []
        found = self._oracle.check_response(method, path, status, body=body)
        # the document says that the codes of a form's errors are numbers; Discord sends words
        return [str(one) for one in found if one.level == "error" and "/_errors" not in one.where]


def problems_of(findings: list[Any]) -> dict[str, str]:
    """The oracle's findings as places and sentences for a 50035; an empty message has a code of its own (50006)."""
    return {one.where: one.message for one in findings if not one.message.startswith("an empty message")}
