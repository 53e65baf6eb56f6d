"""What can go wrong with servers of the family alone; faults of wires, tasks and pictures are the other stand-in's.
Never here: how a fault is carried out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class ProxyFault(StrEnum):
    """What goes wrong. `about` says it in a sentence."""

    about: str

    def __new__(cls, value: str, about: str) -> ProxyFault:  # noqa: PYI034 - StrEnum members are ProxyFault
        """Carry the sentence on the member."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.about = about
        return member

    # Before anything is taken.
    WRONG_KEY = "wrong-key", "401 with nothing in it"
    WRONG_PATH = "wrong-path", "404, as if the address were another's"
    WEB_PAGE = "web-page", "200 with a page for people"
    OTHER_KIND = "other-kind", "the answers of OhMyGPT's API"
    NO_ACCOUNT = "no-account", "code 3: no account is free"
    QUEUE_FULL = "queue-is-full", "code 23, or code 9 with its words, or the exception, by flavour"
    OVERLOADED = "overloaded", "code 30 with HTTP 429"
    BANNED_WORD = "banned-word", "code 24 with bannedWord"
    NO_QUOTA = "no-quota", "code 4 with HTTP 400: quota_not_enough"
    BLACKLISTED = "blacklisted", "403 with nothing in it"
    # After the task was taken.
    TAKEN_400 = "taken-400", "code 5 with HTTP 400, and the task runs"
    TAKEN_NO_ROW = "taken-no-row", "code 4 with HTTP 400: the gateway could not store what the proxy runs"
    TAKEN_500 = "taken-500", "an exception with HTTP 500, and the task runs"
    NO_RESULT = "no-result", "code 1 without an id, and the task runs"
    REUSED_ID = "reused-id", "code 1 with the id of an earlier task, and nothing new runs"
    EXISTS = "exists", "code 21 with the status of an earlier task, and nothing new runs"
    NEW_ID = "new-id", "the window's answer gets an id of its own"
    # What becomes of it.
    FORGOTTEN = "forgotten", "the server restarts and no longer knows the task"
    WINDOW_GONE = "window-gone", "the window is unknown when it is answered"
    WINDOW_DIES = "window-dies", "the answered window fails with the proxy's time-out"
    STILL_MODAL = "still-modal", "the answered window still reads MODAL"
    ZERO_PERCENT = "zero-percent", "the task stays at 0 %"
    OTHER_SPEED = "other-speed", "the task runs at another speed than asked"
    # How it is shown.
    TAG_CHANGED = "tag-changed", "state comes back with something added"
    TAG_LOST = "tag-lost", "state comes back empty"
    RELATIVE_IMAGE = "relative-image", "imageUrl has no host"
    LOCAL_IMAGE = "local-image", "imageUrl is on localhost, past the gateway's own path"
    FOREIGN_IMAGE = "foreign-image", "imageUrl is on a host that nobody named"
    TWO_ROWS = "two-rows", "a list gives the task twice, once as it was before"


PROXY_FAULTS = {fault.value: fault for fault in ProxyFault}
BEFORE = tuple(ProxyFault)[: tuple(ProxyFault).index(ProxyFault.TAKEN_400)]


@dataclass(slots=True, eq=False)
class Planned:
    """A fault in the plan; it strikes while `left` is above zero or None."""

    fault: ProxyFault
    left: int | None = 1
    endpoint: str | None = None
    hits: int = 0


class ProxyFaultPlan:
    """The faults that are planned; the first that fits strikes."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []

    def add(self, planned: Planned) -> Planned:
        """Plan a fault."""
        self._planned.append(planned)
        return planned

    def lift(self) -> None:
        """Forget them all."""
        self._planned.clear()

    def strikes(self, fault: ProxyFault, endpoint: str) -> bool:
        """Whether this fault strikes now; it is used up by that."""
        for planned in self._planned:
            if planned.fault is fault and planned.left != 0 and planned.endpoint in {None, endpoint}:
                planned.hits += 1
                planned.left = None if planned.left is None else planned.left - 1
                return True
        return False


_SPELLING = re.compile(r"(?P<name>[a-z0-9-]+)(?::(?P<times>\d+|always))?(?:/(?P<endpoint>[a-z-]+))?")


def read_proxy_fault(spelled: str) -> Planned | None:
    """Read `NAME[:TIMES][/ENDPOINT]`; None if the name is none of these. Without TIMES it strikes always."""
    match = _SPELLING.fullmatch(spelled.strip())
    if match is None or match["name"] not in PROXY_FAULTS:
        return None
    times = None if match["times"] in {None, "always"} else int(match["times"])
    return Planned(PROXY_FAULTS[match["name"]], left=times, endpoint=match["endpoint"])
