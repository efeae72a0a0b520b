"""A strategy in words and in JSON Schema, for whoever chooses one or fills in a form."""

import inspect
from typing import Any, Literal, TypeAlias

import msgspec

from domain.strategies import registry
from domain.strategies.kinds import Kind, Strategy, kind_of
from domain.strategies.registry import Parameter

Source: TypeAlias = Literal["built_in", "installed", "file"]


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy is and what it can be told.

    ``source``: it comes with Backtape, with an installed package, or from a user's file. ``schema``
    is the JSON Schema of its parameters. One that cannot be used has an ``error`` that says why,
    and nothing else.
    """

    name: str
    source: Source
    kind: Kind | None = None
    description: str = ""
    parameters: list[Parameter] = []
    schema: dict[str, Any] | None = None
    error: str | None = None


def describe(name: str, source: Source, strategy: type[Strategy]) -> Description:
    """Describe a strategy; one with parameters that have no JSON form is described by that."""
    try:
        return Description(
            name=name,
            source=source,
            kind=kind_of(strategy),
            description=inspect.cleandoc(strategy.__doc__ or ""),
            parameters=[_as_json(parameter) for parameter in registry.describe(strategy)],
            schema=msgspec.json.schema(strategy),
        )
    except TypeError as error:
        return Description(name=name, source=source, error=f"cannot be described: {error}")


def _as_json(parameter: Parameter) -> Parameter:
    return msgspec.structs.replace(parameter, default=msgspec.to_builtins(parameter.default))
