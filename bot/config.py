"""The settings: environment, `.env` file and secrets directory become one checked, frozen value (design §8).
Never here: anything that settings switch on, and any secret's value in a message."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, TypeVar

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.domain.accounts import DEFAULT_ACCOUNT
from bot.domain.pools import Pool, parse_default_rules
from bot.domain.tenancy import MINE, NO_CEILING, parse_access, parse_ceiling
from bot.errors import StartupError
from bot.log import redact
from bot.setting_types import (
    AccountOf,
    ApiKey,
    BotToken,
    Ceilings,
    Database,
    Hosts,
    Listening,
    Lower,
    MasterKeys,
    NamedKeys,
    Numbers,
    Rules,
    Servers,
    Socket,
    Upper,
    Web,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

PREFIX: Final = "EASEL_"
SECRETS_DIRECTORY: Final = Path("/run/secrets")
"""Where Docker and Kubernetes put secrets as files; EASEL_SECRETS_DIR names another place."""
ENV_FILE: Final = Path(".env")
SECRETS_DIR_NAME: Final = "EASEL_SECRETS_DIR"
STOCK_CEILING: Final = "300/3000/3/50"
STOCK_RULES: Final = "NORMAL=50/3/10,FAST=10/1/5"


# -- the settings ------------------------------------------------------------------------------------------


class LocalSettings(BaseModel):
    """What a verb that calls nobody needs (`migrate`, `copy`): no secret of Discord's or the image API's."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database: Database = Field(
        "sqlite+aiosqlite:///easel.db",
        repr=False,
        description="Where jobs are kept: `sqlite+aiosqlite:///file.db`, or `postgresql+asyncpg://user:password@host/name`.",
    )
    backups_kept: int = Field(
        3,
        ge=0,
        le=100,
        description="Copies of the SQLite file that are kept from before migrations; `0` makes none.",
    )
    log_format: Annotated[Literal["console", "json"], Lower] = Field(
        "console", description="How the log is written: `console` for people, `json` for collectors."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = Field(
        "INFO",
        description="The least important line that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`.",
    )
    servers: Servers = Field(
        default_factory=lambda: parse_access(MINE),
        json_schema_extra={"shown": MINE},
        description="Which servers draw on your accounts: `mine` (those that the application's owner or a member of its team "
        "owns), `open` (every server that invites the bot), or ids with commas between them; besides, those that you let in.",
    )
    server_ceiling: Ceilings = Field(
        default_factory=lambda: parse_ceiling(STOCK_CEILING),
        json_schema_extra={"shown": STOCK_CEILING},
        description="The most that a server of somebody else draws on your accounts, whatever its moderators decide: units a "
        "day / a month / at once in a pool / waiting; parts or all of it `unlimited`.",
    )

    def secrets(self) -> tuple[str, ...]:
        """Every secret's value, for the log to hide wherever it turns up."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(secret.get_secret_value() for value in values for secret in _secrets_in(value))


def _secrets_in(value: object) -> Iterable[SecretStr]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return [v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, SecretStr)]


class Settings(LocalSettings):
    """Everything an operator can choose. Names are fixed: deployments rely on them."""

    discord_token: BotToken = Field(
        description="The bot's token, from the *Bot* page of Discord's developer portal."
    )
    ohmygpt_key: ApiKey = Field(description="OhMyGPT key with the Midjourney permission: the one that pays.")
    ohmygpt_admin_key: ApiKey | None = Field(
        None, description="OhMyGPT key with the management permission; shows the balance to the owner."
    )
    accounts: NamedKeys = Field(
        default_factory=dict,
        repr=False,
        json_schema_extra={"shown": ""},
        description="More keys of yours, for servers that `ACCOUNT_OF` names: `studio=sk-…,guest=sk-…`.",
    )
    account_of: AccountOf = Field(
        default_factory=dict,
        json_schema_extra={"shown": ""},
        description="Which of `ACCOUNTS` pays for a server, in both pools or in one: "
        "`123456789012345678=studio,123456789012345678/FAST=guest`.",
    )
    master_key: MasterKeys = Field(
        (),
        repr=False,
        description="Encrypts the keys that servers bring themselves; several with commas between them, the newest "
        "first. Unset: servers cannot bring any.",
    )
    server_keys: Annotated[Literal["on", "off"], Lower] = Field(
        "on", description="Whether servers may bring keys of their own: `on` (needs `MASTER_KEY`) or `off`."
    )
    retention_days: int | None = Field(
        None,
        ge=1,
        description="Days after which prompts are forgotten where a server's moderators decided nothing; unset: they are kept.",
    )
    balance_low: int | None = Field(
        None,
        ge=1,
        description="Credits below which you are told once, or the log channel of a server with a key of its own; unset: never.",
    )
    account_ceiling: Ceilings = Field(
        NO_CEILING,
        json_schema_extra={"shown": "unlimited"},
        description="The most that all servers together draw on each of your accounts, in the same form.",
    )
    owner_guild: int | None = Field(
        None, ge=1, description="Id of the server in which you find `/ops`; unset: there is no such command."
    )
    default_pool: Annotated[Pool, Upper] = Field(
        Pool.NORMAL,
        description="Pool of a command that names none, until a server chooses: `NORMAL` or `FAST`.",
    )
    default_rules: Rules = Field(
        default_factory=lambda: parse_default_rules(STOCK_RULES),
        json_schema_extra={"shown": STOCK_RULES},
        description="Allowance of everyone on a server without rules: per day / at once / waiting; "
        "`unlimited`, or `off`.",
    )
    max_running: int = Field(
        3, ge=1, le=1_000, description="Jobs that run at once per account and pool; the rest queue."
    )
    show_video: bool = Field(
        default=False, description="Offer Midjourney's video buttons; this API may not serve them."
    )
    web_listen: Listening | None = Field(
        None,
        description="`host:port` for health, metrics, webhooks and the mask editor; unset: no web server.",
    )
    health_listen: Listening | None = Field(
        None,
        description="`host:port` of their own for health and metrics, which `WEB_LISTEN` then serves no more.",
    )
    public_url: Web | None = Field(
        None,
        description="Address under which the internet reaches `WEB_LISTEN`; unset: no webhooks, no mask editor.",
    )
    ohmygpt_origin: Web = Field("https://api.ohmygpt.com", description="Origin of the image API.")
    ohmygpt_storage: Web = Field(
        "https://pi.ohmygpt.com", description="Origin of the image API's picture store."
    )
    wsrv_origin: Web = Field(
        "https://wsrv.nl", description="Picture proxy that makes smaller copies when the store has none."
    )
    image_hosts: Hosts = Field(
        (), description="More hosts that pictures may come from: `host` or `host:port`, comma-separated."
    )
    reads_per_second: float = Field(
        4.0, gt=0, le=100, description="Budget of status readings from the image API, per process."
    )
    form_encoding: bool = Field(
        default=False, description="Send the image API forms instead of JSON, for a proxy that insists."
    )
    discord_api: Web | None = Field(
        None, description="Another address for Discord's REST API (a proxy): `http://…/api/v10`."
    )
    discord_gateway: Socket | None = Field(
        None, description="Another address for Discord's gateway (a proxy): `ws://…`."
    )
    role: Annotated[Literal["all", "gateway", "worker"], Lower] = Field(
        "all", description="What this process does: `all`, only the `gateway`, or only a `worker`."
    )
    shard_count: int | None = Field(None, ge=1, description="Shards in all; unset: Discord's advice.")
    shard_ids: Numbers | None = Field(
        None, description="Shards of this process, such as `0,1` or `0-3`; needs `SHARD_COUNT`."
    )
    stop_timeout: float = Field(
        10.0, ge=0, le=600, description="Seconds that work in hand may take to end when the bot is stopped."
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.shard_ids is not None:
            if self.shard_count is None:
                raise ValueError(f"{PREFIX}SHARD_IDS needs {PREFIX}SHARD_COUNT")
            if len(set(self.shard_ids)) != len(self.shard_ids) or max(self.shard_ids) >= self.shard_count:
                raise ValueError(f"{PREFIX}SHARD_IDS must be different numbers below {PREFIX}SHARD_COUNT")
        for name in self.account_of.values():
            if name != DEFAULT_ACCOUNT and name not in self.accounts:
                raise ValueError(f"{PREFIX}ACCOUNT_OF names {name}, which is none of {PREFIX}ACCOUNTS")
        if self.public_url is not None and self.web_listen is None and self.role == "all":
            raise ValueError(f"{PREFIX}PUBLIC_URL needs {PREFIX}WEB_LISTEN: nothing would answer there")
        return self


# -- reading them ------------------------------------------------------------------------------------------


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: environment before `.env` before secrets directory, or `environ` alone if it is given.

    Every source is text by name, read in one way. Raises `StartupError` with one line for each setting that is missing
    or wrong.
    """
    return _read(Settings, _given() if environ is None else environ)


def load_local() -> LocalSettings:
    """Read only what a verb without Discord and the image API needs; their secrets may be missing."""
    return _read(LocalSettings, _given())


def _given() -> dict[str, str]:
    """What the three sources say, the most particular last; what is empty says nothing."""
    sources: list[Mapping[str, str | None]] = []
    said = ""
    # Raised below, outside the except blocks: a chained error would carry what was read into tracebacks.
    try:
        sources = [_secret_files(), dotenv_values(ENV_FILE, encoding="utf-8-sig"), os.environ]
    except UnicodeDecodeError:
        said = "the .env file, or a file in the secrets directory, is not UTF-8 text"
    except OSError as error:
        said = f"{error.filename or 'a settings file'} cannot be read: {error.strerror}"
    if said:
        raise StartupError(said)
    return {name.upper(): value for source in sources for name, value in source.items() if value}


def _secret_files() -> dict[str, str]:
    """Each setting's file in the secrets directory; editors and `echo` leave a line's end behind."""
    directory = _secrets_directory()
    if directory is None:
        return {}
    wanted = {name.lower() for name in _names()}
    files = [path for path in sorted(directory.iterdir()) if path.name.lower() in wanted and path.is_file()]
    return {path.name: path.read_text("utf-8-sig") for path in files}


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """Say which variables look like settings and are none: a misspelt one would be ignored in silence.

    Not an error, because Kubernetes adds names such as EASEL_SERVICE_HOST for a service called easel.
    """
    known = [*_names(), SECRETS_DIR_NAME]
    names = {*environ, *dotenv_values(ENV_FILE, encoding="utf-8-sig")}
    sentences = []
    for name in sorted(name for name in names if name.startswith(PREFIX) and name not in known):
        near = difflib.get_close_matches(name, known, n=1)
        sentences.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return sentences


def _secrets_directory() -> Path | None:
    named = os.environ.get(SECRETS_DIR_NAME)
    if not named:
        return SECRETS_DIRECTORY if SECRETS_DIRECTORY.is_dir() else None
    if not Path(named).is_dir():
        raise StartupError(f"{SECRETS_DIR_NAME} is not a directory that can be read")
    return Path(named)


_Model = TypeVar("_Model", bound=LocalSettings)


def _read(model: type[_Model], given: Mapping[str, str]) -> _Model:
    values = {
        name[len(PREFIX) :].lower(): value.strip()
        for name, value in given.items()
        if name.startswith(PREFIX) and value.strip()
    }
    # Raised outside the except block: a chained error would carry what was typed into tracebacks.
    try:
        return model.model_validate(values)
    except ValidationError as error:
        sentences = [_sentence(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]
    raise StartupError(redact("\n".join(sentences)))


def _sentence(where: tuple[int | str, ...], kind: str, message: str) -> str:
    words = message.removeprefix("Value error, ")
    if not where:
        return words
    name = str(where[0])
    if kind == "missing":
        return f"{PREFIX}{name.upper()} is not set: {Settings.model_fields[name].description}"
    if kind == "value_error":
        return f"{PREFIX}{name.upper()} {words}"
    return f"{PREFIX}{name.upper()} is wrong: {words.replace('Input should', 'it should')}"


# -- describing them ---------------------------------------------------------------------------------------


def settings_table() -> str:
    """Every setting as a Markdown table; the README holds this text, and a test compares the two."""
    rows = ["| Name | Default | Meaning |", "|---|---|---|"]
    for name, field in _fields().items():
        default = (
            "**required**" if field.is_required() else f"`{shown}`" if (shown := _shown(field)) else "unset"
        )
        rows.append(f"| `{name}` | {default} | {(field.description or '').replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def env_example() -> str:
    """Every setting as a commented `.env` file (`deploy/env.example`)."""
    blocks = ["# Easel's settings. Copy to .env, fill in the first two, delete what you do not need.\n"]
    for name, field in _fields().items():
        mark = "" if field.is_required() else "# "
        blocks.append(f"# {(field.description or '').replace('`', '')}\n{mark}{name}={_shown(field)}\n")
    return "\n".join(blocks)


def _names() -> list[str]:
    return [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]


def _fields() -> dict[str, FieldInfo]:
    fields = dict(zip(_names(), Settings.model_fields.values(), strict=True))
    return dict(sorted(fields.items(), key=lambda item: not item[1].is_required()))


def _shown(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "shown" in extra:
        return str(extra["shown"])
    default = field.default
    if field.is_required() or default is None or default == ():
        return ""
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )
