"""What a benchmark ran on."""

import os
import platform
from importlib.metadata import version

LIBRARIES = ("numba", "numpy", "polars", "starlette", "uvicorn", "uvloop", "websockets")


def machine() -> str:
    """CPUs, Python and the libraries that the figures depend on, in a line."""
    libraries = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    return f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {libraries}"
