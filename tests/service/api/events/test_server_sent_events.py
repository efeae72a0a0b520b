"""The SSE twin of the stream, read as a browser reads it."""

from contextlib import aclosing
from pathlib import Path

import anyio
import msgspec
from httpx2 import AsyncClient

from service.server import GRACE_SECONDS
from tests.service.api.events.event_source import EventSource, Message
from tests.service.api.events.quiet_service import (
    END,
    Document,
    QuietService,
    mixed,
    quiet_service,
)


def shown(log: list[Document], cursor: str = "event_id") -> list[Message]:
    """What a page should be shown of ``log``."""
    return [
        Message(event["type"], msgspec.json.encode(event).decode(), str(event[cursor]))
        for event in log
    ]


async def test_a_page_is_shown_each_event_as_the_socket_sends_it(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(30), END])
    async with quiet.socket(run_id) as socket:
        frames = [text async for text in socket]
    source = EventSource(quiet.http, f"/backtests/{run_id}/events")
    messages = [message async for message in source.once()]
    assert [message.data for message in messages] == frames
    assert messages == shown(await quiet.log(run_id))


async def test_every_id_resumes_the_run(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(30), END])
    log = await quiet.log(run_id)
    for cursor in range(1, len(log)):
        source = EventSource(quiet.http, f"/backtests/{run_id}/events", str(cursor))
        assert [message async for message in source.once()] == shown(log[cursor:])
        by_query = f"/backtests/{run_id}/events?last_event_id={cursor}"
        assert [message async for message in EventSource(quiet.http, by_query).once()] == shown(
            log[cursor:]
        )


async def test_the_header_wins_over_the_query_that_a_browser_repeats(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(9), END])
    source = EventSource(quiet.http, f"/backtests/{run_id}/events?last_event_id=2", "7")
    messages = [message async for message in source.once()]
    assert messages == shown((await quiet.log(run_id))[7:])


async def test_a_browser_stops_when_the_run_has_ended(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(9), END])
    source = EventSource(quiet.http, f"/backtests/{run_id}/events")
    assert [message async for message in source.until_closed()] == shown(await quiet.log(run_id))
    assert source.statuses == [200, 204]


async def test_a_browser_that_is_not_shown_the_end_stops_too(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(9), END])
    source = EventSource(quiet.http, f"/backtests/{run_id}/events?types=metric")
    messages = [message async for message in source.until_closed()]
    metrics = [event for event in await quiet.log(run_id) if event["type"] == "metric"]
    assert messages == shown(metrics)
    assert (source.last_event_id, source.statuses) == ("11", [200, 204])


async def test_events_come_as_they_are_written(quiet: QuietService) -> None:
    run_id = await quiet.record([])
    source = EventSource(quiet.http, f"/backtests/{run_id}/events")
    seen = []
    with anyio.fail_after(10):
        async with aclosing(source.once()) as messages:
            seen.append(await anext(messages))
            for event in mixed(5):
                await quiet.append(run_id, [event])
                seen.append(await anext(messages))
    assert seen == shown(await quiet.log(run_id))


async def test_comments_come_while_there_is_nothing_else(quiet: QuietService) -> None:
    run_id = await quiet.record([])
    source = EventSource(quiet.http, f"/backtests/{run_id}/events?heartbeat=1")
    with anyio.move_on_after(2.6):
        async for _ in source.once():
            pass
    assert source.comments == ["heartbeat"] * 2


async def test_idle_streams_end_at_once_when_the_service_stops(tmp_path: Path) -> None:
    ended: list[str] = []

    async def read_to_the_end(http: AsyncClient, url: str) -> None:
        async for _ in EventSource(http, url).once():
            first.set()
        ended.append(url)

    async with AsyncClient(trust_env=False) as http, anyio.create_task_group() as clients:
        with anyio.fail_after(GRACE_SECONDS / 2):
            async with quiet_service(tmp_path) as service:
                run_id = await service.record([])
                for path in ("/events", f"/backtests/{run_id}/events"):
                    first = anyio.Event()
                    clients.start_soon(read_to_the_end, http, service.url + path)
                    await first.wait()
    assert len(ended) == 2
