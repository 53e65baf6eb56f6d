"""The one package that an installed Easel adds: it holds `bot` and `cogs`, and starts them.
Never here: anything of the program itself."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run the `easel` command.

    Installed, the program lies beside this file; first on the path, it is found before another program's packages of
    the same names. In a clone it lies at the top, which an editable installation puts on the path.
    """
    here = Path(__file__).resolve().parent
    if (here / "bot").is_dir():
        sys.path.insert(0, str(here))
    import_module("bot.__main__").main()
