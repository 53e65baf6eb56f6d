"""The coverage gate refuses what it should refuse, and nothing that ran goes unmeasured.
Never here: the real figures (the gate reads them)."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.architecture.coverage_gate import main
from tests.conftest import submit_measured

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType


def entry(seen: int, missed: int) -> dict[str, Any]:
    """One file's part of a report, without branches."""
    return {
        "summary": {
            "num_statements": seen + missed,
            "num_branches": 0,
            "covered_lines": seen,
            "covered_branches": 0,
        },
        "missing_lines": list(range(1, missed + 1)),
        "missing_branches": [],
    }


WELL = {
    "bot/domain/jobs.py": entry(10, 0),
    "bot/services/worker/tracker.py": entry(10, 0),
    "bot/storage/jobs/store.py": entry(98, 2),
    "bot/midjourney/ohmygpt/wire.py": entry(98, 2),
    "bot/web/hook.py": entry(98, 2),
    "bot/ui/card/cards.py": entry(92, 8),
    "bot/config.py": entry(85, 15),
    "cogs/imagine.py": entry(92, 8),
}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, ""),
        ({"bot/domain/jobs.py": entry(98, 2)}, "bot/domain/jobs.py: 1"),
        ({"bot/storage/jobs/store.py": entry(97, 3)}, "bot/storage/jobs/store.py: 1"),
        ({"bot/midjourney/ohmygpt/wire.py": entry(97, 3)}, "bot/midjourney/ohmygpt/wire.py: 1"),
        ({"bot/web/hook.py": entry(97, 3)}, "bot/web/hook.py: 1"),
        ({"bot/ui/card/cards.py": entry(91, 9)}, "bot/ui/card/cards.py: 1"),
        ({"cogs/imagine.py": entry(91, 9)}, "cogs/imagine.py: 1"),
        ({"bot/config.py": entry(84, 16)}, "bot/config.py: 1"),
        ({"bot/services/worker/tracker.py": None}, "bot.services     was not measured"),
    ],
)
def test_a_room_that_falls_short_is_named(
    change: dict[str, Any], refused: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    files = {path: part for path, part in (WELL | change).items() if part is not None}
    report.write_text(json.dumps({"files": files}))

    code = main(str(report), enforced=True)

    assert code == (1 if refused else 0)
    assert main(str(report), enforced=False) == 0
    assert refused in capsys.readouterr().out


def test_a_thread_that_began_while_nothing_was_measured_is_measured_later() -> None:
    seen: list[str] = []

    def trace(frame: FrameType, _event: str, _arg: object) -> None:
        seen.append(frame.f_code.co_name)

    def drawn() -> str:
        return threading.current_thread().name

    before = threading.gettrace()
    with ThreadPoolExecutor(1) as pool:
        threading.settrace(None)  # as coverage.py does
        try:
            thread = submit_measured(pool, drawn).result()
            threading.settrace(trace)
            assert submit_measured(pool, drawn).result() == thread
        finally:
            threading.settrace(before)

    assert seen.count("drawn") == 1
