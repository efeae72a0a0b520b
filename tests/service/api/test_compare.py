"""Completed runs side by side: their metrics, and their equity at the same moments."""

from itertools import pairwise
from typing import Any

import pytest

from tests.service.api.running import SHORT, Document, Service

LONGER = SHORT | {"symbols": ["IBM"], "end_date": "2012-01-01T00:00:00Z"}
HEDGED = SHORT | {"symbols": ["MSFT"], "benchmark_symbol": "IBM"}


@pytest.fixture(scope="module")
async def runs(service: Service) -> list[str]:
    """A year, three of which that is the first, and the year with a benchmark."""
    return [await service.completed(request) for request in (SHORT, LONGER, HEDGED)]


async def compared(service: Service, runs: list[str], more: str = "") -> Document:
    response = await service.http.get(f"/backtests/compare?ids={','.join(runs)}{more}")
    assert response.status_code == 200, response.text
    document: Document = response.json()
    assert document["run_ids"] == runs
    return document


def known(document: Document, number: int) -> dict[str, float]:
    """The curve of one run as the document has it, without the moments at which it has no bar."""
    equity = document["equity"]
    values = zip(equity["timestamps"], equity["values"][number], strict=True)
    return {moment: value for moment, value in values if value is not None}


async def curve(service: Service, run_id: str) -> dict[str, float]:
    results: dict[str, Any] = await service.results(run_id)
    return {point["timestamp"]: point["value"] for point in results["equity_curve"]}


async def test_metrics_stand_side_by_side(service: Service, runs: list[str]) -> None:
    metrics = (await compared(service, runs))["metrics"]
    summaries = [(await service.results(run_id))["metrics_summary"] for run_id in runs]
    assert list(metrics) == list(summaries[2]), "that with a benchmark has all there are"
    for name, values in metrics.items():
        assert values == [summary.get(name) for summary in summaries]
    assert metrics["beta"][0] is None
    assert metrics["beta"][2] is not None


async def test_equity_is_aligned_and_null_where_a_run_has_none(
    service: Service, runs: list[str]
) -> None:
    document = await compared(service, runs)
    curves = [await curve(service, run_id) for run_id in runs]
    assert document["equity"]["timestamps"] == sorted(set().union(*curves))
    for number, expected in enumerate(curves):
        assert known(document, number) == expected
    assert None in document["equity"]["values"][0]


async def test_moments_below_a_second_are_spelt_as_in_the_curves(service: Service) -> None:
    ticks = SHORT | {
        "resolution": "tick",
        "start_date": "2010-01-04T10:00:00Z",
        "end_date": "2010-01-04T12:00:00Z",
        "data_source": "synthetic",
    }
    runs = [await service.completed(ticks | {"symbols": [symbol]}) for symbol in ("A", "B")]
    document = await compared(service, runs, "&max_points=100000")
    curves = [await curve(service, run_id) for run_id in runs]
    lengths = {len(moment) for moment in document["equity"]["timestamps"]}
    assert lengths == {
        len("2010-01-04T10:00:00.001+00:00"),
        len("2010-01-04T10:00:00.000001+00:00"),
    }
    for number, expected in enumerate(curves):
        assert known(document, number) == expected


async def test_thinned_curves_keep_their_ends_and_extremes(
    service: Service, runs: list[str]
) -> None:
    document = await compared(service, runs, "&max_points=200")
    moments = document["equity"]["timestamps"]
    assert len(moments) <= 200
    assert all(earlier < later for earlier, later in pairwise(moments))
    for number, run_id in enumerate(runs):
        whole, shown = await curve(service, run_id), known(document, number)
        assert shown.items() <= whole.items()
        assert {*list(whole)[:1], *list(whole)[-1:]} <= shown.keys()
        for extreme in (max(whole.values()), min(whole.values())):
            assert extreme in shown.values()
        assert shown.keys() == whole.keys() & set(moments), "it has its value at those of others"


async def test_who_has_it_is_told_so(service: Service, runs: list[str]) -> None:
    path = f"/backtests/compare?ids={','.join(runs)}"
    known = {"If-None-Match": (await service.http.get(path)).headers["ETag"]}
    assert (await service.http.get(path, headers=known)).status_code == 304
    turned = f"/backtests/compare?ids={','.join(runs[::-1])}"
    assert (await service.http.get(turned, headers=known)).status_code == 200


async def test_the_same_run_twice_or_one_alone_is_refused(
    service: Service, runs: list[str]
) -> None:
    for ids, detail in {
        runs[0]: "2 to 20 runs can be compared, separated by commas; 1 given",
        f"{runs[0]},{runs[1]},{runs[0].upper()}": f"{runs[0]} is there twice",
    }.items():
        response = await service.http.get(f"/backtests/compare?ids={ids}")
        assert response.status_code == 400
        assert response.json()["detail"] == f"query parameter ids: {detail}"


async def test_a_run_that_is_not_there_or_not_completed_is_named(
    service: Service, runs: list[str]
) -> None:
    missing = await service.http.get(f"/backtests/compare?ids={runs[0]},nonsense")
    assert (missing.status_code, missing.json()["detail"]) == (
        404,
        "there is no backtest 'nonsense'",
    )
    failed = await service.create(SHORT | {"symbols": ["NONE"]})
    await service.frames(failed)
    response = await service.http.get(f"/backtests/compare?ids={runs[0]},{failed}")
    assert (response.status_code, response.json()["detail"]) == (
        409,
        f"backtest {failed} is failed; only completed ones can be compared",
    )
