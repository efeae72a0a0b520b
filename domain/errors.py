"""The domain's error tree."""


class DomainError(Exception):
    """Something about backtests that cannot be done; the message says what would be right."""


class InvalidRequest(DomainError):
    """A field of a request is wrong; the message names it and what would be right."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class StrategyFailed(DomainError):
    """A strategy's own code raised, or led the account beyond all numbers; the message says how."""


class InvalidCall(DomainError):
    """A strategy asks its context for what cannot be; the message says what would be right."""
