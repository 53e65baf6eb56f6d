"""Servers' settings in words: what is set, what changed, each named as the command that sets it.
Never here: changing them, and views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.domain.people import NEVER
from bot.domain.pools import Pool, PoolRule
from bot.domain.prices import Charge, Price
from bot.domain.servers.access import MediaRule, Treatment
from bot.domain.servers.declarations import Choice, MultipleChoice, Named, Number, Switch
from bot.domain.servers.guilds import KEPT, Pause, ServerTotal
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition
from bot.domain.servers.server_settings import COMMANDS
from bot.services.worker.news import NEWS_AFTER
from bot.texts import text
from bot.ui.kit.escape import quoted
from bot.ui.kit.gone import channel_named, role_named
from bot.ui.kit.languages import name_of
from bot.ui.moderation.prompt_lists import addition_words, image_lines, kind_words, limit_words, place_name
from bot.ui.pools.wording import allowance_words, charge_name, pool_name, role_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.domain.servers.guilds import GuildSettings
    from bot.domain.servers.server_settings import DeclaredSetting
    from bot.texts import Text

PATTERN_SHOWN: Final = 80
VALUE_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Localizer:
    """Says things about one server in one language."""

    localize: Callable[[Text], str]
    guild_id: int
    role_ids: frozenset[int] = frozenset()
    """The server's roles: a rule's target may be a role or a channel, and only Discord knows which."""
    usual_days: int | None = None
    """How long the owner keeps prompts where a server never decided; None: for ever."""

    def days_kept(self, decided: int | None) -> int | None:
        """How long prompts are kept in truth, by what a server decided; None: for ever."""
        return self.usual_days if decided is None else None if decided == KEPT else decided

    def place(self, target_id: int) -> Text:
        """A channel, a role or everyone."""
        if target_id == self.guild_id:
            return text("mod.everyone")
        return role_named(target_id) if target_id in self.role_ids else channel_named(target_id)


# -- values --------------------------------------------------------------------------------------------------


def label_of(declared: DeclaredSetting) -> Text:
    """What a setting is called."""
    return text(f"setting.{declared.about.command}.{declared.about.option}")


def title_of(command: str) -> Text:
    """What the settings of a command are called together."""
    return text(f"section.{COMMANDS[command][0].section}")


def value_words(declared: DeclaredSetting, value: Any) -> Text | str | int:
    """A value of a setting, as read or as the history keeps it."""
    about = declared.about
    names: dict[Any, str | None] = dict(about.kind.names) if isinstance(about.kind, Number) else {}
    names[None] = about.unset if about.unset_value is None else "automatic"
    if value is None or (isinstance(value, int) and value in names):
        return text(f"setting.{names[value]}") if names[value] else "—"
    match about.kind:
        case Switch():
            return text("setting.yes" if value else "setting.no")
        case Choice(words=words):
            return text(f"choice.{words}.{value}")
        case MultipleChoice(values):
            chosen = ", ".join(values(one).name for one in value)
            return chosen or text("setting.all")
        case Named.CHANNEL:
            return channel_named(value)
        case Named.ROLE:
            return role_named(value)
        case Named.LANGUAGE:
            return name_of(value)
    return value if isinstance(value, int) else quoted(str(value), VALUE_SHOWN)


def command_lines(command: str, settings: GuildSettings, localizer: Localizer) -> list[str]:
    """What is set by a command, in sentences; where moderators are exempt, that is said."""
    composed, declared = COMPOSED.get(command), COMMANDS[command]
    if composed is None:
        lines = [localizer.localize(_sentence(one, one.read(settings))) for one in declared]
    else:
        lines = list(composed(settings, localizer))
    changed = any(one.read(settings) != one.default for one in declared)
    if changed and any(one.about.exempt for one in declared):
        lines[-1] += " " + localizer.localize(text("setting.exempt"))
    return lines


def _sentence(declared: DeclaredSetting, value: Any) -> Text:
    """What is set, in the sentence that the declaration names."""
    about = declared.about
    match about.sentence, value, about.kind:
        case None, _, _:
            return text("setting.is", label=label_of(declared), value=value_words(declared, value))
        case name, None, _:
            return text(f"mod.{name}_{about.unset}")
        case name, _, Switch():
            return text(f"mod.{name}_{'on' if value else 'off'}")
        case name, _, Number():
            return text(f"mod.{name}", n=value)
        case name, _, _:
            return text(f"mod.{name}", **{about.option: value_words(declared, value)})


def _one(sentence: Callable[[GuildSettings], Text]) -> Callable[[GuildSettings, Localizer], Iterable[str]]:
    return lambda settings, localizer: [localizer.localize(sentence(settings))]


def _strikes(settings: GuildSettings) -> Text:
    policy = settings.strikes
    return text(
        "mod.strikes",
        count=text("amount.strikes", n=policy.limit),
        days=text("amount.days", n=policy.days),
        hours=text("amount.hours", n=policy.block_hours),
    )


def _gate(settings: GuildSettings) -> Text:
    """What is asked of newcomers; what is not asked is not named."""
    gate = settings.gate
    server = text("amount.hours", n=gate.hours_on_server)
    account = text("amount.hours", n=gate.hours_of_account)
    if gate.hours_on_server and gate.hours_of_account:
        return text("mod.gate", server=server, account=account)
    if gate.hours_on_server:
        return text("mod.gate_server", server=server)
    return text("mod.gate_account", account=account) if gate.hours_of_account else text("mod.gate_open")


def _pings(settings: GuildSettings) -> Text:
    """When a slow picture pings; where nothing is decided, what is usual."""
    after = NEWS_AFTER if settings.news_after is None else settings.news_after
    if after == NEVER:
        return text("mod.pings_never")
    return text("mod.pings_always") if after == 0 else text("mod.pings_after", seconds=after)


def _retention(settings: GuildSettings, localizer: Localizer) -> Iterable[str]:
    """How long prompts are kept; where that is the owner's decision, it is said."""
    days, decided = localizer.days_kept(settings.retention_days), settings.retention_days is not None
    if days is None:
        said = text("mod.retention_off")
    else:
        said = text("mod.retention" if decided else "mod.retention_usual", n=days)
    return [localizer.localize(said)]


COMPOSED: Final[Mapping[str, Callable[[GuildSettings, Localizer], Iterable[str]]]] = {
    "strikes": _one(_strikes),
    "press": _one(lambda s: text(f"mod.press_{s.press.who.value}", role=role_named(s.press.role_id or 0))),
    "gate": _one(_gate),
    "pings": _one(_pings),
    "retention": _retention,
    "images": lambda settings, localizer: image_lines(settings.images, localizer.localize),
}
"""Commands whose settings are said together, in other words than one sentence for each."""


# -- lists ---------------------------------------------------------------------------------------------------


def _rule(rule: PoolRule, localizer: Localizer) -> str:
    allowance = text(
        "pool.rule",
        role=role_name(rule.role_id, localizer.guild_id),
        allowance=allowance_words(rule.allowance()),
    )
    return localizer.localize(text("section.in_pool", pool=pool_name(rule.pool), said=allowance))


def _total(total: ServerTotal, localizer: Localizer) -> str:
    return localizer.localize(text("pool.now_total", pool=pool_name(total.pool), n=total.per_day))


def _price(price: Price, localizer: Localizer) -> str:
    names = {"pool": pool_name(price.pool), "kind": charge_name(price.charge)}
    return localizer.localize(
        text("pool.now_price", n=price.units, **names) if price.units else text("pool.now_free", **names)
    )


def _pause(pause: Pause, localizer: Localizer) -> str:
    words = quoted(pause.words, PATTERN_SHOWN) if pause.words else text("pause.no_words")
    pool = text("section.both_pools") if pause.pool is None else pool_name(pause.pool)
    return localizer.localize(text("section.paused", pool=pool, words=words))


def _word(rule: WordRule, localizer: Localizer) -> str:
    return localizer.localize(
        text(
            "mod.word",
            pattern=quoted(rule.pattern, PATTERN_SHOWN),
            kind=text(f"kind.{rule.match.value}"),
            action=text(f"action.{rule.action.value}"),
        )
    )


def _media(rule: MediaRule, localizer: Localizer) -> str:
    return localizer.localize(
        text(f"mod.media_{rule.treatment.value}", target=localizer.place(rule.target_id))
    )


def _addition(addition: PromptAddition, localizer: Localizer) -> str:
    place = place_name(addition.target_id, localizer.guild_id)
    said = list(addition_words(addition, localizer.guild_id)) or [text("mod.prompt_no_suffix", place=place)]
    return " ".join(map(localizer.localize, said))


ITEMS: Final[Mapping[str, tuple[type, Callable[[Any, Localizer], str]]]] = {
    "rules": (PoolRule, _rule),
    "totals": (ServerTotal, _total),
    "prices": (Price, _price),
    "pauses": (Pause, _pause),
    "words": (WordRule, _word),
    "media": (MediaRule, _media),
    "additions": (PromptAddition, _addition),
    "limits": (
        ParameterLimit,
        lambda limit, localizer: localizer.localize(limit_words(limit, localizer.guild_id)),
    ),
    "kinds": (KindRule, lambda rule, localizer: localizer.localize(kind_words(rule, localizer.guild_id))),
}
"""Sections that are lists: what they hold, and how it is said."""
PARTS: Final[Mapping[tuple[str, str], Callable[[Any, Localizer], str]]] = {
    ("pools", "off"): lambda pool, localizer: localizer.localize(
        text("section.pool_off", pool=pool_name(Pool(pool)))
    ),
    ("channels", "allowed"): lambda id_, localizer: localizer.localize(
        text("section.channel_open", channel=str(id_))
    ),
    ("channels", "denied"): lambda id_, localizer: localizer.localize(
        text("section.channel_closed", channel=str(id_))
    ),
    ("images", "channels"): lambda id_, localizer: localizer.localize(
        text("mod.images_channels", channels=channel_named(id_))
    ),
    ("images", "hosts_allowed"): lambda host, localizer: localizer.localize(
        text("mod.hosts_allowed", hosts=f"`{host}`")
    ),
    ("images", "hosts_denied"): lambda host, localizer: localizer.localize(
        text("mod.hosts_denied", hosts=f"`{host}`")
    ),
}
"""Lists within sections."""
COMMAND_OF: Final[Mapping[str, str]] = {
    "rules": "pool rule",
    "totals": "pool total",
    "prices": "pool price",
    "pauses": "pool pause",
    "pools": "pool panel",
    "words": "mod words list",
    "media": "mod media",
    "channels": "mod channels list",
    "additions": "mod prompts list",
    "limits": "mod prompts limit",
    "kinds": "mod prompts kind",
}
"""The command that sets or lists a section without declared values."""
PART_COMMANDS: Final[Mapping[tuple[str, str], str]] = {
    ("pools", "default"): "pool default",
    ("channels", "allowed"): "mod channels allow",
    ("channels", "denied"): "mod channels deny",
    ("images", "channels"): "mod images channel",
    ("images", "hosts_allowed"): "mod images host",
    ("images", "hosts_denied"): "mod images host",
}
"""Commands of lists within sections, where the section's own is another."""
ENUMS: Final[Mapping[str, type]] = {
    "pool": Pool,
    "charge": Charge,
    "treatment": Treatment,
    "match": Match,
    "action": WordAction,
}


def item_words(section: str, item: Mapping[str, Any], localizer: Localizer) -> str:
    """An entry of a list as the history keeps it; raises what Python does for one of another version's form."""
    kind, words = ITEMS[section]
    fields = {name: ENUMS[name](v) if name in ENUMS and v is not None else v for name, v in item.items()}
    return words(kind(**fields), localizer)
