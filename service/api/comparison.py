"""``GET /backtests/compare``: completed runs side by side."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.runs.lifecycle import Run, RunState
from service.api.core import core_of
from service.http.conditional import entity_tag, unmodified
from service.http.errors import BadRequestError, ConflictError
from service.http.operations import JSON, UNMODIFIED, Answer, Operation
from service.http.responses import encoded_response
from service.parts.forms import MOMENT
from service.parts.reading import Source
from service.parts.thinning import POINTS_MIN
from service.projections import metrics_of

RUNS_MIN, RUNS_MAX = 2, 20
ID_CHARACTERS = 36
IDS_CHARACTERS_MAX = RUNS_MAX * (ID_CHARACTERS + 1)


class CompareQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which runs to compare."""

    ids: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=IDS_CHARACTERS_MAX,
            description="2 to 20 runs, separated by commas",
        ),
    ]
    max_points: Annotated[
        int,
        Meta(ge=RUNS_MAX * POINTS_MIN, le=100_000, description="thinned to so many timestamps"),
    ] = 2_000


class AlignedEquity(msgspec.Struct, frozen=True):
    """Equity curves over the same ``timestamps``: ``values`` has a list for each run.

    Null: the run has no bar then.
    """

    timestamps: list[str]
    values: list[list[float | None]]


class Comparison(msgspec.Struct, frozen=True):
    """Runs side by side; every list with one item a run is in the order of ``run_ids``.

    ``metrics``: null where it is undefined, or where the run does not have it.
    """

    run_ids: list[str]
    metrics: dict[str, list[float | int | None]]
    equity: AlignedEquity


async def compare(request: Request, query: CompareQuery) -> Response:
    """``GET /backtests/compare``: metrics side by side and aligned equity of completed runs.

    The curves are thinned to ``max_points`` timestamps in all, without losing their extremes.
    """
    core = core_of(request)
    currents = [await core.statuses.of(run_id) for run_id in query.ids.split(",")]
    run_ids = [current.run.run_id for current in currents]
    _require_comparable([current.run for current in currents])
    tag = entity_tag(core.store.log_id, "compare", *(current.position for current in currents))
    if response := unmodified(request, tag):
        return response
    sources = [Source(current.run.run_id, "equity_curve", current.events) for current in currents]
    table = await core.parts.aligned(sources, query.max_points)
    equity = AlignedEquity(
        table["timestamp"].dt.to_string(MOMENT).to_list(),  # as each curve by itself has them
        [table[str(number)].to_list() for number in range(len(run_ids))],
    )
    comparison = Comparison(run_ids, await metrics_of(core.store, run_ids), equity)
    return encoded_response(msgspec.json.encode(comparison), tag)


def _require_comparable(runs: list[Run]) -> None:
    if not RUNS_MIN <= len(runs) <= RUNS_MAX:
        raise BadRequestError(
            f"query parameter ids: {RUNS_MIN} to {RUNS_MAX} runs can be compared, separated by "
            f"commas; {len(runs)} given"
        )
    seen: set[str] = set()
    for run in runs:
        if run.run_id in seen:
            raise BadRequestError(f"query parameter ids: {run.run_id} is there twice")
        seen.add(run.run_id)
        if run.state is not RunState.COMPLETED:
            raise ConflictError(
                f"backtest {run.run_id} is {run.state.value}; only completed ones can be compared"
            )


OPERATIONS = [
    Operation(
        method="GET",
        path="/backtests/compare",
        handler=compare,
        answers=[Answer("the runs side by side", {JSON: Comparison}, headers=["ETag"]), UNMODIFIED],
        refuses=[404, 409],
        takes=["If-None-Match"],
    )
]
