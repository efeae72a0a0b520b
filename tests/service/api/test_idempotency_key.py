"""A POST that is sent again with its key: one run, one answer."""

import hashlib
import json
from collections.abc import AsyncIterator

import anyio
import pytest
from httpx2 import Response

from service.projections import stream_of
from tests.service.api.optimizations.sweeping import SWEEP
from tests.service.api.running import SHORT, Document, Service, running_service

ALICE, BOB = "alice's key", "bob's key"
FAMILIES = pytest.mark.parametrize(
    ("path", "request_"), [("/backtests", SHORT), ("/optimizations", SWEEP)]
)
SAME = ("location", "etag", "x-log-position")


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("data")
    async with running_service(folder, api_keys=(ALICE, BOB), engine_processes=1) as service:
        service.http.headers["X-API-Key"] = ALICE
        yield service


async def post(
    service: Service, idempotency_key: str, path: str = "/backtests", request: Document = SHORT
) -> Response:
    headers = {"Idempotency-Key": idempotency_key}
    return await service.http.post(path, json=request, headers=headers)


async def how_many(service: Service, path: str) -> str:
    headers = (await service.http.get(path)).headers
    return str(headers["x-total-count"])


@FAMILIES
async def test_the_first_answer_is_given_again(
    service: Service, path: str, request_: Document
) -> None:
    first = await post(service, f"nightly{path}", path, request_)
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    made = await how_many(service, path)
    cancelled = await service.http.post(f"{first.headers['location']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    again = await post(service, f"nightly{path}", path, request_)
    assert (again.status_code, again.content) == (201, first.content)
    assert [again.headers[name] for name in SAME] == [first.headers[name] for name in SAME]
    assert again.headers["idempotency-replayed"] == "true"
    assert await how_many(service, path) == made


@FAMILIES
async def test_another_request_is_refused_with_what_the_key_stands_for(
    service: Service, path: str, request_: Document
) -> None:
    first = await post(service, f"once{path}", path, request_)
    made = await how_many(service, path)
    changed = await post(service, f"once{path}", path, request_ | {"name": "another"})
    assert changed.status_code == 422
    its_id = first.headers["location"].rpartition("/")[2]
    assert f"another request, which made {path[1:-1]} {its_id}; " in changed.json()["detail"]
    assert await how_many(service, path) == made


async def test_a_key_stands_for_one_request_whichever_path_it_went_to(service: Service) -> None:
    assert (await post(service, "both")).status_code == 201
    assert (await post(service, "both", "/optimizations", SWEEP)).status_code == 422


async def test_spaces_and_the_order_of_names_make_no_other_request(service: Service) -> None:
    first = await post(service, "spaced")
    text = json.dumps(dict(reversed(SHORT.items())), indent=4)
    headers = {"Idempotency-Key": "spaced", "Content-Type": "application/json"}
    again = await service.http.post("/backtests", content=text, headers=headers)
    assert again.content == first.content


async def test_fifty_at_once_make_one_run(service: Service) -> None:
    answers: list[Response] = []

    async def ask() -> None:
        answers.append(await post(service, "fifty", request=SHORT | {"name": "fifty"}))

    async with anyio.create_task_group() as clients:
        for _ in range(50):
            clients.start_soon(ask)
    made = [answer for answer in answers if answer.status_code == 201]
    under_way = [answer for answer in answers if answer.status_code == 409]
    assert len(made) + len(under_way) == 50
    assert len({answer.content for answer in made}) == 1
    assert ["idempotency-replayed" in answer.headers for answer in made].count(False) == 1
    for answer in under_way:
        assert answer.headers["retry-after"] == "1"
        assert "still under way; send it again" in answer.json()["detail"]
    runs = await service.http.get("/backtests", params={"q": "fifty"})
    assert len(runs.json()) == 1


async def test_a_request_that_was_refused_leaves_its_key_free(service: Service) -> None:
    wrong = await post(service, "free", request=SHORT | {"strategy": {"name": "astrology"}})
    assert wrong.status_code == 400
    assert (await post(service, "free")).status_code == 201


async def test_each_api_key_has_idempotency_keys_of_its_own(service: Service) -> None:
    of_alice = await post(service, "shared")
    headers = {"Idempotency-Key": "shared", "X-API-Key": BOB}
    of_bob = await service.http.post("/backtests", json=SHORT, headers=headers)
    assert of_bob.status_code == 201
    assert of_bob.headers["location"] != of_alice.headers["location"]
    assert (of_alice.json()["created_by"], of_bob.json()["created_by"]) == ("key-1", "key-2")


async def test_the_log_has_digests_and_the_name_of_the_api_key(service: Service) -> None:
    made = await post(service, "written down")
    assert made.status_code == 400, "a key has no spaces"
    run_id = (await post(service, "written-down")).json()["run_id"]
    (queued, *_) = await service.core.store.read(stream_of(run_id), limit=1)
    request = json.dumps(["/backtests", SHORT], sort_keys=True, separators=(",", ":"))
    assert json.loads(queued.payload)["origin"] == {
        "key": "key-1",
        "idempotency": {
            "key": hashlib.sha256(b'["key-1","written-down"]').hexdigest(),
            "request": hashlib.sha256(request.encode()).hexdigest(),
        },
    }


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "é"])
async def test_a_key_that_is_none_is_refused(service: Service, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode()}
    answer = await service.http.post("/backtests", json=SHORT, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("header Idempotency-Key: expected `str` ")


async def test_two_keys_are_refused(service: Service) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    answer = await service.http.post("/backtests", json=SHORT, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "header Idempotency-Key: it is given more than once"
