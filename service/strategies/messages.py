"""What the service and the process that loads users' strategies say to each other."""

from typing import TypeAlias

import msgspec

from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from domain.strategies.description import Description
from service.strategies.library import Entry


class Describe(msgspec.Struct, frozen=True, tag="describe"):
    """Load a strategy and say what it can be told."""

    entry: Entry


class Normalise(msgspec.Struct, frozen=True, tag="normalise"):
    """Check a request for a user's strategy, and complete it."""

    request: BacktestRequest


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """All is imported, the process waits for its first question."""


class Described(msgspec.Struct, frozen=True, tag="described"):
    """What there is to say about a strategy."""

    description: Description


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """A request that can be run: normalised, and with the source of a strategy of a user's own."""

    request: BacktestRequest
    code: Code | None


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The request cannot be run: the wrong field, and what is wrong with it."""

    field: str
    problem: str


Question: TypeAlias = Describe | Normalise
Answer: TypeAlias = Loaded | Described | Accepted | Refused
