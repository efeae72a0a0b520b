"""How much memory a run may take."""

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")


def limit_memory(mebibytes: int) -> None:
    """Let this process take so much more memory than it has now; what needs more fails.

    Python code is told by a ``MemoryError``. Counted is what the process allocates, whether it has
    written to it or not, without the files that it has mapped. Linux only; elsewhere nothing is
    limited.
    """
    if not STATUS.exists():
        return
    taken = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmData:"))
    limit = int(taken.split()[1]) * 1024 + mebibytes * 1024 * 1024
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))
