"""How the site is built: `sphinx-build --fail-on-warning docs DIRECTORY` (the group `docs`), from Markdown, offline.
Never here: what the pages say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

project = "Easel"
author = "the authors of Easel"
project_copyright = "the authors of Easel, MIT licence"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Easel"
html_static_path = ["_static"]
html_css_files = ["easel.css"]
html_show_sphinx = False
html_copy_source = False
templates_path = ["_templates"]
# Nothing is asked of another server when somebody reads the site.
html_theme_options = {"navigation_with_keys": True}


def _fill_in(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put what the program says of itself where a page asks for it, so that it cannot be out of date."""
    if page == "index":
        # A pattern that finds nothing would be a warning, and warnings fail.
        lines = source[0].splitlines()
        source[0] = "\n".join(line for line in lines if "*" not in line or any(DOCS.glob(f"{line}.md")))
    if page == "settings":
        from bot.setting_tables import settings_table  # noqa: PLC0415 - only this page needs the program

        source[0] = source[0].replace("<!-- settings -->", settings_table())
    if page == "changelog":
        changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        source[0] = changes.replace("](docs/", "](")


def setup(app: Sphinx) -> None:
    """Register."""
    app.connect("source-read", _fill_in)
