"""Secrets never reach a log line: as fields, in text, inside objects, in tracebacks, from any library.
Never here: how lines look otherwise (test_lines.py)."""

from __future__ import annotations

import base64
import io
import logging
from dataclasses import dataclass

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.log import HIDDEN, QUIET, Handler, Redact, redact, setup

WORDS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
URL_SAFE = WORDS + "-_"


def text_of(alphabet: str, low: int, high: int) -> st.SearchStrategy[str]:
    """Random text of an alphabet."""
    return st.text(alphabet, min_size=low, max_size=high)


bot_tokens = st.builds(
    lambda user, stamp, mac: base64.b64encode(str(user).encode()).decode().rstrip("=") + f".{stamp}.{mac}",
    st.integers(10**17, 2**63),
    text_of(URL_SAFE, 6, 7),
    text_of(URL_SAFE, 27, 38),
)
api_keys = text_of(WORDS, 20, 60).map("sk-{}".format)
interaction_tokens = text_of(WORDS, 30, 200).map(
    lambda rest: base64.urlsafe_b64encode(f"interaction:1234:{rest}".encode()).decode()
)
hook_tokens = text_of(URL_SAFE, 22, 43)
macs = text_of("0123456789abcdef", 64, 64)

SENTENCES = st.sampled_from(
    [
        "{}",
        "token {} refused",
        "got '{}'",
        '{{"a": "{}"}}',
        "({},)",
        "at {}: no",
        "x={}&y=1",
        "<{}>",
        "line\n{}\nline",
    ]
)


@given(bot_tokens | api_keys | interaction_tokens, SENTENCES)
def test_a_secret_that_can_be_recognised_is_hidden_in_any_sentence(secret: str, sentence: str) -> None:
    shown = redact(sentence.format(secret))

    assert secret not in shown
    assert secret[-12:] not in shown


@given(text_of(URL_SAFE, 20, 80))
def test_a_token_in_a_discord_address_is_hidden_whatever_it_looks_like(token: str) -> None:
    for address in (
        f"https://discord.com/api/v10/webhooks/123/{token}/messages/@original?wait=true",
        f"POST /interactions/123/{token}/callback",
    ):
        assert token not in redact(address)


@given(hook_tokens)
def test_the_token_of_our_own_webhook_is_hidden(token: str) -> None:
    assert redact(f'"POST /hook/{token} HTTP/1.1" 204') == f'"POST /hook/{HIDDEN} HTTP/1.1" 204'


@given(hook_tokens)
def test_the_token_of_a_link_to_the_mask_editor_is_hidden(token: str) -> None:
    assert redact(f"<Request GET /region/{token}/picture >") == f"<Request GET /region/{HIDDEN}/picture >"
    assert token not in redact(f"https://easel.example/bot/region/{token}")


@given(macs)
def test_a_signed_picture_address_is_hidden_even_inside_another(mac: str) -> None:
    plain = redact(f"https://cdn.discordapp.com/attachments/1/2/a.png?ex=68f0&is=68ef&hm={mac}&")
    nested = redact(
        f"https://wsrv.nl/?url=https%3A%2F%2Fcdn%2Fa.png%3Fex%3D68f0%26is%3D68ef%26hm%3D{mac}&w=100"
    )

    assert mac not in plain
    assert mac not in nested
    assert plain.startswith("https://cdn.discordapp.com/attachments/1/2/a.png?")
    assert nested.endswith("&w=100")


@given(
    text_of(URL_SAFE, 6, 60),
    st.sampled_from(
        [
            "Authorization: Bearer {}",
            "authorization={}",
            "{{'Authorization': 'Bot {}'}}",
            '{{"authorization":"{}"}}',
            "headers=[('Authorization', 'Bearer {}')]",
            "(b'Authorization', b'Bearer {}')",
            "ReplyTarget(channel_id=1, token='{}', token_until=5)",
            '"webhook_token": "{}"',
            "api_key='{}'",
            "postgresql+asyncpg://easel:{}@db/easel",
            "DETAIL:  Key (webhook_token)=({}) already exists.",
            "[SQL: INSERT INTO jobs]\n[parameters: ('a cat', '{}')]\n(Background on this error)",
            "1 error for Task\n  Input should be [type=int, input_value='{}', input_type=str]",
        ]
    ),
)
def test_a_secret_in_a_known_place_is_hidden_whatever_it_looks_like(secret: str, place: str) -> None:
    plain = place.format("")

    shown = redact(place.format(secret))

    assert secret not in shown or secret in plain or secret in HIDDEN


@given(st.text(max_size=300) | bot_tokens | api_keys)
def test_hiding_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)

    assert redact(once) == once


@pytest.mark.parametrize(
    "harmless",
    [
        "job_submitted key=0123456789ab pool=FAST task_id=123456",
        "https://pi.ohmygpt.com/api/v1/content/mj-generated/2025/picture.png",
        'Traceback (most recent call last):\n  File "bot/services/worker/tracker.py", line 3, in run',
        "discord.app_commands.errors.CommandInvokeError",
        "the task-force-of-ten asked for a disk-usage-report",
        "easel:1:0123456789ab:4",
        "write it like sqlite:///easel.db or postgresql://user:password@host:5432/name",
    ],
)
def test_ordinary_text_is_left_alone(harmless: str) -> None:
    assert redact(harmless) == harmless


def test_a_picture_as_text_is_not_logged() -> None:
    assert redact("data:image/png;base64," + "iVBORw0KGgo" * 20) == f"data:image/png;base64,{HIDDEN}"


# -- through the real logging --------------------------------------------------------------------------------

SECRET = "s3cret-of-this-deployment"
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz-0123456789AB"


@pytest.fixture(params=["console", "json"])
def page(request: pytest.FixtureRequest) -> io.StringIO:
    """Give the stream that a real set-up writes to."""
    out = io.StringIO()
    setup(style=request.param, level="DEBUG", secrets=[SECRET], stream=out)
    return out


@dataclass
class Row:
    """Something with a secret in its repr."""

    key: str
    token: str
    prompt: str = "a cat in a hat"


def test_a_known_secret_is_hidden_wherever_it_stands(page: io.StringIO) -> None:
    log = structlog.stdlib.get_logger("easel")

    log.info(
        "started", url=f"https://x/{SECRET}", deep={"a": [{"b": SECRET}]}, raw=SECRET.encode(), token="abc1"
    )
    logging.getLogger("library").warning("odd answer %s", {"k": SECRET})
    extra = {
        "address": f"x/{SECRET}",
        "webhook_token": "abc2",
        "prompt": "a quiet lake",
        "row": Row("k", SECRET),
    }
    logging.getLogger("bot.services").info("extras", extra=extra)

    assert "started" in page.getvalue()
    assert "odd answer" in page.getvalue()
    assert "extras" in page.getvalue()
    assert SECRET not in page.getvalue()
    assert not [hidden for hidden in ("abc1", "abc2", "quiet lake") if hidden in page.getvalue()]


def test_a_secret_in_an_exception_and_its_causes_is_hidden(page: io.StringIO) -> None:
    def fail() -> None:
        try:
            int(f"sk-{'a' * 30}")
        except ValueError as error:
            error.add_note(f"was sent with {TOKEN}")
            raise RuntimeError(f"POST https://discord.com/api/v10/webhooks/1/tok{SECRET}/x failed") from error

    try:
        fail()
    except RuntimeError:
        structlog.stdlib.get_logger("easel").exception("delivery_failed")
        logging.getLogger("library").exception("it broke")

    text = page.getvalue()
    assert text.count("RuntimeError") >= 2
    assert "Traceback" in text
    for secret in (SECRET, TOKEN, "a" * 30):
        assert secret not in text


def test_a_row_that_is_logged_shows_neither_token_nor_prompt(page: io.StringIO) -> None:
    structlog.stdlib.get_logger("easel").info(
        "row_read", row=Row("k1", "tok-of-the-row"), rows=[Row("k2", "other-tok")]
    )

    assert "row_read" in page.getvalue()
    assert "k2" in page.getvalue()
    for hidden in ("tok-of-the-row", "other-tok", "a cat in a hat"):
        assert hidden not in page.getvalue()


def test_prompts_are_logged_at_debug_only(page: io.StringIO) -> None:
    log = structlog.stdlib.get_logger("easel")

    log.info(
        "job_begun",
        prompt="a quiet lake",
        final_prompt="a quiet lake --v 7",
        nested={"prompt": "a quiet lake"},
    )
    quiet = page.getvalue()
    log.debug("job_begun", prompt="a loud sea")

    assert "job_begun" in quiet
    assert "lake" not in quiet
    assert "a loud sea" in page.getvalue()


def test_noisy_libraries_cannot_spill_their_debug_lines(page: io.StringIO) -> None:
    for name in QUIET:
        logging.getLogger(name).debug("payload of %s", name)
    logging.getLogger("discord.webhook.async_").debug("payload of a child")
    logging.getLogger("httpx").info("HTTP Request: POST")

    assert page.getvalue() == ""


def test_a_line_that_cannot_be_written_does_not_show_itself(
    page: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    (ours,) = (handler for handler in logging.getLogger().handlers if isinstance(handler, Handler))

    ours.handle(logging.LogRecord("library", 40, "x.py", 1, "%d tokens: %s", ("not a number", SECRET), None))

    assert page.getvalue() == ""
    assert capsys.readouterr().err == "a log line of library could not be written\n"


@given(st.text(URL_SAFE, min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_shape_of_event_lets_a_known_secret_through(secret: str, before: str, after: str) -> None:
    hide = Redact([secret])
    value = before + secret + after
    event = {
        "event": value,
        "a": value.encode(),
        "b": (value, {value}),
        "c": Row(value, value),
        "d": ValueError(value),
        "exception": value,
    }

    shown = hide(None, "info", dict(event))

    assert all(secret not in str(v) for v in shown.values()) or secret in HIDDEN
