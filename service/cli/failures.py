"""How a command ends that cannot do what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text


def tell(message: str) -> None:
    """Say something to the user, on standard error."""
    Console(stderr=True, soft_wrap=True).print(Text(message))


@contextmanager
def failures_told() -> Iterator[None]:
    """Failures that a user can mend end the command with their message and exit code 1."""
    from eventstore.errors import EventStoreError, LogLocked
    from service.client.client import ClientError
    from service.market_data.errors import MarketDataError
    from service.server import ServerFailed
    from service.settings import SettingsError

    mendable = (
        EventStoreError, ClientError, MarketDataError, ServerFailed, SettingsError, OSError
    )  # fmt: skip
    try:
        yield
    except* mendable as group:
        for error in _leaves(group):
            tell(str(error))
            if isinstance(error, LogLocked):
                tell("if that is a running service, give its address with --url")
        raise typer.Exit(1) from group


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
