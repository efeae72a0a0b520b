"""Find a strategy by name, check its parameters, and say what there is."""

from importlib.metadata import entry_points
from typing import Any

import msgspec

from domain.errors import InvalidRequest
from domain.strategies.bollinger_breakout import BollingerBreakout
from domain.strategies.buy_and_hold import BuyAndHold
from domain.strategies.code import Code, UnusableCode
from domain.strategies.donchian_breakout import DonchianBreakout
from domain.strategies.kinds import BASES, Strategy, is_strategy
from domain.strategies.ma_crossover import MovingAverageCrossover
from domain.strategies.macd import ConvergenceDivergence
from domain.strategies.mean_reversion import MeanReversion
from domain.strategies.momentum import Momentum
from domain.strategies.risk_parity import RiskParity
from domain.strategies.rsi import RelativeStrength
from domain.strategies.target_weights import TargetWeights

ENTRY_POINT_GROUP = "backtape.strategies"

BUILT_IN: dict[str, type[Strategy]] = {
    "bollinger_breakout": BollingerBreakout,
    "buy_and_hold": BuyAndHold,
    "donchian_breakout": DonchianBreakout,
    "ma_crossover": MovingAverageCrossover,
    "macd": ConvergenceDivergence,
    "mean_reversion": MeanReversion,
    "momentum": Momentum,
    "risk_parity": RiskParity,
    "rsi": RelativeStrength,
    "target_weights": TargetWeights,
}


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a strategy; bounds are ``None`` where there are none.

    ``above_minimum``, ``below_maximum``: whether the bound itself is excluded. ``choices``: all the
    values that there are, where they can be counted.
    """

    name: str
    type: str
    required: bool
    default: Any
    minimum: int | float | None
    maximum: int | float | None
    description: str
    above_minimum: bool = False
    below_maximum: bool = False
    choices: list[Any] = []

    @property
    def bounds(self) -> str:
        """The bounds in words, e.g. ``above 0 to 1``; empty where there are none."""
        if self.choices:
            return ", ".join(map(str, self.choices))
        if self.minimum is not None and self.maximum is not None:
            least = f"{'above ' if self.above_minimum else ''}{self.minimum:.15g}"
            return f"{least} to {'below ' if self.below_maximum else ''}{self.maximum:.15g}"
        if self.minimum is not None:
            return f"{'above' if self.above_minimum else 'at least'} {self.minimum:.15g}"
        if self.maximum is not None:
            return f"{'below' if self.below_maximum else 'at most'} {self.maximum:.15g}"
        return ""

    def __str__(self) -> str:
        kind = f"{self.type} {self.bounds}".rstrip()
        absent = "required" if self.required else f"default {self.default}"
        return f"{self.name} ({kind}, {absent})"


def names() -> list[str]:
    """Every strategy that can be asked for: the built-in ones and the installed ones."""
    return sorted({*BUILT_IN, *entry_points(group=ENTRY_POINT_GROUP).names})


def find(name: str) -> type[Strategy]:
    """The strategy called ``name``. Raises ``InvalidRequest`` naming those that exist."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return _load(entry)
    raise InvalidRequest(
        "strategy.name", f"unknown strategy {name!r}; there are {', '.join(names())}"
    )


def create(name: str, params: dict[str, Any], code: Code | None = None) -> Strategy:
    """Make the strategy with these parameters, absent ones at their defaults.

    With ``code`` it is the one that this defines, whatever else has its name. Raises
    ``InvalidRequest`` that names the wrong parameter and lists what is allowed.
    """
    strategy = find(name) if code is None else _defined(name, code)
    known = {parameter.name: parameter for parameter in describe(strategy)}
    for given in params:
        if given not in known:
            has = ", ".join(map(str, known.values())) or "none"
            problem = f"{name} has no such parameter; it has {has}"
            raise InvalidRequest(f"strategy.params.{given}", problem)
    try:
        return msgspec.convert(params, strategy)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`")
        allowed = f"; allowed: {known[field]}" if field in known else ""
        where = f"strategy.params.{field}".rstrip(".")
        raise InvalidRequest(where, problem + allowed) from error
    except BaseException as error:
        # A strategy's own __post_init__ may raise anything; it is the parameters that it refuses.
        problem = f"{name} refuses them: {type(error).__name__}: {error}"
        raise InvalidRequest("strategy.params", problem) from error


def parameters(strategy: Strategy) -> dict[str, Any]:
    """Every parameter of a strategy with its value, in the order of their declaration."""
    return {name: getattr(strategy, name) for name in strategy.__struct_fields__}


def describe(strategy: type[Strategy]) -> list[Parameter]:
    """What a strategy can be told."""
    info = msgspec.inspect.type_info(strategy)
    assert isinstance(info, msgspec.inspect.StructType)
    return [_parameter(field) for field in info.fields]


def _parameter(field: msgspec.inspect.Field) -> Parameter:
    kind, description = field.type, ""
    if isinstance(kind, msgspec.inspect.Metadata):
        description = (kind.extra_json_schema or {}).get("description", "")
        kind = kind.type
    minimum, maximum = (
        next((bound for end in ends if (bound := getattr(kind, end, None)) is not None), None)
        for ends in (("ge", "gt"), ("le", "lt"))
    )
    choices = list(getattr(kind, "values", ()))
    type_name = type(kind).__name__.removesuffix("Type").lower()
    if choices:
        type_name = type(choices[0]).__name__
    default = field.default
    if default is msgspec.NODEFAULT:
        default = None if field.required else field.default_factory()
    return Parameter(
        field.name,
        type_name,
        field.required,
        default,
        minimum,
        maximum,
        description,
        above_minimum=getattr(kind, "gt", None) is not None,
        below_maximum=getattr(kind, "lt", None) is not None,
        choices=choices,
    )


def _defined(name: str, code: Code) -> type[Strategy]:
    try:
        return code.load()
    except UnusableCode as error:
        raise InvalidRequest("strategy.name", f"{name} {error}") from error


def _load(entry: Any) -> type[Strategy]:
    try:
        strategy = entry.load()
    except BaseException as error:
        problem = f"{entry.name} cannot be loaded: {type(error).__name__}: {error}"
        raise InvalidRequest("strategy.name", problem) from error
    if not is_strategy(strategy):
        raise InvalidRequest(
            "strategy.name", f"{entry.name} ({entry.value}) is not a subclass of {BASES}"
        )
    return strategy
