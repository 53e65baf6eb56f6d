"""How one setting is read: text becomes an address, a key, a list or a rule, or a sentence says why it cannot.
Never here: which settings there are, and where they come from."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping  # pydantic reads the annotations when the program runs
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainValidator, SecretStr, ValidationInfo

from bot.domain.accounts import AccountMap
from bot.domain.costs import Money, Rates, parse_money, parse_rates
from bot.domain.engine_models import engine_model
from bot.domain.pools import MIDJOURNEY_POOLS, Allowance, Pool, parse_default_rules
from bot.domain.tenancy import Access, Ceiling, parse_access, parse_ceiling, read_id
from bot.midjourney.addresses import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

PORTS: Final = range(1 << 16)
POOLS: Final = "|".join(Pool)
MASTER_KEY_BYTES: Final = 32


class ListenAddress(NamedTuple):
    """An address to listen on."""

    host: str
    port: int

    def takes(self, other: ListenAddress) -> bool:
        """Whether who listens here keeps the same program from listening there; a port 0 is a different one each time."""
        six = ":" in self.host
        everywhere = "::" if six else "0.0.0.0"  # noqa: S104 - compared, not listened on
        met = self.host == other.host or everywhere in {self.host, other.host}
        return self.port == other.port != 0 and six == (":" in other.host) and met


def address_of(*schemes: str) -> Callable[[str], str]:
    """What reads an address of one of these schemes; it raises `ValueError`."""

    def check(value: str) -> str:
        spelled = value.strip().rstrip("/")
        wanted = " or ".join(f"{scheme}://…" for scheme in schemes)
        try:
            parts = urlsplit(spelled)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise ValueError(f"must be an address like {wanted}") from None
        if parts.scheme not in schemes or not host or re.search(r"\s", spelled):
            raise ValueError(f"must be an address like {wanted}")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user name or password")
        if parts.query or parts.fragment:
            raise ValueError("must end before any ? or #")
        as_http = re.sub("^ws", "http", spelled, flags=re.IGNORECASE)
        if origin_of(as_http) is None:  # the rules of whoever uses it
            raise ValueError(f"must be an address like {wanted}")
        return spelled

    return check


def _before_chat(value: str) -> str:
    """The address before `/v1`: many write, and many services show, the one that ends with it or the whole one."""
    return re.sub(r"/v1(?:/chat/completions)?$", "", value)


def _bare(word: str) -> Callable[[SecretStr], SecretStr]:
    """Forgive what people paste around a secret: blanks, quotes, the scheme word of an Authorization header."""

    def clean(secret: SecretStr) -> SecretStr:
        value = secret.get_secret_value().strip().strip("\"'").strip()
        value = re.sub(rf"(?i)^{word}(?:\s+|$)", "", value)
        if not value:
            raise ValueError("is empty")
        if not re.fullmatch(r"[!-~]+", value):
            raise ValueError("holds a blank or a character that no key has: was it copied whole, and alone?")
        return SecretStr(value)

    return clean


def _words(value: object) -> object:
    return tuple(filter(None, re.split(r"[\s,]+", value))) if isinstance(value, str) else value


_IMAGE_HOST: Final = re.compile(
    r"(?i)(?:http://)?(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?"
)


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    for host in value:
        address = host if "://" in host else f"https://{host}"
        if not _IMAGE_HOST.fullmatch(host) or origin_of(address) is None:
            raise ValueError(
                "must be names like pictures.example, 127.0.0.1:8080 or http://mj:8080, with commas between them"
            )
    return tuple(host.lower() for host in value)


def _ranges(value: object) -> object:
    """Read `0,1,2` or `0-2`."""
    if not isinstance(value, str):
        return value
    ids: list[int] = []
    for part in re.split(r"[\s,]+", value.strip()):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", part)
        if match is None:
            raise ValueError("must be numbers like 0,1,2 or a range like 0-2")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError("must count upwards, like 0-2")
        ids.extend(range(first, last + 1))
    return tuple(ids)


def _listen(value: object) -> ListenAddress:
    if isinstance(value, ListenAddress):
        return value
    match = re.fullmatch(r"(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):)?([0-9]{1,5})", str(value).strip())
    if match is None or int(match[2]) not in PORTS:
        raise ValueError("must be host:port, for example 127.0.0.1:8080 (or :8080 for every interface)")
    host = (match[1] or "").strip("[]")
    return ListenAddress(host or "0.0.0.0", int(match[2]))  # noqa: S104  # asked for by leaving the host out


def _another(value: ListenAddress, read: ValidationInfo) -> ListenAddress:
    web = read.data.get("web_listen")
    if web is not None and web.takes(value):
        raise ValueError("must be another port than that of EASEL_WEB_LISTEN")
    return value


def _rules(value: object) -> Mapping[Pool, Allowance]:
    return value if isinstance(value, Mapping) else parse_default_rules(str(value))


def _credits(value: object) -> Rates:
    return value if isinstance(value, MappingProxyType) else parse_rates(str(value))


def _credit_value(value: object) -> Money | None:
    return value if isinstance(value, Money) or value is None else parse_money(str(value))


def _master_keys(value: object) -> tuple[SecretStr, ...]:
    """Read keys of Fernet; what is wrong with one is said without showing it."""
    if isinstance(value, tuple):
        return value
    keys = tuple(filter(None, re.split(r"[\s,]+", str(value))))
    for key in keys:
        try:
            size = len(base64.urlsafe_b64decode(key.encode()))
        except (ValueError, binascii.Error):
            size = 0
        if size != MASTER_KEY_BYTES:
            raise ValueError(
                "must be 32 random bytes in URL-safe base64 (44 characters), several with commas between them: "
                "docs/operations.md says how to make one"
            )
    return tuple(map(SecretStr, keys))


def _account_of(value: object) -> AccountMap:
    """Read `server=name` and `server/POOL=name`."""
    if isinstance(value, Mapping):
        return value
    found: dict[tuple[int, Pool | None], str] = {}
    for part in filter(None, re.split(r"[\s,]+", str(value))):
        match = re.fullmatch(rf"([0-9]{{1,20}})(?:/({POOLS}))?=([a-z0-9_-]+)", part, re.IGNORECASE)
        server = None if match is None else read_id(match[1])
        if match is None or server is None:
            raise ValueError(
                "must be servers with accounts, such as 123456789=studio or 123456789/FAST=guest"
            )
        pool = None if match[2] is None else Pool(match[2].upper())
        found[server, pool] = match[3].lower()
    return found


def spelled_database(value: str) -> str:
    """Read a database's address, also as managed databases hand it out; raises `ValueError`."""
    spelled = value.strip()
    for short, full in _DRIVERS.items():
        if spelled.startswith(short):
            spelled = full + spelled.removeprefix(short)
    if not re.match(r"sqlite\+aiosqlite:///.|postgresql\+asyncpg://.", spelled):
        raise ValueError(
            "must be sqlite+aiosqlite:///file.db or postgresql+asyncpg://user:password@host/name"
        )
    return spelled


_DRIVERS: Final = {
    "sqlite://": "sqlite+aiosqlite://",
    "postgres://": "postgresql+asyncpg://",
    "postgresql://": "postgresql+asyncpg://",
}


def _access(value: object) -> Access:
    return value if isinstance(value, Access) else parse_access(str(value))


def _server(value: object) -> int:
    server = read_id(str(value))
    if server is None:
        raise ValueError("must be the id of a server, such as 123456789012345678")
    return server


def _ceiling(value: object) -> Ceiling:
    return value if isinstance(value, Ceiling) else parse_ceiling(str(value))


def _midjourneys(value: Pool) -> Pool:
    if value not in MIDJOURNEY_POOLS:
        raise ValueError("should be 'NORMAL', 'FAST' or 'TURBO': what other pools make, /imagine does not")
    return value


def _engine(value: str) -> str:
    if engine_model(value) is None:
        raise ValueError("must be an image model such as gpt-image-1.5, or dall-e-3")
    return value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Web = Annotated[str, AfterValidator(address_of("http", "https"))]
ChatServer = Annotated[Web, AfterValidator(_before_chat)]
Socket = Annotated[str, AfterValidator(address_of("ws", "wss"))]
Database = Annotated[str, AfterValidator(spelled_database)]
BotToken = Annotated[SecretStr, AfterValidator(_bare("Bot"))]
ApiKey = Annotated[SecretStr, AfterValidator(_bare("Bearer"))]
Hosts = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_hosts)]
Numbers = Annotated[tuple[int, ...], BeforeValidator(_ranges)]
Listening = Annotated[ListenAddress, PlainValidator(_listen)]
OtherListening = Annotated[Listening, AfterValidator(_another)]
Rules = Annotated[Mapping[Pool, Allowance], PlainValidator(_rules)]
MasterKeys = Annotated[tuple[SecretStr, ...], PlainValidator(_master_keys)]
AccountOf = Annotated[AccountMap, PlainValidator(_account_of)]
Credits = Annotated[Rates, PlainValidator(_credits)]
CreditValue = Annotated[Money | None, PlainValidator(_credit_value)]
DefaultPool = Annotated[Pool, BeforeValidator(_upper), AfterValidator(_midjourneys)]
Engine = Annotated[str, BeforeValidator(_lower), AfterValidator(_engine)]
Upper = BeforeValidator(_upper)
Lower = BeforeValidator(_lower)
Server = Annotated[int, PlainValidator(_server)]
Servers = Annotated[Access, PlainValidator(_access)]
Ceilings = Annotated[Ceiling, PlainValidator(_ceiling)]
