"""Finding strategies, refusing wrong parameters, and saying what there is."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import pytest
from msgspec import Meta

from domain.errors import InvalidRequest
from domain.market.bars import Bars, Floats
from domain.strategies import registry
from domain.strategies.base import SignalStrategy
from domain.strategies.momentum import Momentum
from domain.strategies.registry import (
    BUILT_IN,
    Parameter,
    create,
    describe,
    find,
    names,
    parameters,
)
from domain.strategies.target_weights import TargetWeights
from tests.domain.engine.scripted import Scripted
from tests.domain.strategies.installing import install


def refusal(name: str, **params: Any) -> str:
    with pytest.raises(InvalidRequest) as raised:
        create(name, params)
    return str(raised.value)


def test_the_built_in_ones() -> None:
    assert list(BUILT_IN) == [
        "bollinger_breakout",
        "buy_and_hold",
        "donchian_breakout",
        "ma_crossover",
        "macd",
        "mean_reversion",
        "momentum",
        "risk_parity",
        "rsi",
        "target_weights",
    ]
    assert set(BUILT_IN) <= set(names())
    for name, strategy in BUILT_IN.items():
        assert find(name) is strategy


def test_an_unknown_strategy_is_told_which_there_are() -> None:
    message = refusal("astrology")
    assert message.startswith("strategy.name: unknown strategy 'astrology'; there are ")
    assert all(name in message for name in BUILT_IN)


def test_an_unknown_parameter_is_told_which_there_are() -> None:
    assert refusal("momentum", lookbak=5) == (
        "strategy.params.lookbak: momentum has no such parameter; it has "
        "lookback (int 1 to 10000, default 20), threshold (float above -1 to 10, default 0.0), "
        "position_size (float above 0 to 1, default 1.0)"
    )


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        (
            "momentum",
            {"lookback": 0},
            "strategy.params.lookback: Expected `int` >= 1; "
            "allowed: lookback (int 1 to 10000, default 20)",
        ),
        (
            "rsi",
            {"period": 10_001},
            "strategy.params.period: Expected `int` <= 10000; "
            "allowed: period (int 2 to 10000, default 14)",
        ),
        (
            "rsi",
            {"period": "many"},
            "strategy.params.period: Expected `int`, got `str`; "
            "allowed: period (int 2 to 10000, default 14)",
        ),
        (
            "rsi",
            {"period": True},
            "strategy.params.period: Expected `int`, got `bool`; "
            "allowed: period (int 2 to 10000, default 14)",
        ),
        (
            "buy_and_hold",
            {"position_size": 1.01},
            "strategy.params.position_size: Expected `float` <= 1.0; "
            "allowed: position_size (float above 0 to 1, default 1.0)",
        ),
    ],
)
def test_a_wrong_value_is_told_what_is_allowed(
    name: str, params: dict[str, Any], message: str
) -> None:
    assert refusal(name, **params) == message


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        (
            "ma_crossover",
            {"short_period": 30},
            "short_period 30 must be below long_period 30",
        ),
        ("mean_reversion", {"exit_z": 2.0}, "exit_z 2.0 must be below entry_z 2.0"),
        ("rsi", {"oversold": 80}, "oversold 80.0 must be below overbought 70.0"),
    ],
)
def test_parameters_that_do_not_go_together(
    name: str, params: dict[str, Any], message: str
) -> None:
    assert refusal(name, **params) == f"strategy.params: {message}"


def test_parameters_are_given_back_complete_and_in_order() -> None:
    assert parameters(create("momentum", {"threshold": 1})) == {
        "lookback": 20, "threshold": 1.0, "position_size": 1.0,
    }  # fmt: skip


def test_what_a_strategy_can_be_told() -> None:
    assert describe(Momentum)[:2] == [
        Parameter("lookback", "int", False, 20, 1, 10_000, "bars the return spans"),
        Parameter(
            "threshold",
            "float",
            False,
            0.0,
            -1,
            10,
            "return to exceed, as a fraction (0.05 = 5 %)",
            above_minimum=True,
        ),
    ]


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_parameter_has_default_bounds_and_description(name: str) -> None:
    for parameter in describe(BUILT_IN[name]):
        if parameter.choices:
            assert parameter.default in parameter.choices
        elif parameter.type != "dict":
            assert parameter.minimum is not None
            assert parameter.maximum is not None
            assert parameter.minimum <= parameter.default <= parameter.maximum
        assert parameter.description
        assert msgspec.json.encode(parameter)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_bounds_that_are_told_are_those_that_hold(name: str) -> None:
    for parameter in describe(BUILT_IN[name]):
        outside: list[object] = ["something else"]
        if parameter.minimum is not None and parameter.maximum is not None:
            excluded = [parameter.minimum] if parameter.above_minimum else []
            outside += [parameter.minimum - 1, *excluded, parameter.maximum + 1]
        for value in outside:
            assert f"strategy.params.{parameter.name}: " in refusal(name, **{parameter.name: value})


def test_choices_are_told_and_are_all_there_are() -> None:
    rebalance = next(each for each in describe(TargetWeights) if each.name == "rebalance")
    assert (rebalance.type, rebalance.choices) == ("str", ["daily", "monthly", "weekly"])
    assert rebalance.bounds == "daily, monthly, weekly"
    assert "allowed: rebalance (str daily, monthly, weekly, default monthly)" in refusal(
        "target_weights", rebalance="hourly"
    )


def test_an_installed_strategy_is_found_and_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, mine="tests.domain.engine.scripted:Scripted")
    monkeypatch.syspath_prepend(tmp_path)
    assert find("mine") is Scripted
    assert "mine" in names()
    strategy = create("mine", {"weights": {"A": [1, None]}})
    assert parameters(strategy) == {"weights": {"A": [1.0, None]}}
    with pytest.raises(InvalidRequest, match="missing required field `weights`"):
        create("mine", {})


class Told(SignalStrategy, frozen=True):
    """Some of its parameters must be given, and one has a default that is made anew each time."""

    period: Annotated[int, Meta(ge=1, le=9, description="bars")]
    exits: list[float] = msgspec.field(default_factory=list)

    def targets(self, bars: Bars, symbols: int) -> Floats:
        return bars.close


def test_a_parameter_that_must_be_given_is_described_so() -> None:
    period, exits = describe(Told)
    assert period == Parameter("period", "int", True, None, 1, 9, "bars")
    assert exits == Parameter("exits", "list", False, [], None, None, "")
    assert (str(period), str(exits)) == (
        "period (int 1 to 9, required)",
        "exits (list, default [])",
    )


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("no_such_module:Strategy", "broken cannot be loaded: ModuleNotFoundError: "),
        ("json:NoSuchClass", "broken cannot be loaded: AttributeError: "),
        ("json:JSONDecoder", "broken (json:JSONDecoder) is not a subclass of SignalStrategy"),
        ("json:loads", "broken (json:loads) is not a subclass of SignalStrategy"),
    ],
)
def test_an_installed_strategy_that_cannot_be_used_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, problem: str
) -> None:
    install(tmp_path, broken=target)
    monkeypatch.syspath_prepend(tmp_path)
    assert refusal("broken").startswith(f"strategy.name: {problem}")


class RefusesOddly(SignalStrategy, frozen=True):
    def __post_init__(self) -> None:
        raise LookupError("not today")

    def targets(self, bars: Bars, symbols: int) -> Floats:
        return np.zeros(len(bars))


def test_whatever_a_strategy_raises_about_its_parameters_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(BUILT_IN, "odd", RefusesOddly)
    assert refusal("odd") == "strategy.params: odd refuses them: LookupError: not today"


def test_a_module_that_exits_when_imported_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "someone_exits.py").write_text("import sys\nsys.exit(1)\n")
    install(tmp_path, exits="someone_exits:Strategy")
    monkeypatch.syspath_prepend(tmp_path)
    assert refusal("exits") == "strategy.name: exits cannot be loaded: SystemExit: 1"


def test_a_built_in_name_cannot_be_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, rsi="tests.domain.engine.scripted:Scripted")
    monkeypatch.syspath_prepend(tmp_path)
    assert find("rsi") is registry.BUILT_IN["rsi"]
    assert names().count("rsi") == 1


class Bounded(SignalStrategy, frozen=True):
    """Its parameters are bounded in every way there is."""

    both: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    large: Annotated[int, Meta(ge=1, le=12_345_678)] = 1
    least: Annotated[int, Meta(ge=1)] = 1
    beyond: Annotated[float, Meta(gt=0)] = 1.0
    most: Annotated[int, Meta(le=9)] = 1
    short_of: Annotated[float, Meta(lt=1)] = 0.5

    def targets(self, bars: Bars, symbols: int) -> Floats:
        return bars.close


def test_every_kind_of_bound_is_told() -> None:
    described = describe(Bounded)
    assert [(each.name, each.bounds) for each in described] == [
        ("both", "above 0 to below 1"),
        ("large", "1 to 12345678"),
        ("least", "at least 1"),
        ("beyond", "above 0"),
        ("most", "at most 9"),
        ("short_of", "below 1"),
    ]
    assert [each.below_maximum for each in described] == [True, False, False, False, False, True]
