"""What a number must satisfy to be what it looks like: check digits, ranges, calendars."""

from __future__ import annotations

import re
from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv6Address

# GB/T 2260: the first two digits of an ID card number.
PROVINCES = frozenset(
    {"11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44"}
    | {"45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83"}
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Issuers' prefixes with the lengths that they give (ISO/IEC 7812): UnionPay and the older cards of Chinese banks, Visa,
# Mastercard, American Express, JCB, Discover, Diners, Maestro.
_ISSUERS = re.compile(
    r"(?:62\d{14,17}|81\d{14,17}|9[05]5[89]\d{12,15}|601382\d{13}|60[1-9]\d{13,16}|4\d{15}|4\d{18}"
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|(?:5018|5020|5038|6304|6759|676[1-3])\d{12,15})"
)
# ITU-T E.164: country codes of one, two and three digits.
_COUNTRY = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-69]\d|3[578]\d|42\d|50\d|59\d|6[789]\d|8[0578]\d"
    r"|9[67]\d|99[2-68]"
)


def is_id_card(number: str) -> bool:
    """A Chinese ID card number: 18 signs with province, date of birth and check digit (GB 11643-1999), or 15 digits."""
    if number[:2] not in PROVINCES:
        return False
    if len(number) == 15:
        return is_date("19" + number[6:12])
    if len(number) != 18 or not is_date(number[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def is_date(digits: str) -> bool:
    """Whether YYYYMMDD is a day on which somebody alive may be born, by the calendar."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1900 and digits[:4] < "2050"
    except ValueError:
        return False


def is_bank_card(number: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1, annex B), and a prefix and length that an issuer gives."""
    if not _ISSUERS.fullmatch(number):
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


def is_international(digits: str) -> bool:
    """A number after +: 8 to 15 digits behind a country code (ITU-T E.164)."""
    return 8 <= len(digits) <= 15 and _COUNTRY.match(digits) is not None


def is_public(address: str) -> bool:
    """Whether an IP address is one that stands for somebody's line: not private, local, multicast or unspecified.

    Those kept for documentation count as public: whoever writes one writes it as an address.
    """
    try:
        ip = IPv6Address(address) if ":" in address else IPv4Address(address)
    except AddressValueError:
        return False
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False
    if isinstance(ip, IPv6Address):
        return int(ip) >> 125 == 1 or ip.ipv4_mapped is not None  # 2000::/3 is all that is given out (RFC 4291)
    top = int(ip) >> 24
    private = top in (0, 10, 127) or int(ip) >> 20 == 0xAC1 or int(ip) >> 16 == 0xC0A8
    return not private and top < 224
