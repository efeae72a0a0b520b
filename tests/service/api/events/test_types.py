"""``types`` leaves events out and still moves the cursor past them: nothing lost, nothing twice."""

import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import combinations
from typing import TypeAlias

import msgspec
import pytest

from domain.runs.events import EVENT_TYPES
from tests.service.api.events.event_source import EventSource
from tests.service.api.events.quiet_service import END, NDJSON, Document, QuietService, mixed

SEED = 20261121
FILTERS = [chosen for size in (1, 2, 3, 4) for chosen in combinations(EVENT_TYPES, size)]

Part: TypeAlias = tuple[list[Document], int, bool]
"""Some events, the cursor after them, and whether that is all."""
Read: TypeAlias = Callable[[QuietService, str, str, int, int], Awaitable[Part]]


async def read_socket(quiet: QuietService, run_id: str, types: str, cursor: int, most: int) -> Part:
    """Take ``most`` frames and break off."""
    events: list[Document] = []
    query = f"?types={types}&last_event_id={cursor}"
    async with quiet.socket(run_id, query) as socket:
        async for text in socket:
            events.append(msgspec.json.decode(text))
            if len(events) == most:
                break
        else:
            assert socket.close_code == 1000
            return events, cursor, True
    return events, events[-1]["event_id"], False


async def read_sse(quiet: QuietService, run_id: str, types: str, cursor: int, most: int) -> Part:
    """Take ``most`` messages and break off."""
    events: list[Document] = []
    source = EventSource(quiet.http, f"/backtests/{run_id}/events?types={types}", str(cursor))
    async with aclosing(source.once()) as messages:
        async for message in messages:
            events.append(msgspec.json.decode(message.data))
            if len(events) == most:
                break
    return events, int(source.last_event_id), source.statuses == [204]


async def read_page(quiet: QuietService, run_id: str, types: str, cursor: int, most: int) -> Part:
    """One page."""
    query = f"?types={types}&after={cursor}&limit={most}"
    page = (await quiet.get(f"/backtests/{run_id}/events{query}")).json()
    return page["events"], page["next"], page["next"] == page["head"]


@pytest.mark.parametrize("read", [read_socket, read_sse, read_page])
async def test_any_filter_and_any_sequence_of_cursors_give_the_filtered_log(
    quiet: QuietService, read: Read
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    run_id = await quiet.record([*mixed(60, SEED), END])
    log = await quiet.log(run_id)
    for chosen in FILTERS:
        types = ",".join(chance.sample(chosen, len(chosen)))
        wanted = [event for event in log if event["type"] in chosen]
        received: list[Document] = []
        cursor, ended = 0, False
        while not ended:
            most = chance.randint(1, 12)
            events, cursor, ended = await read(quiet, run_id, types, cursor, most)
            received += events
        assert received == wanted, types


async def test_an_export_is_filtered(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(60), END])
    response = await quiet.get(f"/backtests/{run_id}/events?types=state,log", NDJSON)
    wanted = [event for event in await quiet.log(run_id) if event["type"] in ("state", "log")]
    assert [msgspec.json.decode(line) for line in response.content.splitlines()] == wanted


async def test_a_live_filter_lets_through_what_it_should(quiet: QuietService) -> None:
    run_id = await quiet.record([])
    async with quiet.socket(run_id, "?types=metric") as socket:
        for seed in range(20):
            await quiet.append(run_id, mixed(5, seed))
        await quiet.append(run_id, [END])
        received = [msgspec.json.decode(text) async for text in socket]
    assert received == [event for event in await quiet.log(run_id) if event["type"] == "metric"]
    assert socket.close_code == 1000


async def test_a_link_repeats_the_filter(quiet: QuietService) -> None:
    run_id = await quiet.record(mixed(40))
    response = await quiet.get(f"/backtests/{run_id}/events?types=log,metric&limit=2")
    link = response.links["next"]["url"]
    assert "types=log%2Cmetric" in link
    assert "limit=2" in link
    assert f"log_id={quiet.core.store.log_id}" in link
