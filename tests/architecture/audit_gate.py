"""The gate's audit: are there known vulnerabilities in what deploy/requirements.txt pins? It says so if nobody could be asked.
Never here: which versions are pinned, and what to do about a finding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ("pypi", "osv")
"""Databases that pip-audit knows, in the order in which they are asked."""
PATIENCE_S: Final = 120.0
REQUIRED: Final = "EASEL_AUDIT"
"""`required` (in the published workflow) makes an audit that could not be made a failure."""


def judge(reports: dict[str, str]) -> tuple[int, list[str]]:
    """What pip-audit's JSON answers, by database, say: an exit status and lines for people.

    A package that a database does not know was not audited: that is how an index without vulnerability data looks.
    """
    why = []
    for service, answer in reports.items():
        try:
            found: list[dict[str, Any]] = json.loads(answer)["dependencies"]
        except (ValueError, KeyError, TypeError):
            why.append(f"{service} did not answer")
            continue
        bad = [
            f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none yet'}"
            for package in found
            for hole in package.get("vulns", ())
        ]
        if bad:
            return 1, bad
        skipped = [package["name"] for package in found if "skip_reason" in package]
        if found and not skipped:
            return 0, [f"{len(found)} pinned packages, no known vulnerability ({service})"]
        why.append(f"{service} knew {len(found) - len(skipped)} of {len(found)} packages")
    return (1 if os.environ.get(REQUIRED) == "required" else 0), [f"NOT AUDITED: {'; '.join(why)}"]


def ask(service: str) -> str:
    """Run pip-audit against one database."""
    command = (
        sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "deploy" / "requirements.txt"),
        "--require-hashes", "--disable-pip", "--vulnerability-service", service, "--format", "json",
        "--progress-spinner", "off", "--timeout", "10",
    )  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            command, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def main() -> int:
    """Ask one database after the other until one has an opinion."""
    reports: dict[str, str] = {}
    status, lines = 1, ["NOT AUDITED: nobody was asked"]
    for service in SERVICES:
        reports[service] = ask(service)
        status, lines = judge(reports)
        if not lines[0].startswith("NOT AUDITED"):
            break
    print("\n".join(lines))  # noqa: T201  # the gate's own voice
    return status


if __name__ == "__main__":
    sys.exit(main())
