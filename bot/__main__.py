"""The `easel` command's entry point: a sentence for a Python that is too old, then the command line.
Never here: what any verb does."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a clear sentence for whoever runs it from a checkout
    sys.exit("Easel needs Python 3.11 or newer.")

from bot.cli.program import cli, main

__all__ = ["cli", "main"]

if __name__ == "__main__":
    main()
