"""A results document that is too long to be kept is streamed, and is the same document."""

import pytest

from service import long_document, results
from tests.service.api.running import REAL, Service


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing fits in memory: every curve goes through a file, in several chunks."""
    monkeypatch.setattr(results, "DOCUMENT_CACHED_BYTES_MAX", 10_000)
    monkeypatch.setattr(results, "SPOOL_BYTES_MAX", 1_000)
    monkeypatch.setattr(long_document, "CHUNK_BYTES", 7_777)
    return monkeypatch


async def test_a_long_document_is_streamed_and_equals_the_one_that_is_kept(
    service: Service, small_bounds: pytest.MonkeyPatch
) -> None:
    run_id = await service.completed(REAL | {"benchmark_symbol": "GOOG"})
    path = f"/backtests/{run_id}/results"
    streamed = [await service.http.get(path) for _ in range(2)]
    small_bounds.undo()
    kept = [await service.http.get(path) for _ in range(2)]
    assert {response.status_code for response in streamed + kept} == {200}
    assert all("Content-Length" not in response.headers for response in streamed)
    assert all("Content-Length" in response.headers for response in kept)
    assert len({response.content for response in streamed + kept}) == 1
    assert len(streamed[0].json()["equity_curve"]) == 2013
    assert streamed[0].headers["Content-Type"] == "application/json"


async def test_a_client_that_leaves_half_way_harms_nobody(
    service: Service, small_bounds: pytest.MonkeyPatch
) -> None:
    run_id = await service.completed(REAL)
    path = f"/backtests/{run_id}/results"
    for _ in range(5):
        async with service.http.stream("GET", path) as response:
            async for piece in response.aiter_bytes():
                assert piece.startswith(b'{"run_id":')
                break
    assert (await service.http.get(path)).json()["run_id"] == run_id


async def test_a_document_is_folded_once(service: Service) -> None:
    run_id = await service.completed(REAL)
    document = await service.core.results.document(run_id)
    assert isinstance(document, bytes)
    assert await service.core.results.document(run_id) is document
