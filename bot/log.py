"""The log: structlog over the standard library, one line per event, with every secret hidden before it is written.
Never here: what is logged, and where logs are sent (that is the operator's collector)."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from typing import TYPE_CHECKING, Final, Literal, TextIO

import structlog
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN: Final = "[hidden]"

QUIET: Final[Mapping[str, int]] = {
    # Their DEBUG lines carry interaction tokens in webhook addresses, and whole payloads (design §3, log row).
    "discord.http": logging.INFO,
    "discord.webhook": logging.INFO,
    "discord.gateway": logging.INFO,
    # One line per request at INFO.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    # Their DEBUG and INFO lines carry rows: tokens and prompts.
    "aiosqlite": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
    # Says what it always says; `bot.storage.schema` logs one line for a migration.
    "alembic": logging.WARNING,
    "PIL": logging.INFO,
    "asyncio": logging.INFO,
}
"""The least level of loggers that would otherwise drown the log, or spill into it."""

# -- hiding secrets in text --------------------------------------------------------------------------------

_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # A header, however it is spelt in a dict, a repr or an HTTP dump.
        (
            r"(?i)(authorization[\"']?\)?\s*[:=,]\s*(?:b?[\"'])?)(?:(?:Bot|Bearer|Basic)\s+)?[^\s\"',;}\]]+",
            rf"\1{HIDDEN}",
        ),
        (r"(?i)\b(Bot|Bearer)\s+[\w.~+/=-]{20,}", rf"\1 {HIDDEN}"),
        # Bot tokens: three parts of base 64 with dots between (discord.py facts §3.2).
        (r"(?<![\w-])[\w-]{20,}\.[\w-]{5,8}\.[\w-]{25,}", HIDDEN),
        # Keys of the image API (contract §0.2).
        (r"(?<![A-Za-z0-9])sk-[\w-]{6,}", f"sk-{HIDDEN}"),
        # Interaction tokens: as part of an address, and by their own beginning ("interaction:" in base 64).
        (r"(?i)(/(?:webhooks|interactions)/\d+/)[^/\s?\"'<>)]+", rf"\1{HIDDEN}"),
        (r"aW50ZXJhY3Rpb246[\w=+/-]+", HIDDEN),
        # The tokens in our own addresses: the webhook's, and a link's to the mask editor.
        (r"(?i)(/(?:hook|region)/|%2F(?:hook|region)%2F)[^/\s?\"'<>)%]+", rf"\1{HIDDEN}"),
        # Signed addresses of pictures, plain or quoted inside another address.
        (
            r"(?i)((?:[?&;]|%3F|%26)(?:ex|is|hm|sig|signature|token|key)(?:=|%3D))[^&\s\"'<>)%]+",
            rf"\1{HIDDEN}",
        ),
        # A password in a database's address; our own example of one shows what belongs there.
        (r"(://(?!user:password@)[^/\s:@]*:)[^@\s/]+@", rf"\1{HIDDEN}@"),
        # Fields of a value's repr, of JSON, or of a database's complaint, that are named like a secret.
        (
            r"(?i)((?:token|secret|password|passwd|api_?key|master_key|cookie)[\"']?\s*[:=]\s*)b?([\"'])(?:\\.|(?!\2).)*\2",
            rf"\1\2{HIDDEN}\2",
        ),
        (r"(?i)(token\)=\()[^)]*\)", rf"\1{HIDDEN})"),
        # What SQLAlchemy and pydantic say of the values they stumbled over: whole rows, prompts, bodies.
        (r"\[parameters: [^\n]*", f"[parameters: {HIDDEN}]"),
        (r"input_value=.{0,200}?(?=, input_type=)", f"input_value={HIDDEN}"),
        # Pictures as text: no secret, but other people's, and megabytes long.
        (r"(data:[\w/+.-]+;base64,)[\w+/=%-]{64,}", rf"\1{HIDDEN}"),
    )
)

_SECRET_FIELD: Final = re.compile(
    r"(?i)(?:^|_)(?:token|secret|password|authorization|api_?key|master_?key|ohmygpt(?:_admin)?_key|cookie)$"
)
_PROMPT_FIELD: Final = re.compile(r"(?i)(?:^|_)prompts?$")
_PROMPT_TEXT: Final = re.compile(r"(?i)(\bprompt[\"']?\s*[:=]\s*)([\"'])(?:\\.|(?!\2).)*\2")
_CONTROL: Final = {code: 0x2400 + code for code in range(0x20)} | dict.fromkeys(
    (*range(0x7F, 0xA0), 0x2028, 0x2029), 0x2421
)
"""Control characters and the pictures that Unicode has for them (␊ for a line feed)."""
_SHORTEST_SECRET: Final = 6
"""Anything shorter would be hidden in the middle of ordinary words."""


_brought: Final[dict[str, None]] = {}
"""Secrets that came to this process while it ran, the oldest first."""
MOST_BROUGHT: Final = 10_000


def hide(secret: str) -> None:
    """Hide a secret from now on, wherever it stands: a key that a server brought is in no setting."""
    if len(secret) < _SHORTEST_SECRET:
        return
    while len(_brought) >= MOST_BROUGHT:
        del _brought[next(iter(_brought))]
    _brought[secret] = None


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Hide everything in a text that is, or looks like, a secret; `secrets` are hidden wherever they stand."""
    for secret in (*secrets, *_brought):
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Redact:
    """The last processor before rendering: no string, field or object's repr passes it with a secret inside."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        # The longest first: one secret may begin with another.
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Return a new event without secrets, and without prompts unless it is a DEBUG one."""
        chatty = str(event.get("level", method)).lower() == "debug"
        return {
            name: self._text(value, chatty=chatty)
            if name in {"exception", "stack"} and isinstance(value, str)
            else self._value(name, value, chatty=chatty)
            for name, value in event.items()
            if chatty or not _PROMPT_FIELD.search(name)
        }

    def _value(self, name: str, value: object, *, chatty: bool) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if _SECRET_FIELD.search(name):
            return HIDDEN
        if isinstance(value, dict):
            return {
                str(key): self._value(str(key), inner, chatty=chatty)
                for key, inner in value.items()
                if chatty or not _PROMPT_FIELD.search(str(key))
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", inner, chatty=chatty) for inner in value]
        # A user's name may hold line breaks or terminal codes: they would forge lines, so they become pictures.
        spelled = str(value) if isinstance(value, str | BaseException) else repr(value)
        return self._text(spelled, chatty=chatty).translate(_CONTROL)

    def _text(self, text: str, *, chatty: bool) -> str:
        text = redact(text, self._secrets)
        return text if chatty else _PROMPT_TEXT.sub(rf"\1\2{HIDDEN}\2", text)


# -- what libraries say ----------------------------------------------------------------------------------------


class Outages(logging.Filter):
    """Cuts discord.py's lines about lost connections short: an outage is one word, not a traceback at each try."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, those about reconnecting as warnings without a traceback."""
        if record.exc_info and str(record.msg).startswith("Attempting a reconnect"):
            kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
            record.msg = f"{record.msg} (%s)"
            reason = "unknown" if kind is None else kind.__name__
            record.args = (*record.args, reason) if isinstance(record.args, tuple) else (reason,)
            record.exc_info, record.exc_text = None, None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


# -- setting up --------------------------------------------------------------------------------------------


class Handler(logging.StreamHandler[TextIO]):
    """Writes lines; when one cannot be written, says so without showing it (the default shows its arguments)."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:  # the standard library's name
        """Report the failure, never the record."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"a log line of {record.name} could not be written\n")


def setup(
    *,
    style: Literal["console", "json"] = "console",
    level: str = "INFO",
    secrets: Sequence[str] = (),
    stream: TextIO | None = None,
) -> Handler:
    """Send everything that is logged, by structlog or the standard library, through `Redact` to one stream.

    Calling it again replaces the earlier set-up. Uncaught exceptions are logged the same way.
    """
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(
            colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = Handler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # without local variables: they hold secrets
                Redact(secrets),
                last,
            ],
        )
    )
    handler.addFilter(Outages())
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name, floor in QUIET.items():
        logging.getLogger(name).setLevel(max(floor, root.level))
    logging.getLogger("aiohttp.server").addFilter(_is_no_strangers_noise)
    sys.excepthook = _log_uncaught
    return handler


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for code that is itself imported late."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _is_no_strangers_noise(record: logging.LogRecord) -> bool:
    """Whether it is more than a request that is no HTTP, which any scanner sends: it has its 400, and is no error of ours."""
    error = record.exc_info[0] if record.exc_info else None
    return error is None or error.__module__ != "aiohttp.http_exceptions"


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        return
    structlog.stdlib.get_logger("easel").critical("program_broke", exc_info=(kind, error, trace))
