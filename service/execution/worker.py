"""The engine process: reads commands on stdin, simulates, writes events on stdout.

Run as ``python -P -m service.execution.worker MARKET_FOLDER MISSING_DATA MEMORY_MIB_MAX``.
"""

import gc
import signal
import sys
from pathlib import Path
from typing import cast


def main() -> None:
    """Serve on stdin and stdout until stdin ends."""
    # Ctrl-C in a terminal reaches the whole process group; the service decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Imported only now: no module is garbage, and looking for some takes a sixth of an engine's
    # start. The engine itself begins to, once it is warm.
    gc.disable()
    from service.execution.engine import Engine
    from service.execution.job import MissingDataPolicy
    from service.execution.pipes import private_pipes
    from service.market_data.catalog import Catalog

    commands, replies = private_pipes()
    market, missing_data, memory_mib_max = sys.argv[1:]
    Engine(
        commands,
        replies,
        Catalog(Path(market)),
        cast("MissingDataPolicy", missing_data),
        int(memory_mib_max),
    ).serve()


if __name__ == "__main__":
    main()
