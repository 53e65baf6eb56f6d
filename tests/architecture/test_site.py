"""The documentation becomes a site without a warning, offline, and nobody who reads it is sent elsewhere.
Never here: whether it is well written."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot.config import Settings
from tests.architecture.ground import ROOT
from tests.browser.docs_pictures import WANTED

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"


def test_every_picture_of_the_documentation_can_be_renewed_and_is_shown() -> None:
    pages = " ".join(path.read_text(encoding="utf-8") for path in [*DOCS.rglob("*.md"), ROOT / "README.md"])

    kept = {path.stem for path in (DOCS / "images").glob("*.png")}
    assert kept == set(WANTED.values())
    assert {name for name in kept if f"images/{name}.png" not in pages} == set()


@pytest.mark.parametrize("page", ["index", "settings", "alerts"])
def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(page: str, site: Path) -> None:
    html = (site / f"{page}.html").read_text(encoding="utf-8")

    loaded = re.findall(
        r'<(?:script|img|iframe)[^>]* src="([^"]+)"|<link[^>]* rel="stylesheet"[^>]* href="([^"]+)"', html
    )
    assert loaded
    assert [a or b for a, b in loaded if re.match(r"(https?:)?//", a or b)] == []
    if page == "settings":
        assert {n for n in Settings.model_fields if f"EASEL_{n.upper()}" not in html} == set()


def test_a_reader_finds_pages_by_a_word(site: Path) -> None:
    index = (site / "searchindex.js").read_text(encoding="utf-8")

    assert '"webhook"' in index or "webhook:" in index


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as the gate builds it."""
    pytest.importorskip("sphinx", reason="the group docs is not installed")
    target = tmp_path_factory.mktemp("site")
    built = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-m", "sphinx", "-q", "--fail-on-warning", "--keep-going", "docs", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert built.returncode == 0, built.stderr
    return target
