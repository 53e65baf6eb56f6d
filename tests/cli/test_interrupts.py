"""Ctrl+C at a question and while a thread works: nothing is done that was not asked for, and what was done is told.
Never here: Ctrl+C at the running bot (tests/wire) and while modules are read (tests/cli/test_verbs.py)."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bot.cli.asking import confirm
from bot.cli.program import cli
from bot.errors import StartupError
from bot.storage import backup
from tests.cli.verbs import easel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def somebody_at_a_keyboard() -> Iterator[None]:
    """Ctrl+C means something here and in programs begun here, also where the tests run in a shell's background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def at_a_terminal(folder: Path, *arguments: str, typed: bytes) -> tuple[int, str]:
    """Run a verb at a terminal of its own, type this as soon as it asks, and then y; its status and what it showed."""
    ours, its = pty.openpty()
    program = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # noqa: PLW1509 - that makes it the controlling one
    )
    os.close(its)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 4096)
    os.write(ours, typed)
    try:
        while more := os.read(ours, 4096):
            shown += more
            if b"^C" in shown:
                os.write(ours, b"y\n")
    except OSError:  # it has ended
        pass
    os.close(ours)
    return program.wait(60), shown.decode()


@pytest.mark.parametrize("words", [("copy.db",), ("--restored",)], ids=" ".join)
def test_ctrl_c_at_the_question_ends_a_restore_before_it_began(folder: Path, words: tuple[str, ...]) -> None:
    easel("migrate")
    easel("backup", "copy.db")
    before = (folder / "easel.db").read_bytes()

    status, shown = at_a_terminal(folder, "restore", *words, typed=b"\x03")

    assert status == 130, shown
    assert "Traceback" not in shown
    assert (folder / "easel.db").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == {"easel.db", "copy.db"}


def test_who_says_yes_at_a_terminal_gets_a_restore(folder: Path) -> None:
    easel("migrate")
    easel("backup", "copy.db")

    status, shown = at_a_terminal(folder, "restore", "copy.db", typed=b"y\n")

    assert (status, "holds 0 jobs again" in shown) == (0, True), shown


def test_a_question_leaves_ctrl_c_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)

    def press(*_: object, **__: object) -> bool:
        signal.raise_signal(signal.SIGINT)
        return True

    monkeypatch.setattr("typer.confirm", press)
    with pytest.raises(KeyboardInterrupt):
        confirm("Really?")

    assert signal.getsignal(signal.SIGINT) is before


def test_a_program_that_was_told_to_ignore_ctrl_c_ignores_it_at_a_question_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def press(*_: object, **__: object) -> bool:
        signal.raise_signal(signal.SIGINT)
        return True

    monkeypatch.setattr("typer.confirm", press)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    assert confirm("Really?")
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_where_nobody_is_there_to_answer_nothing_is_done(folder: Path) -> None:
    easel("migrate")
    easel("backup", "copy.db")

    ended = CliRunner().invoke(cli, ["restore", "copy.db"], input="")

    assert (ended.exit_code, "Aborted" in ended.output) == (1, True)
    assert not list(folder.glob("*.replaced"))


def interrupted(work: Callable[..., object]) -> Callable[..., object]:
    """The same, with Ctrl+C in its middle."""

    def wrapped(*arguments: object, **named: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return work(*arguments, **named)

    return wrapped


def test_ctrl_c_while_pages_are_copied_leaves_nobody_in_doubt_what_was_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    easel("migrate")
    for name in ("take", "restore"):
        monkeypatch.setattr(backup, name, interrupted(getattr(backup, name)))

    copied, said_of_copy = easel("backup", "copy.db")
    restored, said = easel("restore", "copy.db", "--yes")

    assert (copied, "copy.db holds everything" in said_of_copy) == (130, True)
    (kept,) = folder.glob("*.replaced")
    assert restored == 130
    assert said == f"{folder}/easel.db holds 0 jobs again.\nThe database that was there is now {kept}.\n"


@pytest.mark.usefixtures("folder")
def test_what_failed_is_told_also_after_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StartupError("The disk is full: free some space.")

    easel("migrate")
    monkeypatch.setattr(backup, "take", interrupted(fail))

    status, said = easel("backup", "copy.db")

    assert (status, said) == (78, "The disk is full: free some space.\n")
