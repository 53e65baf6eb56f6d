"""A key with a cap is made once, comes where it belongs whatever breaks, and no sentence shows a key of the account.
Never here: the calls (tests/midjourney/test_key_admin.py), the command line and windows."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.servers.guilds import Actor
from bot.domain.upstream_keys import UpstreamKey, read_end, remark_of
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.accounts.pending_keys import PENDING, PendingKey, PendingKeys
from bot.services.accounts.upstream_keys import SETTLED_MS, UpstreamKeys
from bot.storage.vault import FernetVault
from tests.services.accounts_harness import KEY, NEXT_MASTER, REFUSED, AccountsHarness, Office, remove_key
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.services.accounts.upstream_keys import CreatedKey
    from tests.services.harness import Harness

OWNER = Actor(5, "owner")
DAY = 86_400_000
CAP = 10_000
SERVER = str(GUILD)
NO_ANSWER = RemoteError(RemoteFault.UNCLEAR, "no answer within 15 s")


@pytest.fixture
async def mint(world: Harness) -> AccountsHarness:
    made = AccountsHarness()
    made.office = Office()
    made.furnish(world)
    await world.reboot()
    return made


@pytest.fixture
def office(mint: AccountsHarness) -> Office:
    assert mint.office is not None
    return mint.office


def keys(world: Harness) -> UpstreamKeys:
    return world.services.upstream_keys


def ordered(
    world: Harness, subject: str = SERVER, *, cap: int = CAP, days: int = 30
) -> Awaitable[CreatedKey]:
    return keys(world).make(subject, cap=cap, expires_at=world.clock.now() + days * DAY, actor=OWNER)


async def why(attempt: Awaitable[object]) -> str:
    return (await refusal(attempt)).id


async def passing(world: Harness, attempt: Awaitable[Any]) -> Any:
    """Wait for something that waits itself."""
    going = asyncio.ensure_future(attempt)
    while not going.done():
        await world.pass_time(1)
    return await going


# -- making ----------------------------------------------------------------------------------------------


async def test_a_servers_key_pays_for_its_pictures_and_nobody_sees_it(
    world: Harness, mint: AccountsHarness
) -> None:
    made = await ordered(world)
    grid = await world.finished_grid()

    assert made.key is None
    assert mint.paid_by[grid.task_id or ""] == "sk-made-1"
    assert set(mint.hidden) == {"sk-made-1"}
    assert "sk-" not in repr(made) + repr(await keys(world).every())
    listing = await keys(world).every()
    assert [(view.subject, view.in_use, view.percent) for view in listing.keys] == [(SERVER, True, 0)]
    assert listing.others == 1
    assert (await world.services.own_keys.state(GUILD)).readable


async def test_an_accounts_key_is_shown_until_it_was_handed_over(world: Harness, office: Office) -> None:
    first = await ordered(world, "studio")
    again = await ordered(world, "studio")
    assert (first.key, again.key, office.made) == ("sk-made-1", "sk-made-1", 1)

    await keys(world).mark_key_shown(first.view.tag)
    assert await why(ordered(world, "studio")) == "keys.exists"
    assert office.made == 1


@pytest.mark.parametrize(
    ("subject", "terms", "said"),
    [
        (SERVER, {"cap": 0}, "keys.cap"),
        (SERVER, {"cap": -5}, "keys.cap"),
        (SERVER, {"cap": 10**16}, "keys.cap"),
        (SERVER, {"days": -1}, "keys.past"),
        (SERVER, {"days": 0}, "keys.past"),
        ("a" * 33, {}, "keys.subject"),
        ("9" * 21, {}, "keys.subject"),
        ("default", {}, "keys.subject"),
        ("Studio!", {}, "keys.subject"),
        ("", {}, "keys.subject"),
    ],
)
async def test_what_cannot_be_is_refused_before_anybody_is_asked(
    world: Harness, office: Office, subject: str, terms: dict[str, int], said: str
) -> None:
    office.trouble = dict.fromkeys(("keys", "make"), RemoteError(RemoteFault.REFUSED, "asked"))

    assert await why(ordered(world, subject, **terms)) == said


async def test_without_an_admin_key_or_a_master_key_each_part_says_what_it_needs(world: Harness) -> None:
    bare = AccountsHarness()
    bare.furnish(world)
    await world.reboot()
    assert await why(ordered(world)) == "keys.off"
    assert await why(keys(world).every()) == "keys.off"
    assert await keys(world).of_account("default") is None
    assert await keys(world).membership_end() is None

    bare.office = Office()
    bare.furnish(world)
    world.more_ports["vault"] = None
    await world.reboot()
    assert await why(ordered(world)) == "keys.no_vault"
    assert bare.office.made == 0
    assert (await ordered(world, "studio")).key == "sk-made-1"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (RemoteFault.KEY, "keys.no_permission"),
        (RemoteFault.REFUSED, "keys.refused"),
        (RemoteFault.THROTTLED, "keys.unreachable"),
        (RemoteFault.UNREACHED, "keys.unreachable"),
    ],
)
async def test_a_making_that_was_refused_leaves_nothing_and_can_be_tried_again(
    world: Harness, office: Office, fault: RemoteFault, said: str
) -> None:
    office.trouble = {"make": RemoteError(fault, "no")}
    assert await why(ordered(world)) == said

    office.trouble = {}
    assert (await ordered(world)).view.in_use
    assert office.made == 1


async def test_a_server_that_brought_a_key_keeps_it(world: Harness, office: Office) -> None:
    await world.services.own_keys.bring(GUILD, ADA, KEY)

    assert await why(ordered(world)) == "keys.brought"
    assert office.made == 0


async def test_a_second_key_for_a_server_is_refused_even_if_it_is_not_used(
    world: Harness, office: Office
) -> None:
    await ordered(world)
    await remove_key(world)

    assert await why(ordered(world)) == "keys.exists"
    assert office.made == 1


# -- what nobody answered --------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [0, 1, 2])
async def test_a_key_that_was_made_without_an_answer_is_found_by_its_name(
    world: Harness, office: Office, hidden: int
) -> None:
    office.lost, office.late = {"make": NO_ANSWER}, hidden
    made = await passing(world, ordered(world))

    assert (made.view.in_use, office.made) == (True, 1)


async def test_a_key_that_shows_late_is_never_made_twice_and_comes_home_by_itself(
    world: Harness, office: Office
) -> None:
    office.lost, office.late = {"make": NO_ANSWER}, 4
    assert (await passing(world, refusal(ordered(world)))).id == "keys.unclear"
    assert await why(ordered(world)) == "keys.unclear"

    await keys(world).settle()
    assert (await keys(world).every()).keys[0].in_use
    assert await why(ordered(world)) == "keys.exists"
    assert office.made == 1


async def test_a_making_that_never_arrived_is_forgotten_after_a_while_and_done_anew(
    world: Harness, office: Office
) -> None:
    office.trouble = {"make": NO_ANSWER}
    assert (await passing(world, refusal(ordered(world)))).id == "keys.unclear"
    assert await why(ordered(world)) == "keys.unclear"

    office.trouble = {}
    world.clock.move_to(world.clock.now() + SETTLED_MS)
    assert (await ordered(world)).view.in_use
    assert office.made == 1


@pytest.mark.parametrize("step", [SETTLED_MS, -365 * 24 * 3_600_000])
async def test_looking_around_forgets_a_making_that_never_arrived(
    world: Harness, office: Office, step: int
) -> None:
    office.trouble = {"make": NO_ANSWER}
    assert (await passing(world, refusal(ordered(world)))).id == "keys.unclear"

    await keys(world).settle()
    assert len(await keys(world).pending.every()) == 1
    world.clock.set_by(step)
    await keys(world).settle()

    assert await keys(world).pending.every() == {}


async def test_a_server_that_brought_a_key_while_another_was_made_for_it_keeps_its_own(
    world: Harness, office: Office
) -> None:
    office.lost, office.late = {"make": NO_ANSWER}, 100
    assert (await passing(world, refusal(ordered(world)))).id == "keys.unclear"
    await world.services.own_keys.bring(GUILD, ADA, KEY)
    office.hidden = 0

    assert await why(ordered(world)) == "keys.brought"

    (unused,) = (await keys(world).every()).keys
    assert not unused.in_use
    assert await keys(world).pending.every() == {}
    assert await world.services.own_keys.holds(GUILD, KEY)


@pytest.mark.usefixtures("office")
async def test_keys_that_are_settled_at_once_are_all_forgotten(world: Harness) -> None:
    pending = keys(world).pending
    for n in range(4):
        await pending.claim(f"tag{n}", PendingKey(f"account{n}", world.clock.now(), 5, "owner"))

    await asyncio.gather(*(pending.forget(f"tag{n}") for n in range(4)))

    assert await pending.every() == {}


class Shared:
    """What processes share, to which another one writes between our reading and our writing."""

    def __init__(self, *theirs: str) -> None:
        self.kept: str | None = None
        self.theirs = list(theirs)

    async def get(self, name: str) -> str | None:
        assert name == PENDING
        return self.kept

    async def swap(self, name: str, before: str | None, after: str) -> bool:
        if self.theirs:
            self.kept = self.theirs.pop()
        if before != await self.get(name):
            return False
        self.kept = after
        return True


async def test_of_two_keys_asked_for_at_once_in_two_processes_both_are_kept_or_one_for_the_same_server() -> (
    None
):
    mine, theirs = PendingKey(SERVER, 1, 2, "me"), PendingKey("9", 1, 3, "them")
    pending = PendingKeys(Shared(json.dumps({"theirs": asdict(theirs)})))

    assert await pending.claim("mine", mine) is None
    assert await pending.every() == {"mine": mine, "theirs": theirs}

    same = replace(theirs, subject=SERVER)
    late = PendingKeys(Shared(json.dumps({"theirs": asdict(same)})))
    assert await late.claim("mine", mine) == ("theirs", same)
    assert await late.every() == {"theirs": same}


async def test_two_who_ask_at_once_make_one_key(world: Harness, office: Office) -> None:
    first, second = await asyncio.gather(
        ordered(world, "studio"), ordered(world, "studio"), return_exceptions=True
    )

    assert office.made == 1
    assert {getattr(one, "key", "refused") for one in (first, second)} <= {"sk-made-1", "refused"}


async def test_a_process_that_stood_still_makes_no_second_key_beside_another_process(
    world: Harness, office: Office
) -> None:
    listed, looked, goes_on = office.keys, asyncio.Event(), asyncio.Event()

    async def stands_still() -> Any:
        office.keys = listed  # type: ignore[method-assign]  # only the first look
        found = await listed()
        looked.set()
        await goes_on.wait()
        return found

    office.keys = stands_still  # type: ignore[method-assign]  # one office, one test
    sleeper = asyncio.create_task(refusal(ordered(world, "studio")))
    await looked.wait()
    world.clock.move_to(world.clock.now() + SETTLED_MS)
    await ordered(world, "studio")
    goes_on.set()

    assert (await sleeper).id == "keys.unclear"
    assert office.made == 1


@pytest.mark.parametrize("place", ["install", "forget"])
async def test_a_death_between_making_and_handing_in_is_made_up_for(
    world: Harness, office: Office, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = keys(world)
    if place == "install":
        monkeypatch.setattr(type(service.own_keys), "install", _dying)
    else:
        monkeypatch.setattr(type(service.pending), "forget", _dying)
    with pytest.raises(StorageTrouble):
        await ordered(world)
    monkeypatch.undo()
    await world.reboot()

    made = await ordered(world)

    assert (made.view.in_use, office.made) == (True, 1)
    await keys(world).every()
    assert await keys(world).pending.every() == {}


async def _dying(*_: object, **__: object) -> None:
    raise StorageTrouble("died")


async def test_a_process_without_the_master_key_leaves_an_order_to_one_that_has_it(
    world: Harness, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(keys(world).own_keys), "install", _dying)
    with pytest.raises(StorageTrouble):
        await ordered(world)
    monkeypatch.undo()
    vault, world.more_ports["vault"] = world.more_ports["vault"], None
    await world.reboot()
    await keys(world).settle()
    world.more_ports["vault"] = vault
    await world.reboot()

    await keys(world).settle()

    assert (await keys(world).every()).keys[0].in_use
    assert office.made == 1


async def test_what_the_service_or_the_owner_wrote_is_repeated_without_markup(
    world: Harness, office: Office
) -> None:
    office.trouble = {"make": RemoteError(RemoteFault.REFUSED, "no *cap*")}
    assert (await refusal(ordered(world))).args["words"] == r"no \*cap\*"

    office.trouble = {}
    assert (await refusal(ordered(world, "*my* key"))).args["name"] == r"\*my\* key"
    assert (await refusal(keys(world).disable("<@5>"))).args["name"] == r"\<\@5\>"


# -- changing --------------------------------------------------------------------------------------------


async def test_a_cap_is_changed_and_a_key_disabled_and_enabled(world: Harness, office: Office) -> None:
    tag = (await ordered(world)).view.tag
    office.spend(5_000)

    assert (await keys(world).cap(SERVER, 20_000)).percent == 25
    assert (await keys(world).disable(f"#{tag}")).disabled
    assert not (await keys(world).disable(tag, disabled=False)).disabled
    assert office.listed[0].key == "sk-of-somebody"
    assert await why(keys(world).cap(tag, 0)) == "keys.cap"


@pytest.mark.parametrize("name", ["my laptop", "", "sk-of-somebody", "nobody"])
async def test_other_keys_of_the_account_cannot_be_named(world: Harness, office: Office, name: str) -> None:
    assert await why(keys(world).disable(name)) == "keys.unknown"
    assert await why(keys(world).delete(name, actor=OWNER)) == "keys.unknown"
    assert len(office.listed) == 1


async def test_a_change_without_an_answer_is_looked_up(world: Harness, office: Office) -> None:
    await ordered(world)
    office.lost = {"change": NO_ANSWER}
    assert (await keys(world).cap(SERVER, 20_000)).cap == 20_000

    office.trouble = {"change": NO_ANSWER}
    assert await why(keys(world).cap(SERVER, 30_000)) == "keys.not_sure"


async def test_a_change_or_deletion_that_is_refused_says_so_and_changes_nothing(
    world: Harness, office: Office
) -> None:
    await ordered(world, "studio")
    before = list(office.listed)

    office.trouble = {"change": REFUSED, "delete": REFUSED}
    assert await why(keys(world).disable("studio")) == "keys.no_permission"
    assert await why(keys(world).delete("studio", actor=OWNER)) == "keys.no_permission"

    office.trouble = {"delete": NO_ANSWER}
    assert await why(keys(world).delete("studio", actor=OWNER)) == "keys.not_sure"
    assert office.listed == before


async def test_of_several_keys_of_one_subject_one_has_to_be_named_by_its_tag(
    world: Harness, office: Office
) -> None:
    for tag in ("0123456789", "abcdef0123"):
        office.listed.append(UpstreamKey(key=f"sk-{tag}", remark=remark_of("studio", tag)))

    several = await refusal(keys(world).disable("studio"))

    assert (several.id, several.args["tags"]) == ("keys.several", "0123456789, abcdef0123")
    assert (await keys(world).disable("abcdef0123")).disabled


async def test_a_key_that_was_named_by_hand_or_by_an_earlier_release_hides_no_other(
    world: Harness, office: Office
) -> None:
    for subject, tag in (("1abc", "0123456789"), (f"00{SERVER}", "abcdef0123"), ("studio", "0000000001")):
        office.listed.append(UpstreamKey(key=f"sk-{tag}", remark=remark_of(subject, tag)))

    listing = await keys(world).every()
    await keys(world).delete("0123456789", actor=OWNER)

    assert [view.subject for view in listing.keys] == [f"00{SERVER}", "1abc", "studio"]
    assert "sk-0123456789" not in [key.key for key in office.listed]


async def test_a_deleted_key_is_out_of_use_and_gone(world: Harness, office: Office) -> None:
    await ordered(world)
    office.lost = {"delete": NO_ANSWER}

    gone = await keys(world).delete(SERVER, actor=OWNER)

    assert not gone.in_use
    assert [key.key for key in office.listed] == ["sk-of-somebody"]
    assert (await world.services.own_keys.state(GUILD)).key is None
    office.trouble = {"keys": NO_ANSWER}
    assert await why(keys(world).every()) == "keys.unreachable"


async def test_deleting_a_key_leaves_the_one_that_a_moderator_brought_at_the_same_moment(
    world: Harness, office: Office
) -> None:
    await ordered(world)
    store = world.services.own_keys.store
    remove_row = store.remove

    async def overtaken(*args: Any, **row: Any) -> Any:
        store.remove = remove_row  # type: ignore[method-assign]  # once
        await world.services.own_keys.bring(GUILD, ADA, KEY)
        return await remove_row(*args, **row)

    store.remove = overtaken  # type: ignore[method-assign]  # another process is faster

    await keys(world).delete(SERVER, actor=OWNER)

    assert await world.services.own_keys.holds(GUILD, KEY)
    assert [key.key for key in office.listed] == ["sk-of-somebody"]


async def test_a_key_that_pictures_need_is_not_deleted_under_them(world: Harness, office: Office) -> None:
    await ordered(world)
    job = await world.imagine()

    assert await why(keys(world).delete(SERVER, actor=OWNER)) == "keys.busy"
    assert len(office.listed) == 2

    await world.ended(job)
    await keys(world).delete(SERVER, actor=OWNER)
    assert len(office.listed) == 1


async def test_another_master_key_hides_a_key_from_nobody_who_looks(world: Harness, office: Office) -> None:
    await ordered(world)
    world.more_ports["vault"] = FernetVault([NEXT_MASTER])
    await world.reboot()

    (view,) = (await keys(world).every()).keys
    assert not view.in_use
    assert office.made == 1


async def test_accounts_that_are_looked_at_together_share_one_list(world: Harness, office: Office) -> None:
    await ordered(world)
    keys(world)._listed.clear()
    before = office.lists

    found = await asyncio.gather(
        *(keys(world).of_account(name) for name in ("default", f"guild:{GUILD}:1") * 3)
    )

    assert [key is not None for key in found] == [False, True] * 3
    assert office.lists == before + 1


async def test_an_account_that_is_not_here_has_no_key_to_be_known(world: Harness, office: Office) -> None:
    assert await keys(world).of_account("nowhere") is None
    assert office.lists == 0


# -- ends ------------------------------------------------------------------------------------------------


def test_an_end_is_a_day_or_days_from_now() -> None:
    assert read_end(" 2027-01-31 ", 0) == 1_801_439_999_000
    assert read_end("90d", 5) == 5 + 90 * DAY
    assert read_end("1 day", 0) == DAY


@pytest.mark.parametrize(
    "typed", ["", "soon", "2027-13-01", "31.1.2027", "d", "-5d", "9999999d", "99999-01-01"]
)
def test_what_is_no_end_is_none(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whose words nobody sees
        read_end(typed, 0)
