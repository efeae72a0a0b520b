"""Whether a log begins with the events that trusted checkpoints were made of."""

from collections.abc import Iterator, Sequence

from eventstore.findings import Finding
from eventstore.merkle import Frontier
from eventstore.tree import TreeRoot


class RootCheck:
    """The log's Merkle root, grown event by event and held against ``checkpoints`` on the way.

    ``checkpoints`` come in order of size. The good one before a bad one narrows down where the log
    was changed.
    """

    def __init__(self, checkpoints: Sequence[TreeRoot]) -> None:
        self._frontier = Frontier()
        self._ahead = list(checkpoints)
        self._findings: list[Finding] = []
        self._good = 0
        self._compare()

    def extend(self, event_hashes: Sequence[bytes]) -> None:
        """Add the next events."""
        start = 0
        while start < len(event_hashes):
            end = len(event_hashes)
            if self._ahead:
                end = min(end, start + self._ahead[0].size - self._frontier.size)
            self._frontier.extend(event_hashes[start:end])
            self._compare()
            start = end

    def root(self) -> bytes:
        """The root over all that was added."""
        return self._frontier.root()

    def findings(self, complete: bool) -> Iterator[Finding]:
        """One for each checkpoint that does not hold, once everything (``complete``) was added."""
        yield from self._findings
        for size, _ in self._ahead:
            if complete:
                reason = f"the log holds {self._frontier.size} events, the checkpoint is of {size}"
            else:
                reason = f"the checkpoint of {size} events cannot be checked past the bad event"
            yield Finding(check="checkpoint", reason=reason)

    def _compare(self) -> None:
        while self._ahead and self._ahead[0].size <= self._frontier.size:
            size, root = self._ahead.pop(0)
            if root == self._frontier.root():
                self._good = size
            else:
                reason = f"events {self._good + 1} to {size} are not those of the checkpoint"
                self._findings.append(Finding(check="checkpoint", reason=reason))
