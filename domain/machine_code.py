"""The one doorway to numba. Imported at the first call of a compiled function, not before."""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
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


class _Place(UserProvidedCacheLocator):
    """The one directory of kept machine code, also where nothing can be written into it.

    Numba's own would go without, and read nothing either: in a container whose file system is
    read-only every process would compile everything.
    """

    def ensure_cache_path(self) -> None:
        with suppress(OSError):
            super().ensure_cache_path()  # type: ignore[no-untyped-call]


class _KeptFunctions(CompileResultCacheImpl):
    _locator_classes: list[type[object]] = [_Place]  # noqa: RUF012 (so it is declared by numba)


class _KeptCode(FunctionCache):
    """Numba's cache on disk, without what only compiling needs.

    Before it looks for machine code, numba's own loads all that a compiler must know of Python and
    NumPy (and of SciPy, where that is installed): half of the time that an engine takes to start.
    Machine code needs the runtime that manages its arrays; what has to be compiled loads the rest.
    """

    _impl_class = _KeptFunctions

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the machine code for a signature, unless the directory cannot be written."""
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load the machine code for a signature; ``None`` where there is none yet."""
        rtsys.initialize(target_context)
        with suppress(OSError):
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        return None


def dispatcher(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Give numba's ``Dispatcher``: it compiles unless the machine code is on disk."""
    made: Any = njit(nogil=True, error_model="numpy", **options)(function)
    # What is executed from the log has no file whose machine code could be kept.
    if Path(function.__code__.co_filename).exists():
        made._cache = _KeptCode(function)  # type: ignore[no-untyped-call]
    return made
