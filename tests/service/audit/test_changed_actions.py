"""A run over prices with splits comes out the same, until its splits are no longer the same."""

from pathlib import Path

import numpy as np

from domain.market.actions import Actions
from service.audit.reexecution import reexecute
from service.projections import stream_of
from tests.service.api.running import REAL, running_service


def split(ratio: float, *dates: str) -> Actions:
    timestamp = np.array(dates, dtype="M8[us]").astype(np.int64)
    return Actions("AAPL", timestamp, np.full(len(dates), ratio), np.zeros(len(dates)))


async def test_the_actions_of_a_run_are_part_of_its_data(tmp_path: Path) -> None:
    async with running_service(tmp_path, engine_processes=1) as service:
        service.market.write_actions(split(2.0, "2005-02-28"))
        run_id = await service.completed(REAL)
        stream = stream_of(run_id)
        same = await reexecute(service.core.store, stream, service.market)
        service.market.write_actions(split(2.0, "2005-02-28", "2030-01-01"))
        later = await reexecute(service.core.store, stream, service.market)
        service.market.write_actions(split(3.0, "2005-02-28"))
        other = await reexecute(service.core.store, stream, service.market)
    assert same.findings == []
    assert later.findings == [], "what comes after the last bar is not of the run"
    (finding,) = other.findings
    assert finding.check == "data"
    assert "the corporate actions of AAPL are not those of the run" in finding.reason
