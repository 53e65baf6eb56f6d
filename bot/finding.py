"""What one of the doctor's checks found, and what helps where the image API does not answer as it should.
Never here: checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import RemoteFault

if TYPE_CHECKING:
    from collections.abc import Mapping

ADVICE: Final[Mapping[RemoteFault, str]] = {
    RemoteFault.KEY: "make a key with the Midjourney permission and put it into {key}",
    RemoteFault.BALANCE: "top the account up",
    RemoteFault.UNREACHED: "check the network and {place}",
    RemoteFault.REFUSED: "check {place} with its path, and the kind in {kind}; or see whether the service still offers Midjourney",
    RemoteFault.UNCLEAR: "try later, or check {place}",
    RemoteFault.THROTTLED: "try later",
}
"""By what a free call brought."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, whether it is fine, and what to do if it is not."""

    name: str
    fine: bool
    words: str


def advice_on(fault: RemoteFault, account: str | None = None) -> str:
    """What the owner can do, by the settings' names; `account`: the name of one of `EASEL_ACCOUNTS`, None: the usual one."""
    if account is None:
        return ADVICE[fault].format(key="EASEL_API_KEY", place="EASEL_API_URL", kind="EASEL_API_KIND")
    named = f"EASEL_ACCOUNTS as {account}"
    return ADVICE[fault].format(key=named, place=f"{named} (or EASEL_API_URL)", kind=named)
