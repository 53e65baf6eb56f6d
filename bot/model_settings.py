"""The settings of models beside Midjourney: the image model of `/draw`, the chat model that helps with prompts.
Never here: reading them (`bot.config`), and what is done with them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from bot.setting_types import ApiKey, ChatServer, Engine


class ModelSettings(BaseModel):
    """A part of `Settings`."""

    model_config = ConfigDict(defer_build=True)

    engine_model: Engine | None = Field(
        None,
        description="Image model for `/draw` on the same OhMyGPT key: `gpt-image-…` or `dall-e-3`; unset: no such command.",
    )
    helper_model: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        pattern=r"^[!-~]+$",
        description="Chat model that improves and translates prompts, such as `gpt-4o-mini` or a Claude model; unset: there is "
        "no such help. The account's own key pays, at OhMyGPT.",
    )
    helper_url: ChatServer | None = Field(
        None,
        description="Another address of the chat model: of whatever serves `/v1/chat/completions`, with or without that path; needs `HELPER_KEY`.",
    )
    helper_key: ApiKey | None = Field(
        None,
        description="Another key for the chat model; an `mj-proxy` needs it. Servers with keys of their own have no such help then: "
        "yours does not pay for them, and theirs is not sent there.",
    )
