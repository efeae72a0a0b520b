"""The strategies in the documentation do what a reader will try: load, run and trade."""

import re
from pathlib import Path

import pytest

from domain.engine.simulate import simulate
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.runs.events import Completed, decode
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, StrategySpec
from domain.strategies.code import Code
from tests.domain.engine.building import MONDAY, Outcome

PAGE = Path(__file__).parents[3] / "docs" / "strategies.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_there_are_examples_of_both_kinds() -> None:
    assert {"EventStrategy)" in example for example in EXAMPLES} == {False, True}


@pytest.mark.parametrize("source", EXAMPLES)
def test_it_trades(source: str) -> None:
    code = Code("example", "", source.encode())
    days = MONDAY, MONDAY + 1_500 * Resolution.DAY.microseconds
    data = [synthetic_bars(symbol, Resolution.DAY, *days) for symbol in ("A", "B")]
    request = BacktestRequest(
        symbols=["A", "B"],
        start_date="2024-01-01T00:00:00+00:00",
        end_date="2028-01-01T00:00:00+00:00",
        strategy=StrategySpec("example"),
    )
    manifest = describe(request, [Provided(each, "synthetic") for each in data], None, [], code)
    events = [event for batch in simulate(manifest, data, code=code) for event in batch]
    assert len(Outcome(events, []).table("fills")) > 4
    assert isinstance(decode(events[-1].type, events[-1].payload), Completed)
