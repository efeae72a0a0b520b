"""Which points are asked for when, what the sampler is told before, and whether it says the same.

A sampler cannot be stored. After a restart a fresh one is asked everything again, told the same in
between, and has to choose the same points; only what it chooses beyond the log is new.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from domain.errors import DomainError
from domain.optimizations.batches import Plan
from domain.optimizations.events import TrialAsked, encode
from domain.optimizations.search_space import Params
from domain.runs.events import EncodedEvent


class Diverged(DomainError):
    """What the log holds is not what comes of it now; the message names what differs."""


class Question(NamedTuple):
    """What the sampler is told, oldest trial first, and how many points it is then to choose."""

    tell: list[float | None]
    ask: int


class Asking:
    """The questions to the sampler of one sweep, from the first, and its answers."""

    def __init__(self, plan: Plan) -> None:
        self.logged = 0
        """How many points the log says were asked for."""
        self._plan = plan
        self._answered = 0
        self._asked: int | None = None
        self._unverified: dict[int, bytes] = {}
        self._new: dict[int, EncodedEvent] = {}
        self._values: deque[float | None] = deque()
        self._told = 0

    def add(self, event: EncodedEvent) -> None:
        """Take in the next ``TrialAsked`` of the log."""
        if self._new.pop(self.logged, None) is None:
            self._unverified[self.logged] = event.payload
        self.logged += 1

    def add_value(self, value: float | None) -> None:
        """Take in the objective of the next trial that has ended, of which the log knows."""
        if self._plan.learning:
            self._values.append(value)

    def question(self, ended: int) -> Question | None:
        """Give the next question, once, if its time has come when ``ended`` trials have ended."""
        if self._asked is not None or self._plan.asked_by(ended) <= self._answered:
            return None
        self._asked = min(self._plan.size, self._plan.trials - self._answered)
        tell: list[float | None] = []
        if self._plan.learning:
            tell = [self._values.popleft() for _ in range(self._answered - self._told)]
            self._told = self._answered
        return Question(tell, self._asked)

    def answer(self, points: Sequence[Params]) -> None:
        """Take in what the sampler chose. Raises ``Diverged`` naming the trial."""
        if len(points) != self._asked:
            raise Diverged(f"the sampler chose {len(points)} points, {self._asked} were asked for")
        self._asked = None
        for params in points:
            number = self._answered
            event = encode(TrialAsked(number, params))
            logged = self._unverified.pop(number, None)
            if logged is None:
                self._new[number] = event
            elif logged != event.payload:
                raise Diverged(
                    f"trial {number}: the log holds {logged.decode()}, the sampler now chooses "
                    f"{event.payload.decode()}; its libraries, or what it computes with, changed"
                )
            self._answered += 1

    def new(self, number: int) -> EncodedEvent | None:
        """Give the event of a point that was chosen and is not in the log yet."""
        return self._new.get(number)
