"""Why a service did not do what it was asked."""


class ClientError(Exception):
    """The service refused or cannot be reached; the message says which and why."""


class NothingThere(ClientError):
    """The service has nothing of this name."""


class NobodyThere(ClientError):
    """Nobody listens at the service's address: nothing was asked."""


class NoAnswer(ClientError):
    """The answer was lost, or the service asks to come back: what was asked may have been done."""
