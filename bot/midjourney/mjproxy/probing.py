"""Which program of the family answers at an address, asked by free calls only (family §0.1), and what follows from it.
Never here: I/O, and calls that could cost or make anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bot.domain.capabilities import BY_SERVER, Capabilities, ServerKind
from bot.midjourney.mjproxy.answers import parse_body, read_json
from bot.midjourney.mjproxy.refusals import NO_SUCH_SPEED

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUEST: Final = re.compile(r"\W*request[ _]?id\b", re.IGNORECASE)
NOBODY: Final = "easel-asks-whether-any-key-will-do"
"""A key that no account has: a server that takes it takes any."""


class Probe(StrEnum):
    """The free calls."""

    BATCH = "batch"
    """`list-by-condition` of no ids: the universal test of address and key."""
    BATCH_AS_NOBODY = "batch_as_nobody"
    """The same with a key that nobody has."""
    UNKNOWN_TASK = "unknown_task"
    PREFIXED = "prefixed"
    """An unknown task by the path of relax jobs."""
    ODD_PREFIX = "odd_prefix"
    """By a prefix that means nothing."""
    BY_IDS = "by_ids"
    QUERY = "query"
    OHMYGPT = "ohmygpt"
    """OhMyGPT's own reading of a task, without a key: whether the address is of the other kind."""
    USAGE = "usage"
    """A gateway's balance of the key."""


@dataclass(frozen=True, slots=True)
class Call:
    """How a probe is asked."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


CALLS: Final[Mapping[Probe, Call]] = MappingProxyType(
    {
        Probe.BATCH: Call("POST", "/mj/task/list-by-condition", {"ids": []}),
        Probe.BATCH_AS_NOBODY: Call("POST", "/mj/task/list-by-condition", {"ids": []}),
        Probe.UNKNOWN_TASK: Call("GET", "/mj/task/0/fetch"),
        Probe.PREFIXED: Call("GET", "/mj-relax/mj/task/0/fetch"),
        Probe.ODD_PREFIX: Call("GET", "/mj-odd/mj/task/0/fetch"),
        Probe.BY_IDS: Call("POST", "/mj/task/list-by-ids", {"ids": []}),
        Probe.QUERY: Call("POST", "/mj/task/query", {"pageNumber": 0, "pageSize": 1}),
        Probe.OHMYGPT: Call("POST", "/api/v1/ai/draw/mj/query", {"model": "midjourney", "taskId": "0"}),
        Probe.USAGE: Call("GET", "/api/usage/token"),
    }
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe brought; a probe that brought nothing is missing."""

    status: int
    body: bytes

    @property
    def read(self) -> Any:
        """Its JSON, if it is some."""
        return read_json(self.body)

    @property
    def gives_list(self) -> bool:
        """Whether it is a bare list."""
        return self.status == 200 and isinstance(self.read, list)  # noqa: PLR2004 - OK


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What was found out about a server."""

    server: ServerKind | None
    """None if it is none of the family, nor OhMyGPT."""
    capabilities: Capabilities | None
    takes_any_key: bool = False
    """Guest mode, or a proxy without a secret: then "the key works" proves nothing."""
    prefixed: bool = False
    """Whether the paths of pools lead to what the plain one leads to."""


def recognise(seen: Mapping[Probe, Seen]) -> ProbeResult:
    """Tell which program it is from what the probes brought."""
    nobody = seen.get(Probe.BATCH_AS_NOBODY)
    any_key = nobody is not None and nobody.gives_list
    server = _server(seen)
    if server is None:
        return ProbeResult(None, None, takes_any_key=False)
    capabilities = BY_SERVER[server]
    if server is not ServerKind.OHMYGPT:
        batch = seen.get(Probe.BATCH)
        capabilities = replace(
            capabilities,
            batch=capabilities.batch and batch is not None and batch.gives_list,
            balance=capabilities.balance and _tells_usage(seen.get(Probe.USAGE)),
        )
    return ProbeResult(server, capabilities, takes_any_key=any_key, prefixed=_knows_the_prefix(seen))


def _server(seen: Mapping[Probe, Seen]) -> ServerKind | None:
    batch, unknown = seen.get(Probe.BATCH), seen.get(Probe.UNKNOWN_TASK)
    if not (batch is not None and batch.gives_list) and not _speaks_the_family(unknown):
        return ServerKind.OHMYGPT if _is_ohmygpt(seen.get(Probe.OHMYGPT)) else None
    if unknown is not None and unknown.status == 400 and _code(unknown) == 4:  # noqa: PLR2004 - a gateway's "task_no_found"
        return ServerKind.ONE_HUB if _refuses_odd_prefixes(seen) else ServerKind.NEW_API
    pages, by_ids, prefixed = (seen.get(name) for name in (Probe.QUERY, Probe.BY_IDS, Probe.PREFIXED))
    if pages is not None and isinstance(pages.read, dict) and "content" in pages.read:
        return ServerKind.PLUS
    if unknown is not None and unknown.status == 204 and by_ids is not None and by_ids.gives_list:  # noqa: PLR2004 - no content
        return ServerKind.TRUEAI
    if prefixed is not None and prefixed.status == 404 and not (by_ids and by_ids.gives_list):  # noqa: PLR2004 - no such path
        return ServerKind.NOVI
    return ServerKind.RESELLER


def _speaks_the_family(seen: Seen | None) -> bool:
    """Whether an unknown task was answered as members do: nothing at all, `null`, or a code."""
    if seen is None:
        return False
    return seen.status == 204 or seen.body.strip() == b"null" or _code(seen) == 4  # noqa: PLR2004 - no content, "not found"


def _code(seen: Seen) -> int | None:
    return parse_body(seen.body).code


def _knows_the_prefix(seen: Mapping[Probe, Seen]) -> bool:
    return _said(seen.get(Probe.PREFIXED)) == _said(seen.get(Probe.UNKNOWN_TASK)) is not None


def _said(seen: Seen | None) -> tuple[int, int | None, str] | None:
    """What two answers must share to be the same: not the number that some give to each request."""
    if seen is None:
        return None
    return seen.status, _code(seen), _REQUEST.split(parse_body(seen.body).words)[0]


def _refuses_odd_prefixes(seen: Mapping[Probe, Seen]) -> bool:
    """Whether a prefix must be one that means something: by the words for it, or, as forks have words of their own, because
    only a prefix that means something is answered as none is."""
    odd = seen.get(Probe.ODD_PREFIX)
    if odd is None:
        return False
    if NO_SUCH_SPEED.search(parse_body(odd.body).words):
        return True
    # What another stands before it says (a page, a 403, too many requests) tells nothing, nor does a crash.
    speaks = odd.status < 500 and _code(odd) == 4  # noqa: PLR2004 - as a gateway says no
    differs = _knows_the_prefix(seen) and _said(odd) != _said(seen[Probe.UNKNOWN_TASK])
    return speaks and differs and not _tells_usage(seen.get(Probe.USAGE))  # only new-api tells that


def _is_ohmygpt(seen: Seen | None) -> bool:
    return seen is not None and isinstance(seen.read, dict) and "statusCode" in seen.read


def _tells_usage(seen: Seen | None) -> bool:
    return seen is not None and isinstance(seen.read, dict) and isinstance(seen.read.get("data"), dict)
