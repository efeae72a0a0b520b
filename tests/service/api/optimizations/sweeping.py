"""A small sweep over real prices, and what a client does with it."""

from typing import Any

import msgspec
from anyio import fail_after
from websockets.asyncio.client import connect

from tests.service.api.running import HANG_SECONDS, Api, Document
from tests.serving import websocket_url

SWEEP: Document = {
    "name": "periods",
    "search_space": {
        "parameters": [
            {"name": "short_period", "kind": "int_range", "low": 5, "high": 20, "step": 5},
            {"name": "long_period", "kind": "int_range", "low": 20, "high": 80, "step": 20},
        ]
    },
    "constraints": ["short_period < long_period"],
    "max_trials": 20,
    "validation_mode": "holdout",
    "base_backtest": {
        "symbols": ["AAPL"],
        "start_date": "2005-01-03T00:00:00Z",
        "end_date": "2008-12-31T00:00:00Z",
        "strategy": {"name": "ma_crossover"},
        "execution": {"commission_bps": 1.0},
    },
}
TRIALS = 15
LEARNING: Document = SWEEP | {"strategy": "bayesian", "max_trials": 10_000}


async def begin(api: Api, request: Document) -> str:
    """Post an optimization; give its id."""
    response = await api.http.post("/optimizations", json=request)
    assert response.status_code == 201, response.text
    its_id: str = response.json()["optimization_id"]
    assert response.headers["Location"] == f"/optimizations/{its_id}"
    return its_id


def stream(api: Api, its_id: str, query: str = "") -> connect:
    """A connection to its stream, to be entered."""
    address = websocket_url(api.url, f"/optimizations/{its_id}/stream{query}")
    return connect(address, max_size=None, max_queue=None, proxy=None)


async def frames(api: Api, its_id: str, query: str = "") -> list[Any]:
    """Every frame until the server closes, which it does with 1000."""
    with fail_after(HANG_SECONDS):
        async with stream(api, its_id, query) as socket:
            found = [msgspec.json.decode(text) async for text in socket]
    assert socket.close_code == 1000
    return found


async def completed(api: Api, request: Document) -> str:
    """Post an optimization and wait until it is completed."""
    its_id = await begin(api, request)
    last = (await frames(api, its_id))[-1]
    assert last["payload"]["state"] == "completed", last
    return its_id
