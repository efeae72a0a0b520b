"""The domain's error tree."""


class DomainError(Exception):
    """Something about backtests that cannot be done; the message says what would be right."""
