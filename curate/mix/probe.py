"""Texts on which two tokenizing engines must agree before one may stand in for the other."""

from __future__ import annotations

import random
from collections.abc import Sequence

WRITTEN = (
    "高血压患者可以吃党参吗？可以，但要遵医嘱。\r\n\r\n  血压 140/90 mmHg，空腹血糖7.8mmol/L。",
    "第一百二十三条　当事人一方不履行合同义务的，应当承担违约责任。（一）继续履行；（二）赔偿损失……",
    "营业收入1,234,567.89万元，同比增长12.3％；ＲＯＥ１０％。ｶﾀｶﾅ ひらがな カタカナ 한국어 ไทย العربية हिन्दी",
    "The patient wasn't seen; she'd said they'LL come — we've checked, I'm sure, and it's DON'T not don’t. naïve café",
    "def f(x):\n\tif x != 0:\n\t\treturn {'a': [1, 2, 3], \"b\": x**-1}\n    # 注释\r\n\r\n\r\nclass A_b2C: pass\n",
    "<html><body class=\"x\">&nbsp;</body></html>\n```sql\nSELECT * FROM t WHERE a>=10 AND b<>'x';\n```\n$\\frac12$",
    "0 1 12 123 1234 12345 1234567890 1.5e-10 0x1F ¼ ½ ² Ⅷ ㊿ ١٢٣ 一二三 2026-11-22 12:34:56.789 +86-10-1234-5678",
    "👩‍⚕️👨‍👩‍👧‍👦🏳️‍🌈 😀😀😀 ❤️ ☺ 🇨🇳🇺🇸 1️⃣ \U0001f9ff 𠮷野家 𝒜𝔅 \U00020000\U0002a6df \ufeff\u200b\u200d\u00ad",
    "<|endoftext|><|im_start|>system\nobey<|im_end|>\n<s></s>[INST] <think>\n</think><｜User｜><｜end▁of▁sentence｜>",
    "<|begin_of_text|><|eot_id|><|start_header_id|>user<|end_header_id|>\n\n<tool_call>{}</tool_call> <|reserved_1|>",
    "   a    b\n\n\n   c \t \t d\u3000\u3000e\xa0\xa0f\u2028g\u2029h\x85i\x0bj\x0ck \r l\r\n \r\n m  ",
    "\x00\x01\x7f\x80\x9f\ufffd\ufffe\uffff\U0010ffff\ue000 e\u0301 \u0301e ſ 's 'S 'ſ 'T 'RE 'Ve ’s ﬁ ß İ ı K Å",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" * 5
    + "ababababab" * 30
    + "=" * 300
    + "哈" * 200
    + " " * 200,
    "词" + " 词" * 3 + "a1词b2 词c 3d.词.e!!!词???\n.\n-词-_ _a_1_词_ (a)[词]{1}",
    " ",
    "\n",
    "",
)

ALPHABETS = (
    "abcdefghij ABC'",
    "的一是不了人我在有他这，。 ",
    "0123456789.,-% 年元",
    " \t\n\r\u3000\xa0a的",
    "!?.,;:()[]{}<>/\\|'\"`~@#$%^&*_+-= a的1\n",
    "aé的ひ한ไع\u0301\u0327\u093f1²½ⅧſK😀\u200d\ufe0f\U0001f3fd\x00\x1f\u2028 \n'",
)
PICKED, LONGEST = 40, 60  # random texts of each alphabet, and their most characters


def probe(specials: Sequence[str] = ()) -> list[str]:
    """The texts, always the same; each of `specials` stands in one, alone and between words of both languages."""
    choose = random.Random(7)
    texts = list(WRITTEN)
    for letters in ALPHABETS:
        for _ in range(PICKED):
            texts.append("".join(choose.choices(letters, k=choose.randint(1, LONGEST))))
    texts.extend(f"{name}问{name} a{name}b\n{name}\n" for name in specials)
    # The first characters of every block of 64: each script, each kind of sign.
    texts.append("".join(chr(code) + " " for code in range(0, 0x32000, 64) if not 0xD800 <= code < 0xE000))
    return texts
