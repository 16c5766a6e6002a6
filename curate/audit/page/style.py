"""How Curate's pages look: fonts with Chinese, colours that the colour-blind tell apart, screen, phone and paper."""

from __future__ import annotations

from importlib.resources import files

# Okabe and Ito (2008), in the order in which series take them; beside colour every series has its place or its name.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")

# Ten steps of one hue: light is little, dark is much; the number stands in each cell too.
STEPS = ("#f4f9fd", "#e0eef8", "#cbe2f2", "#b0d3eb", "#8fc0e0", "#67a8d2", "#3d8fc2", "#1b76b0", "#0b5f96", "#064873")
DARK = 6  # from this step on letters are white

_SERIES = "".join(f".s{place}{{fill:{colour}}}.k{place}{{background:{colour}}}" for place, colour in enumerate(PALETTE))
_HEAT = "".join(
    f".h{place}{{background:{colour};color:{'#fff' if place >= DARK else '#10222f'}}}"
    for place, colour in enumerate(STEPS)
)

STYLE = files("curate.audit.page").joinpath("page.css").read_text("utf-8") + _SERIES + _HEAT
"""The style sheet of every page; a page with parts of its own appends to it."""
