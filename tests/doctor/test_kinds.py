"""`easel doctor` at servers of the `/mj` family: which program answers, and what to do where it is the wrong one.
Never here: how programs are told apart (tests/midjourney/mjproxy)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.pools import Pool
from bot.midjourney.mjproxy.client import MjProxyApi, ProxySettings
from bot.midjourney.transport import open_clients
from bot.sandbox.mjproxy.faults import ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.upstream import SANDBOX_KEY
from tests.doctor.test_doctor import findings, place

if TYPE_CHECKING:
    from bot import doctor
    from tests.doctor.test_doctor import Place

__all__ = ["place"]


async def looked_at(place: Place, url: str, key: str = SANDBOX_KEY) -> dict[str, doctor.Finding]:
    """What the doctor says where the default account is a server of the family."""
    for name in ("KEY", "ADMIN_KEY", "ORIGIN", "STORAGE"):
        place.environ.pop(f"EASEL_OHMYGPT_{name}", None)
    return await findings(place, EASEL_API_KIND="mj-proxy", EASEL_API_URL=url, EASEL_API_KEY=key)


@pytest.mark.parametrize(
    ("flavour", "program"),
    [(Flavour.PLUS, "midjourney-proxy-plus"), (Flavour.NEW_API, "new-api"), (Flavour.NOVI, "novicezk")],
)
async def test_the_program_that_answers_is_named_with_what_it_can_do(
    place: Place, flavour: Flavour, program: str
) -> None:
    async with SimulatedProxy(flavour, canvas=64) as proxy:
        found = await looked_at(place, proxy.origin)

    assert found["image API"].fine
    assert program in found["kind of API"].words
    assert "FAST" in found["speeds"].words
    assert found["lost answers"].fine is (flavour is not Flavour.NEW_API)
    # OhMyGPT's picture store and balance are no concern of this house.
    assert not {"picture store", "balance"} & set(found)
    assert proxy.paid == 0


async def test_a_server_of_the_other_kind_is_named_as_that(place: Place) -> None:
    found = await looked_at(place, place.upstream.origin)

    assert not found["image API"].fine
    assert "choose the kind ohmygpt" in found["kind of API"].words


@pytest.mark.parametrize("fault", [ProxyFault.LOCAL_IMAGE, ProxyFault.FOREIGN_IMAGE])
async def test_pictures_at_a_host_that_nobody_named_are_told_with_the_setting_that_allows_it(
    place: Place, fault: ProxyFault
) -> None:
    async with SimulatedProxy(Flavour.PLUS, canvas=64) as proxy, open_clients(trust_env=False) as clients:
        api = MjProxyApi(clients, ProxySettings(key=SANDBOX_KEY, url=proxy.origin, asks_server=True))
        proxy.finish(await api.imagine(prompt="a fox", pool=Pool.NORMAL, webhook=None))
        before = await looked_at(place, proxy.origin)
        proxy.fault(fault, times=None)
        after = await looked_at(place, proxy.origin)

    assert before["pictures"].fine
    assert not after["pictures"].fine
    host = "localhost:3000" if fault is ProxyFault.LOCAL_IMAGE else "pictures.example.net"
    assert f"add {host} to EASEL_IMAGE_HOSTS" in after["pictures"].words
    assert proxy.paid == 1


async def test_a_server_that_takes_any_key_is_a_finding(place: Place) -> None:
    async with SimulatedProxy(Flavour.PLUS, canvas=64, guest=True) as proxy:
        found = await looked_at(place, proxy.origin, key="somebody-elses")

    assert found["image API"].fine
    assert not found["key"].fine
    assert "takes any key" in found["key"].words


@pytest.mark.parametrize("fault", [ProxyFault.WRONG_PATH, ProxyFault.WEB_PAGE])
async def test_an_address_where_nothing_of_the_family_answers_is_said_so(
    place: Place, fault: ProxyFault
) -> None:
    async with SimulatedProxy(Flavour.PLUS, canvas=64) as proxy:
        proxy.fault(fault, times=None)
        found = await looked_at(place, proxy.origin)

    assert not found["image API"].fine
    assert "check the address and its path" in found["kind of API"].words


@pytest.mark.parametrize("flavour", [Flavour.PLUS, Flavour.NEW_API])
async def test_a_server_of_the_family_where_ohmygpt_is_expected_is_named_as_that(
    place: Place, flavour: Flavour
) -> None:
    async with SimulatedProxy(flavour, canvas=64) as proxy:
        found = await findings(place, EASEL_OHMYGPT_ORIGIN=proxy.origin)

    assert not found["image API"].fine
    assert "choose the kind mj-proxy" in found["kind of API"].words
    assert proxy.paid == 0


async def test_ohmygpt_that_refuses_the_key_is_not_taken_for_the_family(place: Place) -> None:
    found = await findings(place, EASEL_OHMYGPT_KEY="sk-somebody-elses")

    assert not found["image API"].fine
    assert "kind of API" not in found


async def test_a_wrong_key_is_said_with_the_setting_that_holds_it(place: Place) -> None:
    async with SimulatedProxy(Flavour.PLUS, canvas=64) as proxy:
        found = await looked_at(place, proxy.origin, key="somebody-elses")

    assert "EASEL_API_KEY" in found["image API"].words
    assert "somebody-elses" not in str(found)


async def test_an_account_of_another_kind_has_lines_of_its_own(place: Place) -> None:
    async with SimulatedProxy(Flavour.TRUEAI, canvas=64) as proxy:
        found = await findings(place, EASEL_ACCOUNTS=f"home=mj-proxy:{proxy.origin}|{SANDBOX_KEY}")

    assert found["image API"].fine
    assert found["image API (home)"].fine
    assert "trueai" in found["kind of API (home)"].words
