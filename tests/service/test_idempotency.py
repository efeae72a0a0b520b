"""What an idempotency key stands for, on a real log: made once, found again, whatever happens."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from msgspec import UNSET

from domain.errors import InvalidRequest
from domain.runs.origin import Idempotency, Origin
from eventstore.store import EventStore
from service import clock
from service.idempotency import IdempotencyKeys, IdempotencyProjection, KeyInFlight, KeyReused, Made
from service.projections import stored_projections, stream_of
from service.runs import create_run
from tests.service.execution.running import request_of

FIRST = Idempotency("ab" * 32, "01" * 32)
CHANGED = Idempotency(FIRST.key, "02" * 32)
OTHER = Idempotency("cd" * 32, "01" * 32)


def opened(log: Path) -> Awaitable[EventStore]:
    return EventStore.open(log, projections=stored_projections(), clock=clock.now_microseconds)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    async with await opened(tmp_path / "log.db") as store:
        yield store


def making(store: EventStore, idempotency: Idempotency = FIRST) -> Callable[[], Awaitable[str]]:
    """What makes a run and gives its stream."""

    async def make() -> str:
        run = await create_run(store, request_of(), None, Origin(idempotency=idempotency))
        return stream_of(run.run_id)

    return make


async def refuse() -> str:
    raise InvalidRequest("symbols", "none")


async def test_the_same_request_makes_one_run(store: EventStore) -> None:
    keys = IdempotencyKeys(store)
    first = await keys.make_once(FIRST, making(store))
    assert first == Made(first.stream, replayed=False)
    assert await keys.make_once(FIRST, making(store)) == Made(first.stream, replayed=True)
    other = await keys.make_once(OTHER, making(store, OTHER))
    assert not other.replayed
    assert await store.head() == 2


async def test_another_request_with_the_same_key_is_told_what_the_key_stands_for(
    store: EventStore,
) -> None:
    keys = IdempotencyKeys(store)
    made = await keys.make_once(FIRST, making(store))
    with pytest.raises(KeyReused, match=f"made {made.stream.replace('-', ' ', 1)}; send a new key"):
        await keys.make_once(CHANGED, making(store))
    assert await store.head() == 1


async def test_while_the_first_is_under_way_the_second_is_refused(store: EventStore) -> None:
    keys, begun, go_on = IdempotencyKeys(store), anyio.Event(), anyio.Event()

    async def make_slowly() -> str:
        begun.set()
        await go_on.wait()
        return await making(store)()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keys.make_once, FIRST, make_slowly)
        await begun.wait()
        with pytest.raises(KeyInFlight):
            await keys.make_once(FIRST, making(store))
        assert not (await keys.make_once(OTHER, making(store, OTHER))).replayed
        go_on.set()
    assert (await keys.make_once(FIRST, making(store))).replayed


async def test_fifty_at_once_make_one_run(store: EventStore) -> None:
    keys, made, refused = IdempotencyKeys(store), list[Made](), list[KeyInFlight]()

    async def post() -> None:
        try:
            made.append(await keys.make_once(FIRST, making(store)))
        except KeyInFlight as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(post)
    assert len(made) + len(refused) == 50
    assert [each.replayed for each in made].count(False) == 1
    assert await store.head() == 1


async def test_fifty_at_once_are_answered_as_the_first_was_long_ago(store: EventStore) -> None:
    keys = IdempotencyKeys(store)
    first, made = await keys.make_once(FIRST, making(store)), list[Made]()

    async def post() -> None:
        made.append(await keys.make_once(FIRST, refuse))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(post)
    assert made == [first._replace(replayed=True)] * 50


async def test_a_key_whose_request_came_to_nothing_is_as_good_as_new(store: EventStore) -> None:
    keys = IdempotencyKeys(store)
    with pytest.raises(InvalidRequest):
        await keys.make_once(FIRST, refuse)
    assert not (await keys.make_once(CHANGED, making(store, CHANGED))).replayed


async def test_a_key_stands_for_what_came_with_it_first(store: EventStore) -> None:
    first = await making(store)()
    await making(store)()
    assert await IdempotencyKeys(store).make_once(FIRST, refuse) == Made(first, replayed=True)


async def test_it_is_found_again_after_a_restart_and_after_a_rebuild(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    async with await opened(log) as store:
        made = await IdempotencyKeys(store).make_once(FIRST, making(store))
    async with await opened(log) as store:
        assert await IdempotencyKeys(store).make_once(FIRST, refuse) == made._replace(replayed=True)
        await store.rebuild(IdempotencyProjection.name)
        assert await store.compare(IdempotencyProjection.name) is None
        assert await IdempotencyKeys(store).make_once(FIRST, refuse) == made._replace(replayed=True)


async def test_a_run_and_what_its_key_stands_for_are_written_together_or_not_at_all(
    tmp_path: Path,
) -> None:
    class Broken(IdempotencyProjection):
        """Fails as a full disk would, behind the table of runs."""

        def apply(self, *_: object) -> None:
            raise OSError("no space left on device")

    sound = [each for each in stored_projections() if each.name != Broken.name]
    async with await EventStore.open(
        tmp_path / "log.db", projections=[*sound, Broken()], clock=clock.now_microseconds
    ) as store:
        with pytest.raises(Exception, match="no space left"):
            await IdempotencyKeys(store).make_once(FIRST, making(store))
        assert await store.head() == 0
        assert await store.query("SELECT count(*) FROM runs") == [(0,)]


async def test_without_a_key_every_request_is_a_new_one(store: EventStore) -> None:
    keys = IdempotencyKeys(store)

    async def make() -> str:
        return stream_of((await create_run(store, request_of())).run_id)

    first, second = [await keys.make_once(UNSET, make) for _ in range(2)]
    assert first.stream != second.stream
    assert [first.replayed, second.replayed] == [False, False]
