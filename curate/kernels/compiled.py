"""How a kernel is compiled: by numba, without the interpreter's lock, and once per machine where it can be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """`function` compiled at its first call; the machine code is kept beside the source, else in the user's cache.

    Where neither folder can be written (a read-only install without a home), numba would refuse; the kernel is then
    compiled in each process, which costs seconds and changes nothing else. A shared temporary folder is no third place:
    the cache is a pickle, and whoever can write it can run code here. `NUMBA_CACHE_DIR` names another folder.

    A kernel calls only kernels of its own file: the cache knows it by that file's content, and would go on with the
    old code of another one. It is called with the same types each time, or each set of types is compiled anew: the
    functions around kernels see to contiguous arrays of fixed types.
    """
    try:
        return cast(F, njit(cache=True, nogil=True)(function))
    except RuntimeError as refusal:  # numba's words: "cannot cache function ...: no locator available"
        if "cannot cache" not in str(refusal):
            raise
        return cast(F, njit(nogil=True)(function))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Contiguous and read-only, as a column's buffer is: one type of array for the compiler."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
