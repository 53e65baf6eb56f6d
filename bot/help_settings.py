"""The settings of the prompt helper: which chat model, and where it is asked if not with the account's own key.
Never here: reading them (`bot.config`), and what the helper does."""

from __future__ import annotations

from pydantic import BaseModel, Field

from bot.setting_types import ApiKey, Web


class HelpSettings(BaseModel):
    """A part of `Settings`."""

    helper_model: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        pattern=r"^[!-~]+$",
        description="Chat model that improves and translates prompts, such as `gpt-4o-mini` or a Claude model; unset: there is "
        "no such help. The account's own key pays, at OhMyGPT.",
    )
    helper_url: Web | None = Field(
        None,
        description="Another address of the chat model: whatever serves `/v1/chat/completions`; needs `HELPER_KEY`.",
    )
    helper_key: ApiKey | None = Field(
        None,
        description="Another key for the chat model; an `mj-proxy` needs it. Servers with keys of their own pay with those.",
    )
