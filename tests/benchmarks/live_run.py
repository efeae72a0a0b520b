"""A service with one run under way that ticks evenly for ever: what 1,000 clients look at.

Run as ``python -m tests.benchmarks.live_run FOLDER STORED SECONDS``: the run has STORED events when
the service begins to listen, and another one every so many seconds. No engine takes part.
"""

import asyncio
import sys
from pathlib import Path

import uvloop

from domain.runs.events import Progressed, Queued, encode
from eventstore.store import EventStore
from service import clock
from service.audit.key import open_key
from service.core import Core
from service.feed.feed import Feed
from service.market_data.catalog import Catalog
from service.projections import stored_projections, stream_of
from service.report.reports import Reports
from service.results import Results
from service.runs import stored_form
from service.server import listening, spare_the_collector
from service.settings import Settings
from service.strategies.strategies import Strategies
from tests.benchmarks.processes import STARTED
from tests.benchmarks.stream import REQUEST

RUN_ID = "00000000-0000-4000-8000-000000000000"
TICK = Progressed(0.25, 97_500, 390_000, "2010-03-09T17:00:00+00:00", 1_013_250.75)
APPEND_EVENTS = 500


async def main() -> None:
    """Serve until terminated."""
    settings = Settings(data_dir=Path(sys.argv[1]), port=0, rate_limit=1_000_000)
    stored, seconds = int(sys.argv[2]), float(sys.argv[3])
    async with await EventStore.open(
        settings.log_path, projections=stored_projections(), clock=clock.now_microseconds
    ) as store:
        key, strategies = open_key(settings.audit_key_path), Strategies(None, 4096)
        reports = Reports(store, Catalog(settings.market_path))
        core = Core(store, Results(store), key, Feed(store), strategies, None, reports)
        version = 0
        queued, tick = stored_form([encode(Queued(REQUEST)), encode(TICK)])
        while version < stored:
            events = [queued, *[tick] * APPEND_EVENTS][bool(version) :][: stored - version]
            version = (await store.append(stream_of(RUN_ID), events, version)).version
        async with listening(settings, core) as url:
            spare_the_collector()
            print(f"{STARTED}{url}", flush=True)
            while True:
                await asyncio.sleep(seconds)
                version = (await store.append(stream_of(RUN_ID), [tick], version)).version


if __name__ == "__main__":
    uvloop.run(main())
