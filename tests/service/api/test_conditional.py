"""Polling: who has the current state is told so in a word, and a change is never missed."""

from pathlib import Path

import pytest

from domain.runs.events import Cancelled, Measured
from service.settings import Settings
from tests.service.api.events.quiet_service import QuietService, quiet_service
from tests.service.api.running import SHORT, Service


async def test_a_status_has_a_tag_until_the_run_goes_on(service: Service) -> None:
    run_id = await service.completed(SHORT)
    path = f"/backtests/{run_id}"
    first = await service.http.get(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    again = await service.http.get(path)
    assert (again.content, again.headers["ETag"]) == (first.content, tag)
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        same = await service.http.get(path, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag), known
        assert same.headers["Cache-Control"] == "no-store"
    for other in ('"other"', tag[:-2] + '"', tag.strip('"'), ""):
        whole = await service.http.get(path, headers={"If-None-Match": other})
        assert (whole.status_code, whole.content) == (200, first.content), other


async def test_results_have_a_tag(service: Service) -> None:
    run_id = await service.completed(SHORT)
    path = f"/backtests/{run_id}/results"
    first = await service.http.get(path)
    same = await service.http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    status = await service.http.get(f"/backtests/{run_id}")
    other = await service.http.get(path, headers={"If-None-Match": status.headers["ETag"]})
    assert other.status_code == 200, "the status is another thing"


async def test_the_past_has_a_tag_of_its_own(service: Service) -> None:
    run_id = await service.completed(SHORT)
    for path in (f"/backtests/{run_id}", f"/backtests/{run_id}/results"):
        tags = set()
        for query in ("", "?at_event=1", "?at_event=2"):
            first = await service.http.get(path + query)
            known = {"If-None-Match": first.headers["ETag"]}
            assert (await service.http.get(path + query, headers=known)).status_code == 304
            tags.add(first.headers["ETag"])
        assert len(tags) == 3


async def test_who_has_appended_gets_no_older_state(tmp_path: Path) -> None:
    async with quiet_service(tmp_path) as service:
        run_id = await service.record([])
        tags = {await tag_of(service, run_id)}
        for number in range(20):
            await service.append(run_id, [Measured("sharpe_ratio", number)])
            tags.add(await tag_of(service, run_id))
        assert len(tags) == 21
        await service.append(run_id, [Cancelled("queued")])
        assert (await service.get(f"/backtests/{run_id}")).json()["state"] == "cancelled"


async def tag_of(service: QuietService, run_id: str) -> str:
    return str((await service.get(f"/backtests/{run_id}")).headers["ETag"])


async def test_a_tag_holds_over_a_restart_and_not_over_another_log(tmp_path: Path) -> None:
    async with quiet_service(tmp_path) as service:
        run_id = await service.record([])
        known = {"If-None-Match": await tag_of(service, run_id)}
    async with quiet_service(tmp_path) as restarted:
        assert (await restarted.get(f"/backtests/{run_id}", known)).status_code == 304
    Settings(data_dir=tmp_path).log_path.unlink()
    async with quiet_service(tmp_path) as other:
        another = await other.record([])
        assert (await other.get(f"/backtests/{another}", known)).status_code == 200


async def test_an_id_is_found_however_it_is_spelt(tmp_path: Path) -> None:
    async with quiet_service(tmp_path) as service:
        run_id = await service.record([])
        for spelling in (run_id.upper(), run_id.replace("-", ""), f"{{{run_id}}}"):
            await service.append(run_id, [Measured("sharpe_ratio", 1)])
            response = await service.get(f"/backtests/{spelling}")
            assert response.json()["run_id"] == run_id
            assert response.headers["ETag"] == await tag_of(service, run_id)


@pytest.mark.parametrize("run_id", ["nonsense", "00000000-0000-4000-8000-000000000000"])
async def test_a_run_that_is_not_there_has_no_tag(service: Service, run_id: str) -> None:
    response = await service.http.get(f"/backtests/{run_id}", headers={"If-None-Match": "*"})
    assert (response.status_code, response.json()["detail"]) == (
        404,
        f"there is no backtest {run_id!r}",
    )
    assert "ETag" not in response.headers
