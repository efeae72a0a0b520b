"""Of each window of a walk-forward the trial that is best in sample: what is traded after it."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.optimizations.events import Stitched
from domain.optimizations.outcome import WindowScore
from domain.optimizations.ranking import RankKey, rank_key
from domain.optimizations.request import Direction
from domain.optimizations.search_space import Trial
from domain.optimizations.standing import End
from domain.optimizations.windows import Window


class _Pick(NamedTuple):
    rank: RankKey
    trial: Trial
    score: WindowScore


class Picks:
    """The best trial of each window so far; ties, and windows without any score, by number."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._picks: list[_Pick] = []

    def add(self, end: End) -> None:
        """Take in what came of the next trial."""
        scores = end.windows or []
        for index, score in enumerate(scores):
            rank = rank_key(score.in_sample, end.number, self._direction, failed=False)
            pick = _Pick(rank, Trial(end.number, end.params), score)
            if index == len(self._picks):
                self._picks.append(pick)
            elif rank < self._picks[index].rank:
                self._picks[index] = pick

    def trials(self) -> list[Trial]:
        """Give the trial picked for each window; none before one has completed."""
        return [pick.trial for pick in self._picks]

    def stitched(self, windows: Sequence[Window]) -> list[Stitched]:
        """Say what was picked for each window, and how it did in and out of sample."""
        return [
            Stitched(
                **window.dates(),
                trial=pick.trial.number,
                params=pick.trial.params,
                in_sample=pick.score.in_sample,
                out_of_sample=pick.score.out_of_sample,
            )
            for window, pick in zip(windows, self._picks, strict=False)
        ]
