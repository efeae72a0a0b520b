"""One parameter of a search space: its kinds, what each asks for, and the values it can take."""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from domain.errors import InvalidRequest

Kind: TypeAlias = Literal["int_range", "float_range", "log_uniform", "choice"]
Number: TypeAlias = (
    Annotated[int, Meta(ge=-(10**15), le=10**15)] | Annotated[float, Meta(ge=-1e15, le=1e15)]
)
Text: TypeAlias = Annotated[str, Meta(max_length=256)]
Scalar: TypeAlias = bool | int | float | Text
Value: TypeAlias = Scalar | Annotated[list[Text], Meta(min_length=1, max_length=100)]

STEPS_MAX = 1_000_000_000

_DIGITS_40 = Context(prec=40)
_BOUNDS = ("low", "high", "step")
_FIELDS: dict[Kind, tuple[str, ...]] = {
    "int_range": _BOUNDS,
    "float_range": _BOUNDS,
    "log_uniform": ("low", "high"),
    "choice": ("values",),
}


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a sweep varies: a strategy's parameter, ``execution.<field>`` or ``symbols``.

    ``int_range``: whole numbers from ``low`` to ``high``, every ``step`` (1) of them.
    ``float_range``: numbers from ``low`` to ``high``, every ``step`` of them or, without one, any.
    ``log_uniform``: numbers whose logarithm is spread evenly. ``choice``: one of ``values``.
    """

    name: Annotated[str, Meta(min_length=1, max_length=128)]
    kind: Kind
    low: Number | None = None
    high: Number | None = None
    step: Number | None = None
    values: Annotated[list[Value], Meta(max_length=1_000)] | None = None

    def normalised(self, path: str) -> "Parameter":
        """Check it and spell out its numbers in the type of its kind.

        ``path`` names it in errors. Raises ``InvalidRequest``.
        """
        for field in (*_BOUNDS, "values"):
            if field not in _FIELDS[self.kind] and getattr(self, field) is not None:
                allowed = ", ".join(_FIELDS[self.kind])
                raise InvalidRequest(f"{path}.{field}", f"{self.kind} has {allowed} only")
        if self.kind == "choice":
            return self._with_values(path)
        return self._with_bounds(path)

    @property
    def bounds(self) -> tuple[float, float]:
        """``low`` and ``high`` of a range."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    @property
    def length(self) -> int | None:
        """How many values there are; ``None`` where any number between the bounds is one."""
        if self.values is not None:
            return len(self.values)
        if self.step is None:
            return None
        low, high = self.bounds
        return int((_exact(high) - _exact(low)) // _exact(self.step)) + 1

    def value(self, index: int) -> Any:
        """Give value number ``index`` of those that can be counted, from 0."""
        if self.values is not None:
            return self.values[index]
        assert self.step is not None
        low, _ = self.bounds
        if self.kind == "int_range":
            return int(low) + index * int(self.step)
        # In decimal, as the bounds are written: 0.1, 0.2, 0.3 and not 0.30000000000000004.
        return float(_exact(low) + index * _exact(self.step))

    def grid_length(self, steps: int) -> int:
        """How many values a grid has of it: all, or ``steps`` where they cannot be counted."""
        return steps if self.length is None else self.length

    def grid(self, steps: int) -> Sequence[Any]:
        """Give the values that a grid visits: all, or ``steps`` from ``low`` to ``high``.

        Evenly spaced, for ``log_uniform`` in their logarithm. The same bits on every machine.
        """
        if self.length is not None:
            return [self.value(index) for index in range(self.length)]
        low, high = (_exact(bound) for bound in self.bounds)
        parts = [_DIGITS_40.divide(Decimal(part), Decimal(steps - 1)) for part in range(steps)]
        if self.kind == "float_range":
            inner = [float(low + (high - low) * part) for part in parts[1:-1]]
        else:
            inner = [float(low * _DIGITS_40.power(high / low, part)) for part in parts[1:-1]]
        return [float(low), *inner, float(high)]

    def outermost(self) -> list[tuple[str, Any]]:
        """Give the ends of a range, or every value of a choice, each with the field it is from."""
        if self.values is not None:
            return [(f"values[{index}]", value) for index, value in enumerate(self.values)]
        low, high = self.bounds
        last = high if self.length is None else self.value(self.length - 1)
        return [("low", low), ("high", last)]

    def _with_values(self, path: str) -> "Parameter":
        if not self.values:
            raise InvalidRequest(f"{path}.values", "a choice needs at least one value")
        seen: set[Any] = set()
        for index, value in enumerate(self.values):
            # 1.0 is 1 again, and True is not.
            known = tuple(value) if isinstance(value, list) else (type(value) is bool, value)
            if known in seen:
                raise InvalidRequest(f"{path}.values[{index}]", f"{value!r} is there twice")
            seen.add(known)
        return self

    def _with_bounds(self, path: str) -> "Parameter":
        for field in ("low", "high"):
            if getattr(self, field) is None:
                raise InvalidRequest(f"{path}.{field}", f"{self.kind} needs it")
        low, high = self.bounds
        if low >= high:
            raise InvalidRequest(f"{path}.low", f"{low:g} is not below high {high:g}")
        if self.kind == "log_uniform" and low <= 0:
            raise InvalidRequest(
                f"{path}.low", f"{low:g} has no logarithm; a log_uniform range begins above 0"
            )
        step = self.step
        if self.kind == "int_range":
            step = 1 if step is None else step
            self._check_whole(path, low=low, high=high, step=step)
            low, high, step = int(low), int(high), int(step)
        else:
            low, high, step = float(low), float(high), None if step is None else float(step)
        if step is not None:
            _check_step(f"{path}.step", low, high, step)
        return msgspec.structs.replace(self, low=low, high=high, step=step)

    @staticmethod
    def _check_whole(path: str, **numbers: float) -> None:
        for field, number in numbers.items():
            if number != int(number):
                raise InvalidRequest(f"{path}.{field}", f"{number:g} is not a whole number")


def _check_step(path: str, low: float, high: float, step: float) -> None:
    width = _exact(high) - _exact(low)
    if step <= 0:
        raise InvalidRequest(path, f"{step:g} is not above 0")
    if _exact(step) > width:
        raise InvalidRequest(path, f"{step:g} is more than from low to high, {float(width):g}")
    if width / _exact(step) > STEPS_MAX:
        raise InvalidRequest(path, f"{step:g} makes more than {STEPS_MAX:,} values")


def _exact(number: float) -> Decimal:
    # The decimal that is written, not the binary one beside it.
    return Decimal(repr(number))
