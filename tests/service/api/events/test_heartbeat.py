"""Data heartbeats on the WebSocket: only when asked for, and never mistaken for an event."""

from typing import Any

import anyio
import msgspec

from domain.runs.events import Logged
from tests.service.api.events.quiet_service import END, QuietService, mixed


async def heard(quiet: QuietService, run_id: str, query: str, seconds: float) -> list[Any]:
    """The frames of that many seconds."""
    frames = []
    async with quiet.socket(run_id, query) as socket:
        with anyio.move_on_after(seconds):
            async for text in socket:
                frames.append(msgspec.json.decode(text))  # noqa: PERF401 (cut off in the middle)
    return frames


async def test_a_heartbeat_tells_where_the_stream_has_come(quiet: QuietService) -> None:
    run_id = await quiet.record(mixed(4))
    frames = await heard(quiet, run_id, "?heartbeat=1&last_event_id=3", 2.5)
    beat = {"type": "heartbeat", "last_event_id": 5, "head": 5}
    assert frames == [*(await quiet.log(run_id))[3:], beat, beat]


async def test_without_being_asked_nothing_comes(quiet: QuietService) -> None:
    run_id = await quiet.record([])
    assert len(await heard(quiet, run_id, "", 1.5)) == 1


async def test_a_client_whose_filter_lets_nothing_through_learns_its_cursor(
    quiet: QuietService,
) -> None:
    run_id = await quiet.record([Logged("nothing to see")] * 1_200)
    frames = await heard(quiet, run_id, "?heartbeat=1&types=metric", 1.5)
    assert frames == [{"type": "heartbeat", "last_event_id": 1_201, "head": 1_201}]


async def test_heartbeats_keep_time_while_events_flow(quiet: QuietService) -> None:
    run_id = await quiet.record([])

    async def write() -> None:
        while True:
            await quiet.append(run_id, [Logged("tick")])
            await anyio.sleep(0.01)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        frames = await heard(quiet, run_id, "?heartbeat=1", 2.5)
        tasks.cancel_scope.cancel()
    beats = [index for index, frame in enumerate(frames) if frame["type"] == "heartbeat"]
    assert len(beats) == 2
    for index in beats:  # it stands between events, at the cursor that it names
        assert frames[index]["last_event_id"] == frames[index - 1]["event_id"]
        assert frames[index]["head"] >= frames[index]["last_event_id"]
    events = [frame for frame in frames if frame["type"] != "heartbeat"]
    assert [event["event_id"] for event in events] == list(range(1, len(events) + 1))


async def test_a_finished_run_ends_without_a_heartbeat(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(4), END])
    async with quiet.socket(run_id, "?heartbeat=1") as socket:
        frames = [msgspec.json.decode(text) async for text in socket]
    assert frames == await quiet.log(run_id)
    assert socket.close_code == 1000
