"""Pictures that people give: weighed, fetched, looked into, and made ready to go along with a job.
Never here: codecs and Discord (those are adapters), and what the pictures are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.inputs import (
    MEGABYTE,
    MOST_GIVEN_BYTES,
    NAME_LIMIT,
    CheckedPicture,
    Input,
    displayed_name,
    images_of,
    role_of,
    weigh,
)
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.ports import AddressedPictures
from bot.domain.servers.image_rules import ImageFacts, hosts_in
from bot.errors import RetryLater, RouteClosed, UserError
from bot.services.admission.authorization import Operation
from bot.services.history.drawn_pictures import one_of
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.inputs import PictureReader, SourcePicture
    from bot.domain.keys import JobKey
    from bot.domain.ports import JobStore, Pictures
    from bot.services.admission.viewer import Viewer
    from bot.services.history.jobs import Jobs

FETCHED: Final = 8 * MEGABYTE
"""Bytes that a picture of ours is fetched with: a grid fits, and it is made smaller anyway."""


_WORDED: Final = frozenset({JobKind.IMAGINE, JobKind.DRAW})
"""Kinds whose words may have pictures with them."""


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """A picture that is ready to go along."""

    input: Input
    checked: CheckedPicture
    facts: ImageFacts
    """What it was when it was given."""


@dataclass(frozen=True, slots=True)
class PromptPictures:
    """The pictures of a prompt that was sent before."""

    kept: tuple[LoadedImage, ...] = ()
    had: int = 0
    """How many went along with it."""

    @property
    def are_gone(self) -> bool:
        """Whether some are no longer kept."""
        return len(self.kept) < self.had

    @property
    def notes(self) -> tuple[str, ...]:
        """What the card of a prompt that goes without them has to say."""
        return ("note.pictures_not_kept",) if self.are_gone else ()


@dataclass(frozen=True, slots=True)
class _Held:
    """A picture that we have already."""

    filename: str
    data: bytes
    url: str | None = None

    @property
    def size(self) -> int:
        return len(self.data)

    async def read(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class _Linked:
    """A picture at an address that somebody typed."""

    url: str
    pictures: AddressedPictures
    size: None = None

    @property
    def filename(self) -> str:
        return self.url.partition("?")[0].rstrip("/").rpartition("/")[2][:NAME_LIMIT] or "picture"

    async def read(self) -> bytes:
        try:
            return (await self.pictures.fetch_address(self.url, limit=MOST_GIVEN_BYTES)).data
        except (RouteClosed, RetryLater) as trouble:
            raise UserError(text("describe.not_fetched")) from trouble


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ImageLoader:
    """Takes pictures in."""

    reader: PictureReader
    pictures: Pictures
    jobs: Jobs
    store: JobStore

    async def gather(self, given: Sequence[SourcePicture]) -> tuple[LoadedImage, ...]:
        """Fetch and look into pictures, in their order. Raises `UserError` for the first that cannot be taken."""
        for one in given:
            weigh(one)
        return tuple([await self._taken(one) for one in given])

    async def _taken(self, given: SourcePicture) -> LoadedImage:
        name = displayed_name(given.filename)
        data = await given.read()
        weigh(_Held(given.filename, data))  # it was only said to be so large
        checked = await self.reader.check(data, name=name)
        fetched = Input(
            checked.data, checked.media_type, given.filename, role=role_of(given), source_url=given.url
        )
        return LoadedImage(
            fetched, checked, ImageFacts(given.filename, checked.given_type or checked.media_type, len(data))
        )

    async def of_job(self, job: Job) -> SourcePicture:
        """The picture of a finished job of ours, from where it was made. Raises `UserError` or `RetryLater`."""
        if job.kind is JobKind.DESCRIBE:
            return held_of(await self.kept(job), job.key)
        if job.state is not JobState.SUCCEEDED or not (job.storage_key or job.discord_url):
            raise UserError(text("jobs.no_picture", key=job.key))
        try:
            picture = await self.pictures.fetch(
                storage_key=job.storage_key, discord_url=job.discord_url, limit=FETCHED
            )
        except (RouteClosed, RetryLater) as trouble:
            raise UserError(text("jobs.picture_gone", key=job.key)) from trouble
        return _Held(picture.filename, picture.data, job.discord_url)

    async def of_card(self, viewer: Viewer, key: JobKey) -> SourcePicture:
        """The same for whoever looks at its card; raises as `of_job`."""
        return await self.of_job(await self.jobs.get_authorized(viewer, key, Operation.PICTURE))

    async def drawn(self, job: Job, number: int) -> Input:
        """One of the pictures that the engine drew, counted from 1. Raises `UserError` if it is not to be had."""
        try:
            together = await self.pictures.fetch(
                storage_key=job.storage_key, discord_url=job.discord_url, limit=FETCHED
            )
            one = one_of(together, number)
        except (RouteClosed, RetryLater) as trouble:
            raise UserError(text("jobs.picture_gone", key=job.key)) from trouble
        return Input(one.data, one.media_type, one.filename)

    def of_address(self, address: str) -> SourcePicture:
        """A picture that lies somewhere in the net. Raises `UserError` for what is no address."""
        typed = address.strip().removeprefix("<").removesuffix(">")
        if hosts_in(typed) == () or " " in typed:
            raise UserError(text("describe.bad_address"))
        if not isinstance(self.pictures, AddressedPictures):
            raise UserError(text("describe.not_fetched"))
        return _Linked(typed, self.pictures)

    async def kept(self, job: Job) -> tuple[LoadedImage, ...]:
        """The pictures that went along with a job, as long as they are kept."""
        return tuple(_again(one) for one in images_of(await self.store.inputs(job.key)))

    async def of_prompt(self, job: Job) -> PromptPictures:
        """The pictures of a job's prompt: a press takes its prompt from the root of its chain."""
        whose = await self.store.get(job.root) if job.kind is JobKind.ACTION else job
        if whose is None or whose.kind not in _WORDED or not whose.inputs:
            return PromptPictures()
        return PromptPictures(await self.kept(whose), whose.inputs)


def held_of(kept: Iterable[LoadedImage], key: JobKey) -> SourcePicture:
    """The first of some kept pictures; raises `UserError` if none is kept any more."""
    for one in kept:
        return _Held(one.input.filename, one.input.data, one.input.source_url)
    raise UserError(text("describe.not_kept", key=key))


def _again(one: Input) -> LoadedImage:
    facts = ImageFacts(one.filename, one.media_type, len(one.data))
    return LoadedImage(one, CheckedPicture(one.data, one.media_type, reduced=False), facts)
