"""The service is killed with runs queued and under way, and started again on the same folder."""

from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import msgspec
import pytest

from domain.market.bars import Bars
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.runs.events import Queued, code_of, decode
from eventstore.chain import verify, without_gaps
from eventstore.events import Event
from service.client.client import Client, StreamEvent
from service.market_data.catalog import Catalog
from tests.end_to_end.processes import Service, free_port, gone, stored, whole_log
from tests.service.execution.running import content, undisturbed, until
from tests.user_strategies import install

START, END = 1_577_836_800_000_000, 1_704_067_200_000_000  # 2020 to 2024

DAILY: dict[str, Any] = {
    "symbols": ["MADE", "UP"],
    "start_date": "2020-01-01",
    "end_date": "2024-01-01",
    "data_source": "synthetic",
}
LONG = DAILY | {
    "symbols": ["ONE", "TWO", "THREE"],
    "resolution": "minute",
    "end_date": "2021-01-01",
}


class Story(NamedTuple):
    """What happened to the runs of a service that was killed and started again."""

    runs: dict[str, list[Event]]
    followed: dict[str, list[StreamEvent]]
    held_at_the_crash: dict[str, int]
    orphans_gone: bool
    log: list[Event]
    stderr: str
    market: Path


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One crash, looked at by every test here."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "site").mkdir()
    environment = install(folder / "site")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder / "site")
        yield anyio.run(_crash, folder, environment)


async def _crash(folder: Path, environment: dict[str, str]) -> Story:
    data, gate = folder / "data", folder / "gate"
    market = Catalog(data / "market")
    for symbol in ("SAME", "OTHER"):
        market.write(_prices(symbol), Resolution.DAY)
    waiting = {"strategy": {"name": "waiting", "params": {"file": str(gate)}}}
    requests = {
        "long": LONG,
        "waiting": DAILY | waiting,
        "changed": DAILY | waiting | {"symbols": ["OTHER"], "data_source": "catalog"},
        "unchanged": DAILY | waiting | {"symbols": ["SAME"], "data_source": "catalog"},
        "momentum": DAILY | {"strategy": {"name": "momentum"}},
        "buy_and_hold": DAILY,
    }
    port = free_port()
    followed: dict[str, list[StreamEvent]] = {name: [] for name in requests}

    async def follow(client: Client, name: str) -> None:
        async with aclosing(client.follow(runs[name])) as events:
            async for event in events:
                followed[name].append(event)

    service = Service(data, port=port, engines=3, environment=environment)
    try:
        async with Client(service.url) as client, anyio.create_task_group() as followers:
            runs: dict[str, str] = {}

            async def begin(*names: str) -> None:
                for name in names:
                    runs[name] = (await client.create(requests[name]))["run_id"]
                    followers.start_soon(follow, client, name)

            # In the middle: long has progressed, two runs wait in their strategy, two are queued,
            # also if long should end before we look: then another one waits in its place.
            await begin("changed", "unchanged")
            await until(lambda: len(followed["changed"]) == len(followed["unchanged"]) == 2)
            await begin("long", "waiting", "momentum", "buy_and_hold")
            await until(lambda: len(followed["long"]) > 5)
            engines = service.engines()
            service.kill()
            assert len(engines) == 3 + 1  # the last one reads strategies
            orphans_gone = gone(engines)
            held = {name: len(await stored(service.log, runs[name])) for name in runs}
            market.write(_prices("ANOTHER", "OTHER"), Resolution.DAY)
            gate.touch()
            service = Service(data, port=port, engines=2, environment=environment)
    finally:
        service.end()
    return Story(
        {name: await stored(service.log, run_id) for name, run_id in runs.items()},
        followed,
        held,
        orphans_gone,
        await whole_log(service.log),
        service.stderr,
        data / "market",
    )


def _prices(symbol: str, name: str | None = None) -> Bars:
    bars = synthetic_bars(symbol, Resolution.DAY, START, END)
    return msgspec.structs.replace(bars, symbol=name or symbol)


def test_no_engine_outlives_its_service(story: Story) -> None:
    assert story.orphans_gone


def test_the_crash_came_in_the_middle(story: Story) -> None:
    held = story.held_at_the_crash
    assert held["long"] > 5
    assert [held[name] for name in ("changed", "unchanged", "momentum", "buy_and_hold")] == [
        2,
        2,
        1,
        1,
    ]


@pytest.mark.parametrize("name", ["long", "unchanged", "momentum", "buy_and_hold"])
def test_every_accepted_run_ends_as_if_nothing_had_happened(story: Story, name: str) -> None:
    events = story.runs[name]
    assert [event.event_id for event in events] == list(range(1, len(events) + 1))
    queued = decode(events[0].type, events[0].payload)
    assert isinstance(queued, Queued)
    code = code_of(queued, events[0].attachment)
    assert content(events) == undisturbed(queued.request, story.market, code, queued.origin)


@pytest.mark.parametrize("name", ["long", "unchanged", "changed", "momentum", "buy_and_hold"])
def test_who_followed_saw_one_unbroken_stream(story: Story, name: str) -> None:
    seen = [(event.event_id, event.type, event.payload) for event in story.followed[name]]
    assert seen == [
        (event.event_id, event.type, msgspec.json.decode(event.payload))
        for event in story.runs[name]
    ]


def test_a_run_whose_prices_changed_meanwhile_fails_at_the_first_differing_event(
    story: Story,
) -> None:
    queued, running, failed = story.runs["changed"]
    assert b'"running"' in running.payload
    error = msgspec.json.decode(failed.payload)
    assert error["state"] == "failed"
    assert error["error"].startswith("event 2: the log holds a state event that the run's")
    assert queued.event_id == 1


def test_nobody_complained(story: Story) -> None:
    assert "Traceback" not in story.stderr


def test_the_log_is_whole(story: Story) -> None:
    verify(without_gaps(story.log))
    assert len(story.log) == sum(map(len, story.runs.values()))
