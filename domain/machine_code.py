"""The one doorway to numba. Imported at the first call of a compiled function, not before."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys


def _cache_directory() -> str:
    # numba notices a change in a function's own file, but not in a file it calls into: machine
    # code must never outlive any of its sources, so the cache's name is their fingerprint.
    room = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted(room.rglob("*.py")):
        digest.update(source.read_bytes())
    return str(room / "__pycache__" / f"compiled-{digest.hexdigest()[:16]}")


if "NUMBA_CACHE_DIR" not in os.environ:
    # numba reads its options from the environment when it is imported, and has this one since.
    config.CACHE_DIR = _cache_directory()  # type: ignore[attr-defined]  # made at run time


class _KeptCode(FunctionCache):
    """Numba's cache on disk, without what only compiling needs.

    Before it looks for machine code, numba's own loads all that a compiler must know of Python and
    NumPy (and of SciPy, where that is installed): half of the time that an engine takes to start.
    Machine code needs the runtime that manages its arrays; what has to be compiled loads the rest.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load the machine code for a signature; ``None`` where there is none yet."""
        rtsys.initialize(target_context)
        return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


def dispatcher(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Give numba's ``Dispatcher``: it compiles unless the machine code is on disk."""
    made: Any = njit(nogil=True, error_model="numpy", **options)(function)
    # What is executed from the log has no file whose machine code could be kept.
    if Path(function.__code__.co_filename).exists():
        made._cache = _KeptCode(function)  # type: ignore[no-untyped-call]
    return made
