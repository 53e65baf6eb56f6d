"""Values for the domain's tests: a job, an action, a snapshot, each with the parts that a test does not care about.
Never here: assertions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.domain.jobs import Job, JobKind, ReplyTarget
from bot.domain.keys import JobKey, key_from_bits
from bot.domain.pools import Pool
from bot.domain.servers.declarations import Choice, MultipleChoice, Named, Number, Switch
from bot.domain.servers.server_settings import DECLARATIONS
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskSnapshot, TaskStatus

if TYPE_CHECKING:
    from bot.domain.servers.guilds import GuildSettings
    from bot.domain.servers.server_settings import DeclaredSetting

NOW = 1_900_000_000_000
UUID = "11111111-2222-4333-8444-555555555555"
KEY = key_from_bits(1)
TASK = RemoteTaskId("90210")

REPLY = ReplyTarget(
    channel_id=2,
    guild_id=3,
    application_id=4,
    token="interaction-token",
    token_until=NOW + 900_000,
    message_id=None,
)


def a_job(**parts: Any) -> Job:
    key = JobKey(parts.pop("key", KEY))
    job = Job(
        key=key,
        kind=JobKind.IMAGINE,
        root=key,
        pool=Pool.NORMAL,
        prompt="a paper fox",
        account="default",
        home=parts.get("home", parts.get("reply", REPLY).guild_id),
        user_id=5,
        user_name="Ada",
        locale="en",
        interaction_id=6,
        reply=REPLY,
        created_at=NOW,
        changed_at=NOW,
        due_at=NOW,
        webhook_token="w",
    )
    return replace(job, **parts)


def action(custom_id: str, label: str = "", emoji: str = "") -> RemoteAction:
    return RemoteAction(custom_id, label, emoji)


def seen(status: TaskStatus, **parts: Any) -> TaskSnapshot:
    return TaskSnapshot(task_id=TASK, status=status, **parts)


def filled(settings: GuildSettings) -> GuildSettings:
    """The same with some value in each declared setting that has none yet, so that a new one is tried as well."""
    for one in DECLARATIONS:
        if one.read(settings) == one.default:
            settings = one.write(settings, another_value(one))
    return settings


def another_value(one: DeclaredSetting) -> Any:
    match one.about.kind:
        case Number(low, high):
            return high if one.default != high else low
        case Switch():
            return not one.default
        case Choice(values=values):
            return next(value for value in values if value != one.default)
        case MultipleChoice(values):
            return (next(iter(values)),)
        case Named.CHANNEL | Named.ROLE:
            return 2**62 + 13
    return "de" if one.about.kind is Named.LANGUAGE else "Asia/Kathmandu"
