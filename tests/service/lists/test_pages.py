"""Pages of a list hold what stood in the log at one position, each thing once, whatever comes."""

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from random import Random

import pytest

from domain.runs.lifecycle import Run
from eventstore.store import EventStore
from service.lists.order import ByCreation, ByMetric, Key, Order
from service.lists.pages import Lists, Past, View
from service.lists.selection import Selection
from service.lists.subjects import RUNS
from service.lists.tables import searched
from service.projections import RunsProjection
from tests.service.lists.recorded import METRICS, Recorded, Recorder

SEED = 20261121
RUNS_AT_FIRST = 40
EVENTS_AT_FIRST = 200

ORDERS: list[Order] = [
    *(ByCreation(descending) for descending in (True, False)),
    *(ByMetric(metric, descending) for metric, descending in product(METRICS, (True, False))),
]
SELECTIONS = [
    Selection(),
    Selection(state="queued"),
    Selection(state="failed"),
    Selection(strategy="momentum"),
    Selection(symbol="IBM", state="cancelled"),
    Selection(tag="team"),
    Selection(tag="team:blue"),
    Selection(tag="a:b:c"),
    Selection(words=("strasse",)),
    Selection(words=("strasse", "steep")),
    Selection(words=("%",)),
    Selection(before=11),
]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    moments = iter(range(1, 1_000_000))
    path, projections = tmp_path / "log.db", [RunsProjection()]
    async with await EventStore.open(path, projections=projections, clock=moments.__next__) as log:
        yield log


@pytest.fixture
async def recorder(store: EventStore) -> Recorder:
    recorder = Recorder(store, SEED)
    for _ in range(RUNS_AT_FIRST):
        await recorder.create()
        for _ in range(EVENTS_AT_FIRST // RUNS_AT_FIRST):
            await recorder.go_on()
    return recorder


def wanted(selection: Selection, ordinal: int, recorded: Recorded) -> bool:
    run, request, _ = recorded
    tags = request.tags or {}
    name = searched(request.name)
    return all(
        [
            selection.state in (None, run.state.value),
            selection.strategy in (None, request.strategy.name),
            selection.symbol is None or selection.symbol in request.symbols,
            selection.tag is None
            or selection.tag in tags
            or selection.tag in [f"{tag}:{value}" for tag, value in tags.items()],
            selection.before is None or ordinal < selection.before,
            selection.created_from is None or run.created_at >= selection.created_from,
            selection.created_before is None or run.created_at < selection.created_before,
            not selection.words or (name is not None and all(w in name for w in selection.words)),
        ]
    )


def expected(recorder: Recorder, selection: Selection, order: Order, position: int) -> list[Run]:
    """What the list is, from the memory of the one who made the log."""
    then = list(recorder.history[position].values())
    found = [
        (order.key(ordinal, recorded.metrics.get(order.metric or "")), recorded.run)
        for ordinal, recorded in enumerate(then, 1)
        if wanted(selection, ordinal, recorded)
    ]
    return [run for _, run in sorted(found, key=lambda pair: pair[0])]


async def all_pages(
    store: EventStore,
    selection: Selection,
    order: Order,
    position: int,
    limit: int,
    recorder: Recorder | None = None,
) -> list[Run]:
    """The runs of all pages; with a ``recorder`` things happen between them."""
    lists = Lists(store, RUNS)
    found: list[Run] = []
    after: Key | None = None
    total: int | None = None
    while True:
        page = await lists.page(
            View(selection, order, position), after=after, limit=limit, total=total
        )
        assert total in (None, page.total)
        found += [row.item for row in page.rows]
        if not page.more:
            assert page.total == len(found)
            return found
        assert len(page.rows) == limit
        after, total = page.rows[-1].key, page.total
        if recorder is not None:
            await recorder.create()
            for _ in range(5):
                await recorder.go_on()


async def test_a_list_is_what_stood_at_its_position(store: EventStore, recorder: Recorder) -> None:
    random, head = Random(SEED), len(recorder.history) - 1
    for selection, order in product(SELECTIONS, ORDERS):
        for position in (head, random.randrange(head)):
            listed = await all_pages(store, selection, order, position, random.choice([3, 7, 200]))
            there = expected(recorder, selection, order, position)
            assert listed == there, (selection, order, position)


async def test_pages_hold_each_thing_once_while_others_are_written(
    store: EventStore, recorder: Recorder
) -> None:
    position = await Lists(store, RUNS).last_change()
    assert position == len(recorder.history) - 1
    for selection, order in product((Selection(), Selection(state="queued")), ORDERS):
        then = expected(recorder, selection, order, position)
        listed = await all_pages(store, selection, order, position, 9, recorder)
        assert listed == then, (selection, order)
    assert len(recorder.history) > position + 100, "too little was written meanwhile"


async def test_what_goes_on_while_a_page_is_read_is_on_it_once(store: EventStore) -> None:
    recorder = Recorder(store, SEED)
    runs = [await recorder.create() for _ in range(3)]
    position = len(recorder.history) - 1
    then = expected(recorder, Selection(), ByCreation(), position)
    await recorder.end(runs[2])

    async def while_another_ends(store: EventStore, run_id: str, until: int) -> Past[Run]:
        await recorder.end(runs.pop(0))
        return await RUNS.at_position(store, run_id, until)

    lists = Lists(store, RUNS._replace(at_position=while_another_ends))
    page = await lists.page(
        View(Selection(), ByCreation(), position), after=None, limit=9, total=None
    )
    assert [row.item for row in page.rows] == then
    assert (page.total, len(runs)) == (3, 2)


async def test_the_range_of_creation_includes_its_start_and_not_its_end(
    store: EventStore, recorder: Recorder
) -> None:
    head = len(recorder.history) - 1
    moments = [recorded.run.created_at for recorded in recorder.history[head].values()]
    selection = Selection(created_from=moments[3], created_before=moments[9])
    listed = await all_pages(store, selection, ByCreation(), head, 200)
    assert [run.created_at for run in listed] == moments[3:9][::-1]


async def test_the_tables_are_the_same_when_they_are_folded_anew(
    store: EventStore, recorder: Recorder
) -> None:
    assert recorder.history
    assert await store.compare(RunsProjection.name) is None
    before = await store.query("SELECT * FROM runs_metrics UNION ALL SELECT * FROM runs_labels")
    await store.rebuild(RunsProjection.name)
    after = await store.query("SELECT * FROM runs_metrics UNION ALL SELECT * FROM runs_labels")
    assert before == after
    assert len(before) > RUNS_AT_FIRST
