"""`python -m bot.sandbox.upstream`: the simulated service as a program of its own.
Never here: what all such programs share."""

from __future__ import annotations

import sys

from bot.sandbox.upstream.faults import Fault, read_fault
from bot.sandbox.upstream.program import options, play, settings_of
from bot.sandbox.upstream.server import SimulatedUpstream


def _main() -> int:
    arguments = options(
        "python -m bot.sandbox.upstream",
        "A simulated OhMyGPT Midjourney API on loopback.",
        Fault,
        "NAME[:TIMES][@CHANCE][/ENDPOINT]",
    ).parse_args()

    def make() -> SimulatedUpstream:
        faults = [read_fault(spelled) for spelled in arguments.fault]
        upstream = SimulatedUpstream(settings_of(arguments), port=arguments.port)
        for planned in faults:
            upstream.fault(planned)
        return upstream

    return play(make)


if __name__ == "__main__":
    sys.exit(_main())
