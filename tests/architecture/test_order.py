"""In which order files of tests are run: those that wait are spread among those that work.
Never here: which tests are run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from tests.conftest import LONGEST, spread


def names(*files: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(nodeid=f"tests/{file}.py::test_{n}") for file in files for n in range(2)]


def test_files_that_wait_are_spread_and_none_is_last() -> None:
    working = [f"domain/test_{letter}" for letter in "abcdefgh"]
    waiting = ["wire/deaths/test_kills", "browser/test_card"]

    items = names(*working, *waiting)
    run = spread(items)

    assert sorted(one.nodeid for one in run) == sorted(one.nodeid for one in items)
    files = list(dict.fromkeys(one.nodeid.partition("::")[0] for one in run))
    at = [files.index(f"tests/{file}.py") for file in waiting]
    assert at == [0, 4]


def test_what_takes_longest_is_begun_first() -> None:
    top = Path(__file__).parents[2]
    items = names("wire/test_a", "wire/deaths/test_kills", "browser/sandbox/test_preview", "domain/test_a")

    run = list(dict.fromkeys(one.nodeid.partition("::")[0] for one in spread(items)))

    assert [name for name in LONGEST if not (top / name).is_file()] == []
    assert run == [
        "tests/browser/sandbox/test_preview.py",
        "tests/domain/test_a.py",
        "tests/wire/deaths/test_kills.py",
        "tests/wire/test_a.py",
    ]


def test_a_room_alone_is_run_as_it_is() -> None:
    for alone in (["wire/test_a", "wire/test_b"], ["domain/test_a", "domain/test_b"], []):
        assert spread(names(*alone)) == names(*alone)
