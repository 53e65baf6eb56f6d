"""Every module that registers buttons, menus or modals, in one list: whoever dispatches from here can answer all of them.
Never here: what they do."""

from __future__ import annotations

from typing import Final

from bot.ui.accounts import owners, upstream_keys
from bot.ui.card import press
from bot.ui.imagine import (
    batches,
    describe,
    drafts,
    draw,
    improve,
    remix,
    shorten,
    use_as_prompt,
    windows,
)
from bot.ui.jobs import edit, job_buttons, lists, try_again
from bot.ui.kit.controls import dispatch
from bot.ui.moderation import (
    block_lists,
    jobs,
    list_modals,
    mod_buttons,
    not_found,
    panel_buttons,
    prompt_lists,
    setting_changes,
    welcome,
    word_lists,
)
from bot.ui.pools import modals
from bot.ui.pools import panel_buttons as pool_buttons
from bot.ui.preferences import components as preferences
from bot.ui.region import mask_upload, picker

__all__ = ["REGISTERED", "dispatch"]

REGISTERED: Final = (
    press,
    batches,
    describe,
    drafts,
    draw,
    improve,
    remix,
    shorten,
    use_as_prompt,
    windows,
    edit,
    job_buttons,
    lists,
    try_again,
    block_lists,
    jobs,
    list_modals,
    not_found,
    panel_buttons,
    setting_changes,
    welcome,
    prompt_lists,
    word_lists,
    mod_buttons,
    modals,
    pool_buttons,
    preferences,
    mask_upload,
    picker,
    upstream_keys,
    owners,
)
"""Controls register themselves when their modules are read."""
