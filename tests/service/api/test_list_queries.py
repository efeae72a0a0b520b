"""Lists over HTTP: narrowed, sorted, counted, and in pages that are pinned to a position."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from domain.market.moments import iso
from domain.optimizations.objective import BENCHMARK_METRICS, METRICS
from tests.service.api.events.quiet_service import QuietService, quiet_service
from tests.service.lists.recorded import Recorded, Recorder

RUNS = 30
SEED = 6


class Listed(NamedTuple):
    """A service whose runs were made up, and what is known of them, oldest first."""

    service: QuietService
    recorder: Recorder

    @property
    def runs(self) -> list[Recorded]:
        return list(self.recorder.history[-1].values())

    async def ids(self, path: str, begun: Sequence[str] = ()) -> list[str]:
        """The runs of a list, over all its pages after those that were ``begun`` with."""
        found = [*begun]
        while path:
            response = await self.service.get(path)
            assert response.status_code == 200, response.text
            found += [run["run_id"] for run in response.json()]
            following = response.links.get("next", {}).get("url", "")
            if not following:
                assert int(response.headers["X-Total-Count"]) == len(found)
            path = following
        return found


@pytest.fixture(scope="module")
async def listed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Listed]:
    async with quiet_service(tmp_path_factory.mktemp("data")) as service:
        recorder = Recorder(service.core.store, SEED)
        for _ in range(RUNS):
            await recorder.create()
            await recorder.go_on()
            await recorder.go_on()
        yield Listed(service, recorder)


def ids(runs: list[Recorded]) -> list[str]:
    return [recorded.run.run_id for recorded in runs]


async def test_a_list_is_narrowed(listed: Listed) -> None:
    newest_first = listed.runs[::-1]
    for query, wanted in {
        "strategy=momentum": [r for r in newest_first if r.request.strategy.name == "momentum"],
        "symbol=IBM": [r for r in newest_first if "IBM" in r.request.symbols],
        "tag=team": [r for r in newest_first if "team" in (r.request.tags or {})],
        "tag=team:red": [r for r in newest_first if (r.request.tags or {}).get("team") == "red"],
        "q=fluss+STRASSE": [r for r in newest_first if "Fluß" in (r.request.name or "")],
        "q=%20": newest_first,
        "q=nothing+like+it": [],
        "state=queued&symbol=IBM&tag=a": [
            r
            for r in newest_first
            if (r.run.state.value, (r.request.tags or {}).get("a")) == ("queued", "b:c")
            and "IBM" in r.request.symbols
        ],
    }.items():
        assert await listed.ids(f"/backtests?{query}&limit=4") == ids(wanted), query
        assert len(wanted) < RUNS or query == "q=%20"


async def test_a_range_of_creation_has_its_start_and_not_its_end(listed: Listed) -> None:
    after, before = (quote(iso(listed.runs[n].run.created_at)) for n in (5, 12))
    found = await listed.ids(f"/backtests?created_after={after}&created_before={before}")
    assert found == ids(listed.runs[5:12][::-1])
    assert await listed.ids("/backtests?created_before=1999-12-31") == []
    assert len(await listed.ids("/backtests?created_after=1999-12-31")) == RUNS


async def test_a_list_is_sorted_by_creation(listed: Listed) -> None:
    assert await listed.ids("/backtests?sort=created_at&order=asc&limit=7") == ids(listed.runs)
    assert await listed.ids("/backtests?limit=7") == ids(listed.runs[::-1])


@pytest.mark.parametrize(("order", "sign"), [("asc", 1), ("desc", -1)])
async def test_a_list_is_sorted_by_a_metric_and_what_lacks_it_comes_last(
    listed: Listed, order: str, sign: int
) -> None:
    found = await listed.ids(f"/backtests?sort=sharpe_ratio&order={order}&limit=7")
    values = {r.run.run_id: r.metrics.get("sharpe_ratio") for r in listed.runs}
    known = [run_id for run_id in found if values[run_id] is not None]
    assert found[: len(known)] == known
    assert [values[run_id] for run_id in known] == sorted(
        (value for value in values.values() if value is not None), key=lambda value: sign * value
    )
    assert sorted(found) == sorted(values)
    assert 3 < len(known) < RUNS


async def test_what_can_be_sorted_by_is_listed_where_it_is_something_else(listed: Listed) -> None:
    response = await listed.service.get("/backtests?sort=luck")
    allowed = ", ".join(["created_at", *METRICS, *BENCHMARK_METRICS])
    assert (response.status_code, response.json()["detail"]) == (
        400,
        f"query parameter sort: there is no 'luck' to sort by; allowed: {allowed}",
    )


async def test_what_is_no_moment_is_told(listed: Listed) -> None:
    response = await listed.service.get("/backtests?created_after=yesterday")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("created_after: 'yesterday' is not an ISO 8601")


async def test_a_page_that_was_begun_goes_on_where_it_stood(listed: Listed) -> None:
    before, position = ids(listed.runs[::-1]), len(listed.recorder.history) - 1
    response = await listed.service.get("/backtests?limit=10&state=queued")
    queued = [r.run.run_id for r in listed.runs[::-1] if r.run.state.value == "queued"]
    for _ in range(10):
        await listed.recorder.create()
        await listed.recorder.go_on()
    begun = [run["run_id"] for run in response.json()]
    assert await listed.ids(response.links["next"]["url"], begun) == queued
    at_position = f"/backtests?limit=6&at_position={position}"
    assert await listed.ids(at_position) == before


async def test_a_cursor_is_good_for_its_list_only(listed: Listed) -> None:
    path = (await listed.service.get("/backtests?limit=3&state=queued")).links["next"]["url"]
    cursor = parse_qs(urlsplit(path).query)["cursor"][0]
    for wrong, problem in {
        f"/backtests?state=failed&cursor={cursor}": "cursor: it is of another list",
        f"/backtests?cursor={cursor}": "cursor: it is of another list",
        f"/optimizations?state=running&cursor={cursor}": "cursor: it is of another list",
        f"/backtests?state=queued&cursor={cursor[:-2]}": "cursor: it was changed",
        f"/backtests?state=queued&cursor={cursor.swapcase()}": "cursor: it was changed",
        "/backtests?cursor=310": "cursor: it was changed",
    }.items():
        response = await listed.service.get(wrong)
        assert response.status_code == 400, wrong
        assert response.json()["detail"].startswith(problem)
    longer = await listed.service.get(f"/backtests?state=queued&limit=100&cursor={cursor}")
    assert longer.status_code == 200, "only the limit may differ"


async def test_a_cursor_holds_over_a_restart_and_not_over_another_log(tmp_path: Path) -> None:
    async with quiet_service(tmp_path) as service:
        for _ in range(4):
            await service.record([])
        first = await service.get("/backtests?limit=2")
        path = first.links["next"]["url"]
        second = (await service.get(path)).json()
    async with quiet_service(tmp_path) as restarted:
        assert (await restarted.get(path)).json() == second
    (tmp_path / "log.db").unlink()
    async with quiet_service(tmp_path) as other:
        response = await other.get(path)
        assert (response.status_code, response.json()["detail"][:27]) == (
            400,
            "cursor: it is of the log " + second[0]["log_id"][:2],
        )


async def test_a_page_has_a_tag_until_the_list_changes(listed: Listed) -> None:
    path = "/backtests?limit=3&sort=total_return"
    first = await listed.service.get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    same = await listed.service.get(path, known)
    assert (same.status_code, same.content, same.headers["ETag"]) == (
        304,
        b"",
        known["If-None-Match"],
    )
    following = first.links["next"]["url"]
    tag_of_second = (await listed.service.get(following)).headers["ETag"]
    await listed.recorder.create()
    changed = await listed.service.get(path, known)
    assert (changed.status_code, changed.headers["ETag"] != first.headers["ETag"]) == (200, True)
    pinned = await listed.service.get(following, {"If-None-Match": tag_of_second})
    assert pinned.status_code == 304, "what stood at a position does not change"
