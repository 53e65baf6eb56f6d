"""Links to the mask editor: made for one person and one button, and read again by whichever process the page reaches.
Never here: HTTP, and what becomes of a painted region (that is `mask_editor`)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from bot.domain.jobs import ReplyTarget
from bot.domain.region_links import LINK_LIFE_MS, RegionLink, digest_of
from bot.services.admission.asker import Asker

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock
    from bot.domain.region_links import RegionLinkStore

PATH: Final = "/region"
"""The page answers at `PATH/<token>`."""


class LinkGone(Exception):
    """No region can be sent in by this link: it was never made, was used, or its time is over."""

    def __init__(self, locale: str | None) -> None:
        super().__init__("link_gone")
        self.locale = locale
        """The language of whom it was made for, if that is known."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class RegionLinks:
    """Makes and reads links."""

    store: RegionLinkStore
    clock: Clock
    token: Callable[[], str]
    """192 random bits, safe in an address."""
    public_url: str | None

    async def make(self, asker: Asker, key: JobKey, position: int) -> str | None:
        """The address at which the asker can paint; None where no page can be reached. Show it to nobody else.

        Raises `StorageTrouble`.
        """
        if self.public_url is None:
            return None
        token = self.token()
        link = RegionLink(
            digest=digest_of(token),
            job=key,
            position=position,
            user_id=asker.user_id,
            guild_id=asker.server,
            asker=written(asker),
            locale=asker.locale,
            expires_at=self.clock.now() + LINK_LIFE_MS,
        )
        await self.store.add(link)
        return f"{self.public_url.rstrip('/')}{PATH}/{token}"

    async def read(self, token: str, *, used: bool = False) -> RegionLink:
        """The link of a token, within its time: an open one, or a `used` one, too; raises `LinkGone`, or `StorageTrouble`."""
        link = await self.store.find(digest_of(token))
        if link is None or not (replace(link, used_at=None) if used else link).is_open(self.clock.now()):
            raise LinkGone(None if link is None else link.locale)
        return link

    async def use_up(self, link: RegionLink) -> bool:
        """Close a link for good; True for exactly one of all who ask."""
        return await self.store.use(link.digest, self.clock.now())


def written(asker: Asker) -> str:
    """The person for the store.

    What their interaction answered stays theirs alone: a job begun on the page gets a message of its own, and the
    interaction's token, a secret, is not kept.
    """
    reply = replace(asker.reply, token=None, token_until=0, message_id=None, message_at=None)
    return json.dumps(asdict(replace(asker, reply=reply)) | {"role_ids": sorted(asker.role_ids)})


def read_asker(written_down: str) -> Asker:
    """The person again; what only another version knows of them is left out."""
    kept: dict[str, Any] = json.loads(written_down)
    return Asker(
        **_known(Asker, kept)
        | {
            "reply": ReplyTarget(**_known(ReplyTarget, kept["reply"])),
            "role_ids": frozenset(kept["role_ids"]),
            "channel_parents": tuple(kept["channel_parents"]),
        }
    )


def _known(of: type[Asker | ReplyTarget], kept: dict[str, Any]) -> dict[str, Any]:
    return {field.name: kept[field.name] for field in fields(of) if field.name in kept}
