"""Every module that registers buttons, menus or modals, in one list: whoever dispatches from here can answer all of them.
Never here: what they do."""

from __future__ import annotations

from typing import Final

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
from bot.ui.jobs import job_buttons, lists, try_again
from bot.ui.kit.controls import dispatch
from bot.ui.moderation import (
    block_lists,
    jobs,
    list_modals,
    panel_presses,
    prompt_lists,
    setting_changes,
    welcome,
    word_lists,
)
from bot.ui.moderation import presses as moderation
from bot.ui.pools import modals
from bot.ui.pools import presses as pools
from bot.ui.preferences import presses as preferences
from bot.ui.region import mask_upload, picker
from bot.ui.servers import keys, owners

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
    job_buttons,
    lists,
    try_again,
    block_lists,
    jobs,
    list_modals,
    panel_presses,
    setting_changes,
    welcome,
    prompt_lists,
    word_lists,
    moderation,
    modals,
    pools,
    preferences,
    mask_upload,
    picker,
    keys,
    owners,
)
"""Controls register themselves when their modules are read."""
