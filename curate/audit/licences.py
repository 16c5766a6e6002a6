"""What a licence lets one do, by its SPDX identifier: a first sorting, and no legal advice."""

from __future__ import annotations

import re

PUBLIC, PERMISSIVE, SHAREALIKE, NODERIVATIVES, NONCOMMERCIAL, RESTRICTED, UNKNOWN = (
    "public_domain", "permissive", "share_alike", "no_derivatives", "non_commercial", "restricted", "unknown",
)  # fmt: skip
CLASSES = (PUBLIC, PERMISSIVE, SHAREALIKE, NODERIVATIVES, NONCOMMERCIAL, RESTRICTED, UNKNOWN)
"""From the freest to what is not known."""

OPEN = frozenset({PUBLIC, PERMISSIVE})
CLOSED = frozenset({NODERIVATIVES, NONCOMMERCIAL, RESTRICTED})

_NOTHING = re.compile(
    r"(?:|none|null|n/?a|unknown|other|noassertion|-|not[ _-]?(?:stated|specified|known)|未知|不详|无)"
)
_CLASSES = (
    (RESTRICTED, r"proprietary|all[ _-]rights|commercial[ _-]licen|research[ _-]?only|版权所有|保留所有权利|研究用途"),
    (NONCOMMERCIAL, r"(?:^|-)nc(?:-|$)|non[ _-]?commercial|非商业"),
    (NODERIVATIVES, r"(?:^|-)nd(?:-|$)|no[ _-]?derivat|禁止演绎"),
    (SHAREALIKE, r"(?:^|-)sa(?:-|$)|share[ _-]?alike|^[al]?gpl|^gfdl|^mpl|^epl|^eupl|^odbl|^cddl|^osl|相同方式共享"),
    (PUBLIC, r"^cc0|^pddl|^unlicense$|^0bsd$|public[ _-]?domain|^cc-?pdm|^cc-pddc|公有领域|公共领域"),
    (PERMISSIVE, r"^mit|^apache|^bsd|^isc$|^zlib|^cc-by(?:-\d|$)|^odc-by|^ogl|^python|^psf|^artistic|^bsl-1|^ms-pl|"
                 r"^mulan|^ncsa$|^w3c|^unicode|^etalab|^licence-ouverte|^afl|^ecl|^postgresql|署名"),
)  # fmt: skip


def class_of(licence: str | None) -> str:
    """One of `CLASSES`. The strictest words decide: CC-BY-NC-SA is non_commercial. What no expression knows is
    restricted: it is stated, and somebody has to read it.
    """
    folded = (licence or "").strip().lower().replace("_", "-").replace(" ", "-")
    if _NOTHING.fullmatch(folded):
        return UNKNOWN
    parts = [part for part in re.split(r"-(?:or|and)-|[()/,;|]+", folded) if part] or [folded]
    found = [_class(part) for part in parts]
    choose = min if "-or-" in folded else max  # where one may choose, the freest counts
    return choose(found, key=CLASSES.index)


def _class(licence: str) -> str:
    return next((name for name, words in _CLASSES if re.search(words, licence)), RESTRICTED)
