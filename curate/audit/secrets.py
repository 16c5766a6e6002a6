"""Secrets in addresses: passwords before an @, tokens and keys among parameters; taken out before they are shown."""

from __future__ import annotations

import re

REDACTED = "[redacted]"

# As much as may belong to an address: what follows its end in a text is kept, since only the parts below are replaced.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://[^\s\u3000-\u303f\uff00-\uffef]+")
_USER = re.compile(r"(://)[^/?#\s]*@")
_NAMES = (
    r"access[_-]?key(?:[_-]?id)?|access[_-]?token|api[_-]?key|apikey|auth|authorization|awsaccesskeyid|bearer|code|"
    r"credentials?|client[_-]?secret|jwt|id[_-]?token|key|ossaccesskeyid|pass|passwd|password|private[_-]?token|pwd|"
    r"refresh[_-]?token|secret|session(?:[_-]?id)?|sessid|phpsessid|jsessionid|sid|sig|sign|signature|ticket|token|"
    r"x-amz-(?:credential|security-token|signature)|x-goog-(?:credential|signature)"
)
_PARAMETER = re.compile(rf"([?&;#/]|%3f|%26)((?:{_NAMES})(?:=|%3d))((?:(?!%26)[^&;#\s\"'<>])+)", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` with the secrets of the addresses in it replaced by [redacted].

    What stands before an @ in an address goes whole, and the values of parameters whose names say that they are
    secret (token, key, password, signature, session ...), in query and fragment.
    """
    return _URL.sub(lambda found: redacted_address(found[0]), text) if "://" in text else text


def redacted_address(url: str) -> str:
    """`redacted` of what is an address as a whole, whatever stands in it."""
    url = _USER.sub(rf"\g<1>{REDACTED}@", url)
    return _PARAMETER.sub(rf"\g<1>\g<2>{REDACTED}", url)
