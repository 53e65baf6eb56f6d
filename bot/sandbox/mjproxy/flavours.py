"""The programs of the family, and where they differ: a row of switches each.
Never here: what a switch does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SPEEDS = ("RELAX", "FAST", "TURBO")


class Flavour(StrEnum):
    """Which program is played."""

    NOVI = "novi"
    PLUS = "plus"
    TRUEAI = "trueai"
    NEW_API = "new-api"
    ONE_HUB = "one-hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a server behaves, beside what its owner set (`SimulatedProxy`'s options)."""

    prefixes: tuple[str, ...] = ()
    """Paths before `/mj` that it answers under; one called `*` stands for any."""
    gateway: bool = False
    """Whether it shows a lazy copy of each task, and only routes that gateways have."""
    secret_only: bool = False
    """Whether it takes `mj-api-secret` alone."""
    raw_first: bool = False
    """Whether `Authorization`, compared as it stands, wins over `mj-api-secret`."""
    buttons: bool = True
    windows: bool = True
    lists: bool = False
    pages: bool = False
    by_ids: bool = False
    cancel: bool = False
    admin_cancel: bool = False
    shorten: bool = True
    seed: bool = True
    webhooks: bool = True
    usage: bool = False
    filter_exceptions: bool = False
    """Whether business limits come as `success: false`."""
    follows_parent: bool = True
    """Whether a follow-up runs at its parent's speed."""
    unknown_task: tuple[int, str] = (200, "")
    """How a task that it does not know is answered."""


MANNERS: dict[Flavour, Manners] = {
    Flavour.NOVI: Manners(
        buttons=False, windows=False, lists=True, shorten=False, seed=False, unknown_task=(200, "")
    ),
    Flavour.PLUS: Manners(lists=True, pages=True, by_ids=True, cancel=True, unknown_task=(200, "null")),
    Flavour.TRUEAI: Manners(
        prefixes=("mj-relax", "mj-fast", "mj-turbo"),
        raw_first=True,
        lists=True,
        by_ids=True,
        admin_cancel=True,
        filter_exceptions=True,
        follows_parent=False,
        unknown_task=(204, ""),
    ),
    Flavour.NEW_API: Manners(
        prefixes=("*",),
        gateway=True,
        webhooks=False,
        usage=True,
        unknown_task=(400, '{"code":4,"description":"task_no_found ","result":""}'),
    ),
    Flavour.ONE_HUB: Manners(
        prefixes=("mj-relax", "mj-fast", "mj-turbo", "*"),
        gateway=True,
        secret_only=True,
        webhooks=False,
        unknown_task=(400, '{"code":4,"description":"task_no_found ","result":""}'),
    ),
}
