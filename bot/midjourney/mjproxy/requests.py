"""Request bodies of the family (family §1): written strictly, because every server reads them a little differently.
Never here: answers, addresses and I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.inputs import FEWEST_BLENDED, MOST_BLENDED, Shape
from bot.midjourney.mjproxy.prompts import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TAG: Final = 64
"""One server takes 255 characters of `state`, others do not say; ours are far shorter."""
LONGEST_HOOK: Final = 2000
MOST_IDS: Final = 50
"""Ids in one list call: our own choice, no limit is documented."""
PNG_URL: Final = "data:image/png;base64,"
"""The one prefix that is stripped from a mask; with any other the picture goes to Midjourney broken (family §5.3)."""


def to_json(value: Mapping[str, Any]) -> bytes:
    """UTF-8, as every server expects."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Body(BaseModel):
    """A JSON body by the server's names; what was not given is left out."""

    # Checkers are built when a body is first made: a start sends none, and no server gets all kinds.
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)

    def as_json(self) -> bytes:
        """The body as it is sent."""
        fields = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return to_json(fields)


class Submission(Body):
    """A paid call. Nothing in it makes it idempotent: `state` comes back, and is never checked for uniqueness."""

    state: str | None = Field(default=None, max_length=LONGEST_TAG)
    notify_hook: str | None = Field(default=None, alias="notifyHook", max_length=LONGEST_HOOK)
    account_filter: dict[str, Any] | None = Field(default=None, alias="accountFilter")


Words = Annotated[str, BeforeValidator(plain)]


class Imagine(Submission):
    """Family §1.1. `--niji` in the prompt chooses the other bot on servers that have one."""

    prompt: Words = Field(min_length=1)
    images: tuple[str, ...] | None = Field(default=None, alias="base64Array")
    bot: str = Field(default="MID_JOURNEY", alias="botType")


class Action(Submission):
    """Family §1.2: `custom_id` verbatim. Never `tools` (it makes the server fetch any address)."""

    task_id: str = Field(alias="taskId")
    custom_id: str = Field(alias="customId")
    same_channel: bool = Field(default=True, alias="chooseSameChannel")
    remix: bool | None = Field(default=None, alias="enableRemix")


class Modal(Submission):
    """Family §1.3: the prompt always goes along, because a window may not show one (family §5.3)."""

    task_id: str = Field(alias="taskId")
    prompt: Words = Field(min_length=1)
    mask: str | None = Field(default=None, alias="maskBase64", pattern=f"^{PNG_URL}")


class Blend(Submission):
    """Family §1.4."""

    images: tuple[str, ...] = Field(alias="base64Array", min_length=FEWEST_BLENDED, max_length=MOST_BLENDED)
    dimensions: Shape
    bot: str = Field(default="MID_JOURNEY", alias="botType")


class Describe(Submission):
    """Family §1.5."""

    image: str = Field(alias="base64")


class Shorten(Submission):
    """Family §1.6."""

    prompt: Words = Field(min_length=1)


class Video(Submission):
    """Family §1.10: from a picture's address, because a picture inside the body needs a storage of the owner's."""

    prompt: Words = ""
    image: str
    motion: str = Field(default="low", pattern="^(?:low|high)$")
    loop: bool | None = None


class Upload(Submission):
    """Family §1.8."""

    images: tuple[str, ...] = Field(alias="base64Array", min_length=1)


class Ids(Body):
    """Family §3, `list-by-condition`."""

    ids: tuple[str, ...] = Field(max_length=MOST_IDS)


class Query(Body):
    """Family §3, `task/query`: pages count from 0."""

    number: int = Field(default=0, ge=0, alias="pageNumber")
    size: int = Field(ge=1, le=100, alias="pageSize")
    sort: str = "submitTime,desc"
    state: str | None = None
