"""Optimizations that are polled: tags that mean their bytes, lists, rankings page by page."""

import msgspec
from anyio import fail_after

from tests.service.api.optimizations.sweeping import LEARNING, SWEEP, begin, completed, stream
from tests.service.api.running import HANG_SECONDS, Document, Service

FOUND_MIN = 4


async def status(service: Service, its_id: str) -> Document:
    document: Document = (await service.http.get(f"/optimizations/{its_id}")).json()
    return document


async def results(service: Service, its_id: str) -> Document:
    document: Document = (await service.http.get(f"/optimizations/{its_id}/results")).json()
    return document


async def learned(service: Service, its_id: str, trials: int) -> None:
    """Wait until so many trials are completed."""
    with fail_after(HANG_SECONDS):
        async with stream(service, its_id, "?types=trial") as socket:
            async for text in socket:
                trials -= msgspec.json.decode(text)["payload"]["phase"] == "completed"
                if trials == 0:
                    return


async def test_while_it_runs_the_same_tag_is_the_same_bytes(service: Service) -> None:
    its_id = await begin(service, LEARNING)
    seen: dict[str, dict[str, bytes]] = {f"/optimizations/{its_id}": {}, "/optimizations": {}}
    unchanged = dict.fromkeys(seen, 0)
    with fail_after(HANG_SECONDS):
        while any(len(bodies) < FOUND_MIN for bodies in seen.values()):
            for path, bodies in seen.items():
                response = await service.http.get(path)
                tag = response.headers["ETag"]
                assert bodies.setdefault(tag, response.content) == response.content
                again = await service.http.get(path, headers={"If-None-Match": tag})
                assert again.status_code == 304 or again.headers["ETag"] != tag
                estimated = b'"seconds_left":null' not in response.content
                unchanged[path] += estimated and again.status_code == 304
    assert all(unchanged.values()), "it changes only when something happens"
    await service.http.post(f"/optimizations/{its_id}/cancel")
    assert (await status(service, its_id))["state"] == "cancelled"


async def test_the_list_is_narrowed_and_sorted(service: Service) -> None:
    tagged = {**SWEEP["base_backtest"], "tags": {"team": "blue"}}
    ids = [
        await completed(service, SWEEP | {"name": "Große Suche"}),
        await completed(service, SWEEP | {"name": "small", "base_backtest": tagged}),
        await completed(service, SWEEP | {"name": "small search", "strategy": "random"}),
        await completed(service, SWEEP | {"name": "least", "direction": "minimize"}),
    ]
    other = await begin(service, SWEEP | {"name": "pending"})
    best = {its_id: (await status(service, its_id))["best_trial"]["value"] for its_id in ids}
    await service.http.post(f"/optimizations/{other}/cancel")
    for query, wanted in {
        "q=GROSSE": ids[:1],
        "q=search+small": [ids[2]],
        "strategy=random": [ids[2]],
        "tag=team:blue": [ids[1]],
        "symbol=AAPL&q=small": ids[2:0:-1],
        "symbol=IBM": [],
        "sort=best_value&state=completed": sorted(
            ids, key=lambda its_id: (-best[its_id], -ids.index(its_id))
        ),
    }.items():
        response = await service.http.get(f"/optimizations?{query}")
        found = [each["optimization_id"] for each in response.json()]
        assert [its_id for its_id in found if its_id in ids] == wanted, query
        assert int(response.headers["X-Total-Count"]) == len(found)


async def test_the_pages_of_a_ranking_are_of_one_moment_also_when_it_is_resumed(
    service: Service,
) -> None:
    its_id = await begin(service, LEARNING)
    await learned(service, its_id, FOUND_MIN)
    await service.http.post(f"/optimizations/{its_id}/cancel")
    whole = await results(service, its_id)
    path = f"/optimizations/{its_id}/results"
    response = await service.http.get(f"{path}?limit=2")
    assert int(response.headers["X-Total-Count"]) == whole["trials"]
    known = {"If-None-Match": response.headers["ETag"]}
    assert (await service.http.get(f"{path}?limit=2", headers=known)).status_code == 304
    following = await service.http.get(response.links["next"]["url"])

    await service.http.post(f"/optimizations/{its_id}/resume")
    await learned(service, its_id, whole["trials"] + FOUND_MIN)
    await service.http.post(f"/optimizations/{its_id}/cancel")
    assert (await service.http.get(f"{path}?limit=2", headers=known)).status_code == 200
    again = await service.http.get(response.links["next"]["url"])
    assert (again.json(), again.headers["ETag"]) == (following.json(), following.headers["ETag"])
    found = response.json()["all_trials"]
    while "next" in response.links:
        response = await service.http.get(response.links["next"]["url"])
        found += response.json()["all_trials"]
    assert found == whole["all_trials"]


async def test_a_ranking_as_a_table_has_a_tag_of_its_own(service: Service) -> None:
    path = f"/optimizations/{await completed(service, SWEEP)}/results"
    tags = {(await service.http.get(path)).headers["ETag"]}
    for form in ("text/csv", "application/vnd.apache.parquet"):
        first = await service.http.get(path, headers={"Accept": form})
        tags.add(first.headers["ETag"])
        known = {"Accept": form, "If-None-Match": first.headers["ETag"]}
        same = await service.http.get(path, headers=known)
        assert (same.status_code, same.headers["Vary"]) == (304, first.headers["Vary"])
    assert len(tags) == 3
