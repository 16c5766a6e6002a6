"""Emoji: sequences of them as one, by name or not at all."""

from __future__ import annotations

import re
from unicodedata import name

_PICTURE = (
    "\U0001f000-\U0001f0ff\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f236\U0001f238-\U0001f23a"
    "\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f900-\U0001f9ff"
    "\U0001fa70-\U0001faff⌚⌛⏩-⏬⏰⏳◽◾☔☕♈-♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓-❕❗➕-➗➰➿⬛⬜⭐⭕"
)
# Signs that are pictures only where a selector says so, or in a sequence: ❤ ☎ ♀ © ™ stay what they are alone.
_SIGN = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u2328\u23cf\u23e9-\u23fa\u24c2"
    "\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299"
)
_SKIN, _FLAG, _SELECTOR, _JOINER = "\U0001f3fb-\U0001f3ff", "\U0001f1e6-\U0001f1ff", "\ufe0f", "\u200d"
_ONE = f"(?:[{_PICTURE}]{_SELECTOR}?|[{_SIGN}]{_SELECTOR})[{_SKIN}]?"
_PART = f"(?:[{_PICTURE}{_SIGN}]{_SELECTOR}?[{_SKIN}]?)"
SEQUENCE = re.compile(
    f"[{_FLAG}]{{2}}|[{_FLAG}]|[0-9#*]{_SELECTOR}?\u20e3|{_PART}(?:{_JOINER}{_PART})+|{_ONE}|[{_SKIN}]"
)

MARKS = "".join(
    [*map(chr, range(0x1F000, 0x1FB00)), *"⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓",
     *"⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕", _SELECTOR, "\u20e3"]
)  # fmt: skip
"""No emoji without one of these."""


def removed(text: str) -> str:
    """`text` without emoji; of a keycap the digit stays."""
    return SEQUENCE.sub(lambda found: found[0][0] if found[0][-1] == "\u20e3" else "", text)


def named(text: str) -> str:
    """`text` with each emoji as its name in Unicode between colons, `:grinning_face:`; of a keycap the digit."""
    return SEQUENCE.sub(_named, text)


def _named(found: re.Match[str]) -> str:
    whole = found[0]
    if whole[-1] == "\u20e3":
        return whole[0]
    if len(whole) == 2 and all("\U0001f1e6" <= char <= "\U0001f1ff" for char in whole):
        return f":flag_{''.join(chr(ord(char) - 0x1F1E6 + 97) for char in whole)}:"
    names = [name(char, "") for char in whole if char not in (_SELECTOR, _JOINER)]
    return f":{'_'.join(part.lower().replace(' ', '_') for part in names if part)}:" if any(names) else ""
