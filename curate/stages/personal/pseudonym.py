"""Pseudonyms: the same value becomes the same stand-in, which reads like one of its kind and can be nobody's.

Each is invalid by construction: telephone numbers in ranges that no country gives out, identity numbers of provinces
that there are not, addresses in ranges that reach nobody. None of them is found again as personal data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from unicodedata import normalize


def canonical(kind: str, value: str) -> str:
    """One spelling for a value however it is written: digits and letters alone, a telephone without +86."""
    value = normalize("NFKC", value).lower()
    if kind == "phone":
        mobile = re.sub(r"^\(?(?:\+?86|0086)[) -]*(?=1[3-9])", "", value)
        return re.sub(r"[^0-9+]", "", re.sub(r"^\+?1[ .-]?(?=\(?[2-9]\d\d[) .-])", "", mobile))
    if kind == "email":
        return re.sub(r"\s", "", value)
    return re.sub(r"[^0-9a-z:\u4e00-\u9fff]" if kind != "ip" else r"\s", "", value)


def pseudonym(kind: str, value: str, salt: bytes) -> str:
    """What stands for `value` under `salt` (at most 64 bytes)."""
    digest = blake2b(f"{kind}\0{canonical(kind, value)}".encode(), key=salt, digest_size=16).hexdigest()
    number = str(int(digest, 16)).rjust(39, "0")
    return _SHAPES.get(kind, _named)(kind, value, digest, number)


def placeholder(kind: str) -> str:
    """What stands for every value of a kind: [EMAIL], [PHONE], [ID_CARD] ... the same in all languages."""
    return f"[{kind.upper()}]"


def _named(kind: str, value: str, digest: str, number: str) -> str:
    return f"[{kind.upper()}-{digest[:8]}]"


def _phone(kind: str, value: str, digest: str, number: str) -> str:
    plain = canonical(kind, value)
    if plain.startswith("+"):
        return f"+999 {number[-9:-5]} {number[-5:-1]}"  # a country code that is not given out
    # No subscriber's number begins with 11: not of a Chinese mobile, not of a local exchange, not in America.
    made = "11" + number[: min(9, max(5, len(plain) - 2))]  # an extension does not lengthen it
    return f"{made[:3]}-{made[3:6]}-{made[6:]}" if len(made) == 10 else made


def _ip(kind: str, value: str, digest: str, number: str) -> str:
    if ":" in value:
        return f"2001:db8::5e{digest[:2]}:{digest[2:6]}"  # kept for documentation (RFC 3849)
    parts = bytes.fromhex(digest)
    return f"0.{parts[0]}.{parts[1]}.{parts[2]}"  # "this network" (RFC 1122): no host has it


_SHAPES: dict[str, Callable[[str, str, str, str], str]] = {
    "email": lambda kind, value, digest, number: f"user-{digest[:8]}@example.com",
    "phone": _phone,
    "id_card": lambda kind, value, digest, number: "99" + number[:16],  # there is no province 99
    "ssn": lambda kind, value, digest, number: f"9{number[:2]}-{number[2:4]}-{number[4:8]}",  # none begins with 9
    "bank_card": lambda kind, value, digest, number: "0000" + number[: max(9, sum(map(str.isdigit, value)) - 4)],
    "ip": _ip,
    "qq": lambda kind, value, digest, number: "0" + number[:8],
    "license_plate": lambda kind, value, digest, number: f"某A{number[:5]}",
    **dict.fromkeys(
        ("passport", "medical_number", "insurance_number", "case_number", "wechat"),
        lambda kind, value, digest, number: f"X0{number[:8]}",
    ),
}
