"""Every field of a request: what is wrong with it is a 400 that names it and what is right."""

from collections.abc import AsyncIterator

import pytest

from domain.strategies.registry import BUILT_IN
from tests.service.api.running import SHORT, Document, Service

SYMBOL = r"expected `str` matching regex '^[A-Za-z0-9._\\-/:=]{1,32}$"
CURRENCY = "currency: expected `str` matching regex '^[A-Z]{3,5}$"
ISO = "is not an ISO 8601 date and time such as 2024-01-01T00:00:00Z"
STRATEGIES = f"there are {', '.join(sorted(BUILT_IN))}"
FIELDS = (
    "known: symbols, start_date, end_date, resolution, strategy, execution, initial_capital, "
    "currency, timezone, data_source, benchmark_symbol, name, tags"
)
COSTS = "known: slippage_bps, commission_bps, commission_per_share, commission_minimum, latency_ms"
PERIOD = "short_period (int 1 to 10000, default 10)"


def crossover(**params: object) -> Document:
    return {"strategy": {"name": "ma_crossover", "params": params}}


def execution(**settings: object) -> Document:
    return {"execution": settings}


WRONG: list[tuple[Document, str, str]] = [
    ({"symbols": None}, "symbols: ", "expected `array`, got `null`"),
    ({"symbols": "AAPL"}, "symbols: ", "expected `array`, got `str`"),
    ({"symbols": []}, "symbols: ", "expected `array` of length >= 1"),
    ({"symbols": [f"S{n}" for n in range(101)]}, "symbols: ", "expected `array` of length <= 100"),
    ({"symbols": ["AAPL", 5]}, "symbols[1]: ", "expected `str`, got `int`"),
    ({"symbols": ["AAPL", "A B"]}, "symbols[1]: ", SYMBOL),
    ({"symbols": ["Ä"]}, "symbols[0]: ", SYMBOL),
    ({"symbols": ["AAPL\n"]}, "symbols[0]: ", SYMBOL),
    ({"symbols": ["../AAPL\0"]}, "symbols[0]: ", SYMBOL),
    ({"symbols": [""]}, "symbols[0]: ", SYMBOL),
    ({"symbols": ["A" * 33]}, "symbols[0]: ", SYMBOL),
    ({"symbols": ["IBM", "AAPL", "IBM"]}, "symbols[2]: ", "IBM is there twice"),
    ({"start_date": "2012-01-01"}, "start_date: ", "is not before end_date 2011-01-01T00:00:00+00"),
    ({"start_date": SHORT["end_date"]}, "start_date: ", "is not before end_date"),
    ({"start_date": "01/02/2010"}, "start_date: ", ISO),
    ({"start_date": ""}, "start_date: ", ISO),
    ({"start_date": 1262304000}, "start_date: ", "expected `str`, got `int`"),
    ({"start_date": None}, "start_date: ", "expected `str`, got `null`"),
    ({"end_date": "2010-13-01"}, "end_date: ", ISO),
    ({"end_date": "tomorrow"}, "end_date: ", ISO),
    ({"end_date": "9999-12-31T23:59:59-12:00"}, "end_date: ", ISO),
    ({"resolution": "week"}, "resolution: ", "allowed: tick, second, minute, hour, day"),
    ({"resolution": 60}, "resolution: ", "expected `str`, got `int`"),
    ({"timezone": "Mars/Base"}, "timezone: ", "use an IANA name such as UTC or America/New_York"),
    ({"timezone": "../../etc/passwd"}, "timezone: ", "use an IANA name"),
    ({"timezone": "America"}, "timezone: ", "use an IANA name"),
    ({"timezone": "\0"}, "timezone: ", "use an IANA name"),
    ({"timezone": ""}, "timezone: ", "expected `str` of length >= 1"),
    ({"timezone": "A" * 65}, "timezone: ", "expected `str` of length <= 64"),
    ({"strategy": "rsi"}, "strategy: ", "expected `object`, got `str`"),
    ({"strategy": {"name": "magic"}}, "strategy.name: ", STRATEGIES),
    ({"strategy": {"nane": "rsi"}}, "strategy: ", "unknown field `nane`; known: name, params"),
    ({"strategy": {"params": []}}, "strategy.params: ", "expected `object`, got `array`"),
    (crossover(shrt=1), "strategy.params.shrt: ", f"no such parameter; it has {PERIOD}"),
    (crossover(short_period=0), "strategy.params.short_period: ", f"allowed: {PERIOD}"),
    (crossover(short_period=10_001), "strategy.params.short_period: ", f"allowed: {PERIOD}"),
    (crossover(short_period=1.5), "strategy.params.short_period: ", f"allowed: {PERIOD}"),
    (crossover(short_period="10"), "strategy.params.short_period: ", f"allowed: {PERIOD}"),
    (crossover(short_period=None), "strategy.params.short_period: ", f"allowed: {PERIOD}"),
    (crossover(position_size=1.1), "strategy.params.position_size: ", "allowed: position_size"),
    (crossover(short_period=30), "strategy.params: ", "30 must be below long_period 30"),
    (execution(slippage_bps=-1), "execution.slippage_bps: ", "expected `float` >= 0.0"),
    (execution(slippage_bps=10_000), "execution.slippage_bps: ", "expected `float` < 10000.0"),
    (execution(commission_bps=-0.1), "execution.commission_bps: ", "expected `float` >= 0.0"),
    (execution(commission_bps=1e5), "execution.commission_bps: ", "expected `float` < 10000.0"),
    (execution(commission_bps="1"), "execution.commission_bps: ", "expected `float`, got `str`"),
    (execution(commission_per_share=-1), "execution.commission_per_share: ", ">= 0.0"),
    (execution(commission_minimum=1e13), "execution.commission_minimum: ", "<= 1000000000000.0"),
    (execution(latency_ms=-1), "execution.latency_ms: ", "expected `float` >= 0.0"),
    (execution(latency_ms=1e12), "execution.latency_ms: ", "expected `float` <= 31536000000.0"),
    (execution(lot_size=0), "execution.lot_size: ", "expected `float` >"),
    (execution(max_leverage=0.5), "execution.max_leverage: ", "expected `float` >= 1.0"),
    (execution(allow_short="yes"), "execution.allow_short: ", "expected `bool`, got `str`"),
    (execution(warmup_bars=-1), "execution.warmup_bars: ", "expected `int` >= 0"),
    (execution(max_volume_participation=1.1), "execution.max_volume_participation: ", "<= 1.0"),
    (execution(rebalance="yearly"), "execution.rebalance: ", "daily, monthly, on_change, weekly"),
    (execution(risk_free_rate=2), "execution.risk_free_rate: ", "expected `float` <= 1.0"),
    (execution(slipage_bps=1), "execution: ", f"unknown field `slipage_bps`; {COSTS}"),
    ({"execution": None}, "execution: ", "expected `object`, got `null`"),
    ({"initial_capital": 0}, "initial_capital: ", "expected `float` > 0.0"),
    ({"initial_capital": -1e6}, "initial_capital: ", "expected `float` > 0.0"),
    ({"initial_capital": 1.000001e12}, "initial_capital: ", "expected `float` <= 1000000000000.0"),
    ({"initial_capital": "1000"}, "initial_capital: ", "expected `float`, got `str`"),
    ({"initial_capital": True}, "initial_capital: ", "expected `float`, got `bool`"),
    ({"currency": "usd"}, CURRENCY, ""),
    ({"currency": "US"}, CURRENCY, ""),
    ({"currency": "DOLLAR"}, CURRENCY, ""),
    ({"currency": "USD\n"}, CURRENCY, ""),
    ({"data_source": "web"}, "data_source: ", "allowed: catalog, default, sample, synthetic"),
    ({"benchmark_symbol": "S P"}, "benchmark_symbol: ", SYMBOL),
    ({"name": 7}, "name: ", "expected `str | null`, got `int`"),
    ({"tags": ["a"]}, "tags: ", "expected `object | null`, got `array`"),
    ({"tags": {"a": 1}}, "tags[...]: ", "expected `str`, got `int`"),
    ({"capital": 1}, "unknown field `capital`; ", FIELDS),
]


@pytest.fixture(scope="module", autouse=True)
async def nothing_is_accepted(service: Service) -> AsyncIterator[None]:
    """After everything here the service is healthy, and its log is as empty as before."""
    yield
    assert (await service.http.get("/healthz")).json()["status"] == "healthy"
    assert await service.core.store.head() == 0
    await service.completed(SHORT)


@pytest.mark.parametrize(("change", "field", "right"), WRONG)
async def test_a_wrong_field_is_named_with_what_is_right(
    service: Service, change: Document, field: str, right: str
) -> None:
    response = await service.http.post("/backtests", json=SHORT | change)
    detail = response.json()["detail"]
    assert (response.status_code, detail[: len(field)]) == (400, field)
    assert right in detail


@pytest.mark.parametrize("field", ["symbols", "start_date", "end_date"])
async def test_a_required_field_that_is_missing_is_named(service: Service, field: str) -> None:
    body = {name: value for name, value in SHORT.items() if name != field}
    response = await service.http.post("/backtests", json=body)
    assert response.status_code == 400
    assert response.json() == {"detail": f"missing required field `{field}`"}
