"""A key that is being made is renewed in the face of other processes.
Never here: making it (test_upstream_keys.py)."""

from __future__ import annotations

import json

from bot.services.accounts.pending_keys import PENDING, PendingKeys
from tests.fixtures.shared import Shared


async def test_a_pending_key_is_renewed_also_where_another_process_wrote_meanwhile() -> None:
    shared = Shared()
    await shared.set(PENDING, json.dumps({"a": {"at": 1}}))
    shared.theirs = (PENDING, json.dumps({"a": {"at": 1}, "b": {"at": 2}}))

    assert await PendingKeys(memory=shared).renew("a", 9)

    assert json.loads(shared.words[PENDING]) == {"a": {"at": 9}, "b": {"at": 2}}
    assert not await PendingKeys(memory=shared).renew("gone", 9)
