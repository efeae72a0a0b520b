"""The service is killed in the middle of a sweep, and started again on the same folder."""

from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import msgspec
import pytest

from domain.optimizations.request import OptimizationRequest, normalise
from domain.runs.events import EncodedEvent
from domain.runs.origin import origin_of
from eventstore.chain import verify, without_gaps
from eventstore.events import Event
from eventstore.store import EventStore
from service.client.client import Client, StreamEvent
from service.optimizations.projection import stream_of
from tests.end_to_end.processes import Service, free_port, gone, whole_log
from tests.service.execution.running import until
from tests.service.optimizations.sweeps import SPEC, undisturbed

TRIALS = 56
SWEEP: dict[str, Any] = SPEC | {
    "strategy": "bayesian",
    "max_trials": TRIALS,
    "validation_mode": "holdout",
}


class Story(NamedTuple):
    """What happened to a sweep whose service was killed and started again."""

    held_at_the_crash: list[Event]
    orphans_gone: bool
    events: list[Event]
    followed: list[StreamEvent]
    ranking: list[int]
    undisturbed: list[EncodedEvent]
    log: list[Event]
    stderr: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One crash, looked at by every test here."""
    return anyio.run(_crash, tmp_path_factory.mktemp("sweep"))


async def _crash(folder: Path) -> Story:
    data, port = folder / "data", free_port()
    followed: list[StreamEvent] = []
    service = Service(data, port=port, engines=2)
    try:
        async with Client(service.url) as client, anyio.create_task_group() as followers:
            its_id = (await client.create(SWEEP, "optimizations"))["optimization_id"]

            async def follow() -> None:
                async with aclosing(client.follow(its_id, family="optimizations")) as events:
                    async for event in events:
                        followed.append(event)  # noqa: PERF401 (others look at it meanwhile)

            followers.start_soon(follow)
            await until(lambda: sum(map(_is_end, followed)) >= 20)
            children = service.engines()
            service.kill()
            orphans_gone = gone(children)
            held = await _stored(service.log, its_id)
            service = Service(data, port=port, engines=1)
        async with Client(service.url) as client:
            document = msgspec.json.decode(await client.results(its_id))
    finally:
        service.end()
    request = normalise(msgspec.convert(SWEEP, OptimizationRequest))
    events = await _stored(service.log, its_id)
    return Story(
        held,
        orphans_gone,
        events,
        followed,
        [trial["number"] for trial in document["all_trials"]],
        await undisturbed(folder / "undisturbed.db", request, origin_of(events[0].payload)),
        await whole_log(service.log),
        service.stderr,
    )


def _is_end(event: StreamEvent) -> bool:
    return event.type == "trial" and event.payload["phase"] != "asked"


async def _stored(log: Path, its_id: str) -> list[Event]:
    async with await EventStore.open(log, read_only=True) as store:
        return await store.read(stream_of(its_id))


def test_no_engine_and_no_sampler_outlives_its_service(story: Story) -> None:
    assert story.orphans_gone


def test_the_crash_came_in_the_middle(story: Story) -> None:
    assert 20 < len(story.held_at_the_crash) < len(story.events)
    assert story.events[: len(story.held_at_the_crash)] == story.held_at_the_crash


def test_the_sweep_ends_as_if_nothing_had_happened(story: Story) -> None:
    found = [EncodedEvent(each.type, each.payload, each.attachment) for each in story.events]
    assert found == story.undisturbed


def test_who_followed_saw_one_unbroken_stream(story: Story) -> None:
    seen = [(event.event_id, event.type, event.payload) for event in story.followed]
    assert seen == [
        (event.event_id, event.type, msgspec.json.decode(event.payload)) for event in story.events
    ]


def test_the_ranking_is_by_the_objective_then_by_number(story: Story) -> None:
    ends = [each.payload for each in story.followed if _is_end(each)]
    best_first = sorted(ends, key=lambda trial: (-trial["value"], trial["number"]))
    assert story.ranking == [trial["number"] for trial in best_first]
    assert len(ends) == TRIALS


def test_nobody_complained(story: Story) -> None:
    assert "Traceback" not in story.stderr


def test_the_log_is_whole(story: Story) -> None:
    verify(without_gaps(story.log))
