"""Real text spoilt until nobody can read it: shuffled, random, or decoded by the wrong table."""

from __future__ import annotations

import string
from random import Random

_HAN = (0x4E00, 0x9FA5)


def shuffled(text: str, lang: str, random: Random) -> str:
    """The characters (zh) or words (en) of `text` in random order."""
    parts = [char for char in text if not char.isspace()] if lang == "zh" else text.split()
    random.shuffle(parts)
    return ("" if lang == "zh" else " ").join(parts)


def gibberish(size: int, lang: str, random: Random) -> str:
    """Letters, digits or Han characters at random, in words of random length."""
    alphabets = (
        [string.ascii_lowercase, string.ascii_letters + string.digits, "asdfghjkl", "0123456789abcdef", "qwertyuiop"]
        if lang == "en"
        else [None, None, None, string.ascii_lowercase, "啊哦额呃嗯哈嘿哟吧呢嘛"]
    )
    letters = random.choice(alphabets)
    words, length = list[str](), 0
    longest = random.choice((4, 8, 16, 40))
    while length < size:
        count = random.randint(1, longest)
        if letters is None:
            words.append("".join(chr(random.randint(*_HAN)) for _ in range(count)))
        else:
            words.append("".join(random.choice(letters) for _ in range(count)))
        length += count + 1
    return random.choice((" ", "", "，") if lang == "zh" else (" ", " ", "\n")).join(words)


def mojibake(text: str, lang: str, random: Random) -> str:
    """`text` in the bytes of one encoding, read as another."""
    if lang == "en":
        text = "".join(
            random.choice("’“”—éèüñç€£°") if char in "'\"-eunc" and random.random() < 0.2 else char for char in text
        )
        return text.encode().decode("cp1252", "replace")
    written, read = random.choice(
        (("utf-8", "gb18030"), ("utf-8", "cp1252"), ("gb18030", "cp1252"), ("gb18030", "big5"), ("utf-8", "big5"),
         ("gb18030", "utf-8"), ("gb18030", "shift_jis"))
    )  # fmt: skip
    return text.encode(written, "replace").decode(read, "replace")
