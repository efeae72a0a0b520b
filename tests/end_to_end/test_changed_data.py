"""A run whose data changed while the service was down is failed; its record is left as it is."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from domain.market.resolution import Resolution
from tests.end_to_end.faults import LONG, Service, service_in
from tests.torture.market import FIRST_MINUTE, LAST_MINUTE, make_market


def stored_rows(service: Service) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(service.data / "log.db")) as log:
        return log.execute("SELECT * FROM events ORDER BY position").fetchall()


async def test_a_run_does_not_go_on_over_data_that_changed_meanwhile(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        market = make_market(service.data / "market")
        await service.start()
        run_id = await service.create(LONG)
        await service.reached(run_id, 10)
        await service.process.kill(engines=False)
        record = stored_rows(service)
        loaded = market.load("ETH/USDT", Resolution.MINUTE, FIRST_MINUTE, LAST_MINUTE, "UTC")
        volume = np.append(loaded.bars.volume[:-1], loaded.bars.volume[-1] + 1.0)
        market.write(msgspec.structs.replace(loaded.bars, volume=volume), Resolution.MINUTE)

        await service.start()
        status = await service.ended(run_id)
        await service.process.terminate()

        assert status["state"] == "failed"
        assert status["error"].startswith("event 2: the log holds a state event that")
        assert "the data have changed" in status["error"]
        after = stored_rows(service)
        assert len(record) >= 10
        assert after[: len(record)] == record
        assert len(after) == len(record) + 1, "only the failure was appended"
