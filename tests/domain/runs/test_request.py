"""Requests: bounds, what is refused and how, and the normal form."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidRequest
from domain.market.resolution import Resolution
from domain.runs.request import BacktestRequest, Execution, StrategySpec, normalise
from tests.domain.runs.making import DEFAULTS, a_request

MINIMUM = {"symbols": ["AAPL"], "start_date": "2024-01-01", "end_date": "2024-12-31"}


def posted(**fields: Any) -> BacktestRequest:
    return msgspec.json.decode(msgspec.json.encode(MINIMUM | fields), type=BacktestRequest)


def refusal(**fields: Any) -> str:
    with pytest.raises(InvalidRequest) as raised:
        normalise(posted(**fields))
    assert str(raised.value).startswith(raised.value.field + ": ")
    return str(raised.value)


def test_defaults_are_those_of_the_contract() -> None:
    request = normalise(posted())
    assert msgspec.to_builtins(request) == {
        "symbols": ["AAPL"],
        "start_date": "2024-01-01T00:00:00+00:00",
        "end_date": "2024-12-31T00:00:00+00:00",
        **DEFAULTS,
    }


@pytest.mark.parametrize(
    ("text", "timezone", "expected"),
    [
        ("2024-01-01", "UTC", "2024-01-01T00:00:00+00:00"),
        ("2024-01-01T09:30:00", "UTC", "2024-01-01T09:30:00+00:00"),
        ("2024-01-01", "America/New_York", "2024-01-01T05:00:00+00:00"),
        ("2024-07-01T09:30", "America/New_York", "2024-07-01T13:30:00+00:00"),
        ("2024-01-01T00:00:00Z", "America/New_York", "2024-01-01T00:00:00+00:00"),
        ("2024-01-01T00:00:00+09:00", "UTC", "2023-12-31T15:00:00+00:00"),
        ("20240101", "UTC", "2024-01-01T00:00:00+00:00"),
        ("2024-W01-2", "UTC", "2024-01-02T00:00:00+00:00"),
        ("1960-01-01T00:00:00.000001", "UTC", "1960-01-01T00:00:00.000001+00:00"),
    ],
)
def test_dates_become_utc_and_naive_ones_are_read_in_the_time_zone(
    text: str, timezone: str, expected: str
) -> None:
    request = normalise(posted(start_date=text, timezone=timezone))
    assert request.start_date == expected


def test_moments_are_exact_microseconds() -> None:
    request = normalise(
        posted(start_date="1970-01-01T00:00:00.000001", end_date="9999-12-31T23:59:59.999999")
    )
    assert request.start == 1
    assert request.end == 253_402_300_799_999_999


@pytest.mark.parametrize("field", ["start_date", "end_date"])
@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-13-01", "2024-02-30", "01/02/2024", "2024", "12:00", "1704067200"],
)
def test_what_is_no_date(field: str, text: str) -> None:
    assert refusal(**{field: text}) == (
        f"{field}: {text!r} is not an ISO 8601 date and time such as 2024-01-01T00:00:00Z"
    )


def test_a_moment_outside_the_calendar() -> None:
    assert refusal(start_date="0001-01-01", timezone="Asia/Tokyo").startswith("start_date: ")
    assert refusal(end_date="9999-12-31T23:00:00-05:00").startswith("end_date: ")


@pytest.mark.parametrize("end", ["2024-01-01", "2023-12-31", "2024-01-01T00:00:00+01:00"])
def test_the_start_must_come_before_the_end(end: str) -> None:
    assert refusal(end_date=end).startswith(
        "start_date: 2024-01-01T00:00:00+00:00 is not before end_date 202"
    )


@pytest.mark.parametrize(
    "zone",
    [
        "Mars/Olympus", "../etc/passwd", "/etc/passwd", "utc\0", "US",
        "localtime", "posixrules", "Factory", "right/UTC",
    ],
)  # fmt: skip
def test_an_unknown_time_zone(zone: str) -> None:
    assert refusal(timezone=zone) == (
        f"timezone: unknown timezone {zone!r}; use an IANA name such as UTC or America/New_York"
    )


def test_a_symbol_that_is_there_twice() -> None:
    assert refusal(symbols=["A", "B", "C", "B"]) == "symbols[3]: B is there twice"


def test_strategy_and_parameters_are_checked() -> None:
    assert refusal(strategy={"name": "astrology"}).startswith("strategy.name: unknown strategy")
    wrong = {"name": "rsi", "params": {"period": 1}}
    assert refusal(strategy=wrong).startswith("strategy.params.period: ")


@pytest.mark.parametrize(
    ("given_", "normal"),
    [
        ("catalog", "catalog"),
        ("default", "catalog"),
        ("synthetic", "synthetic"),
        ("sample", "synthetic"),
    ],
)
def test_names_of_data_sources(given_: str, normal: str) -> None:
    assert normalise(posted(data_source=given_)).data_source == normal


def test_parameters_are_completed_in_their_order() -> None:
    request = normalise(posted(strategy={"name": "rsi", "params": {"oversold": 20, "period": 7}}))
    assert request.strategy == StrategySpec(
        "rsi", {"period": 7, "oversold": 20.0, "overbought": 70.0, "position_size": 1.0}
    )
    assert list(request.strategy.params) == ["period", "oversold", "overbought", "position_size"]


REQUESTS = st.builds(
    a_request,
    start_date=st.sampled_from(["2020-01-01", "2024-01-01T10:00:00.5-03:30", "2024-03-10T02:30"]),
    timezone=st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"]),
    resolution=st.sampled_from(Resolution),
    strategy=st.sampled_from([StrategySpec(), StrategySpec("momentum", {"threshold": 0.1})]),
    execution=st.builds(Execution, slippage_bps=st.floats(0, 9_999)),
    data_source=st.sampled_from(["catalog", "synthetic", "default", "sample"]),
    initial_capital=st.floats(1e-3, 1e12),
    tags=st.none() | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)


@settings(deadline=None)
@given(REQUESTS)
def test_normalising_twice_changes_nothing_and_neither_does_the_log(
    request_: BacktestRequest,
) -> None:
    normal = normalise(request_)
    assert normalise(normal) == normal
    stored = msgspec.json.encode(normal)
    assert msgspec.json.decode(stored, type=BacktestRequest) == normal
    assert msgspec.json.encode(normalise(normal)) == stored


@pytest.mark.parametrize(
    "fields",
    [
        {"symbols": []},
        {"symbols": [f"S{number}" for number in range(101)]},
        {"symbols": [""]},
        {"symbols": ["A" * 33]},
        {"symbols": ["A B"]},
        {"symbols": ["AAPL\n"]},
        {"symbols": ["ÄAPL"]},
        {"symbols": "AAPL"},
        {"start_date": None},
        {"resolution": "week"},
        {"strategy": "rsi"},
        {"strategy": {"title": "rsi"}},
        {"initial_capital": 0},
        {"initial_capital": -1},
        {"initial_capital": 1.0000001e12},
        {"initial_capital": "1000"},
        {"currency": "usd"},
        {"currency": "USD\n"},
        {"currency": "US"},
        {"currency": "USDCAD"},
        {"timezone": ""},
        {"timezone": "Z" * 65},
        {"data_source": "bloomberg"},
        {"benchmark_symbol": "A B"},
        {"name": "n" * 257},
        {"tags": {"key": 1}},
        {"tags": {str(number): "" for number in range(51)}},
        {"slippage": 1},
        {"execution": {"slippage_bps": -0.1}},
        {"execution": {"slippage_bps": 10_000}},
        {"execution": {"commission_bps": -1}},
        {"execution": {"commission_bps": 10_000}},
        {"execution": {"commission_per_share": -1}},
        {"execution": {"commission_minimum": -1}},
        {"execution": {"latency_ms": -1}},
        {"execution": {"latency_ms": 31_536_000_001}},
        {"execution": {"lot_size": 0}},
        {"execution": {"lot_size": 1e-10}},
        {"execution": {"max_volume_participation": 0}},
        {"execution": {"max_leverage": 0.99}},
        {"execution": {"max_leverage": 100.1}},
        {"execution": {"borrow_bps": -1}},
        {"execution": {"borrow_bps": 10_000}},
        {"execution": {"warmup_bars": -1}},
        {"execution": {"warmup_bars": 100_001}},
        {"execution": {"warmup_bars": 1.5}},
        {"execution": {"allow_short": 1}},
        {"execution": {"max_volume_participation": 1.1}},
        {"execution": {"rebalance": "yearly"}},
        {"execution": {"risk_free_rate": -1}},
        {"execution": {"margin": True}},
    ],
    ids=str,
)
def test_out_of_bounds(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        posted(**fields)


def test_within_bounds() -> None:
    request = posted(
        symbols=[f"A.b_-/:={number}" for number in range(100)],
        initial_capital=1e12,
        currency="USDT",
        execution={
            "slippage_bps": 9_999.9,
            "lot_size": 1e-8,
            "max_volume_participation": 1,
            "latency_ms": 31_536_000_000,
            "max_leverage": 100,
            "borrow_bps": 9_999.9,
            "warmup_bars": 100_000,
        },
        tags={str(number): "" for number in range(50)},
    )
    assert len(normalise(request).symbols) == 100


def test_a_whole_number_of_currency_is_a_float() -> None:
    capital = posted(initial_capital=1_000).initial_capital
    assert type(capital) is float
    assert math.isclose(capital, 1e3)


@pytest.mark.parametrize("field", ["start_date", "end_date"])
def test_a_long_text_is_refused_before_it_is_read(field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"length <= 64 - at `\$\." + field):
        posted(**{field: "2" * 65})
