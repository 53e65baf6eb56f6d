"""The `easel` command's entry point: a sentence for a Python that is too old, streams that can be read and written, then a verb.
Never here: what any verb does."""

from __future__ import annotations

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a clear sentence for whoever runs it from a checkout
    sys.exit("Easel needs Python 3.11 or newer.")


def main() -> None:
    """Entry point of the `easel` script."""
    if sys.stdin is None:  # closed by whoever started it: nobody answers then, as with an empty one
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the program runs, and without pathlib
    for stream in (sys.stdout, sys.stderr):
        # Windows' and POSIX' 8-bit encodings know no ✔: better a question mark than a broken command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        _carry_out()
    except KeyboardInterrupt:  # while modules are read: later each verb ends by itself
        from bot.errors import ExitStatus  # noqa: PLC0415 - as below

        raise SystemExit(ExitStatus.INTERRUPTED) from None


def _carry_out() -> None:
    if sys.argv[1:] == ["run"]:
        # The verb that is restarted has no options: it need not wait for a library that reads command lines.
        from bot.cli.run import command  # noqa: PLC0415 - and the others need not wait for this one

        command()
    else:
        from bot.cli.program import cli  # noqa: PLC0415 - as above

        cli()


if __name__ == "__main__":
    main()
