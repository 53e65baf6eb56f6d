"""OhMyGPT's Midjourney API, simulated: a real HTTP server on loopback that keeps the rules of the contract.
Never here: anything of the bot; whoever uses this sees what a client of the real service would see."""

from bot.sandbox.upstream.accounts import SANDBOX_KEY, Charge, Key, Permission
from bot.sandbox.upstream.book import FIRST_ID
from bot.sandbox.upstream.buttons import Links
from bot.sandbox.upstream.calls import Call
from bot.sandbox.upstream.faults import Fault, PlannedFault, Scope, read_fault
from bot.sandbox.upstream.server import SimulatedUpstream
from bot.sandbox.upstream.service import ListOrder, Settings
from bot.sandbox.upstream.tasks import Kind, Pace, Pool, Status, Task

__all__ = [
    "FIRST_ID",
    "SANDBOX_KEY",
    "Call",
    "Charge",
    "Fault",
    "Key",
    "Kind",
    "Links",
    "ListOrder",
    "Pace",
    "Permission",
    "PlannedFault",
    "Pool",
    "Scope",
    "Settings",
    "SimulatedUpstream",
    "Status",
    "Task",
    "read_fault",
]
