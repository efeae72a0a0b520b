"""Where a run or an optimization comes from: in its first event, or no word of it."""

from collections.abc import Callable

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from domain.optimizations import events as sweep_events
from domain.optimizations import lifecycle as sweeps
from domain.runs import events, lifecycle
from domain.runs.origin import Idempotency, Origin
from tests.domain.optimizations.making import SHORT
from tests.domain.optimizations.making import a_request as a_sweep
from tests.domain.runs.making import a_request

Written = Callable[[Origin | UnsetType], bytes]
MakerOf = Callable[[bytes], str | None]

ORIGIN = Origin("desk", Idempotency("ab" * 32, "cd" * 32))


def queued(origin: Origin | UnsetType) -> bytes:
    return events.encode(lifecycle.queue(None, a_request(), None, origin)).payload


def pending(origin: Origin | UnsetType) -> bytes:
    return sweep_events.encode(sweeps.submit(None, a_sweep(SHORT), None, origin)).payload


def maker_of_run(payload: bytes) -> str | None:
    return lifecycle.evolve("r", None, events.decode("state", payload), 1).created_by


def maker_of_sweep(payload: bytes) -> str | None:
    return sweeps.evolve("o", None, sweep_events.decode("state", payload), 1).created_by


FAMILIES = pytest.mark.parametrize(
    ("written", "maker_of"),
    [(queued, maker_of_run), (pending, maker_of_sweep)],
    ids=["a run", "an optimization"],
)


@FAMILIES
def test_the_first_event_says_who_asked(written: Written, maker_of: MakerOf) -> None:
    assert msgspec.json.decode(written(ORIGIN))["origin"] == {
        "key": "desk",
        "idempotency": {"key": "ab" * 32, "request": "cd" * 32},
    }
    assert maker_of(written(ORIGIN)) == "desk"


@FAMILIES
def test_what_is_not_known_is_not_mentioned(written: Written, maker_of: MakerOf) -> None:
    assert msgspec.json.decode(written(Origin("desk")))["origin"] == {"key": "desk"}
    assert "origin" not in msgspec.json.decode(written(Origin().known))
    assert written(Origin().known) == written(UNSET)
    assert maker_of(written(UNSET)) is None
    assert maker_of(written(Origin(idempotency=ORIGIN.idempotency))) is None


def test_nothing_of_it_is_forgotten_by_what_follows() -> None:
    run = lifecycle.evolve("r", None, events.decode("state", queued(ORIGIN)), 1)
    assert lifecycle.evolve("r", run, lifecycle.cancel(run), 2).created_by == "desk"
    sweep = sweeps.evolve("o", None, sweep_events.decode("state", pending(ORIGIN)), 1)
    assert sweeps.evolve("o", sweep, sweeps.cancel(sweep), 2).created_by == "desk"
