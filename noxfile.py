"""The developers' one entry: `nox -s quick`, `nox -s room -- services/intake`, `nox -s gate`; it uses the environment it runs in.
Never here: what a check is; ruff, mypy, import-linter, deptry and pytest read that from pyproject.toml.

    .venv/bin/uv pip install -c deploy/requirements.txt --group test --group gate
    .venv/bin/nox -s quick
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["quick"]
nox.options.error_on_external_run = False

TOP: Final = Path(__file__).parent
UNIT: Final = (
    "architecture",
    "cogs",
    "config",
    "domain",
    "i18n",
    "log",
    "metrics",
    "midjourney",
    "services",
    "storage",
    "ui",
    "web",
)
"""Rooms that judge their own part of the program in its own process: no browser, no subprocess, no whole bot."""
IN_PARALLEL: Final = ("-n", "auto", "--dist", "loadfile", "-q")


def tool(session: nox.Session, name: str, *arguments: str) -> None:
    """Run a program of this environment, whether or not it is activated."""
    session.run(str(Path(sys.executable).with_name(name)), *arguments, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, import contracts, dependencies: seconds once mypy has its cache."""
    tool(session, "ruff", "check")
    tool(session, "ruff", "format", "--check")
    tool(session, "mypy")
    tool(session, "lint-imports", "--no-logo")
    tool(session, "deptry", "bot", "cogs")


@nox.session
def quick(session: nox.Session) -> None:
    """`lint` and the unit rooms: before every commit. More arguments go to pytest."""
    lint(session)
    tool(session, "pytest", *IN_PARALLEL, *(f"tests/{room}" for room in UNIT), *session.posargs)


@nox.session
def room(session: nox.Session) -> None:
    """One room's tests, with the dearest named: `nox -s room -- services/intake`. What follows the name goes to pytest."""
    tests = TOP / "tests"
    files = tests.rglob("test_*.py")
    there = sorted(
        {p.relative_to(tests).as_posix() for file in files for p in file.parents if p.is_relative_to(tests)}
        - {"."}
    )
    if not session.posargs or session.posargs[0] not in there:
        session.error(f"name a room: {', '.join(there)}")
    name, *more = session.posargs
    tool(session, "pytest", *IN_PARALLEL, "--durations=10", f"tests/{name}", *more)


@nox.session
def deep(session: nox.Session) -> None:
    """Several whole programs at once under faults, for a quarter of an hour: before a release. Artefacts hold the tables."""
    tool(session, "pytest", "--deep", "-m", "deep", "-p", "no:randomly", "-v", *session.posargs)


@nox.session
def unsteady(session: nox.Session) -> None:
    """What tests/unsteady.toml keeps apart, each with its reason."""
    tool(session, "pytest", "--unsteady", "-p", "no:randomly", *session.posargs)


@nox.session
def gate(session: nox.Session) -> None:
    """The whole gate over HEAD, in a fresh clone, as CI runs it."""
    session.run("bash", ".ci/run", external=True)
