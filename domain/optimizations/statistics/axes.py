"""The parameters of a search space as axes of the unit cube."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from domain.optimizations.parameters import Parameter
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params


class Axis:
    """One parameter of a normalised request.

    ``ordered``: whether its values lie between low and high: those of a range do, and a choice
    among numbers; a choice among names or lists does not.
    """

    def __init__(self, parameter: Parameter) -> None:
        self._parameter = parameter
        self.name = parameter.name
        self.logarithmic = parameter.kind == "log_uniform"
        values = parameter.values
        self.ordered = values is None or all(map(_is_number, values))
        self._values: list[Any] | None = None
        if values is None:
            self._low, self._high = (self._scaled(bound) for bound in parameter.bounds)
        else:
            self._values = sorted(values) if self.ordered else list(values)
            # A list is no key of a dictionary; its JSON is, and says everything.
            self._places = {_key(value): place for place, value in enumerate(self._values)}

    def position(self, params: Params) -> float:
        """Where a trial lies on it: 0 at the low end, 1 at the high end.

        A choice's values lie at equal distances: numbers by size, others as they are listed.
        """
        value = params[self.name]
        if self._values is None:
            return (self._scaled(value) - self._low) / (self._high - self._low)
        return self._places[_key(value)] / max(len(self._values) - 1, 1)

    def value(self, position: float) -> Any:
        """What lies at a position: of a range the number, of a choice the nearest value."""
        if self._values is not None:
            return self._values[round(position * (len(self._values) - 1))]
        scaled = self._low + position * (self._high - self._low)
        return math.exp(scaled) if self.logarithmic else scaled

    def every_value(self, most: int) -> list[Any] | None:
        """All values from the low end to the high end, if they are no more than ``most``."""
        if self._values is not None:
            return self._values if len(self._values) <= most else None
        length = self._parameter.length
        if length is None or length > most:
            return None
        return [self._parameter.value(index) for index in range(length)]

    def choices(self) -> list[tuple[float, Any]]:
        """Position and value of everything that a choice offers; of a range nothing."""
        last = max(len(self._values or ()) - 1, 1)
        return [(place / last, value) for place, value in enumerate(self._values or ())]

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def axes(request: OptimizationRequest) -> Sequence[Axis]:
    """One for each parameter, in the order of the search space."""
    return [Axis(parameter) for parameter in request.search_space.parameters]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _key(value: Any) -> bytes:
    return msgspec.json.encode(value)
