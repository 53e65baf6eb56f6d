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

from bot.account_settings import NamedAccounts, Routes
from bot.domain.accounts import DEFAULT_ACCOUNT, OWN_NAME, ApiKind
from bot.domain.costs import parse_money, parse_rates
from bot.domain.pools import Pool, parse_default_rules
from bot.domain.tenancy import MINE, NO_CEILING, parse_access, parse_ceiling
from bot.errors import StartupError
from bot.log import redact
from bot.midjourney.mjproxy.routes import Auth
from bot.model_settings import ModelSettings
from bot.setting_names import OLD_NAMES, PREFIX, RawSetting, by_new_name
from bot.setting_types import (
    AccountOf,
    ApiKey,
    BotToken,
    Ceilings,
    Credits,
    CreditValue,
    Database,
    DefaultPool,
    Hosts,
    Listening,
    Lower,
    MasterKeys,
    Numbers,
    OtherListening,
    Rules,
    Server,
    Servers,
    Socket,
    Upper,
    Web,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

SECRETS_DIRECTORY: Final = Path("/run/secrets")
"""Where Docker and Kubernetes put secrets as files; EASEL_SECRETS_DIR names another place."""
ENV_FILE: Final = Path(".env")
SECRETS_DIR_NAME: Final = "EASEL_SECRETS_DIR"
STOCK_CEILING: Final = "300/3000/3/50"
STOCK_VALUE: Final = "34000 CNY"
STOCK_RULES: Final = "NORMAL=50/3/10,FAST=10/1/5,TURBO=5/1/3,DRAW=10/1/3"


# -- the settings ------------------------------------------------------------------------------------------


class LocalSettings(BaseModel):
    """What a verb that calls nobody needs (`migrate`, `copy`): no secret of Discord's or the image API's."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # of three classes with settings, a process reads one
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
    found = (getattr(v, "secret", v) for v in (value if isinstance(value, tuple) else (value,)))
    return [secret for secret in found if isinstance(secret, SecretStr)]


class Settings(ModelSettings, LocalSettings):
    """Everything an operator can choose. Names are fixed: deployments rely on them."""

    discord_token: BotToken = Field(
        description="The bot's token, from the *Bot* page of Discord's developer portal."
    )
    api_key: ApiKey = Field(
        description="Key of the image API, the one that pays: OhMyGPT's with the Midjourney permission, or a proxy's secret."
    )
    api_kind: Annotated[ApiKind, Lower] = Field(
        ApiKind.OHMYGPT,
        description="Which API it is: `ohmygpt`, or `mj-proxy` for any server with `/mj/submit/…` (docs/which-api.md).",
    )
    api_url: Web = Field(
        "https://api.ohmygpt.com",
        description="Address of the image API, with the path before `/mj` if it has one; `mj-proxy` needs it.",
    )
    api_auth: Annotated[Auth, Lower] = Field(
        Auth.SECRET,
        description="How an `mj-proxy` is told the key: `secret` (header mj-api-secret), `bearer` or `raw` (Authorization).",
    )
    api_storage: Web = Field(
        "https://pi.ohmygpt.com", description="Origin of the picture store of OhMyGPT's API."
    )
    api_admin_key: ApiKey | None = Field(
        None,
        description="OhMyGPT key with the management permission: shows you the balance, reads the price list, and makes keys with a cap (`easel keys`).",
    )
    pool_routes: Routes = Field(
        default_factory=dict,
        repr=False,
        json_schema_extra={"shown": ""},
        description="How an `mj-proxy` is asked for a pool, where its kind's own way does not do: "
        "`NORMAL=prefix:mj-relax|filter,FAST=key:sk-…,studio/FAST=plain` (also `instance:`, `remark:`).",
    )
    accounts: NamedAccounts = Field(
        default_factory=dict,
        repr=False,
        json_schema_extra={"shown": ""},
        description="More keys of yours, for servers that `ACCOUNT_OF` names, also at another server: "
        "`studio=sk-…,home=mj-proxy:https://mj.example|key` (`mj-proxy+bearer:`, `ohmygpt:`).",
    )
    account_of: AccountOf = Field(
        default_factory=dict,
        json_schema_extra={"shown": ""},
        description="Which of `ACCOUNTS` pays for a server, in all pools or in one: `123456789012345678=studio,123456789012345678/FAST=guest`.",
    )
    master_key: MasterKeys = Field(
        (),
        repr=False,
        description="Encrypts the keys that servers bring themselves; several with commas between them, the newest first. Unset: servers cannot bring any.",
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
    credits: Credits = Field(
        default_factory=lambda: parse_rates(""),
        json_schema_extra={"shown": ""},
        description="Credits that one picture costs, by pool and kind, where the price list does not say: `NORMAL=2040,FAST=6800,FAST/upscale=1700`. Shown beside units.",
    )
    credit_value: CreditValue = Field(
        default_factory=lambda: parse_money(STOCK_VALUE),
        json_schema_extra={"shown": STOCK_VALUE},
        description="How many credits are one of a currency, to show money beside them; `off` shows none.",
    )
    account_ceiling: Ceilings = Field(
        NO_CEILING,
        json_schema_extra={"shown": "unlimited"},
        description="The most that all servers together draw on each of your accounts, in the same form.",
    )
    owner_guild: Server | None = Field(
        None, description="Id of the server in which you find `/ops`; unset: there is no such command."
    )
    default_pool: DefaultPool = Field(
        Pool.NORMAL,
        description="Pool of a command that names none, until a server chooses: `NORMAL`, `FAST` or `TURBO`.",
    )
    default_rules: Rules = Field(
        default_factory=lambda: parse_default_rules(STOCK_RULES),
        json_schema_extra={"shown": STOCK_RULES},
        description="Allowance of everyone on a server without rules: per day / at once / waiting; "
        "`unlimited`, or `off`. `TURBO` counts only where an account serves it, `DRAW` (for `/draw`) with `ENGINE_MODEL`.",
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
    health_listen: OtherListening | None = Field(
        None,
        description="`host:port` of their own for health and metrics, which `WEB_LISTEN` then serves no more.",
    )
    public_url: Web | None = Field(
        None,
        description="Address under which the internet reaches `WEB_LISTEN`; unset: no webhooks, no mask editor.",
    )
    wsrv_origin: Web = Field(
        "https://wsrv.nl", description="Picture proxy for smaller copies, and for addresses that people give."
    )
    image_hosts: Hosts = Field(
        (),
        description="More hosts that results may come from: `host` or `host:port` (https), or `http://host:port`.",
    )
    reads_per_second: float = Field(
        4.0, gt=0, le=100, description="Budget of status readings from the image API, per process."
    )
    form_encoding: bool = Field(
        default=False, description="Send OhMyGPT's API forms instead of JSON, for a proxy that insists."
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
        if self.api_kind is ApiKind.MJ_PROXY and "api_url" not in self.model_fields_set:
            raise ValueError(f"{PREFIX}API_URL is not set: {PREFIX}API_KIND=mj-proxy needs its address")
        if self.helper_url is not None and self.helper_key is None:
            raise ValueError(f"{PREFIX}HELPER_URL needs {PREFIX}HELPER_KEY: no other key is sent there")
        if self.own_name in self.accounts:
            raise ValueError(
                f"{PREFIX}ACCOUNTS names the account {self.own_name} twice ({self.own_name} is the one of {PREFIX}API_KEY)"
            )
        for name, _pool in self.pool_routes:
            if name is not None and name not in self.accounts:
                raise ValueError(f"{PREFIX}POOL_ROUTES names {name}, which is none of {PREFIX}ACCOUNTS")
        for name in self.account_of.values():
            if name not in {DEFAULT_ACCOUNT, self.own_name, *self.accounts}:
                raise ValueError(f"{PREFIX}ACCOUNT_OF names {name}, which is none of {PREFIX}ACCOUNTS")
        if self.public_url is not None and self.web_listen is None and self.role == "all":
            raise ValueError(f"{PREFIX}PUBLIC_URL needs {PREFIX}WEB_LISTEN: nothing would answer there")
        return self

    @model_validator(mode="after")
    def _engine_has_a_key(self) -> Self:
        if self.engine_model is not None and not self._is_at_ohmygpt:
            raise ValueError(f"{PREFIX}ENGINE_MODEL needs an account at OhMyGPT")
        return self

    @property
    def _is_at_ohmygpt(self) -> bool:
        return ApiKind.OHMYGPT in {self.api_kind, *(account.kind for account in self.accounts.values())}

    @property
    def idle(self) -> list[str]:
        """What is set and does nothing beside the rest, a sentence each; the bot starts with it all the same."""
        forms = f"{PREFIX}FORM_ENCODING does nothing: no account is at OhMyGPT's API, which takes them"
        return [forms] if self.form_encoding and not self._is_at_ohmygpt else []

    @property
    def own_name(self) -> str:
        """What jobs of the default account carry as its name."""
        return OWN_NAME[self.api_kind]


# -- reading them ------------------------------------------------------------------------------------------


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: environment before `.env` before secrets directory, or `environ` alone if it is given.

    Every source is text by name. Raises `StartupError` with one line for each setting that is missing or wrong.
    """
    return _read(Settings, _given() if environ is None else by_new_name(environ))


def load_local() -> LocalSettings:
    """Read only what a verb without Discord and the image API needs; their secrets may be missing."""
    return _read(LocalSettings, _given())


def _given() -> dict[str, RawSetting]:
    """What the three sources say together."""
    return {name: said for source in sources() for name, said in by_new_name(source).items()}


def sources(env_file: Path = ENV_FILE) -> list[Mapping[str, str | None]]:
    """What secrets directory, file and environment say, the most particular last. Raises `StartupError`."""
    # Raised below, outside the except blocks: a chained error would carry what was read into tracebacks.
    try:
        written = dotenv_values(env_file, encoding="utf-8-sig")
        named = os.environ.get(SECRETS_DIR_NAME) or written.get(SECRETS_DIR_NAME)
        return [_secret_files(named), written, os.environ]
    except UnicodeDecodeError:
        said = f"the {env_file} file, or a file in the secrets directory, is not UTF-8 text"
    except OSError as error:
        said = f"{error.filename or 'a settings file'} cannot be read: {error.strerror}"
    raise StartupError(said)


def _secret_files(named: str | None) -> dict[str, str]:
    """Each setting's file in the secrets directory; editors and `echo` leave a line's end behind."""
    directory = Path(named) if named else SECRETS_DIRECTORY
    if not directory.is_dir():
        if named:
            raise StartupError(f"{SECRETS_DIR_NAME} is not a directory that can be read")
        return {}
    wanted = {name.lower() for name in (*setting_names(), *OLD_NAMES)}
    files = [path for path in sorted(directory.iterdir()) if path.name.lower() in wanted and path.is_file()]
    return {path.name: path.read_text("utf-8-sig") for path in files}


def setting_names() -> list[str]:
    """Every setting's name of today, in the order of the tables."""
    return [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """Say which variables look like settings and are none: a misspelt one would be ignored in silence.

    Not an error, because Kubernetes adds names such as EASEL_SERVICE_HOST for a service called easel.
    """
    known = [*setting_names(), *OLD_NAMES, SECRETS_DIR_NAME]
    names = {*environ, *dotenv_values(ENV_FILE, encoding="utf-8-sig")}
    sentences = []
    for name in sorted(name for name in names if name.startswith(PREFIX) and name not in known):
        near = difflib.get_close_matches(name, known, n=1)
        sentences.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return sentences


_Model = TypeVar("_Model", bound=LocalSettings)


def _read(model: type[_Model], given: Mapping[str, RawSetting]) -> _Model:
    values = {
        name[len(PREFIX) :].lower(): said.value.strip()
        for name, said in given.items()
        if name.startswith(PREFIX)
    }
    # Raised outside the except block: a chained error would carry what was typed into tracebacks.
    try:
        return model.model_validate(values)
    except ValidationError as error:
        sentences = [_sentence(fault["loc"], fault["type"], fault["msg"], given) for fault in error.errors()]
    raise StartupError(redact("\n".join(sentences)))


def _sentence(where: tuple[int | str, ...], kind: str, message: str, given: Mapping[str, RawSetting]) -> str:
    """What is wrong, by the name under which it was written."""
    words = message.removeprefix("Value error, ")
    if not where:
        return words
    name = f"{PREFIX}{where[0]}".upper()
    if kind == "missing":
        described = Settings.model_fields[str(where[0])].description
        return f"{name} is not set: {described} `easel setup` asks for it."
    name = given[name].name if name in given else name
    if kind == "value_error":
        return f"{name} {words}"
    return f"{name} is wrong: {words.replace('Input should', 'it should')}"
