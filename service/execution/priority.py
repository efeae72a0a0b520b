"""Engines come second: whoever asks for an answer is not to wait for a simulation."""

import os
from contextlib import suppress
from pathlib import Path

NICENESS = 10
THREADS = Path("/proc/self/task")


def give_way() -> None:
    """Let the service go first where both want the same core; alone, an engine is as fast as ever.

    Eight engines on two cores would else hold up an answer for as long as each of them is due.
    """
    if THREADS.exists():  # on Linux each thread has a priority of its own
        lowest = os.nice(NICENESS)
        for thread in THREADS.iterdir():
            with suppress(ProcessLookupError):  # it has ended
                os.setpriority(os.PRIO_PROCESS, int(thread.name), lowest)
    else:
        os.nice(NICENESS)
