"""A running service says what it can do, to whoever asks, and says the truth."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from httpx2 import AsyncClient

from service.api.discovery import POLICY
from service.http.edge import SECURITY_HEADERS
from tests.service.api.optimizations.sweeping import SWEEP
from tests.service.api.running import SHORT, Service, running_service

PATHS = [
    "/openapi.json",
    "/asyncapi.json",
    "/docs",
    "/docs/style.css",
    "/docs/swagger.js",
    "/docs/start.js",
]

OF_HTTP = {
    "content-length",
    "content-type",
    "date",
    "transfer-encoding",
    *(name.decode() for name, _ in SECURITY_HEADERS),
}


@pytest.fixture(scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    async with running_service(folder, api_keys=("a-key",), engine_processes=1) as service:
        yield service


@pytest.mark.parametrize("path", PATHS)
async def test_it_is_told_before_anybody_could_authorise(guarded: Service, path: str) -> None:
    assert (await guarded.http.get(path)).status_code == 200
    assert (await guarded.http.get("/backtests")).status_code == 401


async def test_the_page_may_load_from_here_and_nowhere_else(service: Service) -> None:
    page = await service.http.get("/docs")
    assert page.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert page.headers["cache-control"] == "no-store"
    assert "//" not in page.text.replace("</", "")


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/docs"])
async def test_what_has_not_changed_is_not_sent_again(service: Service, path: str) -> None:
    tag = (await service.http.get(path)).headers["etag"]
    again = await service.http.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_browser_at_the_root_is_sent_to_the_page(service: Service) -> None:
    answer = await service.http.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")


async def test_a_program_at_the_root_is_told_where_to_look(service: Service) -> None:
    answer = await service.http.get("/")
    assert answer.status_code == 404
    assert "/openapi.json" in answer.json()["detail"]


async def test_keys_are_asked_for_where_there_are_any(service: Service, guarded: Service) -> None:
    for api, expected in ((service, False), (guarded, True)):
        document = (await api.http.get("/openapi.json")).json()
        assert ("security" in document["paths"]["/backtests"]["post"]) is expected


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/docs",
        "/openapi.json",
        "/strategies",
        "/backtests",
        "/backtests/{run_id}",
        "/backtests/{run_id}/results",
        "/backtests/{run_id}/results/trades",
        "/backtests/{run_id}/events",
        "/backtests/{run_id}/export",
        "/events",
        "/audit/checkpoint",
    ],
)
async def test_every_header_of_an_answer_is_described(service: Service, path: str) -> None:
    document = (await service.http.get("/openapi.json")).json()
    address = path.replace("{run_id}", await service.completed(SHORT)) if "{" in path else path
    whole = await service.http.get(address)
    tag = {"If-None-Match": whole.headers.get("etag", "")}
    refused = await service.http.get(f"{address}?no_such=parameter")
    for answer in (whole, await service.http.get(address, headers=tag), refused):
        described = document["paths"][path]["get"]["responses"][str(answer.status_code)]
        if "$ref" in described:
            described = document["components"]["responses"][str(answer.status_code)]
        names = {name.lower() for name in described["headers"]}
        assert set(answer.headers) - OF_HTTP <= names, answer.status_code


async def _resolved(http: AsyncClient, path: str, *steps: str) -> dict[str, Any]:
    """A schema of a document, with the components that it refers to."""
    document = (await http.get(path)).json()
    schema: dict[str, Any] = document
    for step in steps:
        schema = schema[step]
    return schema | {"components": document["components"]}


async def test_every_frame_of_a_stream_is_as_described(service: Service) -> None:
    # Made-up prices are said loudly, in the log.
    run_id = await service.completed(SHORT | {"data_source": "synthetic"})
    types = set()
    for frame in await service.frames(run_id):
        types.add(frame["type"])
        where = ("channels", "run_stream", "messages", frame["type"], "payload")
        schema = await _resolved(service.http, "/asyncapi.json", *where)
        jsonschema_rs.validator_for(schema).validate(frame)
    assert types == {"state", "progress", "metric", "log"}


def _body_of(path: str) -> tuple[str, ...]:
    answer = ("get", "responses", "200", "content", "application/json", "schema")
    return ("paths", path, *answer)


async def test_the_results_of_a_run_are_as_described(service: Service) -> None:
    run_id = await service.completed(SHORT | {"benchmark_symbol": "MSFT"})
    schema = await _resolved(
        service.http, "/openapi.json", *_body_of("/backtests/{run_id}/results")
    )
    document = await service.results(run_id)
    assert list(jsonschema_rs.validator_for(schema).iter_errors(document)) == []


async def test_the_results_of_an_optimization_are_as_described(service: Service) -> None:
    created = await service.http.post("/optimizations", json=SWEEP, headers={"Prefer": "wait=30"})
    optimization_id = created.json()["optimization_id"]
    assert created.json()["state"] == "completed", created.json()
    results = await service.http.get(f"/optimizations/{optimization_id}/results")
    schema = await _resolved(
        service.http, "/openapi.json", *_body_of("/optimizations/{optimization_id}/results")
    )
    jsonschema_rs.validator_for(schema).validate(results.json())
