"""Past the rate limit: 429, and headers that say how things stand."""

from pathlib import Path

from tests.service.api.running import SHORT, running_service


async def test_past_the_limit_nothing_is_accepted_and_the_headers_say_when(tmp_path: Path) -> None:
    async with running_service(tmp_path, rate_limit=3, rate_window=3_600) as service:
        answers = [await service.http.post("/backtests", json=SHORT) for _ in range(5)]
        health = [await service.http.get("/healthz") for _ in range(5)]
        events = await service.core.store.read_all()
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == [*"21000"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert all(int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000 for answer in answers)
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 1_200
    assert answers[-1].json()["detail"].startswith("rate limit exceeded; try again in ")
    assert {answer.status_code for answer in health} == {200}
    assert len({event.stream for event in events}) == 3
