"""What a run was simulated from, derived again from its request and held against its manifest."""

from typing import NamedTuple

import msgspec

from domain.runs.manifest import Dataset, Manifest, Provided, describe
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from service.audit.report import RunCheck
from service.execution.job import ASKED_FOR, from_catalog, made_up, short_of_warmup
from service.market_data.catalog import Catalog, begins_late, ends_early
from service.market_data.errors import MissingData
from service.market_data.session_range import session_range


class Contradiction(Exception):
    """The request and the data do not give this manifest; ``reasons`` say why."""

    def __init__(self, *reasons: str, check: RunCheck = "reexecution") -> None:
        super().__init__(*reasons)
        self.reasons = reasons
        self.check = check


class Inputs(NamedTuple):
    """What to simulate, and ``notes`` on what is different here without being wrong."""

    manifest: Manifest
    data: list[Provided]
    benchmark: Provided | None
    code: Code | None
    notes: list[str]


def inputs_of(
    request: BacktestRequest, recorded: Manifest, catalog: Catalog, code: Code | None
) -> Inputs:
    """Derive anew everything that decides the simulation.

    Taken over from the ``recorded`` manifest: versions, which symbols the catalog had no bars of,
    how many bars there were to warm up on, and warnings that depend on what else the catalog held.
    ``code``: the source of a user's own strategy. Raises ``Contradiction``, and
    ``DomainError`` or ``MarketDataError`` where the data cannot be had.
    """
    if recorded.request != request:
        raise Contradiction("its manifest's request is not the one that was queued")
    datasets = [*recorded.data, *([recorded.benchmark] if recorded.benchmark else [])]
    _require_symbols(request, recorded)
    accounts = [_account_of(each, request, catalog) for each in datasets]
    for account in accounts[: len(recorded.data)]:
        if account.provided.warmup_bars < request.execution.warmup_bars:
            text = short_of_warmup(account.provided, request.execution.warmup_bars)
            account.warnings.append(_Warning(text))
    data = [account.provided for account in accounts[: len(recorded.data)]]
    benchmark = accounts[-1].provided if recorded.benchmark else None
    derived = describe(request, data, benchmark, recorded.warnings, code)
    _require_data(datasets, [*derived.data, *([derived.benchmark] if derived.benchmark else [])])
    notes = _version_notes(recorded, derived) + _warning_notes(recorded.warnings, accounts)
    as_recorded = msgspec.structs.replace(
        derived, engine=recorded.engine, python=recorded.python, libraries=recorded.libraries
    )
    return Inputs(as_recorded, data, benchmark, code, notes)


def _require_symbols(request: BacktestRequest, recorded: Manifest) -> None:
    symbols = [dataset.symbol for dataset in recorded.data]
    benchmark = recorded.benchmark and recorded.benchmark.symbol
    if (symbols, benchmark) != (request.symbols, request.benchmark_symbol):
        raise Contradiction(
            f"its manifest has data of {', '.join(symbols)} and the benchmark {benchmark},"
            f" the request names {', '.join(request.symbols)} and {request.benchmark_symbol}"
        )


def _require_data(recorded: list[Dataset], derived: list[Dataset]) -> None:
    changed = [
        _difference(then, now)
        for then, now in zip(recorded, derived, strict=True)
        if (then.sha256, then.actions_sha256) != (now.sha256, now.actions_sha256)
    ]
    if changed:
        raise Contradiction(*changed, check="data")


def _difference(then: Dataset, now: Dataset) -> str:
    if then.sha256 == now.sha256:
        return (
            f"the corporate actions of {then.symbol} are not those of the run:"
            f" {now.actions} of SHA-256 {now.actions_sha256} now,"
            f" {then.actions} of {then.actions_sha256} then"
        )
    return (
        f"the prices of {then.symbol} ({then.source}) are not those of the run:"
        f" {now.bars} bars of SHA-256 {now.sha256} now, {then.bars} bars of {then.sha256} then"
    )


def _version_notes(recorded: Manifest, derived: Manifest) -> list[str]:
    then = {"backtape": recorded.engine, "python": recorded.python, **recorded.libraries}
    here = {"backtape": derived.engine, "python": derived.python, **derived.libraries}
    return [
        f"it ran with {name} {version}, this is {here.get(name, 'not installed')}"
        for name, version in then.items()
        if version != here.get(name)
    ]


class _Warning(NamedTuple):
    """A warning that the run has had, or may have had where the catalog was another.

    ``opening``: of a text that goes on with what the catalog held then.
    """

    text: str
    now: bool = True
    required: bool = True
    opening: str | None = None

    def is_of(self, recorded: str) -> bool:
        return recorded == self.text or bool(self.opening and recorded.startswith(self.opening))


class _Account(NamedTuple):
    provided: Provided
    warnings: list[_Warning]


def _account_of(dataset: Dataset, request: BacktestRequest, catalog: Catalog) -> _Account:
    symbol = dataset.symbol
    if request.data_source == "synthetic":
        if dataset.source != "synthetic":
            raise Contradiction(f"its manifest has {symbol} from the catalog, asked was synthetic")
        provided, warnings = made_up(request, symbol, dataset.warmup_bars, ASKED_FOR)
        return _Account(provided, [_Warning(text) for text in warnings])
    if dataset.source == "synthetic":
        return _made_up_for_want(dataset, request, catalog)
    provided, told = from_catalog(request, catalog, symbol, dataset.warmup_bars)
    edges = _edges(provided, request)
    certain = [_Warning(text) for text in told if text not in edges]
    # Whether the edges were told depends on the file's bars outside the run's range.
    return _Account(provided, certain + [_Warning(text, text in told, False) for text in edges])


def _made_up_for_want(dataset: Dataset, request: BacktestRequest, catalog: Catalog) -> _Account:
    symbol, warmup = dataset.symbol, dataset.warmup_bars
    start, end = session_range(request.start, request.end, request.resolution, request.timezone)
    missing = MissingData(symbol, request.resolution, start, end, (), ())
    still = False
    try:
        from_catalog(request, catalog, symbol, warmup)
    except MissingData as error:
        missing, still = error, True
    provided, (text,) = made_up(request, symbol, warmup, str(missing))
    opening = text.partition("; ")[0] + "; "
    return _Account(provided, [_Warning(text, still, opening=opening)])


def _edges(provided: Provided, request: BacktestRequest) -> list[str]:
    bars, resolution = provided.bars, request.resolution
    start, end = session_range(request.start, request.end, resolution, request.timezone)
    traded = bars.between(start, end)
    return [*begins_late(traded, resolution, start), *ends_early(traded, resolution, end)]


def _warning_notes(recorded: list[str], accounts: list[_Account]) -> list[str]:
    notes = []
    left = list(recorded)
    for warning in (each for account in accounts for each in account.warnings):
        then = left.pop(0) if left and warning.is_of(left[0]) else None
        if then is None and warning.required:
            raise Contradiction(
                f"its manifest lacks the warning {(warning.opening or warning.text)!r}"
            )
        if then != (warning.text if warning.now else None):
            notes.append(
                "the catalog has changed since: "
                + (f"the run was told {then!r}" if then else f"it would now tell {warning.text!r}")
            )
    if left:
        raise Contradiction(f"its manifest has a warning that nothing gives rise to: {left[0]!r}")
    return notes
