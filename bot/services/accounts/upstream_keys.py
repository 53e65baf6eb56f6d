"""Keys with a cap and an end, made at the image service for a server or an account: made once, capped, disabled, deleted.
Never here: other keys of the account (they are counted at most), and a key in any sentence."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.accounts import ACCOUNT_NAME, DEFAULT_ACCOUNT
from bot.domain.schedule import MINUTE, SECOND, is_recent
from bot.domain.steady import Steady
from bot.domain.tenancy import read_id
from bot.domain.upstream_keys import KeyHolder, UpstreamKey, remark_of
from bot.domain.wording import inert
from bot.errors import RemoteError, RemoteFault, UserError
from bot.services.accounts.pending_keys import PendingKey
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain.ports import Clock, JobStore
    from bot.domain.servers.guilds import Actor
    from bot.domain.upstream_keys import KeyAdmin
    from bot.services.accounts.own_keys import OwnKeys
    from bot.services.accounts.pending_keys import PendingKeys
    from bot.texts import Text

log = logging.getLogger(__name__)

SETTLED_MS: Final = 5 * MINUTE
"""A key that is not listed so long after it was asked for was not made."""
LOOKS: Final = 3
BETWEEN_LOOKS_S: Final = 2.0
BELIEVED_MS: Final = 15 * SECOND
MOST_CREDITS: Final = 10**15
SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """One of our keys as its owner's lists show it: all but the key."""

    subject: str
    tag: str
    used: Decimal | None
    cap: Decimal | None
    percent: int | None
    expires_at: int | None
    used_at: int | None
    disabled: bool
    in_use: bool
    """Whether the bot pays with it now."""


@dataclass(frozen=True, slots=True)
class KeyListing:
    """Our keys, and how many others the account has."""

    keys: Sequence[KeyView]
    others: int


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key that was made."""

    view: KeyView
    key: str | None = field(repr=False)
    """To be shown this once; None: it lies in the vault already, and nobody has to copy it."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class UpstreamKeys:
    """The owner's hand on the account's keys. Everything raises `UserError` with what to do about it."""

    admin: KeyAdmin | None
    """None: off, for there is no admin key."""
    own_keys: OwnKeys
    find: Callable[[str], Awaitable[object | None]]
    """The way to an account by its name."""
    jobs: JobStore
    pending: PendingKeys
    clock: Clock
    tag: Callable[[], str] = lambda: secrets.token_hex(5)
    _listed: TTLCache[str, Sequence[UpstreamKey], int] = field(init=False)

    _asking: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._listed = TTLCache(1, BELIEVED_MS, Steady(self.clock))

    # -- looking -----------------------------------------------------------------------------------------

    async def every(self) -> KeyListing:
        """Our keys, those of one subject together; what was asked for and not settled is settled first."""
        listed = await self._list()
        await self._settle(listed)
        ours = [key for key in listed if key.subject is not None]
        views = [await self._view(key) for key in sorted(ours, key=lambda key: (key.subject, key.tag))]
        return KeyListing(views, len(listed) - len(ours))

    async def settle(self) -> None:
        """Look for keys whose making nobody answered; asks nobody if there are none. Raises `RemoteError`."""
        if self.admin is not None and await self.pending.every():
            await self._settle(await self.admin.keys())

    async def of_account(self, account: str) -> UpstreamKey | None:
        """The key that an account pays with, some seconds old at most; None: nobody may know. Raises `RemoteError`."""
        if self.admin is None:
            return None
        holder = await self.find(account)
        if not isinstance(holder, KeyHolder):
            return None
        async with self._asking:  # several accounts are looked at together, and one list tells of all
            listed = self._listed.get("")
            if listed is None:
                listed = self._listed[""] = await self.admin.keys()
            return next((key for key in listed if holder.holds(key.key)), None)

    async def membership_end(self) -> int | None:
        """When the account's membership ends. Raises `RemoteError`."""
        return None if self.admin is None else await self.admin.membership_end()

    # -- making ------------------------------------------------------------------------------------------

    async def make(self, subject: str, *, cap: int, expires_at: int, actor: Actor) -> CreatedKey:
        """Make a key for a server (its id) or an account (its name); never a second one while there is one.

        A key whose making nobody answered is looked for by the tag in its name, now and whenever the same is asked again.
        """
        self._need()
        guild_id = _checked(subject)
        self._check_terms(cap, expires_at)
        if guild_id is not None and not self.own_keys.offered:
            raise UserError(text("keys.no_vault"))
        tag = self.tag()
        # Noted before anything is looked at: of two who ask at once the second finds what the first one noted, or its key.
        earlier = await self.pending.claim(
            tag, PendingKey(subject, self.clock.now(), actor.user_id, actor.name)
        )
        if earlier is not None:
            made = await self._take_up(*earlier)
            return made or await self.make(subject, cap=cap, expires_at=expires_at, actor=actor)
        try:
            await self._check_room(tag, subject, guild_id)
        except BaseException:
            await self.pending.forget(tag)
            raise
        return await self._hand_in(subject, actor, await self._requested(subject, tag, cap, expires_at))

    async def _check_room(self, tag: str, subject: str, guild_id: int | None) -> None:
        old = next((key for key in await self._list() if key.subject == subject), None)
        if old is not None:
            raise UserError(text("keys.exists", subject=subject, tag=old.tag))
        if guild_id is not None:
            await self.own_keys.check_room(guild_id)
        if not await self.pending.renew(tag, self.clock.now()):
            raise UserError(text("keys.unclear"))  # this process stood still meanwhile, and another made one

    async def _requested(self, subject: str, tag: str, cap: int, expires_at: int) -> UpstreamKey:
        """Ask for it once; without an answer it is looked for and not asked for again."""
        remark = remark_of(subject, tag)
        try:
            value = await self._need().make_key(remark=remark, cap=cap, expires_at=expires_at)
        except RemoteError as error:
            if error.fault is not RemoteFault.UNCLEAR:
                await self.pending.forget(tag)
                raise UserError(_refusal(error)) from None
            log.warning("key_making_unclear", extra={"subject": subject, "tag": tag})
            return await self._look_for(tag)
        self._listed.clear()
        return UpstreamKey(key=value, remark=remark, used=Decimal(0), cap=Decimal(cap), expires_at=expires_at)

    async def _look_for(self, tag: str) -> UpstreamKey:
        for _ in range(LOOKS):
            await self.clock.pause(BETWEEN_LOOKS_S)
            with suppress(UserError):
                found = _tagged(await self._list(), tag)
                if found is not None:
                    return found
        raise UserError(text("keys.unclear"))

    async def _take_up(self, tag: str, asked: PendingKey) -> CreatedKey | None:
        """Go on with a key that was asked for before, by whoever it was; None: it was not made, and is forgotten."""
        found = _tagged(await self._list(), tag)
        if found is not None:
            return await self._hand_in(asked.subject, asked.actor, found)
        if not is_recent(asked.at, self.clock.now(), SETTLED_MS):
            await self.pending.forget(tag)
            return None
        raise UserError(text("keys.unclear"))

    async def _hand_in(self, subject: str, actor: Actor, key: UpstreamKey) -> CreatedKey:
        """Bring a key that exists where it belongs; done again, it changes nothing."""
        guild_id = _checked(subject)
        self.own_keys.hide(key.key)
        if guild_id is not None:
            try:
                await self.own_keys.install(guild_id, actor, key.key)
            except UserError:
                await self.pending.forget(key.tag)  # it is listed as one that nobody uses
                raise
            await self.pending.forget(key.tag)
        log.info("key_made", extra={"subject": subject, "tag": key.tag})
        return CreatedKey(await self._view(key), key.key if guild_id is None else None)

    async def mark_key_shown(self, tag: str) -> None:
        """An account's key was shown to whoever made it: from now on nobody is shown it again."""
        await self.pending.forget(tag)

    # -- changing ----------------------------------------------------------------------------------------

    async def cap(self, name: str, cap: int) -> KeyView:
        """Set another cap."""
        self._check_terms(cap, None)
        return await self._changed(replace(await self._named(name), cap=Decimal(cap)))

    async def disable(self, name: str, *, disabled: bool = True) -> KeyView:
        """Let a key open nothing, or let it open the account again."""
        return await self._changed(replace(await self._named(name), is_disabled=disabled))

    async def _changed(self, wanted: UpstreamKey) -> KeyView:
        try:
            await self._need().change_key(wanted)
        except RemoteError as error:
            if error.fault is not RemoteFault.UNCLEAR:
                raise UserError(_refusal(error)) from None
            seen = _tagged(await self._list(), wanted.tag)
            if seen is None or (seen.cap, seen.is_disabled) != (wanted.cap, wanted.is_disabled):
                raise UserError(text("keys.not_sure")) from None
        self._listed.clear()
        log.info("key_changed", extra={"subject": wanted.subject, "tag": wanted.tag})
        return await self._view(wanted)

    async def one(self, name: str) -> KeyView:
        """Find one of our keys by its tag, or by whom it is for."""
        return await self._view(await self._named(name))

    async def delete(self, name: str, *, actor: Actor) -> KeyView:
        """Delete a key for good. A server's is taken out of use first, and stays while pictures need it."""
        key = await self._named(name)
        guild_id = _server_of(key.subject or "")
        if guild_id is not None:
            await self.own_keys.withdraw(guild_id, actor, key.key)
        for account in await self.own_keys.accounts_of(guild_id, key.key):
            loads = (await self.jobs.load(account)).values()
            busy = sum(load.waiting + load.running for load in loads)
            if busy:
                raise UserError(text("keys.busy", n=busy))
        try:
            await self._need().delete_key(key.key)
        except RemoteError as error:
            if error.fault is not RemoteFault.UNCLEAR:
                raise UserError(_refusal(error)) from None
            if _tagged(await self._list(), key.tag) is not None:
                raise UserError(text("keys.not_sure")) from None
        self._listed.clear()
        await self.pending.forget(key.tag)
        log.info("key_deleted", extra={"subject": key.subject, "tag": key.tag})
        return replace(await self._view(key), in_use=False)

    # -- parts -------------------------------------------------------------------------------------------

    def _need(self) -> KeyAdmin:
        if self.admin is None:
            raise UserError(text("keys.off"))
        return self.admin

    def _check_terms(self, cap: int, expires_at: int | None) -> None:
        if not 1 <= cap <= MOST_CREDITS:
            raise UserError(text("keys.cap"))
        if expires_at is not None and expires_at <= self.clock.now():
            raise UserError(text("keys.past"))

    async def _list(self) -> Sequence[UpstreamKey]:
        """Ask past the cache, and refresh it."""
        try:
            listed = self._listed[""] = await self._need().keys()
        except RemoteError as error:
            raise UserError(_refusal(error)) from None
        return listed

    async def _named(self, name: str) -> UpstreamKey:
        wanted = name.strip().lstrip("#")
        ours = [key for key in await self._list() if key.subject is not None]
        found = [key for key in ours if key.tag == wanted] or [key for key in ours if key.subject == wanted]
        if not found:
            raise UserError(text("keys.unknown", name=inert(wanted[:SHOWN])))
        if len(found) > 1:
            raise UserError(
                text("keys.several", subject=inert(wanted), tags=", ".join(key.tag for key in found))
            )
        return found[0]

    async def _view(self, key: UpstreamKey) -> KeyView:
        subject = key.subject or ""
        guild_id = _server_of(subject)
        if guild_id is not None:
            in_use = await self.own_keys.holds(guild_id, key.key)
        else:
            holder = await self.find(subject)
            in_use = isinstance(holder, KeyHolder) and holder.holds(key.key)
        return KeyView(
            subject=subject,
            tag=key.tag,
            used=key.used,
            cap=key.cap,
            percent=key.percent,
            expires_at=key.expires_at,
            used_at=key.used_at,
            disabled=key.is_disabled,
            in_use=in_use,
        )

    # -- what was asked for ------------------------------------------------------------------------------

    async def _settle(self, listed: Sequence[UpstreamKey]) -> None:
        """A server's key goes where it belongs; an account's waits to be asked for again, for it has to be shown."""
        for tag, asked in (await self.pending.every()).items():
            found = _tagged(listed, tag)
            if found is None and not is_recent(asked.at, self.clock.now(), SETTLED_MS):
                await self.pending.forget(tag)
            elif found is not None and self.own_keys.offered and read_id(asked.subject) is not None:
                with suppress(UserError):  # the list shows it as one that nobody uses
                    await self._hand_in(asked.subject, asked.actor, found)


def _checked(subject: str) -> int | None:
    """A server's id, or None for an account's name; raises `UserError` for anything else."""
    guild_id = read_id(subject)
    if guild_id is not None:
        return guild_id
    if not ACCOUNT_NAME.fullmatch(subject) or subject == DEFAULT_ACCOUNT:
        raise UserError(text("keys.subject", name=inert(subject[:SHOWN])))
    return None


def _server_of(subject: str) -> int | None:
    """Whose a key that exists is, if a server's: earlier releases took zeros before an id, and anybody may write a name upstream."""
    return read_id(subject.lstrip("0"))


def _tagged(listed: Sequence[UpstreamKey], tag: str) -> UpstreamKey | None:
    return next((key for key in listed if key.subject is not None and key.tag == tag), None)


def _refusal(error: RemoteError) -> Text:
    match error.fault:
        case RemoteFault.KEY:
            return text("keys.no_permission")
        case RemoteFault.REFUSED | RemoteFault.BALANCE:
            return text("keys.refused", words=inert(error.message))
        case _:
            return text("keys.unreachable")
