"""How a verb ends: its coroutine run, its failure told in one sentence, its exit status meant for supervisors.
Never here: what any verb does."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from bot.errors import ExitStatus, StartupError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

FORMAT_NAME: Final = "EASEL_LOG_FORMAT"


def carry_out(
    work: Coroutine[None, None, None],
    *,
    failed: int | None = None,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Run it, in asyncio's own loop or another one; what keeps the program from working is one sentence and an exit status.

    The status is an `ExitStatus`, or `failed`.
    """
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(work)
    except StartupError as error:
        report(str(error))
        raise SystemExit(error.status if failed is None else failed) from None
    except KeyboardInterrupt:
        raise SystemExit(ExitStatus.INTERRUPTED) from None


async def do_and_tell(work: Callable[[], T], tell: Callable[[T], None]) -> None:
    """Do it in a thread, and tell what came of it: also after Ctrl+C, however often, which stops no thread.

    Raises what the work raises.
    """
    from bot.storage.threads import undisturbed  # noqa: PLC0415 - `easel --help` should not wait for it

    # No task of its own: whoever closes the loop cancels every task, and would then not know how it ended.
    doing = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await undisturbed(doing)
    finally:
        tell(doing.result())


def report(sentence: str, *, warning: bool = False) -> None:
    """Tell the operator, in the form that their log collector reads."""
    if not _wants_json():
        _colour(sentence, "yellow" if warning else "red")
        return
    from bot import log  # noqa: PLC0415 - only who collects JSON waits for the log

    log.setup(style="json")
    write = log.get("bot.start").warning if warning else log.get("bot.start").critical
    write("setting_ignored" if warning else "not_started", reason=sentence)


def _colour(sentence: str, colour: str) -> None:
    if not sys.stderr.isatty():
        sys.stderr.write(sentence + "\n")
        return
    import typer  # noqa: PLC0415 - knows every terminal; under a supervisor there is none

    typer.secho(sentence, err=True, fg=colour)


def _wants_json() -> bool:
    """Read this one setting by itself: the others may be what is wrong."""
    wish = os.environ.get(FORMAT_NAME)
    if wish is None:
        from dotenv import dotenv_values  # noqa: PLC0415 - only on the way out

        try:
            wish = dotenv_values(".env").get(FORMAT_NAME) if Path(".env").is_file() else None
        except (OSError, UnicodeDecodeError):
            wish = None
    return (wish or "").strip().strip("\"'").lower() == "json"
