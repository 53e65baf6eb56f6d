"""Authorization of every operation on an existing job: whether this person, from this place, may do this with it.
Never here: what a server's rules say of what is begun (that is `policy`, which is asked next).

A chain has a home server. What begins something costs somebody money, so it needs a member of that server: an interaction
there proves it, anywhere else Discord is asked at that moment, and the person is then taken as a member of it with today's
roles. Whoever asked for a picture may look at it in their direct messages, whatever became of their membership."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.errors import RetryLater, UserError
from bot.services.admission.viewer import Viewer
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.personal_items import Draft
    from bot.domain.servers.membership import MemberDirectory, Membership
    from bot.services.admission.asker import Asker

log = logging.getLogger(__name__)


class Operation(StrEnum):
    """What somebody can do with a job that exists."""

    # -- what begins a job, or leads there ---------------------------------------------------------------
    PRESS = "press"
    """A button of upstream's under a card."""
    REMIX = "remix"
    """Remix, or Edit under a refused prompt: the window and what it sends."""
    REGION = "region"
    """Vary (Region): the picker, its squares, an uploaded mask."""
    EDITOR = "editor"
    """The page of the mask editor, which is no interaction: the membership is asked anew at each request."""
    IDEA = "idea"
    """A description's “Imagine 1” to “4”: the window and what it sends."""
    IDEAS = "ideas"
    """“Imagine all”."""
    AGAIN = "again"
    """“Describe again”."""
    PICTURE = "picture"
    """The picture of a card as what a new job is made from."""
    DRAFT = "draft"
    """A refused prompt that is edited."""
    # -- what does not ------------------------------------------------------------------------------------
    INFO = "info"
    SHOW = "show"
    """The card brought again, in public or for one person."""
    SEND = "send"
    """The file by direct message."""
    FAVOURITE = "favourite"
    ZOOM = "zoom"
    """What to press instead of Custom Zoom."""
    CANCEL = "cancel"
    DELETE = "delete"
    """The card taken down."""

    @property
    def begins(self) -> bool:
        """Whether a job can come of it, which somebody has to pay for."""
        return self not in BEGINNING_NOTHING


BEGINNING_NOTHING: Final = frozenset(
    {
        Operation.INFO,
        Operation.SHOW,
        Operation.SEND,
        Operation.FAVOURITE,
        Operation.ZOOM,
        Operation.CANCEL,
        Operation.DELETE,
    }
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something comes from, and whose it is."""

    key: JobKey
    user_id: int
    home: int | None
    channel: int | None
    requester: int | None = None
    """Who asked for the picture that is at hand; None where none is."""


def origin_of(job: Job) -> Origin:
    """Where a job's chain began."""
    return Origin(job.key, job.user_id, job.home, job.home_channel, job.user_id)


def origin_of_draft(draft: Draft, ancestor: Job | None) -> Origin:
    """Where a refused prompt was asked for, and under whose card it was written, if under any: that `ancestor`."""
    requester = None if ancestor is None else ancestor.user_id
    return Origin(draft.key, draft.user_id, draft.guild_id, draft.home_channel, requester)


@dataclass(slots=True, eq=False, repr=False)
class Authorizer:
    """Says who may do what with an existing job."""

    directory: MemberDirectory

    async def authorize(self, viewer: Viewer, origin: Origin, operation: Operation) -> Membership | None:
        """Let them in, or raise `UserError` with the way out.

        Returns what Discord said of them in the home server, or None where nobody had to ask: they are there, or the
        operation begins nothing.
        """
        elsewhere = viewer.guild_id is not None and viewer.guild_id != origin.home
        if elsewhere or (viewer.guild_id is None and viewer.user_id != origin.user_id):
            raise UserError(text("jobs.unknown", key=origin.key))
        if not operation.begins or (viewer.guild_id is not None and operation is not Operation.EDITOR):
            return None
        if origin.home is None:
            raise UserError(text("refused.server_only"))
        return await self._membership(viewer, origin.home, origin.channel)

    async def authorize_viewer(self, viewer: Viewer, job: Job, operation: Operation) -> Job:
        """The job, if they may."""
        await self.authorize(viewer, origin_of(job), operation)
        return job

    async def authorize_asker(self, asker: Asker, origin: Origin, operation: Operation) -> Asker:
        """The asker as the home server knows them now, with its language; where the answer goes stays."""
        viewer = Viewer(user_id=asker.user_id, guild_id=asker.reply.guild_id, manages=asker.is_moderator)
        member = await self.authorize(viewer, origin, operation)
        asker = replace(asker, requester=origin.requester)
        if member is None:
            return asker
        as_member = replace(
            asker, role_ids=member.role_ids, joined_at=member.joined_at, is_moderator=member.is_moderator
        )
        if asker.reply.guild_id is not None:  # they stand in a channel of the server, whose rules hold
            return as_member
        return replace(
            as_member,
            home=origin.home,
            home_channel=origin.channel,
            channel_parents=member.channel_parents,
            age_restricted=member.age_restricted,
            guild_locale=member.locale,
        )

    async def _membership(self, viewer: Viewer, home: int, channel: int | None) -> Membership:
        try:
            member = await self.directory.find(home, viewer.user_id, channel)
        except RetryLater as later:
            log.info("membership_unknown", extra={"guild": home, "reason": later.reason})
            raise UserError(text("home.unsure")) from later
        if member is None:
            raise UserError(text("home.not_member"))
        if member.timed_out:
            raise UserError(text("home.timed_out"))
        return member
