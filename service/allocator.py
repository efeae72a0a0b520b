"""How the C library keeps memory that was freed."""

import ctypes
from contextlib import suppress

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of glibc's malloc.h
LARGE_BYTES = 256 * 1024
ARENAS_MAX = 2


def give_memory_back() -> None:
    """Let the memory of large answers go back to the system as soon as they are gone.

    Left to itself, glibc keeps a heap for each of the threads that make answers, and in it what
    large ones have left behind: a service that hands out results grows for hours. To be called
    before there are threads. Other C libraries have no such heaps, and nothing is done.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, ARENAS_MAX)
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
