"""Find a strategy by name, check its parameters, and say what there is."""

from importlib.metadata import entry_points
from typing import Any

import msgspec

from domain.errors import InvalidRequest
from domain.strategies.base import SignalStrategy
from domain.strategies.buy_and_hold import BuyAndHold
from domain.strategies.ma_crossover import MovingAverageCrossover
from domain.strategies.mean_reversion import MeanReversion
from domain.strategies.momentum import Momentum
from domain.strategies.rsi import RelativeStrength

ENTRY_POINT_GROUP = "backtape.strategies"

BUILT_IN: dict[str, type[SignalStrategy]] = {
    "buy_and_hold": BuyAndHold,
    "ma_crossover": MovingAverageCrossover,
    "mean_reversion": MeanReversion,
    "momentum": Momentum,
    "rsi": RelativeStrength,
}


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a strategy; bounds are ``None`` where there are none.

    ``above_minimum``: whether the minimum itself is excluded.
    """

    name: str
    type: str
    required: bool
    default: Any
    minimum: float | None
    maximum: float | None
    description: str
    above_minimum: bool = False

    @property
    def bounds(self) -> str:
        """The bounds in words, e.g. ``above 0 to 1``; empty where there are none."""
        if self.minimum is None or self.maximum is None:
            return ""
        return f"{'above ' if self.above_minimum else ''}{self.minimum:g} to {self.maximum:g}"

    def __str__(self) -> str:
        kind = f"{self.type} {self.bounds}".rstrip()
        absent = "required" if self.required else f"default {self.default}"
        return f"{self.name} ({kind}, {absent})"


def names() -> list[str]:
    """Every strategy that can be asked for: the built-in ones and the installed ones."""
    return sorted({*BUILT_IN, *entry_points(group=ENTRY_POINT_GROUP).names})


def find(name: str) -> type[SignalStrategy]:
    """The strategy called ``name``. Raises ``InvalidRequest`` naming those that exist."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return _load(entry)
    raise InvalidRequest(
        "strategy.name", f"unknown strategy {name!r}; there are {', '.join(names())}"
    )


def create(name: str, params: dict[str, Any]) -> SignalStrategy:
    """Make the strategy with these parameters, absent ones at their defaults.

    Raises ``InvalidRequest`` that names the wrong parameter and lists what is allowed.
    """
    strategy = find(name)
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
    except (Exception, SystemExit) as error:
        # A strategy's own __post_init__ may raise anything; it is the parameters that it refuses.
        problem = f"{name} refuses them: {type(error).__name__}: {error}"
        raise InvalidRequest("strategy.params", problem) from error


def parameters(strategy: SignalStrategy) -> dict[str, Any]:
    """Every parameter of a strategy with its value, in the order of their declaration."""
    return {name: getattr(strategy, name) for name in strategy.__struct_fields__}


def describe(strategy: type[SignalStrategy]) -> list[Parameter]:
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
    type_name = type(kind).__name__.removesuffix("Type").lower()
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
    )


def _load(entry: Any) -> type[SignalStrategy]:
    try:
        strategy = entry.load()
    except (Exception, SystemExit) as error:
        problem = f"{entry.name} cannot be loaded: {type(error).__name__}: {error}"
        raise InvalidRequest("strategy.name", problem) from error
    if not (isinstance(strategy, type) and issubclass(strategy, SignalStrategy)):
        raise InvalidRequest(
            "strategy.name", f"{entry.name} ({entry.value}) is not a subclass of SignalStrategy"
        )
    return strategy
