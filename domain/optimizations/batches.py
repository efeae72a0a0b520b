"""How far points are asked for ahead of what has come of them: it depends on the request alone."""

from typing import NamedTuple

from domain.optimizations.request import SamplerName

# A sampler that learns is asked for so many points at a time, after it was told of all before them;
# for CMA-ES that is a generation.
LEARNING_BATCH = 16
# One that does not is asked while the batch before is still being evaluated.
AHEAD_BATCH = 256

TICKS_MAX = 50


class Plan(NamedTuple):
    """Points are asked for ``size`` at a time, the last time fewer, ``trials`` in all.

    The batch that begins with trial n is asked for when all but ``ahead - 1`` of the batches
    before it have ended, and before any later trial's end is written. ``learning``: the sampler is
    then told what came of them.
    """

    trials: int
    size: int
    ahead: int
    learning: bool

    @classmethod
    def of(cls, sampler: SamplerName, trials: int) -> "Plan":
        """Make the plan for a sampler and a number of trials."""
        learning = sampler in ("bayesian", "cma_es")
        if learning:
            return cls(trials, LEARNING_BATCH, 1, learning)
        return cls(trials, AHEAD_BATCH, 2, learning)

    def asked_by(self, ended: int) -> int:
        """How many points are asked for once ``ended`` trials have ended, and before the next."""
        return min((ended // self.size + self.ahead) * self.size, self.trials)

    def is_tick(self, ended: int) -> bool:
        """Whether progress is told after so many trials: fifty times, or after each of a few."""
        ticks = min(self.trials, TICKS_MAX)
        return ended * ticks // self.trials > (ended - 1) * ticks // self.trials
