"""Files that come with Curate: the quickstart recipe, its samples, the learned judges.

An installed package carries them inside itself, so that `pipelines` and `classifiers` are no import names; a
checkout has them at its top level.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(relative: str) -> Path:
    """The path of a file or folder that comes with Curate, as "pipelines/quickstart.py".

    Raises FileNotFoundError where neither the package nor the checkout around it has it.
    """
    places = (_PACKAGE / "_shipped" / relative, _PACKAGE.parent / relative)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(
        f"Curate should come with {relative}, but there is neither {places[0]} nor {places[1]}; install it again"
    )
