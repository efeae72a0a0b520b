"""The one doorway to numba: typed, cached on disk, strict IEEE arithmetic."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from numba import njit
from numba.core import config

P = ParamSpec("P")
R = TypeVar("R")


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
    setattr(config, "CACHE_DIR", _cache_directory())


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with numba on its first call and keep the machine code on disk.

    No fastmath: the compiler may not reorder floating-point operations, so that every machine
    computes the same bits. The GIL is released while it runs.
    """
    return cast("Callable[P, R]", njit(cache=True, nogil=True, error_model="numpy")(function))
