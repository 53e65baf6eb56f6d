"""Renews the pictures of the documentation from the sandbox: `python -m tests.browser.docs_pictures`.
Never here: what is on them (the browser tests lay it out, and keep it true)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from tests.architecture.ground import ROOT

IMAGES: Final = ROOT / "docs" / "images"
TESTS: Final = ("test_moderators.py", "test_pools.py", "test_people.py", "test_newcomer.py")
WANTED: Final = {
    "4-grid": "sandbox",
    "panel": "panel",
    "usage": "usage",
    "quota": "quota",
    "prefer": "prefer",
    "mod-words": "mod-words",
    "mod-dry-run": "mod-dry-run",
    "mod-member": "mod-member",
    "mod-job": "mod-job",
    "mod-undo-sure": "mod-undo",
    "mod-refusal": "mod-refusal",
}
"""The browser tests' picture, and its name in the documentation."""
COLOURS: Final = 256


def shrink(source: Path, target: Path) -> None:
    """Keep a picture with few colours: screenshots need no more, and the repository stays small."""
    with Image.open(source) as picture:
        picture.convert("RGB").quantize(COLOURS).save(target, optimize=True)


def main() -> int:
    """Run the browser tests, then take over what the documentation shows."""
    with tempfile.TemporaryDirectory() as room:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"]
        done = subprocess.run(  # noqa: S603  # our own words
            [*command, *(f"tests/browser/{name}" for name in TESTS)],
            cwd=ROOT,
            env={**os.environ, "EASEL_ARTEFACTS": room},
            check=False,
        )
        missing = [name for name in WANTED if not (Path(room) / "screenshots" / f"{name}.png").is_file()]
        if done.returncode or missing:
            print(f"nothing was renewed; missing: {', '.join(missing) or 'none'}", file=sys.stderr)  # noqa: T201  # for the person who runs it
            return 1
        for name, shown in WANTED.items():
            shrink(Path(room) / "screenshots" / f"{name}.png", IMAGES / f"{shown}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
