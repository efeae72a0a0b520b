"""The events of the whole log, for consumers that fold them into something of their own."""

from collections import Counter
from contextlib import aclosing

import anyio
import msgspec

from domain.runs.events import Logged, Measured
from eventstore.events import NewEvent
from tests.service.api.events.event_source import EventSource
from tests.service.api.events.quiet_service import END, NDJSON, Document, QuietService, mixed


async def test_all_forms_tell_the_same_in_order_of_position(quiet: QuietService) -> None:
    for seed in range(3):
        await quiet.record([*mixed(5, seed), END])
    log = await quiet.log(None)
    assert [event["position"] for event in log] == list(range(1, len(log) + 1))
    assert set(log[0]) == {"position", "stream", "event_id", "type", "timestamp", "payload"}
    page = (await quiet.get("/events?limit=500")).json()
    assert (page["events"], page["next"], page["head"]) == (log, len(log), len(log))
    export = await quiet.get("/events", NDJSON)
    assert [msgspec.json.decode(line) for line in export.content.splitlines()] == log
    source = EventSource(quiet.http, "/events")
    async with aclosing(source.once()) as messages:
        shown = [await anext(messages) for _ in log]
    assert [msgspec.json.decode(message.data) for message in shown] == log
    assert [message.last_event_id for message in shown] == [str(at + 1) for at in range(len(log))]
    assert [message.type for message in shown] == [event["type"] for event in log]


async def test_a_projection_that_breaks_off_anywhere_counts_each_event_once(
    quiet: QuietService,
) -> None:
    start = await quiet.core.store.head()
    counts: Counter[str] = Counter()
    source = EventSource(quiet.http, "/events?types=metric,state", str(start))

    async def project() -> None:
        while True:
            async with aclosing(source.once()) as messages:
                async for message in messages:
                    event = msgspec.json.decode(message.data)
                    counts[event["stream"]] += 1
                    if event["payload"].get("name") == "the end":
                        return
                    if counts.total() % 7 == 0:
                        break  # and come back

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(project)
            for seed in range(20):
                await quiet.record([*mixed(10, seed), END])
            await quiet.record([Measured("the end", None)])
    assert counts == Counter(
        event["stream"]
        for event in (await quiet.log(None))[start:]
        if event["type"] in ("metric", "state")
    )


async def test_what_is_left_out_moves_the_cursor_of_a_browser(quiet: QuietService) -> None:
    await quiet.record([Logged("of no interest")] * 700)
    head = await quiet.core.store.head()
    source = EventSource(quiet.http, "/events?types=metric&heartbeat=1", str(head - 700))
    with anyio.move_on_after(0.5):
        async for message in source.once():
            raise AssertionError(message)
    assert source.last_event_id == str(head)


async def test_a_feed_outlives_the_end_of_a_run(quiet: QuietService) -> None:
    await quiet.record([END])
    source = EventSource(quiet.http, "/events", str(await quiet.core.store.head()))
    with anyio.fail_after(10):
        async with aclosing(source.once()) as messages:
            run_id = await quiet.record([END])
            shown: list[Document] = [
                msgspec.json.decode((await anext(messages)).data) for _ in range(2)
            ]
    assert [event["stream"] for event in shown] == [f"backtest-{run_id}"] * 2


async def test_streams_of_any_name_are_told(quiet: QuietService) -> None:
    stream = 'a "name"\n of \\ any kind'
    await quiet.core.store.append(stream, [NewEvent("log", b'{"message":"hello"}')], 0)
    head = await quiet.core.store.head()
    (event,) = (await quiet.get(f"/events?after={head - 1}")).json()["events"]
    assert (event["stream"], event["payload"]) == (stream, {"message": "hello"})
