"""Balance, prices and uploads as read from tolerant shapes.
Never here: HTTP."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.account import MOST_RATES, Rate, read_balance, read_rates, read_upload
from tests.midjourney.test_envelope import json_values
from tests.midjourney.test_wire import success


def test_a_balance_is_decimal() -> None:
    balance = read_balance(200, {}, success({"balance": "68000.10", "free_balance": "0.20"}))

    assert (balance.paid, balance.free, balance.total) == (
        Decimal("68000.10"),
        Decimal("0.20"),
        Decimal("68000.30"),
    )


@pytest.mark.parametrize("free", [None, "", "NaN", "many", [], True, "1e400", "-9e999999", "1e-999999", 0.0])
def test_the_free_part_may_be_missing_or_odd(free: object) -> None:
    assert read_balance(200, {}, success({"balance": 5, "free_balance": free})).total == 5


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"balance": None},
        {"balance": "Infinity"},
        {"balance": "x"},
        {"balance": "1e1000000"},
        {"balance": 10**19},
        [],
        5,
    ],
)
def test_without_a_balance_there_is_an_error_instead_of_zero(data: object) -> None:
    with pytest.raises(RemoteError):
        read_balance(200, {}, success(data))


def test_a_key_without_the_permission_is_a_key_problem() -> None:
    with pytest.raises(RemoteError) as caught:
        read_balance(200, {}, b'{"statusCode":401,"message":"Unauthorized"}')

    assert caught.value.fault is RemoteFault.KEY


def test_prices_are_found_wherever_they_are() -> None:
    data = {
        "models": [{"name": "gpt", "rate": 1}, {"name": "midjourney-fast", "rate": "9"}],
        "mj_normal": 3,
        "deep": {"list": ["Midjourney: ask us", "clamjar"]},
        "mj_parts": {"fast": {"imagine": 9}},
    }

    assert set(read_rates(200, {}, success(data))) == {
        Rate("midjourney-fast", "9"),
        Rate("mj_normal", "3"),
        Rate("Midjourney: ask us", "Midjourney: ask us"),
        Rate("mj_parts", '{"fast": {"imagine": 9}}'),
    }


def test_a_price_list_of_thousands_is_cut() -> None:
    assert len(read_rates(200, {}, success({f"mj_{n}": n for n in range(5000)}))) == MOST_RATES


def test_an_upload_gives_an_address_that_its_id_cannot_bend() -> None:
    uploaded = read_upload(200, {}, success({"fileUniqueID": "../a b"}), storage="https://pi.ohmygpt.com")

    assert uploaded.address == "https://pi.ohmygpt.com/api/v1/f/pub/..%2Fa%20b"


@given(json_values)
@settings(deadline=None)
def test_no_json_makes_a_reader_raise_anything_but_a_remote_error(data: object) -> None:
    for reader in (read_balance, read_rates, partial(read_upload, storage="https://s.example")):
        for body in (success(data), success({"balance": data, "fileUniqueID": data, "mj": data})):
            try:
                result = reader(200, {}, body)
            except RemoteError:
                continue
            repr(result).encode()
            json.dumps(repr(result))
