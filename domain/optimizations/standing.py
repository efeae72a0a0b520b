"""What a sweep has come to so far: how many trials have ended, and which is the best."""

from typing import Literal

import msgspec

from domain.optimizations.events import Progressed
from domain.optimizations.outcome import WindowScore
from domain.optimizations.ranking import RankKey, rank_key
from domain.optimizations.request import Direction
from domain.optimizations.search_space import Params


class End(msgspec.Struct, frozen=True):
    """As much of a ``trial`` event as the course of a sweep depends on; it may still be asked."""

    number: int
    phase: Literal["asked", "completed", "failed"]
    params: Params
    value: float | None = None
    windows: list[WindowScore] | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the trial failed."""
        return self.phase == "failed"

    def rank(self, direction: Direction) -> RankKey:
        """What the trial is ranked by."""
        return rank_key(self.value, self.number, direction, failed=self.failed)


read_end = msgspec.json.Decoder(End).decode


class Standing(msgspec.Struct, frozen=True):
    """After ``ended`` trials, ``failed`` of them failed; ``best``: the end of the best completed.

    ``first_error``: of the first trial that failed.
    """

    direction: Direction
    ended: int = 0
    failed: int = 0
    best: End | None = None
    first_error: str | None = None

    def after(self, end: End) -> "Standing":
        """Count one more trial in."""
        best = self.best
        if not end.failed and (
            best is None or end.rank(self.direction) < best.rank(self.direction)
        ):
            best = end
        return Standing(
            self.direction,
            self.ended + 1,
            self.failed + end.failed,
            best,
            self.first_error or end.error,
        )

    def progress(self, trials: int) -> Progressed:
        """Tell of it; ``trials``: how many there will be."""
        best, value = None, None
        if self.best is not None and self.best.value is not None:
            best, value = self.best.number, self.best.value
        return Progressed(self.ended / trials, self.ended, trials, self.failed, best, value)
