"""``Prefer: wait``: the answer to a POST when what it made has ended."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from httpx2 import AsyncClient, Response

from tests.service.api.optimizations.sweeping import SWEEP
from tests.service.api.running import HANG_SECONDS, LONG, SHORT, Service, running_service
from tests.service.execution.running import until

PATIENT = {"Prefer": "wait=50"}


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with one engine, so that a second run waits for the first."""
    async with running_service(tmp_path_factory.mktemp("data"), engine_processes=1) as service:
        yield service


async def waiting(service: Service) -> None:
    """Until a request waits for the end of its run."""
    with anyio.fail_after(HANG_SECONDS):
        await until(lambda: bool(service.core.feed.followers))


async def test_a_short_backtest_is_answered_completed(service: Service) -> None:
    answer = await service.http.post("/backtests", json=SHORT, headers=PATIENT)
    status = answer.json()
    assert (answer.status_code, status["state"], status["progress"]) == (201, "completed", 1.0)
    assert answer.headers["preference-applied"] == "wait=50"
    read = await service.http.get(answer.headers["location"])
    assert (read.content, read.headers["etag"]) == (answer.content, answer.headers["etag"])
    last = (await service.log(status["run_id"]))[-1]
    assert answer.headers["x-log-position"] == str(last.position)


async def test_an_optimization_is_too(service: Service) -> None:
    answer = await service.http.post("/optimizations", json=SWEEP, headers=PATIENT)
    assert (answer.status_code, answer.json()["state"]) == (201, "completed")


async def test_a_replay_waits_as_the_first_request_did(service: Service) -> None:
    headers = PATIENT | {"Idempotency-Key": "patient"}
    first = await service.http.post("/backtests", json=SHORT, headers=headers)
    again = await service.http.post("/backtests", json=SHORT, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["preference-applied"] == "wait=50"


async def test_who_retries_while_the_first_still_waits_may_wait_too(service: Service) -> None:
    headers, answers = PATIENT | {"Idempotency-Key": "together"}, list[bytes]()

    async def ask() -> None:
        answer = await service.http.post("/backtests", json=LONG, headers=headers)
        answers.append(answer.content)

    async with anyio.create_task_group() as clients:
        clients.start_soon(ask)
        await waiting(service)
        clients.start_soon(ask)
    assert answers[0] == answers[1]


async def test_when_the_time_is_up_the_answer_is_what_is_known_then(service: Service) -> None:
    before = await service.create(LONG)
    answer = await service.http.post("/backtests", json=SHORT, headers={"Prefer": "wait=1"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait=1"
    await service.cancel(before)


async def test_nobody_waits_for_a_service_that_stops(tmp_path: Path) -> None:
    answers: list[Response] = []
    async with (
        AsyncClient(trust_env=False, timeout=60) as http,
        anyio.create_task_group() as tasks,
        running_service(tmp_path, engine_processes=1) as service,
    ):

        async def ask() -> None:
            url = f"{service.url}/backtests"
            answers.append(await http.post(url, json=LONG, headers=PATIENT))

        tasks.start_soon(ask)
        await waiting(service)
    (answer,) = answers
    assert answer.status_code == 201
    assert answer.json()["state"] in ("queued", "running")


async def test_nobody_waits_for_a_client_that_has_left(service: Service) -> None:
    async def ask() -> None:
        await service.http.post("/backtests", json=LONG | {"name": "left"}, headers=PATIENT)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await waiting(service)
        tasks.cancel_scope.cancel()
    with anyio.fail_after(HANG_SECONDS):
        await until(lambda: not service.core.feed.followers)
    (run,) = (await service.http.get("/backtests?q=left")).json()
    assert (await service.cancel(run["run_id"])).status_code == 200, "it goes on without him"


@pytest.mark.parametrize(
    ("preferences", "applied"),
    [
        (["wait=0"], "wait=0"),
        (["respond-async, Wait = 0;q=1"], "wait=0"),
        (['return=minimal; wait=7, wait="0", wait=50'], "wait=0"),
        (["handling=strict", "wait=0"], "wait=0"),
        (["wait"], None),
        (["wait=soon"], None),
        (["wait=-1"], None),
        (["wait=٣"], None),
        (["respond-async"], None),
    ],
)
async def test_preferences_as_the_rfc_has_them(
    service: Service, preferences: list[str], applied: str | None
) -> None:
    headers = [(b"Prefer", preference.encode()) for preference in preferences]
    answer = await service.http.post("/backtests", json=SHORT, headers=headers)
    assert (answer.status_code, answer.json()["state"]) == (201, "queued")
    assert answer.headers.get("preference-applied") == applied


async def test_nobody_waits_longer_than_the_service_allows(service: Service) -> None:
    for seconds in ("51", "9" * 5_000):
        headers = {"Prefer": f"wait={seconds}"}
        answer = await service.http.post("/backtests", json=SHORT, headers=headers)
        assert answer.headers["preference-applied"] == "wait=50"
