"""`easel sandbox` on the command line: what it says, how it ends, and how it refuses.
Never here: what happens on its page (tests/browser) and between its walls (tests/e2e)."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.program import ROOT, sandbox

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.wire, pytest.mark.timeout(400)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_to_do_and_ends_cleanly_when_asked(how: signal.Signals) -> None:
    with sandbox("--port", "0") as program:
        address = program.address
        program.until(lambda line: "Ctrl+C" in line)

        status = program.end(how)

    assert address.startswith("http://127.0.0.1:")
    assert "/imagine prompt: a paper fox" in program.text
    assert "right-click a message" in program.text
    assert all(f"{name} " in program.text for name in ("Mia", "Noa", "Robin", "Sam"))
    assert "Viewing as" in program.text
    assert "sk-robins-own" in program.text
    assert "The sandbox is closed" in program.text
    assert "Traceback" not in program.text
    assert status == 0


def test_the_tour_is_printed_where_nobody_can_answer_it() -> None:
    with sandbox("--port", "0", "--tour") as program:
        program.until(lambda line: line.startswith("1 of 10"))

        status = program.end(signal.SIGINT)

    assert "A tour of 10 things" in program.text
    assert "Traceback" not in program.text
    assert status == 0


def test_a_directory_of_the_other_kind_of_api_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mj-proxy.json").write_text("{}", encoding="utf-8")

    with sandbox("--port", "0", "--data", str(tmp_path)) as program:
        status = program.process.wait(100)

    assert status == 1
    assert "belongs to a sandbox with --api mj-proxy" in program.text
    assert "Traceback" not in program.text


def test_a_server_of_the_family_is_played_and_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with sandbox("--port", "0", "--api", "mj-proxy", "--data", str(tmp_path)) as program:
            program.until(lambda line: "Ctrl+C" in line)
            status = program.end(signal.SIGINT)
        assert status == 0
        assert f"{tmp_path} keeps what there was" in program.text
        assert (tmp_path / "mj-proxy.json").is_file()
        assert "Traceback" not in program.text


def test_a_taken_port_is_one_sentence() -> None:
    with sandbox("--port", "0") as first, sandbox("--port", str(first.port)) as second:
        status = second.process.wait(100)

    assert status == 1
    assert f"Port {first.port} is taken" in second.text
    assert "Traceback" not in second.text


def test_an_unknown_fault_is_one_sentence_that_lists_the_known_ones() -> None:
    with sandbox("--port", "0", "--fault", "picture-405") as program:
        status = program.process.wait(100)

    assert status == 1
    assert "'picture-405' is no fault" in program.text
    assert "picture-404" in program.text
    assert "Traceback" not in program.text


def test_without_simcord_one_sentence_says_which_command_installs_it() -> None:
    without = "import sys; sys.modules['simcord'] = None; from bot.__main__ import main; main()"

    tried = subprocess.run(  # noqa: S603 - our own program with our own arguments
        [sys.executable, "-c", without, "sandbox"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert tried.returncode == 1
    # The package that is missing, at the version that is pinned: Easel itself may not come from an index.
    assert re.search(r"pip install 'simcord\[preview\]==[\d.]+'", tried.stderr)
    assert "Traceback" not in tried.stderr


def test_a_directory_with_tasks_of_another_version_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "upstream.json").write_text('{"format": 0}', encoding="utf-8")

    with sandbox("--port", "0", "--data", str(tmp_path)) as program:
        status = program.process.wait(100)

    assert status == 1
    assert "upstream.json cannot be read" in program.text
    assert "Traceback" not in program.text
