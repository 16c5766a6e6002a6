"""Mojibake: text that was decoded with the wrong character encoding."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from curate.stage import Rule

# UTF-8 read as Latin-1 or windows-1252: what was the lead byte of a sequence, and after it signs that no language
# writes behind such a letter. Letters (œ š ž), quotes, dashes and degree signs do stand there: they count behind those.
_SIGNS = r"\x80-\x9f\u00a1-\u00aa\u00ac-\u00af\u00b1-\u00ba\u00bc-\u00bf€‚ƒ„†‡ˆ‰‹˜™›"
_LOOSE = r"\u00a0\u00ab\u00b0\u00bbŠšŒœŽžŸ‘’“”•–—…"
_AS_LATIN = rf"[\u00c2-\u00d6\u00d8-\u00f4][{_SIGNS}][{_SIGNS}{_LOOSE}]*|â€[{_SIGNS}{_LOOSE}]?|[ÂÃ][{_LOOSE}]"
# What replaces bytes that a decoder could not read, the same in UTF-8 read as GBK, and fresh memory read as GBK.
_DESTROYED = r"\ufffd|锟斤拷|锟斤|烫烫烫+|屯屯屯+"
# UTF-8 and GBK read as other encodings, by sequences that no language writes. GBK's signs as Latin-1 (¡° ¨¦);
# UTF-8 as windows-1251 (вЂ™), its second and third bytes no letters of Russian and at least one of them a sign; as Mac
# Roman (‚Äô, √©, ‰∏≠); as Shift-JIS (窶, and kana of half width between Han); the Korean cousin of 锟斤拷; eight
# question marks in a row and more, which stand for what an encoding lacked (feeds write four in place of a space).
_CYRILLIC = "ЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґёєјЅѕї"
_CYRILLIC_SIGNS = r"‚„…†‡€‰‹•™›\u00a0¤¦§©¬\u00ad®°±µ¶·№\u0098"
_MAC_SIGNS = (
    r"†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü"
)
_MAC_RARE = r"†¢£§•¶®©´¨≠∞±≤≥¥∂∑∏π∫Ω¿¡¬√ƒ≈∆◊ÿŸ⁄‹›ﬁﬂ‡‚„‰"
_OTHER = (
    r"¡[¢-¬®-¿]|¨[¢-®°-À]|鈥[\p{Han}]?[a-z]|[a-z][茅眉帽莽茫谩铆贸煤枚盲氓猫](?:[a-z]|[ ,.;-][A-Za-z])"
    rf"|[вгдежзий](?:[{_CYRILLIC_SIGNS}][{_CYRILLIC}{_CYRILLIC_SIGNS}]|[{_CYRILLIC}][{_CYRILLIC_SIGNS}])|вЂ[”“™]"
    r"|‚Ä[îìôòúùû¶¢ü†]|√[©®°¢§¥¶ßµ´≠≥∂±]"
    rf"|[‰ÂÊÁËÈ](?:[{_MAC_RARE}][{_MAC_SIGNS}]|[{_MAC_SIGNS}][{_MAC_RARE}])"
    r"|[A-Za-z]窶|窶[A-Za-z冱\uff61-\uff9f]|\p{Han}[\uff61-\uff9f]\p{Han}"
    r"|占쏙옙|占쏙|쏙옙|\?{8,}"
)

# UTF-8 read as GBK: the first two of a Chinese character's three bytes, E4-E9 and 80-A0, make one of 198 rare
# characters, those of Chinese punctuation 銆 and 锛.
_HALVES = "".join(
    sorted(
        {bytes([lead, trail]).decode("gb18030") for lead in range(0xE4, 0xEA) for trail in (*range(0x80, 0xA1),)}
        | set("銆锛鈥")
    )
)
AS_GBK = f"[{_HALVES}]"
SUSPECT = 0.05  # share of those characters from which it is tried whether the text turns back: clean text has under .02
_TURNED = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef\u2010-\u2026]{2,}")  # single ones turn up by chance


@dataclass(frozen=True, kw_only=True)
class Mojibake:
    """Characters that a wrong decoding left behind, as a share of all: `mojibake_share`.

    Counted are U+FFFD, UTF-8 read as Latin-1 or windows-1252 (`Ã©`, `â€™`, `ä¸­`), UTF-8 read as GBK (`涓枃`), as
    windows-1251, Mac Roman and Shift-JIS, quotes of GBK read as Latin-1 (`¡°`), and what two wrong turns leave
    (`锟斤拷`, `????????`). Reason `mojibake`.

    Clean text scores 0. Damaged Chinese is over .1; English is damaged at its quotes alone, 1 to 3 % of characters, and
    the default is two broken quotes in 1,000 characters.
    """

    name: str = "mojibake"
    high: float = 0.005

    version = 2
    reads = {"text": pl.String()}
    writes = {"mojibake_share": pl.Float64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="mojibake", measure="mojibake_share", high=self.high),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        text = pl.col("text")
        counts = docs.select(
            chars=text.str.len_chars(),
            broken=text.str.extract_all(rf"{_AS_LATIN}|{_DESTROYED}|{_OTHER}").list.join("").str.len_chars(),
            halves=text.str.count_matches(AS_GBK),
        )
        suspects = (counts["halves"] > SUSPECT * counts["chars"]).fill_null(False)
        turned = pl.Series(
            [_turned(text) if suspect else 0 for text, suspect in zip(docs["text"], suspects, strict=True)],
            dtype=pl.Int64,
        )
        share = (counts["broken"] + turned) / counts["chars"].clip(lower_bound=1)
        return docs.with_columns(share.clip(upper_bound=1.0).alias("mojibake_share"))


def _turned(text: str) -> int:
    """Characters of `text` that, written as GBK and read as UTF-8, are Chinese: two for three of them."""
    back = text.encode("gb18030", "ignore").decode("utf-8", "replace")
    return sum(map(len, _TURNED.findall(back))) * 3 // 2
