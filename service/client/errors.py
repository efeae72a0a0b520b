"""Why a service did not do what it was asked."""


class ClientError(Exception):
    """The service refused or cannot be reached; the message says which and why."""
