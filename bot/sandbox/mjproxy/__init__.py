"""The `/mj/submit/*` family, simulated: proxies and gateways on loopback, drawing with the other stand-in's pictures and tasks.
Never here: anything of the bot; whoever uses this sees what a client of a real server of the family would see."""

from bot.sandbox.mjproxy.faults import ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour, Manners
from bot.sandbox.mjproxy.server import SimulatedProxy

__all__ = ["Flavour", "Manners", "ProxyFault", "SimulatedProxy"]
