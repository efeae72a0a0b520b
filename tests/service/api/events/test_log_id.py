"""Every stream says which log it is of, and a client that saw another one is told to start over."""

from contextlib import aclosing
from pathlib import Path

import pytest

from domain.runs.events import Queued
from service.client.client import Client
from service.client.errors import ClientError
from tests.service.api.events.event_source import EventSource
from tests.service.api.events.quiet_service import (
    END,
    NDJSON,
    REQUEST,
    SSE,
    QuietService,
    mixed,
    quiet_service,
)
from tests.service.api.running import close_of


async def test_every_form_carries_the_log_id(quiet: QuietService) -> None:
    run_id = await quiet.record(mixed(3))
    log_id, head = quiet.core.store.log_id, await quiet.core.store.head()
    async with quiet.socket(run_id) as socket:
        assert socket.response is not None
        assert socket.response.headers["X-Log-Id"] == log_id
    for path, path_head in ((f"/backtests/{run_id}/events", 4), ("/events", head)):
        for accept in ({}, SSE, NDJSON):
            async with quiet.http.stream("GET", path, headers=accept) as response:
                assert response.headers["X-Log-Id"] == log_id
                assert response.headers["X-Log-Head"] == str(path_head)
                assert "Accept" in response.headers["Vary"].split(", ")
    assert (await quiet.get(f"/backtests/{run_id}")).json()["log_id"] == log_id
    assert (await quiet.get("/backtests")).json()[0]["log_id"] == log_id


async def test_the_right_log_id_changes_nothing(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(3), END])
    log_id, log = quiet.core.store.log_id, await quiet.log(run_id)
    async with quiet.socket(run_id, f"?log_id={log_id}&last_event_id=2") as socket:
        assert len([text async for text in socket]) == len(log) - 2
    response = await quiet.get(f"/backtests/{run_id}/events?log_id={log_id}&after=2")
    assert response.json()["events"] == log[2:]


async def test_a_service_that_comes_back_with_another_log_says_so(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    async with quiet_service(tmp_path / "old") as old:
        run_id, port = await old.record(mixed(5)), int(old.url.rpartition(":")[2])
        log_id = old.core.store.log_id
        client = Client(old.url)
        events = client.follow(run_id)
        assert (await anext(events)).event_id == 1
        source = EventSource(old.http, f"/backtests/{run_id}/events?log_id={log_id}")
        async with aclosing(source.once()) as messages:
            await anext(messages)
    async with quiet_service(tmp_path / "new", port=port) as new:
        await new.append(run_id, [Queued(REQUEST), *mixed(9), END])
        # What a client was sent before the old service stopped, it still reads.
        reason = f"this is another log, {new.core.store.log_id}: start over without a cursor"
        with pytest.raises(ClientError, match=reason):
            assert [event async for event in events if event.event_id > 6] == []
        with pytest.raises(ClientError, match="another log"):
            await anext(client.follow(run_id, 3, log_id))
        async with new.socket(run_id, f"?last_event_id=1&log_id={log_id}") as socket:
            assert await close_of(socket) == (4409, reason)
        again = EventSource(new.http, source.url, source.last_event_id)
        assert [message async for message in again.until_closed()] == []
        assert again.statuses == [409]
        async with client:
            assert [event.event_id async for event in client.follow(run_id)] == list(range(1, 12))
