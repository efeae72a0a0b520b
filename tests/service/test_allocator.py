"""Memory that large answers took is not kept."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

FREED = """
from pathlib import Path

def resident_mebibytes():
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) >> 10

def freed_and_kept():
    answer = b"x" * (8 << 20)  # from now on glibc takes such blocks from its heap
    del answer
    answers = [b"x" * (1 << 20) for _ in range(100)]
    last = b"x" * 200_000  # lies behind them, so that the heap cannot shrink
    most = resident_mebibytes()
    del answers
    print(most - resident_mebibytes())
    return last

{first}
freed_and_kept()
"""
GIVE_BACK = "from service.allocator import give_memory_back; give_memory_back()"


def has_glibc() -> bool:
    return Path("/proc/self/status").exists() and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")


@pytest.mark.skipif(not has_glibc(), reason="the heaps are glibc's")
def test_what_large_answers_took_goes_back_to_the_system() -> None:
    code = FREED.format(first=GIVE_BACK)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) >= 95
