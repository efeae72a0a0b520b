"""A real Ray cluster on loopback, in a process of its own: nodes come and go as stdin says.

Run as ``python -m tests.service.execution.ray.nodes FOLDER``. It writes the head's port, then for
each line ``add`` or ``kill`` it reads, that word again when it is done; it ends with stdin.
"""

import os
import sys
from importlib import import_module
from typing import Any

PROCESSORS = 2
STORE_BYTES = 100 * 1024 * 1024
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # loopback only
}


def main() -> None:
    """Start the head and do as told."""
    os.environ.update(QUIET, RAY_TMPDIR=sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cluster: Any = import_module("ray.cluster_utils").Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": PROCESSORS,
            "object_store_memory": STORE_BYTES,
            "include_dashboard": False,
        },
    )
    tell(answers, cluster.address.rpartition(":")[2])
    added: list[Any] = []
    for line in sys.stdin:
        if line == "add\n":
            added.append(cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES))
        elif line == "kill\n":
            cluster.remove_node(added.pop(), allow_graceful=False)
        tell(answers, line.strip())
    cluster.shutdown()


def tell(answers: Any, line: str) -> None:
    """Write a line."""
    answers.write(line + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
