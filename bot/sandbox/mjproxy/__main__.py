"""`python -m bot.sandbox.mjproxy`: a simulated server of the family as a program of its own.
Never here: what all such programs share."""

from __future__ import annotations

import sys

from bot.sandbox.mjproxy.faults import ProxyFault, read_proxy_fault
from bot.sandbox.mjproxy.flavours import SPEEDS, Flavour
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.upstream.faults import Fault, read_fault
from bot.sandbox.upstream.program import options, play, settings_of

POLL = 15.0
"""Seconds between a gateway's polls of its proxy."""


def _main() -> int:
    parser = options(
        "python -m bot.sandbox.mjproxy",
        "A simulated server of the /mj family on loopback.",
        (*ProxyFault, *Fault),
        "NAME[:TIMES][/ENDPOINT]",
    )
    parser.set_defaults(slots=3)
    parser.add_argument("--flavour", choices=[flavour.value for flavour in Flavour], default="trueai")
    parser.add_argument("--guest", action="store_true", help="take any key")
    parser.add_argument("--remix", action="store_true", help="the account is in Remix mode")
    parser.add_argument("--fixed-speed", choices=SPEEDS, help="the account behind it runs at this alone")
    arguments = parser.parse_args()

    def make() -> SimulatedProxy:
        faults = [read_proxy_fault(spelled) or read_fault(spelled) for spelled in arguments.fault]
        proxy = SimulatedProxy(
            Flavour(arguments.flavour),
            settings_of(arguments),
            port=arguments.port,
            guest=arguments.guest,
            remix=arguments.remix,
            fixed_speed=arguments.fixed_speed,
            lag=POLL / arguments.speed,
        )
        for planned in faults:
            proxy.fault(planned)
        return proxy

    return play(make)


if __name__ == "__main__":
    sys.exit(_main())
