"""Whether a backtest has the parameters of a search space, and may have their values.

Only what one value says by itself is checked; what a strategy makes of several together shows when
a trial is evaluated.
"""

from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from domain.errors import InvalidRequest
from domain.optimizations.parameters import Parameter
from domain.optimizations.search_space import (
    EXECUTION,
    SYMBOLS,
    SearchSpace,
    as_symbols,
    with_paths,
)
from domain.runs.request import Execution, StrategySpec, Symbol
from domain.strategies import registry
from domain.strategies.code import Code


def check_fit(space: SearchSpace, spec: StrategySpec, code: Code | None) -> None:
    """Hold each parameter against the strategy, ``Execution`` or ``symbols``, as its name says.

    ``spec``: a normalised backtest's; ``code`` defines its strategy where that is a user's own.
    Raises ``InvalidRequest`` naming what there is, or which values are allowed.
    """
    strategy = registry.find(spec.name, code)
    of_strategy = get_type_hints(strategy, include_extras=True)
    known = {parameter.name: parameter for parameter in registry.describe(strategy)}
    for path, parameter in with_paths(space):
        if parameter.name == SYMBOLS:
            _check_values(path, parameter, _check_symbols)
        elif parameter.name.startswith(EXECUTION):
            _check_values(path, parameter, _converter(_execution_type(path, parameter.name)))
        elif parameter.name in known:
            allowed = f"; allowed: {known[parameter.name]}"
            _check_values(path, parameter, _converter(of_strategy[parameter.name]), allowed)
        else:
            raise _unknown(path, f"{spec.name} has no parameter {parameter.name!r}", known)


def _check_values(
    path: str, parameter: Parameter, check: Callable[[Any], Any], allowed: str = ""
) -> None:
    for field, value in parameter.outermost():
        try:
            check(value)
        except msgspec.ValidationError as error:
            problem, _, _ = str(error).partition(" - at `")
            raise InvalidRequest(f"{path}.{field}", f"{value!r}: {problem}{allowed}") from error


def _converter(wanted: Any) -> Callable[[Any], Any]:
    return lambda value: msgspec.convert(value, wanted)


def _check_symbols(value: Any) -> None:
    symbols = msgspec.convert(as_symbols(value), Annotated[list[Symbol], Meta(min_length=1)])
    if len(set(symbols)) < len(symbols):
        raise msgspec.ValidationError("a symbol is there twice")


def _execution_type(path: str, name: str) -> Any:
    fields = get_type_hints(Execution, include_extras=True)
    field = name.removeprefix(EXECUTION)
    if field not in fields:
        raise _unknown(path, f"there is no {name}", {})
    return fields[field]


def _unknown(path: str, problem: str, known: dict[str, registry.Parameter]) -> InvalidRequest:
    execution = ", ".join(EXECUTION + field for field in Execution.__struct_fields__)
    has = "".join(f"{parameter}, " for parameter in known.values())
    return InvalidRequest(f"{path}.name", f"{problem}; there are {has}{execution}, {SYMBOLS}")
