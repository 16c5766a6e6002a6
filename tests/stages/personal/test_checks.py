"""Check digits, ranges and calendars of numbers."""

from __future__ import annotations

import pytest

from curate.stages.personal.checks import is_bank_card, is_date, is_id_card, is_international, is_public


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "11010519491231002x", "440524188001010014", "110105491231002"]
)
def test_id_cards_have_a_province_a_day_and_a_check_digit(number: str) -> None:
    assert is_id_card(number) is (number != "440524188001010014")  # GB 11643's example: nobody born in 1880 is alive


@pytest.mark.parametrize(
    "number", ["110105194912310021", "99010519491231002X", "110105194902310026", "1101051949123100", "110105991332002"]
)
def test_other_digits_are_no_id_card(number: str) -> None:
    assert not is_id_card(number)


@pytest.mark.parametrize("number", ["4111111111111111", "5500000000000004", "378282246310005", "6222021001116245702"])
def test_bank_cards_pass_luhn_and_begin_as_an_issuers(number: str) -> None:
    last = next(digit for digit in "0123456789" if is_bank_card(number[:-1] + digit))
    assert sum(is_bank_card(number[:-1] + digit) for digit in "0123456789") == 1
    assert number.startswith("62") or number[-1] == last


def test_no_issuer_gives_these() -> None:
    assert not any(is_bank_card(number) for number in ("0000000000000000", "1234567812345670", "9999999999999995"))


def test_days_are_those_of_the_calendar() -> None:
    assert is_date("20000229") and not is_date("19000229") and not is_date("20211301") and not is_date("18991231")


def test_international_numbers_have_a_country() -> None:
    assert is_international("8613812345678") and is_international("12125550123") and is_international("85223456789")
    assert (
        not is_international("99912345678")
        and not is_international("1234567")
        and not is_international("2101234567890123")
    )


@pytest.mark.parametrize("address", ["8.8.8.8", "203.0.113.5", "2001:db8::1", "2400:cb00:2048:1::6814:55"])
def test_addresses_of_somebodys_line_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "192.168.1.1", "172.16.0.9", "127.0.0.1", "0.0.0.0", "255.255.255.0", "224.0.0.1", "::1",
                "fe80::1", "fd00::1", "256.1.1.1", "1.2.3"],
)  # fmt: skip
def test_private_and_local_addresses_are_not(address: str) -> None:
    assert not is_public(address)
